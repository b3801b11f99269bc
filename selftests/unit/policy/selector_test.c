// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/diag.h"
#include "policy/glob.h"
#include "policy/image.h"
#include "policy/policy.h"
#include "selftests/unit/policy/oracle.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define POLICIES_MAX 1000

static struct policy *parse(const char *select)
{
	struct policy *policy = NULL;
	struct diag diag = {0};
	char text[1024];

	snprintf(text, sizeof(text), "[select]\n%s\n[exec]\ndeny = /x\n", select);
	if (policy_parse_text("a.ini", text, strlen(text), &diag, &policy) != 0)
		fail_msg("%s: %s", select, diag.n_items ? diag.items[0].message : "?");
	diag_clear(&diag);
	return policy;
}

static struct selector *compile(const char *const *selects, size_t n)
{
	struct policy *policies[POLICIES_MAX] = {NULL};
	struct selector *selector = NULL;
	struct diag diag = {0};

	for (size_t i = 0; i < n; i++)
		policies[i] = parse(selects[i]);
	assert_int_equal(
		selector_compile((const struct policy *const *)policies, n, &diag, &selector), 0);
	assert_int_equal(image_verify(selector->image->cells, selector->image->n_cells), 0);
	for (size_t i = 0; i < n; i++)
		policy_free(policies[i]);
	return selector;
}

/* The policies for a cgroup, as a bit each. */
static unsigned selected(const struct selector *selector, const char *cgroup)
{
	const struct bailiff_cell *cells = selector->image->cells;
	uint32_t number = image_decide(cells, 0, cgroup, strlen(cgroup));
	unsigned bits = 0;

	assert_true(number < selector->n_sets);
	for (size_t i = 0; i < selector->sets[number].n_policies; i++)
		bits |= 1u << selector->sets[number].policies[i];
	return bits;
}

static void is(const struct selector *selector, const char *cgroup, unsigned bits)
{
	unsigned got = selected(selector, cgroup);

	if (got != bits)
		fail_msg("%s: policies %x, not %x", cgroup, got, bits);
}

static void lines_of_a_key_are_alternatives_and_keys_must_all_match(void **state)
{
	static const char *const selects[] = {
		"unit = nginx.service x@*.service",
		"cgroup = /machine.slice/**\nunit = libpod-*.scope",
		"cgroup = **/docker-*.scope **/nginx.service\n",
	};
	struct selector *s = compile(selects, LENGTH(selects));

	(void)state;
	is(s, "/system.slice/nginx.service", 1 | 4);
	is(s, "/system.slice/nginx.service/a/b", 1 | 4);
	is(s, "/system.slice/system-x.slice/x@1.service", 1);
	is(s, "/system.slice/nginx.services", 0);
	is(s, "/system.slice", 0);
	is(s, "/machine.slice/libpod-1.scope", 2);
	is(s, "/machine.slice/libpod-1.scope/container", 2);
	is(s, "/user.slice/libpod-1.scope", 0);
	is(s, "/machine.slice/x.scope", 0);
	is(s, "/system.slice/docker-1.scope/x.service", 4);
	is(s, "/machine.slice/libpod-1.scope/docker-2.scope", 2 | 4);
	selector_free(s);
}

static void the_hosts_own_needs_to_be_asked_for(void **state)
{
	static const char *const selects[] = {
		"cgroup = /**",
		"cgroup = /**\nhost = yes",
		"unit = *.service init.scope",
	};
	struct selector *s = compile(selects, LENGTH(selects));

	(void)state;
	is(s, "/", 2);
	is(s, "/init.scope", 2);
	is(s, "/init.scope/x", 2);
	is(s, "/init.scopes", 1 | 2);
	is(s, "/system.slice", 1 | 2);
	is(s, "/system.slice/ssh.service", 2);
	is(s, "/system.slice/sshd.service/x", 2);
	is(s, "/system.slice/bailiffd.service", 2);
	is(s, "/system.slice/systemd-journald.service", 2);
	is(s, "/system.slice/dbus.service", 2);
	is(s, "/system.slice/system-getty.slice/getty@tty1.service", 2);
	is(s, "/system.slice/rescue.service", 2);
	is(s, "/system.slice/getty.service", 1 | 2 | 4);
	is(s, "/runtime.slice/kubelet.service", 2);
	is(s, "/a.slice/a-b.slice/a-b-c.slice/crio.service", 2);
	is(s, "/system.slice/nginx.service", 1 | 2 | 4);
	is(s, "/system.slice/ssh.services", 1 | 2);
	selector_free(s);
}

/* Who may make cgroups in a container's must not leave the policy by their names. */
static void names_inside_a_container_are_not_the_hosts(void **state)
{
	static const char *const selects[] = {"cgroup = **"};
	static const char *const cgroups[] = {
		"/machine.slice/libpod-1.scope/container/sshd.service",
		"/machine.slice/libpod-1.scope/init.scope",
		"/machine.slice/libpod-1.scope/system.slice/sshd.service",
		"/system.slice/nginx.service/sshd.service",
		"/system.slice/nginx.service/system.slice/kubelet.service",
		"/kubepods/besteffort/pod1/2/sshd.service",
		"/docker/1/sshd.service",
		"/user.slice/user-1.slice/user@1.service/app.slice/docker.service",
	};
	struct selector *s = compile(selects, LENGTH(selects));

	(void)state;
	for (size_t i = 0; i < LENGTH(cgroups); i++)
		is(s, cgroups[i], 1);
	selector_free(s);
}

static void aliases_are_for_paths_of_files(void **state)
{
	static const char *const selects[] = {"cgroup = /usr/bin", "cgroup = /run/**"};
	struct selector *s = compile(selects, LENGTH(selects));

	(void)state;
	is(s, "/usr/bin", 1);
	is(s, "/bin", 0);
	is(s, "/var/run/x", 0);
	selector_free(s);
}

static void sets_become_slots(void **state)
{
	static const char *const selects[] = {"cgroup = **/a.service", "cgroup = **/b.service"};
	struct selector *s = compile(selects, LENGTH(selects));
	__u32 slots[8] = {0};

	(void)state;
	assert_int_equal(s->n_sets, 4); /* none, either, both (one beneath the other) */
	assert_int_equal(s->sets[0].n_policies, 0);
	for (__u32 i = 1; i < s->n_sets; i++)
		slots[i] = 100 + (__u32)s->sets[i].policies[0] + 2 * (s->sets[i].n_policies > 1);
	selector_assign(s, slots);
	assert_int_equal(image_decide(s->image->cells, 0, "/a.service", 10), 100);
	assert_int_equal(image_decide(s->image->cells, 0, "/b.service", 10), 101);
	assert_int_equal(image_decide(s->image->cells, 0, "/b.service/a.service", 20), 102);
	assert_int_equal(image_decide(s->image->cells, 0, "/c.service", 10), 0);
	assert_int_equal(image_verify(s->image->cells, s->image->n_cells), 0);
	selector_free(s);
}

/* What is inside a container or a service is that one's own matter, whatever it is called. */
static void a_unit_is_one_of_the_hosts_or_of_a_users(void **state)
{
	static const char *const selects[] = {
		"unit = a.service",	 "unit = libpod-*.scope", "unit = app.slice",
		"unit = user@1.service", "unit = memory.service",
	};
	struct selector *s = compile(selects, LENGTH(selects));

	(void)state;
	is(s, "/system.slice/a.service", 1);
	is(s, "/a.service", 1);
	is(s, "/system.slice/system-a.slice/a.service/x.service", 1);
	is(s, "/system.slice/x.service/a.service", 0);
	is(s, "/machine.slice/libpod-1.scope/container/system.slice/a.service", 2);
	is(s, "/machine.slice/libpod-1.scope/a.service", 2);
	is(s, "/docker/1234/system.slice/a.service", 0);
	is(s, "/system.slice/docker-1.scope/init.scope/app.slice/a.service", 0);
	is(s, "/user.slice/user-2.slice/user@2.service/a.service", 1);
	is(s, "/user.slice/user-2.slice/user@2.service/user.slice/libpod-1.scope", 2);
	is(s, "/user.slice/user-2.slice/user@2.service/app.slice", 4);
	is(s, "/user.slice/user-2.slice/user@2.service/app.slice/a.service", 1 | 4);
	is(s, "/user.slice/user-1.slice/user@1.service/app.slice/a.service", 1 | 4 | 8);
	is(s, "/user.slice/user-1.slice/session-1.scope/app.slice/a.service", 0);
	is(s, "/system.slice/_memory.service", 16);
	selector_free(s);
}

/* What @n policies of one unit each need. */
static void count(const char *format, size_t n, size_t *ret_sets, size_t *ret_cells)
{
	char texts[POLICIES_MAX][64], cgroup[128];
	const char *selects[POLICIES_MAX] = {NULL};
	struct selector *s;

	for (size_t i = 0; i < n; i++) {
		snprintf(texts[i], sizeof(texts[i]), format, i);
		selects[i] = texts[i];
	}
	s = compile(selects, n);
	for (size_t i = 0; i < n; i++) {
		const struct selector_set *set;

		snprintf(cgroup, sizeof(cgroup), "/system.slice/app-%zu.service/%zu", i, n - i);
		set = &s->sets[image_decide(s->image->cells, 0, cgroup, strlen(cgroup))];
		assert_int_equal(set->n_policies, 1);
		assert_int_equal(set->policies[0], i);
	}
	is(s, "/system.slice/app.service", 0);
	*ret_sets = s->n_sets;
	*ret_cells = s->image->n_cells;
	selector_free(s);
}

static void units_exclude_each_other(void **state)
{
	static const char *const formats[] = {
		"unit = app-%zu.service",
		"unit = a*-%zu.service",
		"unit = app-%1$zu.service app-%1$zu.scope",
	};
	size_t n_sets, ten, hundred, thousand;

	(void)state;
	for (size_t i = 0; i < LENGTH(formats); i++) {
		count(formats[i], 10, &n_sets, &ten);
		assert_int_equal(n_sets, 11);
		count(formats[i], 100, &n_sets, &hundred);
		assert_int_equal(n_sets, 101);
		count(formats[i], 1000, &n_sets, &thousand);
		assert_int_equal(n_sets, 1001);
		print_message("%s: %zu, %zu, %zu cells\n", formats[i], ten, hundred, thousand);
		assert_in_range(hundred, ten, 11 * ten);
		assert_in_range(thousand, hundred, 11 * hundred);
	}
}

/* A line of [select] out of pieces that stand in the names of managers, and in others. */
static void random_unit(char *text)
{
	static const char *const pieces[] = {
		"a", "b", "*", "?", "**", ".slice", "user@", ".service", "[as]", "{a,.s,}", "_",
	};

	*text = '\0';
	for (unsigned n = 1 + random_below(4); n; n--)
		strcat(text, pieces[random_below(LENGTH(pieces))]);
	strcat(text, random_below(2) ? ".slice" : ".service");
}

static void random_units_are_selected_as_the_oracle_says(void **state)
{
	char texts[3][80], selects[3][300], path[128];
	const char *pointers[3] = {selects[0], selects[1], selects[2]};
	struct oracle_pattern *oracles[3];

	(void)state;
	random_seed(11);
	for (unsigned round = 0; round < 400; round++) {
		struct selector *s;

		for (size_t i = 0; i < 3; i++) {
			random_unit(texts[i]);
			snprintf(selects[i], sizeof(selects[i]), "unit = %s\nhost = yes", texts[i]);
			oracles[i] = oracle_parse(texts[i], GLOB_UNIT | GLOB_BENEATH |
								    GLOB_BACKSLASH_PLAIN |
								    GLOB_SLASH_PLAIN);
		}
		s = compile(pointers, 3);
		for (unsigned i = 0; i < 60; i++) {
			size_t n = random_path(oracles[random_below(3)], "ab.", path,
					       sizeof(path) - 1);
			unsigned bits = 0;

			path[n] = '\0';
			for (size_t k = 0; k < 3; k++)
				bits |= (unsigned)oracle_match(oracles[k], path, n) << k;
			if (n && selected(s, path) != bits)
				fail_msg("%s, %s, %s on %s: %x, not %x", texts[0], texts[1],
					 texts[2], path, selected(s, path), bits);
		}
		selector_free(s);
		for (size_t i = 0; i < 3; i++)
			oracle_free(oracles[i]);
	}
}

static void no_policy_selects_nothing(void **state)
{
	struct selector *s = compile(NULL, 0);

	(void)state;
	assert_int_equal(s->n_sets, 1);
	is(s, "/", 0);
	is(s, "/x", 0);
	selector_free(s);
}

static void what_is_too_large_is_an_error_at_the_line(void **state)
{
	struct policy *policies[] = {parse("unit = a.service"),
				     parse("unit = b*\n\t*a???????????????????b*")};
	struct diag diag = {0};
	struct selector *selector;

	(void)state;
	assert_int_equal(
		selector_compile((const struct policy *const *)policies, 2, &diag, &selector), 1);
	assert_int_equal(diag.n_items, 1);
	assert_int_equal(diag.items[0].line, 3);
	assert_int_equal(diag.items[0].column, 2);
	assert_non_null(strstr(diag.items[0].message, "end patterns for units with"));
	diag_clear(&diag);
	policy_free(policies[0]);
	policy_free(policies[1]);
}

/* One beneath the other: all sets of thirteen are possible, and more than there are slots. */
static void too_many_sets_are_an_error(void **state)
{
	struct policy *policies[13];
	struct diag diag = {0};
	struct selector *selector;
	char text[64];

	(void)state;
	for (size_t i = 0; i < LENGTH(policies); i++) {
		snprintf(text, sizeof(text), "cgroup = **/%c", (char)('a' + i));
		policies[i] = parse(text);
	}
	assert_int_equal(
		selector_compile((const struct policy *const *)policies, 11, &diag, &selector), 0);
	assert_int_equal(selector->n_sets, 1 << 11);
	selector_free(selector);
	assert_int_equal(selector_compile((const struct policy *const *)policies, LENGTH(policies),
					  &diag, &selector),
			 1);
	assert_int_equal(diag.n_items, 1);
	assert_non_null(strstr(diag.items[0].message, "different sets of policies"));
	assert_non_null(strstr(diag.items[0].message, "use fewer \"**\""));
	diag_clear(&diag);
	for (size_t i = 0; i < LENGTH(policies); i++)
		policy_free(policies[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_a_key_are_alternatives_and_keys_must_all_match),
		cmocka_unit_test(the_hosts_own_needs_to_be_asked_for),
		cmocka_unit_test(names_inside_a_container_are_not_the_hosts),
		cmocka_unit_test(aliases_are_for_paths_of_files),
		cmocka_unit_test(sets_become_slots),
		cmocka_unit_test(a_unit_is_one_of_the_hosts_or_of_a_users),
		cmocka_unit_test(units_exclude_each_other),
		cmocka_unit_test(random_units_are_selected_as_the_oracle_says),
		cmocka_unit_test(no_policy_selects_nothing),
		cmocka_unit_test(what_is_too_large_is_an_error_at_the_line),
		cmocka_unit_test(too_many_sets_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
