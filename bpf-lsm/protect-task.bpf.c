/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "protect.bpf.h"

/* The daemon's process: signals, tracing, limits. */

/* include/uapi/asm-generic/signal.h: what does no harm. SIGHUP makes it read what is guarded. */
#define SIGHUP 1
#define SIGCONT 18

SEC("lsm/task_kill")
int BPF_PROG(bailiff_protect_kill, struct task_struct *target, void *info, int sig,
	     const void *cred, int ret)
{
	if (ret)
		return ret;
	if (!sig || sig == SIGHUP || sig == SIGCONT)
		return 0;
	if (!protect_is_daemon(target) && !protect_is_starting(target))
		return 0;
	return protect_refuses(BAILIFF_DOOR_SIGNAL, 0) ? -EACCES : 0;
}

/*
 * A signal that another process asked to be sent to the daemon (F_SETOWN, F_SETSIG). Who is running
 * now has nothing to do with it; the daemon uses none.
 */
SEC("lsm/file_send_sigiotask")
int BPF_PROG(bailiff_protect_sigio, struct task_struct *target, void *owner, int sig, int ret)
{
	if (ret)
		return ret;
	return protect_is_daemon(target) ? -EACCES : 0;
}

/* include/linux/ptrace.h: reading what /proc shows needs less, and is left alone. */
#define PTRACE_MODE_ATTACH 2

/* Whoever traces PID 1, its children before they execute, or the command is what they are. */
static __always_inline bool is_kin(struct task_struct *task)
{
	__u32 *trust;

	if (BPF_CORE_READ(task, tgid) == PID_1 || protect_is_daemon(task))
		return true;
	trust = bpf_task_storage_get(&trusts, task, NULL, 0);
	return trust && *trust != BAILIFF_TRUST_NONE;
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(bailiff_protect_ptrace, struct task_struct *child, unsigned int mode, int ret)
{
	if (ret)
		return ret;
	if (!(mode & PTRACE_MODE_ATTACH) || !is_kin(child))
		return 0;
	return protect_refuses(BAILIFF_DOOR_TRACE, 0) ? -EACCES : 0;
}

/* A limit that is exceeded kills as well. */
SEC("lsm/task_setrlimit")
int BPF_PROG(bailiff_protect_limit, struct task_struct *target, unsigned int resource, void *limit,
	     int ret)
{
	if (ret)
		return ret;
	if (!protect_is_daemon(target))
		return 0;
	return protect_refuses(BAILIFF_DOOR_LIMIT, 0) ? -EACCES : 0;
}

SEC("lsm/task_setscheduler")
int BPF_PROG(bailiff_protect_sched, struct task_struct *target, int ret)
{
	if (ret)
		return ret;
	if (!protect_is_daemon(target))
		return 0;
	return protect_refuses(BAILIFF_DOOR_LIMIT, 0) ? -EACCES : 0;
}

SEC("lsm/task_setnice")
int BPF_PROG(bailiff_protect_nice, struct task_struct *target, int nice, int ret)
{
	if (ret)
		return ret;
	if (!protect_is_daemon(target))
		return 0;
	return protect_refuses(BAILIFF_DOOR_LIMIT, 0) ? -EACCES : 0;
}

SEC("lsm/task_setioprio")
int BPF_PROG(bailiff_protect_ioprio, struct task_struct *target, int ioprio, int ret)
{
	if (ret)
		return ret;
	if (!protect_is_daemon(target))
		return 0;
	return protect_refuses(BAILIFF_DOOR_LIMIT, 0) ? -EACCES : 0;
}
