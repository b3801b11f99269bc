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
