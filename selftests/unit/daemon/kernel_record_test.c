/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <bpf/bpf.h>
#include <errno.h>

#include "bpf-lsm/abi-record.h"
#include "daemon/counters.h"
#include "daemon/kernel-internal.h"
#include "daemon/kernel-record.h"

/*
 * What was counted goes from one kernel to the next, of whichever version and size. The maps are
 * real ones: it needs root.
 */

#define CELLS 4096

static struct kernel *load(__u32 n_counters, const struct kernel *former)
{
	struct kernel *kernel = NULL;
	int r = kernel_load(CELLS, n_counters, former, &kernel);

	if (r == -EPERM)
		skip();
	assert_return_code(r, -r);
	return kernel;
}

/* Counts as programs do: on the last processor, so that a sum is one. */
static void count(struct kernel *kernel, __u32 counter, __u64 logged, __u64 folded, __u64 dropped)
{
	_cleanup_(freep) struct bailiff_count *values =
		calloc((size_t)kernel->n_cpus, sizeof(*values));

	assert_return_code(bpf_map_lookup_elem(kernel->maps[MAP_COUNTERS], &counter, values), 0);
	values[kernel->n_cpus - 1].logged += logged;
	values[kernel->n_cpus - 1].folded += folded;
	values[kernel->n_cpus - 1].dropped += dropped;
	assert_return_code(
		bpf_map_update_elem(kernel->maps[MAP_COUNTERS], &counter, values, BPF_ANY), 0);
}

static void assert_count(struct kernel *kernel, __u32 counter, __u64 logged, __u64 folded,
			 __u64 dropped)
{
	struct bailiff_count found;

	assert_int_equal(kernel_count_get(kernel, counter, &found), 0);
	assert_int_equal(found.logged, logged);
	assert_int_equal(found.folded, folded);
	assert_int_equal(found.dropped, dropped);
}

static __u32 id_of(const struct kernel *kernel, enum kernel_map map)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	assert_return_code(bpf_obj_get_info_by_fd(kernel->maps[map], &info, &size), errno);
	return info.id;
}

static void none_unread(void *userdata, __u32 counter, __u64 n)
{
	(void)userdata;
	fail_msg("%llu of counter %u are said to be unread", n, counter);
}

static void test_another_build_goes_on(void **state)
{
	static const enum kernel_map same[] = {MAP_COUNTERS, MAP_RECORD, MAP_STATS,
					       MAP_EVENTS,   MAP_AUDITS, MAP_FOLDS};
	struct kernel *former = load(BAILIFF_COUNTERS_FIRST, NULL), *kernel;
	__u32 n;

	(void)state;
	kernel_counted(former, &n)[7] = 77;
	count(former, 7, 1, 2, 3);
	kernel = load(BAILIFF_COUNTERS_FIRST, former);
	for (size_t i = 0; i < ELEMENTS(same); i++)
		assert_int_equal(id_of(kernel, same[i]), id_of(former, same[i]));
	assert_int_not_equal(id_of(kernel, MAP_ARENA), id_of(former, MAP_ARENA));
	/* what the old programs count until they are gone */
	count(former, 7, 10, 20, 30);
	assert_int_equal(kernel_succeed(kernel, former, none_unread, NULL), 0);
	former = kernel_free(former);
	assert_int_equal(kernel_counted(kernel, &n)[7], 77);
	assert_count(kernel, 7, 11, 22, 33);
	kernel_free(kernel);
}

static void test_a_larger_table_goes_on(void **state)
{
	struct kernel *former = load(BAILIFF_COUNTERS_FIRST, NULL), *kernel;
	__u32 n;

	(void)state;
	kernel_counted(former, &n)[7] = 77;
	kernel_counted(former, &n)[8] = 88;
	kernel_counted(former, &n)[BAILIFF_COUNTERS_FIRST - 1] = 99;
	count(former, 7, 1, 2, 3);
	count(former, 8, 4, 5, 6);
	count(former, BAILIFF_COUNTERS_FIRST - 1, 7, 8, 9);
	count(former, 9, 1000, 1000, 1000); /* of no rule */
	kernel = load(2 * BAILIFF_COUNTERS_FIRST, former);
	assert_int_not_equal(id_of(kernel, MAP_COUNTERS), id_of(former, MAP_COUNTERS));
	assert_int_equal(id_of(kernel, MAP_EVENTS), id_of(former, MAP_EVENTS));
	assert_int_equal(kernel_counted(kernel, &n)[7], 77);
	assert_int_equal(n, 2 * BAILIFF_COUNTERS_FIRST);
	/* nothing goes backwards */
	assert_count(kernel, 7, 1, 2, 3);
	/* both count for a while; one rule is gone meanwhile, and another has its counter */
	count(former, 7, 10, 20, 30);
	count(former, 8, 10, 20, 30);
	count(kernel, 7, 100, 200, 300);
	kernel_counted(kernel, &n)[8] = 1;
	assert_int_equal(kernel_count_clear(kernel, 8), 0);
	assert_int_equal(kernel_succeed(kernel, former, none_unread, NULL), 0);
	former = kernel_free(former);
	assert_count(kernel, 7, 111, 222, 333);
	assert_count(kernel, 8, 0, 0, 0);
	assert_count(kernel, 9, 0, 0, 0);
	assert_count(kernel, BAILIFF_COUNTERS_FIRST - 1, 7, 8, 9);
	kernel_free(kernel);
}

static void test_a_smaller_wish_keeps_the_table(void **state)
{
	struct kernel *former = load(2 * BAILIFF_COUNTERS_FIRST, NULL),
		      *kernel = load(BAILIFF_COUNTERS_FIRST, former);

	(void)state;
	assert_int_equal(kernel->n_counters, 2 * BAILIFF_COUNTERS_FIRST);
	assert_int_equal(id_of(kernel, MAP_COUNTERS), id_of(former, MAP_COUNTERS));
	kernel_free(former);
	kernel_free(kernel);
}

/* Another version of the events: counts go on; what is in the folds is told in sum. */
static void add_unread(void *userdata, __u32 counter, __u64 n)
{
	assert_int_equal(counter, 7);
	*(__u64 *)userdata += n;
}

static void test_other_events_are_told_in_sum(void **state)
{
	struct kernel *former = load(BAILIFF_COUNTERS_FIRST, NULL), *kernel;
	__u64 n_unread = 0;
	__u32 n;

	(void)state;
	former->record[BAILIFF_RECORD_IS] = BAILIFF_RECORD_VERSION + 1;
	kernel_counted(former, &n)[7] = 77;
	count(former, 7, 0, 5, 0);
	former->folds[3].event.counter = 7;
	former->folds[3].state = 5ull << 33 | BAILIFF_FOLD_OPEN | 3;
	former->folds[900].event.counter = 7;
	former->folds[900].state = 5ull << 33 | 2;
	former->folds[901].state = 5ull << 33 | BAILIFF_FOLD_BUSY;
	kernel = load(BAILIFF_COUNTERS_FIRST, former);
	assert_int_not_equal(id_of(kernel, MAP_EVENTS), id_of(former, MAP_EVENTS));
	assert_int_not_equal(id_of(kernel, MAP_FOLDS), id_of(former, MAP_FOLDS));
	assert_int_equal(id_of(kernel, MAP_STATS), id_of(former, MAP_STATS));
	count(former, 7, 1, 1, 1);
	assert_int_equal(kernel_succeed(kernel, former, add_unread, &n_unread), 0);
	kernel_free(former);
	assert_int_equal(n_unread, 5);
	assert_count(kernel, 7, 1, 6, 1);
	assert_int_equal(kernel_counted(kernel, &n)[7], 77);
	assert_int_equal(kernel->record[BAILIFF_RECORD_IS], BAILIFF_RECORD_VERSION);
	kernel_free(kernel);
}

/* An event that is laid out otherwise: the record says how. */
static void test_the_record_says_where(void **state)
{
	struct kernel *former = load(BAILIFF_COUNTERS_FIRST, NULL), *kernel;
	char *fold = (char *)&former->folds[5];
	__u64 n_unread = 0, repeats = 9;
	__u32 n, seven = 7;

	(void)state;
	kernel_counted(former, &n)[7] = 77;
	former->record[BAILIFF_RECORD_IS] = BAILIFF_RECORD_VERSION + 1;
	former->record[BAILIFF_RECORD_FOLD_STATE] = 1016;
	former->record[BAILIFF_RECORD_FOLD_EVENT] = 500;
	former->record[BAILIFF_RECORD_COUNTER] = 24;
	memcpy(fold + 1016, &repeats, sizeof(repeats));
	memcpy(fold + 524, &seven, sizeof(seven));
	kernel = load(BAILIFF_COUNTERS_FIRST, former);
	assert_int_equal(kernel_succeed(kernel, former, add_unread, &n_unread), 0);
	assert_int_equal(n_unread, 9);
	/* what cannot be is not believed */
	former->record[BAILIFF_RECORD_FOLD_STATE] = 1017;
	assert_int_equal(kernel_succeed(kernel, former, add_unread, &n_unread), -EBADMSG);
	kernel_free(former);
	kernel_free(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_build_goes_on),
		cmocka_unit_test(test_a_larger_table_goes_on),
		cmocka_unit_test(test_a_smaller_wish_keeps_the_table),
		cmocka_unit_test(test_other_events_are_told_in_sum),
		cmocka_unit_test(test_the_record_says_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
