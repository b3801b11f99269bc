/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>

#include "daemon/event-text.h"
#include "daemon/kernel-internal.h"
#include "daemon/util.h"

#define USE (7ull << 33)

static struct bailiff_fold folds[BAILIFF_FOLDS];
static struct kernel kernel = {.folds = folds};

/* What was handed over: how many, of how many decisions, and the last one's texts. */
static struct taken {
	unsigned n;
	__u64 n_decisions;
	char path[BAILIFF_FOLD_PATH + 1], exe[64], cgroup[64];
	int answer;
	unsigned last; /* with which it has enough; 0: never */
} taken;

static void copy(char *to, struct text text)
{
	memcpy(to, text.bytes, text.n);
	to[text.n] = '\0';
}

static int take(void *userdata, const struct bailiff_event *event, size_t size)
{
	struct event_texts texts;

	assert_null(userdata);
	assert_true(event_is_whole(event, size));
	if (taken.answer < 0)
		return taken.answer;
	event_texts(event, &texts);
	copy(taken.path, texts.path);
	copy(taken.exe, texts.exe);
	copy(taken.cgroup, texts.cgroup);
	taken.n++;
	taken.n_decisions += event->repeats;
	return taken.n == taken.last ? -EAGAIN : 0;
}

/* As a program leaves it (bpf-lsm/fold.bpf.c). */
static struct bailiff_fold *put(size_t at, const char *path, __u64 state)
{
	struct bailiff_fold *fold = &folds[at];
	size_t n = strlen(path);

	memset(fold, 0, sizeof(*fold));
	memcpy(fold->path + sizeof(fold->path) - n, path, n);
	memcpy(fold->texts, "/bin/a/b.service", 16);
	fold->event = (struct bailiff_event){
		.time = 1000, .n_path = (__u16)n, .n_exe = 6, .n_cgroup = 10, .policy = "p"};
	fold->state = state;
	return fold;
}

static int close_all(__u64 before)
{
	__u32 at = 0;
	int r = kernel_folds_close(&kernel, KERNEL_RING_DENIALS, &at, before, take, NULL);

	return r < 0 ? r : kernel_folds_close(&kernel, KERNEL_RING_AUDITS, &at, before, take, NULL);
}

static int begin(void **state)
{
	(void)state;
	memset(folds, 0, sizeof(folds));
	taken = (struct taken){};
	return 0;
}

static void repeats_are_told_once(void **state)
{
	struct bailiff_fold *fold = put(3, "/etc/x", USE | BAILIFF_FOLD_OPEN | 41);

	(void)state;
	/* it is too young */
	assert_int_equal(close_all(1000), 0);
	assert_int_equal(taken.n, 0);
	assert_int_equal(fold->state, USE | BAILIFF_FOLD_OPEN | 41);
	assert_int_equal(close_all(1001), 0);
	assert_int_equal(taken.n, 1);
	assert_int_equal(taken.n_decisions, 41);
	assert_string_equal(taken.path, "/etc/x");
	assert_string_equal(taken.exe, "/bin/a");
	assert_string_equal(taken.cgroup, "/b.service");
	/* free, and its number is used up */
	assert_int_equal(fold->state, USE);
	assert_int_equal(close_all(1001), 0);
	assert_int_equal(taken.n, 1);
}

static void longest_texts_are_told(void **state)
{
	char path[BAILIFF_FOLD_PATH + 1];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	put(BAILIFF_FOLDS - 1, path, USE | BAILIFF_FOLD_OPEN | 1);
	assert_int_equal(close_all(UINT64_MAX), 0);
	assert_string_equal(taken.path, path);
}

static void nothing_is_told_of_what_was_not_repeated(void **state)
{
	struct bailiff_fold *fold = put(0, "/etc/x", USE | BAILIFF_FOLD_OPEN);
	struct bailiff_fold *busy = put(1, "/etc/y", USE | BAILIFF_FOLD_BUSY);

	(void)state;
	assert_int_equal(close_all(UINT64_MAX), 0);
	assert_int_equal(taken.n, 0);
	assert_int_equal(fold->state, USE);
	/* a program writes it */
	assert_int_equal(busy->state, USE | BAILIFF_FOLD_BUSY);
}

/* Where nothing can be told, what was not repeated makes room all the same. */
static void nothing_is_closed_that_cannot_be_told(void **state)
{
	struct bailiff_fold *fold = put(0, "/etc/x", USE | BAILIFF_FOLD_OPEN);
	struct bailiff_fold *repeated = put(1, "/etc/y", USE | BAILIFF_FOLD_OPEN | 1);
	struct bailiff_fold *closed = put(2, "/etc/y", USE | 1);
	__u32 at = 0;

	(void)state;
	assert_int_equal(
		kernel_folds_close(&kernel, KERNEL_RING_DENIALS, &at, UINT64_MAX, NULL, NULL), 0);
	assert_int_equal(fold->state, USE);
	assert_int_equal(repeated->state, USE | BAILIFF_FOLD_OPEN | 1);
	assert_int_equal(closed->state, USE | 1);
}

/* A daemon was killed after it had closed them. */
static void what_is_closed_is_told_by_the_next(void **state)
{
	struct bailiff_fold *fold = put(9, "/etc/x", USE | 5);

	(void)state;
	assert_int_equal(close_all(0), 0);
	assert_int_equal(taken.n_decisions, 5);
	assert_int_equal(fold->state, USE);
}

static void what_is_not_taken_is_kept(void **state)
{
	struct bailiff_fold *fold = put(9, "/etc/x", USE | BAILIFF_FOLD_OPEN | 5);

	(void)state;
	taken.answer = -ENOMEM;
	assert_int_equal(close_all(UINT64_MAX), -ENOMEM);
	assert_int_equal(fold->state, USE | 5);
	taken.answer = 0;
	assert_int_equal(close_all(UINT64_MAX), 0);
	assert_int_equal(taken.n_decisions, 5);
}

/* So many at once as who takes them says; and denials alone. */
static void they_are_told_a_few_at_a_time(void **state)
{
	const __u32 half = BAILIFF_FOLDS / KERNEL_N_RINGS;
	const size_t places[] = {0, 1, half - 1, half};
	__u32 at = 0;

	(void)state;
	for (size_t i = 0; i < ELEMENTS(places); i++)
		put(places[i], "/etc/x", USE | BAILIFF_FOLD_OPEN | 5);
	taken.last = 2;
	assert_int_equal(
		kernel_folds_close(&kernel, KERNEL_RING_DENIALS, &at, UINT64_MAX, take, NULL),
		-EAGAIN);
	assert_int_equal(taken.n, 2);
	assert_int_equal(at, 2);
	assert_int_equal(
		kernel_folds_close(&kernel, KERNEL_RING_DENIALS, &at, UINT64_MAX, take, NULL), 0);
	assert_int_equal(taken.n, 3);
	assert_int_equal(at, 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(folds[places[i]].state, USE);
	assert_int_equal(folds[half].state, USE | BAILIFF_FOLD_OPEN | 5);
}

/* Whatever lies there: lengths that lead out of it are no event. */
static void damage_is_not_told(void **state)
{
	(void)state;
	put(2, "/etc/x", USE | 5)->event.n_path = BAILIFF_FOLD_PATH + 1;
	assert_int_equal(close_all(0), -EBADMSG);
	put(2, "/etc/x", USE | 5)->event.n_cgroup = BAILIFF_FOLD_TEXTS - 5;
	assert_int_equal(close_all(0), -EBADMSG);
	memset(put(2, "/etc/x", USE | 5)->event.policy, 'x', BAILIFF_NAME_MAX);
	assert_int_equal(close_all(0), -EBADMSG);
	assert_int_equal(taken.n, 0);
	/* it is not told again and again */
	assert_int_equal(close_all(0), 0);
}

#define N_ADDED 400000

/* Adds repeats as programs do, and opens what is free. Answers how many were repeats. */
static void *add(void *argument)
{
	struct bailiff_fold *fold = argument;
	__u64 n = 0;

	for (int i = 0; i < N_ADDED; i++) {
		__u64 state = __atomic_load_n(&fold->state, __ATOMIC_ACQUIRE);
		__u64 busy = ((state >> 33) + 1) << 33 | BAILIFF_FOLD_BUSY;

		if (state & BAILIFF_FOLD_OPEN)
			n += __atomic_compare_exchange_n(&fold->state, &state, state + 1, false,
							 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		else if (!(state & BAILIFF_FOLD_COUNT) &&
			 __atomic_compare_exchange_n(&fold->state, &state, busy, false,
						     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			__atomic_store_n(&fold->state,
					 (busy & ~BAILIFF_FOLD_COUNT) | BAILIFF_FOLD_OPEN,
					 __ATOMIC_SEQ_CST);
	}
	return (void *)(uintptr_t)n;
}

/* Programs add while the daemon closes: each repeat is told once. */
static void no_repeat_is_lost_or_told_twice(void **state)
{
	struct bailiff_fold *fold = put(5, "/etc/x", USE);
	pthread_t threads[3];
	__u64 n = 0;

	(void)state;
	for (size_t i = 0; i < ELEMENTS(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add, fold), 0);
	for (int i = 0; i < 2000; i++)
		assert_int_equal(close_all(UINT64_MAX), 0);
	for (size_t i = 0; i < ELEMENTS(threads); i++) {
		void *added;

		assert_int_equal(pthread_join(threads[i], &added), 0);
		n += (uintptr_t)added;
	}
	assert_int_equal(close_all(UINT64_MAX), 0);
	assert_true(n > 0);
	assert_int_equal(taken.n_decisions, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(repeats_are_told_once, begin),
		cmocka_unit_test_setup(longest_texts_are_told, begin),
		cmocka_unit_test_setup(nothing_is_told_of_what_was_not_repeated, begin),
		cmocka_unit_test_setup(nothing_is_closed_that_cannot_be_told, begin),
		cmocka_unit_test_setup(what_is_closed_is_told_by_the_next, begin),
		cmocka_unit_test_setup(what_is_not_taken_is_kept, begin),
		cmocka_unit_test_setup(they_are_told_a_few_at_a_time, begin),
		cmocka_unit_test_setup(damage_is_not_told, begin),
		cmocka_unit_test_setup(no_repeat_is_lost_or_told_twice, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
