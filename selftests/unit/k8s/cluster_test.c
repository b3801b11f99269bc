// SPDX-License-Identifier: Apache-2.0
#include "policy/image.h"
#include "policy/policy.h"
#include "selftests/unit/k8s/k8s_test.h"

static struct lines_list select_all(const struct cluster *cluster, const struct choice *choice,
				    size_t n_pods)
{
	struct lines_list list = {};
	size_t n = 0;

	assert_int_equal(cluster_select(cluster, choice, &list, &n), 0);
	assert_int_equal(n, n_pods);
	assert_int_equal(list.n, 2 * n_pods);
	return list;
}

static void test_lines(void **state)
{
	struct cluster cluster = {};
	struct lines_list list;

	put_pod(&cluster, "shop", "web-1", UID("a"), "");
	list = select_all(&cluster, &(struct choice){}, 1);
	assert_string_equal(list.lines[0],
			    "cgroup = /kubepods.slice/kubepods{,-besteffort.slice/"
			    "kubepods-besteffort,-burstable.slice/kubepods-burstable}-"
			    "pod00000000_1111_2222_3333_00000000000a.slice");
	assert_string_equal(list.lines[1], "cgroup = /kubepods/{,besteffort/,burstable/}"
					   "pod00000000-1111-2222-3333-00000000000a");
	lines_list_clear(&list);

	cluster.cgroup_root = "/my-kube/let/";
	list = select_all(&cluster, &(struct choice){}, 1);
	assert_string_equal(
		list.lines[0],
		"cgroup = /my_kube.slice/my_kube-let.slice/my_kube-let-kubepods.slice/"
		"my_kube-let-kubepods{,-besteffort.slice/my_kube-let-kubepods-besteffort,"
		"-burstable.slice/my_kube-let-kubepods-burstable}-"
		"pod00000000_1111_2222_3333_00000000000a.slice");
	assert_string_equal(list.lines[1],
			    "cgroup = /my-kube/let/kubepods/{,besteffort/,burstable/}"
			    "pod00000000-1111-2222-3333-00000000000a");
	lines_list_clear(&list);
	cluster_clear(&cluster);
}

static size_t n_chosen(const struct cluster *cluster, const char *space, const char *pods,
		       const char *namespaces)
{
	struct choice choice = {space, pods ? json(pods) : NULL,
				namespaces ? json(namespaces) : NULL};
	struct lines_list list = {};
	size_t n = 0;

	assert_int_equal(cluster_select(cluster, &choice, &list, &n), 0);
	lines_list_clear(&list);
	json_object_put(choice.pods);
	json_object_put(choice.namespaces);
	return n;
}

#define NAMED(name) "{'matchLabels': {'kubernetes.io/metadata.name': '" name "'}}"

static void test_choice(void **state)
{
	struct cluster cluster = {.own_uid = UID("f")};

	put_pod(&cluster, "shop", "web-1", UID("1"), ", 'labels': {'app': 'web'}");
	put_pod(&cluster, "shop", "db-1", UID("2"), ", 'labels': {'app': 'db'}");
	put_pod(&cluster, "other", "web-1", UID("3"), ", 'labels': {'app': 'web'}");
	put_pod(&cluster, "shop", "bailiff-1", UID("f"), ", 'labels': {'app': 'web'}");
	/* a namespace may say of itself what it likes but its name */
	put_namespace(&cluster, "shop", "'team': 'a'");
	put_namespace(&cluster, "other", "'team': 'b', 'kubernetes.io/metadata.name': 'shop'");

	assert_int_equal(n_chosen(&cluster, "shop", NULL, NULL), 2);
	assert_int_equal(n_chosen(&cluster, NULL, NULL, NULL), 3);
	assert_int_equal(n_chosen(&cluster, "shop", "{'matchLabels': {'app': 'web'}}", NULL), 1);
	assert_int_equal(n_chosen(&cluster, NULL, "{'matchLabels': {'app': 'web'}}", NULL), 2);
	assert_int_equal(n_chosen(&cluster, "none", NULL, NULL), 0);
	assert_int_equal(n_chosen(&cluster, NULL, NULL, "{'matchLabels': {'team': 'b'}}"), 1);
	assert_int_equal(n_chosen(&cluster, NULL, NULL, NAMED("shop")), 2);
	assert_int_equal(n_chosen(&cluster, NULL, NULL, NAMED("other")), 1);

	/* a pod's labels change, and it goes */
	put_pod(&cluster, "shop", "web-1", UID("1"), ", 'labels': {'app': 'db'}");
	assert_int_equal(cluster.n_pods, 4);
	assert_int_equal(n_chosen(&cluster, NULL, "{'matchLabels': {'app': 'web'}}", NULL), 1);
	cluster_remove_pod(&cluster, UID("3"));
	cluster_remove_pod(&cluster, UID("9"));
	assert_int_equal(cluster.n_pods, 3);
	assert_int_equal(n_chosen(&cluster, NULL, "{'matchLabels': {'app': 'web'}}", NULL), 0);

	/* nothing is known of a namespace: the strictest answer */
	assert_int_equal(n_chosen(&cluster, NULL, NULL, "{'matchLabels': {'team': 'b'}}"), 0);
	cluster_remove_namespace(&cluster, "shop");
	assert_int_equal(n_chosen(&cluster, NULL, NULL, "{'matchLabels': {'team': 'b'}}"), 2);
	cluster_clear(&cluster);
}

#define MIRROR(uid) ", 'annotations': {'kubernetes.io/config.mirror': '" uid "'}"

/* A pod from a file is known by the UID that its kubelet made; nobody takes another pod's by it. */
static void test_mirror(void **state)
{
	struct cluster cluster = {};
	struct lines_list list;

	put_pod(&cluster, "kube-system", "etcd", UID("1"),
		MIRROR("0123456789abcdef0123456789abcdef"));
	list = select_all(&cluster, &(struct choice){}, 1);
	assert_string_equal(list.lines[1], "cgroup = /kubepods/{,besteffort/,burstable/}"
					   "pod0123456789abcdef0123456789abcdef");
	lines_list_clear(&list);

	put_pod(&cluster, "evil", "thief", UID("2"), MIRROR(UID("3")));
	assert_int_equal(n_chosen(&cluster, "evil", NULL, NULL), 1);
	put_pod(&cluster, "shop", "web-1", UID("3"), "");
	assert_int_equal(n_chosen(&cluster, "evil", NULL, NULL), 0);
	assert_int_equal(n_chosen(&cluster, "shop", NULL, NULL), 1);
	cluster_clear(&cluster);
}

static void test_errors(void **state)
{
	static const char *const pods[] = {
		"[]",
		"{'metadata': {'name': 'a', 'namespace': 'b'}}",
		"{'metadata': {'name': 'a', 'namespace': 'b', 'uid': ''}}",
		"{'metadata': {'name': 'a', 'namespace': 'b', 'uid': '../../x'}}",
		"{'metadata': {'name': 'a', 'namespace': 'b', 'uid': '*'}}",
		"{'metadata': {'name': 'a', 'namespace': 'b', 'uid': 'a\\n[exec]'}}",
		"{'metadata': {'name': 'a', 'namespace': 'b', 'uid': 7}}",
		"{'metadata': {'name': 'A', 'namespace': 'b', 'uid': 'a'}}",
		"{'metadata': {'name': 'a', 'namespace': '*', 'uid': 'a'}}",
		"{'metadata': {'name': 'a', 'uid': 'a'}}",
		"{'metadata': {'name': 'a', 'namespace': 'b', 'uid': 'a', 'labels': 7}}",
		"{'metadata': {'name': 'a', 'namespace': 'b', 'uid': 'a' " MIRROR("x,/**") "}}",
	};
	struct cluster cluster = {};

	for (size_t i = 0; i < ELEMENTS(pods); i++) {
		_cleanup_(json_putp) struct json_object *pod = json(pods[i]);
		struct diag diag = {};

		if (cluster_put_pod(&cluster, pod, &diag) != 1 || diag.n_errors == 0)
			fail_msg("not refused: %s", pods[i]);
		diag_clear(&diag);
	}
	assert_int_equal(cluster.n_pods, 0);
	cluster_clear(&cluster);
}

/* The only policy that selects a cgroup; -1: none does. */
static void is_in(const struct selector *selector, const char *cgroup, int policy)
{
	uint32_t set = image_decide(selector->image->cells, 0, cgroup, strlen(cgroup));
	int got = -1;

	assert_true(set < selector->n_sets && selector->sets[set].n_policies <= 1);
	if (selector->sets[set].n_policies == 1)
		got = (int)selector->sets[set].policies[0];
	if (got != policy)
		fail_msg("%s: policy %d, not %d", cgroup, got, policy);
}

/*
 * Pods exclude each other, so that as many policies as pods are as many sets, and not each set of
 * them: more than a dozen patterns that do not are an error.
 */
static void test_exclusive(void **state)
{
	enum { N = 250 };
	struct policy *policies[N];
	struct selector *selector = NULL;
	struct diag diag = {};

	for (size_t i = 0; i < N; i++) {
		struct cluster cluster = {};
		struct lines_list list;
		char uid[40], *text;

		snprintf(uid, sizeof(uid), "00000000-1111-2222-3333-%012zx", i * 7919);
		put_pod(&cluster, "shop", "web", uid, "");
		list = select_all(&cluster, &(struct choice){}, 1);
		assert_true(asprintf(&text, "[select]\n%s\n%s\n[exec]\ndeny = /x\n", list.lines[0],
				     list.lines[1]) > 0);
		assert_int_equal(
			policy_parse_text("a.ini", text, strlen(text), &diag, &policies[i]), 0);
		free(text);
		lines_list_clear(&list);
		cluster_clear(&cluster);
	}
	assert_int_equal(
		selector_compile((const struct policy *const *)policies, N, &diag, &selector), 0);
	assert_int_equal(selector->n_sets, 1 + N);
	is_in(selector, "/kubepods.slice/kubepods-pod00000000_1111_2222_3333_000000000000.slice",
	      0);
	is_in(selector,
	      "/kubepods.slice/kubepods-burstable.slice/"
	      "kubepods-burstable-pod00000000_1111_2222_3333_000000001eef.slice/"
	      "cri-containerd-11.scope",
	      1);
	is_in(selector,
	      "/kubepods.slice/kubepods-besteffort.slice/"
	      "kubepods-besteffort-pod00000000_1111_2222_3333_000000001eef.slice",
	      1);
	is_in(selector, "/kubepods/besteffort/pod00000000-1111-2222-3333-000000001eef/11", 1);
	is_in(selector, "/kubepods/burstable/pod00000000-1111-2222-3333-000000001eef", 1);
	is_in(selector, "/kubepods/pod00000000-1111-2222-3333-000000001eef/11", 1);
	/* not where a pod could make such a cgroup for itself, and not another pod's */
	is_in(selector, "/kubepods/podx/kubepods/pod00000000-1111-2222-3333-000000001eef", -1);
	is_in(selector, "/kubepods/pod00000000-1111-2222-3333-000000001ee0", -1);
	is_in(selector, "/kubepods/pod00000000-1111-2222-3333-000000001eef0", -1);
	is_in(selector, "/kubepods", -1);
	is_in(selector, "/system.slice/kubelet.service", -1);
	selector_free(selector);
	for (size_t i = 0; i < N; i++)
		policy_free(policies[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	  cmocka_unit_test(test_choice),
		cmocka_unit_test(test_mirror),	  cmocka_unit_test(test_errors),
		cmocka_unit_test(test_exclusive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
