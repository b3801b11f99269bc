/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "decide.bpf.h"

/*
 * Counts a decision that is not allow and writes its event to a ring, or folds it, in the scratch
 * space of that number (0: there was none, and the decision is counted as dropped). Comes after the
 * verdict, and changes nothing of it. A function of its own to the verifier; returns 0.
 */
int event_emit(struct subject *subject, struct decision *decision, __u32 number,
	       struct object *object);
