/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "maps.bpf.h"

/*
 * The system call that a task is in, as the kernel has it: who traces the task, or filters its
 * calls, changes it before the kernel acts on it.
 */
struct call {
	__u32 number; /* in the machine's own table, or in that of its 32-bit calls */
	bool is_32bit;
};

static __always_inline struct call call_of(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

#if defined(__TARGET_ARCH_x86)
	return (struct call){
		.number = BPF_CORE_READ(regs, orig_ax),
		.is_32bit = BPF_CORE_READ(task, thread_info.status) & TS_COMPAT,
	};
#else
	return (struct call){
		.number = BPF_CORE_READ(regs, syscallno),
		.is_32bit = BPF_CORE_READ(task, thread_info.flags) & (1ul << TIF_32BIT),
	};
#endif
}

/*
 * Whether the current task executes something. From 6.8 on the program is opened before the kernel
 * notes that (in_execve), so the call counts as well; a helper that the kernel starts is in no
 * call.
 */
static __always_inline bool is_in_execve(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call call;

	if (bpf_core_field_exists(task->in_execve) && BPF_CORE_READ_BITFIELD(task, in_execve))
		return true;
	call = call_of(task);
#if defined(__TARGET_ARCH_x86)
	if (call.is_32bit)
		return call.number == 11 || call.number == 358;
	/* the last two are x32's */
	return call.number == 59 || call.number == 322 || call.number == (1u << 30 | 520) ||
	       call.number == (1u << 30 | 545);
#else
	return call.is_32bit ? call.number == 11 || call.number == 387
			     : call.number == 221 || call.number == 281;
#endif
}
