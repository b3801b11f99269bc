/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "abi-event.h"

/*
 * What was counted, and events that nobody has read yet, outlive the programs that wrote them:
 * their maps go on to the programs of another build, also of another BAILIFF_ABI_VERSION. So these
 * are the same in all versions, and never change:
 *
 * - "record", an array of __u64: enum bailiff_record, and of each counter the key of the rule that
 *   it belongs to, or 0; keys are made the same way for ever;
 * - "counters", struct bailiff_count of each processor;
 * - "stats", a __u64 of each processor, by enum bailiff_reason and enum bailiff_stat: a number that
 *   was in use is not used for anything else.
 *
 * The rings and the table of folds are handed on as long as what is in them keeps its layout. What
 * can be read no more is told in sum, rule by rule: the record says where an event has the number
 * of its counter, and how often a fold has it.
 */

/* Raise it with any change of struct bailiff_event, its texts, or struct bailiff_fold. */
#define BAILIFF_RECORD_VERSION 1

_Static_assert(sizeof(struct bailiff_event) == 184 && sizeof(struct bailiff_fold) == 1024,
	       "the layout of events has changed: raise BAILIFF_RECORD_VERSION, and these sizes");

enum bailiff_record {
	BAILIFF_RECORD_IS, /* BAILIFF_RECORD_VERSION of the rings and folds */
	/* where these stand, in bytes: .counter in an event, and in a fold .event and .state, whose
	 * low 32 bits are how often, or all 1 */
	BAILIFF_RECORD_COUNTER,
	BAILIFF_RECORD_FOLD_EVENT,
	BAILIFF_RECORD_FOLD_STATE,
	BAILIFF_RECORD_KEYS = 8, /* the keys begin here */
};

/* As many counters as rules need: a table of this size at first, twice as large each time. */
#define BAILIFF_COUNTERS_FIRST 4096

/* What is added to a counter at once, by a program of its own: others count there all the time. */
struct bailiff_addition {
	__u32 counter;
	__u32 pad;
	struct bailiff_count count;
};
