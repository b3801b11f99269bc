/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "act.bpf.h"
#include "drift.bpf.h"
#include "opened.bpf.h"

/* What a file is opened for, as 1 << verb. */
static __always_inline __u32 file_verbs(struct file *file)
{
	__u32 verbs = 0, mode = file->f_mode, flags = file->f_flags;

	if (mode & FMODE_READ)
		verbs |= VERB(READ);
	if (mode & FMODE_WRITE || flags & O_TRUNC)
		verbs |= VERB(WRITE);
	return verbs;
}

/* Uses of a file other than opening it: too rare to be remembered. */
static __always_inline int decide_file(struct file *file, __u32 verbs)
{
	struct subject subject;
	struct object object;

	if (!verbs || !subject_current(&subject) || !decide_used(&subject, verbs) ||
	    file_is_backing(file))
		return 0;
	object = object_of(&file->f_path);
	return decide(&subject, verbs, &object);
}

/*
 * @executes: it is opened to be executed: the program, an interpreter. An ELF's is mapped when
 * execve() has passed the point of no return, where a refusal kills the process; so mapping it is
 * refused here already.
 */
static __always_inline int decide_open(struct file *file, bool executes)
{
	__u32 verbs = executes ? VERB(MAP) : file_verbs(file);
	struct subject subject;
	bool drift;

	if (!verbs || !subject_current(&subject))
		return 0;
	drift = process_used(&subject,
			     executes ? BAILIFF_PROCESS_DRIFT : BAILIFF_PROCESS_DRIFT_READ);
	if ((!drift && !decide_used(&subject, verbs)) || file_is_backing(file))
		return 0;
	if (executes)
		verbs |= DENY_ALONE;
	/* what is not of the image can become so: that is asked each time */
	return decide_opened(&subject, verbs, file, !drift, true) ? -EACCES : 0;
}

SEC("lsm/file_open")
int BPF_PROG(bailiff_file_open, struct file *file, int ret)
{
	if (ret)
		return ret;
	/* only the kernel can set it; the exec hook decides on the program */
	return decide_open(file, file->f_flags & FMODE_EXEC);
}

/* Where there are rules of [exec] alone: nobody pays for what is opened to be read. */
SEC("?lsm/file_open")
int BPF_PROG(bailiff_open_exec, struct file *file, int ret)
{
	if (ret)
		return ret;
	return file->f_flags & FMODE_EXEC ? decide_open(file, true) : 0;
}

/* A descriptor that another process hands over: SCM_RIGHTS, pidfd_getfd(), seccomp, binder. */
SEC("lsm/file_receive")
int BPF_PROG(bailiff_file_receive, struct file *file, int ret)
{
	__u32 verbs = 0;

	if (ret)
		return ret;
	if (file->f_mode & FMODE_READ)
		verbs |= VERB(READ);
	if (file->f_mode & FMODE_WRITE)
		verbs |= VERB(WRITE);
	return decide_file(file, verbs);
}

/* ftruncate() of a descriptor, from 6.2; before, path_truncate is called for both. */
SEC("lsm/file_truncate")
int BPF_PROG(bailiff_file_truncate, struct file *file, int ret)
{
	if (ret)
		return ret;
	return decide_file(file, VERB(WRITE));
}

SEC("lsm/path_truncate")
int BPF_PROG(bailiff_path_truncate, struct path *path, int ret)
{
	struct object object = object_of(path);
	struct subject subject;

	if (ret)
		return ret;
	if (!subject_current(&subject) || !decide_used(&subject, VERB(WRITE)))
		return 0;
	return decide(&subject, VERB(WRITE), &object);
}

/*
 * include/uapi/linux/fs.h, fsverity.h, msdos_fs.h, f2fs.h and btrfs.h. What sets something of a
 * file (flags, fs-verity, FAT's attributes) needs no descriptor that may be written to: it is a
 * write of the file, known by its direction and the letters of file systems. What Btrfs does for
 * itself gives its files other names (snapshots, subvolumes), takes them away, or reads them from
 * the disk; all but cloning, which needs a descriptor that may be read, gets the strictest answer.
 */
#define IOC_SETS(cmd) ((cmd) >> 30 == 1)
#define IOC_TYPE(cmd) ((cmd) >> 8 & 0xff)
#define IOC_NUMBER(cmd) ((cmd)&0xff)
#define BTRFS_TYPE 0x94
#define CLONE 9
#define CLONE_RANGE 13
#define DEDUPE_RANGE 54

/* include/uapi/asm-generic/sockios.h: whom a socket's SIGIO goes to. */
#define FIOSETOWN 0x8901
#define SIOCSPGRP 0x8902

static __always_inline bool sets_attribute(struct file *file, unsigned int cmd)
{
	__u16 type;

	if (!IOC_SETS(cmd))
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

static __always_inline bool is_of_btrfs(struct file *file, unsigned int cmd)
{
	unsigned int number = IOC_NUMBER(cmd);

	return IOC_TYPE(cmd) == BTRFS_TYPE && number != CLONE && number != CLONE_RANGE &&
	       number != DEDUPE_RANGE && (__u32)file->f_inode->i_sb->s_magic == BTRFS_SUPER_MAGIC;
}

static __always_inline int decide_ioctl(struct file *file, unsigned int cmd)
{
	struct object object;
	struct subject subject;

	if (sets_attribute(file, cmd))
		return decide_file(file, VERB(WRITE));
	/* the receiver is named in the caller's memory */
	if (cmd == FIOSETOWN || cmd == SIOCSPGRP)
		return current_process(BAILIFF_PROCESS_SIGNAL_OUT);
	if (!is_of_btrfs(file, cmd) || !subject_current(&subject) ||
	    !decide_used(&subject, VERBS_OF_PATHS))
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
