/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "decide.bpf.h"
#include "match.bpf.h"

/* What of the network some image has an answer to other than allow: abi.h. */
static __always_inline __u32 network_used(struct subject *subject)
{
	void *base = arena_base();
	__u32 used = 0;

	if (!base)
		return 0;
	for (int i = 0; i < SUBJECT_IMAGES; i++)
		if (subject->images[i])
			used |= image_word(base, subject->images[i], network);
	return used;
}

/* Whether some image has an answer to that act of [process] other than allow. */
static __always_inline bool process_used(struct subject *subject, __u32 process)
{
	void *base = arena_base();
	__u32 used = 0;

	if (!base)
		return false;
	for (int i = 0; i < SUBJECT_IMAGES; i++)
		if (subject->images[i])
			used |= image_word(base, subject->images[i], process);
	return used & (1u << process);
}

/* Decides on an act of [process]. */
static __always_inline int decide_process(struct subject *subject, __u32 process)
{
	return process_used(subject, process)
		       ? decide_act_short(subject, BAILIFF_ACT_PROCESS, process, false)
		       : 0;
}

static __always_inline int current_process(__u32 process)
{
	struct subject subject;

	return subject_current(&subject) ? decide_process(&subject, process) : 0;
}
