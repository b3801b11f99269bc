/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/automaton_nfa.h"

/*
 * Sets of bytes occur together in many states: what they make of the byte classes is worked out
 * once for each combination.
 */

/* Classes that the same of a combination's sets contain. */
struct group {
	struct glob_set classes;
	unsigned some; /* one of them */
};

/* All zero is good and empty. */
struct groups {
	struct interner combinations;
	struct group *all;
	size_t n_all, all_capacity;
	struct group_span *spans; /* of each combination: its groups */
	size_t spans_capacity;
};

/*
 * The groups of a combination of sets, given as ascending @numbers: every class but 0 is in one,
 * and the first is the largest. Returns 0 and the groups, which move at the next call, or -ENOMEM.
 */
int groups_get(struct groups *groups, const struct nfa *nfa, const uint32_t *numbers, size_t n,
	       const struct group **ret_groups, uint32_t *ret_n);
void groups_release(struct groups *groups);
