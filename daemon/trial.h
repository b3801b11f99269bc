/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>

/*
 * A trial: policies that are in force for some time only, unless somebody confirms them. Their
 * files lie in a folder of their own that stands before the others, so that going back is its
 * removal, and what was before was never touched. It is in /run: the next boot knows nothing of it.
 */

#define TRIAL_FOLDER "/run/bailiff/trial"
#define TRIAL_NAME "trial"
#define TRIAL_DEADLINE "deadline" /* in it: microseconds of CLOCK_BOOTTIME */

/* Microseconds since the machine was started, with the time that it slept. */
__u64 trial_now(void);

/*
 * Until when the trial that there is lasts; 0, long ago, where its file cannot be read. Returns 0,
 * or -ENOENT where there is none.
 */
int trial_deadline(__u64 *ret_usec);

/* Ends it in one step. Returns 0, also where there is none, or a negative errno. */
int trial_end(void);
