/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stddef.h>

#include "bpf-lsm/abi.h"

struct kernel;

/*
 * Which of the kernel's counters belongs to which rule. A rule is known by its key, so that its
 * counts go on when the policy is loaded again, and are shared by the images that it is in.
 */
struct counters {
	void *tree; /* of struct counter, by key (tsearch) */
	struct counter **by_index;
	__u64 *keys; /* by index, shared with the daemons to come (kernel_counted()) */
	__u32 n;
	size_t next;
	unsigned generation;
};

/*
 * Gives every rule of an image that can be counted its counter; the others get none
 * (BAILIFF_COUNTERS). Returns 0, -EXFULL where there are more rules than counters, -ENOMEM, or
 * what the kernel answered.
 */
int counters_assign(struct counters *counters, struct kernel *kernel, struct bailiff_cell *image);

/* Begins with the kernel's counters, as former daemons have left them. Returns 0, or -ENOMEM. */
int counters_adopt(struct counters *counters, struct kernel *kernel);

/*
 * A publication: what is not assigned or kept between begin and end belongs to no rule any more.
 * counters_end() comes when no reader has an older image.
 */
void counters_begin(struct counters *counters);
void counters_keep(struct counters *counters, const struct bailiff_cell *image);
void counters_end(struct counters *counters);

void counters_clear(struct counters *counters);
