/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "judge.bpf.h"

struct comparing {
	struct decision *best;
	void *base;
	__u32 image, old, new; /* cells of words */
	__u32 least;
	bool beneath;
};

static long compare_verb(__u32 verb, struct comparing *c)
{
	__u32 word = arena_word_at(c->base, c->old, verb);
	__u32 below = arena_word_at(c->base, c->old, BAILIFF_VERB_BELOW + verb);

	if (BAILIFF_VERDICT(word) > BAILIFF_VERDICT(arena_word_at(c->base, c->new, verb)))
		take_stricter(c->best, word, c->image, BAILIFF_VERB_BELOW + verb,
			      BAILIFF_REASON_SECOND_NAME);
	if (c->beneath && BAILIFF_VERDICT(below) > BAILIFF_LEAST(c->least, verb & 3))
		take_stricter(c->best, below, c->image, BAILIFF_VERB_BELOW + verb,
			      BAILIFF_REASON_SECOND_NAME);
	return 0;
}

/*
 * Beneath equal states every path has the same answer, before and after. Beneath others the
 * strictest that may have been is held against the laxest that may be.
 */
static __always_inline void compare_states(void *base, __u32 image, __u32 from, __u32 to,
					   bool directory, struct decision *best)
{
	struct comparing comparing = {
		.best = best,
		.base = base,
		.image = image,
		.old = match_words(base, image, from),
		.new = match_words(base, image, to),
	};

	comparing.least = arena_word(base, comparing.new, BAILIFF_WORD_LEAST);
	if (directory)
		comparing.beneath =
			match_step(base, image, from, '/') != match_step(base, image, to, '/');
	bpf_loop(BAILIFF_N_VERBS, compare_verb, &comparing, 0);
}

int judge_move(struct subject *subject, struct object *from, struct object *to)
{
	struct scratch *scratch = scratch_claim();
	__u32 states[SUBJECT_IMAGES] = {};
	int reason = BAILIFF_REASON_NO_SCRATCH;
	struct decision best = {};
	void *base = arena_base();
	bool directory;

	if (!subject || !from || !to)
		return -EACCES;
	class_find_all(subject);
	directory = is_directory(from->dentry);
	if (scratch)
		reason = path_build(scratch_number(scratch), from, false);
	for (int i = 0; i < SUBJECT_IMAGES && !reason && base && scratch; i++)
		if (subject->images[i])
			states[i] = match(scratch_number(scratch), subject->images[i],
					  subject->starts[i]);
	if (!reason && scratch)
		reason = path_build(scratch_number(scratch), to, false);
	for (int i = 0; i < SUBJECT_IMAGES && !reason && base && scratch; i++) {
		__u32 image = subject->images[i];

		if (image)
			compare_states(base, image, states[i],
				       match(scratch_number(scratch), image, subject->starts[i]),
				       directory, &best);
	}
	if (reason && reason < BAILIFF_N_REASONS) {
		ask_all(subject, NULL, VERBS_OF_PATHS, reason, &best);
		stat_add(reason);
	}
	return conclude(subject, &best, scratch, from);
}
