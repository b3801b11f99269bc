/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int insert(struct arena *arena, size_t at, __u32 start, size_t n)
{
	struct arena_run *runs = reallocarray(arena->runs, arena->n_runs + 1, sizeof(*runs));

	if (!runs)
		return -ENOMEM;
	arena->runs = runs;
	memmove(&runs[at + 1], &runs[at], (arena->n_runs - at) * sizeof(*runs));
	runs[at] = (struct arena_run){.start = start, .n = (__u32)n};
	arena->n_runs++;
	return 0;
}

int arena_take(struct arena *arena, size_t n, __u32 *ret_start)
{
	size_t start = 1;
	int r;

	for (size_t i = 0; i <= arena->n_runs; i++) {
		size_t end = i < arena->n_runs ? arena->runs[i].start : arena->n_cells;

		if (n <= end && start <= end - n) {
			r = insert(arena, i, (__u32)start, n);
			if (r >= 0)
				*ret_start = (__u32)start;
			return r;
		}
		if (i < arena->n_runs)
			start = (size_t)arena->runs[i].start + arena->runs[i].n;
	}
	return -ENOSPC;
}

int arena_take_at(struct arena *arena, __u32 start, size_t n)
{
	size_t i = 0;

	if (start == 0 || n > arena->n_cells || start > arena->n_cells - n)
		return -EEXIST;
	while (i < arena->n_runs && arena->runs[i].start + arena->runs[i].n <= start)
		i++;
	if (i < arena->n_runs && arena->runs[i].start < start + n)
		return -EEXIST;
	return insert(arena, i, start, n);
}

void arena_give(struct arena *arena, __u32 start)
{
	for (size_t i = 0; i < arena->n_runs; i++) {
		if (arena->runs[i].start != start)
			continue;
		arena->n_runs--;
		memmove(&arena->runs[i], &arena->runs[i + 1],
			(arena->n_runs - i) * sizeof(*arena->runs));
		return;
	}
}

size_t arena_used(const struct arena *arena)
{
	size_t used = 0;

	for (size_t i = 0; i < arena->n_runs; i++)
		used += arena->runs[i].n;
	return used;
}

void arena_clear(struct arena *arena)
{
	free(arena->runs);
	*arena = (struct arena){};
}
