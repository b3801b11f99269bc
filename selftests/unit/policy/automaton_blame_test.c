// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/automaton.h"
#include "policy/glob.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define PATTERNS_MAX 64

#define Q8 "????????"
/* Any number of bytes and fifty more: fifty states of the nfa in each set, and no more sets. */
#define WIDE                                                                                       \
	"/**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?" \
	"**?**"

/* Builds what is too large; returns the pattern that has the blame. */
static size_t blamed(const char *const *texts, size_t n, unsigned flags)
{
	struct automaton_pattern patterns[PATTERNS_MAX] = {0};
	struct glob *globs[PATTERNS_MAX];
	struct automaton *automaton = NULL;
	struct glob_error error;
	size_t culprit = SIZE_MAX;

	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(glob_parse(texts[i], 0, &globs[i], &error), 0);
		patterns[i] = (struct automaton_pattern){.glob = globs[i], .rule = i};
	}
	assert_int_equal(automaton_build(patterns, n, flags, NULL, 0, &automaton, &culprit),
			 -E2BIG);
	for (size_t i = 0; i < n; i++)
		glob_free(globs[i]);
	return culprit;
}

/* Whatever stands beside it, before it or behind it. */
static void the_one_that_grows_has_the_blame(void **state)
{
	static const char *const beside[] = {"/etc/**", "/usr/{a,b,c}*/**", WIDE, "/**/id_rsa",
					     "/**/[ab]" Q8};
	static const char *const grow[] = {
		"/**a" Q8 Q8 Q8,
		"/srv/**[ab]" Q8 Q8 Q8 "*",
	};

	(void)state;
	for (size_t g = 0; g < LENGTH(grow); g++) {
		for (size_t at = 0; at <= LENGTH(beside); at += LENGTH(beside)) {
			const char *texts[LENGTH(beside) + 1];
			size_t n = 0;

			for (size_t i = 0; i < LENGTH(texts); i++)
				texts[i] = i == at ? grow[g] : beside[n++];
			if (blamed(texts, LENGTH(texts), AUTOMATON_ALIASES) != at)
				fail_msg("not \"%s\" at %zu", grow[g], at);
		}
	}
}

/* It begins as the one before it, which is small by itself. */
static void what_others_share_is_not_counted_against_them(void **state)
{
	static const char *const texts[] = {"/**a" Q8, "/**a" Q8 Q8 Q8, "/**a"};

	(void)state;
	assert_int_equal(blamed(texts, LENGTH(texts), 0), 1);
}

/* Each is small; all of them together are not, and one of them is named, not another. */
static void one_of_many_has_the_blame(void **state)
{
	char many[40][32];
	const char *texts[LENGTH(many) + 2];

	(void)state;
	texts[0] = "/usr/lib*/x?";
	texts[1] = "/etc/**";
	for (size_t i = 0; i < LENGTH(many); i++) {
		snprintf(many[i], sizeof(many[i]), "/**/x%zu/**", i);
		texts[i + 2] = many[i];
	}
	assert_in_range(blamed(texts, LENGTH(texts), 0), 2, LENGTH(texts) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_that_grows_has_the_blame),
		cmocka_unit_test(what_others_share_is_not_counted_against_them),
		cmocka_unit_test(one_of_many_has_the_blame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
