/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "act.bpf.h"
#include "call.bpf.h"

/* include/linux/security.h: the kernel asks for itself, and wants no entry in a log. */
#define CAP_OPT_NOAUDIT 2
#define EPERM 1

static __always_inline bool is_used(struct subject *subject, int cap)
{
	void *base = arena_base();
	__u64 used = 0;

	if (!base)
		return false;
	for (int i = 0; i < SUBJECT_IMAGES; i++) {
		__u32 image = subject->images[i];

		if (image)
			used |= arena_cell(base,
					   image + offsetof_(struct bailiff_image, capabilities) /
							   sizeof(struct bailiff_cell));
	}
	return used >> (cap & 63) & 1;
}

#define CAP_SYS_ADMIN 21

/*
 * Calls without a hook that all ask for CAP_SYS_ADMIN: setns(), whatever is joined; and those that
 * make mounts which are attached nowhere, or change what is mounted. (From 424 on, numbers are the
 * same everywhere.)
 */
#define OPEN_TREE 428
#define FSOPEN 430
#define FSPICK 433
#define MOUNT_SETATTR 442
#define OPEN_TREE_ATTR 467

#define NO_PROCESS BAILIFF_N_PROCESS

static __always_inline __u32 process_of_call(__u32 call, __u32 setns)
{
	if (call == setns)
		return BAILIFF_PROCESS_SETNS;
	if ((call >= FSOPEN && call <= FSPICK) || call == OPEN_TREE || call == MOUNT_SETATTR ||
	    call == OPEN_TREE_ATTR)
		return BAILIFF_PROCESS_MOUNT;
	return NO_PROCESS;
}

/* Which act the current system call is, of those above. */
static __always_inline __u32 current_call(void)
{
	struct call call = call_of(bpf_get_current_task_btf());

#if defined(__TARGET_ARCH_x86)
	return process_of_call(call.number & ~(1u << 30) /* x32 */, call.is_32bit ? 346 : 308);
#else
	return process_of_call(call.number, call.is_32bit ? 375 : 268);
#endif
}

static __always_inline int decide_call(struct subject *subject)
{
	__u32 process;

	if (!process_used(subject, BAILIFF_PROCESS_SETNS) &&
	    !process_used(subject, BAILIFF_PROCESS_MOUNT))
		return 0;
	process = current_call();
	return process == NO_PROCESS ? 0 : decide_process(subject, process);
}

/* include/linux/sched.h: a thread of io_uring. */
#define PF_IO_WORKER 0x10

/*
 * What an overlay asks for on its layers. Each was asked of its user before, for the overlay's own
 * inode, so that nobody gets by it what he is denied. Whatever else is asked with other credentials
 * is decided as the task's own.
 */
#define OVERLAY_CAPABILITIES                                                                       \
	(1ull << 0 /* chown */ | 1ull << 1 /* dac_override */ | 1ull << 2 /* dac_read_search */ |  \
	 1ull << 3 /* fowner */ | 1ull << 4 /* fsetid */ | 1ull << CAP_SYS_ADMIN |                 \
	 1ull << 27 /* mknod */ | 1ull << 31 /* setfcap */)

/*
 * Whether a file system asks, by its own credentials, for what it does below on somebody's behalf:
 * an overlay acts on its layers as who mounted it. io_uring has other credentials for a while too,
 * and those are its user's own.
 */
static __always_inline bool is_file_systems_own(int cap)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!(OVERLAY_CAPABILITIES >> (cap & 63) & 1))
		return false;
	if (BPF_CORE_READ(task, cred) == BPF_CORE_READ(task, real_cred))
		return false;
	if (bpf_core_field_exists(task->io_uring) && BPF_CORE_READ(task, io_uring))
		return false;
	return !(BPF_CORE_READ(task, flags) & PF_IO_WORKER);
}

/*
 * Every use of a capability comes by here, many a time where the answer only chooses between two
 * ways to do the same: those (CAP_OPT_NOAUDIT) are decided, not logged, and counted all together.
 */
SEC("lsm/capable")
int BPF_PROG(bailiff_capable, const void *cred, void *ns, int cap, unsigned int opts, int ret)
{
	struct subject subject;

	if (ret)
		return ret;
	if (!subject_current(&subject) || is_file_systems_own(cap))
		return 0;
	if (cap == CAP_SYS_ADMIN && decide_call(&subject))
		return -EPERM;
	if (!is_used(&subject, cap))
		return 0;
	return decide_act_short(&subject, BAILIFF_ACT_CAPABILITY, cap, opts & CAP_OPT_NOAUDIT)
		       ? -EPERM
		       : 0;
}
