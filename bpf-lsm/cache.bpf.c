/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "cache.bpf.h"

#include "drift.bpf.h"

/*
 * Whether another file never looks like this inode, once it is gone. (Btrfs numbers the files of
 * each subvolume anew, and a snapshot has them all once more.)
 */
static __always_inline bool inode_is_unique(struct inode *inode)
{
	switch ((__u32)inode->i_sb->s_magic) {
	case EXT4_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case TMPFS_MAGIC:
		return true;
	case OVERLAYFS_SUPER_MAGIC:
		return !overlay_upper(inode);
	default:
		return false;
	}
}

/* A count of one of the kernel's sequence locks, which begins with it; odd: cannot be told. */
static __always_inline __u32 lock_count(__u64 address)
{
	__u32 count = 1;

	bpf_probe_read_kernel(&count, sizeof(count), (void *)address);
	return count;
}

static __always_inline bool key_fill(struct cache_key *key, struct subject *subject,
				     struct file *file, __u32 verbs)
{
	struct dentry *dentry = file->f_path.dentry;
	struct inode *inode = file->f_inode;
	__u32 zero = 0;
	struct bailiff_control *state = bpf_map_lookup_elem(&control, &zero);
	void *base = arena_base();
	__u64 unused = 0;

	if (!state || !base || !state->rename_lock || !state->mount_lock || !inode_is_unique(inode))
		return false;
	/* before anything that they are about */
	key->renames = lock_count(state->rename_lock);
	key->mounts = lock_count(state->mount_lock);
	if ((key->renames | key->mounts) & 1)
		return false;
	read_barrier(&unused);
	key->dentry = dentry;
	key->parent = dentry->d_parent;
	key->hash = dentry->d_name.hash;
	/* a name has 255 bytes at most */
	key->len = dentry->d_name.len | state->known_serial << 8;
	key->inode = inode;
	key->number = inode->i_ino;
	key->generation = inode->i_generation;
	key->device = inode->i_sb->s_dev;
	key->mnt = file->f_path.mnt;
	key->mount_ns = bpf_get_current_task_btf()->nsproxy->mnt_ns;
	for (int i = 0; i < SUBJECT_IMAGES; i++) {
		__u32 image = subject->images[i];

		key->serials[i] = image ? image_serial(base, image) : 0;
		key->starts[i] = image ? subject->starts[i] : 0;
	}
	key->verbs = verbs;
	key->minute = bpf_jiffies64() >> 14;
	return true;
}

static __always_inline struct cache_entry *entry_at(__u32 index)
{
	return bpf_map_lookup_elem(&cache, &index);
}

/* Where a decision has its entry. The hash of a name has the parent's address in it. */
static __always_inline __u32 entry_index(const struct cache_key *key)
{
	__u64 sum = key->hash + key->number + key->verbs + key->starts[0] + key->serials[0];

	return sum * 0x9e3779b97f4a7c15 >> (64 - CACHE_BITS);
}

static __always_inline bool key_is(const struct cache_entry *entry, const __u64 *key)
{
	/* compared one by one: the verifier lets nobody count with the pointers among them */
#pragma unroll
	for (int i = 0; i < CACHE_WORDS; i++)
		if (entry->key[i] != key[i])
			return false;
	return true;
}

union key {
	struct cache_key key;
	__u64 words[CACHE_WORDS];
};

static __always_inline bool entry_find(union key *is, struct cache_place *place)
{
	struct cache_entry *entry = entry_at(entry_index(&is->key));
	__u64 sequence;
	bool same;

	if (!entry)
		return false;
	sequence = *(volatile __u64 *)&entry->sequence;
	read_barrier(&entry->sequence);
	same = key_is(entry, is->words) && entry->allowed;
	read_barrier(&entry->sequence);
	if (sequence & 1 || *(volatile __u64 *)&entry->sequence != sequence)
		return false;
	if (same)
		return true;
	if (__sync_val_compare_and_swap(&entry->sequence, sequence, sequence + 1) != sequence)
		return false;
	__builtin_memcpy(entry->key, is->words, sizeof(entry->key));
	place->number = entry_index(&is->key) + 1;
	place->sequence = sequence + 2;
	return false;
}

__hidden bool cache_find(struct subject *subject, struct file *file, __u32 verbs,
			 struct cache_place *place)
{
	union key is = {};

	place->number = 0;
	return key_fill(&is.key, subject, file, verbs) ? entry_find(&is, place) : false;
}

__hidden bool cache_find_alone(struct super_block *sb, struct cache_place *place)
{
	__u32 zero = 0;
	struct bailiff_control *state = bpf_map_lookup_elem(&control, &zero);
	union key is = {};
	__u64 unused = 0;

	place->number = 0;
	if (!state || !state->mount_lock)
		return false;
	is.key.mounts = lock_count(state->mount_lock);
	if (is.key.mounts & 1)
		return false;
	read_barrier(&unused);
	/* no dentry, so it is the key of no file */
	is.key.mnt = (void *)sb;
	is.key.mount_ns = current_mount_ns();
	is.key.number = (__u64)sb / 64 + (__u64)is.key.mount_ns / 64;
	is.key.minute = bpf_jiffies64() >> 14;
	return entry_find(&is, place);
}

__hidden void cache_keep(struct cache_place *place, bool allowed)
{
	struct cache_entry *entry = place->number ? entry_at(place->number - 1) : NULL;

	if (!entry)
		return;
	entry->allowed = allowed;
	/* an exchange, not a store: everything written before it is visible to who sees it */
	(void)__sync_lock_test_and_set(&entry->sequence, place->sequence);
}
