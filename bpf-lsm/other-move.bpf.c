/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "other.bpf.h"

/* Links and renames, by the names that what is moved has on other mounts. */

/* What is moved, and a name of it on another mount: where the names lead to. */
struct moved {
	__u32 own[SUBJECT_IMAGES], own_to[SUBJECT_IMAGES]; /* by the names that are changed */
	__u32 old[SUBJECT_IMAGES], new[SUBJECT_IMAGES];
	bool directory;
};

struct comparing {
	struct decision *best;
	void *base;
	__u32 image, own, old, new; /* cells of words */
	__u32 none, least;
	bool beneath;
};

static __always_inline __u32 restricted(__u32 own, __u32 word)
{
	return is_exception(own, word) ? 0 : word;
}

static long compare_other(__u32 i, struct comparing *c)
{
	__u32 verb = i & 3, own = arena_word_at(c->base, c->own, BAILIFF_VERB_OTHER + verb);
	__u32 word = arena_word_at(c->base, c->old, BAILIFF_VERB_OTHER + verb);
	__u32 below = arena_word_at(c->base, c->old, BAILIFF_VERB_BELOW + verb);

	word = restricted(own, word);
	if (BAILIFF_VERDICT(word) <= BAILIFF_VERDICT(arena_word_at(c->base, c->new, verb)))
		word = 0;
	/* a default, which does not count, is what label 0 says: where no pattern matches */
	if (below == arena_word_at(c->base, c->none, verb) || !c->beneath)
		below = 0;
	if (BAILIFF_VERDICT(restricted(own, below)) > BAILIFF_LEAST(c->least, verb))
		word = below;
	take_stricter(c->best, word, c->image, BAILIFF_VERB_BELOW + verb,
		      BAILIFF_REASON_OTHER_NAME);
	return 0;
}

/*
 * Whether the move would loosen what a pattern says about the other name of what is moved: by its
 * new name there or, where that mount does not show it, by the one that it is given. A function of
 * its own to the verifier.
 */
int compare_moved(struct subject *subject, struct moved *moved, struct decision *best)
{
	void *base = arena_base();

	if (!base || !subject || !moved || !best)
		return 0;
	for (int i = 0; i < SUBJECT_IMAGES; i++) {
		__u32 image = subject->images[i], old = moved->old[i], new = moved->new[i];
		struct comparing c = {.best = best, .base = base, .image = image};

		if (!image)
			continue;
		c.own = match_words(base, image, moved->own[i]);
		c.old = match_words(base, image, old);
		c.new = match_words(base, image, new);
		c.none = image + image_word(base, image, labels);
		c.least = arena_word(base, c.new, BAILIFF_WORD_LEAST);
		c.beneath = moved->directory &&
			    match_step(base, image, old, '/') != match_step(base, image, new, '/');
		bpf_loop(BAILIFF_N_VERBS, compare_other, &c, 0);
	}
	return 0;
}

static __always_inline void find_states(struct subject *subject, struct scratch *scratch,
					__u32 states[SUBJECT_IMAGES])
{
	for (int i = 0; i < SUBJECT_IMAGES; i++)
		if (subject->images[i])
			states[i] = match(scratch_number(scratch), subject->images[i],
					  subject->starts[i]);
}

struct moves {
	struct subject *subject;
	struct scratch *scratch;
	struct decision *best;
	struct dentry *from, *to;
	struct moved moved;
	int reason;
};

static long move_step(__u32 index, struct moves *moves)
{
	struct scratch *scratch = moves->scratch;
	struct mount *mount;
	long end = mounts_next(&scratch->mounts, &mount);
	int reason;

	if (!mount)
		return end;
	scratch->off = PATH_END;
	reason = path_build_on(scratch, mount, moves->from, scratch->mounts.mount_ns);
	if (is_no_name(reason))
		return 0;
	moves->reason = reason;
	if (reason)
		return 1;
	find_states(moves->subject, scratch, moves->moved.old);
	scratch->off = PATH_END;
	if (path_build_on(scratch, mount, moves->to, scratch->mounts.mount_ns))
		__builtin_memcpy(moves->moved.new, moves->moved.own_to, sizeof(moves->moved.new));
	else
		find_states(moves->subject, scratch, moves->moved.new);
	compare_moved(moves->subject, &moves->moved, moves->best);
	return 0;
}

/* Returns why a name cannot be told, or 0. */
static __always_inline int compare_others(struct moves *moves, struct object *from,
					  struct object *to)
{
	struct scratch *scratch = moves->scratch;
	int reason;

	if (!mounts_begin(&scratch->mounts, from))
		return 0;
	reason = path_build(scratch_number(scratch), from, false);
	find_states(moves->subject, scratch, moves->moved.own);
	reason = reason ?: path_build(scratch_number(scratch), to, false);
	find_states(moves->subject, scratch, moves->moved.own_to);
	if (reason)
		return reason < BAILIFF_N_REASONS ? reason : 0;
	moves->from = from->dentry;
	moves->to = to->dentry;
	moves->moved.directory = is_directory(from->dentry);
	bpf_loop(MOUNTS_MAX, move_step, moves, 0);
	if (!moves->reason && !scratch->mounts.finished)
		return BAILIFF_REASON_UNREADABLE;
	return moves->reason;
}

int judge_move_others(struct subject *subject, struct object *from, struct object *to)
{
	struct scratch *scratch = scratch_claim();
	int reason = BAILIFF_REASON_NO_SCRATCH;
	struct decision best = {};
	struct moves moves = {.subject = subject, .scratch = scratch, .best = &best};

	if (!subject || !from || !to)
		return -EACCES;
	if (scratch)
		reason = compare_others(&moves, from, to);
	if (reason) {
		ask_all(subject, NULL, VERBS_OF_PATHS << BAILIFF_VERB_OTHER, reason, &best);
		stat_add(reason);
	}
	return conclude(subject, &best, scratch, from);
}
