/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf-lsm/abi.h"
#include "policy/automaton_intern.h"

/*
 * Patterns to one deterministic automaton over bytes:
 *
 *	automaton_build()	patterns to states with accept sets
 *	automaton_label()	accept sets to labels, where a state's path alone decides its label
 *	automaton_minimise()	equivalent states to one
 *	automaton_pack()	states to the cells of abi.h
 *
 * Bytes that no pattern tells apart are one class. Byte 0 is class 0, which no row mentions: no
 * path contains it.
 */

struct glob;

struct automaton_pattern {
	const struct glob *glob;
	uint32_t rule; /* what accept sets say where it matches; several patterns may share one */
	/* Where it counts: 0, from every start; n, from the starts that have bit n - 1. */
	unsigned root;
};

#define AUTOMATON_ROOTS_MAX 64

enum automaton_flags {
	/* The merged-/usr aliases are one path: what matches one spelling matches the other. */
	AUTOMATON_ALIASES = 1 << 0,
};

/* Where a row leads otherwise than to its default. */
struct automaton_exception {
	uint32_t class;
	uint32_t target;
};

/* State 0 is dead: it accepts nothing and leads to itself. */
struct automaton {
	uint32_t n_states;
	uint32_t *starts; /* the states that a path may begin in */
	uint32_t n_starts;
	uint32_t *defaults; /* of each state */
	uint32_t *first;    /* of each state: its first exception; one more at the end */
	struct automaton_exception *exceptions; /* ascending by class within a state */
	uint32_t *labels;			/* of each state: its accept set, later its label */
	/*
	 * All states, each behind those that it leads to. States that lead to each other are one
	 * component and stand together: component[s] is where in the order that of s begins.
	 * automaton_minimise() leaves neither.
	 */
	uint32_t *order, *component;
	struct interner accepts; /* the accept sets: ascending rules; 0 is empty */
	unsigned n_classes;
	uint8_t class_of[256];
};

/*
 * Builds the automaton of @patterns, given in ascending order of their rules, with a start for each
 * of @starts: the roots whose patterns count from there, bit n - 1 for root n (NULL: one start, and
 * no roots). Its labels are accept sets; the accept sets are those of every state that some path
 * reaches from some start, and the empty one.
 * Returns 0 and the automaton (the caller frees it), -E2BIG where it exceeds a limit and in
 * *@ret_culprit the index of the pattern that is most likely why, or -ENOMEM.
 */
int automaton_build(const struct automaton_pattern *patterns, size_t n_patterns, unsigned flags,
		    const uint64_t *starts, uint32_t n_starts, struct automaton **ret_automaton,
		    size_t *ret_culprit);

/* Fills in the order, when the states and their rows are there. Returns 0 or -ENOMEM. */
int automaton_order(struct automaton *automaton);

/* Whether any byte leads to a state's default. Byte 0 is never looked at. */
static inline bool automaton_default_counts(const struct automaton *automaton, uint32_t state)
{
	return automaton->first[state + 1] - automaton->first[state] < automaton->n_classes - 1;
}

/* Where a state leads by a byte. */
uint32_t automaton_next(const struct automaton *automaton, uint32_t state, unsigned char byte);

/* The edges backwards: before[first[s]] up to before[first[s + 1]] are the states that lead to s by
 * any byte but 0. */
struct automaton_edges {
	uint32_t *first, *before;
};

/*
 * Finds the edges out of @n of the @states; to be released also on failure. All zero before.
 * Returns 0 or -ENOMEM.
 */
int automaton_edges_find(const struct automaton *automaton, const uint32_t *states, uint32_t n,
			 struct automaton_edges *edges);
void automaton_edges_release(struct automaton_edges *edges);

/* Replaces the states' accept sets by labels: @labels[accept set], with @labels[0] = 0. */
void automaton_label(struct automaton *automaton, const uint32_t *labels);

/*
 * Merges the states that no path tells apart by their labels; that of state 0 must be 0. Returns 0
 * or -ENOMEM.
 */
int automaton_minimise(struct automaton *automaton);

/* A table of cells as abi.h has them; state numbers are indexes into it. */
struct automaton_table {
	struct bailiff_cell
		*memory; /* room for something else, all zero, and the cells behind it */
	struct bailiff_cell *cells;
	uint32_t n_cells;
	uint32_t *starts; /* of the automaton's starts, in their order */
};

/*
 * Packs the automaton, and leaves room for @n_before cells before its own. Returns 0 and the table
 * (the caller frees its memory and starts), or -ENOMEM.
 */
int automaton_pack(const struct automaton *automaton, size_t n_before,
		   struct automaton_table *ret_table);

/* Frees an automaton; NULL is none. Returns NULL. */
struct automaton *automaton_free(struct automaton *automaton);
