/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "act.bpf.h"

/* signal-out: signals to processes outside of the own container, by whatever call. */

#define CGROUPS_DEPTH_MAX 64

/* Whether a task is in the cgroup @id, or beneath it. False where that cannot be told. */
static __always_inline bool is_beneath(struct task_struct *task, __u64 id)
{
	struct kernfs_node *node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);

	for (int i = 0; i < CGROUPS_DEPTH_MAX && node; i++) {
		if (BPF_CORE_READ(node, id) == id)
			return true;
		node = kernfs_parent(node);
	}
	return false;
}

/*
 * Decides on what reaches a task that is not where the current one came under its policy, wherever
 * that has moved since.
 */
static __always_inline int decide_out(struct task_struct *target)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct subject subject;

	if (!subject_current(&subject) || BPF_CORE_READ(target, tgid) == task->tgid ||
	    is_beneath(target, subject.label ? subject.label->cgroup : subject.cgroup))
		return 0;
	return decide_process(&subject, BAILIFF_PROCESS_SIGNAL_OUT);
}

SEC("lsm/task_kill")
int BPF_PROG(bailiff_task_kill, struct task_struct *target, void *info, int sig, const void *cred,
	     int ret)
{
	return ret ? ret : decide_out(target);
}

/* A limit that is exceeded is a signal. */
SEC("lsm/task_setrlimit")
int BPF_PROG(bailiff_task_setrlimit, struct task_struct *target, unsigned int resource, void *limit,
	     int ret)
{
	return ret ? ret : decide_out(target);
}

/* include/uapi/asm-generic/fcntl.h */
#define F_SETOWN 8
#define F_SETOWN_EX 15

/* What getpid() answers: a process has a number in each namespace, the last is of its own. */
static __always_inline int own_number(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid *numbers = (void *)pid + bpf_core_field_offset(struct pid, numbers);
	int number = 0;

	bpf_core_read(&number, sizeof(number),
		      (void *)numbers + (level & 31) * bpf_core_type_size(struct upid));
	return number;
}

/*
 * Who is named to get a file's SIGIO, which can be any signal (F_SETSIG), gets it from the kernel
 * later, whoever brings it about. So nobody may be named but oneself.
 */
SEC("lsm/file_fcntl")
int BPF_PROG(bailiff_file_fcntl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	if (ret)
		return ret;
	if (cmd != F_SETOWN_EX && (cmd != F_SETOWN || !(int)arg || (int)arg == own_number()))
		return 0;
	return current_process(BAILIFF_PROCESS_SIGNAL_OUT);
}

/* The name of a file that acts on a whole cgroup: cgroup.kill, cgroup.freeze. */
static __always_inline bool is_cgroup_signal(struct dentry *dentry)
{
	char name[9] = {};

	bpf_probe_read_kernel(name, sizeof(name), BPF_CORE_READ(dentry, d_name.name));
	return name[0] == 'c' && name[6] == '.' && (name[7] == 'k' || name[7] == 'f');
}

/* Whether a cgroup's file is of the cgroup @id or of one beneath it: the inodes have the ids. */
static __always_inline bool is_file_beneath(struct dentry *dentry, __u64 id)
{
	for (int i = 0; i < CGROUPS_DEPTH_MAX; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		if (parent == dentry)
			return false;
		dentry = parent;
		if (BPF_CORE_READ(dentry, d_inode, i_ino) == id)
			return true;
	}
	return false;
}

/* A signal to all in another cgroup; freezing them is SIGSTOP. */
SEC("?lsm/file_open")
int BPF_PROG(bailiff_cgroup_signal, struct file *file, int ret)
{
	struct dentry *dentry;
	struct subject subject;

	if (ret)
		return ret;
	if (!(file->f_mode & FMODE_WRITE))
		return 0;
	dentry = BPF_CORE_READ(file, f_path.dentry);
	if (BPF_CORE_READ(dentry, d_sb, s_magic) != CGROUP2_SUPER_MAGIC ||
	    !is_cgroup_signal(dentry) || !subject_current(&subject) ||
	    is_file_beneath(dentry, subject.label ? subject.label->cgroup : subject.cgroup))
		return 0;
	return decide_process(&subject, BAILIFF_PROCESS_SIGNAL_OUT);
}
