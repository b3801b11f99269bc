// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/*
 * Strongly connected components (Tarjan, as Pearce writes it), without recursion: a path of an
 * automaton may be as long as it has states.
 */

/* What low[] says of a state whose component is there: more than any number on the way. */
#define DONE UINT32_MAX

/* A state on the way, its number, and which of its edges comes next. */
struct step {
	uint32_t state, number, edge;
};

struct search {
	const struct automaton *dfa;
	uint32_t *order, *component; /* of struct automaton */
	uint32_t n_order;
	uint32_t *low; /* of each state: the smallest number that it leads to; 0 before it is met */
	uint32_t n_met;
	struct step *way;
	uint32_t n_way;
	uint32_t *open; /* states that are left behind, and lead back to the way */
	uint32_t n_open;
};

static void search_release(struct search *s)
{
	free(s->low);
	free(s->way);
	free(s->open);
}

static void way_enter(struct search *s, uint32_t state)
{
	s->low[state] = ++s->n_met;
	s->way[s->n_way++] = (struct step){state, s->n_met, s->dfa->first[state]};
}

static void component_add(struct search *s, uint32_t state, uint32_t component)
{
	s->low[state] = DONE;
	s->order[s->n_order++] = state;
	s->component[state] = component;
}

/* Leaves the last state of the way: with all that lead back to it, if it leads no further back. */
static void way_leave(struct search *s)
{
	struct step *last = &s->way[--s->n_way];
	uint32_t state = last->state, component = s->n_order;

	if (s->low[state] < last->number) {
		struct step *before = last - 1;

		if (s->low[state] < s->low[before->state])
			s->low[before->state] = s->low[state];
		s->open[s->n_open++] = state;
		return;
	}
	component_add(s, state, component);
	while (s->n_open && s->low[s->open[s->n_open - 1]] >= last->number)
		component_add(s, s->open[--s->n_open], component);
}

/* The next edge of the last state of the way; false where there is none any more. */
static bool way_next(struct search *s, uint32_t *ret_target)
{
	const struct automaton *dfa = s->dfa;
	struct step *last = &s->way[s->n_way - 1];
	uint32_t edge = last->edge++, end = dfa->first[last->state + 1];

	if (edge < end)
		*ret_target = dfa->exceptions[edge].target;
	else
		*ret_target = dfa->defaults[last->state];
	return edge < end || (edge == end && automaton_default_counts(dfa, last->state));
}

static void search_from(struct search *s, uint32_t start)
{
	uint32_t target;

	way_enter(s, start);
	while (s->n_way) {
		uint32_t state = s->way[s->n_way - 1].state;

		if (way_next(s, &target)) {
			if (!s->low[target])
				way_enter(s, target);
			else if (s->low[target] < s->low[state])
				s->low[state] = s->low[target];
			continue;
		}
		way_leave(s);
	}
}

int automaton_order(struct automaton *dfa)
{
	__attribute__((cleanup(search_release))) struct search s = {.dfa = dfa};
	size_t n = dfa->n_states;

	dfa->order = s.order = malloc(n * sizeof(*s.order));
	dfa->component = s.component = malloc(n * sizeof(*s.component));
	s.low = calloc(n, sizeof(*s.low));
	s.way = malloc(n * sizeof(*s.way));
	s.open = malloc(n * sizeof(*s.open));
	if (!s.order || !s.component || !s.low || !s.way || !s.open)
		return -ENOMEM;
	for (uint32_t state = 0; state < n; state++)
		if (!s.low[state])
			search_from(&s, state);
	return 0;
}
