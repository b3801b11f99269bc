/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "decide.bpf.h"

/*
 * What was allowed, and need not be worked out again: a table of decisions on open files, one entry
 * a place, an older one is overwritten. It has nothing but "allowed, and nobody is to be told":
 * all else is decided anew, and told, each time.
 *
 * An entry counts where everything is the same that its decision came from:
 *
 * - the file's dentry, its parent and mount, and the task's mount namespace;
 * - the kernel's counts of renames (rename_lock) and of changes of any mount tree (mount_lock),
 *   read before the path was: since then no directory anywhere got another name or place. They are
 *   32-bit counts, so an entry also ends with the minute that it was made in;
 * - the inode, with its number and generation: memory of a dentry that was freed can be another's,
 *   and only file systems that give a new file a generation of its own (or a number that is never
 *   used again) are taken. Of an overlay these are the files of lower layers, which nobody changes;
 * - what is known of files with several names, by a count of its changes;
 * - the images, by their serials; the classes of the task; the verbs.
 *
 * A name is the name of a dentry: of two names of one inode each has its own entry.
 */

#define CACHE_BITS 12
#define CACHE_ENTRIES (1u << CACHE_BITS)

struct cache_key {
	const void *dentry, *parent, *inode, *mnt, *mount_ns;
	__u32 hash, len; /* of the name; .len has the count of what is known as well */
	__u64 number;
	__u32 generation, device;
	__u32 renames, mounts;
	__u64 serials[SUBJECT_IMAGES];
	__u32 starts[SUBJECT_IMAGES];
	__u32 verbs, minute;
};

#define CACHE_WORDS (sizeof(struct cache_key) / sizeof(__u64))

struct cache_entry {
	__u64 sequence; /* odd: somebody writes it */
	__u64 allowed;
	__u64 key[CACHE_WORDS];
};

_Static_assert(sizeof(struct cache_key) == 13 * sizeof(__u64), "no holes");

struct cache_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CACHE_ENTRIES);
	__type(key, __u32);
	__type(value, struct cache_entry);
};
extern struct cache_map cache SEC(".maps");

/*
 * Whether @verbs on @file are known to be allowed to @subject, whose classes are found. Where they
 * are not, @place is to be given to cache_keep() with what came of it.
 */
bool cache_find(struct subject *subject, struct file *file, __u32 verbs, struct cache_place *place);
void cache_keep(struct cache_place *place, bool allowed);

/*
 * The same of a file system: whether it has no more than one mount in the task's mount namespace.
 * That holds as long as no mount tree changes.
 */
bool cache_find_alone(struct super_block *sb, struct cache_place *place);
