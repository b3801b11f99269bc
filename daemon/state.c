/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/state.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/util.h"

#define HEADER "bailiff-state 1\t"

void state_clear(struct state *state)
{
	for (size_t i = 0; i < state->n_files; i++) {
		free(state->files[i].file);
		free(state->files[i].message);
	}
	free(state->files);
	free(state->failure);
	*state = (struct state){};
}

/* Names and messages stand in lines of fields: what would end one becomes "?". */
static char *in_a_field(const char *text)
{
	char *copy = strdup(text);

	for (char *at = copy; at && *at; at++)
		if ((unsigned char)*at < ' ')
			*at = '?';
	return copy;
}

const struct state_file *state_find(const struct state *state, const char *file)
{
	_cleanup_(freep) char *name = in_a_field(file);

	for (size_t i = 0; name && i < state->n_files; i++)
		if (strcmp(state->files[i].file, name) == 0)
			return &state->files[i];
	return NULL;
}

/* The one of that name, perhaps a new one; NULL without memory. */
static struct state_file *get_file(struct state *state, const char *file)
{
	struct state_file *files, *found = (struct state_file *)state_find(state, file);

	if (found)
		return found;
	files = reallocarray(state->files, state->n_files + 1, sizeof(*files));
	if (!files)
		return NULL;
	state->files = files;
	found = &files[state->n_files];
	*found = (struct state_file){.file = in_a_field(file)};
	if (!found->file)
		return NULL;
	state->n_files++;
	return found;
}

int state_note(struct state *state, const struct diag *diag)
{
	for (size_t i = 0; i < diag->n_items; i++) {
		const struct diag_item *item = &diag->items[i];
		_cleanup_(freep) char *text = NULL;
		struct state_file *file;

		if (item->level != DIAG_ERROR)
			continue;
		file = get_file(state, item->file);
		if (!file)
			return -ENOMEM;
		if (file->message)
			continue;
		if (item->line &&
		    asprintf(&text, "%s (line %u:%u)", item->message, item->line, item->column) < 0)
			return -ENOMEM;
		file->message = in_a_field(text ? text : item->message);
		if (!file->message)
			return -ENOMEM;
	}
	return 0;
}

/* Whether an older version of what a refused file is about is in force. */
static bool has_before(const struct store *store, const char *file)
{
	char name[NAME_MAX + 1];
	const struct store_entry *entry;

	snprintf(name, sizeof(name), "%s", strrchr(file, '/') ? strrchr(file, '/') + 1 : file);
	if (!store_is_policy(name))
		return false;
	*strrchr(name, '.') = '\0';
	entry = store_find(store, name);
	return entry && entry->stale;
}

int state_take(struct state *state, const struct store *store)
{
	struct state_file *file;

	for (size_t i = 0; i < store->n_entries; i++) {
		if (store->entries[i].stale || store->entries[i].text->policy->unknown)
			continue;
		file = get_file(state, store->entries[i].text->policy->file);
		if (!file)
			return -ENOMEM;
		file->in_force = store->entries[i].text->digest;
	}
	for (size_t i = 0; i < store->n_refusals; i++) {
		file = get_file(state, store->refusals[i].file);
		if (!file)
			return -ENOMEM;
		file->refused = store->refusals[i].digest;
		file->before = has_before(store, store->refusals[i].file);
	}
	return 0;
}

int state_write(const struct state *state, const char *to)
{
	char next[PATH_MAX];
	FILE *stream;
	int error = 0;

	if (snprintf(next, sizeof(next), "%s-next", to) >= (int)sizeof(next))
		return -ENAMETOOLONG;
	stream = fopen(next, "we");
	if (!stream)
		return -errno;
	fprintf(stream, HEADER "%s\n", state->failure ? state->failure : "");
	for (size_t i = 0; i < state->n_files; i++) {
		const struct state_file *file = &state->files[i];

		fprintf(stream, "%llx\t%llx\t%d\t%s\t%s\n", (unsigned long long)file->in_force,
			(unsigned long long)file->refused, file->before, file->file,
			file->message ? file->message : "");
	}
	if (fflush(stream) != 0 || ferror(stream))
		error = errno ?: EIO;
	if (fclose(stream) != 0 && !error)
		error = errno;
	if (!error && rename(next, to) < 0)
		error = errno;
	if (error)
		(void)unlink(next); /* a full disk has other uses for it */
	return -error;
}

/* Takes one field off a line. Returns NULL where there is none. */
static char *next_field(char **line)
{
	return strsep(line, "\t");
}

static int read_file_line(struct state *state, char *line)
{
	const char *in_force = next_field(&line), *refused = next_field(&line),
		   *before = next_field(&line), *name = next_field(&line);
	struct state_file *file;

	if (!name || !line)
		return -EBADMSG;
	file = get_file(state, name);
	if (!file)
		return -ENOMEM;
	file->in_force = strtoull(in_force, NULL, 16);
	file->refused = strtoull(refused, NULL, 16);
	file->before = strcmp(before, "1") == 0;
	if (*line && !file->message && !(file->message = strdup(line)))
		return -ENOMEM;
	return 0;
}

int state_read(const char *from, struct state *ret_state)
{
	_cleanup_(fclosep) FILE *stream = fopen(from, "re");
	_cleanup_(state_clear) struct state state = {};
	_cleanup_(freep) char *line = NULL;
	bool first = true;
	size_t size = 0;
	ssize_t n;
	int r = 0;

	if (!stream)
		return -errno;
	for (; r == 0 && (n = getline(&line, &size, stream)) > 0; first = false) {
		line[n - (line[n - 1] == '\n')] = '\0';
		if (!first)
			r = read_file_line(&state, line);
		else if (strncmp(line, HEADER, strlen(HEADER)) != 0)
			r = -EBADMSG;
		else if (line[strlen(HEADER)] && !(state.failure = strdup(line + strlen(HEADER))))
			r = -ENOMEM;
	}
	if (r < 0 || first)
		return r < 0 ? r : -EBADMSG;
	*ret_state = state;
	state = (struct state){};
	return 0;
}
