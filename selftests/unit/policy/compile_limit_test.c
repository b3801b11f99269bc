// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/diag.h"
#include "policy/image.h"
#include "policy/policy.h"

/*
 * What no policy exceeds, however hard it is: seconds of a processor's time and memory, for reading
 * and compiling it, or for refusing it. docs/policy.md has these figures.
 */
#ifdef __SANITIZE_ADDRESS__
#define SECONDS_MAX 100
#define KILOBYTES_MAX (2048l << 10)
#else
#define SECONDS_MAX 5
#define KILOBYTES_MAX (256l << 10)
#endif

#define Q4 "????"

static char *text;
static size_t n_text;

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void add(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	n_text += (size_t)vsnprintf(text + n_text, POLICY_FILE_MAX + 1 - n_text, format, args);
	va_end(args);
	assert_true(n_text <= POLICY_FILE_MAX);
}

/* States: nearly as many as there may be. */
static void most_states(void)
{
	add("[file]\ndeny = read /**a" Q4 Q4 Q4 Q4 "??\n");
}

static void one_state_too_many(void)
{
	add("[file]\ndeny = read /**a" Q4 Q4 Q4 Q4 Q4 "\n");
}

static void many_large_sets(void)
{
	add("[file]\n");
	for (char letter = 'a'; letter <= 'z'; letter++)
		add("deny = read /**%c???\n", letter);
}

static void combinations(void)
{
	add("[file]\n");
	for (unsigned i = 0; i < 15; i++)
		add("deny = read write /**/x%u/**\nallow = read /**/x%u/**/y\n", i, i);
}

static void ranges_of_ports(void)
{
	add("[network]\n");
	for (unsigned i = 0; i < 3000; i++)
		add("deny = connect tcp *:%u-%u\n", 1 + i * 7, 30000 + i * 11);
}

static void all_rules(void)
{
	add("[file]\n");
	for (unsigned i = 0; i < POLICY_RULES_MAX; i++)
		add("deny = read /**/f%u\n", i);
}

static void the_same_rule_again_and_again(void)
{
	add("[file]\n");
	for (unsigned i = 0; i < 6000; i++)
		add("deny = read /a/*\n");
}

static void all_units(void)
{
	for (unsigned i = 0; i < POLICY_SELECTS_MAX - 1; i++)
		add("unit = u%u*x*.service\n", i);
	add("[file]\ndeny = read /a\n");
}

static void units_that_cross(void)
{
	for (unsigned i = 0; i < POLICY_SELECTS_MAX - 1; i++)
		add("unit = *u%u*.service\n", i);
	add("[file]\ndeny = read /a\n");
}

/* As long as a file may be. */
static void long_paths(void)
{
	unsigned seed = 1;

	add("[file]\n");
	while (n_text < POLICY_FILE_MAX - 256) {
		add("deny = read /");
		for (unsigned k = 0; k < 160; k++) {
			seed = seed * 1103515245 + 12345;
			add("%c", 'a' + (int)(seed >> 16) % 26);
		}
		add("\n");
	}
}

static void nothing_but_errors(void)
{
	while (n_text < POLICY_FILE_MAX - 16)
		add("unit =\n");
}

/* Reads and compiles what there is; exits with 0, or 1 where it is refused. */
static void compile(void)
{
	struct diag diag = {0};
	struct policy *policy = NULL;
	const struct policy *policies;
	struct image *image = NULL;
	struct selector *selector = NULL;
	int r = policy_parse_text("a.ini", text, n_text, &diag, &policy);

	policies = policy;
	if (r == 0)
		r = selector_compile(&policies, 1, &diag, &selector);
	if (r == 0)
		r = image_compile(&policies, 1, 1, &diag, &image);
	/* A refusal has its place. */
	if (r == 1 && (!diag.n_errors || !diag.items[0].line))
		r = 2;
	image_free(image);
	selector_free(selector);
	policy_free(policy);
	diag_clear(&diag);
	_exit(r < 0 ? 3 : r);
}

static const struct {
	void (*write)(void);
	int status; /* 1: refused */
} cases[] = {
	{most_states, 0},
	{one_state_too_many, 1},
	{many_large_sets, 1},
	{combinations, 0},
	{ranges_of_ports, 1},
	{all_rules, 0},
	{the_same_rule_again_and_again, 1},
	{all_units, 0},
	{units_that_cross, 1},
	{long_paths, 1},
	{nothing_but_errors, 1},
};

static void time_and_memory_have_a_bound(void **state)
{
	(void)state;
	text = malloc(POLICY_FILE_MAX + 1);
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rusage usage;
		double seconds;
		int status;
		pid_t pid;

		n_text = 0;
		add("[select]\nunit = a.service\n");
		cases[i].write();
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			compile();
		assert_int_equal(wait4(pid, &status, 0, &usage), pid);
		seconds = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
			  (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
		printf("case %zu: %.2f s, %ld MiB\n", i, seconds, usage.ru_maxrss >> 10);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), cases[i].status);
		assert_true(seconds < SECONDS_MAX);
		assert_true(usage.ru_maxrss < KILOBYTES_MAX);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_and_memory_have_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
