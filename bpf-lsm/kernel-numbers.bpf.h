/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* The kernel's numbers that the programs compare with, and those of BPF; none is taken from BTF. */

/* include/uapi/linux/bpf.h */
enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_EXIST = 2,
	BPF_F_NO_PREALLOC = 1 << 0,
	BPF_F_MMAPABLE = 1 << 10,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1 << 0,
};

/* include/linux/fs.h: part of no ABI; each checked by the tests on both kernels. */
#define TS_COMPAT 0x2 /* arch/x86: a 32-bit system call */
#define TIF_32BIT 22  /* arch/arm64: a 32-bit task */
#define FMODE_READ 0x1
#define FMODE_WRITE 0x2
#define FMODE_EXEC 0x20 /* in f_flags: the kernel opens it to execute it */
#define O_TRUNC 01000

#define S_IFMT 0170000
#define S_IFDIR 0040000
#define S_IFREG 0100000
#define S_IFSOCK 0140000
#define S_IFLNK 0120000
#define S_IFCHR 0020000

#define RENAME_EXCHANGE 2

/* include/linux/dcache.h: a file system that compares names by a rule of its own. */
#define DCACHE_OP_HASH 0x1
#define DCACHE_OP_COMPARE 0x2
#define S_CASEFOLD (1 << 15)

#define PROT_WRITE 2
#define PROT_EXEC 4
#define VM_READ 0x1
#define VM_WRITE 0x2
#define VM_EXEC 0x4
#define VM_SHARED 0x8
#define VM_MAYWRITE 0x20

/* include/uapi/linux/magic.h, and fs/xfs/libxfs/xfs_format.h */
#define BTRFS_SUPER_MAGIC 0x9123683e
#define CGROUP2_SUPER_MAGIC 0x63677270
#define EXT4_SUPER_MAGIC 0xef53
#define F2FS_SUPER_MAGIC 0xf2f52010
#define HUGETLBFS_MAGIC 0x958458f6
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define PROC_SUPER_MAGIC 0x9fa0
#define RAMFS_MAGIC 0x858458f6
#define TMPFS_MAGIC 0x01021994
#define XFS_SUPER_MAGIC 0x58465342

/* fs/mount.h: the namespace of kern_mount()s. */
#define MNT_NS_INTERNAL (-22L)
