/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/cli.h"
#include "daemon/util.h"

static void assert_caret(const char *source, unsigned column, unsigned width, const char *expected)
{
	_cleanup_(freep) char *shown = cli_caret(source, column, width);

	assert_non_null(shown);
	assert_string_equal(shown, expected);
}

static void test_caret(void **state)
{
	(void)state;
	assert_caret("deny = exec", 8, 80, "  deny = exec\n         ^\n");
	assert_caret("deny", 1, 80, "  deny\n  ^\n");
	assert_caret("deny", 5, 80, "  deny\n      ^\n"); /* behind the end */
	assert_caret("deny", 4000, 80, "  deny\n      ^\n");
	assert_caret("", 1, 80, "  \n  ^\n");
}

static void test_caret_below_tabs(void **state)
{
	(void)state;
	assert_caret("a\tb", 3, 80, "  a       b\n          ^\n");
	assert_caret("\t\tb", 3, 80, "                  b\n                  ^\n");
	assert_caret("a\tb", 2, 80, "  a       b\n   ^\n"); /* the tab's first blank is no better */
}

static void test_caret_below_characters(void **state)
{
	(void)state;
	/* columns are bytes, and the mark is below characters */
	assert_caret("\xc3\xa4\xc3\xb6x", 5, 80, "  \xc3\xa4\xc3\xb6x\n    ^\n");
	/* a column within a character marks it */
	assert_caret("\xc3\xa4\xc3\xb6x", 4, 80, "  \xc3\xa4\xc3\xb6x\n   ^\n");
	/* what would steer the terminal, or is no character, takes one place */
	assert_caret("\033\xff\xe2\x80\xaex", 6, 80, "  ???x\n     ^\n");
}

static void test_caret_in_long_lines(void **state)
{
	char source[400], *shown, *mark, *end;

	(void)state;
	memset(source, 'x', sizeof(source));
	source[sizeof(source) - 1] = '\0';
	for (unsigned column = 1; column <= sizeof(source); column++) {
		if (column < sizeof(source))
			source[column - 1] = 'Y';
		shown = cli_caret(source, column, 60);
		assert_non_null(shown);
		end = strchr(shown, '\n');
		mark = strchr(end, '^');
		assert_in_range(end - shown, 1, 60);
		assert_in_range(mark - end, 1, 61);
		/* the mark is below the column that is asked for */
		if (column < sizeof(source)) {
			assert_int_equal(shown[mark - end - 1], 'Y');
			source[column - 1] = 'x';
		}
		free(shown);
	}
}

/* Local time, in seconds. */
static unsigned long long local(int year, int month, int day, int hour, int minute, int second)
{
	struct tm tm = {.tm_year = year - 1900,
			.tm_mon = month - 1,
			.tm_mday = day,
			.tm_hour = hour,
			.tm_min = minute,
			.tm_sec = second,
			.tm_isdst = -1};

	return (unsigned long long)mktime(&tm);
}

static void test_time(void **state)
{
	const unsigned long long now = local(2024, 3, 1, 12, 30, 15);
	const struct {
		const char *text;
		unsigned long long seconds;
	} cases[] = {
		{"90s", now - 90},
		{"10m", now - 600},
		{"-2h", now - 7200},
		{"3d", now - 3 * 86400},
		{"1w", now - 7 * 86400},
		{"99999d", 0},
		{"@0", 0},
		{"@1700000000", 1700000000},
		{"today", local(2024, 3, 1, 0, 0, 0)},
		{"yesterday", local(2024, 2, 29, 0, 0, 0)},
		{"11:05", local(2024, 3, 1, 11, 5, 0)},
		{"11:05:09", local(2024, 3, 1, 11, 5, 9)},
		{"2024-02-28", local(2024, 2, 28, 0, 0, 0)},
		{"2024-02-28 23:59", local(2024, 2, 28, 23, 59, 0)},
		{"2024-02-28T23:59:58", local(2024, 2, 28, 23, 59, 58)},
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		unsigned long long when = 1;

		assert_int_equal(cli_time_parse(cases[i].text, now * 1000000, &when), 0);
		assert_int_equal(when, cases[i].seconds * 1000000);
	}
}

static void test_time_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"-",
		"m",
		"10",
		"10x",
		"10mm",
		"- 1m",
		"@",
		"@-1",
		"@1x",
		"25:00",
		"2024-02-31",
		"2024-13-01",
		"tomorrow",
		"11:05 ",
		"99999999999999999999s",
		"9999999999999999w",
	};
	unsigned long long when = 77;

	(void)state;
	for (size_t i = 0; i < ELEMENTS(cases); i++)
		assert_int_equal(cli_time_parse(cases[i], 1000000000000000, &when), -22);
	assert_int_equal(when, 77);
}

/* A command without a body, for its options. */
static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{"lines", required_argument, NULL, 'n'},
	{},
};
static const struct cli_command command = {"test", "", "n:", options, NULL};

static int first_option(const char *argument)
{
	char *argv[] = {"test", (char *)argument, NULL};

	optind = 0; /* getopt begins anew */
	return cli_option(&command, 2, argv);
}

static void test_options(void **state)
{
	(void)state;
	assert_int_equal(first_option("--json"), 'j');
	assert_int_equal(first_option("--help"), CLI_HELPED);
	assert_int_equal(first_option("-n3"), 'n');
	assert_string_equal(optarg, "3");
	assert_int_equal(first_option("--lines=3"), 'n');
	assert_int_equal(first_option("file"), CLI_END);
	assert_int_equal(first_option("-"), CLI_END); /* standard input */
	assert_int_equal(first_option("--jsn"), CLI_UNKNOWN);
	assert_int_equal(first_option("--json=1"), CLI_UNKNOWN);
	assert_int_equal(first_option("-x"), CLI_UNKNOWN);
	assert_int_equal(first_option("-n"), CLI_UNKNOWN);
	assert_int_equal(first_option("--lines"), CLI_UNKNOWN);
}

/* The helps fit the smallest terminal that people have. */
static void test_helps_fit(void **state)
{
	static const struct cli_command *const commands[] = {
		&cmd_check, &cmd_doctor, &cmd_events, &cmd_release, &cmd_status,
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(commands); i++) {
		const char *line = commands[i]->help;
		size_t n_lines = 0;

		for (; *line; line += strcspn(line, "\n") + 1, n_lines++)
			assert_in_range(strcspn(line, "\n"), 0, 80);
		assert_in_range(n_lines, 1, 23); /* and the prompt */
	}
}

static void test_print(void **state)
{
	char *text = NULL;
	size_t n;
	FILE *file = open_memstream(&text, &n);

	(void)state;
	assert_non_null(file);
	cli_print(file, "a\tb \\ \"\xc3\xa4\" \033[2J\n\xff\xe2\x80\xae");
	fclose(file);
	assert_string_equal(text, "a\tb \\ \"\xc3\xa4\" \\x1b[2J\\x0a\\xff\\xe2\\x80\\xae");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_caret),
		cmocka_unit_test(test_caret_below_tabs),
		cmocka_unit_test(test_caret_below_characters),
		cmocka_unit_test(test_caret_in_long_lines),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_time_refused),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_helps_fit),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
