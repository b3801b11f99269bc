/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <systemd/sd-journal.h>

#include "daemon/cli.h"
#include "policy/diag.h"
#include "policy/learn.h"

/*
 * Inside of "bailiff learn", for cmd-learn.c and learn-*.c alone.
 *
 *	cmd-learn.c	the command's line, and what comes after what
 *	learn-policy.c	the policy under which is learnt
 *	learn-events.c	what the journal says that it would have denied
 *	learn-result.c	the policy that comes of it
 */

struct image;
struct policy;
struct selector;

struct learning {
	/* what was asked for */
	const char *argument; /* the selector as given */
	char *select;	      /* as [select] has it */
	const char *unit;     /* a part of it; NULL: selected otherwise */
	unsigned long long seconds;
	const char *output, *merge;
	bool restart, force, json;

	/* the policy under which is learnt */
	char *name, *file, *lock_file;
	int lock; /* who learns by that name holds it */
	struct selector *selector;

	/* what is seen */
	sd_journal *journal;
	struct learn learn;
	unsigned long long n_events; /* of all policies, in the cgroups that are watched */
	unsigned long long n_own;    /* decisions of the policy under which is learnt */
	unsigned long long n_untold; /* whose path could not be told: no pattern can allow them */
	char *untold;		     /* the first of these, for people */
	bool too_many;		     /* LEARN_FACTS_MAX */

	/* what the kernel counted meanwhile */
	unsigned long long n_logged, n_dropped, dropped_before;
	unsigned long long n_missing; /* logged or folded, and not found in the journal */
	bool narrowed;
	size_t n_allowed;	 /* of the facts, in the policy under which is learnt */
	unsigned long long took; /* seconds */

	/* the policy to which is added */
	char *merge_text;
	size_t n_merge_text, n_merge_items; /* how much is wrong with it already */
	char **conflicts, **uncovered;	    /* for people */
	size_t n_conflicts, n_uncovered, n_covered;
};

/* Set by SIGINT and SIGTERM: how often. */
extern volatile sig_atomic_t learn_interrupted;

/*
 * Finds the policy's name and takes it: one at a time learns by it. What a killed one has left is
 * told and replaced. Prints what is wrong.
 */
enum cli_status learn_policy_claim(struct learning *l);

/* Writes the policy; what was learnt so far is allowed in it, and makes no events any more. */
int learn_policy_write(struct learning *l);

/* Waits until it is in force. Prints what is wrong. */
enum cli_status learn_policy_wait(const struct learning *l);

/* What the kernel has counted. Returns 0 or a negative errno. */
int learn_policy_count(const struct learning *l, unsigned long long *ret_logged,
		       unsigned long long *ret_dropped);

/* Removes it. May be called at any time, and again. */
void learn_policy_remove(struct learning *l);

/* Opens the journal at its end. Prints what is wrong. */
enum cli_status learn_events_open(struct learning *l);

/* Takes what has come. Waits at most @milliseconds for it, or a signal of @mask. Returns how many
 * entries, or a negative errno. */
long learn_events_take(struct learning *l, int milliseconds, const sigset_t *mask);

/* Looks whether the result can be written, before anything is learnt. Prints what is wrong. */
enum cli_status learn_result_prepare(struct learning *l);

/* Writes it. Prints what is wrong, and what came out. */
enum cli_status learn_result_write(struct learning *l);
