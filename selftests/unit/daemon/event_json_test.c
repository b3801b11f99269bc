/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "daemon/event-json.h"
#include "daemon/journal.h"
#include "daemon/util.h"

/* Fields of an entry: names and values in turn. */
static struct text field_of(void *userdata, const char *name)
{
	for (const char *const *at = userdata; *at; at += 2)
		if (strcmp(at[0], name) == 0)
			return (struct text){at[1], strlen(at[1])};
	return (struct text){};
}

static char *line_of(const char *const *fields, uint64_t when)
{
	char *line;
	size_t n;

	assert_int_equal(event_json(field_of, (void *)fields, when, &line, &n), 0);
	assert_int_equal(strlen(line), n);
	return line;
}

#define LINE(when, ...) line_of((const char *const[]){__VA_ARGS__, NULL}, when)

static void test_line(void **state)
{
	_cleanup_(freep) char *line =
		LINE(1764205200000042, "BAILIFF_PATH", "/etc/shadow", "BAILIFF_LINE", "9",
		     "BAILIFF_ID", "0123456789", "OTHER", "x", "BAILIFF_PID", "4711");

	(void)state;
	assert_string_equal(line, "{\"time\":\"2025-11-27T01:00:00.000042Z\",\"id\":\"0123456789\","
				  "\"path\":\"/etc/shadow\",\"line\":9,\"pid\":4711}");
}

/* What is no number as JSON has it stays a text. */
static void test_numbers(void **state)
{
	static const char *const texts[] = {"007", "-1", "1e9", "99999999999999999999",
					    "0x1", " 1"};
	_cleanup_(freep) char *zero =
		LINE(0, "BAILIFF_UID", "0", "BAILIFF_GID", "9999999999999999999");

	(void)state;
	assert_non_null(strstr(zero, "\"uid\":0,\"gid\":9999999999999999999}"));
	for (size_t i = 0; i < ELEMENTS(texts); i++) {
		_cleanup_(freep) char *line = LINE(0, "BAILIFF_UID", texts[i]);
		char expected[64];

		snprintf(expected, sizeof(expected), "\"uid\":\"%s\"}", texts[i]);
		assert_non_null(strstr(line, expected));
	}
}

static void test_escapes(void **state)
{
	_cleanup_(freep) char *line =
		LINE(0, "BAILIFF_PATH", "/a\"b\\c\n\t\r\b\f\x01\x1f\x7f/\xc3\xa9\xf0\x9f\x98\x80");

	(void)state;
	assert_non_null(strstr(line, "\"path\":\"/a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0001\\u001f\x7f/"
				     "\xc3\xa9\xf0\x9f\x98\x80\"}"));
}

/* A library that reads JSON gets the same bytes back, whatever they are. */
static void test_any_bytes(void **state)
{
	char name[9] = "";

	(void)state;
	srandom(1);
	for (int i = 0; i < 20000; i++) {
		_cleanup_(freep) char *line = NULL;
		struct json_object *object, *path;
		size_t n = 1 + (size_t)random() % 8;

		for (size_t k = 0; k < n; k++)
			name[k] = (char)(1 + random() % (i % 2 ? 255 : 127));
		name[n] = '\0';
		line = LINE(0, "BAILIFF_PATH", name);
		assert_null(strpbrk(line, "\n\r"));
		object = json_tokener_parse(line);
		assert_non_null(object);
		assert_true(json_object_object_get_ex(object, "path", &path));
		if (json_object_is_type(path, json_type_string)) {
			assert_string_equal(json_object_get_string(path), name);
		} else {
			assert_int_equal(json_object_array_length(path), n);
			for (size_t k = 0; k < n; k++)
				assert_int_equal(
					json_object_get_int(json_object_array_get_idx(path, k)),
					(unsigned char)name[k]);
		}
		json_object_put(object);
	}
}

static void test_notes(void **state)
{
	_cleanup_(freep) char *line = LINE(0, "MESSAGE", "12 events were dropped", "MESSAGE_ID",
					   JOURNAL_ID_DROPPED, "BAILIFF_COUNT", "12");
	_cleanup_(freep) char *event =
		LINE(0, "MESSAGE", "denied", "MESSAGE_ID", JOURNAL_ID_DENIED);

	(void)state;
	assert_non_null(strstr(line, "\"note\":\"dropped\",\"text\":\"12 events were dropped\","
				     "\"count\":12}"));
	assert_null(strstr(event, "note"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),	cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_escapes), cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
