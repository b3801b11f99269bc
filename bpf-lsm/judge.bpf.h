/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* What those that judge (decide.bpf.h) share: asking images about a path, and concluding. */

#include "decide.bpf.h"
#include "event.bpf.h"
#include "match.bpf.h"

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

struct taking {
	struct decision *best;
	void *base;
	__u32 words, image, verbs;
	__u8 reason;
};

/* A callback, so that the verifier goes through it once and not once for every set of verbs. */
static long take_word(__u32 verb, struct taking *taking)
{
	if (taking->verbs & (1u << (verb & 15)))
		take_stricter(taking->best, arena_word_at(taking->base, taking->words, verb),
			      taking->image, verb, taking->reason);
	return 0;
}

/* Takes the strictest of the words at a cell that @verbs names. */
static __always_inline void take_words(void *base, __u32 words, __u32 image, __u32 verbs,
				       __u8 reason, struct decision *best)
{
	struct taking taking = {
		.best = best,
		.base = base,
		.words = words,
		.image = image,
		.verbs = verbs,
		.reason = reason,
	};

	bpf_loop(BAILIFF_N_DECISIONS, take_word, &taking, 0);
}

static __always_inline __u32 strictest_words(__u32 image)
{
	return image +
	       __builtin_offsetof(struct bailiff_image, strictest) / sizeof(struct bailiff_cell);
}

/* Asks every image about the path in @scratch, or about one that cannot be told (@reason). */
static __always_inline void ask_all(struct subject *subject, struct scratch *scratch, __u32 verbs,
				    __u8 reason, struct decision *best)
{
	bool told = scratch && (!reason || reason == BAILIFF_REASON_INVOKED_NAME);
	void *base = arena_base();

	if (!base)
		return;
	for (int i = 0; i < SUBJECT_IMAGES; i++) {
		__u32 image = subject->images[i], words;

		if (!image || !(image_word(base, image, used) & verbs))
			continue;
		words = told ? match_words(base, image, match(base, image, scratch))
			     : strictest_words(image);
		take_words(base, words, image, verbs, reason, best);
	}
}

static __always_inline struct mnt_namespace *current_mount_ns(void)
{
	return BPF_CORE_READ(bpf_get_current_task_btf(), nsproxy, mnt_ns);
}

static __always_inline int object_path(struct scratch *scratch, struct object *object)
{
	return path_build(scratch, object->mnt, object->dentry, current_mount_ns(), false);
}

/* Verdict first, then the event. Releases the scratch space. */
static __always_inline int conclude(struct subject *subject, struct decision *best,
				    struct scratch *scratch, struct object *object)
{
	if (BAILIFF_VERDICT(best->word) != BAILIFF_ALLOW)
		event_emit(subject, best, scratch, object);
	if (scratch)
		scratch_release(scratch);
	return BAILIFF_VERDICT(best->word) == BAILIFF_DENY ? -EACCES : 0;
}
