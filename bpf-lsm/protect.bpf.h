/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "maps.bpf.h"

/* The daemon's own protection: docs/decisions/0005-self-protection.md. */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct bpf_map {
	__u32 id;
};

struct bpf_prog_aux {
	__u32 id;
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

#pragma clang attribute pop

#define PID_1 1

/* See protect_refuses(). */
#define REFUSE_MANAGER 1

/*
 * Whether the current task is refused at a door: all are but PID 1, what PID 1 forked and what has
 * executed nothing yet (in PID 1's own cgroup, or in the daemon's unit), and the daemon. With
 * @flags REFUSE_MANAGER, PID 1 and its helpers outside of the unit are, too. Counts what it
 * refuses.
 */
int protect_refuses(__u32 door, int flags);

/* Whether a task is the daemon's. */
int protect_is_daemon(struct task_struct *task);

/* Whether it is to become that: PID 1's child in the daemon's unit. */
int protect_is_starting(struct task_struct *task);

/* A file system's object as its guards know it. */
static __always_inline void inode_key(struct bailiff_inode *key, struct inode *inode)
{
	key->inode = BPF_CORE_READ(inode, i_ino);
	key->device = BPF_CORE_READ(inode, i_sb, s_dev);
	key->pad = BAILIFF_GUARDED_INODE;
}

static __always_inline __u32 guard_of(__u64 id, __u32 device, __u32 kind)
{
	struct bailiff_inode key = {.inode = id, .device = device, .pad = kind};
	__u32 *guard = bpf_map_lookup_elem(&guards, &key);

	return guard ? *guard : 0;
}

static __always_inline __u32 inode_guard(struct inode *inode)
{
	struct bailiff_inode key;
	__u32 *guard;

	if (!inode)
		return 0;
	inode_key(&key, inode);
	guard = bpf_map_lookup_elem(&guards, &key);
	return guard ? *guard : 0;
}

static __always_inline __u32 dentry_device(struct dentry *dentry)
{
	return BPF_CORE_READ(dentry, d_sb, s_dev);
}

/* The guard of what @dentry lies beneath, from its parent on: all in one file system. */
static __always_inline __u32 tree_guard(struct dentry *dentry, __u32 device)
{
	for (int i = 0; i < BAILIFF_GUARD_LEVELS; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		__u32 guard;

		if (parent == dentry)
			break;
		dentry = parent;
		guard = guard_of(BPF_CORE_READ(dentry, d_inode, i_ino), device,
				 BAILIFF_GUARDED_INODE);
		if (guard & BAILIFF_GUARD_TREE)
			return guard;
	}
	return 0;
}

/* The guard of an object that would be changed: its own, or that of the tree that it is in. */
static __always_inline __u32 dentry_guard(struct dentry *dentry, __u32 device)
{
	__u32 guard =
		guard_of(BPF_CORE_READ(dentry, d_inode, i_ino), device, BAILIFF_GUARDED_INODE);

	return guard & (BAILIFF_GUARD_SELF | BAILIFF_GUARD_TREE) ? guard
								 : tree_guard(dentry, device);
}

/* The current value of the one entry. */
static __always_inline struct bailiff_protect *protect_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&protect, &zero);
}

/*
 * PID 1 does as it is asked: removes folders that some unit calls its own, writes drop-ins. So what
 * is the daemon's is refused to it, too, but for the files of cgroups.
 */
static __always_inline int refuse(__u32 guard)
{
	__u32 door = guard >> BAILIFF_GUARD_SHIFT;
	int flags = 0;

	if (!guard)
		return 0;
	if (guard & (BAILIFF_GUARD_SELF | BAILIFF_GUARD_TREE) && door != BAILIFF_DOOR_CGROUP)
		flags = REFUSE_MANAGER;
	return protect_refuses(door, flags);
}
