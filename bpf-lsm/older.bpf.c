/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "bind.bpf.h"
#include "label.bpf.h"
#include "path.bpf.h"

/*
 * Tasks that were there before the policy. What they have open is told, for user space to hold
 * against a policy that has come into force: a descriptor is decided on when it is opened, and
 * these may be older.
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

static __always_inline __u64 cgroup_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
}

/*
 * And they get the label that their first act under a hook would give them: so that they do not
 * leave their cgroup without one, nor say by then that they run something else.
 */
SEC("?iter/task")
int bailiff_label_older(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct bailiff_label label = {};
	struct bailiff_slot *found;
	__u32 *slot;

	if (!task || !task->mm)
		return 0;
	label.cgroup = cgroup_of(task);
	slot = bpf_map_lookup_elem(&bindings, &label.cgroup);
	if (!slot)
		return 0;
	label.slot = *slot;
	found = bpf_map_lookup_elem(&slots, slot);
	label.cookie = found ? found->cookie : 0;
	label_executed(&label, task);
	/* one that has a label keeps it */
	if (!bpf_task_storage_get(&labels, task, &label, BPF_LOCAL_STORAGE_GET_F_CREATE))
		stat_add(BAILIFF_STAT_LABEL_FAILED);
	return 0;
}

/* Tells of a file that a task has, as .mode says. */
static __always_inline int tell_of(struct bpf_iter_meta *meta, struct task_struct *task,
				   struct file *file, __u32 mode)
{
	struct bailiff_older older = {.mode = mode};
	__u64 cgroup = cgroup_of(task);
	__u32 *slot = bpf_map_lookup_elem(&bindings, &cgroup);

	if (!slot || !has_path(file))
		return 0;
	older.slot = *slot;
	older.tgid = BPF_CORE_READ(task, tgid);
	tell(meta->seq, task, file, &older);
	return 0;
}

SEC("?iter/task_file")
int bailiff_older(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file *file = context->file;
	__u32 mode;

	if (!task || !file)
		return 0;
	mode = BPF_CORE_READ(file, f_mode) & (FMODE_READ | FMODE_WRITE);
	return mode ? tell_of(context->meta, task, file, mode) : 0;
}

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
};

#pragma clang attribute pop

/* Mappings: a private one is never written back. */
SEC("?iter/task_vma")
int bailiff_older_maps(struct bpf_iter__task_vma *context)
{
	struct task_struct *task = context->task;
	struct vm_area_struct *vma = context->vma;
	__u32 mode = BAILIFF_OLDER_MAPPED;
	struct file *file;
	__u64 flags;

	if (!task || !vma)
		return 0;
	file = BPF_CORE_READ(vma, vm_file);
	if (!file)
		return 0;
	flags = BPF_CORE_READ(vma, vm_flags);
	/* what the kernel mapped to execute it was not opened to be read */
	if (flags & VM_READ && !(BPF_CORE_READ(file, f_flags) & FMODE_EXEC))
		mode |= BAILIFF_OLDER_READ;
	if (flags & VM_EXEC)
		mode |= BAILIFF_OLDER_EXEC;
	if (flags & VM_SHARED && flags & VM_WRITE)
		mode |= BAILIFF_OLDER_WRITE;
	return mode == BAILIFF_OLDER_MAPPED ? 0 : tell_of(context->meta, task, file, mode);
}
