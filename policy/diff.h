/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "policy/try.h"

/* What policies answer otherwise than others, worked out from their automata. */

#define DIFF_CLASSES_MAX 1024u

/* One change: all names of one act about which the same two lines decide, with the same verdicts.
 */
struct diff_change {
	unsigned word; /* of a label: of EXEC, READ, WRITE, MAP, ACT, or OTHER + one of the first */
	struct answer before, after;
	char *name; /* the shortest; terminated */
	size_t n;
	/* who asks, in the example: what executed what; none: one whom no rules of one executable
	 * are for. Whoever else gets the same change is not told. */
	char **executables;
	size_t n_executables;
};

struct diff {
	struct diff_change *changes; /* in the order of their examples' lengths */
	size_t n_changes, capacity;
};

/*
 * Compares what policies @before and @after answer: all that they say of executing, reading,
 * writing, mapping and of acts, for processes of no executable's rules, and of each mixture of them
 * that can come to be. MAP and OTHER (what holds for a thing by its other names) are told where the
 * verb's own verdict is the same. To be released also on failure; all zero before. Returns 0,
 * -E2BIG: there is too much to compare, or -ENOMEM.
 */
int diff_compute(const struct trial *before, const struct trial *after, struct diff *diff);
void diff_release(struct diff *diff);

/*
 * A cgroup that one of two selectors selects and the other does not: the shortest for each way
 * round, new; NULL: there is none. Returns as diff_compute().
 */
int diff_select(const struct selector *before, const struct selector *after,
		char **ret_before_alone, char **ret_after_alone);
