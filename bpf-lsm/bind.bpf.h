/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "maps.bpf.h"

/* Returns the slot of a cgroup whose binding could not be stored, by its path; 0: not under policy.
 */
__u32 bind_by_path(void);

/* Returns the slot that the current task's cgroup, whose id is @cgroup, is bound to; 0: none. */
static __always_inline __u32 bind_find(__u64 cgroup)
{
	__u32 *slot = bpf_map_lookup_elem(&bindings, &cgroup), zero = 0;
	struct bailiff_control *state;

	if (slot)
		return *slot;
	state = bpf_map_lookup_elem(&control, &zero);
	return state && state->bindings_full ? bind_by_path() : 0;
}
