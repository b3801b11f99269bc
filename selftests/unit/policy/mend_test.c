// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/policy/parse_test.h"

#include "policy/mend.h"

#define MAX 3

struct set {
	struct mend_policy of[MAX];
	struct policy *parsed[MAX];
	size_t n;
};

static void add(struct set *set, const char *text)
{
	static const char *const files[MAX] = {"a.ini", "b.ini", "c.ini"};
	struct diag diag = {0};
	size_t i = set->n++;

	if (policy_parse_text(files[i], text, strlen(text), &diag, &set->parsed[i]) != 0)
		fail_msg("%s: %s", text, diag.items[0].message);
	diag_clear(&diag);
	set->of[i] = (struct mend_policy){set->parsed[i], text, strlen(text)};
}

static void release(struct set *set)
{
	while (set->n)
		policy_free(set->parsed[--set->n]);
}

/* The answer to a wish: as mend_find(), and the text of policy @i edited (NULL where there is
 * none). */
static char *mended(struct set *set, enum question_kind kind, const char *what, const char *asked,
		    const char *exe, bool alone, size_t i, struct mend *ret)
{
	char error[QUESTION_ERROR_MAX], *text = NULL;
	const struct asker asker = {&exe, 1, TRY_DRIFT_NO};
	struct question question;
	struct mend_wish wish = {&question, &asker, asked, alone ? exe : NULL};
	struct mend mend = {0};
	size_t n;

	if (question_parse(kind, what, &question, error) < 0)
		fail_msg("%s", error);
	if (mend_find(set->of, set->n, &wish, &mend) == 0) {
		text = page_text(mend.pages[i], &n);
		assert_non_null(text);
	}
	*ret = mend;
	mend_release(&mend);
	return text;
}

/* One policy, its edit, and what the text is then. */
static void is(const char *before, enum question_kind kind, const char *asked, const char *after)
{
	const char *what =
		kind >= QUESTION_SOCKET && kind <= QUESTION_ACCEPT ? strchr(asked, ' ') + 1 : asked;
	struct set set = {.n = 0};
	struct mend mend;
	char *text;

	add(&set, before);
	text = mended(&set, kind, what, asked, "/usr/bin/x", false, 0, &mend);
	if (!text)
		fail_msg("no edit of: %s", before);
	assert_string_equal(text, after);
	free(text);
	release(&set);
}

static void none(const char *before, enum question_kind kind, const char *asked)
{
	struct set set = {.n = 0};
	struct mend mend;
	char *text;

	add(&set, before);
	text = mended(&set, kind, strchr(asked, ' ') ? strchr(asked, ' ') + 1 : asked, asked,
		      "/usr/bin/x", false, 0, &mend);
	if (text)
		fail_msg("an edit: %s", text);
	release(&set);
}

static void test_exception(void **state)
{
	(void)state;
	is(SELECT "[file]\ndeny = write /etc/**\n", QUESTION_WRITE, "/etc/a b",
	   SELECT "[file]\ndeny = write /etc/**\nallow = write /etc/a\\ b\n");
	/* behind what continues the line, whatever stands between */
	is(SELECT "[file]\ndeny = write /etc/**\n  ; why\n\n  /usr/**\n[exec]\n", QUESTION_WRITE,
	   "/usr/x",
	   SELECT
	   "[file]\ndeny = write /etc/**\n  ; why\n\n  /usr/**\nallow = write /usr/x\n[exec]\n");
	/* of a default */
	is(SELECT "[exec]\ndefault = deny\nallow = /a\n", QUESTION_EXEC, "/b*",
	   SELECT "[exec]\ndefault = deny\nallow = /b\\*\nallow = /a\n");
	/* an audit is quietened the same way */
	is(SELECT "[file]\naudit = read /home/**\n", QUESTION_READ, "/home/x",
	   SELECT "[file]\naudit = read /home/**\nallow = read /home/x\n");
	/* a last line without an end */
	is(SELECT "[file]\ndeny = read /**", QUESTION_READ, "/x",
	   SELECT "[file]\ndeny = read /**\nallow = read /x\n");
}

/* Where the rule names the path itself, no exception is narrower. */
static void test_word(void **state)
{
	(void)state;
	is(SELECT "[file]\ndeny = read /etc/shadow /root/**\n", QUESTION_READ, "/etc/shadow",
	   SELECT "[file]\ndeny = read /root/**\n");
	is(SELECT "[file]\ndeny = read /etc/shadow\n  /root/**\n", QUESTION_READ, "/etc/shadow",
	   SELECT "[file]\ndeny = read\n  /root/**\n");
	is(SELECT "[file]\ndeny = read /root/**\n  /etc/shadow\n", QUESTION_READ, "/etc/shadow",
	   SELECT "[file]\ndeny = read /root/**\n  \n");
	/* the last word takes its line with it */
	is(SELECT "[file]\ndeny = read /x\ndeny = read /y\n", QUESTION_READ, "/x",
	   SELECT "[file]\ndeny = read /y\n");
	/* the other verb stays denied */
	is(SELECT "[file]\ndeny = read write /x /y\n", QUESTION_READ, "/x",
	   SELECT "[file]\ndeny = read write /y\ndeny = write /x\n");
	/* one rule behind another */
	is(SELECT "[file]\ndeny = read /etc/shadow /y\ndeny = read /etc/**\n", QUESTION_READ,
	   "/etc/shadow",
	   SELECT "[file]\ndeny = read /y\ndeny = read /etc/**\nallow = read /etc/shadow\n");
}

static void test_acts(void **state)
{
	(void)state;
	is(SELECT "[capability]\ndeny = all\n", QUESTION_CAPABILITY, "net_raw",
	   SELECT "[capability]\ndeny = all\nallow = net_raw\n");
	is(SELECT "[capability]\ndeny = sys_admin net_raw\n", QUESTION_CAPABILITY, "net_raw",
	   SELECT "[capability]\ndeny = sys_admin\n");
	is(SELECT "[process]\ndefault = deny\n", QUESTION_PROCESS, "ptrace",
	   SELECT "[process]\ndefault = deny\nallow = ptrace\n");
	is(SELECT "[process]\ndeny = ptrace mount\n", QUESTION_PROCESS, "mount",
	   SELECT "[process]\ndeny = ptrace\n");
	/* files of which [process] speaks are allowed in [file] */
	is(SELECT "[process]\ndeny = usermode-helper\n", QUESTION_WRITE,
	   "/proc/sys/kernel/modprobe",
	   SELECT "[process]\ndeny = usermode-helper\n\n[file]\nallow = write "
		  "/proc/sys/kernel/modprobe\n");
	is(SELECT "[exec]\nwx = deny\ndeny = /x\n", QUESTION_PROCESS, "wx",
	   SELECT "[exec]\ndeny = /x\n");
}

static void test_network(void **state)
{
	(void)state;
	is(SELECT "[network]\ndefault = deny\n", QUESTION_CONNECT, "connect tcp 10.0.0.1:443",
	   SELECT "[network]\ndefault = deny\nallow = connect tcp 10.0.0.1:443\n");
	is(SELECT "[network]\ndeny = connect tcp *:*\n", QUESTION_CONNECT,
	   "connect tcp [fd00::1]:443",
	   SELECT "[network]\ndeny = connect tcp *:*\nallow = connect tcp [fd00::1]:443\n");
	is(SELECT "[network]\ndeny = connect listen tcp 10.0.0.1:443\n", QUESTION_CONNECT,
	   "connect tcp 10.0.0.1:443", SELECT "[network]\ndeny = listen tcp 10.0.0.1:443\n");
	is(SELECT "[network]\ndeny = unix\n", QUESTION_CONNECT, "connect unix /run/a b",
	   SELECT "[network]\ndeny = unix\nallow = connect unix /run/a\\ b\n");
	is(SELECT "[network]\ndefault = deny\n", QUESTION_SOCKET, "create udp",
	   SELECT "[network]\ndefault = deny\nallow = connect udp 127.0.0.1:0\n");
	is(SELECT "[network]\ndefault = deny\n", QUESTION_SOCKET, "create netlink",
	   SELECT "[network]\ndefault = deny\nallow = connect netlink\n");
	/* a protocol that the language has no name for */
	none(SELECT "[network]\ndefault = deny\n", QUESTION_SOCKET, "create other");
}

/* In the section of one executable, an allow for all would be none. */
static void test_subjects(void **state)
{
	(void)state;
	is(SELECT "[file \"/usr/bin/x\"]\ndeny = read /etc/**\n", QUESTION_READ, "/etc/a",
	   SELECT "[file \"/usr/bin/x\"]\ndeny = read /etc/**\nallow = read /etc/a\n");
	/* nobody wrote that who is allowed something is not to be replaced: no line takes it back
	 */
	none(SELECT "[file]\ndeny = read /s/**\n[file \"/usr/bin/y\"]\nallow = read /s/**\n",
	     QUESTION_WRITE, "/usr/bin/y");
	is(SELECT "[file]\ndeny = read /s/**\n[file \"/usr/bin/*\"]\nallow = read /s/**\n",
	   QUESTION_WRITE, "/usr/bin/y",
	   SELECT "[file]\nallow = write /usr/bin/y\ndeny = read /s/**\n[file "
		  "\"/usr/bin/*\"]\nallow = read /s/**\n");
}

/* Reading a script is executing it: allowed in [exec], both. */
static void test_script(void **state)
{
	struct set set = {.n = 0};
	struct mend mend;
	char *text;

	(void)state;
	add(&set, SELECT "[exec]\nscripts = yes\ndeny = /x/**\n");
	text = mended(&set, QUESTION_READ, "/x/s.py", "/x/s.py", "/usr/bin/python3", false, 0,
		      &mend);
	assert_string_equal(text, SELECT "[exec]\nscripts = yes\ndeny = /x/**\nallow = /x/s.py\n");
	free(text);
	release(&set);
}

static void test_alone(void **state)
{
	struct set set = {.n = 0};
	struct mend mend;
	char *text;

	(void)state;
	add(&set, SELECT "[file]\ndeny = read /etc/shadow\n");
	text = mended(&set, QUESTION_READ, "/etc/shadow", "/etc/shadow", "/usr/bin/x", true, 0,
		      &mend);
	assert_string_equal(text, SELECT "[file]\ndeny = read /etc/shadow\n\n[file "
					 "\"/usr/bin/x\"]\nallow = read /etc/shadow\n");
	free(text);
	release(&set);
}

/* Each of several policies gets its edit, and what does not deny stays as it is. */
static void test_several(void **state)
{
	static const char *const after[MAX] = {
		SELECT "[file]\ndeny = read /a/**\nallow = read /a/x\n",
		SELECT "[file]\ndefault = deny\nallow = read /a/x\n",
		SELECT "[file]\ndeny = write /a/x\n",
	};
	struct set set = {.n = 0};
	struct mend mend;

	(void)state;
	add(&set, SELECT "[file]\ndeny = read /a/**\n");
	add(&set, SELECT "[file]\ndefault = deny\n");
	add(&set, SELECT "[file]\ndeny = write /a/x\n");
	for (size_t i = 0; i < MAX; i++) {
		char *text =
			mended(&set, QUESTION_READ, "/a/x", "/a/x", "/usr/bin/x", false, i, &mend);

		assert_string_equal(text, after[i]);
		free(text);
	}
	release(&set);
}

/* What allows more than what was asked says so. */
static void test_wide(void **state)
{
	struct set set = {.n = 0};
	struct mend mend;

	(void)state;
	add(&set, SELECT "[file]\ndeny = read /etc/[s]hadow\n[exec]\nwx = deny\n");
	free(mended(&set, QUESTION_PROCESS, "wx", "wx", "/x", false, 0, &mend));
	assert_true(mend.wide);
	free(mended(&set, QUESTION_READ, "/etc/shadow", "/etc/shadow", "/x", false, 0, &mend));
	assert_true(mend.wide);
	release(&set);
	add(&set, SELECT "[file]\ndeny = read /etc/shadow\n[network]\ndefault = deny\n");
	free(mended(&set, QUESTION_READ, "/etc/shadow", "/etc/shadow", "/x", false, 0, &mend));
	assert_false(mend.wide);
	assert_false(mend.placeholder);
	free(mended(&set, QUESTION_SOCKET, "tcp", "create tcp", "/x", false, 0, &mend));
	assert_true(mend.placeholder);
	release(&set);
}

/* What no line can hold has no edit: a line has at most 199 bytes. */
static void test_too_long(void **state)
{
	char path[300];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[250] = '\0';
	none(SELECT "[file]\ndefault = deny\n", QUESTION_READ, path);
}

static void test_quote(void **state)
{
	char *quoted = mend_quote("/a*?[]{}\\\"' \n;x ", 16);

	(void)state;
	assert_string_equal(quoted, "/a\\*\\?\\[\\]\\{\\}\\\\\\\"\\'\\ ?\\;x?");
	free(quoted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exception), cmocka_unit_test(test_word),
		cmocka_unit_test(test_acts),	  cmocka_unit_test(test_network),
		cmocka_unit_test(test_subjects),  cmocka_unit_test(test_alone),
		cmocka_unit_test(test_script),	  cmocka_unit_test(test_several),
		cmocka_unit_test(test_wide),	  cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
