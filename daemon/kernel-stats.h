/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "daemon/kernel.h"

/* How often a hook's program ran, and for how long: while kernel.bpf_stats_enabled is 1. */
struct kernel_run {
	__u64 count, ns;
};

/* Returns 0 or a negative errno. */
int kernel_run_get(const struct kernel *kernel, enum kernel_hook hook, struct kernel_run *ret_run);
