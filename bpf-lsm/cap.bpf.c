/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "act.bpf.h"

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

/* setns() has no hook, but asks for CAP_SYS_ADMIN whatever is joined, and whoever joins. */
static __always_inline bool joins_namespace(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

#if defined(__TARGET_ARCH_x86)
	__u32 call = BPF_CORE_READ(regs, orig_ax) & ~(1u << 30); /* x32 */
	bool is_32bit = BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;

	return call == (is_32bit ? 346 : 308);
#else
	__u32 call = BPF_CORE_READ(regs, syscallno);
	bool is_32bit = BPF_CORE_READ(task, thread_info.flags) & (1ul << TIF_32BIT);

	return call == (is_32bit ? 375 : 268);
#endif
}

/*
 * Every use of a capability comes by here, many a time where the answer only chooses between two
 * ways to do the same: those (CAP_OPT_NOAUDIT) are decided, and neither counted nor logged.
 */
SEC("lsm/capable")
int BPF_PROG(bailiff_capable, const void *cred, void *ns, int cap, unsigned int opts, int ret)
{
	struct subject subject;

	if (ret)
		return ret;
	if (!subject_current(&subject))
		return 0;
	if (cap == CAP_SYS_ADMIN && joins_namespace() &&
	    decide_process(&subject, BAILIFF_PROCESS_SETNS))
		return -EPERM;
	if (!is_used(&subject, cap))
		return 0;
	return decide_act_short(&subject, BAILIFF_ACT_CAPABILITY, cap, opts & CAP_OPT_NOAUDIT)
		       ? -EPERM
		       : 0;
}
