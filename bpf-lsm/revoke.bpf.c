/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "act.bpf.h"
#include "opened.bpf.h"

/*
 * Uses of descriptors, which may be older than the policy: only policies with revoke = yes ask, and
 * the programs are attached for these alone.
 */

/* include/linux/fs.h and mman.h */
#define MAY_WRITE 2
#define MAY_READ 4
#define MAY_APPEND 8
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

static __always_inline bool is_asked(struct subject *subject, __u32 verbs)
{
	return verbs && subject_current(subject) && subject_revokes(subject) &&
	       decide_used(subject, verbs);
}

SEC("lsm/file_permission")
int BPF_PROG(bailiff_file_permission, struct file *file, int mask, int ret)
{
	struct subject subject;
	__u32 verbs = 0;

	if (ret)
		return ret;
	if (mask & MAY_READ)
		verbs |= VERB(READ);
	if (mask & (MAY_WRITE | MAY_APPEND))
		verbs |= VERB(WRITE);
	if (file_is_backing(file) || !is_asked(&subject, verbs))
		return 0;
	return decide_opened(&subject, verbs, file, true, false) ? -EACCES : 0;
}

/* Beside the hook of the same name that asks [exec]; @file is NULL for anonymous memory
 * (map.bpf.c). */
SEC("?lsm/mmap_file")
int BPF_PROG(bailiff_mmap_use, struct file *file, unsigned long reqprot, unsigned long prot,
	     unsigned long flags, int ret)
{
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
	struct object object = {};
	struct subject subject;
	__u32 verbs;

	if (ret)
		return ret;
	if (!BPF_CORE_READ(file, f_inode))
		return 0;
	/* and what mprotect() may make of it later */
	verbs = VERB(READ);
	if (shared && BPF_CORE_READ(file, f_mode) & FMODE_WRITE)
		verbs |= VERB(WRITE);
	object.mnt = BPF_CORE_READ(file, f_path.mnt);
	object.dentry = BPF_CORE_READ(file, f_path.dentry);
	return is_asked(&subject, verbs) ? decide(&subject, verbs, &object) : 0;
}
