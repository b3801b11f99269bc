/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/cli-json.h"

#include <stdint.h>
#include <string.h>

#include "daemon/event-text.h"

struct json_object *json_text(const char *text, size_t n)
{
	struct json_object *bytes;

	if (text_is_utf8((struct text){text, n}))
		return json_object_new_string_len(text, (int)n);
	bytes = json_object_new_array();
	for (size_t i = 0; i < n; i++)
		json_object_array_add(bytes, json_object_new_int((unsigned char)text[i]));
	return bytes;
}

void json_add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, text ? json_text(text, strlen(text)) : NULL);
}

void json_add_number(struct json_object *object, const char *key, unsigned long long number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

void json_add_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

enum cli_status json_print(struct json_object *object, enum cli_status status)
{
	const char *text =
		object ? json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE)
		       : NULL;

	if (!text)
		return cli_error(CLI_FAILED, "out of memory");
	puts(text);
	return status;
}
