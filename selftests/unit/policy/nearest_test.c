// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/nearest.h"

static const char *const names[] = {"allow", "audit", "deny", "no", "severity", NULL};

static void names_within_a_third_are_near(void **state)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{"alow", "allow"},	   /* one missing */
		{"alloww", "allow"},	   /* one too many */
		{"aduit", "audit"},	   /* two swapped */
		{"demy", "deny"},	   /* one other */
		{"DENY", "deny"},	   /* only the case */
		{"serverity", "severity"}, /* two together */
		{"on", "no"},		   /* short names may be one off */
		{"allow", "allow"},
		{"block", NULL},
		{"denial", NULL},
		{"x", NULL},
		{"", NULL},
		{"allowallowallowallowallowallowallowallow", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *near = nearest(cases[i].text, strlen(cases[i].text), names);

		if (cases[i].name ? !near || strcmp(near, cases[i].name) != 0 : near != NULL)
			fail_msg("\"%s\" is nearest to %s, not to %s", cases[i].text,
				 near ? near : "nothing",
				 cases[i].name ? cases[i].name : "nothing");
	}
}

static void only_n_bytes_are_read(void **state)
{
	(void)state;
	assert_string_equal(nearest("alow and more", 4, names), "allow");
}

static void the_first_of_equals_wins(void **state)
{
	static const char *const twins[] = {"wxyz1", "wxyz2", NULL};
	static const char *const none[] = {NULL};

	(void)state;
	assert_string_equal(nearest("wxyz", 4, twins), "wxyz1");
	assert_null(nearest("wxyz", 4, none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_within_a_third_are_near),
		cmocka_unit_test(only_n_bytes_are_read),
		cmocka_unit_test(the_first_of_equals_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
