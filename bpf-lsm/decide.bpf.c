/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "drift.bpf.h"
#include "judge.bpf.h"

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

/*
 * A link's name can be denied where the file it leads to is not (/bin/sh -> busybox). The name is
 * the caller's, so it only ever adds a deny.
 */
int ask_invoked(struct subject *subject, __u32 number, struct object *object, struct decision *best)
{
	struct scratch *scratch = scratch_of(number);

	if (!subject || !scratch || !object || !best ||
	    BAILIFF_VERDICT(best->word) == BAILIFF_DENY || !decide_used(subject, VERB(INVOKED)))
		return 0;
	best->named = false;
	if (!path_build_invoked(scratch, object->bprm, bpf_get_current_task_btf()))
		ask(subject, number, VERB(INVOKED), BAILIFF_REASON_INVOKED_NAME, best);
	return 0;
}

/* Puts the name of two bytes of an act into the scratch space. */
static __always_inline void short_name(struct scratch *scratch, __u8 kind, __u8 which)
{
	scratch->path[PATH_END - 2] = kind;
	scratch->path[PATH_END - 1] = BAILIFF_ACT_BASE + which;
	scratch->off = PATH_END - 2;
}

int ask_drift(struct subject *subject, __u32 number, struct object *object, __u32 verb,
	      struct decision *best)
{
	__u32 act = verb == BAILIFF_VERB_READ ? BAILIFF_PROCESS_DRIFT_READ : BAILIFF_PROCESS_DRIFT;
	struct scratch *scratch = scratch_of(number);
	struct decision drift = {};

	if (!subject || !object || !best || !process_used(subject, act) ||
	    (!object->detached && !is_drift(object->dentry)))
		return 0;
	if (scratch)
		short_name(scratch, BAILIFF_ACT_PROCESS, act);
	best->named = false;
	ask(subject, number, VERB(ACT), scratch ? 0 : BAILIFF_REASON_NO_SCRATCH, &drift);
	take_stricter(best, drift.word, drift.image, verb, BAILIFF_REASON_DRIFT);
	return 0;
}

int judge(struct subject *subject, __u32 verbs, struct object *object)
{
	bool executes = verbs & (VERB(EXEC) | VERB(MAP));
	struct decision best = {.named = true};
	int reason = BAILIFF_REASON_NO_SCRATCH;
	struct scratch *scratch;
	bool named;

	if (!subject || !object)
		return -EACCES;
	class_find_all(subject);
	scratch = object->told ? scratch_of(object->told) : scratch_claim();
	if (scratch && object->told)
		reason = 0;
	else if (scratch)
		reason = path_build(scratch_number(scratch), object, false);
	named = !reason;
	object->detached = reason == BAILIFF_REASON_NO_NAMESPACE;
	/* rules of [file] are about trees that processes see; programs have rules wherever they are
	 */
	if (executes && reason == PATH_KERNEL_OBJECT)
		reason = BAILIFF_REASON_RULE;
	else if (executes && reason == PATH_KERNEL_TREE && !(verbs & DENY_ALONE))
		reason = BAILIFF_REASON_NO_NAMESPACE; /* alone: an overlay's own open, behind
							 another */

	if (reason < BAILIFF_N_REASONS)
		ask_all(subject, scratch, verbs, reason, &best);
	if (named) {
		ask_known(subject, scratch_number(scratch), verbs, object, &best);
		ask_others(subject, scratch_number(scratch), verbs, object, &best);
	}
	/* what an overlay opens for itself was asked about where it was opened */
	if (reason != PATH_KERNEL_TREE && (executes || verbs & VERB(READ)))
		ask_drift(subject, scratch_number(scratch), object,
			  verbs & VERB(EXEC)  ? BAILIFF_VERB_EXEC
			  : verbs & VERB(MAP) ? BAILIFF_VERB_MAP
					      : BAILIFF_VERB_READ,
			  &best);
	if (verbs & DENY_ALONE)
		best.verb = BAILIFF_VERB_EXEC;
	if (verbs & DENY_ALONE && BAILIFF_VERDICT(best.word) != BAILIFF_DENY)
		best.word = 0;
	else if (reason > 0 && reason < BAILIFF_N_REASONS)
		stat_add(reason);
	object->may_be_kept = named && BAILIFF_VERDICT(best.word) == BAILIFF_ALLOW;
	if (object->bprm)
		ask_invoked(subject, scratch_number(scratch), object, &best);
	return conclude(subject, &best, scratch, object);
}

int judge_invoked(struct subject *subject, struct object *object)
{
	struct scratch *scratch = scratch_claim();
	struct decision best = {};

	if (!subject || !object)
		return -EACCES;
	class_find_all(subject);
	if (scratch)
		ask_invoked(subject, scratch_number(scratch), object, &best);
	else
		ask(subject, 0, VERB(INVOKED), BAILIFF_REASON_NO_SCRATCH, &best);
	return conclude(subject, &best, scratch, object);
}

int judge_strictest(struct subject *subject, __u32 verbs, struct object *object, __u8 reason)
{
	struct scratch *scratch = scratch_claim();
	struct decision best = {};

	if (!subject || !object)
		return -EACCES;
	ask_all(subject, NULL, verbs, reason, &best);
	stat_add(reason);
	return conclude(subject, &best, scratch, object);
}

int judge_act(struct subject *subject, __u32 index, __u32 verbs)
{
	/* not as a pointer: the verifier of 6.1 takes memory that is handed over for NULL again */
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &index);
	struct decision best = {.named = true};

	if (!subject || !scratch)
		return -EACCES;
	ask_all(subject, scratch, verbs, 0, &best);
	best.verb = BAILIFF_VERB_ACT;
	return conclude(subject, &best, scratch, NULL);
}

int judge_act_short(struct subject *subject, __u8 kind, __u8 which, bool silent)
{
	struct decision best = {.named = true};
	struct scratch *scratch = scratch_claim();

	if (!subject)
		return -EACCES;
	class_find_all(subject);
	if (scratch)
		short_name(scratch, kind, which);
	else
		stat_add(BAILIFF_REASON_NO_SCRATCH);
	ask_all(subject, scratch, VERB(ACT), scratch ? 0 : BAILIFF_REASON_NO_SCRATCH, &best);
	if (!silent)
		return conclude(subject, &best, scratch, NULL);
	if (scratch)
		scratch_release(scratch);
	if (BAILIFF_VERDICT(best.word) != BAILIFF_DENY)
		return 0;
	stat_add(BAILIFF_STAT_QUIET);
	return -EACCES;
}
