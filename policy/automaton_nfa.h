/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/automaton.h"
#include "policy/glob.h"

/*
 * The nondeterministic automaton of many patterns: a tree over what the patterns say, so that
 * patterns that begin alike share their beginning, whatever it is made of. Each root has a tree of
 * its own; state 0 is root 0.
 */

#define NFA_NONE UINT32_MAX

/* Bounds memory to some 120 MB; a policy within its own limits can be larger than that. */
#define NFA_STATES_MAX (1u << 22)

/* What leads from a state's parent to it: a byte, or one of these, with a set's number below. */
#define NFA_ONE 0x10000000u  /* one byte of a set */
#define NFA_LOOP 0x20000000u /* nothing; and from the state to itself one byte of a set */
#define NFA_JOIN 0x30000000u /* nothing; the state has no parent, further edges lead to it */
#define NFA_KIND 0xf0000000u
#define NFA_SET 0x0fffffffu

struct nfa_state {
	uint32_t symbol;
	uint32_t child, sibling; /* the tree; NFA_NONE at the end */
	uint32_t epsilon;	 /* list of further edges by nothing, or NFA_NONE */
	uint32_t accept;	 /* list of accepted rules, or NFA_NONE */
	uint32_t slash;		 /* see automaton_nfa.c */
	uint32_t pattern;	 /* the first that came here */
	bool closed;		 /* no edge by nothing leads on */
};

struct nfa_link {
	uint32_t value, next;
};

struct nfa {
	struct nfa_state *states;
	uint32_t n_states;
	size_t states_capacity;
	uint32_t roots[1 + AUTOMATON_ROOTS_MAX]; /* the state of each root; 0 where there is none */
	struct nfa_link *links;			 /* of the lists of states */
	uint32_t n_links;
	size_t links_capacity;
	struct interner sets;  /* struct glob_set as eight numbers */
	struct interner joins; /* states that are joined, and into which */
	uint32_t *join_states;
	size_t join_states_capacity;
	uint32_t trial;	   /* see automaton_nfa.c; 0: there is none */
	uint64_t bytes[4]; /* those that patterns name: bit b is byte b */
	/* by nfa_classes() */
	unsigned n_classes;
	uint8_t class_of[256];
	struct glob_set *classes; /* of each set: bit c: class c is in it */
};

static inline uint32_t nfa_kind(const struct nfa_state *state)
{
	return state->symbol & NFA_KIND;
}

static inline bool set_has(const uint64_t bits[4], unsigned bit)
{
	return bits[bit / 64] >> (bit % 64) & 1;
}

/*
 * Adds a pattern; to be called in ascending order of rules. Returns 0, -E2BIG where a limit is
 * exceeded, or -ENOMEM. All zero is a good and empty @nfa.
 */
int nfa_add(struct nfa *nfa, const struct automaton_pattern *pattern, uint32_t index);

/* Names @bytes as patterns do: each becomes a class of its own. */
void nfa_name_bytes(struct nfa *nfa, const char *bytes);

/* Works out the byte classes, when all patterns are in. Returns 0 or -ENOMEM. */
int nfa_classes(struct nfa *nfa);

/* Frees what an nfa holds. */
void nfa_release(struct nfa *nfa);
