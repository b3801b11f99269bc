/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "bind.bpf.h"

#include "match.bpf.h"
#include "path.bpf.h"

/*
 * A new cgroup is bound to its slot before any process can be in it: the tracepoint fires before
 * the directory becomes visible. There is no user space on this path, and so nothing to race with.
 */

/* Matches a cgroup's path. Returns its slot, 0 for none. */
static __always_inline __u32 select_slot(struct scratch *scratch, struct bailiff_control *state,
					 struct cgroup *cgroup)
{
	void *base = arena_base();
	__u32 selector;
	int reason;

	if (!base || !state->selector)
		return 0;
	reason = path_build_cgroup(scratch, cgroup);
	if (reason) {
		/* its path cannot be told: what holds for its parent holds for all beneath */
		struct kernfs_node *node = BPF_CORE_READ(cgroup, kn), *parent = kernfs_parent(node);
		__u64 id = BPF_CORE_READ(parent, id);
		__u32 *slot = bpf_map_lookup_elem(&bindings, &id);

		stat_add(reason);
		return slot ? *slot : 0;
	}
	selector = state->selector;
	return arena_cell(base, match_words(base, selector,
					    match(scratch_number(scratch), selector,
						  image_word(base, selector, start))));
}

__u32 bind_by_path(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct scratch *scratch = scratch_claim();
	struct bailiff_control *state;
	__u32 zero = 0, slot = 0;

	if (!scratch) {
		stat_add(BAILIFF_REASON_NO_SCRATCH);
		return 0;
	}
	state = bpf_map_lookup_elem(&control, &zero);
	if (state)
		slot = select_slot(scratch, state, BPF_CORE_READ(task, cgroups, dfl_cgrp));
	scratch_release(scratch);
	return slot;
}

static __always_inline void unbind(struct bailiff_control *state, __u64 id)
{
	if (!bpf_map_delete_elem(&bindings, &id))
		__sync_fetch_and_add(&state->bound[id % BAILIFF_BOUND], -1);
}

/* Binds a cgroup to its slot, or to none; returns whether it is bound. */
static __always_inline bool bind(struct bailiff_control *state, struct cgroup *cgroup)
{
	__u64 id = BPF_CORE_READ(cgroup, kn, id);
	struct scratch *scratch = scratch_claim();
	__u32 slot = 0;

	if (!scratch) {
		/* not decided now, so at each hook */
		stat_add(BAILIFF_REASON_NO_SCRATCH);
		state->bindings_full = 1;
	} else {
		slot = select_slot(scratch, state, cgroup);
		scratch_release(scratch);
	}
	if (slot) {
		if (!bpf_map_update_elem(&bindings, &id, &slot, BPF_EXIST))
			return true;
		__sync_fetch_and_add(&state->bound[id % BAILIFF_BOUND], 1);
		if (!bpf_map_update_elem(&bindings, &id, &slot, BPF_NOEXIST))
			return true;
		__sync_fetch_and_add(&state->bound[id % BAILIFF_BOUND], -1);
		stat_add(BAILIFF_STAT_BINDINGS_FULL);
		state->bindings_full = 1;
	}
	unbind(state, id); /* what another selector said does not stand */
	return false;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(bailiff_cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
	struct bailiff_control *state;
	__u32 zero = 0;

	state = bpf_map_lookup_elem(&control, &zero);
	if (!state || !state->selector || !bind(state, cgroup))
		return 0;
	stat_add(BAILIFF_STAT_BOUND);
	if (state->tell_made) {
		__u64 id = BPF_CORE_READ(cgroup, kn, id);

		(void)bpf_ringbuf_output(&made, &id, sizeof(id), 0);
	}
	return 0;
}

/*
 * All that are there, parents before children; without a selector they are bound to nothing. To go
 * through their folders instead would leave out what the daemon may not enter, and paths that are
 * longer than a path may be.
 */
SEC("?iter/cgroup")
int bailiff_bind_all(struct bpf_iter__cgroup *context)
{
	struct cgroup *cgroup = context->cgroup; /* read once: the verifier forgets the check */
	struct bailiff_control *state;
	__u32 zero = 0;

	state = bpf_map_lookup_elem(&control, &zero);
	if (state && cgroup)
		bind(state, cgroup);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(bailiff_cgroup_rmdir, struct cgroup *cgroup, const char *path)
{
	struct bailiff_control *state;
	__u32 zero = 0;

	state = bpf_map_lookup_elem(&control, &zero);
	if (state)
		unbind(state, BPF_CORE_READ(cgroup, kn, id));
	return 0;
}
