// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/policy/parse_test.h"

#include "policy/exceptions.h"

#define MAX 3

/* The exceptions to a question of /usr/bin/x, a line each: "LINE WHY PATTERN". */
static void is(const char *text, enum question_kind kind, const char *what, const char *asked,
	       const char *expected)
{
	static const char *const whys[] = {
		[EXCEPTION_BESIDE] = "beside",
		[EXCEPTION_VERB] = "verb",
		[EXCEPTION_SUBJECT] = "subject",
		[EXCEPTION_NAME] = "name",
	};
	struct exception found[MAX];
	struct policy *policy = NULL;
	struct diag diag = {0};
	struct question question;
	char error[QUESTION_ERROR_MAX], shown[1024] = "";
	size_t n = 0, at = 0;

	assert_int_equal(policy_parse_text("a.ini", text, strlen(text), &diag, &policy), 0);
	diag_clear(&diag);
	assert_int_equal(question_parse(kind, what, &question, error), 0);
	assert_int_equal(exceptions_find(policy, &question, asked, "/usr/bin/x", found, MAX, &n),
			 0);
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(shown + at, sizeof(shown) - at, "%u %s %s\n",
				       found[i].rule->line, whys[found[i].why],
				       found[i].rule->pattern);
	assert_string_equal(shown, expected);
	policy_free(policy);
}

static void test_files(void **state)
{
	(void)state;
	is(SELECT
	   "[file]\ndeny = read /etc/**\nallow = read /etc/ssl/**\nallow = read /var/lib/**\n",
	   QUESTION_READ, "/etc/shadow", "/etc/shadow", "5 name /etc/ssl/**\n");
	is(SELECT "[file]\ndeny = read /**/id_rsa\nallow = read /home/**\nallow = write /home/**\n",
	   QUESTION_READ, "/home/a/id_rsa", "/home/a/id_rsa",
	   "5 beside /home/**\n6 verb /home/**\n");
	is(SELECT "[file]\ndefault = deny\n[file \"/usr/bin/y\"]\nallow = read /etc/shadow\n"
		  "allow = read /etc/other\n",
	   QUESTION_READ, "/etc/shadow", "/etc/shadow", "6 subject /etc/shadow\n");
	/* the nearest first, and no more than are asked for */
	is(SELECT
	   "[file]\ndefault = deny\nallow = read /etc/a /etc/nginx/a /etc/ssl/a /etc/ssl/b/c\n",
	   QUESTION_READ, "/etc/ssl/b/d", "/etc/ssl/b/d",
	   "5 name /etc/ssl/b/c\n5 name /etc/ssl/a\n5 name /etc/a\n");
	/* what lies elsewhere is not near, and another section's is none */
	is(SELECT "[file]\ndefault = deny\nallow = read /usr/**\n[exec]\ndefault = deny\n"
		  "allow = /etc/x\n",
	   QUESTION_READ, "/etc/x", "/etc/x", "");
}

static void test_network(void **state)
{
	(void)state;
	is(SELECT "[network]\ndefault = deny\nallow = connect tcp 10.0.0.0/8:443\n"
		  "allow = listen udp 10.0.0.1:443\n",
	   QUESTION_CONNECT, "tcp 10.0.0.1:80", "connect tcp 10.0.0.1:80",
	   "5 name connect tcp 10.0.0.0/8:443\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
