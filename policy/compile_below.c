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

struct filler {
	const struct automaton *dfa;
	struct reach *of_accept; /* of each accept set: what a state says that has it */
	struct below *below;
	struct reach now;    /* of the component that is being looked at, so far */
	uint32_t last_place; /* of what an edge of that leads to */
};

static void filler_release(struct filler *f)
{
	free(f->of_accept);
}

/*
 * Adds what an edge to @target leads to, out of a state of the component @from; answers whether it
 * leaves the component.
 */
static bool edge_add(struct filler *f, uint32_t from, uint32_t target)
{
	uint32_t to = f->dfa->component[target];

	if (to == from)
		return false;
	reach_add(&f->now, &f->of_accept[f->dfa->labels[target]]);
	/* State 0, where most edges lead, leads to itself alone. */
	if (target) {
		f->last_place = f->below->place_of[to];
		reach_add(&f->now, &f->below->reaches[f->last_place]);
	}
	return true;
}

/* Adds what one state of the component @from leads to. */
static void state_add(struct filler *f, uint32_t from, uint32_t state)
{
	const struct automaton *dfa = f->dfa;
	bool stays = false;

	if (automaton_default_counts(dfa, state))
		stays |= !edge_add(f, from, dfa->defaults[state]);
	for (uint32_t i = dfa->first[state]; i < dfa->first[state + 1]; i++)
		stays |= !edge_add(f, from, dfa->exceptions[i].target);
	/* Who leads to the own component is led to by it. */
	if (stays)
		reach_add(&f->now, &f->of_accept[dfa->labels[state]]);
}

/* Finds a place for what a component leads to: amidst a name it is what the next one leads to. */
static int place_find(struct filler *f, uint32_t *ret_place)
{
	struct below *below = f->below;
	int r;

	*ret_place = f->last_place;
	if (below->n_reaches &&
	    memcmp(&f->now, &below->reaches[f->last_place], sizeof(f->now)) == 0)
		return 0;
	r = array_reserve(&below->reaches, &below->reaches_capacity, below->n_reaches + 1u,
			  sizeof(*below->reaches));
	if (r < 0)
		return r;
	below->reaches[below->n_reaches] = f->now;
	*ret_place = below->n_reaches++;
	return 0;
}

static int reaches_fill(struct filler *f)
{
	const struct automaton *dfa = f->dfa;
	uint32_t n = dfa->n_states, end;
	int r = 0;

	for (uint32_t begin = 0; r == 0 && begin < n; begin = end) {
		reach_begin(&f->now);
		f->last_place = 0;
		for (end = begin; end < n && dfa->component[dfa->order[end]] == begin; end++)
			state_add(f, begin, dfa->order[end]);
		r = place_find(f, &f->below->place_of[begin]);
	}
	return r;
}

int below_compute(const struct automaton *dfa, const uint32_t *words, struct below *below)
{
	__attribute__((cleanup(filler_release))) struct filler f = {.dfa = dfa, .below = below};

	f.of_accept = calloc(dfa->accepts.n_lists, sizeof(*f.of_accept));
	below->place_of = malloc(dfa->n_states * sizeof(*below->place_of));
	below->is_root = calloc(dfa->n_states, sizeof(*below->is_root));
	if (!f.of_accept || !below->place_of || !below->is_root)
		return -ENOMEM;
	for (uint32_t a = 0; a < dfa->accepts.n_lists; a++)
		f.of_accept[a] = reach_of(words + (size_t)a * BAILIFF_LABEL_WORDS);
	for (uint32_t i = 0; i < dfa->n_starts; i++)
		below->is_root[automaton_next(dfa, dfa->starts[i], '/')] = true;
	return reaches_fill(&f);
}

uint32_t below_place(const struct below *below, const struct automaton *dfa, uint32_t state)
{
	/* What is beneath "/" has no other '/' between. No other path leads to those states, as
	 * they stand in the trie of the aliases. */
	uint32_t slash = below->is_root[state] ? state : automaton_next(dfa, state, '/');

	return below->place_of[dfa->component[slash]];
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
	free(below->place_of);
	free(below->is_root);
}
