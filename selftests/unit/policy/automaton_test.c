// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "policy/glob.h"
#include "selftests/unit/policy/oracle.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define PATTERNS_MAX 16

/* An automaton of some patterns; rule i is pattern i. */
struct built {
	struct glob *globs[PATTERNS_MAX];
	struct oracle_pattern *oracles[PATTERNS_MAX];
	struct automaton *automaton;
	size_t n;
};

/* Answers whether the automaton is within its limits. */
static bool build(struct built *b, const char *const *texts, size_t n, unsigned glob_flags,
		  unsigned flags)
{
	struct automaton_pattern patterns[PATTERNS_MAX] = {0};
	struct glob_error error;
	size_t culprit;
	int r;

	*b = (struct built){.n = n};
	for (size_t i = 0; i < n; i++) {
		if (glob_parse(texts[i], glob_flags, &b->globs[i], &error) != 0)
			fail_msg("%s at %zu: %s", texts[i], error.offset, error.reason);
		b->oracles[i] = oracle_parse(texts[i], glob_flags);
		patterns[i] = (struct automaton_pattern){.glob = b->globs[i], .rule = (uint32_t)i};
	}
	r = automaton_build(patterns, n, flags, NULL, 0, &b->automaton, &culprit);
	assert_true(r == 0 || r == -E2BIG);
	return r == 0;
}

static void built_free(struct built *b)
{
	for (size_t i = 0; i < b->n; i++) {
		glob_free(b->globs[i]);
		oracle_free(b->oracles[i]);
	}
	automaton_free(b->automaton);
}

static uint32_t row_target(const struct automaton *a, uint32_t state, unsigned class)
{
	for (uint32_t i = a->first[state]; i < a->first[state + 1]; i++)
		if (a->exceptions[i].class == class)
			return a->exceptions[i].target;
	return a->defaults[state];
}

static uint32_t run(const struct automaton *a, const char *path, size_t n)
{
	uint32_t state = a->starts[0];

	for (size_t i = 0; i < n; i++)
		state = row_target(a, state, a->class_of[(unsigned char)path[i]]);
	return a->labels[state];
}

/* Whether the automaton, before labels take the place of accept sets, accepts a rule. */
static bool accepts(const struct automaton *a, uint32_t rule, const char *path, size_t n)
{
	size_t n_set;
	const uint32_t *set = interner_list(&a->accepts, run(a, path, n), &n_set);

	for (size_t i = 0; i < n_set; i++)
		if (set[i] == rule)
			return true;
	return false;
}

struct match_case {
	const char *pattern, *path;
	bool match;
};

static void check_cases(const struct match_case *cases, size_t n, unsigned glob_flags,
			unsigned flags)
{
	for (size_t i = 0; i < n; i++) {
		const struct match_case *c = &cases[i];
		size_t n_path = strlen(c->path);
		struct built b;
		bool oracle;

		assert_true(build(&b, &c->pattern, 1, glob_flags, flags));
		oracle = flags & AUTOMATON_ALIASES
				 ? oracle_match_alias(b.oracles[0], c->path, n_path)
				 : oracle_match(b.oracles[0], c->path, n_path);
		if (accepts(b.automaton, 0, c->path, n_path) != c->match || oracle != c->match)
			fail_msg("%s on %s: not %d", c->pattern, c->path, c->match);
		built_free(&b);
	}
}

static void patterns_mean_what_is_said(void **state)
{
	static const struct match_case cases[] = {
		{"/etc/passwd", "/etc/passwd", true},
		{"/etc/passwd", "/etc/passwd-", false},
		{"/etc/*", "/etc/passwd", true},
		{"/etc/*", "/etc/ssl/x", false},
		{"/etc/*.conf", "/etc/a.conf.conf", true},
		{"/etc/**", "/etc/ssl/x", true},
		{"/etc/**", "/etc", false},
		{"/etc/", "/etc/ssl/x", true},
		{"/etc/", "/etc", false},
		{"/", "/x/y", true},
		{"/", "/", true},
		{"/**/id_rsa", "/id_rsa", true},
		{"/**/id_rsa", "/home/a/.ssh/id_rsa", true},
		{"/**/id_rsa", "/home/aid_rsa", false},
		{"/a/**/b", "/a/b", true},
		{"/a/**/b", "/a/x/y/b", true},
		{"/a/**/b", "/ab", false},
		{"/a/**/**/b", "/a/b", true},
		{"/a**/b", "/a/b", true},
		{"/a**b", "/ab", true},
		{"/a**b", "/a/x/b", true},
		{"/{a,**}/b", "/b", true},
		{"/{a,**}/b", "/c/d/b", true},
		{"/**{/a,/b}", "/b", true},
		{"/{a/,b}", "/a/x", true},
		{"/{a/,b}", "/b/x", false},
		{"/etc/{,x}", "/etc/y", true},
		{"/?", "/a", true},
		{"/?", "//", false},
		{"/a?b", "/a/b", false},
		{"/[a-c]x", "/bx", true},
		{"/[!a-c]x", "/bx", false},
		{"/[^a-c]x", "/dx", true},
		{"/a[!x]b", "/a/b", false},
		{"/a[+-9]b", "/a/b", false},
		{"/a[+-9]b", "/a.b", true},
		{"/{bin,sbin}/x", "/sbin/x", true},
		{"/x{,.bak}", "/x", true},
		{"/x{,.bak}", "/x.bak", true},
		{"/x{}y", "/xy", true},
		{"/x{{a,b}c,d}", "/xbc", true},
		{"/x{{a,b}c,d}", "/xb", false},
		{"/\\*", "/*", true},
		{"/\\*", "/a", false},
		{"/a,b", "/a,b", true},
		{"/caf\xc3\xa9", "/caf\xc3\xa9", true},
		{"/caf??", "/caf\xc3\xa9", true},
		{"/[\x80-\xff]", "/\xc3", true},
		{"/[!\x80-\xff]", "/\xc3", false},
		{"memfd:*", "memfd:runc", true},
	};

	(void)state;
	check_cases(cases, LENGTH(cases), 0, 0);
	check_cases(cases, LENGTH(cases), 0, AUTOMATON_ALIASES);
}

static void a_unit_is_below_slices_and_managers(void **state)
{
	static const struct match_case cases[] = {
		{"x.service", "/x.service", true},
		{"x.service", "/a.slice/b.slice/x.service", true},
		{"x.service", "/a.slice/x.service/c/d", true},
		{"x.service", "/a.slice/xx.service", false},
		{"x.service", "/a.slice/x.services", false},
		{"x.service", "/a/x.service", false},
		{"x.service", "/y.service/x.service", false},
		{"x.service", "/a.slice/y.scope/system.slice/x.service", false},
		{"x.service", "/u.slice/user@1.service/a.slice/x.service", true},
		{"x.service", "/user@1.service/x.service", true},
		{"io.service", "/a.slice/_io.service/x", true},
		{"io.service", "/a.slice/__io.service", false},
		{"_io.service", "/__io.service", true},
		{"x.service", "/users@1.service/x.service", false},
		{"x.service", "/user@1.services/x.service", false},
		{"*.service", "/a.slice/b.service/c", true},
		{"*.slice", "/a.slice", true},
		{"b.slice", "/a.slice/b.slice/c.slice/d.service", true},
		{"user@*.service", "/u.slice/user@1.service/x.service", true},
		{"a**b.service", "/ax/b.service", false},
		{"a**b.service", "/ax.slice/b.service", false},
		{"a**b.service", "/axb.service", true},
		{"{x.service,}", "/y.service", false},
		{"a\\x2d*", "/a\\x2db/c", true},
	};

	(void)state;
	check_cases(cases, LENGTH(cases),
		    GLOB_UNIT | GLOB_BENEATH | GLOB_BACKSLASH_PLAIN | GLOB_SLASH_PLAIN, 0);
}

static void aliases_are_one_path(void **state)
{
	static const struct match_case cases[] = {
		{"/bin/sh", "/usr/bin/sh", true},
		{"/usr/bin/sh", "/bin/sh", true},
		{"/usr/bin/sh", "/binx/sh", false},
		{"/bin", "/usr/bin", true},
		{"/usr/bin", "/bin", true},
		{"/usr/bin/**", "/bin", false},
		{"/*/sh", "/usr/bin/sh", true},
		{"/*/sh", "/usr/lib/sh", true},
		{"/*/sh", "/usr/games/sh", false},
		{"/u*/bin/x", "/bin/x", true},
		{"/usr/?*/x", "/lib64/x", true},
		{"/usr/?*/x", "/lib65/x", false},
		{"/usr/lib/**", "/lib64/x", false},
		{"/lib/x", "/usr/lib/x", true},
		{"/lib64", "/usr/lib64", true},
		{"/libx32/a/b", "/usr/libx32/a/b", true},
		{"/var/run/x", "/run/x", true},
		{"/run/x", "/var/run/x", true},
		{"/run/x", "/var/runx", false},
		{"/var/**", "/run/x", true},
		{"/usr/**", "/bin/x", true},
		{"/usr/**", "/binx", false},
		{"/usr/bin/x", "/usr/usr/bin/x", false},
		{"/a/bin/x", "/a/usr/bin/x", false},
	};

	(void)state;
	check_cases(cases, LENGTH(cases), 0, AUTOMATON_ALIASES);
}

/* Several random patterns in one automaton, each against the oracle. */
static void compare_random(const char *letters, unsigned rounds, unsigned glob_flags)
{
	char texts[4][512], path[64];
	const char *pointers[4] = {texts[0], texts[1], texts[2], texts[3]};
	struct built b;

	for (unsigned round = 0; round < rounds; round++) {
		size_t n = 1 + random_below(4), n_samples = 60;

		for (size_t i = 0; i < n; i++)
			random_pattern(texts[i], letters, 1 + random_below(7));
		/* What is too large has a test of its own. */
		if (!build(&b, pointers, n, glob_flags, 0))
			n_samples = 0;
		for (unsigned i = 0; i < n_samples; i++) {
			size_t n_path = random_path(b.oracles[random_below((unsigned)n)], letters,
						    path, sizeof(path));

			for (uint32_t k = 0; k < n; k++)
				if (accepts(b.automaton, k, path, n_path) !=
				    oracle_match(b.oracles[k], path, n_path))
					fail_msg("%s on %.*s", texts[k], (int)n_path, path);
		}
		built_free(&b);
	}
}

static void random_patterns_match_as_the_oracle_says(void **state)
{
	(void)state;
	random_seed(1);
	compare_random("ab", 1000, 0);
	compare_random("abc._", 600, GLOB_BENEATH);
	compare_random("abc", 300, GLOB_UNIT | GLOB_BENEATH | GLOB_SLASH_PLAIN);
	compare_random(".slice", 600, GLOB_UNIT | GLOB_BENEATH | GLOB_SLASH_PLAIN);
	compare_random("user@.v", 300, GLOB_UNIT | GLOB_BENEATH);
	compare_random("a\x80\xff\xc3\x01", 600, GLOB_SLASH_PLAIN);
}

static const char *const pieces[] = {"/bin",	"/usr", "/lib", "/lib64", "/run",  "/var",
				     "/libx32", "/x",	"/b",	"/l",	  "/sbin", "/"};

static void random_pieces(char *text, bool wild)
{
	static const char *const wilds[] = {"/*",      "/**",	  "/?*",    "/b*",
					    "/{usr,}", "/l[!b]*", "{/usr,}"};
	unsigned n = 1 + random_below(4);

	*text = '\0';
	while (n--)
		strcat(text, wild && random_below(3) == 0 ? wilds[random_below(LENGTH(wilds))]
							  : pieces[random_below(LENGTH(pieces))]);
}

static void random_aliases_match_as_the_oracle_says(void **state)
{
	char texts[3][64], path[64];
	const char *pointers[3] = {texts[0], texts[1], texts[2]};
	struct built b;

	(void)state;
	random_seed(2);
	for (unsigned round = 0; round < 500; round++) {
		for (size_t i = 0; i < 3; i++)
			random_pieces(texts[i], true);
		assert_true(build(&b, pointers, 3, 0, AUTOMATON_ALIASES));
		for (unsigned i = 0; i < 80; i++) {
			random_pieces(path, false);
			for (uint32_t k = 0; k < 3; k++)
				if (accepts(b.automaton, k, path, strlen(path)) !=
				    oracle_match_alias(b.oracles[k], path, strlen(path)))
					fail_msg("%s on %s", texts[k], path);
		}
		built_free(&b);
	}
}

/* More combinations than a frontier holds: these are joined. */
static void many_braces_match_as_the_oracle_says(void **state)
{
	static const char *const texts[] = {
		"/{a,b,/}{a,b,/}{a,b,}{a,**,/}{a,b,/}{x,/}",
		"/{a,{b,/}{b,/}{a,b}}/{a,/b,}/**{a,/b}{a,/}{b,/**}{/a,/}",
		"{/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}/,{/a,/b}/{a,b,**}{/,/**}}{/,}{a,b}",
	};
	struct built b;
	char path[32];

	(void)state;
	random_seed(3);
	assert_true(build(&b, texts, LENGTH(texts), 0, 0));
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t rule = random_below(LENGTH(texts));
		size_t n = random_path(b.oracles[rule], "abx", path, sizeof(path));

		if (accepts(b.automaton, rule, path, n) != oracle_match(b.oracles[rule], path, n))
			fail_msg("%s on %.*s", texts[rule], (int)n, path);
	}
	built_free(&b);
}

static void a_thousand_braces_stay_small(void **state)
{
	char text[4096] = "/";
	const char *pointer = text;
	struct glob_error error;
	struct automaton_pattern pattern = {.rule = 0};
	struct automaton *automaton;
	struct glob *glob;
	size_t culprit;

	(void)state;
	for (unsigned i = 0; i < 800; i++)
		strcat(text, "{a,b}");
	assert_int_equal(glob_parse(pointer, 0, &glob, &error), 0);
	pattern.glob = glob;
	assert_int_equal(automaton_build(&pattern, 1, 0, NULL, 0, &automaton, &culprit), 0);
	memset(text + 1, 'b', 800);
	assert_true(accepts(automaton, 0, text, 801));
	assert_false(accepts(automaton, 0, text, 800));
	automaton_free(automaton);
	glob_free(glob);
}

/* An automaton of random rows, all of whose states need not be reachable. */
static struct automaton *random_automaton(uint32_t n_states, unsigned n_classes, unsigned n_labels)
{
	struct automaton *a = calloc(1, sizeof(*a));
	uint32_t n = 0, empty;

	a->n_states = n_states;
	a->n_classes = n_classes;
	a->n_starts = 1;
	a->starts = calloc(1, sizeof(*a->starts));
	a->starts[0] = random_below(n_states);
	a->defaults = calloc(n_states, sizeof(*a->defaults));
	a->first = calloc(n_states + 1, sizeof(*a->first));
	a->exceptions = calloc((size_t)n_states * n_classes, sizeof(*a->exceptions));
	a->labels = calloc(n_states, sizeof(*a->labels));
	for (unsigned byte = 1; byte < 256; byte++)
		a->class_of[byte] = (uint8_t)(1 + byte % (n_classes - 1));
	for (uint32_t s = 1; s < n_states; s++) {
		a->labels[s] = random_below(4) ? 0 : random_below(n_labels);
		a->defaults[s] = random_below(3) ? s / 2 : random_below(n_states);
		a->first[s] = n;
		for (unsigned class = 1; class < n_classes; class ++)
			if (random_below(2))
				a->exceptions[n++] = (struct automaton_exception){
					class, random_below(2) ? random_below(n_states) : s / 3};
	}
	a->first[n_states] = n;
	interner_add(&a->accepts, NULL, 0, &empty);
	return a;
}

static struct automaton *copy_automaton(const struct automaton *a)
{
	struct automaton *b = calloc(1, sizeof(*b));

	*b = *a;
	b->starts = memcpy(calloc(a->n_starts, 4), a->starts, a->n_starts * 4u);
	b->defaults = memcpy(calloc(a->n_states, 4), a->defaults, a->n_states * 4u);
	b->first = memcpy(calloc(a->n_states + 1, 4), a->first, (a->n_states + 1) * 4u);
	b->exceptions = memcpy(calloc(a->first[a->n_states] + 1, 8), a->exceptions,
			       a->first[a->n_states] * 8u);
	b->labels = memcpy(calloc(a->n_states, 4), a->labels, a->n_states * 4u);
	b->accepts = (struct interner){0};
	b->order = b->component = NULL;
	return b;
}

/* Marks pairs of states that a word tells apart, until no more are found. */
static void assert_minimal(const struct automaton *a)
{
	uint32_t n = a->n_states;
	bool *apart = calloc(n, n), more = true;

	for (uint32_t i = 0; i < n * n; i++)
		apart[i] = a->labels[i / n] != a->labels[i % n];
	while (more) {
		more = false;
		for (uint32_t i = 0; i < n * n; i++)
			for (unsigned class = 1; !apart[i] && class < a->n_classes; class ++) {
				apart[i] = apart[row_target(a, i / n, class) * n +
						 row_target(a, i % n, class)];
				more |= apart[i];
			}
	}
	for (uint32_t i = 0; i < n * n; i++)
		if (!apart[i] && i / n != i % n)
			fail_msg("states %u and %u are one", i / n, i % n);
	free(apart);
}

static void assert_same(const struct automaton *a, const struct automaton *b)
{
	for (unsigned i = 0; i < 300; i++) {
		char word[24];
		size_t n = random_below(sizeof(word));

		for (size_t k = 0; k < n; k++)
			word[k] = (char)(1 + random_below(255));
		assert_int_equal(run(a, word, n), run(b, word, n));
	}
}

/* What the kernel will do. */
static uint32_t table_run(const struct automaton_table *t, const uint8_t *class_of,
			  const char *word, size_t n)
{
	uint32_t state = t->starts[0];

	for (size_t i = 0; i < n; i++) {
		uint32_t at = state + 1 + class_of[(unsigned char)word[i]];

		assert_true(at < t->n_cells);
		state = t->cells[at].check == state ? t->cells[at].next : t->cells[state].next;
	}
	assert_true(t->cells[state].check & BAILIFF_HEAD);
	return t->cells[state].check & ~BAILIFF_HEAD;
}

static void assert_packed(const struct automaton *a)
{
	struct automaton_table table;

	assert_int_equal(automaton_pack(a, 0, &table), 0);
	assert_int_equal(table.cells[0].check, BAILIFF_HEAD);
	assert_int_equal(table.cells[0].next, 0);
	for (unsigned i = 0; i < 300; i++) {
		char word[24] = {0};
		/* Byte 0 in front changes nothing. */
		size_t pad = random_below(4), n = pad + random_below(20);

		for (size_t k = pad; k < n; k++)
			word[k] = (char)(1 + random_below(255));
		assert_int_equal(table_run(&table, a->class_of, word, n),
				 run(a, word + pad, n - pad));
	}
	free(table.memory);
	free(table.starts);
}

static void random_automata_become_minimal_and_stay_the_same(void **state)
{
	(void)state;
	random_seed(4);
	for (unsigned round = 0; round < 400; round++) {
		unsigned n_labels = 2 + random_below(4);
		uint32_t labels[8] = {0, 1, 2, 3, 4, 5, 6, 7};
		struct automaton *a =
			random_automaton(2 + random_below(60), 3 + random_below(8), n_labels);
		struct automaton *b = copy_automaton(a);

		/* Two accept sets may have one label. */
		labels[1] = labels[n_labels - 1];
		for (uint32_t s = 0; s < a->n_states; s++)
			a->labels[s] = labels[a->labels[s]];
		automaton_label(b, labels);
		assert_int_equal(automaton_order(b), 0);
		assert_int_equal(automaton_minimise(b), 0);
		assert_int_equal(b->labels[0], 0);
		assert_int_equal(b->defaults[0], 0);
		assert_int_equal(b->first[1], 0);
		assert_same(a, b);
		assert_minimal(b);
		assert_packed(b);
		automaton_free(a);
		automaton_free(b);
	}
}

static void random_patterns_become_minimal(void **state)
{
	char texts[3][512];
	const char *pointers[3] = {texts[0], texts[1], texts[2]};
	struct built b;

	(void)state;
	random_seed(5);
	for (unsigned round = 0; round < 150; round++) {
		uint32_t *labels, n;
		struct automaton *a;

		for (size_t i = 0; i < 3; i++)
			random_pattern(texts[i], "abc", 1 + random_below(4));
		assert_true(build(&b, pointers, 3, 0, random_below(4) ? 0 : AUTOMATON_ALIASES));
		n = b.automaton->accepts.n_lists;
		labels = calloc(n, sizeof(*labels));
		for (uint32_t i = 0; i < n; i++)
			labels[i] = i % (2 + round % 5);
		a = copy_automaton(b.automaton);
		for (uint32_t s = 0; s < a->n_states; s++)
			a->labels[s] = labels[a->labels[s]];
		automaton_label(b.automaton, labels);
		assert_int_equal(automaton_minimise(b.automaton), 0);
		assert_same(a, b.automaton);
		if (b.automaton->n_states < 150)
			assert_minimal(b.automaton);
		assert_packed(b.automaton);
		automaton_free(a);
		free(labels);
		built_free(&b);
	}
}

static void no_pattern_is_one_dead_state(void **state)
{
	uint32_t label = 0;
	struct built b;

	(void)state;
	for (unsigned flags = 0; flags <= AUTOMATON_ALIASES; flags++) {
		assert_true(build(&b, NULL, 0, 0, flags));
		assert_int_equal(b.automaton->accepts.n_lists, 1);
		automaton_label(b.automaton, &label);
		assert_int_equal(automaton_minimise(b.automaton), 0);
		assert_int_equal(b.automaton->n_states, 1);
		assert_int_equal(b.automaton->starts[0], 0);
		assert_packed(b.automaton);
		built_free(&b);
	}
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Patterns whose automaton is exponentially large are refused, and soon. */
static void what_grows_too_large_is_refused(void **state)
{
	static const char *const texts[] = {
		"/etc/passwd",
		"/**a?????????????????????????????????",
		"/usr/**",
		"/**/id_rsa",
	};
	struct automaton_pattern patterns[LENGTH(texts)];
	struct glob *globs[LENGTH(texts)];
	struct automaton *automaton;
	struct glob_error error;
	double begin = seconds();
	size_t culprit = 0;

	(void)state;
	for (uint32_t i = 0; i < LENGTH(texts); i++) {
		assert_int_equal(glob_parse(texts[i], 0, &globs[i], &error), 0);
		patterns[i] = (struct automaton_pattern){.glob = globs[i], .rule = i};
	}
	assert_int_equal(automaton_build(patterns, LENGTH(texts), 0, NULL, 0, &automaton, &culprit),
			 -E2BIG);
	assert_int_equal(culprit, 1);
	/* Two seconds of a processor; under sanitizers and valgrind, where tests are short, it
	 * tells nothing. */
	assert_true(getenv("BAILIFF_TEST_SHORT") || seconds() - begin < 10);
	for (uint32_t i = 0; i < LENGTH(texts); i++)
		glob_free(globs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_mean_what_is_said),
		cmocka_unit_test(a_unit_is_below_slices_and_managers),
		cmocka_unit_test(aliases_are_one_path),
		cmocka_unit_test(random_patterns_match_as_the_oracle_says),
		cmocka_unit_test(random_aliases_match_as_the_oracle_says),
		cmocka_unit_test(many_braces_match_as_the_oracle_says),
		cmocka_unit_test(a_thousand_braces_stay_small),
		cmocka_unit_test(random_automata_become_minimal_and_stay_the_same),
		cmocka_unit_test(random_patterns_become_minimal),
		cmocka_unit_test(no_pattern_is_one_dead_state),
		cmocka_unit_test(what_grows_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
