/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "maps.bpf.h"

/*
 * Who acts: which images hold for the current task. The cgroup that it is in and the label that it
 * carries are both asked, so there are at most two.
 */
#define SUBJECT_IMAGES 2

struct subject {
	struct bailiff_label *label;  /* NULL: none, or none could be had */
	__u64 cgroup;		      /* id of the current cgroup */
	__u32 slot;		      /* of the current cgroup; 0: not under policy */
	__u32 images[SUBJECT_IMAGES]; /* cells in the arena; 0: none */
	__u32 slots[SUBJECT_IMAGES];  /* whose images these are */
	__u32 starts[SUBJECT_IMAGES]; /* where the task's paths begin, once class_find_all() ran */
	__u32 words[SUBJECT_IMAGES];  /* the cells of the answers to what was asked last; 0: none */
	bool classed;		      /* ... which it did */
	bool nobody; /* of no subject in a policy's sense, whatever it runs: a launcher */
};

static __always_inline struct bailiff_slot *slot_find(__u32 slot)
{
	return bpf_map_lookup_elem(&slots, &slot);
}

static __always_inline __u32 slot_image(__u32 slot)
{
	struct bailiff_slot *found = slot ? slot_find(slot) : NULL;

	return found ? found->image : 0;
}

/*
 * Whether the current task is surely under no policy: it has no label, and no cgroup with these low
 * bits of an id is bound. It is what nearly every task of a node is asked, at every hook.
 */
static __always_inline bool subject_is_free(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 zero = 0;
	struct bailiff_control *state = bpf_map_lookup_elem(&control, &zero);

	return state && !task->bpf_storage && !state->bindings_full &&
	       !state->bound[bpf_get_current_cgroup_id() % BAILIFF_BOUND];
}

/*
 * Fills @subject; a task that is under policy for the first time gets its label. Returns whether
 * any image holds for the current task. A launcher's label is left to exec: no image holds for it.
 */
bool subject_find(struct subject *subject);

/* The same, and @subject is filled where it returns true alone. */
static __always_inline bool subject_current(struct subject *subject)
{
	return !subject_is_free() && subject_find(subject);
}

/* Puts the current task under what holds for its cgroup, whatever its label was. */
void subject_confine(struct subject *subject);

/* The images of the cgroup alone, for what is decided as if the task had no label. */
void subject_of_cgroup(struct subject *subject);

/* Gives the current task the label of a launcher of that kind; takes it away again. */
void subject_make_launcher(__u32 kind);
void subject_drop_label(void);

static __always_inline bool subject_is_launcher(const struct subject *subject)
{
	return subject->label && subject->label->cgroup == BAILIFF_LAUNCHER;
}
