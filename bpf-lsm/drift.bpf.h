/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "act.bpf.h"

/* The dentry of an overlay's upper layer, NULL where the inode is a lower layer's alone. */
static __always_inline void *overlay_upper(struct inode *inode)
{
	void *upper = inode; /* where it cannot be read: there may be one */

	bpf_probe_read_kernel(&upper, sizeof(upper),
			      (void *)inode + bpf_core_type_size(struct inode));
	return upper;
}

/*
 * Whether a file was not in the image that the container was made from: it is on an overlay's upper
 * layer (a copy of a lower file too, as soon as anything of it was changed), or on a file system
 * that begins empty. An overlay's inode is followed by the dentry of the upper layer, where it has
 * one (fs/overlayfs/ovl_entry.h, struct ovl_inode, whose types are a module's).
 */
static __always_inline bool is_drift(struct dentry *dentry)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	__u32 magic = BPF_CORE_READ(inode, i_sb, s_magic);

	if (magic == TMPFS_MAGIC || magic == RAMFS_MAGIC || magic == HUGETLBFS_MAGIC)
		return true;
	return magic == OVERLAYFS_SUPER_MAGIC && overlay_upper(inode);
}

/* The rules of [exec] that are about drift apply, if any; and those of who reads scripts. */
static __always_inline bool drift_used(struct subject *subject)
{
	return process_used(subject, BAILIFF_PROCESS_DRIFT);
}

static __always_inline bool drift_read_used(struct subject *subject)
{
	return process_used(subject, BAILIFF_PROCESS_DRIFT_READ);
}
