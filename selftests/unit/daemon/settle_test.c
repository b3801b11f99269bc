// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/settle.h"

/* Something is looked at that takes a while, and changes go on meanwhile. */
struct watched {
	sd_event *event;
	struct settle *settle;
	unsigned n_looks, n_left;
	uint64_t last; /* when it was looked at last */
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static void look(void *userdata)
{
	struct watched *watched = userdata;

	watched->n_looks++;
	watched->last = now();
}

/* Three files each millisecond. */
static int on_change(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct watched *watched = userdata;

	settle_changed(watched->settle, "a.ini");
	settle_changed(watched->settle, "b.ini");
	settle_changed(watched->settle, "c.ini");
	if (--watched->n_left == 0)
		return 0;
	assert_true(sd_event_source_set_time(source, usec + 1000) >= 0);
	assert_true(sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) >= 0);
	return 0;
}

static void run_for(struct watched *watched, uint64_t usec)
{
	for (uint64_t end = now() + usec; now() < end;)
		assert_true(sd_event_run(watched->event, 10000) >= 0);
}

static void begin(struct watched *watched)
{
	assert_true(sd_event_new(&watched->event) >= 0);
	assert_int_equal(settle_new(watched->event, look, watched, &watched->settle), 0);
}

static void end(struct watched *watched)
{
	settle_free(watched->settle);
	sd_event_unref(watched->event);
}

static void a_burst_is_looked_at_a_few_times(void **state)
{
	struct watched watched = {.n_left = 1500};
	sd_event_source *source;
	uint64_t ended;

	(void)state;
	begin(&watched);
	assert_true(sd_event_add_time_relative(watched.event, &source, CLOCK_MONOTONIC, 0, 1,
					       on_change, &watched) >= 0);
	while (watched.n_left)
		assert_true(sd_event_run(watched.event, 10000) >= 0);
	ended = now();
	run_for(&watched, 700000);
	assert_in_range(watched.n_looks, 2, 12);
	assert_true(watched.last > ended); /* the last change too */
	sd_event_source_unref(source);
	end(&watched);
}

static void one_change_is_looked_at_at_once(void **state)
{
	struct watched watched = {};

	(void)state;
	begin(&watched);
	for (unsigned i = 1; i <= 20; i++) {
		/* a file that is made, written and closed */
		for (int j = 0; j < 3; j++)
			settle_changed(watched.settle, "a.ini");
		run_for(&watched, 50000);
		assert_int_equal(watched.n_looks, i);
	}
	end(&watched);
}

static void after_a_burst_it_is_at_once_again(void **state)
{
	struct watched watched = {};

	(void)state;
	begin(&watched);
	for (int i = 0; i < 100; i++)
		settle_changed(watched.settle, i % 2 ? "a.ini" : "b.ini");
	run_for(&watched, 50000);
	assert_int_equal(watched.n_looks, 1);
	for (unsigned i = 2; i <= 4; i++) {
		settle_changed(watched.settle, "a.ini");
		run_for(&watched, 50000);
		assert_int_equal(watched.n_looks, i);
	}
	end(&watched);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_is_looked_at_a_few_times),
		cmocka_unit_test(one_change_is_looked_at_at_once),
		cmocka_unit_test(after_a_burst_it_is_at_once_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
