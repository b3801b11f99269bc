/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "cache.bpf.h"
#include "told.bpf.h"

/*
 * Decides on a file that is opened or used, or answers what was decided before. @keep: that counts,
 * and is remembered; @tell: d_path() may be called in this hook. Returns 0 or -EACCES.
 */
static __always_inline int decide_opened(struct subject *subject, __u32 verbs, struct file *file,
					 bool keep, bool tell)
{
	struct cache_place place = {};
	struct object object;
	int r;

	class_find_all(subject);
	if (keep && cache_find(subject, file, verbs, &place))
		return 0;
	object = tell ? object_of_file(file) : object_of(&file->f_path);
	r = decide(subject, verbs, &object);
	cache_keep(&place, !r && object.may_be_kept);
	return r;
}

/* Uses of a file other than opening it: too rare to be remembered. */
static __always_inline int decide_file(struct file *file, __u32 verbs)
{
	struct subject subject;
	struct object object;

	if (!verbs || !subject_current(&subject) || !decide_used(&subject, verbs) ||
	    file_is_backing(file))
		return 0;
	object = object_of(&file->f_path);
	return decide(&subject, verbs, &object);
}
