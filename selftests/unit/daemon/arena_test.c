// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "daemon/arena.h"

/* Cell 0 is nobody's: a start of 0 means none. */
static void there_is_room_up_to_the_last_cell(void **state)
{
	struct arena arena = {.n_cells = 100};
	__u32 starts[4] = {}, start;

	(void)state;
	assert_int_equal(arena_take(&arena, 100, &start), -ENOSPC);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(arena_take(&arena, 33, &starts[i]), 0);
	assert_int_equal(arena_used(&arena), 99);
	assert_int_equal(arena_take(&arena, 1, &start), -ENOSPC);
	assert_int_equal(starts[0], 1);
	assert_int_equal(starts[1], 34);
	assert_int_equal(starts[2], 67);
	/* a hole is filled, and not more than it */
	arena_give(&arena, starts[1]);
	assert_int_equal(arena_take(&arena, 34, &start), -ENOSPC);
	assert_int_equal(arena_take(&arena, 33, &start), 0);
	assert_int_equal(start, starts[1]);
	arena_clear(&arena);
}

/* What a former daemon has left is taken as it is, if it can be. */
static void what_is_there_is_taken_over(void **state)
{
	struct arena arena = {.n_cells = 100};
	__u32 start;

	(void)state;
	assert_int_equal(arena_take_at(&arena, 0, 1), -EEXIST);
	assert_int_equal(arena_take_at(&arena, 50, 51), -EEXIST);
	assert_int_equal(arena_take_at(&arena, 101, 1), -EEXIST);
	assert_int_equal(arena_take_at(&arena, 50, 50), 0);
	assert_int_equal(arena_take_at(&arena, 49, 2), -EEXIST);
	assert_int_equal(arena_take_at(&arena, 99, 1), -EEXIST);
	assert_int_equal(arena_take(&arena, 50, &start), -ENOSPC);
	assert_int_equal(arena_take(&arena, 49, &start), 0);
	arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_room_up_to_the_last_cell),
		cmocka_unit_test(what_is_there_is_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
