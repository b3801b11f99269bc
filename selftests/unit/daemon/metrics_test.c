/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/cli-look.h"
#include "daemon/metrics.h"
#include "daemon/util.h"

/* All that is written for @look. The caller frees it. */
static char *written(const struct look *look)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	metrics_of_kernel(out, look);
	assert_int_equal(fclose(out), 0);
	return text;
}

#define assert_has(text, line)                                                                     \
	do {                                                                                       \
		if (!strstr(text, "\n" line "\n"))                                                 \
			fail_msg("no line \"%s\" in:\n%s", line, text);                            \
	} while (0)

static void test_nothing(void **state)
{
	_cleanup_(freep) char *text = written(NULL);

	(void)state;
	assert_has(text, "bailiff_enforcing 0");
	assert_has(text, "bailiff_policies 0");
	assert_null(strstr(text, "bailiff_decisions_total"));
}

static struct look_rule rules[] = {
	{.line = 9, .column = 8, .counter = 1, .verdict = BAILIFF_DENY, .count = {3, 1, 3}},
	/* one pattern of two verbs */
	{.line = 9, .column = 8, .counter = 2, .verdict = BAILIFF_DENY, .count = {5, 0, 0}},
	{.line = 9, .column = 20, .counter = 3, .verdict = BAILIFF_AUDIT},
	{.line = 10, .column = 8, .counter = 4, .verdict = BAILIFF_ALLOW},
};

static struct look_rule would[] = {
	{.line = 4, .column = 1, .counter = 5, .verdict = BAILIFF_WOULD_DENY, .count = {1, 0, 0}},
};

static struct look_policy policies[] = {
	{.name = "a\"b\\c\nd\xff", .audit = true, .rules = would, .n_rules = 1, .count = {1, 0, 0}},
	{.name = "web",
	 .severity = 7,
	 .n_cgroups = 2,
	 .rules = rules,
	 .n_rules = ELEMENTS(rules),
	 .count = {8, 1, 3}},
};

static struct look_slot slots[2];

static void test_policies(void **state)
{
	struct look look = {
		.policies = policies,
		.n_policies = 2,
		.slots = slots,
		.n_slots = 2,
		.n_cgroups = 3,
		.n_cells = 1000,
		.n_cells_used = 10,
		.bindings_full = true,
	};
	_cleanup_(freep) char *text = NULL;

	(void)state;
	look.stats[BAILIFF_REASON_TOO_LONG] = 6;
	look.stats[BAILIFF_STAT_DROPPED] = 3;
	text = written(&look);
	assert_has(text, "# TYPE bailiff_decisions_total counter");
	assert_has(text,
		   "bailiff_decisions_total{policy=\"web\",rule=\"9:8\",verdict=\"deny\"} 12");
	assert_has(text,
		   "bailiff_decisions_total{policy=\"web\",rule=\"9:20\",verdict=\"audit\"} 0");
	assert_null(strstr(text, "rule=\"10:8\""));
	assert_has(text, "bailiff_decisions_total{policy=\"a\\\"b\\\\c\\nd\\\\xff\",rule=\"4:1\","
			 "verdict=\"would-deny\"} 1");
	assert_has(text, "bailiff_events_logged_total{policy=\"web\"} 8");
	assert_has(text, "bailiff_events_folded_total{policy=\"web\"} 1");
	assert_has(text, "bailiff_events_dropped_total{policy=\"web\"} 3");
	assert_has(text, "bailiff_policy_cgroups{policy=\"web\"} 2");
	assert_has(text, "bailiff_policy_info{policy=\"web\",mode=\"enforce\",severity=\"7\"} 1");
	assert_has(text, "bailiff_faults_total{fault=\"too-long\"} 6");
	assert_has(text, "bailiff_faults_total{fault=\"dropped\"} 3");
	assert_null(strstr(text, "fault=\"drift\""));
	assert_has(text, "bailiff_enforcing 1");
	assert_has(text, "bailiff_bindings 3");
	assert_has(text, "bailiff_bindings_full 1");
	assert_has(text, "bailiff_rule_counters 5");
	assert_has(text, "bailiff_table_used_bytes 80");
	assert_has(text, "bailiff_table_bytes 8000");
	/* what is not known is not there */
	assert_null(strstr(text, "bailiff_kernel_memory_bytes"));
	assert_null(strstr(text, "bailiff_hook_run"));
}

static void test_runs(void **state)
{
	struct look look = {.slots = slots, .n_slots = 1};
	_cleanup_(freep) char *text = NULL, *damaged = NULL;

	(void)state;
	look.attached[KERNEL_HOOK_FILE_OPEN] = look.attached[KERNEL_HOOK_EXEC] = true;
	look.runs[KERNEL_HOOK_FILE_OPEN] = (struct kernel_run){1234567, 12000000345};
	text = written(&look);
	assert_has(text, "bailiff_hook_runs_total{hook=\"file_open\"} 1234567");
	assert_has(text, "bailiff_hook_run_seconds_total{hook=\"file_open\"} 12.000000345");
	assert_has(text, "bailiff_hooks_attached 2");
	assert_has(text, "bailiff_hooks_missing 0");
	look.missing[KERNEL_HOOK_PTRACE] = true;
	damaged = written(&look);
	assert_has(damaged, "bailiff_enforcing 0");
	assert_has(damaged, "bailiff_hooks_missing 1");
}

/* The format as a whole, by the check that the tests in the VM make, too. */
static void test_format(void **state)
{
	struct look look = {.policies = policies, .n_policies = 2, .slots = slots, .n_slots = 1};
	_cleanup_(freep) char *text = NULL;
	FILE *check;

	(void)state;
	if (access("selftests/vm/suite/prometheus.awk", R_OK) < 0)
		skip();
	look.attached[KERNEL_HOOK_FILE_OPEN] = true;
	look.runs[KERNEL_HOOK_FILE_OPEN] = (struct kernel_run){1, 1};
	text = written(&look);
	check = popen("awk -f selftests/vm/suite/prometheus.awk >&2", "w");
	assert_non_null(check);
	fputs(text, check);
	assert_int_equal(pclose(check), 0);
	check = popen("awk -f selftests/vm/suite/prometheus.awk >/dev/null", "w");
	assert_non_null(check);
	fprintf(check, "%s%s", text, text);
	assert_int_not_equal(pclose(check), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
