/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/cli-policies.h"

#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/util.h"
#include "policy/unused.h"

#define BAD "selftests/unit/policy/bad"

/* What "bailiff check" prints of one file: errors, or what its lines are good for. */
static char *checked(const char *file)
{
	_cleanup_(cli_policies_clear) struct cli_policies policies = {};
	char *text = NULL;
	size_t n = 0;
	FILE *stream = open_memstream(&text, &n);

	assert_non_null(stream);
	assert_int_equal(cli_policies_add(&policies, file), 0);
	if (policies.n_policies)
		assert_int_equal(policy_unused(policies.policies[0], &policies.diag), 0);
	assert_int_equal(cli_policies_fill(&policies), 0);
	assert_int_equal(cli_diag_print(stream, &policies.diag), 0);
	fclose(stream);
	return text;
}

static char *slurp(const char *file)
{
	FILE *stream = fopen(file, "r");
	char *text = calloc(1, 65536);

	if (!stream || !text)
		fail_msg("%s: %s", file, strerror(errno));
	(void)!fread(text, 1, 65535, stream);
	fclose(stream);
	return text;
}

/* Each NAME.ini is said in NAME.expected: all in one go, in the order of the lines, with marks. */
static void test_files_of_mistakes(void **state)
{
	unsigned n_different = 0;
	glob_t files;

	(void)state;
	assert_int_equal(glob("*.ini", 0, NULL, &files), 0);
	assert_in_range(files.gl_pathc, 60, 1000);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		_cleanup_(freep) char *got = checked(files.gl_pathv[i]), *expected = NULL;
		char name[256];

		snprintf(name, sizeof(name), "%.*sexpected",
			 (int)(strlen(files.gl_pathv[i]) - strlen("ini")), files.gl_pathv[i]);
		expected = slurp(name);
		if (strcmp(got, expected) == 0)
			continue;
		print_error("%s: said\n%s\nand not\n%s\n", files.gl_pathv[i], got, expected);
		n_different++;
	}
	globfree(&files);
	assert_int_equal(n_different, 0);
}

/* Nothing in a file reaches the terminal but text. */
static void test_nothing_steers_the_terminal(void **state)
{
	glob_t files;

	(void)state;
	assert_int_equal(glob("bytes-*.ini", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		_cleanup_(freep) char *got = checked(files.gl_pathv[i]);

		for (const char *c = got; *c; c++)
			assert_false(((unsigned char)*c < ' ' && *c != '\n') || *c == 0x7f);
		assert_null(strstr(got, "\302\233"));	  /* CSI in one character */
		assert_null(strstr(got, "\342\200\256")); /* from right to left */
	}
	globfree(&files);
}

static int setup(void **state)
{
	(void)state;
	return chdir(BAD); /* from the top of the tree */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_of_mistakes),
		cmocka_unit_test(test_nothing_steers_the_terminal),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
