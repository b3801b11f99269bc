// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/policy/parse_test.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Sections about acts: lines that follow a policy of four lines without a warning. */
static int parse(const char *text, struct diag *diag, struct policy **ret_policy)
{
	char whole[1024];

	snprintf(whole, sizeof(whole), RULE "%s", text);
	return policy_parse_text("x", whole, strlen(whole), diag, ret_policy);
}

static void each_says(const char *const (*mistakes)[2], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct policy *policy = NULL;
		struct diag diag = {};
		char *text, expected[512];

		assert_int_equal(parse(mistakes[i][0], &diag, &policy), 1);
		text = diag_text(&diag);
		/* One mistake, and nothing that follows from it. */
		snprintf(expected, sizeof(expected), "x:%s\n", mistakes[i][1]);
		if (strcmp(text, expected) != 0)
			fail_msg("for:\n%s\nsaid:\n%s\nand not:\n%s", mistakes[i][0], text,
				 expected);
		free(text);
		diag_clear(&diag);
	}
}

#define AT "6:8: error: "
#define NO_ADDRESS "is no address; write one as 10.1.2.3, 10.0.0.0/8:443, [fd00::]/8 or *:8000-8080"
#define NO_PORT "a port is a number from 0 to 65535, 8000-8080 or *"
#define ORDER "verbs come first, then protocols, then addresses: begin a new line with \"deny =\""

static void mistakes_in_networks(void **state)
{
	static const char *const mistakes[][2] = {
		{"[network]\ndefault = dney",
		 "6:11: error: unknown verdict \"dney\"; did you mean \"deny\"?"},
		{"[network]\ndeny = connect",
		 "6:1: error: \"deny\" names no protocol; write at least one"},
		{"[network]\ndeny =", "6:1: error: \"deny\" names no protocol; write at least one"},
		{"[network]\ndeny = conect tcp 10.0.0.1:80",
		 AT "unknown verb or protocol \"conect\" in [network]; did you mean \"connect\"?"},
		{"[network]\ndeny = frob",
		 AT "unknown verb or protocol \"frob\" in [network]; there are connect, listen, "
		    "accept, tcp, udp, icmp, sctp, raw, unix, netlink, packet, vsock"},
		{"[network]\ndeny = tcp pdu",
		 "6:12: error: unknown protocol \"pdu\" in [network]; there are tcp, udp, icmp, "
		 "sctp, raw, unix, netlink, packet, vsock"},
		{"[network]\ndeny = tcp, udp",
		 "6:11: error: \",\" in [network]; white space separates its words"},
		{"[network]\ndeny = 10.0.0.1",
		 AT "\"deny\" in [network] needs a protocol before its addresses, such as tcp"},
		{"[network]\ndeny = tcp listen",
		 "6:12: error: verb \"listen\" after a protocol; " ORDER},
		{"[network]\ndeny = tcp *:80\n  udp",
		 "7:3: error: protocol \"udp\" after an address; " ORDER},
		{"[network]\ndeny = netlink 10.0.0.1",
		 "6:16: error: \"netlink\" takes no address; take \"10.0.0.1\" out, or "
		 "\"netlink\""},
		{"[network]\ndeny = tcp unix /run/x",
		 "6:17: error: \"unix\" and \"tcp\" have no addresses in common; give each a line"},
		{"[network]\nblock = tcp",
		 "6:1: error: unknown key \"block\" in [network]; there are default, allow, audit, "
		 "deny, inherit"},
	};

	(void)state;
	each_says(mistakes, LENGTH(mistakes));
}

static void mistakes_in_addresses(void **state)
{
	static const char *const mistakes[][2] = {
		{"example.com", "\"example.com\" " NO_ADDRESS},
		{"10.0.0", "\"10.0.0\" " NO_ADDRESS},
		{"10.0.0.1x", "\"10.0.0.1x\" " NO_ADDRESS},
		{"[10.0.0.1]", "\"[10.0.0.1]\" " NO_ADDRESS},
		{"**:80", "\"**:80\" " NO_ADDRESS},
		{"10.1.2.3/8:443", "\"10.1.2.3/8:443\" has bits behind its prefix of 8; the "
				   "network is 10.0.0.0/8:443"},
		{"10.1.2.3/13", "\"10.1.2.3/13\" has bits behind its prefix of 13; the network is "
				"10.0.0.0/13"},
		{"[fd01::]/13:80", "\"[fd01::]/13:80\" has bits behind its prefix of 13; the "
				   "network is [fd00::]/13:80"},
		{"10.0.0.0/33", "\"10.0.0.0/33\": a prefix is a number from 0 to 32"},
		{"10.0.0.0/", "\"10.0.0.0/\": a prefix is a number from 0 to 32"},
		{"[::]/129", "\"[::]/129\": a prefix is a number from 0 to 128"},
		{"*/8", "\"*/8\": \"*\" is any address and has no prefix"},
		{"fd00::/8", "\"fd00::/8\": an IPv6 address stands in brackets, as in "
			     "[fd00::]/8:443"},
		{"[fd00::", "\"]\" is missing in \"[fd00::\""},
		{"[::ffff:10.1.0.0]/112:80",
		 "\"[::ffff:10.1.0.0]/112:80\" is IPv4 in the form of IPv6; write 10.1.0.0/16:80"},
		{"[::ffff:0:0]/96",
		 "\"[::ffff:0:0]/96\" is IPv4 in the form of IPv6; write 0.0.0.0/0"},
		{"10.0.0.1:http", "\"10.0.0.1:http\": " NO_PORT},
		{"10.0.0.1:", "\"10.0.0.1:\": " NO_PORT},
		{"10.0.0.1:80-", "\"10.0.0.1:80-\": " NO_PORT},
		{"10.0.0.1:65536", "\"10.0.0.1:65536\": " NO_PORT},
		{"*:1-65536", "\"*:1-65536\": " NO_PORT},
		{"*:80x", "\"*:80x\": " NO_PORT},
		{"*:90-80", "\"*:90-80\": the range is reversed; write 80-90"},
		{"10.0.0.1/8x", "\"10.0.0.1/8x\": only a prefix and a port follow an address"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(mistakes); i++) {
		char text[128], expected[256];
		const char *one[1][2] = {{text, expected}};

		snprintf(text, sizeof(text), "[network]\ndeny = tcp %s", mistakes[i][0]);
		snprintf(expected, sizeof(expected), "6:12: error: %s", mistakes[i][1]);
		each_says((const char *const(*)[2])one, 1);
	}
}

static void mistakes_by_protocol(void **state)
{
	static const char *const mistakes[][2] = {
		{"[network]\ndeny = icmp 10.0.0.1:80",
		 "6:13: error: \"10.0.0.1:80\": \"icmp\" has no ports; take \":80\" out"},
		{"[network]\ndeny = tcp raw *:80",
		 "6:16: error: \"*:80\": \"raw\" has no ports; take \":80\" out"},
		{"[network]\ndeny = unix 10.0.0.1",
		 "6:13: error: \"10.0.0.1\" is no unix socket: write a path, which begins with "
		 "\"/\", or an abstract name, which begins with \"@\""},
		{"[network]\ndeny = unix /run//x",
		 "6:18: error: pattern \"/run//x\" can never match: a path has no \"//\" in it; "
		 "write \"/run/x\""},
		{"[network]\ndeny = unix /a[",
		 "6:15: error: pattern \"/a[\": '[' is not closed by ']'"},
	};

	(void)state;
	each_says(mistakes, LENGTH(mistakes));
}

static void mistakes_in_names(void **state)
{
	static const char *const mistakes[][2] = {
		{"[capability]\ndeny = net_rwa",
		 AT "unknown capability \"net_rwa\"; did you mean \"net_raw\"?"},
		{"[capability]\ndeny = CAP_SYS_ADMN",
		 AT "unknown capability \"CAP_SYS_ADMN\"; did you mean \"sys_admin\"?"},
		{"[capability]\ndeny = cap_foo",
		 AT "unknown capability \"cap_foo\"; the names are those of capabilities(7), such "
		    "as net_raw, or all"},
		{"[capability]\ndeny =",
		 "6:1: error: \"deny\" names no capability; write at least one"},
		{"[capability]\ndeny = chown # x",
		 "6:14: error: a comment after a value begins with white space and \";\", and "
		 "\"#\" begins one only at the start of a line"},
		{"[process]\ndeny = ptrce",
		 AT "unknown act \"ptrce\" in [process]; did you mean \"ptrace\"?"},
		{"[process]\ndeny = wx",
		 AT "unknown act \"wx\" in [process]; there are ptrace, signal-out, mount, chroot, "
		    "bpf, perf, module, keyctl, userns, io_uring, userfaultfd, setns, "
		    "usermode-helper"},
		{"[process]\ndeny =", "6:1: error: \"deny\" names no act; write at least one"},
		{"wx = no", "5:6: error: unknown verdict \"no\"; there are allow, audit, deny"},
		{"wx = deny\nwx = deny",
		 "6:1: error: \"wx\" is already set in line 5; keep one of them"},
		{"libraries = maybe",
		 "5:13: error: unknown value of libraries \"maybe\"; there are no, yes"},
	};

	(void)state;
	each_says(mistakes, LENGTH(mistakes));
}

static void what_only_allows_has_no_effect(void **state)
{
	static const char *const texts[] = {
		"[network]\nallow = connect tcp",
		"[capability]\nallow = all",
		"[process]\nallow = mount\ndeny = usermode-helper",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		struct policy *policy = NULL;
		struct diag diag = {};

		assert_int_equal(parse(texts[i], &diag, &policy), 0);
		assert_int_equal(diag.n_items, 1);
		assert_int_equal(diag.items[0].level, DIAG_WARNING);
		assert_int_equal(diag.items[0].line, 6);
		assert_non_null(
			strstr(diag.items[0].message, "] only allows, which has no effect"));
		diag_clear(&diag);
		policy_free(policy);
	}
}

static struct policy *parse_good(const char *text)
{
	struct policy *policy = NULL;
	struct diag diag = {};

	if (parse(text, &diag, &policy) != 0 || diag.n_items)
		fail_msg("%s", diag_text(&diag));
	return policy;
}

/* The first rule is that of RULE. */
static void rule_is(const struct policy *policy, size_t i, enum policy_section section,
		    enum bailiff_verdict verdict, const char *pattern, unsigned line,
		    unsigned column)
{
	const struct policy_rule *rule = &policy->rules[1 + i];

	assert_true(1 + i < policy->n_rules);
	assert_string_equal(rule->pattern, pattern);
	assert_int_equal(rule->section, section);
	assert_int_equal(rule->verdict, verdict);
	assert_int_equal(rule->verbs, 1u << BAILIFF_VERB_ACT);
	assert_int_equal(rule->line, line);
	assert_int_equal(rule->column, column);
	assert_non_null(rule->glob);
}

static void rules_of_networks(void **state)
{
	struct policy *policy = parse_good("[network]\n"
					   "default = deny\n"
					   "allow = connect tcp 10.0.0.0/8:5432 ; comment\n"
					   "   [fd00::]/8:443\n"
					   "audit = listen accept udp\n"
					   "   sctp\n"
					   "deny = raw *\n"
					   "[network]\n"
					   "deny = connect unix /a\\ b/** @{x,y}\n");

	(void)state;
	rule_is(policy, 0, POLICY_NETWORK, BAILIFF_DENY, "default", 6, 1);
	rule_is(policy, 1, POLICY_NETWORK, BAILIFF_ALLOW, "connect tcp 10.0.0.0/8:5432", 7, 21);
	rule_is(policy, 2, POLICY_NETWORK, BAILIFF_ALLOW, "connect tcp [fd00::]/8:443", 8, 4);
	rule_is(policy, 3, POLICY_NETWORK, BAILIFF_ALLOW, "create tcp", 7, 17);
	rule_is(policy, 4, POLICY_NETWORK, BAILIFF_AUDIT, "listen udp", 9, 23);
	rule_is(policy, 5, POLICY_NETWORK, BAILIFF_AUDIT, "accept udp", 9, 23);
	rule_is(policy, 6, POLICY_NETWORK, BAILIFF_ALLOW, "create udp", 9, 23);
	rule_is(policy, 7, POLICY_NETWORK, BAILIFF_AUDIT, "listen sctp", 10, 4);
	rule_is(policy, 8, POLICY_NETWORK, BAILIFF_AUDIT, "accept sctp", 10, 4);
	rule_is(policy, 9, POLICY_NETWORK, BAILIFF_ALLOW, "create sctp", 10, 4);
	rule_is(policy, 10, POLICY_NETWORK, BAILIFF_DENY, "raw *", 11, 12);
	rule_is(policy, 11, POLICY_NETWORK, BAILIFF_DENY, "connect unix /a\\ b/**", 13, 21);
	rule_is(policy, 12, POLICY_NETWORK, BAILIFF_DENY, "connect unix @{x,y}", 13, 30);
	assert_int_equal(policy->n_rules, 14);
	policy_free(policy);
}

static void rules_of_acts(void **state)
{
	struct policy *policy = parse_good("wx = audit\n"
					   "libraries = yes\n"
					   "[capability]\n"
					   "deny = sys_admin CAP_Net_Raw all\n"
					   "[process]\n"
					   "deny = ptrace signal-out\n"
					   "   userfaultfd\n"
					   "audit = usermode-helper\n");

	(void)state;
	assert_true(policy->libraries);
	rule_is(policy, 0, POLICY_EXEC, BAILIFF_AUDIT, "wx", 5, 1);
	/* memory can be written through a file */
	assert_int_equal(policy->rules[2].line, 5);
	assert_int_equal(policy->rules[2].verdict, BAILIFF_AUDIT);
	assert_int_equal(policy->rules[2].verbs, 1u << BAILIFF_VERB_WRITE);
	rule_is(policy, 2, POLICY_CAPABILITY, BAILIFF_DENY, "sys_admin", 8, 8);
	rule_is(policy, 3, POLICY_CAPABILITY, BAILIFF_DENY, "net_raw", 8, 18);
	rule_is(policy, 4, POLICY_CAPABILITY, BAILIFF_DENY, "all", 8, 30);
	rule_is(policy, 5, POLICY_PROCESS, BAILIFF_DENY, "ptrace", 10, 8);
	rule_is(policy, 6, POLICY_PROCESS, BAILIFF_DENY, "signal-out", 10, 15);
	rule_is(policy, 7, POLICY_PROCESS, BAILIFF_DENY, "userfaultfd", 11, 4);
	assert_int_equal(policy->n_rules, 1 + 8 + 10);
	for (size_t i = 9; i < policy->n_rules; i++) {
		assert_int_equal(policy->rules[i].verbs, 1u << BAILIFF_VERB_WRITE);
		assert_int_equal(policy->rules[i].section, POLICY_PROCESS);
		assert_int_equal(policy->rules[i].line, 12);
		assert_int_equal(policy->rules[i].column, 9);
	}
	policy_free(policy);
}

static void an_allow_makes_no_rule_by_itself(void **state)
{
	struct policy *policy = parse_good("wx = allow\n"
					   "libraries = no\n"
					   "[network]\ndefault = allow\n"
					   "[process]\ndefault = allow\n");

	(void)state;
	assert_false(policy->libraries);
	assert_int_equal(policy->n_rules, 1);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_in_networks),
		cmocka_unit_test(mistakes_in_addresses),
		cmocka_unit_test(mistakes_by_protocol),
		cmocka_unit_test(mistakes_in_names),
		cmocka_unit_test(what_only_allows_has_no_effect),
		cmocka_unit_test(rules_of_networks),
		cmocka_unit_test(rules_of_acts),
		cmocka_unit_test(an_allow_makes_no_rule_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
