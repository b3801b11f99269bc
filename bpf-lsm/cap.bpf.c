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
	if (!subject_current(&subject) || !is_used(&subject, cap))
		return 0;
	return decide_act_short(&subject, BAILIFF_ACT_CAPABILITY, cap, opts & CAP_OPT_NOAUDIT)
		       ? -EPERM
		       : 0;
}
