// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>

#include "selftests/unit/policy/act_test.h"
#include "selftests/unit/policy/oracle.h"

#define WRITE BAILIFF_VERB_WRITE

static void capability_is(const struct image *image, unsigned number, unsigned verdict,
			  unsigned line)
{
	char name[] = {BAILIFF_ACT_CAPABILITY, (char)(BAILIFF_ACT_BASE + number), '\0'};

	name_is(image, name, 2, name + 1, verdict, line);
}

static void process_is(const struct image *image, enum bailiff_process act, unsigned verdict,
		       unsigned line)
{
	char name[] = {BAILIFF_ACT_PROCESS, (char)(BAILIFF_ACT_BASE + act), '\0'};

	name_is(image, name, 2, name + 1, verdict, line);
}

/* @act is as in "ct10.0.0.1 80", "cx/run/x" or "st". */
static void network_is(const struct image *image, const char *act, unsigned verdict, unsigned line)
{
	struct query q = {.operation = act[0], .protocol = act[1]};
	char host[64] = "", name[256];

	if (act[2] && q.protocol == BAILIFF_PROTOCOL_UNIX) {
		q.family = '@';
		q.text = act + 2;
	} else if (act[2]) {
		assert_int_equal(sscanf(act + 2, "%63s %u", host, &q.port), 2);
		q.family = strchr(host, ':') ? '6' : '4';
		assert_int_equal(inet_pton(q.family == '4' ? AF_INET : AF_INET6, host, q.address),
				 1);
	}
	name_is(image, name, query_name(&q, name), act, verdict, line);
}

static void exceptions_to_networks(void **state)
{
	struct image *image = compile("[network]\n"
				      "deny = connect tcp 10.0.0.0/8:*\n"
				      "allow = connect tcp 10.1.0.0/16:443\n"
				      "audit = listen tcp *:0-1023\n");

	(void)state;
	network_is(image, "ct10.2.0.1 443", BAILIFF_DENY, 2);
	network_is(image, "ct10.1.0.1 443", BAILIFF_ALLOW, 3);
	network_is(image, "ct10.1.0.1 442", BAILIFF_DENY, 2);
	network_is(image, "ct11.1.0.1 443", BAILIFF_ALLOW, 0);
	network_is(image, "lt10.1.0.1 443", BAILIFF_AUDIT, 4);
	network_is(image, "lt::1 1023", BAILIFF_AUDIT, 4);
	network_is(image, "lt::1 1024", BAILIFF_ALLOW, 0);
	network_is(image, "cu10.2.0.1 443", BAILIFF_ALLOW, 0);
	network_is(image, "st", BAILIFF_ALLOW, 3);
	assert_int_equal(image_header(image->cells)->network, 1);
	assert_int_equal(image_header(image->cells)->used,
			 1u << ACT | 1u << (BAILIFF_VERB_BELOW + BAILIFF_BELOW_ACT));
	image_free(image);
}

static void a_default_of_networks(void **state)
{
	struct image *image = compile("[network]\n"
				      "default = deny\n"
				      "allow = connect tcp 10.0.0.0/8:5432 [fd00::]/8:443\n"
				      "allow = listen accept udp\n"
				      "allow = connect unix /run/x/{*.sock,s,t} @abc*\n"
				      "allow = netlink\n");

	(void)state;
	network_is(image, "st", BAILIFF_ALLOW, 3);
	network_is(image, "ct10.255.255.255 5432", BAILIFF_ALLOW, 3);
	network_is(image, "ctfdff::1 443", BAILIFF_ALLOW, 3);
	network_is(image, "ctfe00::1 443", BAILIFF_DENY, 2);
	network_is(image, "lt10.0.0.1 5432", BAILIFF_DENY, 2);
	network_is(image, "su", BAILIFF_ALLOW, 4);
	network_is(image, "lu1.2.3.4 5", BAILIFF_ALLOW, 4);
	network_is(image, "cu1.2.3.4 5", BAILIFF_DENY, 2);
	network_is(image, "cx/run/x/a.sock", BAILIFF_ALLOW, 5);
	network_is(image, "cx/var/run/x/a.sock", BAILIFF_ALLOW, 5);
	network_is(image, "cx/run/x/t", BAILIFF_ALLOW, 5);
	network_is(image, "cx@abcd", BAILIFF_ALLOW, 5);
	network_is(image, "cx@bcd", BAILIFF_DENY, 2);
	network_is(image, "cx", BAILIFF_DENY, 2);
	network_is(image, "sn", BAILIFF_ALLOW, 6);
	network_is(image, "cn", BAILIFF_ALLOW, 6);
	network_is(image, "so", BAILIFF_DENY, 2);
	network_is(image, "sr", BAILIFF_DENY, 2);
	/* Acts are none of another section's, nor of paths. */
	capability_is(image, 0, BAILIFF_ALLOW, 0);
	process_is(image, 0, BAILIFF_ALLOW, 0);
	assert_int_equal(image_decide(image->cells, ACT, "/etc", 4), 0);
	assert_int_equal(image_decide(image->cells, ACT, "memfd:x", 7), 0);
	image_free(image);
}

static void a_protocol_without_verbs_is_all_of_it(void **state)
{
	struct image *image = compile("[network]\n"
				      "deny = tcp packet\n"
				      "allow = connect tcp\n"
				      "deny = udp 10.0.0.0/8\n"
				      "deny = connect raw\n");

	(void)state;
	network_is(image, "st", BAILIFF_ALLOW, 3);
	network_is(image, "ct1.2.3.4 5", BAILIFF_ALLOW, 3);
	network_is(image, "lt1.2.3.4 5", BAILIFF_DENY, 2);
	network_is(image, "sp", BAILIFF_DENY, 2);
	network_is(image, "lp", BAILIFF_DENY, 2);
	network_is(image, "su", BAILIFF_ALLOW, 0);
	network_is(image, "au10.2.3.4 5", BAILIFF_DENY, 4);
	network_is(image, "sr", BAILIFF_ALLOW, 0);
	network_is(image, "cr1.2.3.4 0", BAILIFF_DENY, 5);
	image_free(image);
}

static void capabilities_and_acts(void **state)
{
	struct image *image = compile("[capability]\n"
				      "deny = all\n"
				      "allow = CAP_NET_RAW ipc_owner\n"
				      "audit = net_bind_service\n"
				      "[process]\n"
				      "default = audit\n"
				      "deny = ptrace userfaultfd\n"
				      "allow = mount\n"
				      "allow = usermode-helper\n");
	const struct bailiff_image *header = image_header(image->cells);

	(void)state;
	capability_is(image, 0, BAILIFF_DENY, 2);
	capability_is(image, 40, BAILIFF_DENY, 2);
	capability_is(image, 13, BAILIFF_ALLOW, 3);
	capability_is(image, 15, BAILIFF_ALLOW, 3);
	capability_is(image, 10, BAILIFF_AUDIT, 4);
	process_is(image, BAILIFF_PROCESS_PTRACE, BAILIFF_DENY, 7);
	process_is(image, BAILIFF_PROCESS_USERFAULTFD, BAILIFF_DENY, 7);
	process_is(image, BAILIFF_PROCESS_MOUNT, BAILIFF_ALLOW, 8);
	process_is(image, BAILIFF_PROCESS_CHROOT, BAILIFF_AUDIT, 6);
	process_is(image, BAILIFF_PROCESS_WX, BAILIFF_ALLOW, 0);
	assert_int_equal(header->capabilities,
			 ((1ull << BAILIFF_N_CAPABILITIES) - 1) & ~(1ull << 13 | 1ull << 15));
	assert_int_equal(header->process,
			 ((1u << BAILIFF_PROCESS_WX) - 1) & ~(1u << BAILIFF_PROCESS_MOUNT));
	assert_int_equal(header->network, 0);
	image_free(image);
}

static void write_is(const struct image *image, const char *path, unsigned verdict)
{
	uint32_t word = image_decide(image->cells, WRITE, path, strlen(path));

	assert_int_equal(BAILIFF_VERDICT(word), verdict);
}

static void write_and_execute(void **state)
{
	struct image *image = compile("[policy]\nmode = audit\n[exec]\nwx = deny\n");

	(void)state;
	process_is(image, BAILIFF_PROCESS_WX, BAILIFF_WOULD_DENY, 4);
	assert_int_equal(image_header(image->cells)->process, 1u << BAILIFF_PROCESS_WX);
	assert_int_equal(image_header(image->cells)->used,
			 1u << ACT | 1u << WRITE | 1u << (BAILIFF_VERB_OTHER + WRITE) |
				 1u << (BAILIFF_VERB_BELOW + WRITE));
	/* a process's memory, by whatever name */
	write_is(image, "/proc/1/mem", BAILIFF_WOULD_DENY);
	write_is(image, "/jail/proc/12/task/13/mem", BAILIFF_WOULD_DENY);
	write_is(image, "/proc/meminfo", BAILIFF_ALLOW);
	write_is(image, "/proc/1/comm", BAILIFF_ALLOW);
	write_is(image, "/srv/1/mem", BAILIFF_ALLOW);
	image_free(image);
}

/* Each policy by itself: what one allows, another may deny. */
static void the_strictest_policy_stands(void **state)
{
	static const char *const texts[] = {
		SELECT "[capability]\ndefault = deny\nallow = kill net_raw\n",
		SELECT "[capability]\naudit = kill\n[process]\ndeny = bpf\n",
	};
	const struct policy *pointers[2];
	struct policy *policies[2] = {NULL};
	struct image *image = NULL;
	struct diag diag = {0};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
			policy_parse_text("a.ini", texts[i], strlen(texts[i]), &diag, &policies[i]),
			0);
		pointers[i] = policies[i];
	}
	assert_int_equal(image_compile(pointers, 2, 1, &diag, &image), 0);
	capability_is(image, 0, BAILIFF_DENY, 4);
	capability_is(image, 5, BAILIFF_AUDIT, 4);
	capability_is(image, 13, BAILIFF_ALLOW, 5);
	process_is(image, BAILIFF_PROCESS_BPF, BAILIFF_DENY, 6);
	image_free(image);
	policy_free(policies[0]);
	policy_free(policies[1]);
}

/* Rules over files, which lines of [file] may except from. */
static void helpers_are_files(void **state)
{
	static const char *const files[] = {
		"/proc/sys/kernel/core_pattern",
		"/x/proc/sys/kernel/modprobe",
		"/sys/kernel/uevent_helper",
		"/sys/fs/cgroup/memory/release_agent",
		"/proc/sys/fs/binfmt_misc/x",
		"/proc/sys/kernel/poweroff_cmd",
		"/sys/module/nfs/parameters/cache_getent",
		"/sys/devices/system/machinecheck/machinecheck0/trigger",
	};
	struct image *image = compile("[process]\ndeny = mount usermode-helper\n"
				      "[file]\nallow = write /x/**/modprobe\n");
	struct image *by_default = compile("[process]\ndefault = deny\nallow = mount\n");

	(void)state;
	for (size_t i = 0; i < LENGTH(files); i++) {
		const char *f = files[i];
		uint32_t word = image_decide(image->cells, BAILIFF_VERB_WRITE, f, strlen(f));

		/* crossing rules: the stricter one stands */
		assert_int_equal(BAILIFF_VERDICT(word), BAILIFF_DENY);
		word = image_decide(by_default->cells, BAILIFF_VERB_WRITE, f, strlen(f));
		assert_int_equal(BAILIFF_VERDICT(word), BAILIFF_DENY);
		word = image_decide(image->cells, BAILIFF_VERB_READ, f, strlen(f));
		assert_int_equal(word, 0);
	}
	image_free(image);
	image_free(by_default);
}

/* The same key in another section, or of another verb, is another rule's. */
static void keys_have_their_section(void **state)
{
	struct image *image = compile("[capability]\ndeny = bpf\n[process]\ndeny = bpf\n"
				      "[network]\ndeny = connect listen tcp udp 10.0.0.1\n");
	const struct bailiff_image *header = image_header(image->cells);
	const struct bailiff_rule *rules =
		(const struct bailiff_rule *)(image->cells + header->rules);

	(void)state;
	assert_int_equal(header->n_rules, 9); /* listening is about all addresses, too */
	for (uint32_t i = 1; i < header->n_rules; i++)
		for (uint32_t k = 1; k < i; k++)
			assert_int_not_equal(rules[i].key, rules[k].key);
	image_free(image);
}

static const struct {
	const char *name;
	unsigned verdict;
} verdicts[] = {{"allow", BAILIFF_ALLOW}, {"audit", BAILIFF_AUDIT}, {"deny", BAILIFF_DENY}};

static void random_capabilities_decide_as_said(void **state)
{
	static const char *const names[] = {
		"chown", "kill", "net_raw", "ipc_owner", "sys_admin", "checkpoint_restore", "all"};
	static const unsigned numbers[] = {0, 5, 13, 15, 21, 40};

	(void)state;
	random_seed(9);
	for (unsigned round = 0; round < 300; round++) {
		unsigned chosen[8], said[8], n = 1 + random_below(8);
		char text[1024] = "[capability]\n";
		struct image *image;

		for (unsigned i = 0; i < n; i++) {
			chosen[i] = random_below(LENGTH(names));
			said[i] = random_below(LENGTH(verdicts));
			sprintf(text + strlen(text), "%s = %s\n", verdicts[said[i]].name,
				names[chosen[i]]);
		}
		image = compile(text);
		for (unsigned c = 0; c < LENGTH(numbers); c++) {
			unsigned best = n;

			/* what names it, before what names all */
			for (unsigned pass = 0; pass < 2 && best == n; pass++)
				for (unsigned i = 0; i < n; i++)
					if (chosen[i] == (pass ? LENGTH(numbers) : c) &&
					    (best == n || said[i] > said[best]))
						best = i;
			capability_is(image, numbers[c],
				      best == n ? BAILIFF_ALLOW : verdicts[said[best]].verdict,
				      best == n ? 0 : best + 2);
		}
		image_free(image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exceptions_to_networks),
		cmocka_unit_test(a_default_of_networks),
		cmocka_unit_test(a_protocol_without_verbs_is_all_of_it),
		cmocka_unit_test(capabilities_and_acts),
		cmocka_unit_test(write_and_execute),
		cmocka_unit_test(the_strictest_policy_stands),
		cmocka_unit_test(helpers_are_files),
		cmocka_unit_test(keys_have_their_section),
		cmocka_unit_test(random_capabilities_decide_as_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
