/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "fold.bpf.h"

#define WORD sizeof(__u64)
#define SAME_WORDS ((sizeof(struct bailiff_event) - BAILIFF_EVENT_SAME) / WORD)
#define TRIES 4 /* where others add to the same entry at the same time */

/* A state without its count: the same as long as an entry is of one use, and open. */
#define USE(state) ((state) & ~BAILIFF_FOLD_COUNT)

static __always_inline struct bailiff_fold *fold_at(__u32 index)
{
	return bpf_map_lookup_elem(&folds, &index);
}

/*
 * Whether the event's path was told whole, and is not too long. The bytes before it, in its first
 * word, become 0: so it can be compared by words.
 */
static __always_inline bool path_fits(struct scratch *scratch)
{
	__u32 off = scratch->off;

	switch (scratch->event.reason) {
	case BAILIFF_REASON_NO_NAMESPACE:
	case BAILIFF_REASON_OTHER_NAMESPACE:
	case BAILIFF_REASON_TOO_LONG:
	case BAILIFF_REASON_UNREADABLE:
	case BAILIFF_REASON_NO_SCRATCH:
		return false;
	}
	if (off < PATH_END - BAILIFF_FOLD_PATH + WORD || off >= PATH_END)
		return false;
	scratch->event.n_path = PATH_END - off;
	*(__u64 *)&scratch->path[off - WORD] = 0;
	return true;
}

/* Who does it: a process, as long as it executes nothing else. */
static __always_inline void process_fill(__u64 *process)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *inode = task->mm->exe_file->f_inode;

	process[0] = task->group_leader->start_boottime;
	process[1] = task->self_exec_id;
	process[2] = inode->i_ino;
	process[3] = inode->i_sb->s_dev;
}

/* The @i-th word of a path from its end. */
static __always_inline __u64 path_word(const char *end, __u32 i)
{
	return *(const __u64 *)(end - WORD * (i + 1));
}

static __always_inline __u64 hash_make(struct scratch *scratch)
{
	const struct bailiff_event *event = &scratch->event;
	__u64 hash = (event->counter ^ (__u64)event->tgid << 32) + event->uid;

	for (__u32 i = 0; i < BAILIFF_FOLD_PATH / WORD; i++) {
		if (i * WORD >= event->n_path)
			break;
		hash = (hash ^ path_word(&scratch->path[PATH_END], i)) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 32;
	}
	return hash;
}

static __always_inline bool is_repeat(const struct bailiff_fold *fold,
				      const struct scratch *scratch)
{
	const __u64 *told = (const void *)&fold->event + BAILIFF_EVENT_SAME;
	const __u64 *now = (const void *)&scratch->event + BAILIFF_EVENT_SAME;
	__u64 differ = 0;

#pragma unroll
	for (int i = 0; i < 4; i++)
		differ |= fold->process[i] ^ scratch->process[i];
#pragma unroll
	for (int i = 0; i < SAME_WORDS; i++)
		differ |= told[i] ^ now[i];
	if (differ)
		return false;
	for (__u32 i = 0; i < BAILIFF_FOLD_PATH / WORD; i++) {
		if (i * WORD >= scratch->event.n_path)
			break;
		if (path_word(&fold->path[BAILIFF_FOLD_PATH], i) !=
		    path_word(&scratch->path[PATH_END], i))
			return false;
	}
	return true;
}

/* One more repeat of the entry that was in @state when it was compared. */
static __always_inline int fold_add(struct bailiff_fold *fold, __u64 state)
{
	for (int i = 0; i < TRIES; i++) {
		__u64 seen;

		if ((state & BAILIFF_FOLD_COUNT) >= BAILIFF_FOLD_BUSY - 1)
			break;
		seen = __sync_val_compare_and_swap(&fold->state, state, state + 1);
		if (seen == state)
			return FOLD_ADDED;
		if (USE(seen) != USE(state))
			break;
		state = seen;
	}
	return FOLD_NONE;
}

/* Begins a use of a free entry. Returns whether it is ours. */
static __always_inline bool fold_begin(struct bailiff_fold *fold, struct scratch *scratch)
{
	__u64 state = *(volatile __u64 *)&fold->state;
	__u64 next = ((state >> 33) + 1) << 33 | BAILIFF_FOLD_BUSY;

	if (USE(state) != state || state & BAILIFF_FOLD_OPEN ||
	    __sync_val_compare_and_swap(&fold->state, state, next) != state)
		return false;
	fold->event = scratch->event;
	fold->hash = scratch->hash;
	__builtin_memcpy(fold->process, scratch->process, sizeof(fold->process));
	bpf_probe_read_kernel(fold->path, sizeof(fold->path),
			      &scratch->path[PATH_END - BAILIFF_FOLD_PATH]);
	return true;
}

int fold_take(__u32 number)
{
	struct scratch *scratch = scratch_of(number);
	__u32 first, like = 0, free = 0;
	struct bailiff_fold *fold;
	__u64 state;

	if (!scratch || !path_fits(scratch))
		return FOLD_NONE;
	process_fill(scratch->process);
	scratch->hash = hash_make(scratch);
	first = scratch->hash % BAILIFF_FOLD_SETS;
	if (scratch->event.verdict != BAILIFF_DENY)
		first += BAILIFF_FOLD_SETS;
	first = first * BAILIFF_FOLD_WAYS + 2;
	for (__u32 i = first; i < first + BAILIFF_FOLD_WAYS; i++) {
		fold = fold_at(i - 2);
		if (!fold)
			break;
		if (fold->state & BAILIFF_FOLD_OPEN && fold->hash == scratch->hash)
			like = i;
		else if (!(fold->state & (BAILIFF_FOLD_OPEN | BAILIFF_FOLD_COUNT)))
			free = i;
	}
	fold = like ? fold_at(like - 2) : NULL;
	if (fold) {
		state = *(volatile __u64 *)&fold->state;
		read_barrier(&fold->state);
		/* what only looks like it is no repeat, and takes no other's place */
		return state & BAILIFF_FOLD_OPEN && is_repeat(fold, scratch) ? fold_add(fold, state)
									     : FOLD_NONE;
	}
	fold = free ? fold_at(free - 2) : NULL;
	return fold && fold_begin(fold, scratch) ? free : FOLD_NONE;
}

int fold_end(__u32 number, __u32 taken, __u32 outcome)
{
	struct scratch *scratch = scratch_of(number);
	struct bailiff_fold *fold = fold_at(taken - 2);
	__u32 n_path, n;
	__u64 use;

	if (!scratch || !fold || taken < 2)
		return outcome;
	use = USE(fold->state);
	n_path = scratch->event.n_path;
	n = scratch->event.n_exe + scratch->event.n_cgroup;
	if (n > BAILIFF_FOLD_TEXTS || n_path > BAILIFF_FOLD_PATH ||
	    bpf_probe_read_kernel(fold->texts, sizeof(fold->texts), &scratch->text[n_path])) {
		(void)__sync_lock_test_and_set(&fold->state, use);
		return outcome;
	}
	fold->event.n_exe = scratch->event.n_exe;
	fold->event.n_cgroup = scratch->event.n_cgroup;
	/* an exchange, not a store: everything written before it is visible to who sees it */
	if (outcome == OUTCOME_LOGGED)
		(void)__sync_lock_test_and_set(&fold->state, use | BAILIFF_FOLD_OPEN);
	else
		(void)__sync_lock_test_and_set(&fold->state, use | BAILIFF_FOLD_OPEN | 1);
	return outcome == OUTCOME_LOGGED ? OUTCOME_LOGGED : OUTCOME_FOLDED;
}
