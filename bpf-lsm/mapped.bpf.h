/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "class.bpf.h"

/*
 * A loader maps what it has just opened: so that its path need not be worked out twice, a task's
 * label remembers the file that it opened last to read, if nothing was against mapping it
 * executable under the name by which it was opened. It might have been mapped then; so it may be
 * mapped now, whatever its name became. Images, and the class of the task, have to be the same.
 */

/* What tells the images of a subject from all others; 0: never the same. */
static __always_inline __u64 mapped_serial(struct subject *subject)
{
	void *base = arena_base();
	__u64 serial = 0;

	if (!base)
		return 0;
	for (int i = 0; i < SUBJECT_IMAGES; i++)
		if (subject->images[i])
			serial += image_serial(base, subject->images[i]);
	return serial;
}

static __always_inline void mapped_remember(struct bailiff_label *label, struct inode *inode,
					    __u64 serial)
{
	label->mapped_inode = inode->i_ino;
	label->mapped_device = inode->i_sb->s_dev;
	label->mapped_generation = inode->i_generation;
	label->mapped_serial = serial;
}

static __always_inline bool mapped_is(struct bailiff_label *label, struct inode *inode,
				      __u64 serial)
{
	return serial && label->mapped_serial == serial && label->mapped_inode == inode->i_ino &&
	       label->mapped_device == inode->i_sb->s_dev &&
	       label->mapped_generation == inode->i_generation;
}
