// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton.h"

#include <errno.h>
#include <stdlib.h>

static void edges_fill(const struct automaton *dfa, const uint32_t *states, uint32_t n,
		       struct automaton_edges *edges)
{
	uint32_t *at = edges->first + 1;

	/* Counts come to stand one further than where they will be read, so that filling in moves
	 * each to its place. */
	for (uint32_t k = 0; k < n; k++) {
		uint32_t s = states[k];

		at[dfa->defaults[s] + 1] += automaton_default_counts(dfa, s);
		for (uint32_t i = dfa->first[s]; i < dfa->first[s + 1]; i++)
			at[dfa->exceptions[i].target + 1]++;
	}
	for (uint32_t s = 0; s < dfa->n_states; s++)
		at[s + 1] += at[s];
	for (uint32_t k = 0; k < n; k++) {
		uint32_t s = states[k];

		if (automaton_default_counts(dfa, s))
			edges->before[at[dfa->defaults[s]]++] = s;
		for (uint32_t i = dfa->first[s]; i < dfa->first[s + 1]; i++)
			edges->before[at[dfa->exceptions[i].target]++] = s;
	}
}

int automaton_edges_find(const struct automaton *dfa, const uint32_t *states, uint32_t n,
			 struct automaton_edges *edges)
{
	size_t n_edges = n;

	for (uint32_t k = 0; k < n; k++)
		n_edges += dfa->first[states[k] + 1] - dfa->first[states[k]];
	/* One to spare: where the counts begin. */
	edges->first = calloc(dfa->n_states + 2u, sizeof(*edges->first));
	edges->before = malloc((n_edges + 1) * sizeof(*edges->before));
	if (!edges->first || !edges->before)
		return -ENOMEM;
	edges_fill(dfa, states, n, edges);
	return 0;
}

void automaton_edges_release(struct automaton_edges *edges)
{
	free(edges->first);
	free(edges->before);
}

uint32_t automaton_next(const struct automaton *dfa, uint32_t state, unsigned char byte)
{
	uint32_t class = dfa->class_of[byte];

	for (uint32_t i = dfa->first[state]; i < dfa->first[state + 1]; i++)
		if (dfa->exceptions[i].class == class)
			return dfa->exceptions[i].target;
	return dfa->defaults[state];
}

void automaton_label(struct automaton *dfa, const uint32_t *labels)
{
	for (uint32_t s = 0; s < dfa->n_states; s++)
		dfa->labels[s] = labels[dfa->labels[s]];
}
