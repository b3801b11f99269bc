/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "class.bpf.h"

#include "path.bpf.h"

#define UNKNOWN 0xffffffffu

struct keeping {
	void *base;
	struct bailiff_label *label;
	__u32 table; /* cell of the first subject */
	__u32 run;   /* 1 << number: those whose executable the task runs */
	__u32 kept;
};

_Static_assert(sizeof(struct bailiff_subject) == sizeof(struct bailiff_cell),
	       "a subject is one cell, its key");

/* Whether the task is of the subject of that number, by what it runs or by what its label says,
 * which it says from now on. */
static long keep_one(__u32 number, struct keeping *keeping)
{
	__u64 key = arena_cell(keeping->base, keeping->table + number);
	struct bailiff_label *label = keeping->label;
	__u32 bit = 1u << (number & 31), place = BAILIFF_SUBJECTS_OF_TASK;

	for (__u32 i = 0; i < BAILIFF_SUBJECTS_OF_TASK; i++) {
		if (label->subjects[i] == key) {
			keeping->kept |= bit;
			return 0;
		}
		if (!label->subjects[i])
			place = i;
	}
	if (!(keeping->run & bit))
		return 0;
	keeping->kept |= bit;
	if (place < BAILIFF_SUBJECTS_OF_TASK)
		label->subjects[place] = key;
	else
		label->subjects_lost = 1;
	return 0;
}

/* The subjects that a task is of: those that it runs, and those that its label has. */
static __always_inline __u32 subjects_of(void *base, __u32 image, struct bailiff_label *label,
					 __u32 run)
{
	struct keeping keeping = {
		.base = base,
		.label = label,
		.table = image + image_word(base, image, subjects),
		.run = run,
	};

	bpf_loop(image_word(base, image, n_subjects), keep_one, &keeping, 0);
	return keeping.kept;
}

/* Whether the task still runs what it executed: prctl() can make it say otherwise. */
static __always_inline bool is_executed(const struct bailiff_label *label, struct file *exe)
{
	return label->inode && label->inode == BPF_CORE_READ(exe, f_inode, i_ino) &&
	       label->device == BPF_CORE_READ(exe, f_inode, i_sb, s_dev);
}

/* The subjects whose executable the current task runs; UNKNOWN where that cannot be told. */
static __always_inline __u32 subjects_run(void *base, __u32 image,
					  const struct bailiff_label *label)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	__u32 subjects = UNKNOWN, number;
	struct object object = {};
	struct scratch *scratch;
	int reason;

	if (!exe || !is_executed(label, exe))
		return UNKNOWN;
	scratch = scratch_claim();
	if (!scratch) {
		stat_add(BAILIFF_REASON_NO_SCRATCH);
		return UNKNOWN;
	}
	number = scratch_number(scratch);
	object.mnt = BPF_CORE_READ(exe, f_path.mnt);
	object.dentry = BPF_CORE_READ(exe, f_path.dentry);
	reason = path_build(number, &object, false);
	if (!reason || reason == PATH_KERNEL_OBJECT)
		subjects = arena_word(
			base,
			match_words(base, image,
				    match(number, image, image_word(base, image, start))),
			BAILIFF_WORD_SUBJECTS);
	scratch_release(scratch);
	return subjects;
}

struct finding {
	void *base;
	__u32 classes, subjects, start;
};

static long class_is(__u32 index, struct finding *finding)
{
	__u64 class = arena_cell(finding->base, finding->classes + index);

	if ((__u32) class != finding->subjects)
		return 0;
	finding->start = class >> 32;
	return 1;
}

/* The start of those who are of these subjects. */
static __always_inline __u32 start_of(void *base, __u32 image, __u32 subjects)
{
	struct finding finding = {
		.base = base,
		.classes = image + image_word(base, image, classes),
		.subjects = subjects,
		.start = image_word(base, image, unknown),
	};

	bpf_loop(image_word(base, image, n_classes), class_is, &finding, 0);
	return finding.start;
}

/* Where a label says how its task was classified under a slot's images, or is to say so. */
static __always_inline struct bailiff_classified *classified_find(struct bailiff_label *label,
								  __u32 slot, __u32 i)
{
	if (label->of[0].slot == slot)
		return &label->of[0];
	if (label->of[1].slot == slot || i)
		return &label->of[1];
	return &label->of[0];
}

static __always_inline __u32 classify(void *base, __u32 image, __u32 slot,
				      struct bailiff_label *label, struct bailiff_classified *entry)
{
	__u32 run = subjects_run(base, image, label), subjects, start;

	if (run == UNKNOWN)
		return image_word(base, image, unknown);
	subjects = subjects_of(base, image, label, run);
	if (label->subjects_lost)
		return image_word(base, image, unknown);
	start = start_of(base, image, subjects);
	entry->serial = image_serial(base, image);
	entry->slot = slot;
	entry->start = start + 1;
	return start;
}

__u32 class_find(struct subject *subject, __u32 i)
{
	struct bailiff_classified *entry;
	struct bailiff_label *label;
	void *base = arena_base();
	__u32 image, slot;

	if (!subject || !base)
		return 0;
	image = subject->images[i & 1];
	slot = subject->slots[i & 1];
	label = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), NULL, 0);
	if (!label)
		return image_word(base, image, unknown);
	entry = classified_find(label, slot, i & 1);
	if (entry->slot == slot && entry->start && entry->serial == image_serial(base, image))
		return entry->start - 1;
	return classify(base, image, slot, label, entry);
}

/* What a task inherits of what it was, now that it executes something: abi.h. */
static __always_inline void inherit(struct bailiff_label *label)
{
	for (int i = 0; i < BAILIFF_SUBJECTS_OF_TASK; i++)
		if (!(label->subjects[i] & 1))
			label->subjects[i] = 0;
	label->of[0].start = label->of[1].start = 0;
}

/* Past the point of no return, and before the first instruction. */
SEC("lsm/bprm_committing_creds")
int BPF_PROG(bailiff_executed, struct linux_binprm *bprm)
{
	struct bailiff_label *label;
	struct subject subject;
	bool confined;

	if (subject_is_free())
		return 0;
	confined = subject_find(&subject);
	label = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), NULL, 0);
	if (!label)
		return 0; /* it cannot be told who that is */
	label->inode = bprm->file->f_inode->i_ino;
	label->device = bprm->file->f_inode->i_sb->s_dev;
	inherit(label);
	/* without a policy now it may be under one later, and is then who it is from here on */
	if (confined)
		class_find_all(&subject);
	return 0;
}
