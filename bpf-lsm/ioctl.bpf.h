/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "maps.bpf.h"

/*
 * include/uapi/linux/fs.h, fscrypt.h, fsverity.h, msdos_fs.h, f2fs.h, fs/ext4/ext4.h and
 * fs/xfs/libxfs/xfs_fs.h: commands that set something of a file (flags, encryption, fs-verity,
 * FAT's attributes) need no descriptor that may be written to. They are known by the letters of
 * file systems and by their direction, but for two.
 */
#define IOC_DIRECTION(cmd) ((cmd) >> 30)
#define IOC_NONE 0
#define IOC_SETS 1
#define IOC_TYPE(cmd) ((cmd) >> 8 & 0xff)
#define IOC_NUMBER(cmd) ((cmd)&0xff)
#define IOC_LETTERS(cmd) ((cmd)&0xffff)
#define SET_ENCRYPTION_POLICY ('f' << 8 | 19) /* _IOR() by mistake */
#define GET_ENCRYPTION_POLICY ('f' << 8 | 21) /* _IOW() by mistake */

static __always_inline bool sets_attribute(struct file *file, unsigned int cmd)
{
	unsigned int direction = IOC_DIRECTION(cmd);
	__u16 type;

	if (IOC_LETTERS(cmd) == GET_ENCRYPTION_POLICY)
		return false;
	if (IOC_LETTERS(cmd) != SET_ENCRYPTION_POLICY && direction != IOC_SETS &&
	    direction != IOC_NONE)
		return false;
	switch (IOC_TYPE(cmd)) {
	case 'f':
	case 'v':
	case 'X':
	case 'r':
	case 0xf5:
		type = file->f_inode->i_mode & S_IFMT;
		return type == S_IFREG || type == S_IFDIR;
	default:
		return false;
	}
}
