/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/boot-audit.h"
#include "daemon/util.h"

static void the_word_is_found(void **state)
{
	static const char *const lines[] = {
		"bailiff.audit=1",
		"root=/dev/vda quiet bailiff.audit=1\n",
		"quiet  bailiff.audit=1\tlsm=bpf",
		"name=\"a b\" bailiff.audit=1 -- single",
		"bailiff.audit=0 bailiff.audit=1",
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(lines); i++)
		assert_true(boot_audit_in(lines[i]));
}

/* What others may have put there is no such word. */
static void nothing_else_is_taken_for_it(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"bailiff.audit",
		"bailiff.audit=",
		"bailiff.audit=0",
		"bailiff.audit=10",
		"bailiff.audit=1,quiet",
		"xbailiff.audit=1",
		"other=bailiff.audit=1",
		"name=\"a bailiff.audit=1 b\"",
		"\"bailiff.audit=1\"",
		"name=\"a bailiff.audit=1",
		"quiet -- bailiff.audit=1",
		"BAILIFF.AUDIT=1",
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(lines); i++)
		assert_false(boot_audit_in(lines[i]));
}

/* The machine that tests run on was not started with it; where procfs is not whole, or openat2() is
 * not there (valgrind), it cannot be told. */
static void the_kernel_is_asked(void **state)
{
	(void)state;
	assert_true(boot_audit() <= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_word_is_found),
		cmocka_unit_test(nothing_else_is_taken_for_it),
		cmocka_unit_test(the_kernel_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
