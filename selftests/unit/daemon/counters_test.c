// SPDX-License-Identifier: Apache-2.0
/* The kernel's counters, up to the last one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/counters.h"
#include "daemon/util.h"
#include "policy/diag.h"
#include "policy/image.h"
#include "policy/policy.h"

#define N_IMAGES 4

/* An image of a policy of that name, with so many rules that deny. */
static struct image *compile(const char *name, size_t n_rules)
{
	struct policy *policy = NULL;
	struct image *image = NULL;
	struct diag diag = {};
	char *text = NULL, file[32];
	size_t n = 0;
	FILE *stream = open_memstream(&text, &n);

	assert_non_null(stream);
	fprintf(stream, "[select]\nunit = %s.service\n[file]\n", name);
	for (size_t i = 0; i < n_rules; i++)
		fprintf(stream, "deny = read /%s/%zu\n", name, i);
	assert_int_equal(fclose(stream), 0);
	snprintf(file, sizeof(file), "%s.ini", name);
	assert_int_equal(policy_parse_text(file, text, n, &diag, &policy), 0);
	assert_int_equal(image_compile((const struct policy *const *)&policy, 1, 1, &diag, &image),
			 0);
	free(text);
	policy_free(policy);
	diag_clear(&diag);
	return image;
}

/* How many of its rules have a counter that no other has, which are all that deny. */
static size_t count(const struct image *image, bool *taken)
{
	const struct bailiff_image *header = image_header(image->cells);
	const struct bailiff_rule *rules = (const void *)(image->cells + header->rules);
	size_t n = 0;

	for (size_t i = 0; i < header->n_rules; i++) {
		if (rules[i].counter >= BAILIFF_COUNTERS)
			continue;
		assert_false(taken[rules[i].counter]);
		taken[rules[i].counter] = true;
		n++;
	}
	return n;
}

static void every_rule_has_one_up_to_the_limit(void **state)
{
	struct counters *counters = calloc(1, sizeof(*counters));
	bool *taken = calloc(BAILIFF_COUNTERS, sizeof(*taken));
	struct image *images[N_IMAGES], *more = compile("more", 1), *many = compile("many", 2);

	(void)state;
	assert_non_null(counters);
	assert_non_null(taken);
	counters_begin(counters);
	for (size_t i = 0; i < N_IMAGES; i++) {
		images[i] =
			compile((const char[]){(char)('a' + i), 0}, BAILIFF_COUNTERS / N_IMAGES);
		assert_int_equal(counters_assign(counters, NULL, images[i]->cells), 0);
		assert_int_equal(count(images[i], taken), BAILIFF_COUNTERS / N_IMAGES);
	}
	assert_int_equal(counters_assign(counters, NULL, more->cells), -ENOSPC);
	counters_end(counters);
	/* what is not in force any more gives its own back, and what is in force keeps them */
	counters_begin(counters);
	for (size_t i = 1; i < N_IMAGES; i++)
		counters_keep(counters, images[i]->cells);
	counters_end(counters);
	memset(counters->dirty, 0, sizeof(counters->dirty)); /* there is no kernel to clear them */
	counters_begin(counters);
	assert_int_equal(counters_assign(counters, NULL, many->cells), 0);
	assert_int_equal(counters_assign(counters, NULL, images[0]->cells), -ENOSPC);
	/* as enforce_apply() gives back what it took for nothing */
	counters_begin(counters);
	for (size_t i = 1; i < N_IMAGES; i++)
		counters_keep(counters, images[i]->cells);
	counters_end(counters);
	memset(counters->dirty, 0, sizeof(counters->dirty));
	assert_int_equal(counters_assign(counters, NULL, more->cells), 0);
	counters_clear(counters);
	free(counters);
	free(taken);
	for (size_t i = 0; i < N_IMAGES; i++)
		image_free(images[i]);
	image_free(more);
	image_free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_has_one_up_to_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
