/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "daemon/cli-filter.h"

static bool passes(const struct cli_filter *filter, const char *text)
{
	return cli_filter_passes(filter, (struct text){text, strlen(text)});
}

static void test_any_of(void **state)
{
	struct cli_filter filter = {};
	const char *reason;

	(void)state;
	assert_true(passes(&filter, "/anything"));
	assert_int_equal(cli_filter_add(&filter, "/etc/*", false, &reason), 0);
	assert_int_equal(cli_filter_add(&filter, "/bin/sh", false, &reason), 0);
	assert_int_equal(cli_filter_add(&filter, "connect tcp 10.*", false, &reason), 0);
	assert_int_equal(cli_filter_compile(&filter), 0);
	assert_true(passes(&filter, "/etc/shadow"));
	assert_false(passes(&filter, "/etc/ssl/x"));
	assert_true(passes(&filter, "/usr/bin/sh")); /* the same on a merged /usr */
	assert_true(passes(&filter, "connect tcp 10.0.0.1:443"));
	assert_false(passes(&filter, "connect tcp 11.0.0.1:443"));
	assert_false(passes(&filter, ""));
	cli_filter_release(&filter);
}

static void test_beneath(void **state)
{
	struct cli_filter filter = {};
	const char *reason;

	(void)state;
	assert_int_equal(cli_filter_add(&filter, "/system.slice", true, &reason), 0);
	assert_int_equal(cli_filter_compile(&filter), 0);
	assert_true(passes(&filter, "/system.slice"));
	assert_true(passes(&filter, "/system.slice/a.service"));
	assert_false(passes(&filter, "/system.slices"));
	cli_filter_release(&filter);
}

static void test_wrong(void **state)
{
	struct cli_filter filter = {};
	const char *reason = NULL;

	(void)state;
	assert_int_equal(cli_filter_add(&filter, "/etc/[a", false, &reason), -EINVAL);
	assert_non_null(reason);
	cli_filter_release(&filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_of),
		cmocka_unit_test(test_beneath),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
