/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <string.h>

#include "k8s/cleanup.h"
#include "k8s/object-internal.h"

/*
 * spec.policy, spec.exec and the like are the sections of a policy's file, and their fields its
 * keys. An item of a list is one line. What the values mean is the parser's affair: here is seen to
 * it that each stays in its line.
 */

enum value {
	VALUE_TEXT,   /* one line of text */
	VALUE_NUMBER, /* a number */
	VALUE_ANSWER, /* true is "yes", false is "no" */
	VALUE_EITHER, /* an answer or a text */
	VALUE_LINES,  /* a list of texts, each a line of the key */
};

/* Where a field stands: in the section, in that for an executable, or in both. */
enum scope {
	FOR_BOTH,
	FOR_ALL,
	FOR_ONE,
};

struct field {
	const char *name;
	enum value value;
	enum scope scope;
};

#define DEFAULT                                                                                    \
	{                                                                                          \
		"default", VALUE_TEXT, FOR_BOTH                                                    \
	}
#define ALLOW                                                                                      \
	{                                                                                          \
		"allow", VALUE_LINES, FOR_BOTH                                                     \
	}
#define AUDIT                                                                                      \
	{                                                                                          \
		"audit", VALUE_LINES, FOR_BOTH                                                     \
	}
#define DENY                                                                                       \
	{                                                                                          \
		"deny", VALUE_LINES, FOR_BOTH                                                      \
	}
#define INHERIT                                                                                    \
	{                                                                                          \
		"inherit", VALUE_ANSWER, FOR_ONE                                                   \
	}

static const struct field policy_fields[] = {
	{"mode", VALUE_TEXT, FOR_ALL},
	{"severity", VALUE_NUMBER, FOR_ALL},
	{"message", VALUE_TEXT, FOR_ALL},
	{"tags", VALUE_LINES, FOR_ALL},
	{},
};

static const struct field exec_fields[] = {
	DEFAULT,
	ALLOW,
	AUDIT,
	DENY,
	{"libraries", VALUE_ANSWER, FOR_ALL},
	{"wx", VALUE_TEXT, FOR_BOTH},
	{"scripts", VALUE_EITHER, FOR_ALL},
	INHERIT,
	{},
};

static const struct field file_fields[] = {
	DEFAULT, ALLOW, AUDIT, DENY, {"revoke", VALUE_ANSWER, FOR_ALL}, INHERIT, {},
};

static const struct field rules_fields[] = {
	DEFAULT, ALLOW, AUDIT, DENY, INHERIT, {},
};

static const struct section {
	const char *name;
	const struct field *fields;
	bool executables; /* it can have some for executables of their own */
} sections[] = {
	{"policy", policy_fields, false},   {"exec", exec_fields, true},
	{"file", file_fields, true},	    {"network", rules_fields, true},
	{"capability", rules_fields, true}, {"process", rules_fields, true},
};

const char *const section_fields[] = {"policy",	    "exec",    "file", "network",
				      "capability", "process", NULL};

#define NAMES_MAX 16

static void add_line(struct object_text *text, const struct place *place, const char *key,
		     const char *value)
{
	char front[32];

	snprintf(front, sizeof(front), "%-8s = ", key);
	text_add(text, place, 0, front, value, strlen(value));
}

static void read_lines(struct object *o, struct object_text *text, const struct place *place,
		       const char *key, struct json_object *list)
{
	if (!json_object_is_type(list, json_type_array)) {
		place_error(&o->reader, place,
			    "this is a list; begin each of its items with \"-\"");
		return;
	}
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const struct place at = {.parent = place, .index = i};
		const char *line = reader_line(&o->reader, &at, json_object_array_get_idx(list, i));

		if (line)
			add_line(text, &at, key, line);
	}
}

static void read_answer(struct object *o, struct object_text *text, const struct place *place,
			const char *key, struct json_object *value)
{
	if (json_object_is_type(value, json_type_boolean))
		add_line(text, place, key, json_object_get_boolean(value) ? "yes" : "no");
	else
		place_error(&o->reader, place, "write true or false here");
}

static void read_text(struct object *o, struct object_text *text, const struct place *place,
		      const char *key, struct json_object *value)
{
	const char *line = reader_line(&o->reader, place, value);

	if (line)
		add_line(text, place, key, line);
}

static void read_number(struct object *o, struct object_text *text, const struct place *place,
			const char *key, struct json_object *value)
{
	char number[32];

	snprintf(number, sizeof(number), "%lld", (long long)json_object_get_int64(value));
	if (json_object_is_type(value, json_type_int))
		add_line(text, place, key, number);
	else
		place_error(&o->reader, place, "write a number here");
}

static void read_value(struct object *o, struct object_text *text, const struct place *place,
		       const struct field *field, struct json_object *value)
{
	switch (field->value) {
	case VALUE_TEXT:
		read_text(o, text, place, field->name, value);
		break;
	case VALUE_NUMBER:
		read_number(o, text, place, field->name, value);
		break;
	case VALUE_ANSWER:
		read_answer(o, text, place, field->name, value);
		break;
	case VALUE_EITHER:
		if (json_object_is_type(value, json_type_boolean))
			read_answer(o, text, place, field->name, value);
		else
			read_text(o, text, place, field->name, value);
		break;
	case VALUE_LINES:
		read_lines(o, text, place, field->name, value);
		break;
	}
}

/* The fields of one section, or of that section for an executable (@one). */
static void read_fields(struct object *o, struct object_text *text, const struct place *place,
			const struct section *section, bool one, struct json_object *map)
{
	for (const struct field *field = section->fields; field->name; field++) {
		const struct place at = {.parent = place, .name = field->name};
		struct json_object *value = NULL;

		if (field->scope == (one ? FOR_ALL : FOR_ONE))
			continue;
		json_object_object_get_ex(map, field->name, &value);
		if (value)
			read_value(o, text, &at, field, value);
	}
}

static bool check_fields(struct object *o, const struct place *place, const struct section *section,
			 bool one, struct json_object *map)
{
	const char *names[NAMES_MAX] = {};
	size_t n = 0;

	for (const struct field *field = section->fields; field->name; field++)
		if (field->scope != (one ? FOR_ALL : FOR_ONE))
			names[n++] = field->name;
	if (section->executables)
		names[n] = one ? "path" : "executables";
	return reader_fields(&o->reader, place, map, names);
}

/* [exec "PATTERN"] and the like. */
static void read_executable(struct object *o, struct object_text *text, const struct place *place,
			    const struct section *section, struct json_object *map)
{
	const struct place at = {.parent = place, .name = "path"};
	_cleanup_(freep) char *header = NULL;
	char front[32];
	const char *path;

	if (!check_fields(o, place, section, true, map)) {
		if (!map)
			place_error(&o->reader, place, "an executable has a path, and its rules");
		return;
	}
	path = reader_line_field(&o->reader, place, map, "path");
	if (!path) {
		if (!json_object_object_get(map, "path"))
			place_error(&o->reader, &at,
				    "an executable needs its path; write path: /usr/sbin/nginx");
		return;
	}
	/* it stands in quotes: one of its own would end them, and a backslash would take ours away
	 */
	if (strpbrk(path, "\"\\")) {
		place_error(&o->reader, &at,
			    "a quote or backslash in an executable's path; write \"?\" for it");
		return;
	}
	if (asprintf(&header, "%s\"]", path) < 0) {
		header = NULL;
		o->reader.r = -ENOMEM;
		return;
	}
	snprintf(front, sizeof(front), "[%s \"", section->name);
	text_add(text, NULL, 0, "", "", 0);
	text_add(text, &at, 0, front, header, strlen(header));
	read_fields(o, text, place, section, true, map);
}

static void read_section(struct object *o, struct object_text *text, const struct section *section)
{
	const struct place place = {.parent = &o->spec_place, .name = section->name};
	struct json_object *map = NULL, *list;
	struct place list_place;
	char header[32];

	json_object_object_get_ex(o->spec, section->name, &map);
	if (!check_fields(o, &place, section, false, map))
		return;
	if (text->n_lines > 0)
		text_add(text, NULL, 0, "", "", 0);
	snprintf(header, sizeof(header), "[%s]", section->name);
	text_add(text, NULL, 0, "", header, strlen(header));
	read_fields(o, text, &place, section, false, map);
	if (!section->executables)
		return;
	list = reader_field(&o->reader, &place, map, "executables", json_type_array, &list_place);
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		const struct place at = {.parent = &list_place, .index = i};

		read_executable(o, text, &at, section, json_object_array_get_idx(list, i));
	}
}

void sections_read(struct object *o, struct object_text *text)
{
	for (size_t i = 0; i < ELEMENTS(sections); i++)
		read_section(o, text, &sections[i]);
}
