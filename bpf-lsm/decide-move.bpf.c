/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "act.bpf.h"
#include "judge.bpf.h"

/*
 * What is moved is compared by the states that its old name and its new one lead to: its path, and
 * for what may be connected to, the name of that act.
 */

struct comparing {
	struct decision *best;
	void *base;
	__u32 image, old, new; /* cells of words */
	__u32 old_least, least;
	bool beneath, act;
};

/* The places of what is compared among what lies beneath: BAILIFF_BELOW_ACT, or all others. */
static long compare_verb(__u32 i, struct comparing *c)
{
	__u32 verb = i, place = i & 3;
	__u32 word, below;

	if (c->act) {
		verb = BAILIFF_VERB_ACT;
		place = BAILIFF_BELOW_ACT;
	} else if (i >= BAILIFF_N_VERBS) {
		verb = BAILIFF_VERB_MAP;
		place = BAILIFF_BELOW_MAP;
	}
	word = arena_word_at(c->base, c->old, verb);
	below = arena_word_at(c->base, c->old, BAILIFF_VERB_BELOW + place);
	if (BAILIFF_VERDICT(word) > BAILIFF_VERDICT(arena_word_at(c->base, c->new, verb)))
		take_stricter(c->best, word, c->image, BAILIFF_VERB_BELOW + place,
			      BAILIFF_REASON_SECOND_NAME);
	if (!c->beneath)
		return 0;
	if (BAILIFF_VERDICT(below) > BAILIFF_LEAST(c->least, place))
		take_stricter(c->best, below, c->image, BAILIFF_VERB_BELOW + place,
			      BAILIFF_REASON_SECOND_NAME);
	/* nor may what could be written get a name that may not be */
	below = arena_word_at(c->base, c->new, BAILIFF_VERB_BELOW + place);
	if (place == BAILIFF_VERB_WRITE &&
	    BAILIFF_VERDICT(below) > BAILIFF_LEAST(c->old_least, place))
		take_stricter(c->best, below, c->image, BAILIFF_VERB_BELOW + place,
			      BAILIFF_REASON_SECOND_NAME);
	return 0;
}

struct moving {
	struct subject *subject;
	struct scratch *scratch;
	struct decision *best;
	bool directory, sockets;
};

/* Where the names of a place lead to, in each image. */
struct states {
	__u32 path[SUBJECT_IMAGES], act[SUBJECT_IMAGES];
};

/*
 * Beneath equal states every path has the same answer, before and after. Beneath others the
 * strictest that may have been is held against the laxest that may be; and, for writing, the other
 * way round: what is moved there is as good as written there.
 */
static __always_inline void compare_states(struct moving *moving, __u32 image, __u32 from, __u32 to,
					   bool act)
{
	void *base = arena_base();
	struct comparing comparing = {
		.best = moving->best,
		.base = base,
		.image = image,
		.act = act,
	};

	if (!base)
		return;
	comparing.old = match_words(base, image, from);
	comparing.new = match_words(base, image, to);
	comparing.old_least = arena_word(base, comparing.old, BAILIFF_WORD_LEAST);
	comparing.least = arena_word(base, comparing.new, BAILIFF_WORD_LEAST);
	if (moving->directory)
		comparing.beneath =
			match_step(base, image, from, '/') != match_step(base, image, to, '/');
	bpf_loop(act ? 1 : BAILIFF_N_VERBS + 1, compare_verb, &comparing, 0);
}

static __always_inline void find_all(struct moving *moving, __u32 states[SUBJECT_IMAGES])
{
	for (int i = 0; i < SUBJECT_IMAGES; i++)
		if (moving->subject->images[i])
			states[i] = match(scratch_number(moving->scratch),
					  moving->subject->images[i], moving->subject->starts[i]);
}

/* Returns 0 or why the path cannot be told, as path_build() does. */
static __always_inline int find_states(struct moving *moving, struct object *object,
				       struct states *states)
{
	int reason = path_build(scratch_number(moving->scratch), object, false);

	if (reason)
		return reason;
	find_all(moving, states->path);
	if (!moving->sockets)
		return 0;
	reason = name_unix(moving->scratch, BAILIFF_NETWORK_CONNECT);
	if (!reason)
		find_all(moving, states->act);
	return reason;
}

static __always_inline int compare_all(struct moving *moving, struct object *from,
				       struct object *to)
{
	struct states old = {}, new = {};
	int reason = find_states(moving, from, &old) ?: find_states(moving, to, &new);

	for (int i = 0; i < SUBJECT_IMAGES && !reason; i++) {
		__u32 image = moving->subject->images[i];

		if (!image)
			continue;
		compare_states(moving, image, old.path[i], new.path[i], false);
		if (moving->sockets)
			compare_states(moving, image, old.act[i], new.act[i], true);
	}
	return reason;
}

/* A socket's file, or what may have one beneath. */
static __always_inline bool may_be_socket(struct dentry *dentry)
{
	__u16 type = BPF_CORE_READ(dentry, d_inode, i_mode) & S_IFMT;

	return type == S_IFSOCK || type == S_IFDIR;
}

int judge_move(struct subject *subject, struct object *from, struct object *to)
{
	struct scratch *scratch = scratch_claim();
	int reason = BAILIFF_REASON_NO_SCRATCH;
	struct decision best = {};
	struct moving moving = {.subject = subject, .scratch = scratch, .best = &best};

	if (!subject || !from || !to)
		return -EACCES;
	moving.directory = is_directory(from->dentry);
	moving.sockets = network_used(subject) & 2 && may_be_socket(from->dentry);
	if (scratch)
		reason = compare_all(&moving, from, to);
	if (reason && reason < BAILIFF_N_REASONS) {
		ask_all(subject, NULL, VERBS_OF_PATHS | (moving.sockets ? VERB(ACT) : 0), reason,
			&best);
		stat_add(reason);
	}
	return conclude(subject, &best, scratch, from);
}

/*
 * Where nothing beneath a path may be written, the path itself leads to all of that. So no
 * directory is moved away from there, as all of that would be gone, and no symbolic link is put
 * there, as other files would be there by it.
 */
static __always_inline void take_whole(struct decision *best, void *base, __u32 image, __u32 words)
{
	__u32 below = arena_word_at(base, words, BAILIFF_VERB_BELOW + BAILIFF_VERB_WRITE);
	__u32 least =
		BAILIFF_LEAST(arena_word(base, words, BAILIFF_WORD_LEAST), BAILIFF_VERB_WRITE);

	if (BAILIFF_VERDICT(below) == least)
		take_stricter(best, below, image, BAILIFF_VERB_BELOW + BAILIFF_VERB_WRITE,
			      BAILIFF_REASON_SECOND_NAME);
}

/* Which of both names it is: NULL for neither. A link that is only made has no @from. */
static __always_inline struct object *leading(struct object *from, struct object *to)
{
	struct dentry *dentry;
	__u16 type;

	if (!from)
		return to;
	dentry = from->dentry;
	type = BPF_CORE_READ(dentry, d_inode, i_mode) & S_IFMT;
	return type == S_IFDIR ? from : type == S_IFLNK ? to : NULL;
}

int judge_leading(struct subject *subject, struct object *from, struct object *to)
{
	struct object *object = to ? leading(from, to) : NULL;
	struct scratch *scratch;
	int reason = BAILIFF_REASON_NO_SCRATCH;
	void *base = arena_base();
	struct decision best = {};

	if (!subject || !to || !base)
		return -EACCES;
	if (!object)
		return 0;
	scratch = scratch_claim();
	if (scratch)
		reason = path_build(scratch_number(scratch), object, false);
	for (int i = 0; i < SUBJECT_IMAGES && !reason; i++) {
		__u32 image = subject->images[i];

		if (image)
			take_whole(&best, base, image,
				   match_words(base, image,
					       match(scratch_number(scratch), image,
						     subject->starts[i])));
	}
	if (reason && reason < BAILIFF_N_REASONS) {
		ask_all(subject, NULL, VERB(WRITE), reason, &best);
		stat_add(reason);
	}
	return conclude(subject, &best, scratch, object);
}
