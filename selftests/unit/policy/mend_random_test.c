// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/policy/parse_test.h"

#include "policy/mend.h"

/*
 * Random policies and acts: an edit allows the act, and nothing else becomes laxer, by any path,
 * verb and executable of a small world. Only an edit that says so (wide) allows more.
 */

static const char *const paths[] = {
	"/a", "/b", "/a/a", "/a/b", "/b/a", "/b/b", "/a/a/a", "/a/a/b", "/a/b/a", "/b/a/b",
};
static const char *const patterns[] = {
	"/a",	 "/b",	"/a/a", "/a/b", "/b/a",	 "/a/**",
	"/b/**", "/**", "/a/*", "/*/a", "/**/b", "/{a,b}/a",
};
static const char *const exes[] = {"/x", "/y"};
#define N_PATHS (sizeof(paths) / sizeof(paths[0]))
#define N_PATTERNS (sizeof(patterns) / sizeof(patterns[0]))
#define N_EXES (sizeof(exes) / sizeof(exes[0]))
#define N_KINDS (QUESTION_WRITE + 1)

static unsigned long long seed = 1;

/* xorshift64*, as in Vigna, "An experimental exploration of Marsaglia's xorshift generators". */
static unsigned pick(unsigned n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (unsigned)((seed * 0x2545f4914f6cdd1dull) >> 33) % n;
}

static void add_rules(FILE *out, bool file)
{
	static const char *const verdicts[] = {"deny", "deny", "allow", "audit"};
	static const char *const verbs[] = {"read", "write", "read write"};

	for (unsigned n = 1 + pick(3); n; n--) {
		fprintf(out, "%s =", verdicts[pick(4)]);
		if (file)
			fprintf(out, " %s", verbs[pick(3)]);
		for (unsigned k = 1 + pick(2); k; k--)
			fprintf(out, "%s%s", pick(5) ? " " : "\n  ", patterns[pick(N_PATTERNS)]);
		fputc('\n', out);
	}
}

static char *random_policy(void)
{
	static const char *const headers[] = {"[exec]", "[file]", "[exec \"/x\"]", "[file \"/x\"]"};
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	fputs(SELECT, out);
	for (unsigned i = 0; i < 4; i++) {
		if (i > 1 && pick(2))
			continue;
		fprintf(out, "%s\n", headers[i]);
		if (pick(3) == 0)
			fputs("default = deny\n", out);
		add_rules(out, i % 2);
	}
	fclose(out);
	return text;
}

struct verdicts {
	enum bailiff_verdict of[N_EXES][N_KINDS][N_PATHS];
};

static void ask_all(const char *text, struct verdicts *ret)
{
	struct policy *policy = NULL;
	struct trial trial = {0};
	struct diag diag = {0};
	const struct policy *list;

	if (policy_parse_text("a.ini", text, strlen(text), &diag, &policy) != 0)
		fail_msg("%s: %s", text, diag.items[0].message);
	list = policy;
	assert_int_equal(trial_compile(&list, 1, &diag, &trial), 0);
	for (size_t e = 0; e < N_EXES; e++)
		for (unsigned k = 0; k < N_KINDS; k++)
			for (size_t p = 0; p < N_PATHS; p++) {
				const struct asker asker = {&exes[e], 1, TRY_DRIFT_NO};
				struct answer each, whole;
				struct question question;
				char error[QUESTION_ERROR_MAX];

				assert_int_equal(question_parse(k, paths[p], &question, error), 0);
				trial_ask(&trial, &asker, &question, &each, &whole);
				ret->of[e][k][p] = whole.verdict;
			}
	trial_release(&trial);
	diag_clear(&diag);
	policy_free(policy);
}

/* Whether an edit was found. */
static bool check(const char *text, const struct verdicts *before, size_t e, unsigned k, size_t p,
		  bool alone)
{
	const struct asker asker = {&exes[e], 1, TRY_DRIFT_NO};
	char error[QUESTION_ERROR_MAX], *edited;
	struct policy *policy = NULL;
	struct verdicts after;
	struct question question;
	struct mend_wish wish = {&question, &asker, paths[p], alone ? exes[e] : NULL};
	struct mend mend = {0};
	struct diag diag = {0};
	size_t n;
	int r;

	assert_int_equal(policy_parse_text("a.ini", text, strlen(text), &diag, &policy), 0);
	diag_clear(&diag);
	assert_int_equal(question_parse(k, paths[p], &question, error), 0);
	r = mend_find(&(struct mend_policy){policy, text, strlen(text)}, 1, &wish, &mend);
	policy_free(policy);
	if (r > 0)
		return false;
	assert_int_equal(r, 0);
	edited = page_text(mend.pages[0], &n);
	ask_all(edited, &after);
	for (size_t e2 = 0; e2 < N_EXES; e2++)
		for (unsigned k2 = 0; k2 < N_KINDS; k2++)
			for (size_t p2 = 0; p2 < N_PATHS; p2++) {
				bool asked = k2 == k && p2 == p && (e2 == e || !alone);
				bool laxer = after.of[e2][k2][p2] < before->of[e2][k2][p2];

				if (e2 == e && k2 == k && p2 == p &&
				    after.of[e2][k2][p2] != BAILIFF_ALLOW)
					fail_msg("%s\nbecame\n%s\nnot allowed", text, edited);
				if (laxer && !asked && !mend.wide)
					fail_msg(
						"%s\nbecame, for %s %s %s,\n%s\nlaxer for %s %s %s",
						text, exes[e], question_kinds[k], paths[p], edited,
						exes[e2], question_kinds[k2], paths[p2]);
			}
	free(edited);
	mend_release(&mend);
	return true;
}

static void test_random(void **state)
{
	unsigned n_policies = getenv("BAILIFF_TEST_SHORT") ? 30 : 300, n = 0, n_found = 0;

	(void)state;
	for (unsigned i = 0; i < n_policies; i++) {
		char *text = random_policy();
		struct verdicts before;

		ask_all(text, &before);
		for (unsigned k = 0; k < 8; k++) {
			size_t e = pick(N_EXES), p = pick(N_PATHS);
			unsigned kind = pick(N_KINDS);

			if (before.of[e][kind][p] == BAILIFF_ALLOW)
				continue;
			n++;
			n_found += check(text, &before, e, kind, p, false);
			(void)check(text, &before, e, kind, p, true);
		}
		free(text);
	}
	print_message("%u acts, %u with an edit\n", n, n_found);
	assert_true(n > n_policies && n_found > n * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
