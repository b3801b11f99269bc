// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/k8s/k8s_test.h"

#define HEAD(kind, space, name)                                                                    \
	"{'apiVersion': 'bailiff.dev/v1alpha1', 'kind': '" kind "', 'metadata': {" space           \
	"'name': '" name "', 'uid': '12345678-1111-2222-3333-444444444444'}, 'spec': "

#define WEB HEAD("BailiffPolicy", "'namespace': 'shop', ", "web")
#define ALL HEAD("ClusterBailiffPolicy", "", "all")

static struct cluster cluster;

static int fill(void **state)
{
	put_pod(&cluster, "shop", "web-1", UID("1"), ", 'labels': {'app': 'web'}");
	put_pod(&cluster, "shop", "db-1", UID("2"), ", 'labels': {'app': 'db'}");
	put_pod(&cluster, "other", "web-1", UID("3"), ", 'labels': {'app': 'web'}");
	put_namespace(&cluster, "shop", "'team': 'a'");
	put_namespace(&cluster, "other", "'team': 'b'");
	return 0;
}

static int empty(void **state)
{
	cluster_clear(&cluster);
	return 0;
}

#define CGROUPS(last)                                                                              \
	"cgroup = "                                                                                \
	"/kubepods.slice/kubepods{,-besteffort.slice/kubepods-besteffort,-burstable.slice/"        \
	"kubepods-burstable}-pod00000000_1111_2222_3333_00000000000" last ".slice\n"               \
	"cgroup = /kubepods/{,besteffort/,burstable/}pod00000000-1111-2222-3333-00000000000" last  \
	"\n"

/* Every field of every section, and what a person would write. */
static void test_sections(void **state)
{
	struct object_policy policy = {};
	char *told;
	int r = read_object(
		&cluster,
		WEB "{'selector': {'matchLabels': {'app': 'web'}, 'containers': ['nginx', 'log']},"
		    "'policy': {'mode': 'audit', 'severity': 7, 'message': 'it left; its lane',"
		    " 'tags': ['MITRE_T1059 PCI', 'x']},"
		    "'exec': {'default': 'deny', 'allow': ['/usr/sbin/nginx', '/usr/lib/** "
		    "/opt/a;b'],"
		    " 'audit': ['/a'], 'deny': ['drift'], 'libraries': false, 'wx': 'deny',"
		    " 'scripts': true, 'executables': [{'path': '/b', 'allow': ['/c'],"
		    " 'inherit': true}]},"
		    "'file': {'revoke': true, 'deny': ['read /etc/shadow'], 'executables':"
		    " [{'path': '/usr/sbin/[n]ginx', 'default': 'audit', 'allow': ['read /k']}]},"
		    "'network': {'default': 'deny', 'allow': ['connect tcp 10.0.0.0/8:5432']},"
		    "'capability': {'deny': ['sys_admin net_raw']},"
		    "'process': {'deny': ['ptrace', 'mount']}}}",
		&policy, &told);

	if (r != 0)
		fail_msg("%s", told);
	assert_string_equal(told, "");
	assert_string_equal(policy.name, "k8s_shop_web");
	assert_int_equal(policy.n_pods, 1);
	assert_string_equal(
		policy.text,
		"[policy]\n"
		"mode     = audit\nseverity = 7\nmessage  = it left; its lane\n"
		"tags     = MITRE_T1059 PCI\ntags     = x\n"
		"\n[exec]\n"
		"default  = deny\nallow    = /usr/sbin/nginx\nallow    = /usr/lib/** /opt/a;b\n"
		"audit    = /a\ndeny     = drift\nlibraries = no\nwx       = deny\n"
		"scripts  = yes\n"
		"\n[exec \"/b\"]\nallow    = /c\ninherit  = yes\n"
		"\n[file]\ndeny     = read /etc/shadow\nrevoke   = yes\n"
		"\n[file \"/usr/sbin/[n]ginx\"]\ndefault  = audit\nallow    = read /k\n"
		"\n[network]\ndefault  = deny\nallow    = connect tcp 10.0.0.0/8:5432\n"
		"\n[capability]\ndeny     = sys_admin net_raw\n"
		"\n[process]\ndeny     = ptrace\ndeny     = mount\n"
		"\n[select]\n" CGROUPS("1") "container = nginx\ncontainer = log\n");
	object_policy_clear(&policy);
	free(told);
}

/* spec.ini stays line by line what it is; spec.selector takes the place of its own. */
static void test_ini(void **state)
{
	struct object_policy policy = {};
	char *told;
	int r = read_object(&cluster,
			    WEB "{'selector': {'matchLabels': {'app': 'db'}}, 'ini': "
				"'; mine\\n[select]\\nunit = a.service   ; here\\n   b.service\\n"
				"cgroup = /machine.slice/**\\nimage = **/nginx:*\\nhost = no\\n\\n"
				"[file]\\ndeny = read /etc/shadow\\r\\n   /root/**  ; both'}}",
			    &policy, &told);

	if (r != 0)
		fail_msg("%s", told);
	assert_string_equal(policy.text, "; mine\n[select]\n"
					 "; spec.selector stands in the place of this line\n"
					 "; spec.selector stands in the place of this line\n"
					 "; spec.selector stands in the place of this line\n"
					 "image = **/nginx:*\nhost = no\n\n"
					 "[file]\ndeny = read /etc/shadow\n   /root/**  ; both\n"
					 "\n[select]\n" CGROUPS("2"));
	assert_string_equal(told, "");
	object_policy_clear(&policy);
	free(told);
}

#define RULE_OF "'exec': {'deny': ['/x']}"

static void test_choice(void **state)
{
	static const struct {
		const char *object, *name;
		size_t n_pods;
	} objects[] = {
		{WEB "{'selector': {}, " RULE_OF "}}", "k8s_shop_web", 2},
		{WEB "{'selector': {'matchLabels': {'app': 'none'}}, " RULE_OF "}}", "k8s_shop_web",
		 0},
		{ALL "{'selector': {}, " RULE_OF "}}", "k8s_all", 3},
		{ALL
		 "{'selector': {}, 'namespaceSelector': {'matchLabels': {'team': 'b'}}, " RULE_OF
		 "}}",
		 "k8s_all", 1},
		{HEAD("BailiffPolicy", "'namespace': 'shop', ",
		      "a-name-that-is-too-long-for-a-file-of-sixty-three-bytes") "{'selector': "
										 "{}, " RULE_OF
										 "}}",
		 "k8s-uid_12345678-1111-2222-3333-444444444444_a-name-that-is-too", 2},
	};

	for (size_t i = 0; i < ELEMENTS(objects); i++) {
		struct object_policy policy = {};
		char *told;

		if (read_object(&cluster, objects[i].object, &policy, &told) != 0)
			fail_msg("%s: %s", objects[i].object, told);
		assert_string_equal(policy.name, objects[i].name);
		assert_int_equal(policy.n_pods, objects[i].n_pods);
		/* where no pod is chosen there is no file */
		assert_int_equal(!policy.text, policy.n_pods == 0);
		object_policy_clear(&policy);
		free(told);
	}
}

#define SAYS(fields) WEB "{'selector': {}, " fields "}}"

static const struct {
	const char *object, *told;
} errors[] = {
	/* the object */
	{"[]", "object: error: this is no map"},
	{"{'kind': 'Pod'}", "object: error: unknown kind \"Pod\""},
	{"{'apiVersion': 'bailiff.dev/v2', 'kind': 'BailiffPolicy'}",
	 "object: error: apiVersion of BailiffPolicy is \"bailiff.dev/v2\"; this version knows "
	 "bailiff.dev/v1alpha1"},
	{HEAD("BailiffPolicy", "", "web") "{}}",
	 "BailiffPolicy: metadata.namespace: error: there is no namespace"},
	{HEAD("BailiffPolicy", "'namespace': '../x', ", "web") "{}}",
	 "BailiffPolicy: metadata.namespace: error: there is no namespace"},
	{HEAD("BailiffPolicy", "'namespace': 'shop', ", "a/b") "{}}",
	 "BailiffPolicy: metadata.name: error: there is no name"},
	{HEAD("BailiffPolicy", "'namespace': 'shop', ", "a_b") "{}}",
	 "BailiffPolicy: metadata.name: error: there is no name"},
	{WEB "null}", "BailiffPolicy shop/web: spec: error: the object has none"},
	{WEB "7}", "BailiffPolicy shop/web: spec: error: write a map here"},
	/* whom it is about */
	{WEB "{" RULE_OF "}}", "BailiffPolicy shop/web: spec.selector: error: a policy says whom"},
	{WEB "{'selector': {'matchlabels': {'app': 'x'}}, " RULE_OF "}}",
	 "BailiffPolicy shop/web: spec.selector: error: unknown field \"matchlabels\"; did you "
	 "mean \"matchLabels\"?"},
	{WEB "{'selector': {}, 'namespaceSelector': {}, " RULE_OF "}}",
	 "BailiffPolicy shop/web: spec: error: unknown field \"namespaceSelector\""},
	{WEB "{'selector': {'containers': []}, " RULE_OF "}}",
	 "BailiffPolicy shop/web: spec.selector.containers: error: there is no name in it"},
	{WEB "{'selector': {'containers': ['*']}, " RULE_OF "}}",
	 "BailiffPolicy shop/web: spec.selector.containers[0]: error: \"*\" is no container's"},
	{WEB "{'selector': {'containers': ['a', 'b\\ncgroup = /**']}, " RULE_OF "}}",
	 "BailiffPolicy shop/web: spec.selector.containers[1]: error: byte 0x0a at 2 is no text"},
	/* sections */
	{SAYS("'policy': {'mode': 'audit'}"),
	 "BailiffPolicy shop/web: spec: error: there is no rule"},
	{SAYS("'exce': {'deny': ['/x']}, " RULE_OF),
	 "BailiffPolicy shop/web: spec: error: unknown field \"exce\"; did you mean \"exec\"?"},
	{SAYS("'exec': {'alow': ['/x']}"),
	 "BailiffPolicy shop/web: spec.exec: error: unknown field \"alow\"; did you mean "
	 "\"allow\"?"},
	{SAYS("'exec': {'inherit': true}"),
	 "BailiffPolicy shop/web: spec.exec: error: unknown field \"inherit\""},
	{SAYS("'exec': {'executables': [{'path': '/x', 'libraries': true}]}"),
	 "BailiffPolicy shop/web: spec.exec.executables[0]: error: unknown field \"libraries\""},
	{SAYS("'exec': {'executables': [{'allow': ['/x']}]}"),
	 "BailiffPolicy shop/web: spec.exec.executables[0].path: error: an executable needs"},
	{SAYS("'policy': {'severity': 11}, " RULE_OF),
	 "BailiffPolicy shop/web: spec.policy.severity: error: severity \"11\" is not a number"},
	{SAYS("'policy': {'severity': '7'}, " RULE_OF),
	 "BailiffPolicy shop/web: spec.policy.severity: error: write a number"},
	{SAYS("'file': {'deny': ['read /ok', 'raed /etc/shadow']}"),
	 "BailiffPolicy shop/web: spec.file.deny[1]: error: unknown verb \"raed\" in [file]; did "
	 "you mean \"read\"?"},
	{SAYS("'file': {'deny': 'read /x'}"),
	 "BailiffPolicy shop/web: spec.file.deny: error: this is a list"},
	{SAYS("'file': {'deny': [['read /x']]}"),
	 "BailiffPolicy shop/web: spec.file.deny[0]: error: write a text"},
	{SAYS("'file': {'deny': ['']}"),
	 "BailiffPolicy shop/web: spec.file.deny[0]: error: there is nothing in it"},
	{SAYS("'exec': {'default': true}"),
	 "BailiffPolicy shop/web: spec.exec.default: error: write a text"},
	{SAYS("'exec': {'libraries': 'yes'}"),
	 "BailiffPolicy shop/web: spec.exec.libraries: error: write true or false"},
	{SAYS("'exec': {'executables': [{'path': 'x', 'deny': ['/y']}]}"),
	 "BailiffPolicy shop/web: spec.exec.executables[0].path: error: pattern \"x\" does not "
	 "begin with \"/\""},
	/* nothing gets out of its line */
	{SAYS("'exec': {'deny': ['/x\\n[select]\\nhost = yes']}"),
	 "BailiffPolicy shop/web: spec.exec.deny[0]: error: byte 0x0a at 3 is no text"},
	{SAYS("'exec': {'deny': ['/x\\r[select]']}"),
	 "BailiffPolicy shop/web: spec.exec.deny[0]: error: byte 0x0d at 3 is no text"},
	{SAYS("'exec': {'deny': ['/x\\u0000/y']}"),
	 "BailiffPolicy shop/web: spec.exec.deny[0]: error: byte 0x00 at 3 is no text"},
	{SAYS("'exec': {'deny': ['/x\\t/y']}"),
	 "BailiffPolicy shop/web: spec.exec.deny[0]: error: byte 0x09 at 3 is no text"},
	{SAYS("'exec': {'deny': ['/x ;/y']}"),
	 "BailiffPolicy shop/web: spec.exec.deny[0]: error: \";\" at 4 would begin a comment"},
	{SAYS("'exec': {'deny': [';/x']}"),
	 "BailiffPolicy shop/web: spec.exec.deny[0]: error: \";\" at 1 would begin a comment"},
	{SAYS("'exec': {'deny': ['#/x']}"),
	 "BailiffPolicy shop/web: spec.exec.deny[0]: error: a comment after a value"},
	{SAYS("'policy': {'message': 'a ; b'}, " RULE_OF),
	 "BailiffPolicy shop/web: spec.policy.message: error: \";\" at 3 would begin a comment"},
	{SAYS("'exec': {'executables': [{'path': '/x\\\"] ;', 'deny': ['/y']}]}"),
	 "BailiffPolicy shop/web: spec.exec.executables[0].path: error: \";\" at 6 would"},
	{SAYS("'exec': {'executables': [{'path': '/x\\\"]', 'deny': ['/y']}]}"),
	 "BailiffPolicy shop/web: spec.exec.executables[0].path: error: a quote or backslash"},
	{SAYS("'exec': {'executables': [{'path': '/x\\\\', 'deny': ['/y']}]}"),
	 "BailiffPolicy shop/web: spec.exec.executables[0].path: error: a quote or backslash"},
	{SAYS("'exec': {'executables': [{'path': '/x', 'deny': ['/y'], '[select]\\nhost': 1}]}"),
	 "BailiffPolicy shop/web: spec.exec.executables[0]: error: unknown field "
	 "\"[select]?host\""},
	/* spec.ini */
	{SAYS("'ini': '[file]\\ndeny = raed /x'"),
	 "BailiffPolicy shop/web: spec.ini:2:8: error: unknown verb \"raed\" in [file]"},
	{SAYS("'ini': '[select]\\nhost = yes\\n[exec]\\ndeny = /x'"),
	 "BailiffPolicy shop/web: spec: error: \"host = yes\" is for what keeps a node alive"},
	{SAYS("'ini': '[exec]\\ndeny = /x', 'file': {}"),
	 "BailiffPolicy shop/web: spec.file: error: spec.ini is a whole policy"},
	{SAYS("'ini': ['x']"), "BailiffPolicy shop/web: spec.ini: error: write a text"},
	{SAYS("'ini': '[exec]\\ndeny = /x\\u0000'"),
	 "BailiffPolicy shop/web: spec.ini:2:10: error: byte 0x00 is no text"},
	{SAYS("'ini': '[daemon]\\nprotect = no\\n[exec]\\ndeny = /x'"),
	 "BailiffPolicy shop/web: spec.ini:1:2: error: [daemon] is known"},
	{WEB "{'selector': {'containers': ['a']}, 'ini': '[select]\\ncontainer = b\\n[exec]\\ndeny "
	     "= /x'}}",
	 "BailiffPolicy shop/web: spec.selector.containers: error: line 2 of spec.ini names"},
};

static void test_errors(void **state)
{
	for (size_t i = 0; i < ELEMENTS(errors); i++) {
		struct object_policy policy = {};
		char *told;

		if (read_object(&cluster, errors[i].object, &policy, &told) != 1)
			fail_msg("not refused: %s\n%s", errors[i].object,
				 policy.text ? policy.text : "no text");
		if (!strstr(told, errors[i].told))
			fail_msg("%s:\n%s\nnot\n%s", errors[i].object, told, errors[i].told);
		assert_null(policy.text);
		assert_null(policy.name);
		free(told);
	}
}

/* All errors of an object are told in one go. */
static void test_all_errors(void **state)
{
	struct object_policy policy = {};
	char *told;

	assert_int_equal(read_object(&cluster,
				     WEB "{'selector': {'x': 1}, 'y': 2, 'exec': {'z': 3, 'deny':"
					 " ['a', '/b ;']}, 'file': {'allow': ['/q']}}}",
				     &policy, &told),
			 1);
	assert_non_null(strstr(told, "spec.selector: error: unknown field \"x\""));
	assert_non_null(strstr(told, "spec: error: unknown field \"y\""));
	assert_non_null(strstr(told, "spec.exec: error: unknown field \"z\""));
	assert_non_null(strstr(told, "spec.exec.deny[1]: error"));
	assert_non_null(strstr(told, "spec.exec.deny[0]: error"));
	assert_non_null(strstr(told, "spec.file.allow[0]: error"));
	free(told);
}

/* The limits of JSON: the text's length, how deep it is, what is no UTF-8. */
static void test_json(void **state)
{
	const struct place top = {.name = "answer"};
	static const struct {
		const char *text, *told;
	} texts[] = {
		{"", "answer: error: this is no JSON that is understood"},
		{"{\"a\":", "its end is missing"},
		{"null", "answer: error: this is no JSON"},
		{"{\"a\":1,}", "answer: error: this is no JSON"},
		{"{\"a\":\"\xff\"}", "answer: error: this is no JSON"},
		{"{} {}", "answer: error: this is no JSON"},
		{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
		 "answer: error: this is no JSON"},
	};

	for (size_t i = 0; i < ELEMENTS(texts); i++) {
		struct diag diag = {};
		struct reader reader = {.diag = &diag};
		struct json_object *value = NULL;
		char *told;

		if (reader_parse(&reader, &top, texts[i].text, strlen(texts[i].text), &value) != 1)
			fail_msg("not refused: %s", texts[i].text);
		assert_null(value);
		told = diag_text(&diag);
		if (!strstr(told, texts[i].told))
			fail_msg("%s: %s", texts[i].text, told);
		free(told);
		diag_clear(&diag);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections),   cmocka_unit_test(test_ini),
		cmocka_unit_test(test_choice),	   cmocka_unit_test(test_errors),
		cmocka_unit_test(test_all_errors), cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, fill, empty);
}
