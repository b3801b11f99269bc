/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "bind.bpf.h"
#include "path.bpf.h"

/*
 * Tells what tasks under policy have open, for user space to hold against a policy that has come
 * into force: a descriptor is decided on when it is opened, and these may be older.
 */

_Static_assert(BAILIFF_OLDER_READ == FMODE_READ && BAILIFF_OLDER_WRITE == FMODE_WRITE,
	       "the mode is passed on as it is");

static __always_inline bool has_path(struct file *file)
{
	__u16 type = BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT;

	return type == S_IFREG || type == S_IFDIR;
}

static __always_inline void tell(struct seq_file *seq, struct task_struct *task, struct file *file,
				 struct bailiff_older *older)
{
	struct scratch *scratch = scratch_claim();
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	__u32 off;

	if (!scratch)
		return;
	scratch->off = PATH_END;
	if (!path_build_on(scratch, mount, BPF_CORE_READ(file, f_path.dentry),
			   BPF_CORE_READ(task, nsproxy, mnt_ns))) {
		off = scratch->off;
		older->n_path = PATH_END - off;
		/* one piece of one size: what is before the path is skipped by the reader */
		bpf_seq_write(seq, older, sizeof(*older));
		bpf_seq_write(seq, scratch->path, PATH_END);
	}
	scratch_release(scratch);
}

SEC("?iter/task_file")
int bailiff_older(struct bpf_iter__task_file *context)
{
	struct bailiff_older older = {};
	struct task_struct *task = context->task;
	struct file *file = context->file;
	__u64 cgroup;
	__u32 *slot;

	if (!task || !file)
		return 0;
	cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	slot = bpf_map_lookup_elem(&bindings, &cgroup);
	older.mode = BPF_CORE_READ(file, f_mode) & (FMODE_READ | FMODE_WRITE);
	if (!slot || !older.mode || !has_path(file))
		return 0;
	older.slot = *slot;
	older.tgid = BPF_CORE_READ(task, tgid);
	tell(context->meta->seq, task, file, &older);
	return 0;
}
