/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "scratch.bpf.h"

/*
 * What else path_build() answers: a pipe, socket, memfd or the like, which has no place in a tree;
 * and a tree that no process sees, on a mount of the kernel's own, such as an overlay's layers.
 */
#define PATH_KERNEL_OBJECT BAILIFF_N_REASONS
#define PATH_KERNEL_TREE (BAILIFF_N_REASONS + 1)
#define PATH_ELSEWHERE (BAILIFF_N_REASONS + 2) /* path_build_on() alone: not below that mount */

/* The file that is asked for. */
struct object {
	struct vfsmount *mnt; /* NULL: of no mount that is known */
	struct dentry *dentry;
	struct linux_binprm *bprm; /* for exec */
	__u32 told; /* the number of a scratch space that has its path already, or 0 (told.bpf.h) */
	/* answered: it is on no mount that is attached; a mount that was made is not of the image
	 */
	bool detached;
	/* answered: its name was told, it is allowed, and nobody is to be told, until something
	 * changes */
	bool may_be_kept;
};

static __always_inline struct object object_of(const struct path *path)
{
	return (struct object){.mnt = path->mnt, .dentry = path->dentry};
}

/*
 * Writes the path of an object into the scratch space of that number (.off .. PATH_END), from the
 * root of the current task's mount namespace, whatever its root directory is. With @append, what is
 * there already is kept behind it. A function of its own to the verifier. Returns
 * BAILIFF_REASON_RULE (0) where the path is whole and within that namespace, PATH_KERNEL_OBJECT
 * with the object's own name ("memfd:x"), PATH_KERNEL_TREE, or the enum bailiff_reason for which it
 * cannot be told.
 */
int path_build(__u32 number, struct object *object, __u32 append);

/* The same, where @dentry need not be on that mount. */
int path_build_on(struct scratch *scratch, struct mount *mount, struct dentry *dentry,
		  struct mnt_namespace *mount_ns);

static __always_inline struct mnt_namespace *current_mount_ns(void)
{
	return BPF_CORE_READ(bpf_get_current_task_btf(), nsproxy, mnt_ns);
}

/* Writes a cgroup's path, from the root of the hierarchy ("/" for the root itself). Returns as
 * above. */
int path_build_cgroup(struct scratch *scratch, struct cgroup *cgroup);

/*
 * Writes the name that a program was invoked by, joined to the working directory where it is
 * relative. It is the caller's text: good for a reason to deny, never for one to allow.
 */
int path_build_invoked(struct scratch *scratch, struct linux_binprm *bprm,
		       struct task_struct *task);

/* Writes one byte before what is in @scratch. Returns 0 or BAILIFF_REASON_TOO_LONG. */
static __always_inline int path_prepend_byte(struct scratch *scratch, char byte)
{
	__u32 off = scratch->off - 1;

	if (off < PATH_PAD || off >= PATH_END)
		return BAILIFF_REASON_TOO_LONG;
	scratch->path[off & (PATH_END - 1)] = byte;
	scratch->off = off;
	return 0;
}

/* The same for a name of at most NAME_MAX bytes of the kernel's memory. */
static __always_inline int path_prepend(struct scratch *scratch, const void *name, __u32 len)
{
	__u32 off = scratch->off;

	if (len > NAME_MAX || off < PATH_PAD + len || off > PATH_END)
		return BAILIFF_REASON_TOO_LONG;
	off -= len;
	/* the masks are for the verifier alone: both values are in range already, as clang knows */
	barrier_var(off);
	if (bpf_probe_read_kernel(&scratch->path[off & (PATH_END - 1)], len & NAME_MAX, name))
		return BAILIFF_REASON_UNREADABLE;
	scratch->off = off;
	return 0;
}

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *node)
{
	struct kernfs_node___since_6_15 *newer = (void *)node;

	if (bpf_core_field_exists(newer->__parent))
		return BPF_CORE_READ(newer, __parent);
	return BPF_CORE_READ(node, parent);
}
