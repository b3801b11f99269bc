/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "act.bpf.h"

/* include/linux/fs.h and mman.h */
#define MAY_WRITE 2
#define MAY_READ 4
#define MAY_APPEND 8
#define PROT_READ 1
#define MAP_TYPE 15
#define MAP_PRIVATE 2

/* Leaves @subject those images that ask about each use of a descriptor. Returns whether there are
 * any.
 */
static __always_inline bool subject_revokes(struct subject *subject)
{
	void *base = arena_base();
	bool any = false;

	if (!base)
		return false;
	for (int i = 0; i < SUBJECT_IMAGES; i++) {
		if (subject->images[i] && !image_word(base, subject->images[i], revoke))
			subject->images[i] = 0;
		any |= subject->images[i] != 0;
	}
	return any;
}
