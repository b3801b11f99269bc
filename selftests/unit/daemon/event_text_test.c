/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/event-text.h"
#include "daemon/util.h"

/* An event with its texts behind it, as the ring gives it. */
struct record {
	struct bailiff_event event;
	char texts[256];
};

static struct text text(const char *string)
{
	return (struct text){string, strlen(string)};
}

static struct record record(const char *path, const char *exe, const char *cgroup)
{
	struct record record = {
		.event =
			{
				.tgid = 812,
				.pid = 813,
				.line = 9,
				.verb = BAILIFF_VERB_EXEC,
				.verdict = BAILIFF_DENY,
				.comm = "nginx",
				.policy = "web",
				.n_path = (__u16)strlen(path),
				.n_exe = (__u16)strlen(exe),
				.n_cgroup = (__u16)strlen(cgroup),
			},
	};

	/* without an end: what comes behind must not be taken for a part */
	memset(record.texts, '#', sizeof(record.texts));
	memcpy(record.texts, path, strlen(path));
	memcpy(record.texts + strlen(path), exe, strlen(exe));
	memcpy(record.texts + strlen(path) + strlen(exe), cgroup, strlen(cgroup));
	return record;
}

static void assert_sentence(const struct record *record, const char *expected)
{
	_cleanup_(freep) char *sentence = event_sentence(&record->event);

	assert_non_null(sentence);
	assert_string_equal(sentence, expected);
}

static void test_sentence(void **state)
{
	struct record r = record("/bin/sh", "/usr/sbin/nginx", "/system.slice/nginx.service");

	(void)state;
	assert_sentence(&r, "denied: nginx (/usr/sbin/nginx, pid 812) exec /bin/sh, "
			    "by policy web line 9");
	r.event.verdict = BAILIFF_WOULD_DENY;
	r.event.reason = BAILIFF_REASON_INVOKED_NAME;
	assert_sentence(&r, "would be denied: nginx (/usr/sbin/nginx, pid 812) exec /bin/sh, "
			    "by policy web line 9 (by the name that it was called by)");
	r.event.verdict = BAILIFF_AUDIT;
	r.event.reason = BAILIFF_REASON_RULE;
	r.event.verb = BAILIFF_VERB_WRITE;
	assert_sentence(&r, "audited: nginx (/usr/sbin/nginx, pid 812) write /bin/sh, "
			    "by policy web line 9");
	/* whose rule it is says why */
	r.event.verdict = BAILIFF_DENY;
	r.event.verb = BAILIFF_VERB_EXEC;
	strcpy(r.event.policy, "(unknown)");
	assert_string_equal(event_reason(&r.event), "unknown-container");
	assert_sentence(&r, "denied: nginx (/usr/sbin/nginx, pid 812) exec /bin/sh, by policy "
			    "\"(unknown)\" line 9 (it is not known which container this is)");
}

static void test_sentence_without_path(void **state)
{
	struct record r = record("", "", "");

	(void)state;
	r.event.reason = BAILIFF_REASON_TOO_LONG;
	assert_sentence(&r, "denied: nginx (\"\", pid 812) exec a path not known, "
			    "by policy web line 9 (the path is too long)");
}

/* A name that looks like the rest of the sentence stays in quotes. */
static void test_sentence_is_not_forged(void **state)
{
	struct record r = record("/x, by policy none line 1\nMESSAGE=y", "/a", "/");

	(void)state;
	strcpy(r.event.comm, "a (\"b\", pid 1)");
	assert_sentence(&r, "denied: \"a (\\x22b\\x22, pid 1)\" (/a, pid 812) exec "
			    "\"/x, by policy none line 1\\x0aMESSAGE=y\", by policy web line 9");
}

/* What lies in the ring is whole or no event, whoever wrote it. */
static void test_whole(void **state)
{
	struct record r = record("/p", "/exe", "/c");
	size_t size = sizeof(r.event) + 8;

	(void)state;
	assert_true(event_is_whole(&r, size));
	assert_true(event_is_whole(&r, size + 1));
	assert_false(event_is_whole(&r, size - 1));
	assert_false(event_is_whole(&r, sizeof(r.event) - 1));
	assert_false(event_is_whole(&r, 0));
	r.event.n_cgroup = 65535;
	assert_false(event_is_whole(&r, size));
	r = record("/p", "/exe", "/c");
	memset(r.event.policy, 'p', sizeof(r.event.policy));
	assert_false(event_is_whole(&r, size));
}

/* comm and policy fill their field: nothing ends them. */
static void test_texts_have_their_length(void **state)
{
	struct record r = record("/p", "/exe", "/c");
	struct event_texts texts;

	(void)state;
	memset(r.event.comm, 'c', sizeof(r.event.comm));
	memset(r.event.policy, 'p', sizeof(r.event.policy));
	event_texts(&r.event, &texts);
	assert_int_equal(texts.comm.n, sizeof(r.event.comm));
	assert_int_equal(texts.policy.n, BAILIFF_NAME_MAX);
	assert_int_equal(texts.path.n, 2);
	assert_memory_equal(texts.exe.bytes, "/exe", 4);
	assert_memory_equal(texts.cgroup.bytes, "/c", 2);
}

static void test_names_of_values_out_of_range(void **state)
{
	struct bailiff_event event = {.verb = 200, .verdict = 200, .reason = 200, .syscall = -1};
	_cleanup_(freep) char *none = NULL, *number = NULL;

	(void)state;
	assert_string_equal(event_action(&event), "unknown");
	assert_string_equal(event_verdict(&event), "unknown");
	assert_string_equal(event_reason(&event), "unknown");
	assert_int_equal(event_syscall(&event, &none), 0);
	assert_null(none);
	event.syscall = 1 << 20;
	assert_int_equal(event_syscall(&event, &number), 0);
	assert_string_equal(number, "1048576");
}

static void test_printable(void **state)
{
	static const char *const cases[][2] = {
		{"/usr/bin/a-b_c.d", "/usr/bin/a-b_c.d"},
		{"", "\"\""},
		{"/a b", "\"/a b\""},
		{"a\"b", "\"a\\x22b\""},
		{"/a\nb", "/a\\x0ab"},
		{"\033[31m", "\\x1b[31m"},
		{"\x7f", "\\x7f"},
		{"/\xc3\xa4", "/\xc3\xa4"},
		/* the escape itself cannot be written by a name */
		{"/a\\x0ab", "/a\\x5cx0ab"},
		/* no UTF-8: a lone byte, a cut character, overlong, surrogate, above the last */
		{"\xff", "\\xff"},
		{"\xc3", "\\xc3"},
		{"\xc0\xaf", "\\xc0\\xaf"},
		{"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
		/* C1, right-to-left override, zero width space, line separator */
		{"\xc2\x9b", "\\xc2\\x9b"},
		{"a\xe2\x80\xae", "a\\xe2\\x80\\xae"},
		{"a\xe2\x80\x8b", "a\\xe2\\x80\\x8b"},
		{"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},
		{"a\xe3\x80\x80"
		 "b",
		 "\"a\xe3\x80\x80"
		 "b\""}, /* a wide blank */
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		_cleanup_(freep) char *shown = text_printable(text(cases[i][0]));

		assert_non_null(shown);
		assert_string_equal(shown, cases[i][1]);
	}
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "ffff456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID_ "1b4e28ba_2fa1_11d2_883f_0016d3cca427"
#define UID "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
#define KUBE "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice"

static const struct {
	const char *cgroup, *unit, *container, *pod;
} cgroups[] = {
	{"/", "", "", ""},
	{"", "", "", ""},
	{"/init.scope", "init.scope", "", ""},
	{"/system.slice/nginx.service", "nginx.service", "", ""},
	{"/system.slice/nginx.service/worker/1", "nginx.service", "", ""},
	{"/system.slice/_cpu.service", "cpu.service", "", ""},
	{"/system.slice", "system.slice", "", ""},
	{"/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service", "", ""},
	{"/user.slice/user-1000.slice/session-3.scope", "session-3.scope", "", ""},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/vim.service", "user@1000.service",
	 "", ""},
	{"/machine.slice/libpod-" ID ".scope", "libpod-" ID ".scope", ID, ""},
	{"/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", ID, ""},
	{"/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", "", ""},
	{"/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID, ""},
	{"/docker/" ID, "", ID, ""},
	{"/docker/buildx", "", "", ""},
	{"/machine.slice/podman.service", "podman.service", "", ""},
	{"/libpod_parent/libpod-" ID, "", ID, ""},
	{KUBE "/cri-containerd-" ID ".scope", "cri-containerd-" ID ".scope", ID, UID},
	{KUBE "/crio-" ID ".scope", "crio-" ID ".scope", ID, UID},
	{KUBE "/crio-conmon-" ID ".scope", "crio-conmon-" ID ".scope", "", UID},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope/a/b",
	 "cri-containerd-" ID ".scope", ID, UID},
	{"/kubepods/besteffort/pod" UID "/" ID, "", ID, UID},
	{"/kubepods/pod" UID "/" ID "/nested", "", ID, UID},
	{"/kubepods/burstable/pod0123456789abcdef0123456789abcdef/" ID, "", ID,
	 "0123456789abcdef0123456789abcdef"},
	{KUBE, "kubepods-burstable-pod" UID_ ".slice", "", UID},
	{"/pod" UID "/" ID, "", ID, ""}, /* not below kubepods */
	/* what a container makes within its own subtree names nothing */
	{"/machine.slice/libpod-" ID ".scope/container/docker-" ID2 ".scope/nginx.service",
	 "libpod-" ID ".scope", ID, ""},
	{"/docker/" ID "/kubepods/pod" UID "/" ID2, "", ID, ""},
	{"/docker/" ID "/sshd.service", "", ID, ""},
	{"/system.slice/web.service/sshd.service", "web.service", "", ""},
};

static void test_cgroups(void **state)
{
	(void)state;
	for (size_t i = 0; i < ELEMENTS(cgroups); i++) {
		struct text cgroup = text(cgroups[i].cgroup);
		struct text unit = cgroup_unit(cgroup), container = cgroup_container(cgroup);
		char pod[CGROUP_POD_MAX] = "";
		size_t n = cgroup_pod(cgroup, pod);

		assert_int_equal(unit.n, strlen(cgroups[i].unit));
		assert_memory_equal(unit.n ? unit.bytes : "", cgroups[i].unit, unit.n);
		assert_int_equal(container.n, strlen(cgroups[i].container));
		assert_memory_equal(container.n ? container.bytes : "", cgroups[i].container,
				    container.n);
		assert_int_equal(n, strlen(cgroups[i].pod));
		assert_string_equal(pod, cgroups[i].pod);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentence),
		cmocka_unit_test(test_sentence_without_path),
		cmocka_unit_test(test_sentence_is_not_forged),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_texts_have_their_length),
		cmocka_unit_test(test_names_of_values_out_of_range),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_cgroups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
