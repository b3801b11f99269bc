/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "scratch.bpf.h"

/*
 * What else path_build() answers: a pipe, socket, memfd or the like, which has no place in a tree;
 * and a tree that no process sees, on a mount of the kernel's own, such as an overlay's layers.
 */
#define PATH_KERNEL_OBJECT BAILIFF_N_REASONS
#define PATH_KERNEL_TREE (BAILIFF_N_REASONS + 1)

/*
 * Writes the path of a dentry on a mount into @scratch (scratch->off .. PATH_END), from the root of
 * the mount namespace, whatever the task's root directory is. With @append, what is in @scratch
 * already is kept behind it.
 * Returns BAILIFF_REASON_RULE (0) where the path is whole and within @mount_ns, PATH_KERNEL_OBJECT
 * with the object's own name ("memfd:x"), PATH_KERNEL_TREE, or the enum bailiff_reason for which it
 * cannot be told.
 */
int path_build(struct scratch *scratch, struct vfsmount *mnt, struct dentry *dentry,
	       struct mnt_namespace *mount_ns, bool append);

/* Writes a cgroup's path, from the root of the hierarchy ("/" for the root itself). Returns as
 * above. */
int path_build_cgroup(struct scratch *scratch, struct cgroup *cgroup);

/*
 * Writes the name that a program was invoked by, joined to the working directory where it is
 * relative. It is the caller's text: good for a reason to deny, never for one to allow.
 */
int path_build_invoked(struct scratch *scratch, struct linux_binprm *bprm,
		       struct task_struct *task);

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *node)
{
	struct kernfs_node___since_6_15 *newer = (void *)node;

	if (bpf_core_field_exists(newer->__parent))
		return BPF_CORE_READ(newer, __parent);
	return BPF_CORE_READ(node, parent);
}
