/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stddef.h>

/* Which runs of cells in the kernel's arena are taken. The cells themselves are the kernel's. */
struct arena_run {
	__u32 start, n;
};

struct arena {
	struct arena_run *runs; /* by start; no two overlap */
	size_t n_runs;
	size_t n_cells; /* of the whole arena */
};

/*
 * Takes a run of @n cells where it fits first; never cell 0, which stands for "none". Returns 0, or
 * -ENOSPC or -ENOMEM.
 */
int arena_take(struct arena *arena, size_t n, __u32 *ret_start);

/* Takes the run that is there already. Returns 0, -EEXIST where it overlaps another, or -ENOMEM. */
int arena_take_at(struct arena *arena, __u32 start, size_t n);

/* Gives back the run that begins at @start; 0 is none. */
void arena_give(struct arena *arena, __u32 start);

/* Returns how many cells are taken. */
size_t arena_used(const struct arena *arena);

void arena_clear(struct arena *arena);
