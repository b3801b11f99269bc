// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/policy/parse_test.h"

#include <errno.h>

#include "policy/question.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define ACT BAILIFF_VERB_ACT
#define ANY_PORT (BAILIFF_VERB_BELOW + BAILIFF_BELOW_ACT)

/* The names are abi.h's, written out. */
static void a_question_has_the_name_of_abi_h(void **state)
{
	static const struct {
		enum question_kind kind;
		const char *text;
		unsigned word;
		const char *name;
	} questions[] = {
		{QUESTION_EXEC, "/bin/sh", BAILIFF_VERB_EXEC, "/bin/sh"},
		{QUESTION_EXEC, "memfd:x", BAILIFF_VERB_EXEC, "memfd:x"},
		{QUESTION_MAP, "/lib/x.so", BAILIFF_VERB_MAP, "/lib/x.so"},
		{QUESTION_READ, "/", BAILIFF_VERB_READ, "/"},
		{QUESTION_READ, "/a/...", BAILIFF_VERB_READ, "/a/..."},
		{QUESTION_WRITE, "/a b/.x", BAILIFF_VERB_WRITE, "/a b/.x"},
		{QUESTION_SOCKET, "netlink", ACT, "\1sn"},
		{QUESTION_SOCKET, "other", ACT, "\1so"},
		{QUESTION_CONNECT, "10.1.2.3:443", ACT, "\1ct40a010203/01bb"},
		{QUESTION_CONNECT, "tcp 10.1.2.3:443", ACT, "\1ct40a010203/01bb"},
		{QUESTION_CONNECT, "udp:[fd00::1]:53", ACT,
		 "\1cu6fd000000000000000000000000000001/0035"},
		{QUESTION_CONNECT, "[::ffff:10.0.0.1]:1", ACT, "\1ct40a000001/0001"},
		{QUESTION_CONNECT, "0.0.0.0:80", ACT, "\1ct47f000001/0050"},
		{QUESTION_CONNECT, "[::]:80", ACT, "\1ct600000000000000000000000000000001/0050"},
		{QUESTION_CONNECT, "10.0.0.1:*", ANY_PORT, "\1ct40a000001"},
		{QUESTION_CONNECT, "icmp:10.0.0.1", ACT, "\1ci40a000001/0000"},
		{QUESTION_CONNECT, "/run/x", ACT, "\1cx/run/x"},
		{QUESTION_CONNECT, "@x", ACT, "\1cx@x"},
		{QUESTION_CONNECT, "unix:/run/x:1", ACT, "\1cx/run/x:1"},
		{QUESTION_CONNECT, "vsock", ACT, "\1cv"},
		{QUESTION_BIND, "tcp:0.0.0.0:80", ACT, "\1lt400000000/0050"},
		{QUESTION_BIND, "tcp:0.0.0.0:0", ACT, "\1lt400000000/0000"},
		{QUESTION_LISTEN, "tcp:0.0.0.0:0", ANY_PORT, "\1lt400000000"},
		{QUESTION_BIND, "udp:0.0.0.0:0", ANY_PORT, "\1lu400000000"},
		{QUESTION_ACCEPT, "sctp:1.2.3.4:5", ACT, "\1as401020304/0005"},
		{QUESTION_CAPABILITY, "CAP_NET_RAW", ACT, "\2\x2d"},
		{QUESTION_CAPABILITY, "chown", ACT, "\2 "},
		{QUESTION_PROCESS, "setns", ACT, "\3+"},
		{QUESTION_PROCESS, "wx", ACT, "\3,"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(questions); i++) {
		char error[QUESTION_ERROR_MAX] = "";
		struct question q;

		if (question_parse(questions[i].kind, questions[i].text, &q, error) != 0)
			fail_msg("%s: %s", questions[i].text, error);
		if (q.word != questions[i].word || q.n != strlen(questions[i].name) ||
		    memcmp(q.name, questions[i].name, q.n) != 0)
			fail_msg("%s: word %u, \"%.*s\"", questions[i].text, q.word, (int)q.n,
				 q.name);
	}
}

static void what_is_no_question_says_why(void **state)
{
	static const struct {
		enum question_kind kind;
		const char *text, *error;
	} questions[] = {
		{QUESTION_READ, "etc/x", "does not begin with"},
		{QUESTION_READ, "", "does not begin with"},
		{QUESTION_READ, "memfd:x", "does not begin with"},
		{QUESTION_READ, "/etc/", "\"/\" at its end"},
		{QUESTION_READ, "/etc//x", "two in a row"},
		{QUESTION_READ, "/etc/../x", "has \"..\""},
		{QUESTION_READ, "/etc/.", "has \".\""},
		{QUESTION_SOCKET, "tpc", "did you mean \"tcp\""},
		{QUESTION_SOCKET, "tcp:1.2.3.4:5", "without an address"},
		{QUESTION_CONNECT, "example.org:80", "no address"},
		{QUESTION_CONNECT, "localhost", "unknown protocol"},
		{QUESTION_CONNECT, "tcp", "no address"},
		{QUESTION_CONNECT, "1.2.3.4", "needs a port"},
		{QUESTION_CONNECT, "1.2.3.4:", "a port is"},
		{QUESTION_CONNECT, "1.2.3.4:65536", "a port is"},
		{QUESTION_CONNECT, "1.2.3.4:5x", "a port is"},
		{QUESTION_CONNECT, "1.2.3.4/8:5", "no address"},
		{QUESTION_CONNECT, "[fd00::1:5", "no address"},
		{QUESTION_CONNECT, "icmp:1.2.3.4:5", "no ports"},
		{QUESTION_CONNECT, "netlink:1.2.3.4:5", "no addresses"},
		{QUESTION_CONNECT, "unix:x", "does not begin with"},
		{QUESTION_CAPABILITY, "all", "unknown capability"},
		{QUESTION_CAPABILITY, "net_rwa", "did you mean \"net_raw\""},
		{QUESTION_PROCESS, "mont", "did you mean \"mount\""},
		{QUESTION_PROCESS, "usermode-helper", "stands for files"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(questions); i++) {
		char error[QUESTION_ERROR_MAX] = "";
		struct question q;

		if (question_parse(questions[i].kind, questions[i].text, &q, error) != -EINVAL ||
		    !strstr(error, questions[i].error))
			fail_msg("\"%s\": %s", questions[i].text, error);
	}
}

static void lengths_have_an_end(void **state)
{
	char text[BAILIFF_PATH_MAX + 2], error[QUESTION_ERROR_MAX];
	struct question q;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[0] = '/';
	text[BAILIFF_PATH_MAX] = '\0';
	assert_int_equal(question_parse(QUESTION_READ, text, &q, error), -EINVAL);
	text[0] = '@';
	assert_int_equal(question_parse(QUESTION_CONNECT, text, &q, error), -EINVAL);
	text[BAILIFF_PATH_MAX - 1] = '\0';
	assert_int_equal(question_parse(QUESTION_CONNECT, text, &q, error), 0);
	text[0] = '/';
	assert_int_equal(question_parse(QUESTION_READ, text, &q, error), 0);
	assert_int_equal(q.n, BAILIFF_PATH_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_has_the_name_of_abi_h),
		cmocka_unit_test(what_is_no_question_says_why),
		cmocka_unit_test(lengths_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
