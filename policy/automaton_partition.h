/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/automaton.h"

/* Inside automaton_minimise(): the states of an automaton in blocks, each of states that are alike.
 */

#define BLOCK_NONE UINT32_MAX

struct partition {
	const struct automaton *dfa;
	uint32_t *block_of; /* of each state, or BLOCK_NONE */
	uint32_t *some;	    /* of each block: one of its states, or BLOCK_NONE where it is empty */
	uint32_t n_blocks;
	uint32_t *count; /* scratch: of each block, 0 between uses */
};

/* A target and a class in one number; STATES_MAX in automaton_subset.c leaves room. */
#define ENTRY(target, class) ((target) << 8 | (class))
#define ENTRY_TARGET(entry) ((entry) >> 8)
#define ENTRY_CLASS(entry) ((entry)&0xff)

/* A row with blocks for targets. */
struct signature {
	/* the default, then entries ascending by class; room for one more */
	uint32_t items[1 + 255 + 1];
	size_t n;
};

/*
 * The signature of a state whose targets all have blocks. Equal rows have equal signatures,
 * whatever default they are written with; none has more entries than its row.
 */
void signature_of(const struct partition *partition, uint32_t state, struct signature *sig);

/*
 * Makes blocks for @n states that have none: states that no path tells apart are one
 * block. All that they lead to are among them or have a block that is like no other, and is like
 * none of theirs. Returns 0 or -ENOMEM.
 */
int partition_refine(struct partition *partition, const uint32_t *states, uint32_t n);
