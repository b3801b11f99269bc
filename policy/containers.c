// SPDX-License-Identifier: Apache-2.0
#include "policy/containers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"
#include "policy/lines.h"

#define ID_MIN 12 /* digits; the shortest that runtimes show */

static bool is_hex(const char *text, size_t least, size_t most)
{
	size_t n = strspn(text, "0123456789abcdef");

	return n >= least && n <= most && text[n] == '\0';
}

bool container_id_is_good(const char *id)
{
	return is_hex(id, ID_MIN, CONTAINER_ID_MAX);
}

/* No blanks and nothing that steers: of neither kind is any name that a runtime accepts. */
static bool is_word(const char *text, size_t most)
{
	size_t n = strlen(text);

	if (n == 0 || n > most)
		return false;
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return true;
}

/* A whole path beneath the root cgroup. */
static bool is_cgroup(const char *path)
{
	size_t n = strlen(path);

	if (n < 2 || n > POLICY_PATTERN_MAX / 2 || path[0] != '/' || path[n - 1] == '/' ||
	    strstr(path, "//"))
		return false;
	for (size_t i = 0; i < n; i++)
		if (is_control(path[i]) || is_blank(path[i]))
			return false;
	for (const char *at = path; at; at = strchr(at + 1, '/')) {
		size_t n_name = strcspn(at + 1, "/");

		if ((n_name == 1 && at[1] == '.') || (n_name == 2 && at[1] == '.' && at[2] == '.'))
			return false;
	}
	return true;
}

const char *container_fault(const struct container *container)
{
	if (!container->id || !container_id_is_good(container->id))
		return "its id is not 12 to 64 digits of 0-9 and a-f";
	if (!container->token || !is_hex(container->token, 1, CONTAINER_TOKEN_MAX))
		return "it has no good token";
	if (!container->cgroup || !is_cgroup(container->cgroup))
		return "its cgroup is no whole path";
	if (!strstr(container->cgroup, container->id))
		return "its cgroup does not have its id in its path";
	if (container->name && !is_word(container->name, CONTAINER_NAME_MAX))
		return "its name is longer than 255 bytes, empty, or has bytes that no name has";
	if (container->n_images > CONTAINER_IMAGES_MAX)
		return "its image has more than 16 names";
	for (size_t i = 0; i < container->n_images; i++)
		if (!is_word(container->images[i], CONTAINER_IMAGE_MAX))
			return "a name of its image is longer than 511 bytes, empty, or has bytes "
			       "that no name has";
	return NULL;
}

int container_add_image(struct container *container, const char *image)
{
	char **images;

	for (size_t i = 0; i < container->n_images; i++)
		if (strcmp(container->images[i], image) == 0)
			return 0;
	if (container->n_images >= CONTAINER_IMAGES_MAX)
		return -E2BIG;
	images = reallocarray(container->images, container->n_images + 1, sizeof(*images));
	if (!images)
		return -ENOMEM;
	container->images = images;
	images[container->n_images] = strdup(image);
	return images[container->n_images] ? (container->n_images++, 0) : -ENOMEM;
}

void container_release(struct container *container)
{
	for (size_t i = 0; i < container->n_images; i++)
		free(container->images[i]);
	free(container->images);
	free(container->id);
	free(container->token);
	free(container->cgroup);
	free(container->name);
	*container = (struct container){};
}

/* What a key's value goes into; NULL for "image" and for what is no key. */
static char **value_of(struct container *container, const char *key)
{
	const struct {
		const char *key;
		char **value;
	} values[] = {
		{"id", &container->id},
		{"token", &container->token},
		{"cgroup", &container->cgroup},
		{"name", &container->name},
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (strcmp(values[i].key, key) == 0)
			return values[i].value;
	return NULL;
}

/* Takes one "key = value". Returns as container_parse(). */
static int take(struct container *container, const char *key, const char *text,
		const char **ret_fault)
{
	char **value = value_of(container, key);
	int r;

	if (!value && strcmp(key, "image") == 0) {
		r = container_add_image(container, text);
		*ret_fault = r == -E2BIG ? "its image has more than 16 names" : NULL;
		return r == -E2BIG ? -EBADMSG : r;
	}
	*ret_fault = !value ? "it has an unknown key" : *value ? "a key stands twice" : NULL;
	if (*ret_fault)
		return -EBADMSG;
	*value = strdup(text);
	return *value ? 0 : -ENOMEM;
}

static int take_line(struct container *container, const struct line *line, const char **ret_fault)
{
	const char *equals = memchr(line->text, '=', line->n);
	size_t n_key = equals ? equals - line->text : 0, n_skip;
	char *key = NULL, *value = NULL;
	int r;

	if (line->n == 0 ||
	    (line->n == strlen("[container]") && memcmp(line->text, "[container]", line->n) == 0))
		return 0;
	*ret_fault = "a line is no \"key = value\"";
	if (!equals || memchr(line->text, '\0', line->n))
		return -EBADMSG;
	while (n_key > 0 && is_blank(line->text[n_key - 1]))
		n_key--;
	n_skip = equals + 1 - line->text;
	n_skip += skip_blanks(equals + 1, line->n - n_skip);
	key = strndup(line->text, n_key);
	value = strndup(line->text + n_skip, line->n - n_skip);
	r = key && value ? take(container, key, value, ret_fault) : -ENOMEM;
	free(key);
	free(value);
	return r;
}

int container_parse(const char *text, size_t n, struct container *ret_container,
		    const char **ret_fault)
{
	struct container container = {};
	struct lines lines;
	struct line line;
	int r = 0;

	lines_begin(&lines, text, n);
	while (r == 0 && lines_next(&lines, &line))
		r = take_line(&container, &line, ret_fault);
	if (r == 0) {
		*ret_fault = container_fault(&container);
		r = *ret_fault ? -EBADMSG : 0;
	}
	if (r == 0)
		*ret_container = container;
	else
		container_release(&container);
	return r;
}

char *container_format(const struct container *container)
{
	char *text = NULL;
	size_t n = 0;
	FILE *stream = open_memstream(&text, &n);
	bool failed;

	if (!stream)
		return NULL;
	fprintf(stream, "[container]\nid = %s\ntoken = %s\ncgroup = %s\n", container->id,
		container->token, container->cgroup);
	if (container->name)
		fprintf(stream, "name = %s\n", container->name);
	for (size_t i = 0; i < container->n_images; i++)
		fprintf(stream, "image = %s\n", container->images[i]);
	failed = ferror(stream);
	if (fclose(stream) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}

int containers_add(struct containers *containers, struct container *container)
{
	struct container *list =
		reallocarray(containers->list, containers->n + 1, sizeof(*containers->list));

	if (!list)
		return -ENOMEM;
	containers->list = list;
	list[containers->n++] = *container;
	*container = (struct container){};
	return 0;
}

struct container *containers_find(const struct containers *containers, const char *id)
{
	for (size_t i = 0; i < containers->n; i++)
		if (strcmp(containers->list[i].id, id) == 0)
			return &containers->list[i];
	return NULL;
}

void containers_release(struct containers *containers)
{
	for (size_t i = 0; i < containers->n; i++)
		container_release(&containers->list[i]);
	free(containers->list);
	*containers = (struct containers){};
}

int container_path(const struct container *container, struct glob **ret_glob)
{
	char *text = malloc(2 * strlen(container->cgroup) + 1), *end = text;
	struct glob_error error;
	int r;

	if (!text)
		return -ENOMEM;
	for (const char *at = container->cgroup; *at; at++) {
		if (strchr("*?[]{},\\", *at))
			*end++ = '\\';
		*end++ = *at;
	}
	*end = '\0';
	r = glob_parse(text, GLOB_BENEATH, ret_glob, &error);
	free(text);
	return r;
}
