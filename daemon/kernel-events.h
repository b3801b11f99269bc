/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#include "bpf-lsm/abi-event.h"

/* What the kernel's half tells of decisions: events, repeats, counts (abi-event.h). */

struct kernel;

/* How many decisions of a rule there were: each is in one of its counts. */
static inline __u64 kernel_count_decided(const struct bailiff_count *count)
{
	return count->logged + count->folded + count->dropped;
}

/*
 * Events come in two rings. kernel_events_fd() is a descriptor to poll; kernel_events_read() reads
 * all that is there. @handle gets one event with its texts, @size bytes; it returns 0, or a
 * negative errno, which ends the reading: that event counts as read.
 */
enum kernel_ring {
	KERNEL_RING_DENIALS,
	KERNEL_RING_AUDITS, /* what was allowed, and is told */
	KERNEL_N_RINGS,
};

typedef int (*kernel_event_handler)(void *userdata, const struct bailiff_event *event, size_t size);

int kernel_events_fd(struct kernel *kernel, enum kernel_ring ring);
int kernel_events_read(struct kernel *kernel, enum kernel_ring ring, kernel_event_handler handle,
		       void *userdata);

/*
 * Cgroups that were made and came under policy at once, while control.tell_made: a descriptor to
 * poll, and what forgets those that were told. Both return a negative errno where that fails.
 */
int kernel_made_fd(struct kernel *kernel);
int kernel_made_clear(struct kernel *kernel);

/*
 * Closes the folds (abi-event.h) of a ring's events that happened before @before (CLOCK_BOOTTIME,
 * ns), and hands over those with repeats, also such as were closed and not handed over. Begins at
 * *@at (0: with the first) and sets it to where to go on, 0 at the end. Where @handle answers a
 * negative errno the call ends and returns it: with -EAGAIN that one counts as handed over, with
 * others it is kept for the next round. Without a @handle what has no repeats alone is closed.
 */
int kernel_folds_close(struct kernel *kernel, enum kernel_ring ring, __u32 *at, __u64 before,
		       kernel_event_handler handle, void *userdata);
