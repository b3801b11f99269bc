// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "policy/containers.h"
#include "policy/image.h"
#include "selftests/unit/policy/parse_test.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define PATH_A "/machine.slice/libpod-" ID_A ".scope"
#define PATH_B "/kube*.slice/a\\x2db[1]{2}/cri-containerd-" ID_B ".scope"

#define FILE_A                                                                                     \
	"[container]\nid = " ID_A "\ntoken = 12ab\ncgroup = " PATH_A                               \
	"\nname = web-1\nimage = localhost/tiny:latest\nimage = docker.io/library/x:1\n"
#define FILE_B                                                                                     \
	"[container]\nid = " ID_B "\ntoken = 1\ncgroup = " PATH_B                                  \
	"\nname = db\nimage = docker.io/library/y:1\n"

static struct container parse(const char *text)
{
	struct container container = {};
	const char *fault = NULL;

	if (container_parse(text, strlen(text), &container, &fault) != 0)
		fail_msg("%s: %s", text, fault);
	return container;
}

static void a_file_is_what_it_was(void **state)
{
	struct container container = parse(FILE_A);
	char *text = container_format(&container);

	(void)state;
	assert_string_equal(container.id, ID_A);
	assert_string_equal(container.token, "12ab");
	assert_string_equal(container.cgroup, PATH_A);
	assert_string_equal(container.name, "web-1");
	assert_int_equal(container.n_images, 2);
	assert_string_equal(container.images[1], "docker.io/library/x:1");
	assert_string_equal(text, FILE_A);
	free(text);
	container_release(&container);
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *text, *fault;
	} wrong[] = {
		{"", "its id"},
		{"id = " ID_A "\ncgroup = " PATH_A "\n", "token"},
		{"id = " ID_A "\ntoken = x1\ncgroup = " PATH_A "\n", "token"},
		{"id = " ID_A "\ntoken = 1\n", "no whole path"},
		{"id = " ID_A "\ntoken = 1\ncgroup = " PATH_B "\n", "does not have its id"},
		{"id = " ID_A "\ntoken = 1\ncgroup = /a/../" ID_A "\n", "no whole path"},
		{"id = " ID_A "\ntoken = 1\ncgroup = /a/./" ID_A "\n", "no whole path"},
		{"id = " ID_A "\ntoken = 1\ncgroup = /a//" ID_A "\n", "no whole path"},
		{"id = " ID_A "\ntoken = 1\ncgroup = /" ID_A "/\n", "no whole path"},
		{"id = " ID_A "\ntoken = 1\ncgroup = a/" ID_A "\n", "no whole path"},
		{"id = ../../../../etc/passwd\ntoken = 1\ncgroup = " PATH_A "\n", "its id"},
		{"id = AAAAAAAAAAAA\ntoken = 1\ncgroup = /AAAAAAAAAAAA\n", "its id"},
		{FILE_A "name = web-2\n", "stands twice"},
		{FILE_A "nmae = web-2\n", "unknown key"},
		{FILE_A "web-2\n", "no \"key = value\""},
		{FILE_A "image = a b\n", "bytes that no name has"},
		{FILE_A "image = a\033[2J\n", "bytes that no name has"},
		{FILE_A "image =\n", "empty"},
		{FILE_A "image=1\nimage=2\nimage=3\nimage=4\nimage=5\nimage=6\nimage=7\nimage=8\n"
			"image=9\nimage=a\nimage=b\nimage=c\nimage=d\nimage=e\nimage=f\n",
		 "more than 16"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct container container = {};
		const char *fault = NULL;

		if (container_parse(wrong[i].text, strlen(wrong[i].text), &container, &fault) !=
			    -EBADMSG ||
		    !strstr(fault, wrong[i].fault))
			fail_msg("%s: \"%s\" is not \"%s\"", wrong[i].text, fault, wrong[i].fault);
	}
}

/* A name with a newline would be a line of its own. */
static void names_are_words(void **state)
{
	struct container container = parse(FILE_A);
	char large[CONTAINER_NAME_MAX + 2];
	char *name = container.name;

	(void)state;
	assert_null(container_fault(&container));
	container.name = (char[]){"web\nimage = other"};
	assert_non_null(container_fault(&container));
	memset(large, 'x', sizeof(large));
	large[CONTAINER_NAME_MAX + 1] = '\0';
	container.name = large;
	assert_non_null(container_fault(&container));
	large[CONTAINER_NAME_MAX] = '\0';
	assert_null(container_fault(&container));
	container.name = name;
	container_release(&container);
}

/* Which of a cgroup's policies, as bits, where both containers are known. */
static unsigned selected(const char *const *selects, size_t n, const char *cgroup)
{
	struct container a = parse(FILE_A), b = parse(FILE_B);
	struct containers known = {};
	struct policy *policies[8] = {};
	struct selector *selector = NULL;
	struct diag diag = {};
	const struct selector_set *set;
	unsigned bits = 0;

	assert_int_equal(containers_add(&known, &a), 0);
	assert_int_equal(containers_add(&known, &b), 0);
	for (size_t i = 0; i < n; i++) {
		char text[512];

		snprintf(text, sizeof(text), "[select]\n%s\n[exec]\ndeny = /x\n", selects[i]);
		assert_int_equal(
			policy_parse_text("a.ini", text, strlen(text), &diag, &policies[i]), 0);
	}
	assert_int_equal(selector_compile_known((const struct policy *const *)policies, n, &known,
						&diag, &selector),
			 0);
	set = &selector->sets[image_decide(selector->image->cells, 0, cgroup, strlen(cgroup))];
	for (size_t i = 0; i < set->n_policies; i++)
		bits |= 1u << set->policies[i];
	selector_free(selector);
	for (size_t i = 0; i < n; i++)
		policy_free(policies[i]);
	containers_release(&known);
	diag_clear(&diag);
	return bits;
}

static void is(const char *select, const char *cgroup, bool expected)
{
	if (selected(&select, 1, cgroup) != expected)
		fail_msg("\"%s\" %s %s", select, expected ? "does not select" : "selects", cgroup);
}

static void containers_are_selected_by_name_id_and_image(void **state)
{
	(void)state;
	is("container = web-*", PATH_A, true);
	is("container = web-*", PATH_A "/container/init.scope", true);
	is("container = web-*", PATH_A "x", false);
	is("container = web-*", "/machine.slice", false);
	is("container = web-*", PATH_B, false);
	is("container = web", PATH_A, false);
	is("container = " ID_A, PATH_A, true);
	is("container = aaaa*", PATH_A, true);
	is("container = *", PATH_A, true);
	is("container = *", PATH_B, true);
	is("container = *", "/machine.slice/libpod-cccc.scope", false);
	is("image = localhost/tiny*", PATH_A, true);
	is("image = localhost/*", PATH_A, true);
	is("image = **/x:1", PATH_A, true);
	is("image = *", PATH_A, false); /* "*" has no "/" */
	is("image = **", PATH_A, true);
	/* no name is an image, and no image a name */
	is("image = web-1", PATH_A, false);
	is("container = localhost*", PATH_A, false);
	/* bytes of a path that are none of a pattern */
	is("container = db", PATH_B, true);
	is("container = db", "/kubepods.slice/a\\x2db[1]{2}/cri-containerd-" ID_B ".scope", false);
}

/* A cgroup inside a container has any name; the whole path is what counts. */
static void another_ones_id_within_is_not_that_one(void **state)
{
	(void)state;
	is("container = web-1", PATH_B "/libpod-" ID_A ".scope", false);
	is("container = web-1", PATH_B PATH_A, false);
	is("container = web-1", "/user.slice" PATH_A, false);
	is("container = db", PATH_B "/libpod-" ID_A ".scope", true);
}

static void lines_of_a_key_are_alternatives_and_keys_must_all_match(void **state)
{
	(void)state;
	is("container = nobody db", PATH_B, true);
	is("container = nobody\ncontainer = db", PATH_B, true);
	is("container = web-1\nimage = localhost/**", PATH_A, true);
	is("container = web-1\nimage = **/y:*", PATH_A, false);
	is("container = web-1 db\nimage = **/y:*", PATH_A, false);
	is("container = web-1 db\nimage = **/y:*", PATH_B, true);
	is("container = web-1\ncgroup = /machine.slice/**", PATH_A, true);
	is("container = web-1\ncgroup = /system.slice/**", PATH_A, false);
	is("container = web-1\nunit = libpod-*.scope", PATH_A, true);
	/* a key without any container that matches holds nobody back from being left out */
	is("container = nobody\ncgroup = **", PATH_A, false);
}

static void policies_are_selected_each_by_itself(void **state)
{
	static const char *const selects[] = {"container = web-*", "image = **/tiny:*",
					      "cgroup = **", "container = db web-1"};

	(void)state;
	assert_int_equal(selected(selects, 4, PATH_A), 1 | 2 | 4 | 8);
	assert_int_equal(selected(selects, 4, PATH_B), 4 | 8);
	assert_int_equal(selected(selects, 4, "/x"), 4);
}

/*
 * As many as may be known, under many policies: no more sets than differ, and one path for each
 * container, however many lines are about it.
 */
static void a_thousand_containers_make_few_sets(void **state)
{
	enum { N = 20 };
	struct containers known = {};
	struct selector *selector = NULL;
	struct policy *policies[N] = {};
	struct diag diag = {};
	char text[512];

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		snprintf(text, sizeof(text),
			 "[select]\ncontainer = web-* web-%u*\nimage = **/x:*\n[exec]\ndeny = /x\n",
			 i);
		assert_int_equal(
			policy_parse_text("a.ini", text, strlen(text), &diag, &policies[i]), 0);
	}
	for (unsigned i = 0; i < CONTAINERS_MAX; i++) {
		struct container container;

		snprintf(text, sizeof(text),
			 "id = %08x%056x\ntoken = 1\nname = web-%u\nimage = quay.io/x:1\ncgroup = "
			 "/machine.slice/libpod-%08x%056x.scope\n",
			 i * 2654435761u, i, i, i * 2654435761u, i);
		container = parse(text);
		assert_int_equal(containers_add(&known, &container), 0);
	}
	assert_int_equal(selector_compile_known((const struct policy *const *)policies, N, &known,
						&diag, &selector),
			 0);
	assert_int_equal(selector->n_sets, 2);
	assert_int_equal(selector->sets[1].n_policies, N);
	assert_in_range(selector->image->n_cells, 1, 1 << 18);
	selector_free(selector);
	for (unsigned i = 0; i < N; i++)
		policy_free(policies[i]);
	containers_release(&known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_what_it_was),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(names_are_words),
		cmocka_unit_test(containers_are_selected_by_name_id_and_image),
		cmocka_unit_test(another_ones_id_within_is_not_that_one),
		cmocka_unit_test(lines_of_a_key_are_alternatives_and_keys_must_all_match),
		cmocka_unit_test(policies_are_selected_each_by_itself),
		cmocka_unit_test(a_thousand_containers_make_few_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
