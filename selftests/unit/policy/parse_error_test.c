// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/policy/parse_test.h"

/* Checks what is said about a text: the items without the file's name, one a line. */
static void says_bytes(const char *text, size_t n, const char *expected)
{
	struct policy *policy = NULL;
	struct diag diag = {};
	int r = policy_parse_text("x", text, n, &diag, &policy);
	char *all = diag_text(&diag), *got = calloc(1, strlen(all) + 1);

	assert_non_null(got);
	for (char *line = strtok(all, "\n"); line; line = strtok(NULL, "\n")) {
		strcat(got, got[0] ? "\n" : "");
		strcat(got, line + 2);
	}
	if (strcmp(got, expected) != 0)
		fail_msg("for:\n%s\nsaid:\n%s\nand not:\n%s", text, got, expected);
	assert_int_equal(r, diag.n_errors > 0);
	assert_int_equal(policy != NULL, r == 0);
	policy_free(policy);
	diag_clear(&diag);
	free(all);
	free(got);
}

static void says(const char *text, const char *expected)
{
	says_bytes(text, strlen(text), expected);
}

struct mistake {
	const char *text, *expected;
};

static void each_says(const struct mistake *mistakes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		says(mistakes[i].text, mistakes[i].expected);
}

#define EACH_SAYS(mistakes) each_says(mistakes, sizeof(mistakes) / sizeof(mistakes[0]))

#define EXEC SELECT "[exec]\n" /* line 4 follows */
#define FILES SELECT "[file]\n"
#define KNOWN " is known, but this version does not enforce it: "

static void mistakes_in_lines(void **state)
{
	static const struct mistake mistakes[] = {
		{"x\n" RULE,
		 "1:1: error: no \"=\" in this line; a line is [SECTION], KEY = VALUE or "
		 "; COMMENT"},
		{RULE "  deny",
		 "5:3: error: pattern \"deny\" does not begin with \"/\"; did you mean "
		 "\"/**/deny\"?"},
		{RULE "deny ;= /x", "5:1: error: the comment begins before the \"=\"; a line is "
				    "[SECTION], KEY = VALUE or ; COMMENT"},
		{RULE "= /x", "5:1: error: no key before the \"=\"; write KEY = VALUE"},
		{RULE "deny: /x", "5:5: error: \":\" after \"deny\"; write \"=\""},
		{RULE "[file\ndeny = /x", "5:6: error: \"]\" is missing after the section's name\n"
					  "6:8: error: \"deny\" in [file] needs a verb before its "
					  "patterns: read, write or both"},
		{RULE "[file ;]", "5:7: error: \"]\" is missing after the section's name"},
		{RULE "[file] x",
		 "5:8: error: text after the section's name; begin a new line, or a "
		 "comment with \";\""},
		{RULE "[policy]\nmode = audit # x",
		 "6:14: error: \"mode\" takes one word; \"#\" is too "
		 "many"},
		{RULE "deny = /y # x",
		 "5:11: error: a comment after a value begins with white space "
		 "and \";\", and \"#\" begins one only at the start of a line"},
		{RULE "deny = /y\x7f",
		 "5:10: error: byte 0x7f is no text; a policy is plain text: take "
		 "it out"},
		{RULE "deny = /y\r /z",
		 "5:10: error: byte 0x0d is no text; a policy is plain text: "
		 "take it out"},
		{"unit = a.service\n" RULE,
		 "1:1: error: \"unit\" stands before any section; begin with "
		 "[policy], [select], [exec] or [file]"},
		{RULE "  [file]\n",
		 "5:1: error: the line is indented and so continues \"deny\"; begin a "
		 "section or a key without white space before it"},
		{RULE "  allow = /y\n",
		 "5:1: error: the line is indented and so continues \"deny\"; "
		 "begin a section or a key without white space before it"},
		{RULE "[policy]\nmessage = a\n  b\n", "7:1: error: the line is indented and so "
						      "continues \"message\"; begin a section or a "
						      "key without white space before it"},
		/* inih takes the rest of the line for a comment */
		{RULE "deny = /a\\ ;b",
		 "5:10: error: \"\\\" at the end of a value stands for nothing: "
		 "white space at the end of a line and a comment after it are "
		 "taken away; write \"\\\\\" for the byte itself"},
	};

	(void)state;
	EACH_SAYS(mistakes);
	says_bytes("[exec]\0x", 8,
		   "1:7: error: byte 0x00 is no text; a policy is plain text: take it out");
	says_bytes("\0", 1,
		   "1:1: error: byte 0x00 is no text; a policy is plain text: take it out\n"
		   " error: the policy selects nothing; add a section [select] with unit = "
		   "NAME.service or cgroup = PATH");
}

static void mistakes_in_names(void **state)
{
	static const struct mistake mistakes[] = {
		{RULE "[exce]\nx = y", "5:2: error: unknown section [exce]; did you mean [exec]?"},
		{RULE "[ exec ]", "5:2: error: unknown section [ exec ]; did you mean [exec]?"},
		{RULE "[]", "5:2: error: unknown section []; there are policy, select, exec, file, "
			    "network, capability, process"},
		{RULE "[ntework]",
		 "5:2: error: unknown section [ntework]; did you mean [network]?"},
		{RULE "alow = /x",
		 "5:1: error: unknown key \"alow\" in [exec]; did you mean \"allow\"?"},
		{RULE "block = /x",
		 "5:1: error: unknown key \"block\" in [exec]; there are default, "
		 "allow, audit, deny, libraries, wx, inherit, scripts"},
		{RULE "[policy]\nmode = enforcing",
		 "6:8: error: unknown mode \"enforcing\"; did you "
		 "mean \"enforce\"?"},
		{RULE "[policy]\nmode =",
		 "6:1: error: \"mode\" has no value; write one after \"=\""},
		{RULE "[policy]\nmode = audit\n[policy]\nmode = audit",
		 "8:1: error: \"mode\" is already set in line 6; keep one of them"},
		{RULE "[policy]\nseverity = 0",
		 "6:12: error: severity \"0\" is not a number from 1 "
		 "(least) to 10 (most)"},
		{RULE "[policy]\nmessage =",
		 "6:1: error: \"message\" has no value; write one after "
		 "\"=\""},
		{RULE "[policy]\nmessage = a\xe9z",
		 "6:12: error: byte 0xe9 is no UTF-8 text; write the "
		 "message in UTF-8"},
		{RULE "[policy]\nmessage = \xed\xa0\x80",
		 "6:11: error: byte 0xed is no UTF-8 text; "
		 "write the message in UTF-8"},
		{RULE "[policy]\ntags = a b/c",
		 "6:11: error: tag \"b/c\" may hold A-Z a-z 0-9 _ . : - "
		 "only; white space separates tags"},
		{RULE "[policy]\ntags =", "6:1: error: \"tags\" names no tag; write at least one"},
		{RULE "default = dney",
		 "5:11: error: unknown verdict \"dney\"; did you mean \"deny\"?"},
		{RULE "default = deny allow",
		 "5:16: error: \"default\" takes one word; \"allow\" is too "
		 "many"},
		{RULE "[select]\nhost = ja",
		 "6:8: error: unknown value of host \"ja\"; there are no, "
		 "yes"},
		{RULE "[select]\nhost = no\nhost = yes",
		 "7:1: error: \"host\" is already set in line 6; "
		 "keep one of them"},
		{RULE "deny =", "5:1: error: \"deny\" names no pattern; write at least one"},
		{FILES "deny = read\n\n",
		 "4:1: error: \"deny\" names no pattern; write at least one"},
		{FILES "deny = /x",
		 "4:8: error: \"deny\" in [file] needs a verb before its patterns: "
		 "read, write or both"},
		{FILES "deny = raed /x",
		 "4:8: error: unknown verb \"raed\" in [file]; did you mean "
		 "\"read\"?"},
		{FILES "deny = exec /x",
		 "4:8: error: unknown verb \"exec\" in [file]; there are read, "
		 "write"},
		{FILES "deny = read,write /x",
		 "4:12: error: \",\" in verbs; white space separates them: "
		 "read write"},
		{FILES "deny = read /x\n write /y",
		 "5:2: error: verb \"write\" after a pattern; verbs "
		 "come first: begin a new line with \"deny = write\""},
		{EXEC "deny = read /x",
		 "4:8: error: [exec] has no verbs; take \"read\" out, or write "
		 "the rule in [file]"},
	};

	(void)state;
	EACH_SAYS(mistakes);
}

static void mistakes_in_patterns(void **state)
{
	static const struct mistake mistakes[] = {
		{EXEC "deny = bin/x",
		 "4:8: error: pattern \"bin/x\" does not begin with \"/\"; write the "
		 "whole path"},
		{EXEC "deny = nc **/x",
		 "4:8: error: pattern \"nc\" does not begin with \"/\"; did you "
		 "mean \"/**/nc\"?\n"
		 "4:11: error: pattern \"**/x\" does not begin with \"/\"; did you "
		 "mean \"/**/x\"?"},
		{EXEC "deny = \"/a b\"",
		 "4:8: error: patterns have no quotes; write a space in one as "
		 "\"\\ \""},
		{EXEC "deny = /a//b",
		 "4:11: error: pattern \"/a//b\" can never match: a path has no "
		 "\"//\" in it; write \"/a/b\""},
		{EXEC "deny = //",
		 "4:9: error: pattern \"//\" can never match: a path has no \"//\" in "
		 "it; write \"/\""},
		{EXEC "deny = /a/./b/",
		 "4:11: error: pattern \"/a/./b/\" can never match: a path has no "
		 "\"/./\" in it; write \"/a/b/\""},
		{EXEC "deny = /a/b/..",
		 "4:13: error: pattern \"/a/b/..\" can never match: a path has no "
		 "\"/../\" in it; write \"/a\""},
		{EXEC "deny = /*/../b",
		 "4:11: error: pattern \"/*/../b\" can never match: a path has no "
		 "\"/../\" in it"},
		{EXEC "deny = /a/[b", "4:11: error: pattern \"/a/[b\": '[' is not closed by ']'"},
		{FILES "deny = read memfd:x",
		 "4:13: error: \"memfd:x\" names executables without a "
		 "path; it is for [exec] only"},
		{RULE "[select]\nunit = nginx",
		 "6:8: error: unit \"nginx\" does not end with .service, "
		 ".scope, .slice, .socket, .mount, .swap or a wildcard; "
		 "did you mean \"nginx.service\"?"},
		{RULE "[select]\nunit = a.servce",
		 "6:8: error: unit \"a.servce\" does not end with "
		 ".service, .scope, .slice, .socket, .mount, .swap or "
		 "a wildcard; did you mean \"a.service\"?"},
		{RULE "[select]\nunit = a.timer",
		 "6:8: error: unit \"a.timer\" does not end with "
		 ".service, .scope, .slice, .socket, .mount, .swap or a "
		 "wildcard; did you mean \"a.service\"?"},
		{RULE "[select]\nunit = /b/a.service",
		 "6:8: error: \"/\" in unit \"/b/a.service\"; a "
		 "unit is one name: for a path write cgroup = "
		 "**/b/a.service"},
		{RULE "[select]\ncgroup = a/b",
		 "6:10: error: cgroup \"a/b\" does not begin with \"/\" "
		 "or \"**\"; did you mean \"**/a/b\"?"},
		{RULE "[select]\ncontainer = a/b", "6:14: error: \"/\" in container \"a/b\"; a "
						   "container's name and its id have none: "
						   "take it out, or write image = for its image"},
		{RULE "[select]\nimage = x//y",
		 "6:9: error: image \"x//y\" can never match: no image's name has an empty "
		 "component; names are as docker.io/library/nginx:1.25"},
		{RULE "deny = /a, /b",
		 "5:10: warning: the \",\" is part of the pattern \"/a,\"; white "
		 "space alone separates patterns"},
	};

	(void)state;
	EACH_SAYS(mistakes);
}

static void mistakes_in_subjects(void **state)
{
	static const struct mistake mistakes[] = {
		{RULE "[file \"/x\"]\ny", "6:1: error: no \"=\" in this line; a line is [SECTION], "
					  "KEY = VALUE or ; COMMENT"},
		{RULE "[file /usr/bin/x]", "5:7: error: the executable stands in quotes: [file "
					   "\"/usr/sbin/nginx\"]"},
		{RULE "[file \"/x]", "5:7: error: the executable stands in quotes: [file "
				     "\"/usr/sbin/nginx\"]"},
		{RULE "[file \"\"]", "5:7: error: there is nothing in the quotes"},
		{RULE "[file \"/x\" y]",
		 "5:11: error: nothing follows the executable in a section's header"},
		{RULE "[file \"x\"]\ndeny = read /a",
		 "5:8: error: pattern \"x\" does not begin with \"/\"; did you mean \"/**/x\"?"},
		{RULE "[policy \"/x\"]", "5:8: error: nothing follows the name in [policy]"},
		{RULE "[file]\ninherit = yes",
		 "6:1: error: \"inherit\" stands in sections of one executable, such as [file "
		 "\"/usr/sbin/nginx\"]: take the line out"},
		{RULE "[exec \"/x\"]\nlibraries = yes",
		 "6:1: error: \"libraries\" is for all executables: put it into [exec]"},
		{RULE "allow = drift",
		 "5:9: error: \"drift\" is denied or audited, not allowed: it is "
		 "not asked about otherwise"},
		{RULE "scripts = maybe",
		 "5:11: error: unknown value of scripts \"maybe\"; there are no, yes, strict"},
	};

	(void)state;
	EACH_SAYS(mistakes);
}

static void what_is_not_enforced_is_refused(void **state)
{
	static const struct mistake mistakes[] = {
		{RULE "[daemon]",
		 "5:2: error: [daemon] is known, but this version does not enforce it in "
		 "a policy: it belongs in /etc/bailiff/bailiff.conf"},
		{RULE "[policy x]", "5:8: error: nothing follows the name in [policy]"},
		{RULE "[select]\npod = x",
		 "6:1: error: \"pod\" in [select]" KNOWN "take the line out"},
	};
	static const char *const keys[] = {"namespace", "pod", "label"};

	(void)state;
	EACH_SAYS(mistakes);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char text[128], expected[128];

		/* The only selector, and yet no second error: that nothing is selected. */
		snprintf(text, sizeof(text), "[select]\n%s = x\n[exec]\ndeny = /x\n", keys[i]);
		snprintf(expected, sizeof(expected),
			 "2:1: error: \"%s\" in [select]" KNOWN "take the line out", keys[i]);
		says(text, expected);
	}
}

static void what_has_no_effect_is_said(void **state)
{
	static const struct mistake mistakes[] = {
		{"[exec]\ndeny = /x\n",
		 " error: the policy selects nothing; add a section [select] with "
		 "unit = NAME.service or cgroup = PATH"},
		{"[exec]\ndeny = /x\n[select]\nhost = yes\n",
		 "3:1: error: the policy selects nothing; write into [select] unit = NAME.service "
		 "or "
		 "cgroup = PATH"},
		{SELECT,
		 " warning: the policy has no rule; write allow, audit, deny or default into "
		 "[exec], [file], [network], [capability] or [process]"},
		{SELECT "[exec]\nallow = /x\n", "4:9: warning: [exec] only allows, which has no "
						"effect: what no line names is allowed "
						"too; add default = deny, or deny lines"},
		{SELECT "[file]\nallow = read /x\n[exec]\ndeny = /x\n",
		 "4:14: warning: [file] only allows, which has no effect: what no line names is "
		 "allowed "
		 "too; add default = deny, or deny lines"},
		{SELECT "[exec]\nallow = /x\ndefault = audit\n", ""},
	};

	(void)state;
	EACH_SAYS(mistakes);
}

static void lines_of_200_bytes_are_refused(void **state)
{
	char text[512], path[200];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[193] = '\0';
	snprintf(text, sizeof(text), SELECT "[exec]\ndeny = %s\n  /b relative\n", path);
	says(text,
	     "4:200: error: line is 200 bytes long; the longest is 199: give the patterns several "
	     "lines of the same key\n"
	     "5:6: error: pattern \"relative\" does not begin with \"/\"; did you mean "
	     "\"/**/relative\"?");
}

static void limits_have_a_place(void **state)
{
	size_t n = (size_t)POLICY_FILE_MAX + 1;
	char *text = NULL, *big = malloc(n);
	size_t n_text = 0;
	FILE *stream = open_memstream(&text, &n_text);

	(void)state;
	assert_non_null(big);
	memset(big, '\n', n);
	says_bytes(big, n, " error: the file is longer than 8388608 bytes; split the policy");
	free(big);

	assert_non_null(stream);
	fputs(SELECT "[exec]\n", stream);
	for (unsigned i = 0; i < POLICY_RULES_MAX + 2; i++)
		fputs("deny = /x\n", stream);
	fputs("[select]\n", stream);
	for (unsigned i = 0; i < POLICY_SELECTS_MAX + 1; i++)
		fputs("unit = *\n", stream);
	fputs("[policy]\n", stream);
	for (unsigned i = 0; i < POLICY_TAGS_MAX + 2; i++)
		fputs("tags = x\n", stream);
	fclose(stream);
	says(text,
	     "100004:8: error: more than 100000 rules; split the policy, or use wider patterns\n"
	     "110006:8: error: more than 10000 patterns in [select]; use wider ones\n"
	     "110073:8: error: more than 64 tags; leave some out");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_in_lines),
		cmocka_unit_test(mistakes_in_names),
		cmocka_unit_test(mistakes_in_patterns),
		cmocka_unit_test(mistakes_in_subjects),
		cmocka_unit_test(what_is_not_enforced_is_refused),
		cmocka_unit_test(what_has_no_effect_is_said),
		cmocka_unit_test(lines_of_200_bytes_are_refused),
		cmocka_unit_test(limits_have_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
