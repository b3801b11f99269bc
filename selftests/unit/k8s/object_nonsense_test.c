// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.h"
#include "selftests/unit/k8s/k8s_test.h"

/*
 * Random values in every place of an object: whatever is taken has as many lines as it has values,
 * each with the key that it was given for, and selects what was chosen.
 */

#define PATTERN "/a"

static unsigned seed = 20261127;

static unsigned below(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/* Pieces of which a value is made: what means something to INI, inih, YAML or patterns. */
static const char *const pieces[] = {
	"\n[select]\ncgroup = /**\n",
	"\n[select]\nunit = a.service\n   b.service",
	"\n host = yes\n",
	"/a",
	"/b",
	" ",
	";",
	" ;",
	"#",
	"=",
	"[",
	"]",
	"\n",
	"\r",
	"\t",
	"\"",
	"\\",
	"'",
	"[select]",
	"host = yes",
	"cgroup = /**",
	"{",
	"}",
	",",
	"*",
	"**",
	"?",
	"\xc3\xa4",
	"\x7f",
	"read ",
	"\n[exec]\n",
	"\n\n",
	"drift",
	"\v",
	"!",
	"-",
	"memfd:x",
	":",
	"|",
	"deny",
	"allow",
	"%s",
	"  ",
};

static struct json_object *random_text(void)
{
	char text[256] = "";

	if (below(3))
		strcpy(text, PATTERN);
	for (unsigned n = below(5); n > 0; n--)
		strcat(text, pieces[below(ELEMENTS(pieces))]);
	return json_object_new_string(text);
}

static struct json_object *random_lines(void)
{
	struct json_object *list = json_object_new_array();

	for (unsigned n = 1 + below(2); n > 0; n--)
		json_object_array_add(list, random_text());
	return list;
}

static struct json_object *random_spec(bool ini)
{
	struct json_object *spec = json("{'selector': {}}");
	struct json_object *exec = json("{'deny': ['/z']}"), *one = json_object_new_object();
	struct json_object *list = json_object_new_array();

	if (ini) {
		struct json_object *text = random_text();
		char *whole;

		assert_true(asprintf(&whole, "[exec]\ndeny = /z\n%s",
				     json_object_get_string(text)) > 0);
		json_object_object_add(spec, "ini", json_object_new_string(whole));
		json_object_put(text);
		json_object_put(exec);
		json_object_put(one);
		json_object_put(list);
		free(whole);
		return spec;
	}
	if (!below(2))
		json_object_object_add(exec, "allow", random_lines());
	if (!below(8))
		json_object_object_add(exec, "default", random_text());
	if (!below(2)) {
		json_object_object_add(one, "path", random_text());
		json_object_object_add(one, "allow", random_lines());
	} else {
		json_object_object_add(one, "path", json_object_new_string(PATTERN));
	}
	json_object_array_add(list, one);
	json_object_object_add(exec, "executables", list);
	json_object_object_add(spec, "exec", exec);
	if (!below(4)) {
		struct json_object *policy = json_object_new_object();

		json_object_object_add(policy, "message", random_text());
		json_object_object_add(spec, "policy", policy);
	}
	return spec;
}

/* The lines of a text that are what a section's keys may be. */
static void check_line(const char *text, const char *line, size_t n)
{
	static const char *const begins[] = {"[exec]",	    "[exec \"",	   "[policy]",
					     "[select]",    "deny     = ", "allow    = ",
					     "default  = ", "message  = ", "cgroup = /kubepods"};

	if (n == 0)
		return;
	for (size_t i = 0; i < ELEMENTS(begins); i++)
		if (n >= strlen(begins[i]) && memcmp(line, begins[i], strlen(begins[i])) == 0)
			return;
	fail_msg("a line is none of ours:\n%s", text);
}

static size_t n_values(struct json_object *spec)
{
	struct json_object *exec = json_object_object_get(spec, "exec"), *allow, *one;
	size_t n = 2 + 3 + 1; /* [exec] and deny, [select] with two cgroups, blank lines apart */

	allow = json_object_object_get(exec, "allow");
	n += allow ? json_object_array_length(allow) : 0;
	n += json_object_object_get(exec, "default") ? 1 : 0;
	one = json_object_array_get_idx(json_object_object_get(exec, "executables"), 0);
	allow = json_object_object_get(one, "allow");
	n += allow ? json_object_array_length(allow) : 0;
	return n + (json_object_object_get(spec, "policy") ? 2 : 0);
}

static void check_text(struct json_object *spec, const char *text)
{
	size_t n = 0;

	for (const char *line = text, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		check_line(text, line, (size_t)(end - line));
		n += end > line;
	}
	if (n != n_values(spec))
		fail_msg("%zu lines, not %zu:\n%s", n, n_values(spec), text);
}

static void check_selects(const char *text)
{
	struct policy *policy = NULL;
	struct diag diag = {};

	if (policy_parse_text("a", text, strlen(text), &diag, &policy) != 0)
		fail_msg("not a policy: %s", text);
	assert_false(policy->host);
	for (size_t i = 0; i < policy->n_selects; i++)
		if (policy->selects[i].key != POLICY_SELECT_CGROUP ||
		    !strstr(policy->selects[i].pattern, "00000000000a"))
			fail_msg("%s is selected:\n%s", policy->selects[i].pattern, text);
	policy_free(policy);
	diag_clear(&diag);
}

static void run(bool ini)
{
	struct cluster cluster = {};
	unsigned n = getenv("BAILIFF_TEST_SHORT") ? 5000 : 50000, n_taken = 0;

	put_pod(&cluster, "shop", "web-1", UID("a"), "");
	for (unsigned i = 0; i < n; i++) {
		struct json_object *object =
			json("{'apiVersion': 'bailiff.dev/v1alpha1', 'kind': 'BailiffPolicy', "
			     "'metadata': {'namespace': 'shop', 'name': 'web', 'uid': "
			     "'12345678-1111-2222-3333-444444444444'}}");
		struct json_object *spec = random_spec(ini);
		struct object_policy policy = {};
		struct diag diag = {};
		int r;

		json_object_object_add(object, "spec", spec);
		r = object_policy_read(object, &cluster, "node-1", &diag, &policy);
		assert_true(r == 1 ? diag.n_errors > 0 : r == 0 && diag.n_errors == 0);
		if (r == 0) {
			n_taken++;
			if (!ini)
				check_text(spec, policy.text);
			check_selects(policy.text);
			object_policy_clear(&policy);
		}
		diag_clear(&diag);
		json_object_put(object);
	}
	/* a test that nothing passes would try nothing */
	assert_in_range(n_taken, n / 50, n - n / 50);
	cluster_clear(&cluster);
}

static void test_sections(void **state)
{
	run(false);
}

static void test_ini(void **state)
{
	run(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_ini),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
