/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "act.bpf.h"

/* include/linux/ptrace.h: reading what /proc shows of a process needs less, and is left alone. */
#define PTRACE_MODE_ATTACH 2

SEC("lsm/ptrace_access_check")
int BPF_PROG(bailiff_ptrace, struct task_struct *child, unsigned int mode, int ret)
{
	if (ret)
		return ret;
	return mode & PTRACE_MODE_ATTACH ? current_process(BAILIFF_PROCESS_PTRACE) : 0;
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(bailiff_traceme, struct task_struct *parent, int ret)
{
	return ret ? ret : current_process(BAILIFF_PROCESS_PTRACE);
}

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

SEC("lsm/path_chroot")
int BPF_PROG(bailiff_path_chroot, const struct path *path, int ret)
{
	return ret ? ret : current_process(BAILIFF_PROCESS_CHROOT);
}

SEC("lsm/bpf")
int BPF_PROG(bailiff_bpf, int cmd, void *attr, unsigned int size, int ret)
{
	return ret ? ret : current_process(BAILIFF_PROCESS_BPF);
}

SEC("lsm/perf_event_open")
int BPF_PROG(bailiff_perf_event_open, int type, int ret)
{
	return ret ? ret : current_process(BAILIFF_PROCESS_PERF);
}

/* Before 6.11 or so. */
SEC("?lsm/perf_event_open")
int BPF_PROG(bailiff_perf_event_open_2, void *attr, int type, int ret)
{
	return ret ? ret : current_process(BAILIFF_PROCESS_PERF);
}

/* include/linux/kernel_read_file.h: READING_MODULE and LOADING_MODULE. */
#define KERNEL_READ_MODULE 2

SEC("lsm/kernel_load_data")
int BPF_PROG(bailiff_load_data, int id, bool contents, int ret)
{
	if (ret)
		return ret;
	return id == KERNEL_READ_MODULE ? current_process(BAILIFF_PROCESS_MODULE) : 0;
}

SEC("lsm/kernel_read_file")
int BPF_PROG(bailiff_read_file, struct file *file, int id, bool contents, int ret)
{
	if (ret)
		return ret;
	return id == KERNEL_READ_MODULE ? current_process(BAILIFF_PROCESS_MODULE) : 0;
}

/* The kernel has one loaded for the caller: for a socket's family, a file system, a device. */
SEC("lsm/kernel_module_request")
int BPF_PROG(bailiff_module_request, char *name, int ret)
{
	return ret ? ret : current_process(BAILIFF_PROCESS_MODULE);
}

SEC("lsm/key_alloc")
int BPF_PROG(bailiff_key_alloc, void *key, const void *cred, unsigned long flags, int ret)
{
	return ret ? ret : current_process(BAILIFF_PROCESS_KEYCTL);
}

SEC("lsm/key_permission")
int BPF_PROG(bailiff_key_permission, void *key, const void *cred, int permission, int ret)
{
	return ret ? ret : current_process(BAILIFF_PROCESS_KEYCTL);
}

SEC("lsm/userns_create")
int BPF_PROG(bailiff_userns_create, const void *cred, int ret)
{
	return ret ? ret : current_process(BAILIFF_PROCESS_USERNS);
}

/* A file without a name says by its class what it is. */
SEC("lsm/inode_init_security_anon")
int BPF_PROG(bailiff_anon_inode, struct inode *inode, const struct qstr *name, const void *context,
	     int ret)
{
	char class[4] = {};

	if (ret)
		return ret;
	/* "[io_uring]" and "[userfaultfd]"; others begin otherwise ("[secretmem]", "[perf_event]")
	 */
	bpf_probe_read_kernel(class, sizeof(class), BPF_CORE_READ(name, name));
	if (class[1] == 'i' && class[2] == 'o')
		return current_process(BAILIFF_PROCESS_IO_URING);
	if (class[1] == 'u' && class[2] == 's')
		return current_process(BAILIFF_PROCESS_USERFAULTFD);
	return 0;
}
