/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* What those that judge (decide.bpf.h) share: asking images about a path, and concluding. */

#include "class.bpf.h"
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

/* The cell of what answers where a path cannot be told. */
static __always_inline __u32 strictest_words(__u32 image)
{
	return image +
	       __builtin_offsetof(struct bailiff_image, strictest) / sizeof(struct bailiff_cell);
}

/* What of other names counts where these verbs are asked about. */
static __always_inline __u32 other_verbs(__u32 verbs)
{
	__u32 other = (verbs | verbs >> BAILIFF_VERB_OTHER) & VERBS_OF_PATHS;

	if (verbs & VERB(MAP))
		other |= VERB(EXEC);
	return other << BAILIFF_VERB_OTHER;
}

/* Whether a thing's own name is an exception to the rule that restricts another name of it. */
static __always_inline bool is_exception(__u32 own, __u32 word)
{
	return BAILIFF_VERDICT(own) == BAILIFF_ALLOW && BAILIFF_RULE(own) == BAILIFF_RULE(word);
}

static __always_inline void ask_all(struct subject *subject, struct scratch *scratch, __u32 verbs,
				    __u8 reason, struct decision *best)
{
	ask(subject, scratch_number(scratch), verbs, reason, best);
}

/* Makes the path of a unix socket the name of an act (abi.h). */
static __always_inline int name_unix(struct scratch *scratch, char operation)
{
	return path_prepend_byte(scratch, BAILIFF_PROTOCOL_UNIX) ?:
	       path_prepend_byte(scratch, operation) ?:
	       path_prepend_byte(scratch, BAILIFF_ACT_NETWORK);
}

/* Verdict first, then the event. Releases the scratch space. */
static __always_inline int conclude(struct subject *subject, struct decision *best,
				    struct scratch *scratch, struct object *object)
{
	if (BAILIFF_VERDICT(best->word) != BAILIFF_ALLOW)
		event_emit(subject, best, scratch_number(scratch), object);
	if (scratch)
		scratch_release(scratch);
	return BAILIFF_VERDICT(best->word) == BAILIFF_DENY ? -EACCES : 0;
}
