// SPDX-License-Identifier: Apache-2.0
#include "policy/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A flood finds for each state the best accept set of all states that it leads to by one or more
 * bytes: the accept sets are taken from the best to the worst, and from the states of each the
 * edges are followed backwards. Who is reached has its answer then, and goes on backwards once; so
 * a flood costs as much as there are edges, however many accept sets there are.
 */

#define NONE UINT32_MAX

struct ranked {
	uint32_t rank; /* less is better */
	uint32_t accept;
};

struct flood {
	const struct automaton *dfa;
	struct automaton_edges edges;
	uint32_t *head,
		*next; /* of each accept set, and on from each state: the states that have it */
	struct ranked *order;
	uint32_t *best;	     /* of each state: an accept set */
	unsigned char *done; /* of each state: it has been gone back from */
	uint32_t *stack;
	uint32_t *slash; /* of each state: where '/' leads */
};

static void flood_release(struct flood *f)
{
	automaton_edges_release(&f->edges);
	free(f->head);
	free(f->next);
	free(f->order);
	free(f->best);
	free(f->done);
	free(f->stack);
	free(f->slash);
}

static int flood_allocate(struct flood *f)
{
	size_t n = f->dfa->n_states, n_accepts = f->dfa->accepts.n_lists;

	f->head = malloc(n_accepts * sizeof(*f->head));
	f->order = calloc(n_accepts, sizeof(*f->order));
	f->next = calloc(n, sizeof(*f->next));
	f->best = calloc(n, sizeof(*f->best));
	f->done = calloc(n, sizeof(*f->done));
	f->stack = calloc(n, sizeof(*f->stack));
	f->slash = calloc(n, sizeof(*f->slash));
	if (!f->head || !f->order || !f->next || !f->best || !f->done || !f->stack || !f->slash)
		return -ENOMEM;
	return automaton_edges_find(f->dfa, &f->edges);
}

static void flood_begin(struct flood *f)
{
	const struct automaton *dfa = f->dfa;

	memset(f->head, 0xff, dfa->accepts.n_lists * sizeof(*f->head));
	for (uint32_t s = dfa->n_states; s--;) {
		f->next[s] = f->head[dfa->labels[s]];
		f->head[dfa->labels[s]] = s;
		f->slash[s] = automaton_next(dfa, s, '/');
	}
	/* What is beneath "/" has no other '/' between. No other path leads to those states, as
	 * they stand in the trie of the aliases. */
	for (uint32_t i = 0; i < dfa->n_starts; i++) {
		uint32_t root = automaton_next(dfa, dfa->starts[i], '/');

		f->slash[root] = root;
	}
}

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->rank > y->rank) - (x->rank < y->rank);
}

/* Goes back from a state that has @accept, or leads to one that has. */
static void flood_back(struct flood *f, uint32_t state, uint32_t accept)
{
	uint32_t n = 0;

	if (f->done[state])
		return;
	f->done[state] = 1;
	f->stack[n++] = state;
	while (n) {
		uint32_t at = f->stack[--n];

		for (uint32_t i = f->edges.first[at]; i < f->edges.first[at + 1]; i++) {
			uint32_t before = f->edges.before[i];

			if (f->best[before] != NONE)
				continue;
			f->best[before] = accept;
			if (!f->done[before]) {
				f->done[before] = 1;
				f->stack[n++] = before;
			}
		}
	}
}

/* Fills f->best by the ranks in f->order. */
static void flood_run(struct flood *f)
{
	uint32_t n_accepts = f->dfa->accepts.n_lists, n = f->dfa->n_states, i = 1;

	while (i < n_accepts && f->order[i].rank == f->order[0].rank)
		i++;
	if (i == n_accepts) {
		/* All say the same, as for a verb that no rule is about. */
		memset(f->best, 0, n * sizeof(*f->best));
		return;
	}
	memset(f->best, 0xff, n * sizeof(*f->best));
	memset(f->done, 0, n);
	qsort(f->order, n_accepts, sizeof(*f->order), compare_ranked);
	for (i = 0; i < n_accepts; i++) {
		uint32_t accept = f->order[i].accept;

		for (uint32_t s = f->head[accept]; s != NONE; s = f->next[s])
			flood_back(f, s, accept);
	}
}

/* Both answers of one verb for all states; @i is its place among what lies beneath. */
static void flood_verb(struct flood *f, unsigned i, const uint32_t *words, struct below *below)
{
	const uint32_t *word = words + (i == BAILIFF_BELOW_ACT	 ? BAILIFF_VERB_ACT
					: i == BAILIFF_BELOW_MAP ? BAILIFF_VERB_MAP
								 : i);

	for (uint32_t a = 0; a < f->dfa->accepts.n_lists; a++) {
		uint32_t w = word[(size_t)a * BAILIFF_LABEL_WORDS];
		uint32_t lax = BAILIFF_DENY - BAILIFF_VERDICT(w);

		f->order[a] = (struct ranked){lax << 30 | BAILIFF_RULE(w), a};
	}
	flood_run(f);
	for (uint32_t s = 0; s < f->dfa->n_states; s++)
		below[s].words[i] = word[(size_t)f->best[f->slash[s]] * BAILIFF_LABEL_WORDS];
	for (uint32_t a = 0; a < f->dfa->accepts.n_lists; a++)
		f->order[a] =
			(struct ranked){BAILIFF_VERDICT(word[(size_t)a * BAILIFF_LABEL_WORDS]), a};
	flood_run(f);
	for (uint32_t s = 0; s < f->dfa->n_states; s++) {
		uint32_t w = word[(size_t)f->best[f->slash[s]] * BAILIFF_LABEL_WORDS];

		below[s].least |= BAILIFF_VERDICT(w) << 2 * i;
	}
}

int below_compute(const struct automaton *automaton, const uint32_t *words,
		  struct below **ret_below)
{
	__attribute__((cleanup(flood_release))) struct flood f = {.dfa = automaton};
	struct below *below;
	int r = flood_allocate(&f);

	if (r < 0)
		return r;
	below = calloc(automaton->n_states, sizeof(*below));
	if (!below)
		return -ENOMEM;
	flood_begin(&f);
	for (unsigned i = 0; i < BAILIFF_N_BELOW; i++)
		flood_verb(&f, i, words, below);
	*ret_below = below;
	return 0;
}
