// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/diag.h"

static void texts_are_copied(void **state)
{
	char file[] = "a.ini", source[] = "mode = x", message[] = "wrong";
	struct diag diag = {};

	(void)state;
	assert_int_equal(diag_add(&diag, DIAG_ERROR, file, 3, 8, source, "%s %d", message, 7), 0);
	memset(file, 'x', sizeof(file) - 1);
	memset(source, 'x', sizeof(source) - 1);
	assert_int_equal(diag.n_items, 1);
	assert_string_equal(diag.items[0].file, "a.ini");
	assert_string_equal(diag.items[0].source, "mode = x");
	assert_string_equal(diag.items[0].message, "wrong 7");
	diag_clear(&diag);
	assert_null(diag.items);
	assert_int_equal(diag.n_items, 0);
	assert_int_equal(diag.n_errors, 0);
}

static void format_is(const struct diag_item *item, const char *expected)
{
	char *text = NULL;

	assert_int_equal(diag_item_format(item, &text), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void items_have_the_usual_format(void **state)
{
	struct diag diag = {};

	(void)state;
	assert_int_equal(diag_add(&diag, DIAG_ERROR, "a.ini", 3, 8, "x", "wrong"), 0);
	assert_int_equal(diag_add(&diag, DIAG_WARNING, "a.ini", 0, 0, NULL, "100%% odd"), 0);
	format_is(&diag.items[0], "a.ini:3:8: error: wrong");
	format_is(&diag.items[1], "a.ini: warning: 100% odd");
	assert_null(diag.items[1].source);
	assert_int_equal(diag.n_errors, 1);
	diag_clear(&diag);
}

static void more_than_the_limit_is_counted(void **state)
{
	struct diag diag = {};

	(void)state;
	for (unsigned i = 1; i <= DIAG_MAX + 5; i++)
		assert_int_equal(diag_add(&diag, DIAG_ERROR, "a.ini", i, 1, NULL, "wrong"), 0);
	assert_int_equal(diag.n_items, DIAG_MAX);
	assert_int_equal(diag.n_errors, DIAG_MAX + 5);
	assert_int_equal(diag.items[DIAG_MAX - 1].line, DIAG_MAX);
	diag_clear(&diag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_copied),
		cmocka_unit_test(items_have_the_usual_format),
		cmocka_unit_test(more_than_the_limit_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
