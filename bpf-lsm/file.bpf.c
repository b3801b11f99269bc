/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "mapped.bpf.h"

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
	struct bailiff_label *label;
	struct subject subject;
	__u64 serial = 0;
	int r;

	if (!verbs || !subject_current(&subject) || !decide_used(&subject, verbs) ||
	    file_is_backing(file))
		return 0;
	/* what decides may write to all that it is given, says the verifier */
	label = subject.label;
	if (executes || (verbs == VERB(READ) && decide_used(&subject, VERB(MAP))))
		serial = mapped_serial(&subject);
	if (executes)
		verbs |= DENY_ALONE;
	r = decide_opened(&subject, verbs, file, !executes || !drift_used(&subject), true);
	if (r < 0)
		return -EACCES;
	if (label && serial && r & CACHE_MAPPABLE)
		mapped_remember(label, file->f_inode, serial);
	else if (label)
		label->mapped_serial = 0; /* an inode's number may be another file's by now */
	return 0;
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

/* include/uapi/linux/fs.h: the calls that change a file's flags. */
#define FS_IOC_SETFLAGS 0x40086602
#define FS_IOC32_SETFLAGS 0x40046602
#define FS_IOC_FSSETXATTR 0x401c5820

SEC("lsm/file_ioctl")
int BPF_PROG(bailiff_file_ioctl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	if (ret)
		return ret;
	if (cmd != FS_IOC_SETFLAGS && cmd != FS_IOC32_SETFLAGS && cmd != FS_IOC_FSSETXATTR)
		return 0;
	return decide_file(file, VERB(WRITE));
}
