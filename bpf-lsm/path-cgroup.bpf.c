/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "path.bpf.h"

/* bpf_loop() ran out before the walk came to an end. */
#define WALK_UNFINISHED (-1)

struct cgroup_walk {
	struct scratch *scratch;
	struct kernfs_node *node;
	int status;
};

static long cgroup_walk_step(__u32 index, struct cgroup_walk *walk)
{
	struct scratch *scratch = walk->scratch;
	struct kernfs_node *node = walk->node, *parent = kernfs_parent(node);
	long n;

	if (!parent) {
		walk->status = 0;
		return 1;
	}
	n = bpf_probe_read_kernel_str(scratch->name, sizeof(scratch->name),
				      BPF_CORE_READ(node, name));
	walk->status = BAILIFF_REASON_UNREADABLE;
	if (n < 1)
		return 1;
	walk->status = path_prepend(scratch, scratch->name, n - 1);
	if (walk->status)
		return 1;
	walk->status = path_prepend_byte(scratch, '/');
	if (walk->status)
		return 1;
	walk->status = WALK_UNFINISHED;
	walk->node = parent;
	return 0;
}

__hidden int path_build_cgroup(struct scratch *scratch, struct cgroup *cgroup)
{
	struct cgroup_walk walk = {
		.scratch = scratch,
		.node = BPF_CORE_READ(cgroup, kn),
		.status = WALK_UNFINISHED,
	};

	scratch->off = PATH_END;
	bpf_loop(BAILIFF_DEPTH_MAX, cgroup_walk_step, &walk, 0);
	if (walk.status == WALK_UNFINISHED)
		return BAILIFF_REASON_TOO_LONG;
	if (walk.status)
		return walk.status;
	return scratch->off == PATH_END ? path_prepend_byte(scratch, '/') : 0;
}
