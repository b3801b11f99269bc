/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "maps.bpf.h"

/*
 * Room for a path and an event. BPF stops migration, not preemption: another task on the same
 * processor may run the same program in the middle of this one, so a buffer per processor is not
 * enough. A slot is claimed by compare-and-exchange and released at the end.
 */

#define SCRATCH_PER_CPU 5
#define SCRATCH_CPUS_MAX 1024

#define PATH_END 4096 /* a path is written from here towards the front */
#define PATH_PAD 16   /* bytes before a path that the matcher may step through */
#define NAME_MAX 255

_Static_assert(PATH_END - PATH_PAD == BAILIFF_PATH_MAX, "the stated limit is the buffer's");

/* Going through the mounts of a file system, for those of one mount namespace (other.bpf.h). */
struct mounts {
	struct list_head *head, *at;
	struct mnt_namespace *mount_ns;
	struct mount *own; /* is left out */
	struct dentry *dentry;
	__u32 tries;
	bool finished, alone;
};

/* An entry of the cache that the current decision may write (cache.bpf.h). */
struct cache_place {
	__u32 number; /* 0: none */
	__u64 sequence;
};

#define TEXT_ARGS (3 * PATH_END + 2 * BAILIFF_SHORT_MAX) /* where the arguments begin at most */
#define TEXTS_MAX                                                                                  \
	(TEXT_ARGS + BAILIFF_ARGS_MAX + BAILIFF_ANCESTORS * sizeof(struct bailiff_ancestor))

struct scratch {
	__u64 claimed;
	__u32 off;   /* where the path begins */
	__u32 index; /* its own, in the map */
	__u32 pad;
	void *pointer;	 /* of told.bpf.h */
	__u64 dentry[6]; /* of path.bpf.c, for which the stack is too small */
	__u64 object[5]; /* of event.bpf.c, for the same reason */
	struct mounts mounts;
	struct mounts names; /* of decide-dentry.bpf.c: within this walk is the one above */
	struct cache_place alone;
	struct bailiff_known_key key;
	__u64 hash, process[4]; /* of fold.bpf.c */
	char name[NAME_MAX + 1];
	/* what is written at an offset below PATH_END has at most NAME_MAX bytes */
	char path[PATH_END + NAME_MAX + 1];
	char args[2 * BAILIFF_ARGS_MAX]; /* of who.bpf.c, as is the next one */
	struct bailiff_ancestor ancestors[BAILIFF_ANCESTORS];
	struct bailiff_event event;
	char text[TEXTS_MAX];
};

struct scratch_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SCRATCH_PER_CPU); /* times the processors: set when it is loaded */
	__type(key, __u32);
	__type(value, struct scratch);
};
extern struct scratch_map scratches SEC(".maps");

/* Returns a slot of this processor's that nobody else has, or NULL where all are taken. */
static __always_inline struct scratch *scratch_claim(void)
{
	__u32 first = bpf_get_smp_processor_id() * SCRATCH_PER_CPU;

	for (int i = 0; i < SCRATCH_PER_CPU; i++) {
		__u32 index = first + i;
		struct scratch *scratch = bpf_map_lookup_elem(&scratches, &index);

		if (!scratch)
			return NULL;
		if (__sync_val_compare_and_swap(&scratch->claimed, 0, 1) == 0) {
			scratch->index = index;
			return scratch;
		}
	}
	return NULL;
}

/*
 * Functions that are the verifier's own (not __hidden) take scratch space as a number, 0 for none:
 * the verifier of 6.1 takes memory that is handed over for NULL again.
 */
static __always_inline __u32 scratch_number(const struct scratch *scratch)
{
	return scratch ? scratch->index + 1 : 0;
}

static __always_inline struct scratch *scratch_of(__u32 number)
{
	__u32 index = number - 1;

	return number ? bpf_map_lookup_elem(&scratches, &index) : NULL;
}

static __always_inline void scratch_release(struct scratch *scratch)
{
	/* an exchange, not a store: everything written before it is visible to the next claimant */
	(void)__sync_lock_test_and_set(&scratch->claimed, 0);
}
