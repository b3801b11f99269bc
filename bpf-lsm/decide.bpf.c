/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "decide.bpf.h"

#include "event.bpf.h"
#include "match.bpf.h"

__hidden bool decide_used(struct subject *subject, __u32 verbs)
{
	void *base = arena_base();
	__u32 used = 0;

	if (!base)
		return false;
	for (int i = 0; i < SUBJECT_IMAGES; i++) {
		__u32 image = subject->images[i];

		if (image)
			used |= image_word(base, image, used);
	}
	return used & verbs;
}

static __always_inline void take_stricter(struct decision *best, __u32 word, __u32 image, __u8 verb,
					  __u8 reason)
{
	if (BAILIFF_VERDICT(word) <= BAILIFF_VERDICT(best->word))
		return;
	best->word = word;
	best->image = image;
	best->verb = verb;
	best->reason = reason;
}

/* Asks one image about the path in @scratch, or about one that cannot be told (@reason). */
static __always_inline void ask(void *base, __u32 image, struct scratch *scratch, __u32 verbs,
				__u8 reason, struct decision *best)
{
	bool told = scratch && (!reason || reason == BAILIFF_REASON_INVOKED_NAME);
	__u32 words = told ? match(base, image, scratch)
			   : image + __builtin_offsetof(struct bailiff_image, strictest) /
					      sizeof(struct bailiff_cell);

	for (int verb = 0; verb < BAILIFF_LABEL_WORDS; verb++)
		if (verbs & (1u << verb))
			take_stricter(best, arena_word(base, words, verb), image, verb, reason);
}

static __always_inline void ask_all(struct subject *subject, struct scratch *scratch, __u32 verbs,
				    __u8 reason, struct decision *best)
{
	void *base = arena_base();

	if (!base)
		return;
	for (int i = 0; i < SUBJECT_IMAGES; i++) {
		__u32 image = subject->images[i];

		if (image && (image_word(base, image, used) & verbs))
			ask(base, image, scratch, verbs, reason, best);
	}
}

/*
 * A link's name can be denied where the file it leads to is not (/bin/sh -> busybox). The name is
 * the caller's, so it only ever adds a deny.
 */
static __always_inline void ask_invoked(struct subject *subject, struct scratch *scratch,
					struct linux_binprm *bprm, struct decision *best)
{
	__u32 verbs = 1u << BAILIFF_VERB_INVOKED;

	if (BAILIFF_VERDICT(best->word) == BAILIFF_DENY || !decide_used(subject, verbs))
		return;
	if (path_build_invoked(scratch, bprm, bpf_get_current_task_btf()))
		return;
	ask_all(subject, scratch, verbs, BAILIFF_REASON_INVOKED_NAME, best);
}

static __always_inline int object_path(struct scratch *scratch, struct object *object, bool append)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return path_build(scratch, object->mnt, object->dentry,
			  BPF_CORE_READ(task, nsproxy, mnt_ns), append);
}

__hidden int decide(struct subject *subject, __u32 verbs, struct object *object,
		    struct linux_binprm *bprm)
{
	struct decision best = {};
	struct scratch *scratch = scratch_claim();
	int reason = BAILIFF_REASON_NO_SCRATCH;

	if (scratch)
		reason = object_path(scratch, object, false);
	/* rules of [file] are about trees that processes see; programs have rules wherever they are
	 */
	if (bprm && reason == PATH_KERNEL_OBJECT)
		reason = BAILIFF_REASON_RULE;
	else if (bprm && reason == PATH_KERNEL_TREE)
		reason = BAILIFF_REASON_NO_NAMESPACE;

	if (reason < BAILIFF_N_REASONS)
		ask_all(subject, scratch, verbs, reason, &best);
	if (reason > 0 && reason < BAILIFF_N_REASONS)
		stat_add(reason);
	if (scratch && bprm)
		ask_invoked(subject, scratch, bprm, &best);

	if (BAILIFF_VERDICT(best.word) != BAILIFF_ALLOW)
		event_emit(subject, &best, scratch, object);
	if (scratch)
		scratch_release(scratch);
	return BAILIFF_VERDICT(best.word) == BAILIFF_DENY ? -EACCES : 0;
}
