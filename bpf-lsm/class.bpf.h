/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "match.bpf.h"
#include "subject.bpf.h"

/*
 * Which executables a task runs or inherited, as far as an image's rules tell them apart (abi.h).
 * A task is classified when it executes, by the path of what it runs; and again when it is under
 * another image, where numbers that mean the same as before are kept.
 */

static __always_inline __u64 image_serial(void *base, __u32 image)
{
	return arena_cell(base, image + offsetof_(struct bailiff_image, serial) /
						sizeof(struct bailiff_cell));
}

/* The start of the current task under image @i of @subject. A function of its own to the verifier.
 */
__u32 class_find(struct subject *subject, __u32 i);

/* Fills @subject's starts. */
static __always_inline void class_find_all(struct subject *subject)
{
	void *base = arena_base();

	if (!base || subject->classed)
		return;
	subject->classed = true;
	for (int i = 0; i < SUBJECT_IMAGES; i++) {
		__u32 image = subject->images[i];

		if (!image)
			continue;
		subject->starts[i] = subject->nobody || !image_word(base, image, n_classes)
					     ? image_word(base, image, start)
					     : class_find(subject, i);
	}
}
