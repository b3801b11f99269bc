/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/automaton_group.h"
#include "policy/automaton_nfa.h"

/*
 * Sets of states of an nfa, and where each leads by each class of bytes: the inner step of the
 * subset construction. A row is a set to fall back to and the classes that lead elsewhere.
 */

#define AUTOMATON_CLASSES_MAX 256
#define ROWS_EMPTY 0u /* the empty set */

struct row_entry {
	uint32_t class;
	uint32_t set;
};

struct row {
	uint32_t fallback;
	unsigned n;
	struct row_entry entries[AUTOMATON_CLASSES_MAX]; /* ascending by class */
};

/* All zero but for @nfa is a good start. */
struct rows {
	const struct nfa *nfa;
	struct interner sets; /* ascending states */
	struct row row;	      /* of the set last computed */
	uint64_t work;	      /* steps taken so far; bounds the time */
	uint32_t *single;     /* of each state of the nfa: the set of it alone, or NFA_NONE */
	/* scratch */
	uint32_t *seen; /* of each state of the nfa: the last set that it was put in */
	uint32_t seen_now;
	uint32_t *set;
	size_t n_set, set_capacity;
	struct row_entry *bytes; /* edges by one class; .set is a state of the nfa */
	size_t n_bytes, bytes_capacity;
	struct row_entry *edges; /* edges by a set of bytes; .class is the set's number */
	size_t n_edges, edges_capacity;
	struct groups groups;
	uint32_t *numbers;
	size_t numbers_capacity;
	struct row_base *bases; /* of each set, if it is a base that has been asked for */
	uint32_t n_bases;
	size_t bases_capacity;
	struct row_entry *kept; /* of the bases' rows */
	size_t n_kept, kept_capacity;
};

/* Allocates. Returns 0 or -ENOMEM. */
int rows_begin(struct rows *rows);

/* The set that a path begins in, with roots as automaton_build() takes them. Returns 0, -E2BIG or
 * -ENOMEM. */
int rows_start(struct rows *rows, uint64_t roots, uint32_t *ret_set);

/* Computes rows->row of a set. Returns 0, -E2BIG where a limit is exceeded, or -ENOMEM. */
int rows_compute(struct rows *rows, uint32_t set);

/* The set of all states of @n sets. Returns as rows_compute() does. */
int rows_union(struct rows *rows, const uint32_t *sets, size_t n, uint32_t *ret_set);

/* Where a row leads by a class. */
uint32_t row_target(const struct row *row, unsigned class);

void rows_release(struct rows *rows);
