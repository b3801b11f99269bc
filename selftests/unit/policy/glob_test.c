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

#include "policy/glob.h"
#include "policy/policy.h"

static void a_pattern_is_a_tree(void **state)
{
	struct glob_error error;
	struct glob *whole, *glob;

	(void)state;
	assert_int_equal(glob_parse("/a\\*{b,}[x-z]**", 0, &whole, &error), 0);
	assert_int_equal(whole->kind, GLOB_SEQUENCE);
	assert_int_equal(whole->n_parts, 2); /* what is written, and the open end */
	assert_int_equal(whole->parts[1]->kind, GLOB_OPEN);
	glob = whole->parts[0];
	assert_int_equal(glob->n_parts, 4);
	assert_int_equal(glob->parts[0]->kind, GLOB_TEXT);
	assert_int_equal(glob->parts[0]->n_bytes, 3);
	assert_memory_equal(glob->parts[0]->bytes, "/a*", 3);
	assert_int_equal(glob->parts[1]->kind, GLOB_EITHER);
	assert_int_equal(glob->parts[1]->n_parts, 2);
	assert_int_equal(glob->parts[1]->parts[1]->n_parts, 0);
	assert_int_equal(glob->parts[2]->kind, GLOB_ONE);
	assert_true(glob->parts[2]->set.bits['x' / 64] == 7ull << 'x' % 64);
	assert_int_equal(glob->parts[3]->kind, GLOB_ANY);
	glob_free(whole);
}

static void mistakes_have_a_place_and_a_reason(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
		const char *reason; /* part of it */
	} cases[] = {
		{"", 0, "empty"},
		{"/a[bc", 2, "not closed"},
		{"/a[b\\", 2, "not closed"},
		{"/a[b-", 2, "not closed"},
		{"/a[", 2, "not closed"},
		{"/a[]", 2, "empty"},
		{"/a[]b]", 2, "empty"},
		{"/a[!]", 2, "empty"},
		{"/[!\1-\xff]", 1, "empty"},
		{"/a[z-a]", 3, "reversed"},
		{"/a[b/c]", 4, "class"},
		{"/a[+-/]", 5, "class"},
		{"/a{b,c", 2, "not closed"},
		{"/a{b,{c}", 2, "not closed"},
		{"/a{", 2, "not closed"},
		{"/a}b", 2, "closes no"},
		{"/a{b}}", 5, "closes no"},
		{"/a\\", 2, "quotes nothing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct glob_error error = {.reason = ""};
		struct glob *glob;
		int r = glob_parse(cases[i].text, 0, &glob, &error);

		if (r != -EINVAL || error.offset != cases[i].offset ||
		    !strstr(error.reason, cases[i].reason))
			fail_msg("\"%s\": %d at %zu: %s", cases[i].text, r, error.offset,
				 error.reason);
	}
}

static void good_ones_are_not_refused(void **state)
{
	static const char *const texts[] = {
		"a,b",	 "/[a-]",	  "/[\\]]", "/[+\\-a]", "{,}",
		"{}",	 "/{a,{b,{c,}}}", "/a]",    "/[[]",	"/*****/\\{\\}",
		"/[!!]", "/[a\\-z]",	  "/\\[",   "/[\\^]",	"/[+-9]",
	};
	struct glob_error error;
	struct glob *glob;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (glob_parse(texts[i], 0, &glob, &error) != 0)
			fail_msg("\"%s\" at %zu: %s", texts[i], error.offset, error.reason);
		glob_free(glob);
	}
}

static void limits_hold(void **state)
{
	char text[POLICY_PATTERN_MAX + 2];
	struct glob_error error;
	struct glob *glob;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[POLICY_PATTERN_MAX] = '\0';
	assert_int_equal(glob_parse(text, 0, &glob, &error), 0);
	glob_free(glob);
	text[POLICY_PATTERN_MAX] = 'a';
	text[POLICY_PATTERN_MAX + 1] = '\0';
	assert_int_equal(glob_parse(text, 0, &glob, &error), -EINVAL);
	assert_int_equal(error.offset, POLICY_PATTERN_MAX);

	strcpy(text, "{{{{{{{{{{{{{{{{a}}}}}}}}}}}}}}}}");
	assert_int_equal(strspn(text, "{"), GLOB_NESTING_MAX);
	assert_int_equal(glob_parse(text, 0, &glob, &error), 0);
	glob_free(glob);
	strcpy(text, "{{{{{{{{{{{{{{{{{a}}}}}}}}}}}}}}}}}");
	assert_int_equal(glob_parse(text, 0, &glob, &error), -EINVAL);
	assert_int_equal(error.offset, GLOB_NESTING_MAX);
}

static void backslash_may_be_plain(void **state)
{
	struct glob_error error;
	struct glob *glob;

	(void)state;
	assert_int_equal(glob_parse("a\\x2d\\", GLOB_BACKSLASH_PLAIN, &glob, &error), 0);
	assert_int_equal(glob->parts[0]->parts[0]->n_bytes, 6);
	assert_memory_equal(glob->parts[0]->parts[0]->bytes, "a\\x2d\\", 6);
	glob_free(glob);
	assert_int_equal(glob_parse("[\\]", GLOB_BACKSLASH_PLAIN, &glob, &error), 0);
	glob_free(glob);
}

/* What a pattern spells out: each followed by a newline, trees by " **" before it. */
static int gather(void *userdata, const char *path, bool tree)
{
	char *all = userdata;

	sprintf(all + strlen(all), "%s%s\n", path, tree ? " **" : "");
	return 0;
}

static void names_are_spelt_out(void **state)
{
	static const struct {
		const char *pattern, *names;
	} cases[] = {
		{"/etc/shadow", "/etc/shadow\n"},
		{"/a\\*b", "/a*b\n"},
		{"/a/", "/a **\n"},
		{"/a/**", "/a **\n"},
		{"/my\\ files/**", "/my files **\n"},
		{"/{a,b}/c", "/a/c\n/b/c\n"},
		{"/{a,b/}", "/a\n/b **\n"},
		{"/{a,b{c,}}/**", "/a **\n/bc **\n/b **\n"},
		{"/{a,*}", "/a\n"},
		{"/a/**/b", ""},
		{"/a*", ""},
		{"/a[b]", ""},
		{"/a/*", ""},
		{"**", ""},
		{"/**", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct glob_error error;
		char names[256] = "";
		struct glob *glob;

		assert_int_equal(glob_parse(cases[i].pattern, 0, &glob, &error), 0);
		assert_int_equal(glob_names(glob, gather, names), 0);
		assert_string_equal(names, cases[i].names);
		glob_free(glob);
	}
}

static int count(void *userdata, const char *path, bool tree)
{
	(void)path;
	(void)tree;
	++*(unsigned *)userdata;
	return 0;
}

static void too_many_names_are_said(void **state)
{
	/* 2 to the power of 10 names, and of 11 */
	const char *const patterns[] = {
		"/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
		"/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
	};
	const int answers[] = {0, -E2BIG};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct glob_error error;
		struct glob *glob;
		unsigned n = 0;

		assert_int_equal(glob_parse(patterns[i], 0, &glob, &error), 0);
		assert_int_equal(glob_names(glob, count, &n), answers[i]);
		assert_int_equal(n, GLOB_NAMES_MAX);
		glob_free(glob);
	}
}

/* What a unit's cgroup lies in can be anything of a kind. */
static void a_unit_has_no_name_of_a_path(void **state)
{
	struct glob_error error;
	struct glob *glob;
	unsigned n = 0;

	(void)state;
	assert_int_equal(glob_parse("a.service", GLOB_UNIT | GLOB_SLASH_PLAIN, &glob, &error), 0);
	assert_int_equal(glob->parts[0]->kind, GLOB_REPEAT);
	assert_int_equal(glob_names(glob, count, &n), 0);
	assert_int_equal(n, 0);
	glob_free(glob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_spelt_out),
		cmocka_unit_test(too_many_names_are_said),
		cmocka_unit_test(a_pattern_is_a_tree),
		cmocka_unit_test(mistakes_have_a_place_and_a_reason),
		cmocka_unit_test(good_ones_are_not_refused),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(backslash_may_be_plain),
		cmocka_unit_test(a_unit_has_no_name_of_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
