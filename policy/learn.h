/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "bpf-lsm/abi.h"

/*
 * Learning: from what a service did to the policy that a person would have written who knew it. See
 * docs/decisions/0011-learning.md.
 *
 *	learn.c		what was seen, each once
 *	learn_name.c	one name: what of it is another one the next time
 *	learn_tree.c	names of files as a tree
 *	learn_fold.c	which folders of the tree are named whole
 *	learn_network.c	addresses and ports
 *	learn_write.c	the policy's text
 *	learn_cover.c	what a compiled policy says about what was seen
 */

enum learn_kind {
	LEARN_EXEC,
	LEARN_MAP, /* mapped executable, as a library is */
	LEARN_READ,
	LEARN_WRITE,
	LEARN_MOVE, /* a folder was, with all that is beneath */
	LEARN_NETWORK,
	LEARN_CAPABILITY,
	LEARN_PROCESS, /* "wx" too */
	LEARN_N_KINDS,
};

/* What one executable did to one thing. */
struct learn_fact {
	enum learn_kind kind;
	char *what; /* a path, or what an event says of an act: "connect tcp 10.0.0.1:443" */
	char *exe;
	unsigned pid; /* who did it first */
	unsigned long long count;
};

struct learn {
	struct learn_fact *facts; /* in the order in which they were seen first */
	size_t n_facts;
	size_t *table; /* 1 + index of facts, by hash; 0: free */
	size_t n_table;
};

/* More are not kept: a policy of so many lines is none that a person would read. */
#define LEARN_FACTS_MAX 20000u

/* The kind that an event's BAILIFF_ACTION means, or LEARN_N_KINDS. */
enum learn_kind learn_kind(const char *action);

/* The other way round: an event's word for a kind, of static storage. */
const char *learn_action(enum learn_kind kind);

/*
 * Adds what was seen once; texts are copied. Returns 1 where it is new, 0 where it was seen
 * before, -E2BIG where there are too many, or -ENOMEM.
 */
int learn_add(struct learn *learn, enum learn_kind kind, const char *what, const char *exe,
	      unsigned pid);

/* Removes the facts for which @out says so. */
void learn_filter(struct learn *learn, bool (*out)(void *userdata, const struct learn_fact *fact),
		  void *userdata);

void learn_clear(struct learn *learn);

/* How a text is to be. */
struct learn_text {
	const char *select; /* "unit = nginx.service"; NULL: no policy of its own, but lines that
			       are added to one that is there */
	const char *head;   /* comments of whole lines, or NULL */
	bool exact;	    /* nothing generalised: the policy under which is learnt */
};

/*
 * Writes a policy that allows all that was seen, and denies what was not. Returns 0 and the text,
 * which the caller frees, or -ENOMEM.
 */
int learn_write(const struct learn *learn, const struct learn_text *how, char **ret_text);

/*
 * The decision of a compiled policy on what was seen, the strictest of those that it needs, as
 * image_decide() has it.
 */
__u32 learn_decide(const struct bailiff_cell *cells, const struct learn_fact *fact);
