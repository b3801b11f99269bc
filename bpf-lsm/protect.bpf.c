/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "protect.bpf.h"

#include "path.bpf.h"

/*
 * Who is trusted. A process gets there by what PID 1 did, and by nothing that it can do itself: PID
 * 1 forked it, it executed nothing but the service manager's executor before the daemon's program,
 * and it did so in the cgroup of the daemon's unit, untraced.
 */

/* include/linux/binfmts.h, include/uapi/linux/sched.h */
#define SECUREEXEC 1 /* BPF_F_BPRM_SECUREEXEC: the loader ignores LD_PRELOAD and the like */
#define CLONE_THREAD 0x10000

/* As /proc/PID/stat has it, so that the daemon can say it of itself. */
static __always_inline __u64 start_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, group_leader, start_boottime) / 10000000;
}

__hidden int protect_is_daemon(struct task_struct *task)
{
	struct bailiff_protect *state = protect_state();

	if (!state || !state->tgid || BPF_CORE_READ(task, tgid) != state->tgid)
		return 0;
	/* a process id is used again, but not at the same time */
	return start_of(task) == state->start;
}

static __always_inline bool same_name(const char *a, const char *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;
	__u64 differ = 0;

	for (int i = 0; i < BAILIFF_UNIT_NAME / 8; i++)
		differ |= x[i] ^ y[i];
	return !differ;
}

/* Whether a cgroup has the path of the daemon's unit: its id is another after each start. */
static __always_inline bool in_unit(struct bailiff_protect *state, struct task_struct *task)
{
	struct kernfs_node *node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
	__u64 name[BAILIFF_UNIT_NAME / 8];

	for (__u32 i = 0; i < BAILIFF_UNIT_DEPTH && node; i++) {
		if (i == state->n_unit)
			break;
		__builtin_memset(name, 0, sizeof(name));
		bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(node, name));
		if (!same_name((const char *)name, state->unit[i]))
			return false;
		node = kernfs_parent(node);
	}
	/* the root, which has no parent, is all that may be left */
	return state->n_unit && node && !kernfs_parent(node);
}

__hidden int protect_is_starting(struct task_struct *task)
{
	__u32 *trust = bpf_task_storage_get(&trusts, task, NULL, 0);
	struct bailiff_protect *state = protect_state();

	return state && trust && *trust == BAILIFF_TRUST_MANAGER && in_unit(state, task);
}

static __always_inline bool with_pid_1(struct task_struct *task)
{
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);

	return BPF_CORE_READ(parent, tgid) == PID_1 &&
	       BPF_CORE_READ(parent, cgroups, dfl_cgrp) == BPF_CORE_READ(task, cgroups, dfl_cgrp);
}

static __always_inline bool is_trusted(struct bailiff_protect *state, struct task_struct *task,
				       int flags)
{
	__u32 *trust;

	if (protect_is_daemon(task))
		return true;
	if (BPF_CORE_READ(task, tgid) == PID_1)
		return !(flags & REFUSE_MANAGER);
	trust = bpf_task_storage_get(&trusts, bpf_get_current_task_btf(), NULL, 0);
	if (!trust || *trust != BAILIFF_TRUST_MANAGER)
		return false;
	return in_unit(state, task) || (with_pid_1(task) && !(flags & REFUSE_MANAGER));
}

__hidden int protect_refuses(__u32 door, int flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bailiff_protect *state = protect_state();
	struct bailiff_attempt *attempt;

	if (state && is_trusted(state, task, flags))
		return 0;
	attempt = bpf_map_lookup_elem(&attempts, &door);
	if (attempt) {
		__sync_fetch_and_add(&attempt->count, 1);
		attempt->tgid = BPF_CORE_READ(task, tgid);
		attempt->uid = bpf_get_current_uid_gid();
		bpf_get_current_comm(attempt->comm, sizeof(attempt->comm));
	}
	return 1;
}

/* What PID 1 forks is marked: an orphan, which is PID 1's child as well, is not. */
SEC("lsm/task_alloc")
int BPF_PROG(bailiff_protect_alloc, struct task_struct *task, unsigned long clone_flags, int ret)
{
	__u32 *trust;

	if (ret)
		return ret;
	if (clone_flags & CLONE_THREAD ||
	    BPF_CORE_READ((struct task_struct *)bpf_get_current_task_btf(), tgid) != PID_1)
		return 0;
	trust = bpf_task_storage_get(&trusts, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (trust)
		*trust = BAILIFF_TRUST_MANAGER;
	return 0;
}

static __always_inline bool same_inode(const struct bailiff_inode *a, const struct bailiff_inode *b)
{
	return a->inode && a->inode == b->inode && a->device == b->device;
}

/* PID 1 has started a new daemon: it takes the former one's place. */
static __always_inline void become_daemon(struct bailiff_protect *state, struct task_struct *task)
{
	state->start = start_of(task);
	state->tgid = BPF_CORE_READ(task, tgid);
	state->mount_ns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

static __always_inline bool is_executor(const struct bailiff_inode *exe)
{
	__u32 *kind = bpf_map_lookup_elem(&launchers, exe);

	return kind && *kind == BAILIFF_LAUNCHER_EXECUTOR;
}

/*
 * Called for each file that an execve() comes to (a script, then its interpreter): the last has the
 * last word.
 */
SEC("lsm/bprm_check_security")
int BPF_PROG(bailiff_protect_exec, struct linux_binprm *bprm, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bailiff_protect *state = protect_state();
	struct bailiff_inode exe = {};
	__u32 *trust, was;

	if (ret)
		return ret;
	if (!state)
		return 0;
	inode_key(&exe, BPF_CORE_READ(bprm, file, f_inode));
	trust = bpf_task_storage_get(&trusts, bpf_get_current_task_btf(), NULL, 0);
	was = trust ? *trust : BAILIFF_TRUST_NONE;
	if (was == BAILIFF_TRUST_MANAGER && is_executor(&exe))
		return 0;
	if (trust)
		*trust = BAILIFF_TRUST_NONE;
	if (protect_is_daemon(task))
		state->tgid = 0;
	if (BPF_CORE_READ(task, ptrace))
		return 0;
	if (was == BAILIFF_TRUST_MANAGER && same_inode(&exe, &state->daemon) &&
	    in_unit(state, task)) {
		bpf_bprm_opts_set(bprm, SECUREEXEC);
		become_daemon(state, task);
	} else if (same_inode(&exe, &state->command)) {
		bpf_bprm_opts_set(bprm, SECUREEXEC);
		trust = bpf_task_storage_get(&trusts, bpf_get_current_task_btf(), NULL,
					     BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (trust)
			*trust = BAILIFF_TRUST_COMMAND;
	}
	return 0;
}

static __always_inline bool is_command(void)
{
	__u32 *trust = bpf_task_storage_get(&trusts, bpf_get_current_task_btf(), NULL, 0);

	return trust && *trust == BAILIFF_TRUST_COMMAND;
}

/*
 * A descriptor of a map, by pin or by id. One for reading would do: a program that is loaded with
 * it may write. So only bailiff's own command gets it, which loads none.
 */
SEC("lsm/bpf_map")
int BPF_PROG(bailiff_protect_map, struct bpf_map *map, unsigned int mode, int ret)
{
	if (ret)
		return ret;
	if (!guard_of(BPF_CORE_READ(map, id), 0, BAILIFF_GUARDED_MAP))
		return 0;
	if (!(mode & FMODE_WRITE) && is_command())
		return 0;
	return protect_refuses(BAILIFF_DOOR_MAP, 0) ? -EACCES : 0;
}

/* With a descriptor of a program, its functions can be replaced by another's (freplace). */
SEC("lsm/bpf_prog")
int BPF_PROG(bailiff_protect_prog, struct bpf_prog *prog, int ret)
{
	if (ret)
		return ret;
	if (!guard_of(BPF_CORE_READ(prog, aux, id), 0, BAILIFF_GUARDED_PROGRAM))
		return 0;
	return protect_refuses(BAILIFF_DOOR_PROGRAM, 0) ? -EACCES : 0;
}

/* include/uapi/linux/bpf.h; link_id is the first member of its attributes. */
#define BPF_LINK_GET_FD_BY_ID 30

SEC("lsm/bpf")
int BPF_PROG(bailiff_protect_bpf, int cmd, const void *attr, unsigned int size, int ret)
{
	__u32 id = 0;

	if (ret)
		return ret;
	if (cmd != BPF_LINK_GET_FD_BY_ID || bpf_probe_read_kernel(&id, sizeof(id), attr) ||
	    !guard_of(id, 0, BAILIFF_GUARDED_LINK))
		return 0;
	return protect_refuses(BAILIFF_DOOR_LINK, 0) ? -EACCES : 0;
}
