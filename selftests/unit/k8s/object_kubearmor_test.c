// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/k8s/k8s_test.h"

#define HEAD(kind, space)                                                                          \
	"{'apiVersion': 'security.kubearmor.com/v1', 'kind': '" kind "', 'metadata': {" space      \
	"'name': 'block', 'uid': '12345678-1111-2222-3333-444444444444', 'managedFields': "        \
	"[{'a': 'b'}]}, 'status': {'status': 'OK'}, 'spec': "

#define POD HEAD("KubeArmorPolicy", "'namespace': 'shop', ")
#define CLUSTER HEAD("KubeArmorClusterPolicy", "")
#define HOST HEAD("KubeArmorHostPolicy", "")
#define RULES_OF "'process': {'matchPaths': [{'path': '/usr/bin/apt'}]}, 'action': 'Block'"

static struct cluster cluster;

static int fill(void **state)
{
	put_pod(&cluster, "shop", "web-1", UID("1"), ", 'labels': {'app': 'web'}");
	put_pod(&cluster, "shop", "db-1", UID("2"), ", 'labels': {'app': 'db'}");
	put_pod(&cluster, "other", "web-1", UID("3"), ", 'labels': {'app': 'web'}");
	put_namespace(&cluster, "shop", "");
	put_namespace(&cluster, "other", "");
	return 0;
}

static int empty(void **state)
{
	cluster_clear(&cluster);
	return 0;
}

static const struct {
	const char *object, *name, *has;
	size_t n_pods;
} objects[] = {
	{POD "{'selector': {'matchLabels': {'app': 'web'}}, " RULES_OF "}}", "kubearmor_shop_block",
	 "deny     = /usr/bin/apt\n", 1},
	{POD "{'selector': {'matchLabels': {'app': 'web', 'kubearmor.io/container.name': "
	     "'[nginx, log]'}}, " RULES_OF "}}",
	 "kubearmor_shop_block", "\ncontainer = nginx log\n", 1},
	{POD "{'selector': {}, " RULES_OF "}}", "kubearmor_shop_block", "kubepods", 2},
	{POD "{'selector': {'matchLabels': {'app': 'x'}}, " RULES_OF "}}", "kubearmor_shop_block",
	 NULL, 0},
	{CLUSTER "{'selector': {'matchExpressions': [{'key': 'namespace', 'operator': 'NotIn', "
		 "'values': ['other']}]}, " RULES_OF "}}",
	 "kubearmor_block", "kubepods", 2},
	{CLUSTER "{'selector': {'matchExpressions': [{'key': 'namespace', 'operator': 'In', "
		 "'values': ['other', 'shop']}, {'key': 'label', 'operator': 'In', 'values': "
		 "['app=web', 'app=x']}]}, " RULES_OF "}}",
	 "kubearmor_block", "kubepods", 2},
	{HOST "{'nodeSelector': {'matchLabels': {'kubernetes.io/hostname': 'node-1'}}, " RULES_OF
	      "}}",
	 "kubearmor-host_block", "host     = yes\n", 0},
};

static void test_objects(void **state)
{
	for (size_t i = 0; i < ELEMENTS(objects); i++) {
		struct object_policy policy = {};
		char *told;

		if (read_object(&cluster, objects[i].object, &policy, &told) != 0)
			fail_msg("%s: %s", objects[i].object, told);
		assert_string_equal(policy.name, objects[i].name);
		assert_int_equal(policy.n_pods, objects[i].n_pods);
		assert_int_equal(!policy.text, !objects[i].has);
		if (policy.text && !strstr(policy.text, objects[i].has))
			fail_msg("%s: %s", objects[i].object, policy.text);
		object_policy_clear(&policy);
		free(told);
	}
}

#define TITLE "KubeArmorPolicy shop/block: "

static const struct {
	const char *object, *told;
} errors[] = {
	{POD "{" RULES_OF "}}", TITLE "spec.selector: error: a policy says whom"},
	{POD "{'selector': {'matchlabels': {}}, " RULES_OF "}}",
	 TITLE "spec.selector: error: unknown field \"matchlabels\""},
	{POD "{'selector': {'matchLabels': {'kubearmor.io/container.name': '*'}}, " RULES_OF "}}",
	 TITLE "spec.selector.matchLabels.kubearmor.io/container.name: error: \"*\" is no"},
	{POD "{'selector': {}, 'process': {'matchPaths': [{'path': '/a'}, {'path': 'b'}]}}}",
	 TITLE "spec.process.matchPaths[1].path: error: "},
	{POD "{'selector': {}, 'process': {'matchPaths': [{'path': '/a\\n[select]'}]}}}",
	 TITLE "spec.process.matchPaths[0].path: error: "},
	{POD "{'selector': {}, 'syscalls': {'matchSyscalls': [{'syscall': ['open']}]}}}",
	 TITLE "spec.syscalls"},
	{POD "{'selector': {}, 'message': 'a ; [select]', " RULES_OF "}}",
	 TITLE "spec.message: error"},
	{CLUSTER "{'selector': {'matchExpressions': [{'key': 'namespace', 'operator': 'in', "
		 "'values': ['other']}]}, " RULES_OF "}}",
	 "spec.selector.matchExpressions[0].operator: error: unknown operator \"in\""},
	{CLUSTER "{'selector': {'matchExpressions': [{'key': 'name', 'operator': 'In', "
		 "'values': ['other']}]}, " RULES_OF "}}",
	 "spec.selector.matchExpressions[0]: error: unknown key \"name\""},
	{CLUSTER "{'selector': {'matchExpressions': [{'key': 'label', 'operator': 'In', "
		 "'values': ['app']}]}, " RULES_OF "}}",
	 "matchExpressions[0].values[0]: error: a label is written KEY=VALUE"},
	{CLUSTER "{'selector': {'matchExpressions': [{'key': 'label', 'operator': 'In', "
		 "'values': ['app=a', 'ap=b']}]}, " RULES_OF "}}",
	 "matchExpressions[0].values[1]: error: the labels of one expression have one key"},
	{HOST "{'nodeSelector': {'matchLabels': {'kubernetes.io/hostname': 'node-2'}}, " RULES_OF
	      "}}",
	 "spec.nodeSelector.matchLabels.kubernetes.io/hostname: error: nodeSelector: this host is"},
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
		free(told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, fill, empty);
}
