/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "act.bpf.h"
#include "call.bpf.h"
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

/*
 * Whether the kernel opens the file to execute it, which the exec hook decides on. The flag alone
 * does not say so: some calls take all flags that they are given (TIOCGPTPEER, mq_open(), XFS's
 * opening by handle).
 */
static __always_inline bool is_to_be_executed(struct file *file)
{
	return file->f_flags & FMODE_EXEC && is_in_execve();
}

SEC("lsm/file_open")
int BPF_PROG(bailiff_file_open, struct file *file, int ret)
{
	return ret ? ret : decide_open(file, is_to_be_executed(file));
}

/* Where there are rules of [exec] alone: nobody pays for what is opened to be read. */
SEC("?lsm/file_open")
int BPF_PROG(bailiff_open_exec, struct file *file, int ret)
{
	if (ret)
		return ret;
	return is_to_be_executed(file) ? decide_open(file, true) : 0;
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
