// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/policy/parse_test.h"

#include "policy/diff.h"
#include "policy/names.h"
#include "selftests/unit/policy/oracle.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct side {
	struct policy *policy;
	const struct policy *list;
	struct trial trial;
};

static bool side_begin(struct side *side, const char *text)
{
	struct diag diag = {0};
	char whole[8192];
	int r;

	*side = (struct side){NULL};
	snprintf(whole, sizeof(whole), "%s%s", text, strstr(text, "[select]") ? "" : "\n" SELECT);
	r = policy_parse_text("a.ini", whole, strlen(whole), &diag, &side->policy);
	side->list = side->policy;
	if (r == 0)
		assert_int_equal(trial_compile(&side->list, 1, &diag, &side->trial), 0);
	diag_clear(&diag);
	return r == 0;
}

static void side_end(struct side *side)
{
	trial_release(&side->trial);
	policy_free(side->policy);
}

static void compare(const char *before, const char *after, struct side *a, struct side *b,
		    struct diff *diff)
{
	if (!side_begin(a, before) || !side_begin(b, after))
		fail_msg("no policy: %s%s", before, after);
	*diff = (struct diff){NULL};
	assert_int_equal(diff_compute(&a->trial, &b->trial, diff), 0);
}

static void end(struct side *a, struct side *b, struct diff *diff)
{
	diff_release(diff);
	side_end(a);
	side_end(b);
}

struct expected {
	unsigned word;
	const char *name, *by;
	unsigned before, after, before_line, after_line;
};

static void changes_are(const char *before, const char *after, const struct expected *expected,
			size_t n)
{
	struct side a, b;
	struct diff diff;

	compare(before, after, &a, &b, &diff);
	for (size_t i = 0; i < diff.n_changes && i < n; i++) {
		const struct diff_change *found = &diff.changes[i];

		if (found->word != expected[i].word || strcmp(found->name, expected[i].name) != 0 ||
		    found->before.verdict != expected[i].before ||
		    found->after.verdict != expected[i].after ||
		    found->before.line != expected[i].before_line ||
		    found->after.line != expected[i].after_line)
			fail_msg("%zu: word %u of %s: %u by %u -> %u by %u", i, found->word,
				 found->name, found->before.verdict, found->before.line,
				 found->after.verdict, found->after.line);
		assert_int_equal(found->n_executables, expected[i].by != NULL);
		if (expected[i].by)
			assert_string_equal(found->executables[0], expected[i].by);
	}
	assert_int_equal(diff.n_changes, n);
	end(&a, &b, &diff);
}

static void the_shortest_example_is_told_with_both_lines(void **state)
{
	static const struct expected expected[] = {
		{BAILIFF_VERB_READ, "/b", NULL, BAILIFF_DENY, BAILIFF_ALLOW, 2, 0},
		{BAILIFF_VERB_READ, "/srv/x", NULL, BAILIFF_ALLOW, BAILIFF_AUDIT, 0, 3},
	};

	(void)state;
	changes_are("[file]\ndeny = read /a /b\n", "[file]\ndeny = read /a\naudit = read /srv/**\n",
		    expected, LENGTH(expected));
}

static void acts_have_examples_that_there_are(void **state)
{
	static const struct expected expected[] = {
		{BAILIFF_VERB_ACT, "\2*", NULL, BAILIFF_DENY, BAILIFF_ALLOW, 2, 0},
		{BAILIFF_VERB_ACT, "\1ct40a000001/01bb", NULL, BAILIFF_ALLOW, BAILIFF_DENY, 0, 2},
	};

	(void)state;
	changes_are("[capability]\ndeny = net_bind_service\n",
		    "[network]\ndeny = connect tcp *:443\n", expected, LENGTH(expected));
}

static void who_gets_another_answer_is_named(void **state)
{
	static const struct expected expected[] = {
		{BAILIFF_VERB_READ, "/k", "/usr/bin/s", BAILIFF_DENY, BAILIFF_ALLOW, 2, 4},
	};

	(void)state;
	changes_are("[file]\ndeny = read /k\ndeny = write /bin/s\n",
		    "[file]\ndeny = read /k\n[file \"/bin/s\"]\nallow = read /k\n"
		    "[file]\ndeny = write /bin/s\n",
		    expected, LENGTH(expected));
}

/* A default does not hold for a thing's other names, and a pattern does. */
static void what_differs_by_other_names_alone_is_told(void **state)
{
	static const struct expected expected[] = {
		{BAILIFF_VERB_OTHER + BAILIFF_VERB_READ, "/", NULL, BAILIFF_ALLOW, BAILIFF_DENY, 0,
		 2},
		{BAILIFF_VERB_OTHER + BAILIFF_VERB_WRITE, "/", NULL, BAILIFF_ALLOW, BAILIFF_DENY, 0,
		 2},
	};

	(void)state;
	changes_are("[file]\ndefault = deny\n", "[file]\ndeny = read write /{,**}\n", expected,
		    LENGTH(expected));
}

static void the_same_in_other_words_is_no_difference(void **state)
{
	static const char *const pairs[][2] = {
		{"[file]\ndeny = read /a\nallow = write /b\ndeny = write /**\n",
		 "[file]\ndeny = write /**\nallow = write /b\ndeny = read /a\n"},
		{"[file]\ndeny = read /a/{b,c}\n", "[file]\ndeny = read /a/b\ndeny = read /a/c\n"},
		{"[exec]\ndeny = /bin/sh\n", "[exec]\ndeny = /usr/bin/sh\n"},
		{"[file]\ndeny = read /a\n[file \"/s\"]\naudit = read /b\n",
		 "[file \"/s\"]\naudit = read /b\n[file]\ndeny = read /a\n"},
		{"[network]\ndeny = connect tcp *:1-3\n",
		 "[network]\ndeny = connect tcp *:1 *:2-3\n"},
		{"[exec]\ndeny = drift /x\n", "[exec]\ndeny = /x drift\n"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(pairs); i++) {
		changes_are(pairs[i][0], pairs[i][1], NULL, 0);
		changes_are(pairs[i][1], pairs[i][0], NULL, 0);
	}
}

static void select_alone(const char *before, const char *after, const char *before_alone,
			 const char *after_alone)
{
	struct selector *selectors[2] = {NULL};
	struct diag diag = {0};
	struct side a, b;
	char *alone[2];

	assert_true(side_begin(&a, before) && side_begin(&b, after));
	assert_int_equal(selector_compile(&a.list, 1, &diag, &selectors[0]), 0);
	assert_int_equal(selector_compile(&b.list, 1, &diag, &selectors[1]), 0);
	assert_int_equal(diff_select(selectors[0], selectors[1], &alone[0], &alone[1]), 0);
	assert_string_equal(alone[0] ? alone[0] : "", before_alone);
	assert_string_equal(alone[1] ? alone[1] : "", after_alone);
	free(alone[0]);
	free(alone[1]);
	selector_free(selectors[0]);
	selector_free(selectors[1]);
	side_end(&a);
	side_end(&b);
}

static void what_one_selects_alone_is_found(void **state)
{
	(void)state;
	select_alone("[select]\ncgroup = /a /b\n", "[select]\ncgroup = /b /c\n", "/a", "/c");
	select_alone("[select]\ncgroup = /a/**\n", "[select]\ncgroup = /a\n", "", "/a");
	select_alone("[select]\ncgroup = /a /b\n", "[select]\ncgroup = /{b,a}\n", "", "");
}

/* A random policy about few names, so that much overlaps. */
static void random_policy(char *text, size_t size)
{
	static const char *const verdicts[] = {"allow", "audit", "deny"};
	static const char *const subjects[] = {"", " \"/a*\"", " \"/**/b\""};
	size_t n = 0;

	for (unsigned section = 0; section < 3; section++) {
		if (random_below(2))
			continue;
		n += (size_t)snprintf(text + n, size - n, "[file%s]\n%s", subjects[section],
				      section == 1 ? "inherit = yes\n" : "");
		if (random_below(3) == 0)
			n += (size_t)snprintf(text + n, size - n, "default = %s\n",
					      verdicts[random_below(3)]);
		for (unsigned i = random_below(3) + 1; i > 0; i--) {
			char pattern[512];

			random_pattern(pattern, "ab", 2);
			n += (size_t)snprintf(text + n, size - n, "%s = %s %s\n",
					      verdicts[random_below(3)],
					      random_below(2) ? "read" : "write", pattern);
		}
	}
	snprintf(text + n, size - n, "[exec]\ndeny = /zz\n");
}

static void random_side(struct side *side, char *text, size_t size)
{
	unsigned tries = 0;

	do {
		random_policy(text, size);
		assert_true(tries++ < 1000);
	} while (!side_begin(side, text));
}

static uint32_t word_of(const struct side *side, const struct asker *asker, unsigned word,
			const char *name, size_t n)
{
	const struct bailiff_cell *cells = side->trial.whole->cells;

	return image_decide_from(cells, try_start(cells, asker), word, name, n);
}

/* What is told is so, by the way of asking that "bailiff try" has. */
static void examples_differ(const struct side *a, const struct side *b, const struct diff *diff)
{
	for (size_t i = 0; i < diff->n_changes; i++) {
		const struct diff_change *change = &diff->changes[i];
		struct asker asker = {(const char *const *)change->executables,
				      change->n_executables, TRY_DRIFT_NO};
		uint32_t before = word_of(a, &asker, change->word, change->name, change->n);
		uint32_t after = word_of(b, &asker, change->word, change->name, change->n);

		assert_int_not_equal(BAILIFF_VERDICT(before), BAILIFF_VERDICT(after));
		assert_int_equal(BAILIFF_VERDICT(before), change->before.verdict);
		assert_int_equal(BAILIFF_VERDICT(after), change->after.verdict);
		assert_int_equal(BAILIFF_RULE(before), change->before.rule);
		assert_int_equal(BAILIFF_RULE(after), change->after.rule);
	}
}

/* A path of a's, b's and z's; and sometimes of other bytes. */
static void random_name(char *path)
{
	unsigned n = 1 + random_below(3);

	*path = '\0';
	while (n--) {
		strcat(path, "/");
		for (unsigned k = 1 + random_below(3); k > 0; k--)
			strcat(path,
			       (const char *[]){"a", "b", "a", "b", "zz", "\xff"}[random_below(6)]);
	}
}

/* Whoever asks whatever: what differs is told, by its lines and verdicts. */
static unsigned differences_are_told(const struct side *a, const struct side *b,
				     const struct diff *diff)
{
	unsigned n = 0;

	for (unsigned round = 0; round < 300; round++) {
		char path[64], by[2][64];
		const char *const executables[] = {by[0], by[1]};
		struct asker asker = {executables, random_below(3), TRY_DRIFT_NO};
		unsigned word = random_below(BAILIFF_N_VERBS);
		uint32_t before, after;
		bool told = false;

		random_name(path);
		random_name(by[0]);
		random_name(by[1]);
		before = word_of(a, &asker, word, path, strlen(path));
		after = word_of(b, &asker, word, path, strlen(path));
		if (BAILIFF_VERDICT(before) == BAILIFF_VERDICT(after))
			continue;
		n++;
		for (size_t i = 0; i < diff->n_changes && !told; i++)
			told = diff->changes[i].word == word &&
			       diff->changes[i].before.rule == BAILIFF_RULE(before) &&
			       diff->changes[i].after.rule == BAILIFF_RULE(after);
		if (!told)
			fail_msg("word %u of %s is not told", word, path);
	}
	return n;
}

static void random_pairs_are_told_apart(void **state)
{
	static char texts[2][4096];
	/* a fifth under valgrind, which takes fifty times as long */
	unsigned rounds = getenv("BAILIFF_TEST_SHORT") ? 60 : 300;
	unsigned n_differ = 0, n_equal = 0, n_samples = 0;

	(void)state;
	random_seed(12);
	for (unsigned round = 0; round < rounds; round++) {
		struct side a, b;
		struct diff diff = {NULL};

		random_side(&a, texts[0], sizeof(texts[0]));
		if (random_below(4))
			random_side(&b, texts[1], sizeof(texts[1]));
		else
			assert_true(side_begin(&b, texts[0]));
		assert_int_equal(diff_compute(&a.trial, &b.trial, &diff), 0);
		examples_differ(&a, &b, &diff);
		n_samples += differences_are_told(&a, &b, &diff);
		n_differ += diff.n_changes > 0;
		n_equal += diff.n_changes == 0;
		end(&a, &b, &diff);
	}
	assert_true(n_differ > rounds / 3 && n_equal > rounds / 10 && n_samples > 15 * rounds);
}

static unsigned names_state(const char *name)
{
	unsigned state = NAMES_START;

	while (*name)
		state = names_next(state, (unsigned char)*name++);
	return state;
}

static void names_are_those_that_the_kernel_has(void **state)
{
	static const char *const paths[] = {"/", "/a", "/.a", "/...", "/a/..b", "/a/b.", "/\xff"};
	static const char *const acts[] = {"\2 ",
					   "\3 ",
					   "\1st",
					   "\1so",
					   "\1ct47f000001/0050",
					   "\1cx/a",
					   "\1cx@",
					   "\1lt400000000/0050",
					   "\1an",
					   "\1ci40a000001/0000",
					   "\1cu6fd000000000000000000000000000001/0035"};
	static const char *const none[] = {"",
					   "a",
					   "//",
					   "/a/",
					   "/.",
					   "/a/..",
					   "/a//b",
					   "memfd",
					   "\2",
					   "\2\x60",
					   "\3z",
					   "\1",
					   "\1s",
					   "\1ct",
					   "\1ct400000000/0050",
					   "\1ct47f000001",
					   "\1ct47f000001/005",
					   "\1ct47f000001/00500",
					   "\1ci40a000001/0001",
					   "\1stx",
					   "\1cx/a/",
					   "\1zt",
					   "\1ct47f00000g/0050",
					   "\4"};

	(void)state;
	for (size_t i = 0; i < LENGTH(paths); i++)
		assert_int_equal(names_ends(names_state(paths[i])), NAMES_PATH);
	for (size_t i = 0; i < LENGTH(acts); i++)
		if (names_ends(names_state(acts[i])) != NAMES_ACT)
			fail_msg("%s is an act", acts[i]);
	for (size_t i = 0; i < LENGTH(none); i++)
		if (names_ends(names_state(none[i])) != NAMES_NONE)
			fail_msg("%s is none", none[i]);
	assert_int_equal(names_ends(names_state("memfd:x/y")), NAMES_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shortest_example_is_told_with_both_lines),
		cmocka_unit_test(acts_have_examples_that_there_are),
		cmocka_unit_test(who_gets_another_answer_is_named),
		cmocka_unit_test(what_differs_by_other_names_alone_is_told),
		cmocka_unit_test(the_same_in_other_words_is_no_difference),
		cmocka_unit_test(what_one_selects_alone_is_found),
		cmocka_unit_test(random_pairs_are_told_apart),
		cmocka_unit_test(names_are_those_that_the_kernel_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
