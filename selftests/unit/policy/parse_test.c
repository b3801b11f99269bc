// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/policy/parse_test.h"

#include <errno.h>
#include <glob.h>

#ifndef SOURCE_ROOT
#define SOURCE_ROOT "." /* run from the top of the tree */
#endif

#define VERB(verb) (1u << BAILIFF_VERB_##verb)

/* Parses what must be right: no error, no warning. */
static struct policy *parse_bytes(const char *text, size_t n)
{
	struct policy *policy = NULL;
	struct diag diag = {};
	int r = policy_parse_text("dir/good.ini", text, n, &diag, &policy);

	if (r != 0 || diag.n_items > 0)
		fail_msg("answer %d for:\n%s\n%s", r, text, diag_text(&diag));
	diag_clear(&diag);
	return policy;
}

static struct policy *parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void rule_is(const struct policy_rule *rule, enum bailiff_verdict verdict, unsigned verbs,
		    const char *pattern, unsigned line, unsigned column)
{
	assert_string_equal(rule->pattern, pattern);
	assert_int_equal(rule->verdict, verdict);
	assert_int_equal(rule->verbs, verbs);
	assert_int_equal(rule->line, line);
	assert_int_equal(rule->column, column);
	assert_non_null(rule->glob);
}

static void a_whole_policy(void **state)
{
	struct policy *policy = parse("# comment\n"
				      "; comment\n"
				      "[policy]            ; comment\n"
				      "mode     = audit    ; comment\n"
				      "severity = 10\n"
				      "message  = caf\xc3\xa9; and \\ \"all\" # that ; comment\n"
				      "tags     = MITRE_T1059 a:b.c-d\n"
				      "           third\n"
				      "[select]\n"
				      "unit     = nginx.service  x@*\n"
				      "cgroup   = /a\\ b **/docker-*.scope\n"
				      "host     = yes\n"
				      "[exec]\n"
				      "default  = deny\n"
				      "allow    = /usr/sbin/nginx /a\\ b memfd:x*\n"
				      "[file]\n"
				      "deny     = read write /etc/shadow ; comment ; more\n"
				      "\t/root/** ; comment\n"
				      "  ; comment\n"
				      "\n"
				      "  /srv/;x\n"
				      "default=audit\n"
				      "audit=write\t/b\n"
				      "[exec]\n"
				      "deny     = /bin/sh\n");

	(void)state;
	assert_string_equal(policy->name, "good");
	assert_string_equal(policy->file, "dir/good.ini");
	assert_true(policy->audit);
	assert_true(policy->host);
	assert_int_equal(policy->severity, 10);
	assert_string_equal(policy->message, "caf\xc3\xa9; and \\ \"all\" # that");
	assert_int_equal(policy->n_tags, 3);
	assert_string_equal(policy->tags[1], "a:b.c-d");
	assert_string_equal(policy->tags[2], "third");
	assert_int_equal(policy->n_selects, 4);
	assert_int_equal(policy->selects[1].key, POLICY_SELECT_UNIT);
	assert_int_equal(policy->selects[1].column, 27);
	assert_int_equal(policy->selects[3].key, POLICY_SELECT_CGROUP);
	assert_int_equal(policy->selects[3].line, 11);
	assert_int_equal(policy->selects[3].column, 18);
	assert_int_equal(policy->n_rules, 8);
	rule_is(&policy->rules[0], BAILIFF_ALLOW, VERB(EXEC), "/usr/sbin/nginx", 15, 12);
	rule_is(&policy->rules[1], BAILIFF_ALLOW, VERB(EXEC), "/a\\ b", 15, 28);
	rule_is(&policy->rules[2], BAILIFF_ALLOW, VERB(EXEC), "memfd:x*", 15, 34);
	rule_is(&policy->rules[3], BAILIFF_DENY, VERB(READ) | VERB(WRITE), "/etc/shadow", 17, 23);
	rule_is(&policy->rules[4], BAILIFF_DENY, VERB(READ) | VERB(WRITE), "/root/**", 18, 2);
	rule_is(&policy->rules[5], BAILIFF_DENY, VERB(READ) | VERB(WRITE), "/srv/;x", 21, 3);
	rule_is(&policy->rules[6], BAILIFF_AUDIT, VERB(WRITE), "/b", 23, 13);
	rule_is(&policy->rules[7], BAILIFF_DENY, VERB(EXEC), "/bin/sh", 25, 12);
	assert_int_equal(policy->defaults[BAILIFF_VERB_EXEC].verdict, BAILIFF_DENY);
	assert_int_equal(policy->defaults[BAILIFF_VERB_EXEC].line, 14);
	assert_int_equal(policy->defaults[BAILIFF_VERB_READ].verdict, BAILIFF_AUDIT);
	assert_int_equal(policy->defaults[BAILIFF_VERB_WRITE].line, 22);
	assert_int_equal(policy->defaults[BAILIFF_VERB_WRITE].column, 1);
	policy_free(policy);
}

static void what_is_not_said_has_its_default(void **state)
{
	struct policy *policy = parse(SELECT "[exec]\ndeny = /x\n");

	(void)state;
	assert_false(policy->audit);
	assert_false(policy->host);
	assert_int_equal(policy->severity, 5);
	assert_null(policy->message);
	assert_int_equal(policy->n_tags, 0);
	for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++) {
		assert_int_equal(policy->defaults[verb].verdict, BAILIFF_ALLOW);
		assert_int_equal(policy->defaults[verb].line, 0);
	}
	policy_free(policy);
}

static void line_ends_and_marks(void **state)
{
	static const char *const texts[] = {
		"[select]\r\nunit = a.service\r\n[exec]\r\ndeny = /x\r\n",
		"\xef\xbb\xbf[select]\nunit = a.service\n[exec]\ndeny = /x",
		"[select]\nunit = a.service\n[exec]\ndeny = /x\r",
		"[select]\nunit = a.service\n[exec];comment\ndeny = /x  \t ",
		" [select]\nunit = a.service\n[exec]\ndeny = /x",
		"[select]\nunit = a.service\n[exec]\ndeny =\n       /x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct policy *policy = parse(texts[i]);

		assert_int_equal(policy->n_rules, 1);
		rule_is(&policy->rules[0], BAILIFF_DENY, VERB(EXEC), "/x", i == 5 ? 5 : 4, 8);
		policy_free(policy);
	}
}

static void verbs_hold_for_all_lines_of_a_key(void **state)
{
	struct policy *policy =
		parse(SELECT "[file]\ndeny = read\n write /a\n /b\ndeny = read /c\n");

	(void)state;
	assert_int_equal(policy->n_rules, 3);
	rule_is(&policy->rules[0], BAILIFF_DENY, VERB(READ) | VERB(WRITE), "/a", 5, 8);
	rule_is(&policy->rules[1], BAILIFF_DENY, VERB(READ) | VERB(WRITE), "/b", 6, 2);
	rule_is(&policy->rules[2], BAILIFF_DENY, VERB(READ), "/c", 7, 13);
	policy_free(policy);
}

static void lines_of_199_bytes_are_whole(void **state)
{
	char text[512], path[200];
	struct policy *policy;

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[192] = '\0';
	snprintf(text, sizeof(text), SELECT "[exec]\ndeny = %s\n", path);
	policy = parse(text);
	assert_string_equal(policy->rules[0].pattern, path);
	policy_free(policy);
}

static void names_of_files_name_policies(void **state)
{
	static const struct {
		const char *file, *name;
	} cases[] = {
		{"/etc/bailiff/policies.d/web-1.ini", "web-1"},
		{"web", "web"},
		{"a.ini.ini", "a.ini"},
		{".ini", NULL},
		{"dir/", NULL},
		{".hidden.ini", NULL},
		{"a b.ini", NULL},
		{"0123456789012345678901234567890123456789012345678901234567890123.ini", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy *policy = NULL;
		struct diag diag = {};
		int r = policy_parse_text(cases[i].file, RULE, strlen(RULE), &diag, &policy);

		assert_int_equal(r, cases[i].name ? 0 : 1);
		if (policy)
			assert_string_equal(policy->name, cases[i].name);
		else
			assert_int_equal(diag.items[0].line, 0);
		policy_free(policy);
		diag_clear(&diag);
	}
}

/* Reads a file that must be there. */
static void examples_are_right(void **state)
{
	glob_t files;

	(void)state;
	assert_int_equal(glob(SOURCE_ROOT "/policy/examples/*.ini", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct policy *policy = NULL;
		struct diag diag = {};

		if (policy_parse_file(files.gl_pathv[i], &diag, &policy) != 0 || diag.n_items > 0)
			fail_msg("%s", diag_text(&diag));
		policy_free(policy);
	}
	globfree(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_policy),
		cmocka_unit_test(what_is_not_said_has_its_default),
		cmocka_unit_test(line_ends_and_marks),
		cmocka_unit_test(verbs_hold_for_all_lines_of_a_key),
		cmocka_unit_test(lines_of_199_bytes_are_whole),
		cmocka_unit_test(names_of_files_name_policies),
		cmocka_unit_test(examples_are_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
