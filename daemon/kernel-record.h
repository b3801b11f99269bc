/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>

/* What outlives the programs of a kernel (abi-record.h). Functions return as those in kernel.h. */

struct kernel;

/*
 * How many rules can be counted, and the keys of those that are, by counter, 0 where one is free:
 * shared memory, which outlives the daemon.
 */
__u64 *kernel_counted(struct kernel *kernel, __u32 *ret_n_counters);

/*
 * Takes over the last of what @former counted: its programs run no more. Calls @unread for each
 * counter of which there are events that cannot be read, as they are in another layout, and for how
 * many decisions they stand.
 */
int kernel_succeed(struct kernel *kernel, struct kernel *former,
		   void (*unread)(void *userdata, __u32 counter, __u64 n), void *userdata);
