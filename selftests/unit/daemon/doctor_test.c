/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/doctor.h"

/* Whatever this machine is: each finding says what was found, and what is wrong says how to mend
 * it. */
static void test_cause_and_mend(void **state)
{
	struct doctor_finding *findings = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(doctor_examine(&findings, &n), 0);
	assert_true(n > 10);
	for (size_t i = 0; i < n; i++) {
		assert_non_null(findings[i].text);
		assert_true(strlen(findings[i].name) <= 16); /* the column that it is printed in */
		assert_null(strchr(findings[i].text, '\n'));
		if (findings[i].level == DOCTOR_OK)
			assert_null(findings[i].mend);
		else if (!findings[i].mend || !*findings[i].mend)
			fail_msg("%s: no mend of: %s", findings[i].name, findings[i].text);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(findings[k].name, findings[i].name);
	}
	doctor_free(findings, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cause_and_mend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
