/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "act.bpf.h"
#include "ioctl.bpf.h"
#include "opened.bpf.h"

/*
 * fs/xfs/libxfs/xfs_fs.h, include/uapi/linux/btrfs.h: what acts on things that the caller names in
 * his memory gets the strictest answer. That is all of Btrfs's (snapshots and subvolumes give its
 * files other names, or take them away) but cloning, which needs a descriptor that may be read; and
 * XFS's attributes by handle.
 */
#define XFS_ATTRLIST_BY_HANDLE ('X' << 8 | 122)
#define XFS_ATTRMULTI_BY_HANDLE ('X' << 8 | 123)
#define BTRFS_TYPE 0x94
#define CLONE 9
#define CLONE_RANGE 13
#define DEDUPE_RANGE 54

/* include/uapi/asm-generic/sockios.h: whom a socket's SIGIO goes to. */
#define FIOSETOWN 0x8901
#define SIOCSPGRP 0x8902

static __always_inline bool acts_elsewhere(struct file *file, unsigned int cmd)
{
	unsigned int number = IOC_NUMBER(cmd), letters = IOC_LETTERS(cmd);
	__u32 magic = file->f_inode->i_sb->s_magic;

	if (magic == XFS_SUPER_MAGIC)
		return letters == XFS_ATTRMULTI_BY_HANDLE || letters == XFS_ATTRLIST_BY_HANDLE;
	return IOC_TYPE(cmd) == BTRFS_TYPE && number != CLONE && number != CLONE_RANGE &&
	       number != DEDUPE_RANGE && magic == BTRFS_SUPER_MAGIC;
}

static __always_inline int decide_ioctl(struct file *file, unsigned int cmd)
{
	struct object object;
	struct subject subject;

	/* the receiver is named in the caller's memory */
	if (cmd == FIOSETOWN || cmd == SIOCSPGRP)
		return current_process(BAILIFF_PROCESS_SIGNAL_OUT);
	if (!acts_elsewhere(file, cmd))
		return sets_attribute(file, cmd) ? decide_file(file, VERB(WRITE)) : 0;
	if (!subject_current(&subject) || !decide_used(&subject, VERBS_OF_PATHS))
		return 0;
	object = object_of(&file->f_path);
	return decide_strictest(&subject, VERBS_OF_PATHS, &object, BAILIFF_REASON_SECOND_NAME);
}

SEC("lsm/file_ioctl")
int BPF_PROG(bailiff_file_ioctl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ret ? ret : decide_ioctl(file, cmd);
}

/* Where the kernel has a hook of its own for calls of 32-bit programs. */
SEC("lsm/file_ioctl_compat")
int BPF_PROG(bailiff_ioctl_compat, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ret ? ret : decide_ioctl(file, cmd);
}
