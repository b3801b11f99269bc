/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "decide.bpf.h"

/*
 * Counts a decision that is not allow and writes its event to the ring. Comes after the verdict,
 * and changes nothing of it. @scratch may be NULL: the decision is counted as dropped.
 */
void event_emit(struct subject *subject, struct decision *decision, struct scratch *scratch,
		struct object *object);
