/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "judge.bpf.h"
#include "told.bpf.h"

/* In other.bpf.c. */
int names_are_alone(__u32 number, struct object *object);

/* How many mounts of a file system are gone through, of whichever namespace; and how often anew,
 * where one was taken away under the reader's hands. */
#define MOUNTS_MAX (1u << 16)
#define MOUNTS_TRIES 4

/* Returns whether there is more than the object's own mount. */
static __always_inline bool mounts_begin(struct mounts *mounts, struct object *object)
{
	struct dentry *dentry = object->dentry;
	struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
	struct list_head *head, *first;

	head = (void *)sb + bpf_core_field_offset(struct super_block, s_mounts);
	first = BPF_CORE_READ(head, next);
	if (BPF_CORE_READ(first, next) == head)
		return false;
	mounts->head = head;
	mounts->at = first;
	mounts->mount_ns = current_mount_ns();
	mounts->own = mount_of(object->mnt);
	mounts->dentry = dentry;
	mounts->tries = 0;
	mounts->finished = false;
	mounts->alone = true;
	return true;
}

/*
 * Looks at one more. Returns 1 at the end, which is .finished if all were seen; otherwise 0, with
 * *ret_mount where it is to be asked about. The list is read without its lock: what is taken out of
 * it keeps its memory until programs that run now have ended, and leads nowhere.
 */
static __always_inline long mounts_next(struct mounts *mounts, struct mount **ret_mount)
{
	struct list_head *head = mounts->head, *at = mounts->at, *next;
	struct mount *mount = (void *)at - bpf_core_field_offset(struct mount, mnt_instance);

	*ret_mount = NULL;
	if (at == head) {
		mounts->finished = true;
		return 1;
	}
	if (bpf_core_read(&next, sizeof(next), &at->next)) {
		mounts->at = BPF_CORE_READ(head, next);
		return ++mounts->tries == MOUNTS_TRIES;
	}
	mounts->at = next;
	if (mount != mounts->own && BPF_CORE_READ(mount, mnt_ns) == mounts->mount_ns)
		*ret_mount = mount;
	return 0;
}

/*
 * What path_build_on() answers where there is no name: not below that mount; or that was taken away
 * meanwhile.
 */
static __always_inline bool is_no_name(int reason)
{
	return reason >= BAILIFF_N_REASONS || reason == BAILIFF_REASON_NO_NAMESPACE ||
	       reason == BAILIFF_REASON_OTHER_NAMESPACE;
}
