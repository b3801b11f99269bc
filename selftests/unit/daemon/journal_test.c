/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include <cmocka.h>
#include <linux/types.h>

#include "daemon/journal.h"
#include "daemon/sinks.h"
#include "daemon/util.h"

/* What was written last. In the place of the daemon's own. */
static char fields[64][256];
static size_t lengths[64];
static int n_fields;

int sinks_event(const struct iovec *vectors, size_t n, __u64 time)
{
	assert_in_range(n, 1, ELEMENTS(fields));
	assert_int_equal(time, 123456789);
	for (size_t i = 0; i < n; i++) {
		assert_in_range(vectors[i].iov_len, 1, sizeof(fields[i]));
		memcpy(fields[i], vectors[i].iov_base, vectors[i].iov_len);
		lengths[i] = vectors[i].iov_len;
	}
	n_fields = (int)n;
	return 0;
}

/* Asserts that exactly one field of that name is there, with that value; NULL: none. */
static void assert_field(const char *name, const char *value)
{
	size_t n_name = strlen(name);
	int n = 0;

	for (int i = 0; i < n_fields; i++) {
		if (lengths[i] <= n_name || memcmp(fields[i], name, n_name) != 0 ||
		    fields[i][n_name] != '=')
			continue;
		n++;
		assert_non_null(value);
		assert_int_equal(lengths[i], n_name + 1 + strlen(value));
		assert_memory_equal(fields[i] + n_name + 1, value, strlen(value));
	}
	assert_int_equal(n, value != NULL);
}

static const struct {
	struct bailiff_event event;
	char texts[64];
} denied = {
	.event =
		{
			.time = 123456789,
			.cgroup = 4242,
			.tgid = 812,
			.pid = 813,
			.ppid = 1,
			.uid = 33,
			.gid = 34,
			.syscall = -1,
			.line = 9,
			.column = 14,
			.severity = 7,
			.verb = BAILIFF_VERB_READ,
			.verdict = BAILIFF_DENY,
			.n_path = 15,
			.n_exe = 6,
			.n_cgroup = 23,
			.comm = "nginx",
			.policy = "web",
		},
	.texts = "/a\nMESSAGE=fine/exe\n=/system.slice/a.service",
};

static void test_fields(void **state)
{
	(void)state;
	assert_int_equal(journal_event(&denied.event, NULL, NULL), 0);
	assert_field("MESSAGE_ID", JOURNAL_ID_DENIED);
	assert_field("PRIORITY", "4");
	assert_field("SYSLOG_IDENTIFIER", "bailiffd");
	assert_field("BAILIFF_ACTION", "read");
	assert_field("BAILIFF_VERDICT", "deny");
	assert_field("BAILIFF_MODE", "enforce");
	assert_field("BAILIFF_POLICY", "web");
	assert_field("BAILIFF_RULE", "web.ini:9");
	assert_field("BAILIFF_LINE", "9");
	assert_field("BAILIFF_COLUMN", "14");
	assert_field("BAILIFF_SEVERITY", "7");
	assert_field("BAILIFF_REASON", NULL);
	assert_field("BAILIFF_MESSAGE", NULL);
	assert_field("BAILIFF_TAGS", NULL);
	assert_field("BAILIFF_PID", "812");
	assert_field("BAILIFF_TID", "813");
	assert_field("BAILIFF_PPID", "1");
	assert_field("BAILIFF_UID", "33");
	assert_field("BAILIFF_GID", "34");
	assert_field("BAILIFF_COMM", "nginx");
	assert_field("BAILIFF_CGROUP", "/system.slice/a.service");
	assert_field("BAILIFF_CGROUP_ID", "4242");
	assert_field("BAILIFF_UNIT", "a.service");
	assert_field("BAILIFF_CONTAINER", NULL);
	assert_field("BAILIFF_POD", NULL);
	assert_field("BAILIFF_SYSCALL", NULL);
	assert_field("BAILIFF_TIME", "123456789");
	assert_field("BAILIFF_COUNT", "1");
	assert_field("BAILIFF_REPEATS", NULL);
}

static void test_repeats(void **state)
{
	struct bailiff_event *event = malloc(sizeof(denied));

	(void)state;
	assert_non_null(event);
	memcpy(event, &denied, sizeof(denied));
	event->repeats = 41;
	assert_int_equal(journal_event(event, NULL, NULL), 0);
	free(event);
	assert_field("BAILIFF_COUNT", "41");
	assert_field("BAILIFF_REPEATS", "41");
	assert_field("MESSAGE", "denied: nginx (/exe\\x0a=, pid 812) read /a\\x0aMESSAGE=fine, "
				"by policy web line 9; 41 times, told together");
}

/* A newline in a name stays in its field, and the sentence is one line. */
static void test_names_forge_nothing(void **state)
{
	(void)state;
	assert_int_equal(journal_event(&denied.event, NULL, NULL), 0);
	assert_field("BAILIFF_PATH", "/a\nMESSAGE=fine");
	assert_field("BAILIFF_EXE", "/exe\n=");
	assert_field("MESSAGE", "denied: nginx (/exe\\x0a=, pid 812) read /a\\x0aMESSAGE=fine, "
				"by policy web line 9");
}

static void test_policy(void **state)
{
	static char *const tags[] = {"PCI", "MITRE_T1059"};
	const struct journal_policy policy = {
		.file = "/etc/bailiff/policies.d/web.ini",
		.message = "left its lane",
		.tags = tags,
		.n_tags = 2,
	};
	struct bailiff_event *event = malloc(sizeof(denied));

	(void)state;
	assert_non_null(event);
	memcpy(event, &denied, sizeof(denied));
	event->verdict = BAILIFF_WOULD_DENY;
	event->audit = 1;
	event->reason = BAILIFF_REASON_NO_NAMESPACE;
	event->syscall = 0;
	assert_int_equal(journal_event(event, &policy, NULL), 0);
	free(event);
	assert_field("MESSAGE_ID", JOURNAL_ID_WOULD_DENY);
	assert_field("PRIORITY", "5");
	assert_field("BAILIFF_VERDICT", "would-deny");
	assert_field("BAILIFF_MODE", "audit");
	assert_field("BAILIFF_REASON", "no-namespace");
	assert_field("BAILIFF_RULE", "/etc/bailiff/policies.d/web.ini:9");
	assert_field("BAILIFF_MESSAGE", "left its lane");
	assert_field("BAILIFF_TAGS", "PCI MITRE_T1059");
#if defined(__x86_64__)
	assert_field("BAILIFF_SYSCALL", "read");
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_names_forge_nothing),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_repeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
