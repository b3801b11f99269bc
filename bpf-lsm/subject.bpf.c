/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "subject.bpf.h"

#include "bind.bpf.h"
#include "label.bpf.h"

/* What holds for the place where the label was given, or held there last. */
static __always_inline __u32 label_slot(const struct bailiff_label *label)
{
	__u64 cgroup = label->cgroup;
	__u32 *bound = bpf_map_lookup_elem(&bindings, &cgroup), slot = label->slot;
	struct bailiff_slot *last;

	if (bound)
		return *bound;
	last = slot_find(slot);
	return last && last->cookie == label->cookie ? slot : 0;
}

static __always_inline struct bailiff_label *label_give(__u64 cgroup, __u32 slot, __u32 cookie)
{
	struct bailiff_label *label;

	label = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), NULL,
				     BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!label) {
		/* the cgroup's binding still holds; only moving out of it would shed the policy */
		stat_add(BAILIFF_STAT_LABEL_FAILED);
		return NULL;
	}
	label->slot = slot;
	label->cookie = cookie;
	label->cgroup = cgroup;
	label->bindings = 0;
	/* what it runs from here on is told by bailiff_executed */
	if (!label->inode)
		label_executed(label, bpf_get_current_task_btf());
	return label;
}

/* The label of what holds for a cgroup. */
static __always_inline struct bailiff_label *label_confine(__u64 cgroup, __u32 slot)
{
	struct bailiff_slot *found = slot_find(slot);

	return label_give(cgroup, slot, found ? found->cookie : 0);
}

/* Whether a label is of the set that a slot is used for now. */
static __always_inline bool label_is_of(const struct bailiff_label *label, __u32 slot)
{
	struct bailiff_slot *found = slot_find(slot);

	return found && found->cookie == label->cookie;
}

/*
 * The slot of the current cgroup. Who is where he got his label has it there, until bindings
 * change: to look it up costs as much as all the rest of a decision that is remembered. The count
 * is read before, so that what changes meanwhile is looked up again.
 */
static __always_inline __u32 slot_of(struct bailiff_label *label, __u64 cgroup)
{
	__u32 zero = 0, serial, slot;
	struct bailiff_control *state = bpf_map_lookup_elem(&control, &zero);

	if (!label || !state || label->cgroup != cgroup)
		return bind_find(cgroup);
	serial = *(volatile __u32 *)&state->bindings_serial;
	if (label->bindings == serial)
		return label->slot;
	slot = bind_find(cgroup);
	if (label->slot == slot && label_is_of(label, slot))
		label->bindings = serial;
	else if (slot)
		label->slot = 0; /* it is of another set: it is written anew */
	return slot;
}

__hidden bool subject_find(struct subject *subject)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bailiff_label *label = NULL;
	__u32 slot;

	/* most tasks have none, and asking the helper costs as much as all the rest */
	if (task->bpf_storage)
		label = bpf_task_storage_get(&labels, task, NULL, 0);
	subject->label = label;
	subject->cgroup = bpf_get_current_cgroup_id();
	subject->slot = slot = slot_of(label, subject->cgroup);
	subject->slots[0] = slot;
	subject->images[0] = subject->images[1] = subject->slots[1] = 0;
	subject->nobody = subject->classed = false;

	if (label && label->cgroup == BAILIFF_LAUNCHER)
		return false;
	if (slot) {
		subject->images[0] = slot_image(slot);
		if (!label) {
			subject->label = label_confine(subject->cgroup, slot);
			return subject->images[0];
		}
	}
	if (label && label->cgroup != subject->cgroup) {
		__u32 origin = label_slot(label);

		if (origin != slot) {
			subject->images[1] = slot_image(origin);
			subject->slots[1] = origin;
		}
	} else if (label && slot && label->slot != slot) {
		label_confine(subject->cgroup, slot);
	}
	return subject->images[0] || subject->images[1];
}

__hidden void subject_of_cgroup(struct subject *subject)
{
	subject->images[0] = slot_image(subject->slot);
	subject->images[1] = 0;
	subject->slots[0] = subject->slot;
	subject->nobody = true;
	subject->classed = false;
}

__hidden void subject_confine(struct subject *subject)
{
	label_confine(subject->cgroup, subject->slot);
}

__hidden void subject_make_launcher(__u32 kind)
{
	label_give(BAILIFF_LAUNCHER, 0, kind);
}

__hidden void subject_drop_label(void)
{
	bpf_task_storage_delete(&labels, bpf_get_current_task_btf());
}
