/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "judge.bpf.h"

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

/* The number of the only bit, of sixteen, without a branch: a de Bruijn sequence, and its places.
 */
static __always_inline __u32 verb_of(__u32 bit)
{
	__u32 place = (bit * 0x09af & 0xffff) >> 12;

	return 0xcd7ea84fb6935210ull >> 4 * place & 15;
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

	/* nearly always it is one verb, and a loop over all costs as much as a path's component */
	verbs &= 0xffff;
	if (verbs && !(verbs & (verbs - 1)))
		take_word(verb_of(verbs), &taking);
	else
		bpf_loop(BAILIFF_N_DECISIONS, take_word, &taking, 0);
}

int ask(struct subject *subject, __u32 number, __u32 verbs, __u32 reason, struct decision *best)
{
	bool told = number && (!reason || reason == BAILIFF_REASON_INVOKED_NAME);
	void *base = arena_base();

	if (!base || !subject || !best)
		return 0;
	for (int i = 0; i < SUBJECT_IMAGES; i++) {
		__u32 image = subject->images[i], words, used;

		subject->words[i] = 0;
		if (!image)
			continue;
		used = image_word(base, image, used);
		if (!(used & verbs))
			continue;
		words = told ? match_words(base, image, match(number, image, subject->starts[i]))
			     : strictest_words(image);
		take_words(base, words, image, verbs, reason, best);
		subject->words[i] = words;
	}
	return 0;
}
