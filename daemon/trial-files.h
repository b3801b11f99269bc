/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>

#include "daemon/cli-policies.h"

/* Laying a trial, and keeping what it says (trial.h). Only root can. */

/*
 * Begins a trial of @policies, whose files' names are theirs, until @deadline. All of them are
 * there at once. Returns 0, -EEXIST where there is a trial already, or another negative errno.
 */
int trial_lay(const struct cli_policies *policies, __u64 deadline);

/*
 * Makes what is on trial the administrator's policies, and ends the trial. Returns 0, -ENOENT where
 * there is none, -ETIME where its time is over, or another negative errno: then it goes on, and
 * goes back when its time is over.
 */
int trial_keep(void);
