/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "scratch.bpf.h"

/* Which of a rule's counts a decision is in. */
enum outcome {
	OUTCOME_LOGGED,
	OUTCOME_FOLDED,
	OUTCOME_DROPPED,
};

/*
 * Folding (abi-event.h) of the event in the scratch space of that number, whose path is there, and
 * which has no other text yet. Functions of their own to the verifier.
 *
 * fold_take() answers FOLD_ADDED where it is a repeat and was counted as one. Otherwise the event
 * is to be written; what is answered goes to fold_end() with what came of that, so that repeats
 * find it: which has no ring to go to counts as a repeat itself. Returns the outcome.
 */
#define FOLD_NONE 0
#define FOLD_ADDED 1
int fold_take(__u32 number);
int fold_end(__u32 number, __u32 taken, __u32 outcome);
