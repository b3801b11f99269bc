/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "path.bpf.h"

/*
 * The kernel's own d_path() tells a path in a fifth of the instructions of path_build(). But it
 * tells it from the task's root directory, stops where a tree ends without a word, and says
 * " (deleted)" behind a name. So it is asked where none of that can matter, and the answer is what
 * path_build() would say:
 *
 * - the task's root directory is that of its mount namespace (and has not been another since);
 * - the file is on the mount of that root, or on one that is mounted on it;
 * - both mounts show a file system from its own root on, so that no name of theirs can be moved
 *   out of what they show;
 * - the path is short, the file was not deleted, and its name has one spelling.
 */

#define TOLD_MAX NAME_MAX

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* The same of a pointer that the verifier knows: it lets nobody count backwards from it. */
static __always_inline struct mount *mount_of_known(struct scratch *scratch, struct vfsmount *mnt)
{
	*(struct vfsmount *volatile *)&scratch->pointer = mnt;
	return mount_of(*(struct vfsmount *volatile *)&scratch->pointer);
}

/* Whether a mount shows all of its file system. */
static __always_inline bool mount_is_whole(struct vfsmount *mnt)
{
	return mnt->mnt_root == mnt->mnt_sb->s_root;
}

/* Whether the root of a task's mount namespace is at @root, perhaps on top of others. */
static __always_inline bool is_top_root(struct task_struct *task, struct mount *mount)
{
	struct mount *top = task->nsproxy->mnt_ns->root, *below;

	for (int i = 0; i < 3; i++) {
		if (mount == top)
			return true;
		below = BPF_CORE_READ(mount, mnt_parent);
		if (BPF_CORE_READ(mount, mnt_mountpoint) != BPF_CORE_READ(below, mnt.mnt_root))
			return false;
		mount = below;
	}
	return false;
}

static __always_inline bool can_be_told(struct scratch *scratch, struct task_struct *task,
					struct file *file)
{
	struct vfsmount *root = task->fs->root.mnt, *mnt = file->f_path.mnt;
	struct dentry *dentry = file->f_path.dentry;
	struct mount *top;

	if (task->fs->root.dentry != root->mnt_root || !mount_is_whole(root) ||
	    dentry->d_parent == dentry || dentry->d_flags & (DCACHE_OP_HASH | DCACHE_OP_COMPARE))
		return false;
	top = mount_of_known(scratch, root);
	if (mnt != root && (!mount_is_whole(mnt) ||
			    BPF_CORE_READ(mount_of_known(scratch, mnt), mnt_parent) != top))
		return false;
	return is_top_root(task, top);
}

/*
 * Moves what d_path() wrote to where a path is to be. Returns whether it is one. A file can be
 * deleted, or be without a name for a moment of a rename, while it is looked at: what ends like
 * "(deleted)" is not believed.
 */
static __always_inline bool take_told(struct scratch *scratch, long n)
{
	__u32 len = n - 1;

	if (n < 2 || len > TOLD_MAX || scratch->text[0] != '/' ||
	    scratch->text[(len - 1) & TOLD_MAX] == ')')
		return false;
	scratch->off = PATH_END;
	return !path_prepend(scratch, scratch->text, len);
}

/* The object of a file that a hook is given, with its path where the kernel can tell it. */
static __always_inline struct object object_of_file(struct file *file)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 sequence = task->fs->seq.seqcount.sequence;
	struct object object = object_of(&file->f_path);
	struct scratch *scratch;

	scratch = scratch_claim();
	if (!scratch)
		return object;
	/* another thread can change the root directory in the midst of it */
	if (!(sequence & 1) && can_be_told(scratch, task, file) &&
	    take_told(scratch, bpf_d_path(&file->f_path, scratch->text, PATH_END)) &&
	    task->fs->seq.seqcount.sequence == sequence)
		object.told = scratch_number(scratch);
	else
		scratch_release(scratch);
	return object;
}
