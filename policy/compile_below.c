// SPDX-License-Identifier: Apache-2.0
#include "policy/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a component's states lead to by one or more bytes: its own states, if they lead to each
 * other; and the targets of edges that leave it, with all that these lead to in turn. Components
 * come in the order of the automaton, so the latter is known by then. All verbs are worked out
 * together.
 */

/* What a set of states says. */
struct reach {
	/* The strictest word of each verb, the smallest rule of equals: see rank_of(). */
	uint32_t ranks[BAILIFF_N_BELOW];
	uint32_t verdicts; /* of each verb four bits: which verdicts there are */
};

_Static_assert(BAILIFF_DENY < 4, "a rank has two bits for the verdict");

/* The less, the stricter, and the smaller the rule of equals. */
static uint32_t rank_of(uint32_t word)
{
	return (BAILIFF_DENY - BAILIFF_VERDICT(word)) << 30 | BAILIFF_RULE(word);
}

static uint32_t word_of(uint32_t rank)
{
	return (BAILIFF_DENY - (rank >> 30)) | (rank & ~(3u << 30)) << BAILIFF_RULE_SHIFT;
}

/* What no state at all says. */
static void reach_begin(struct reach *reach)
{
	memset(reach->ranks, 0xff, sizeof(reach->ranks));
	reach->verdicts = 0;
}

static void reach_add(struct reach *reach, const struct reach *more)
{
	for (unsigned i = 0; i < BAILIFF_N_BELOW; i++)
		if (more->ranks[i] < reach->ranks[i])
			reach->ranks[i] = more->ranks[i];
	reach->verdicts |= more->verdicts;
}

/* What one state says, whose accept set has these words. */
static struct reach reach_of(const uint32_t *words)
{
	struct reach reach = {.verdicts = 0};

	for (unsigned i = 0; i < BAILIFF_N_BELOW; i++) {
		uint32_t word = words[i == BAILIFF_BELOW_ACT   ? BAILIFF_VERB_ACT
				      : i == BAILIFF_BELOW_MAP ? BAILIFF_VERB_MAP
							       : i];

		reach.ranks[i] = rank_of(word);
		reach.verdicts |= 1u << (4 * i + BAILIFF_VERDICT(word));
	}
	return reach;
}

struct reaches {
	const struct automaton *dfa;
	struct reach *of_accept;    /* of each accept set: what a state says that has it */
	struct reach *of_component; /* where it begins in the order: what its states lead to */
};

static void reaches_release(struct reaches *r)
{
	free(r->of_accept);
	free(r->of_component);
}

/*
 * Adds what an edge to @target leads to, out of a state of the component @from; answers whether it
 * leaves the component.
 */
static bool edge_add(struct reaches *r, uint32_t from, uint32_t target)
{
	uint32_t to = r->dfa->component[target];

	if (to == from)
		return false;
	reach_add(&r->of_component[from], &r->of_accept[r->dfa->labels[target]]);
	reach_add(&r->of_component[from], &r->of_component[to]);
	return true;
}

/* Adds what one state of the component @from leads to, whose default has been taken if @taken. */
static void state_add(struct reaches *r, uint32_t from, uint32_t state, bool taken)
{
	const struct automaton *dfa = r->dfa;
	bool stays = false;

	if (!taken && automaton_default_counts(dfa, state))
		stays |= !edge_add(r, from, dfa->defaults[state]);
	for (uint32_t i = dfa->first[state]; i < dfa->first[state + 1]; i++)
		stays |= !edge_add(r, from, dfa->exceptions[i].target);
	/* Who leads to the own component is led to by it. */
	if (stays)
		reach_add(&r->of_component[from], &r->of_accept[dfa->labels[state]]);
}

static void reaches_fill(struct reaches *r)
{
	const struct automaton *dfa = r->dfa;

	for (uint32_t at = 0; at < dfa->n_states; at++) {
		uint32_t state = dfa->order[at], from = dfa->component[state];
		/* Most states lead to state 0, which says what accept set 0 does, and leads to
		 * itself alone. */
		bool dead = from == at && at > 0 && dfa->defaults[state] == 0 &&
			    automaton_default_counts(dfa, state);

		if (dead)
			r->of_component[from] = r->of_accept[0];
		else if (from == at)
			reach_begin(&r->of_component[from]);
		state_add(r, from, state, dead);
	}
}

int below_compute(const struct automaton *dfa, const uint32_t *words, struct below *below)
{
	__attribute__((cleanup(reaches_release))) struct reaches r = {.dfa = dfa};

	r.of_accept = calloc(dfa->accepts.n_lists, sizeof(*r.of_accept));
	r.of_component = malloc(dfa->n_states * sizeof(*r.of_component));
	below->is_root = calloc(dfa->n_states, sizeof(*below->is_root));
	if (!r.of_accept || !r.of_component || !below->is_root)
		return -ENOMEM;
	for (uint32_t a = 0; a < dfa->accepts.n_lists; a++)
		r.of_accept[a] = reach_of(words + (size_t)a * BAILIFF_LABEL_WORDS);
	reaches_fill(&r);
	for (uint32_t i = 0; i < dfa->n_starts; i++)
		below->is_root[automaton_next(dfa, dfa->starts[i], '/')] = true;
	below->reaches = r.of_component;
	r.of_component = NULL;
	return 0;
}

uint32_t below_place(const struct below *below, const struct automaton *dfa, uint32_t state)
{
	/* What is beneath "/" has no other '/' between. No other path leads to those states, as
	 * they stand in the trie of the aliases. */
	return dfa->component[below->is_root[state] ? state : automaton_next(dfa, state, '/')];
}

void below_write(const struct below *below, uint32_t place, uint32_t *words)
{
	const struct reach *reach = &below->reaches[place];

	words[BAILIFF_WORD_LEAST] = 0;
	for (unsigned i = 0; i < BAILIFF_N_BELOW; i++) {
		uint32_t verdicts = reach->verdicts >> 4 * i & 15;

		words[BAILIFF_VERB_BELOW + i] = word_of(reach->ranks[i]);
		words[BAILIFF_WORD_LEAST] |= (uint32_t)__builtin_ctz(verdicts) << 2 * i;
	}
}

void below_release(struct below *below)
{
	free(below->reaches);
	free(below->is_root);
}
