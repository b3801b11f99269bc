// SPDX-License-Identifier: Apache-2.0
#include <json-c/json.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "daemon/event-json.h"
#include "daemon/event-text.h"
#include "daemon/journal.h"
#include "daemon/sinks.h"
#include "daemon/util.h"
#include "selftests/fuzz/fuzz.h"

/*
 * A record of the ring: any bytes. One that is whole becomes an entry of the journal, whose fields
 * are well formed whatever the names in the record are.
 */

static bool is_name_byte(char byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
}

/* What people read: one line of UTF-8 that steers no terminal. */
static void sentence_check(const char *bytes, size_t n)
{
	struct text rest = {bytes, n};
	unsigned point;

	while (rest.n) {
		size_t length = text_character(rest, &point);

		must(length && !text_deceives(point), "byte %zu of \"%.*s\"", n - rest.n, (int)n,
		     bytes);
		rest.bytes += length;
		rest.n -= length;
	}
}

struct entry {
	const struct iovec *fields;
	size_t n;
};

static struct text field_of(void *userdata, const char *name)
{
	const struct entry *entry = userdata;
	size_t n = strlen(name);

	for (size_t i = 0; i < entry->n; i++) {
		const char *field = entry->fields[i].iov_base;

		if (entry->fields[i].iov_len > n && field[n] == '=' && memcmp(field, name, n) == 0)
			return (struct text){field + n + 1, entry->fields[i].iov_len - n - 1};
	}
	return (struct text){};
}

/* One line of UTF-8, which json-c takes for one object, with the path that was asked for. */
static void json_check(const struct iovec *fields, size_t n)
{
	struct entry entry = {fields, n};
	struct text path = field_of(&entry, "BAILIFF_PATH");
	struct json_object *object, *found = NULL;
	char *line;
	size_t n_line;

	must(event_json(field_of, &entry, 0, &line, &n_line) == 0, "no line");
	must(text_is_utf8((struct text){line, n_line}) && !memchr(line, '\n', n_line) &&
		     strlen(line) == n_line,
	     "%s", line);
	object = json_tokener_parse(line);
	must(json_object_is_type(object, json_type_object), "%s", line);
	must(json_object_object_get_ex(object, "path", &found) == (path.n > 0), "%s", line);
	if (json_object_is_type(found, json_type_string))
		must((size_t)json_object_get_string_len(found) == path.n &&
			     memcmp(json_object_get_string(found), path.bytes, path.n) == 0,
		     "%s", line);
	else if (found)
		must(json_object_array_length(found) == path.n, "%s", line);
	json_object_put(object);
	free(line);
}

/* In the place of the daemon's own: what is written of a record. */
int sinks_event(const struct iovec *vectors, size_t n, __u64 time)
{
	static const char message[] = "MESSAGE=";

	(void)time;
	must(n >= 18, "%zu fields", n);
	json_check(vectors, n);
	for (size_t i = 0; i < n; i++) {
		const char *field = vectors[i].iov_base;
		const char *end = memchr(field, '=', vectors[i].iov_len);

		must(end && end > field && end + 1 < field + vectors[i].iov_len, "field %zu", i);
		for (const char *c = field; c < end; c++)
			must(is_name_byte(*c), "field %zu", i);
		/* No name is there twice: one of two could be forged. */
		for (size_t k = 0; k < i; k++)
			must(vectors[k].iov_len <= (size_t)(end - field) ||
				     memcmp(vectors[k].iov_base, field, end + 1 - field) != 0,
			     "\"%.*s\" twice", (int)(end - field), field);
		if (vectors[i].iov_len > strlen(message) &&
		    memcmp(field, message, strlen(message)) == 0)
			sentence_check(end + 1, vectors[i].iov_len - strlen(message));
	}
	return 0;
}

int sinks_note(const struct iovec *fields, size_t n)
{
	(void)fields;
	(void)n;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *const tags[] = {"PCI", "MITRE_T1059"};
	const struct journal_policy policy = {
		.file = "/etc/bailiff/policies.d/web.ini",
		.message = "left its lane",
		.tags = (char **)tags,
		.n_tags = 2,
	};
	const struct bailiff_event *event = (const struct bailiff_event *)data;

	if (!event_is_whole(data, size))
		return 0;
	must(journal_event(event, NULL, NULL) == 0, "without a policy");
	must(journal_event(event, &policy, NULL) == 0, "with a policy");
	return 0;
}
