// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/policy/parse_test.h"

#include "policy/try.h"
#include "selftests/unit/policy/oracle.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define N_MAX 3

struct tried {
	struct policy *policies[N_MAX];
	size_t n;
	struct trial trial;
	struct answer each[N_MAX], whole;
};

static void tried_begin(struct tried *tried, const char *const *texts, size_t n)
{
	struct diag diag = {0};

	*tried = (struct tried){.n = n};
	for (size_t i = 0; i < n; i++) {
		char file[] = "a.ini", whole[8192];

		file[0] = (char)('a' + i);
		snprintf(whole, sizeof(whole), "%s\n" SELECT, texts[i]);
		if (policy_parse_text(file, whole, strlen(whole), &diag, &tried->policies[i]) != 0)
			fail_msg("%s: %s", whole, diag_text(&diag));
	}
	assert_int_equal(trial_compile((const struct policy *const *)tried->policies, n, &diag,
				       &tried->trial),
			 0);
	diag_clear(&diag);
}

static void tried_end(struct tried *tried)
{
	trial_release(&tried->trial);
	while (tried->n)
		policy_free(tried->policies[--tried->n]);
}

static void ask(struct tried *tried, const char *const *by, size_t n_by, enum try_drift drift,
		enum question_kind kind, const char *text)
{
	struct asker asker = {by, n_by, drift};
	char error[QUESTION_ERROR_MAX];
	struct question q;

	if (question_parse(kind, text, &q, error) != 0)
		fail_msg("%s", error);
	trial_ask(&tried->trial, &asker, &q, tried->each, &tried->whole);
}

/* The answer of all to nobody in particular: verdict, and the line of which policy. */
static void is(struct tried *tried, enum question_kind kind, const char *text, unsigned verdict,
	       size_t policy, unsigned line)
{
	ask(tried, NULL, 0, TRY_DRIFT_NO, kind, text);
	if (tried->whole.verdict != verdict || tried->whole.policy != policy ||
	    tried->whole.line != line)
		fail_msg("%s %s: verdict %u by %zu:%u", question_kinds[kind], text,
			 tried->whole.verdict, tried->whole.policy, tried->whole.line);
}

static void by(struct tried *tried, const char *a, const char *b, unsigned verdict)
{
	const char *const list[] = {a, b};

	ask(tried, list, b ? 2 : 1, TRY_DRIFT_NO, QUESTION_READ, "/k");
	if (tried->whole.verdict != verdict)
		fail_msg("%s %s: verdict %u", a, b ? b : "", tried->whole.verdict);
}

static void every_policy_has_an_answer_and_the_strictest_stands(void **state)
{
	static const char *const texts[] = {
		"[file]\ndeny = read /a /b\nallow = read /c",
		"[policy]\nmode = audit\n[file]\ndefault = deny\nallow = read /a /c",
	};
	struct tried tried;

	(void)state;
	tried_begin(&tried, texts, 2);
	is(&tried, QUESTION_READ, "/a", BAILIFF_DENY, 0, 2);
	assert_int_equal(tried.each[1].verdict, BAILIFF_ALLOW);
	assert_int_equal(tried.each[1].line, 5);
	assert_int_equal(tried.each[1].policy, 1);
	is(&tried, QUESTION_READ, "/x", BAILIFF_WOULD_DENY, 1, 4);
	assert_true(tried.whole.is_default && !tried.whole.source);
	assert_int_equal(tried.each[0].verdict, BAILIFF_ALLOW);
	assert_int_equal(tried.each[0].line, 0);
	assert_false(tried.each[0].is_default);
	is(&tried, QUESTION_READ, "/c", BAILIFF_ALLOW, 0, 3);
	assert_string_equal(tried.whole.source->pattern, "/c");
	tried_end(&tried);
}

static void no_policy_says_nothing(void **state)
{
	struct tried tried;

	(void)state;
	tried_begin(&tried, NULL, 0);
	is(&tried, QUESTION_READ, "/a", BAILIFF_ALLOW, 0, 0);
	is(&tried, QUESTION_PROCESS, "mount", BAILIFF_ALLOW, 0, 0);
	tried_end(&tried);
}

static void who_asks_is_told_by_what_was_executed(void **state)
{
	static const char *const texts[] = {
		"[file]\ndeny = read /k\n"
		"[file \"/bin/s\"]\nallow = read /k\n"
		"[file \"/bin/h\"]\ninherit = yes\naudit = read /k",
	};
	struct tried tried;

	(void)state;
	tried_begin(&tried, texts, 1);
	by(&tried, "/bin/x", NULL, BAILIFF_DENY);
	by(&tried, "/bin/s", NULL, BAILIFF_ALLOW);
	by(&tried, "/usr/bin/s", NULL, BAILIFF_ALLOW);
	by(&tried, "/bin/s", "/bin/x", BAILIFF_DENY);
	by(&tried, "/bin/x", "/bin/s", BAILIFF_ALLOW);
	by(&tried, "/bin/h", "/bin/x", BAILIFF_AUDIT);
	ask(&tried, NULL, 0, TRY_DRIFT_NO, QUESTION_READ, "/k");
	assert_int_equal(tried.whole.verdict, BAILIFF_DENY);
	tried_end(&tried);
}

static void whether_an_answer_varies_is_known(void **state)
{
	static const char *const texts[] = {"[file \"/bin/s\"]\ndeny = read /k"};
	struct asker asker = {.drift = TRY_DRIFT_NO};
	char error[QUESTION_ERROR_MAX];
	struct question q;
	struct tried tried;

	(void)state;
	tried_begin(&tried, texts, 1);
	assert_int_equal(question_parse(QUESTION_READ, "/k", &q, error), 0);
	assert_true(image_varies(tried.trial.whole, &asker, &q));
	assert_int_equal(question_parse(QUESTION_READ, "/l", &q, error), 0);
	assert_false(image_varies(tried.trial.whole, &asker, &q));
	tried_end(&tried);
}

static void drift_is_not_guessed(void **state)
{
	static const char *const texts[] = {"[exec]\ndeny = drift\nscripts = yes"};
	static const char *const shell[] = {"/bin/bash"};
	struct tried tried;

	(void)state;
	tried_begin(&tried, texts, 1);
	ask(&tried, NULL, 0, TRY_DRIFT_UNTOLD, QUESTION_EXEC, "/x");
	assert_int_equal(tried.whole.verdict, BAILIFF_DENY);
	assert_int_equal(tried.whole.reason, BAILIFF_REASON_DRIFT);
	assert_true(tried.whole.untold);
	ask(&tried, NULL, 0, TRY_DRIFT_YES, QUESTION_EXEC, "/x");
	assert_int_equal(tried.whole.verdict, BAILIFF_DENY);
	assert_false(tried.whole.untold);
	ask(&tried, NULL, 0, TRY_DRIFT_NO, QUESTION_EXEC, "/x");
	assert_int_equal(tried.whole.verdict, BAILIFF_ALLOW);
	/* memory is never of the image */
	ask(&tried, NULL, 0, TRY_DRIFT_NO, QUESTION_EXEC, "memfd:x");
	assert_int_equal(tried.whole.verdict, BAILIFF_DENY);
	ask(&tried, NULL, 0, TRY_DRIFT_YES, QUESTION_READ, "/x");
	assert_int_equal(tried.whole.verdict, BAILIFF_ALLOW);
	ask(&tried, shell, 1, TRY_DRIFT_YES, QUESTION_READ, "/x");
	assert_int_equal(tried.whole.verdict, BAILIFF_DENY);
	tried_end(&tried);
}

static void acts_without_paths_are_answered(void **state)
{
	static const char *const texts[] = {
		"[network]\ndefault = deny\nallow = connect tcp 10.0.0.0/8:443\n"
		"[capability]\ndeny = all\nallow = chown\n"
		"[process]\naudit = mount",
	};
	struct tried tried;

	(void)state;
	tried_begin(&tried, texts, 1);
	is(&tried, QUESTION_CONNECT, "10.1.1.1:443", BAILIFF_ALLOW, 0, 3);
	is(&tried, QUESTION_CONNECT, "10.1.1.1:*", BAILIFF_DENY, 0, 2);
	assert_true(tried.whole.is_default);
	is(&tried, QUESTION_SOCKET, "tcp", BAILIFF_ALLOW, 0, 3);
	is(&tried, QUESTION_CAPABILITY, "chown", BAILIFF_ALLOW, 0, 6);
	is(&tried, QUESTION_CAPABILITY, "mknod", BAILIFF_DENY, 0, 5);
	assert_false(tried.whole.is_default);
	is(&tried, QUESTION_PROCESS, "mount", BAILIFF_AUDIT, 0, 8);
	tried_end(&tried);
}

/* What one executable may use says nothing of what others may make, nor the other way round. */
static void sockets_are_made_by_those_who_may_use_them(void **state)
{
	static const char *const texts[] = {
		"[network \"/bin/a\"]\ndefault = deny\nallow = connect tcp *:80\n"
		"[network]\ndefault = deny\nallow = connect tcp *:443 \nallow = connect udp\n"
		"[network \"/bin/b\"]\ndefault = deny\nallow = connect tcp *:80\n",
	};
	static const struct {
		const char *by, *protocol;
		unsigned verdict;
	} sockets[] = {
		{"/bin/a", "tcp", BAILIFF_ALLOW}, {"/bin/a", "udp", BAILIFF_DENY},
		{"/bin/x", "tcp", BAILIFF_ALLOW}, {"/bin/x", "udp", BAILIFF_ALLOW},
		{"/bin/x", "raw", BAILIFF_DENY},  {"/bin/b", "tcp", BAILIFF_ALLOW},
		{"/bin/b", "udp", BAILIFF_DENY},
	};
	struct tried tried;

	(void)state;
	tried_begin(&tried, texts, 1);
	for (size_t i = 0; i < LENGTH(sockets); i++) {
		ask(&tried, &sockets[i].by, 1, TRY_DRIFT_NO, QUESTION_SOCKET, sockets[i].protocol);
		if (tried.whole.verdict != sockets[i].verdict)
			fail_msg("%s %s: %u", sockets[i].by, sockets[i].protocol,
				 tried.whole.verdict);
	}
	tried_end(&tried);
}

/* A random policy: few names, so that much overlaps. */
static void random_policy(char *text, size_t size)
{
	static const char *const verdicts[] = {"allow", "audit", "deny"};
	static const char *const subjects[] = {"", " \"/a*\"", " \"/**/b\""};
	size_t n = (size_t)snprintf(text, size, "[policy]\nmode = %s\n",
				    random_below(4) ? "enforce" : "audit");

	for (unsigned section = 0; section < 3; section++) {
		n += (size_t)snprintf(text + n, size - n, "[file%s]\n%s", subjects[section],
				      section == 1 && random_below(2) ? "inherit = yes\n" : "");
		if (random_below(3) == 0)
			n += (size_t)snprintf(text + n, size - n, "default = %s\n",
					      verdicts[random_below(3)]);
		for (unsigned i = random_below(4) + 1; i > 0; i--) {
			char pattern[512];

			random_pattern(pattern, "ab", 3);
			n += (size_t)snprintf(text + n, size - n, "%s = %s %s\n",
					      verdicts[random_below(3)],
					      random_below(2) ? "read" : "write", pattern);
		}
	}
}

/* One that is no policy is made anew: random patterns may be none. */
static void random_begin(struct tried *tried, char texts[N_MAX][4096])
{
	const char *const list[] = {texts[0], texts[1], texts[2]};

	for (size_t i = 0, tries = 0; i < N_MAX; tries++) {
		struct policy *policy = NULL;
		struct diag diag = {0};
		char whole[4 * 4096];

		assert_true(tries < 1000);
		random_policy(texts[i], sizeof(texts[i]));
		snprintf(whole, sizeof(whole), "%s\n" SELECT, list[i]);
		i += policy_parse_text("a.ini", whole, strlen(whole), &diag, &policy) == 0;
		policy_free(policy);
		diag_clear(&diag);
	}
	tried_begin(tried, list, N_MAX);
}

/* What the kernel has of all policies is the strictest of what each says alone. */
static void together_is_the_strictest_of_each(void **state)
{
	static const char *const paths[] = {"/a",     "/b",   "/ab", "/a/b",
					    "/a/a/b", "/b/a", "/",   "/bb"};
	char texts[N_MAX][4096];
	unsigned rounds = getenv("BAILIFF_TEST_SHORT") ? 30 : 150, varied = 0;

	(void)state;
	random_seed(11);
	for (unsigned round = 0; round < rounds; round++) {
		struct tried tried;

		random_begin(&tried, texts);
		for (unsigned i = 0; i < 60; i++) {
			const char *const by_list[] = {paths[random_below(LENGTH(paths) - 2)],
						       paths[random_below(LENGTH(paths) - 2)]};
			unsigned most = BAILIFF_ALLOW;

			ask(&tried, by_list, random_below(3), TRY_DRIFT_NO,
			    random_below(2) ? QUESTION_READ : QUESTION_WRITE,
			    paths[random_below(LENGTH(paths))]);
			for (size_t k = 0; k < N_MAX; k++)
				if (tried.each[k].verdict > most)
					most = tried.each[k].verdict;
			varied += most != tried.each[0].verdict;
			if (tried.whole.verdict != most)
				fail_msg("together %u, each %u\n%s\n%s\n%s", tried.whole.verdict,
					 most, texts[0], texts[1], texts[2]);
			if (most != BAILIFF_ALLOW)
				assert_int_equal(tried.each[tried.whole.policy].line,
						 tried.whole.line);
		}
		tried_end(&tried);
	}
	assert_true(varied > 3 * rounds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_policy_has_an_answer_and_the_strictest_stands),
		cmocka_unit_test(no_policy_says_nothing),
		cmocka_unit_test(who_asks_is_told_by_what_was_executed),
		cmocka_unit_test(whether_an_answer_varies_is_known),
		cmocka_unit_test(drift_is_not_guessed),
		cmocka_unit_test(acts_without_paths_are_answered),
		cmocka_unit_test(sockets_are_made_by_those_who_may_use_them),
		cmocka_unit_test(together_is_the_strictest_of_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
