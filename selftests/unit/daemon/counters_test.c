/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <bpf/bpf.h>
#include <errno.h>

#include "daemon/counters.h"
#include "daemon/kernel-internal.h"
#include "policy/diag.h"
#include "policy/image.h"
#include "policy/policy.h"

/* Which counters rules get, from a table of the real kernel's: it needs root. */

#define N 4

static struct kernel *kernel;

static int begin(void **state)
{
	int r = kernel_load(4096, N, NULL, &kernel);

	(void)state;
	return r == -EPERM ? 0 : r;
}

static int end(void **state)
{
	(void)state;
	kernel = kernel_free(kernel);
	return 0;
}

/* A policy that denies /@first to /@last, and allows /0. */
static struct image *compile(unsigned first, unsigned last)
{
	char text[1024] = "[select]\nunit = a.service\n[file]\nallow = read /0\n";
	struct diag diag = {};
	struct policy *policy = NULL;
	struct image *image = NULL;

	for (unsigned i = first; i <= last; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "deny = read /%u\n", i);
	assert_int_equal(policy_parse_text("a.ini", text, strlen(text), &diag, &policy), 0);
	assert_int_equal(image_compile((const struct policy *const[]){policy}, 1, 1, &diag, &image),
			 0);
	policy_free(policy);
	diag_clear(&diag);
	return image;
}

/* The counter of the rule in a line of the policy, or BAILIFF_COUNTERS. */
static __u32 counter_of(const struct image *image, __u32 line)
{
	const struct bailiff_image *header = image_header(image->cells);
	const struct bailiff_rule *rules =
		(const struct bailiff_rule *)(image->cells + header->rules);

	for (size_t i = 1; i < header->n_rules; i++)
		if (rules[i].line == line)
			return rules[i].counter;
	fail_msg("no rule in line %u", line);
	return 0;
}

#define FIRST_DENY 5 /* its line */

static void count_one(__u32 counter)
{
	_cleanup_(freep) struct bailiff_count *values =
		calloc((size_t)kernel->n_cpus, sizeof(*values));

	values[0].logged = 1;
	assert_int_equal(bpf_map_update_elem(kernel->maps[MAP_COUNTERS], &counter, values, BPF_ANY),
			 0);
}

static __u64 counted(__u32 counter)
{
	struct bailiff_count count;

	assert_int_equal(kernel_count_get(kernel, counter, &count), 0);
	return kernel_count_decided(&count);
}

static void publish(struct counters *counters, struct image *image)
{
	counters_begin(counters);
	assert_int_equal(counters_assign(counters, kernel, image->cells), 0);
	counters_end(counters);
}

static void test_counts_go_on(void **state)
{
	struct counters counters = {}, next = {};
	struct image *image = compile(1, 2), *more = compile(1, 3);
	__u32 counter;

	(void)state;
	if (!kernel)
		skip();
	assert_int_equal(counters_adopt(&counters, kernel), 0);
	publish(&counters, image);
	assert_int_equal(counter_of(image, 4), BAILIFF_COUNTERS);
	counter = counter_of(image, FIRST_DENY);
	count_one(counter);
	publish(&counters, more);
	assert_int_equal(counter_of(more, FIRST_DENY), counter);
	counters_clear(&counters);

	/* the next daemon */
	assert_int_equal(counters_adopt(&next, kernel), 0);
	publish(&next, image);
	assert_int_equal(counter_of(image, FIRST_DENY), counter);
	assert_int_equal(counted(counter), 1);
	counters_clear(&next);
	image_free(image);
	image_free(more);
}

static void test_another_rule_begins_anew(void **state)
{
	struct counters counters = {}, next = {};
	struct image *image = compile(1, 4), *other = compile(5, 8);

	(void)state;
	if (!kernel)
		skip();
	assert_int_equal(counters_adopt(&counters, kernel), 0);
	publish(&counters, image);
	for (__u32 i = 0; i < N; i++)
		count_one(i);
	/* none holds any more, and then there is another daemon */
	counters_begin(&counters);
	counters_end(&counters);
	counters_clear(&counters);
	assert_int_equal(counters_adopt(&next, kernel), 0);
	publish(&next, other);
	for (__u32 i = 0; i < N; i++)
		assert_int_equal(counted(counter_of(other, FIRST_DENY + i)), 0);
	counters_clear(&next);
	image_free(image);
	image_free(other);
}

static void test_too_many_rules(void **state)
{
	struct counters counters = {};
	struct image *image = compile(1, N), *more = compile(1, N + 1);

	(void)state;
	if (!kernel)
		skip();
	assert_int_equal(counters_adopt(&counters, kernel), 0);
	counters_begin(&counters);
	assert_int_equal(counters_assign(&counters, kernel, more->cells), -EXFULL);
	publish(&counters, image);
	counters_clear(&counters);
	image_free(image);
	image_free(more);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_counts_go_on, begin, end),
		cmocka_unit_test_setup_teardown(test_another_rule_begins_anew, begin, end),
		cmocka_unit_test_setup_teardown(test_too_many_rules, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
