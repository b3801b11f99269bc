// SPDX-License-Identifier: Apache-2.0
#include "policy/containers.h"
#include "policy/image.h"
#include "selftests/unit/policy/parse_test.h"

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define WEB "/machine.slice/libpod-" ID ".scope"

enum {
	NAMED = 1,
	UNITS = 2,
	UNKNOWN = 4,
};

static struct policy *parse(const char *text)
{
	struct policy *policy = NULL;
	struct diag diag = {};

	if (policy_parse_text("a.ini", text, strlen(text), &diag, &policy) != 0)
		fail_msg("%s", diag_text(&diag));
	diag_clear(&diag);
	return policy;
}

/* With a policy by name, one by unit and cgroup, and the one for what is not known. */
static struct selector *compile(void)
{
	struct policy *policies[3] = {
		parse("[select]\ncontainer = web-*\n[exec]\ndeny = /x\n"),
		parse("[select]\ncgroup = **/nginx.service /machine.slice/**\n[exec]\ndeny = /x\n"),
	};
	struct container web = {
		.id = (char[]){ID},
		.token = (char[]){"1"},
		.cgroup = (char[]){WEB},
		.name = (char[]){"web-1"},
	};
	struct container other = {
		.id = (char[]){OTHER},
		.token = (char[]){"1"},
		.cgroup = (char[]){"/system.slice/docker-" OTHER ".scope"},
	};
	struct container list[2] = {web, other};
	const struct containers known = {list, 2, false};
	struct selector *selector = NULL;
	struct diag diag = {};

	assert_int_equal(policy_of_unknown("/etc/bailiff/bailiff.conf", 7, &policies[2]), 0);
	assert_int_equal(selector_compile_known((const struct policy *const *)policies, 3, &known,
						&diag, &selector),
			 0);
	assert_int_equal(image_verify(selector->image->cells, selector->image->n_cells), 0);
	for (size_t i = 0; i < 3; i++)
		policy_free(policies[i]);
	return selector;
}

static void is(const struct selector *selector, const char *cgroup, unsigned expected)
{
	uint32_t number = image_decide(selector->image->cells, 0, cgroup, strlen(cgroup));
	unsigned bits = 0;

	for (size_t i = 0; i < selector->sets[number].n_policies; i++)
		bits |= 1u << selector->sets[number].policies[i];
	if (bits != expected)
		fail_msg("%s: policies %x, not %x", cgroup, bits, expected);
}

static void what_is_known_is_not_held(void **state)
{
	struct selector *s = compile();

	(void)state;
	is(s, WEB, NAMED | UNITS);
	is(s, WEB "/container/a/b", NAMED | UNITS);
	/* known, and no policy is about it */
	is(s, "/system.slice/docker-" OTHER ".scope", 0);
	is(s, "/system.slice/docker-" OTHER ".scope/init.scope", 0);
	/* another one beside it; and its id somewhere else */
	is(s, "/machine.slice/libpod-" OTHER ".scope", UNITS | UNKNOWN);
	is(s, "/user.slice/user-1.slice/user@1.service/user.slice/libpod-" ID ".scope", UNKNOWN);
	is(s, WEB "x", UNITS | UNKNOWN);
	selector_free(s);
}

static void containers_that_are_not_known_are_held(void **state)
{
	static const char *const held[] = {
		"/system.slice/docker-" ID ".scope",
		"/system.slice/docker-" ID ".scope/system.slice/sshd.service",
		"/system.slice/nerdctl-" ID ".scope",
		"/a.slice/a-b.slice/libpod-" ID ".scope/container",
		"/user.slice/user-1.slice/user@1.service/user.slice/libpod-" ID ".scope",
		"/system.slice/cri-containerd-" ID ".scope",
		"/kubepods.slice/cri-containerd-" ID ".scope",
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podx.slice/"
		"crio-" ID ".scope",
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podx.slice/x.scope",
		"/kubepods/besteffort/pod1/" ID,
		"/kubepods/pod1/" ID "/a",
		"/docker/" ID,
		"/default/web",
		"/k8s.io/" ID,
		"/libpod_parent/libpod-" ID,
		"/libpod-" ID,
		"/system.slice/x.service/libpod-payload-" ID,
	};
	struct selector *s = compile();

	(void)state;
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		is(s, held[i], UNKNOWN);
	is(s, "/machine.slice/machine-a.scope", UNITS | UNKNOWN);
	is(s, "/machine.slice/a.slice/libpod-" ID ".scope", UNITS | UNKNOWN);
	/* a policy for a unit that a container is in holds as well */
	is(s, "/system.slice/nginx.service/libpod-payload-" ID, UNITS | UNKNOWN);
	selector_free(s);
}

/* Who starts containers, or would have to mend what keeps them from it. */
static void the_host_and_runtimes_are_not_held(void **state)
{
	static const char *const free[] = {
		"/",
		"/init.scope",
		"/system.slice",
		"/system.slice/sshd.service",
		"/system.slice/ssh.service",
		"/system.slice/bailiffd.service",
		"/system.slice/containerd.service",
		"/system.slice/docker.service",
		"/system.slice/crio.service",
		"/system.slice/kubelet.service",
		"/system.slice/podman.service",
		"/system.slice/run-r0123456789abcdef.scope",
		"/machine.slice/libpod-conmon-" ID ".scope",
		"/machine.slice/a.slice/libpod-conmon-" ID ".scope",
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podx.slice/"
		"crio-conmon-" ID ".scope",
		"/kubepods/besteffort/pod1/crio-conmon-" ID,
		"/kubepods/besteffort/pod1",
		"/libpod_parent/conmon",
		"/user.slice/user-0.slice/session-1.scope",
		"/user.slice/user-1.slice/user@1.service/user.slice/libpod-conmon-" ID ".scope",
		"/system.slice/x.service/runtime",
		"/system.slice/system-getty.slice/getty@tty1.service",
	};
	struct selector *s = compile();

	(void)state;
	for (size_t i = 0; i < sizeof(free) / sizeof(free[0]); i++)
		is(s, free[i], 0);
	/* a service is none, wherever it is */
	is(s, "/machine.slice/systemd-nspawn@a.service", UNITS);
	is(s, "/machine.slice/nginx.service", UNITS);
	selector_free(s);
}

/* What it says, and that no file can say it in its name. */
static void nothing_is_executed(void **state)
{
	struct policy *policy = NULL, *named = NULL;
	struct image *image = NULL;
	struct diag diag = {};
	__u32 decision;

	(void)state;
	assert_int_equal(policy_of_unknown("/etc/bailiff/bailiff.conf", 7, &policy), 0);
	assert_int_equal(image_compile((const struct policy *const *)&policy, 1, 1, &diag, &image),
			 0);
	decision = image_decide(image->cells, BAILIFF_VERB_EXEC, "/usr/bin/true", 13);
	assert_int_equal(BAILIFF_VERDICT(decision), BAILIFF_DENY);
	assert_int_equal(((const struct bailiff_rule *)(image->cells +
							image_header(image->cells)
								->rules))[BAILIFF_RULE(decision)]
				 .line,
			 7);
	decision = image_decide(image->cells, BAILIFF_VERB_READ, "/etc/shadow", 11);
	assert_int_equal(BAILIFF_VERDICT(decision), BAILIFF_ALLOW);
	image_free(image);
	policy_free(policy);
	assert_int_equal(
		policy_parse_text("/a/" POLICY_UNKNOWN ".ini", RULE, strlen(RULE), &diag, &named),
		1);
	diag_clear(&diag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_known_is_not_held),
		cmocka_unit_test(containers_that_are_not_known_are_held),
		cmocka_unit_test(the_host_and_runtimes_are_not_held),
		cmocka_unit_test(nothing_is_executed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
