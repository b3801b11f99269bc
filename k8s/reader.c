/* SPDX-License-Identifier: Apache-2.0 */

#include "k8s/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "k8s/cleanup.h"
#include "policy/nearest.h"

static void write_place(FILE *stream, const struct place *place)
{
	if (!place->parent) {
		fputs(place->name, stream);
		return;
	}
	write_place(stream, place->parent);
	if (!place->name)
		fprintf(stream, "[%zu]", place->index);
	else
		fprintf(stream, "%s%s", place->parent->parent ? "." : ": ", place->name);
}

char *place_text(struct reader *reader, const struct place *place)
{
	char *text = NULL;
	size_t n = 0;
	FILE *stream = open_memstream(&text, &n);

	if (stream) {
		write_place(stream, place);
		if (fclose(stream) == 0 && text)
			return text;
	}
	free(text);
	reader->r = -ENOMEM;
	return NULL;
}

void place_error(struct reader *reader, const struct place *place, const char *format, ...)
{
	_cleanup_(freep) char *text = place_text(reader, place), *message = NULL;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (n < 0)
		message = NULL;
	/* what stands in an object may not begin a line of a log */
	for (char *c = message; c && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	if (!text || n < 0 ||
	    diag_add(reader->diag, DIAG_ERROR, text, 0, 0, NULL, "%s", message) < 0)
		reader->r = -ENOMEM;
}

int reader_parse(struct reader *reader, const struct place *place, const char *text, size_t n,
		 struct json_object **ret_value)
{
	struct json_tokener *tokener;
	enum json_tokener_error error;
	struct json_object *value;

	if (n > READER_TEXT_MAX) {
		place_error(reader, place, "%zu bytes of JSON; the most is %u: make it smaller", n,
			    READER_TEXT_MAX);
		return reader->r < 0 ? reader->r : 1;
	}
	tokener = json_tokener_new_ex(READER_DEPTH_MAX);
	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	value = json_tokener_parse_ex(tokener, text, (int)n);
	error = json_tokener_get_error(tokener);
	json_tokener_free(tokener);
	if (error == json_tokener_success && value) {
		*ret_value = value;
		return 0;
	}
	json_object_put(value);
	place_error(reader, place, "this is no JSON that is understood: %s",
		    error == json_tokener_success    ? "it is null"
		    : error == json_tokener_continue ? "its end is missing"
						     : json_tokener_error_desc(error));
	return reader->r < 0 ? reader->r : 1;
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static void tell_unknown(struct reader *reader, const struct place *place, const char *name,
			 const char *const *names)
{
	const char *near = nearest(name, strlen(name), names);
	char all[256] = "";
	size_t n = 0;

	if (near) {
		place_error(reader, place, "unknown field \"%s\"; did you mean \"%s\"?", name,
			    near);
		return;
	}
	for (size_t i = 0; names[i] && n < sizeof(all); i++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", i ? ", " : "", names[i]);
	place_error(reader, place, "unknown field \"%s\"; there are %s", name, all);
}

bool reader_fields(struct reader *reader, const struct place *place, struct json_object *value,
		   const char *const *names)
{
	if (!value)
		return false;
	if (!json_object_is_type(value, json_type_object)) {
		place_error(reader, place, "this is no map; write FIELD: VALUE");
		return false;
	}
	json_object_object_foreach(value, name, field)
	{
		(void)field;
		if (names && !is_one_of(name, names))
			tell_unknown(reader, place, name, names);
	}
	return true;
}

struct json_object *reader_field(struct reader *reader, const struct place *place,
				 struct json_object *object, const char *name, enum json_type type,
				 struct place *ret_place)
{
	static const char *const wanted[] = {
		[json_type_boolean] = "true or false",
		[json_type_int] = "a number",
		[json_type_object] = "a map",
		[json_type_array] = "a list",
		[json_type_string] = "a text in quotes",
	};
	struct json_object *value = NULL;

	*ret_place = (struct place){.parent = place, .name = name};
	json_object_object_get_ex(object, name, &value);
	if (!value || json_object_is_type(value, type))
		return value;
	place_error(reader, ret_place, "write %s here", wanted[type]);
	return NULL;
}

const char *reader_line(struct reader *reader, const struct place *place, struct json_object *value)
{
	const char *text;
	size_t n;

	if (!json_object_is_type(value, json_type_string)) {
		place_error(reader, place, "write a text in quotes here");
		return NULL;
	}
	text = json_object_get_string(value);
	n = (size_t)json_object_get_string_len(value);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c == 0x7f) {
			place_error(reader, place,
				    "byte 0x%02x at %zu is no text: a value is one line; take it "
				    "out",
				    c, i + 1);
			return NULL;
		}
		if (c == ';' && (i == 0 || text[i - 1] == ' ')) {
			place_error(reader, place,
				    "\";\" at %zu would begin a comment: write \"?\" for it in a "
				    "pattern, or take it out",
				    i + 1);
			return NULL;
		}
	}
	if (text[strspn(text, " ")] != '\0')
		return text;
	place_error(reader, place, "there is nothing in it; write a value, or take the field out");
	return NULL;
}

const char *reader_line_field(struct reader *reader, const struct place *place,
			      struct json_object *object, const char *name)
{
	struct json_object *value = NULL;
	struct place at = {.parent = place, .name = name};

	json_object_object_get_ex(object, name, &value);
	return value ? reader_line(reader, &at, value) : NULL;
}

bool name_is_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
	size_t n = strlen(name);

	return n >= 1 && n <= 253 && name[0] != '.' && strspn(name, plain) == n;
}
