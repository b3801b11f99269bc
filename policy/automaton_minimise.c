// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton_partition.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * A state that is in no loop is known by its label and by its row with blocks for targets, when
 * all its targets have their blocks: so it is for each state of a tree of names, in the order of
 * the automaton. It is then settled. Loops have to be refined together, with what they lead to that
 * is not settled. So there are three steps:
 *
 *	1. states that lead to no loop are settled. Those that lead to no label but 0 are one block
 *	   with state 0; so who is in another loop is like no state of this step, as an endless
 *	   number of paths leads on from there to labels.
 *	2. loops are refined, with all that they lead to.
 *	3. the others are settled: they lead to loops, and no loop leads to them.
 */

struct settling {
	struct partition *p;
	struct interner signatures; /* with labels, of blocks that a state may be found to be of */
	uint32_t *block_of;	    /* of each signature */
	size_t block_of_capacity;
	uint32_t *holders; /* of each label: how many states have it */
	uint8_t *into;	   /* of each state: how many edges lead there, 2 for more */
	bool *single;	   /* of each settled state: no other is like it */
	bool *loops;	   /* of each component, where it begins: whether it is refined */
	uint32_t *refined; /* scratch: states */
};

static void partition_release(struct partition *p)
{
	free(p->block_of);
	free(p->some);
	free(p->count);
}

static void settling_release(struct settling *s)
{
	interner_release(&s->signatures);
	free(s->block_of);
	free(s->holders);
	free(s->into);
	free(s->single);
	free(s->loops);
	free(s->refined);
}

static int partition_allocate(struct partition *p)
{
	size_t n = p->dfa->n_states;

	p->block_of = malloc(n * sizeof(*p->block_of));
	/* One more: that of label 0 may be empty where loops are refined. */
	p->some = malloc((n + 1) * sizeof(*p->some));
	p->count = calloc(n + 1, sizeof(*p->count));
	if (!p->block_of || !p->some || !p->count)
		return -ENOMEM;
	memset(p->block_of, 0xff, n * sizeof(*p->block_of));
	return 0;
}

static void into_count(struct settling *s, uint32_t state)
{
	if (s->into[state] < 2)
		s->into[state]++;
}

/* Allocates, and counts who has each label, and the edges to each state. */
static int settling_begin(struct settling *s)
{
	const struct automaton *dfa = s->p->dfa;
	uint32_t n = dfa->n_states, most = 0;

	for (uint32_t state = 0; state < n; state++)
		most = dfa->labels[state] > most ? dfa->labels[state] : most;
	s->holders = calloc((size_t)most + 1, sizeof(*s->holders));
	s->into = calloc(n, sizeof(*s->into));
	s->single = calloc(n, sizeof(*s->single));
	if (!s->holders || !s->into || !s->single)
		return -ENOMEM;
	for (uint32_t state = 0; state < n; state++) {
		s->holders[dfa->labels[state]]++;
		into_count(s, dfa->defaults[state]);
	}
	for (uint32_t i = 0; i < dfa->first[n]; i++)
		into_count(s, dfa->exceptions[i].target);
	return 0;
}

static uint32_t block_new(struct partition *p, uint32_t state)
{
	p->some[p->n_blocks] = state;
	return p->n_blocks++;
}

/* Finds the signature of a state, its label in it, or adds it. */
static int signature_number(struct settling *s, uint32_t state, uint32_t *ret_id)
{
	struct signature sig;
	int r;

	signature_of(s->p, state, &sig);
	sig.items[sig.n++] = s->p->dfa->labels[state];
	r = interner_add(&s->signatures, sig.items, sig.n, ret_id);
	if (r < 0)
		return r;
	return array_reserve(&s->block_of, &s->block_of_capacity, s->signatures.n_lists,
			     sizeof(*s->block_of));
}

/*
 * Whether it is plain that no other state is like this one: nobody else has its label, or nobody
 * else leads to some state that is like no other itself. So it is with most in a tree of names.
 */
static bool state_is_single(const struct settling *s, uint32_t state)
{
	const struct automaton *dfa = s->p->dfa;

	if (s->holders[dfa->labels[state]] == 1)
		return true;
	for (uint32_t i = dfa->first[state]; i < dfa->first[state + 1]; i++) {
		uint32_t target = dfa->exceptions[i].target;

		if (s->single[target] && s->into[target] == 1)
			return true;
	}
	return false;
}

/* The block of a state whose targets all have theirs. */
static int state_settle(struct settling *s, uint32_t state)
{
	uint32_t known = s->signatures.n_lists, id;
	int r;

	s->single[state] = state_is_single(s, state);
	if (s->single[state]) {
		s->p->block_of[state] = block_new(s->p, state);
		return 0;
	}
	r = signature_number(s, state, &id);
	if (r < 0)
		return r;
	if (id == known)
		s->block_of[id] = block_new(s->p, state);
	s->p->block_of[state] = s->block_of[id];
	return 0;
}

/* What a component leads to, itself left out. */
struct ahead {
	bool live;    /* to some label other than 0; also its own */
	bool settled; /* to states that have blocks alone, which itself has not */
};

static void ahead_add(const struct partition *p, uint32_t target, uint32_t component,
		      struct ahead *ahead)
{
	uint32_t block = p->block_of[target];

	if (block == BLOCK_NONE)
		ahead->settled = false;
	if (p->dfa->component[target] != component)
		ahead->live |= block != 0;
}

static struct ahead component_ahead(const struct partition *p, uint32_t begin, uint32_t end)
{
	const struct automaton *dfa = p->dfa;
	struct ahead ahead = {.live = false, .settled = true};

	/* until nothing can change any more */
	for (uint32_t at = begin; at < end && (!ahead.live || ahead.settled); at++) {
		uint32_t state = dfa->order[at];

		ahead.live |= dfa->labels[state] != 0;
		if (automaton_default_counts(dfa, state))
			ahead_add(p, dfa->defaults[state], begin, &ahead);
		for (uint32_t i = dfa->first[state]; i < dfa->first[state + 1]; i++)
			ahead_add(p, dfa->exceptions[i].target, begin, &ahead);
	}
	return ahead;
}

/* The first step: settles what leads to no loop. */
static int settle_bottom(struct settling *s)
{
	const struct automaton *dfa = s->p->dfa;
	uint32_t n = dfa->n_states, end;
	int r = 0;

	(void)block_new(s->p, 0);
	for (uint32_t begin = 0; r == 0 && begin < n; begin = end) {
		struct ahead ahead;

		for (end = begin + 1; end < n && dfa->component[dfa->order[end]] == begin; end++)
			;
		ahead = component_ahead(s->p, begin, end);
		if (!ahead.live)
			for (uint32_t at = begin; at < end; at++)
				s->p->block_of[dfa->order[at]] = 0;
		else if (ahead.settled)
			r = state_settle(s, dfa->order[begin]);
	}
	return r;
}

/* Marks the component that an edge leads to, and answers whether it is @component itself. */
static bool loop_ahead(struct settling *s, uint32_t target, uint32_t component)
{
	uint32_t to = s->p->dfa->component[target];

	if (s->loops[component] && s->p->block_of[target] == BLOCK_NONE)
		s->loops[to] = true;
	return to == component;
}

/* Marks a state's component, if it is a loop or one leads there, and what that leads to. */
static void loop_mark(struct settling *s, uint32_t at)
{
	const struct automaton *dfa = s->p->dfa;
	uint32_t state = dfa->order[at], component = dfa->component[state];
	bool known, stays;

	do {
		known = s->loops[component];
		stays = automaton_default_counts(dfa, state) &&
			loop_ahead(s, dfa->defaults[state], component);
		for (uint32_t i = dfa->first[state]; i < dfa->first[state + 1]; i++)
			stays |= loop_ahead(s, dfa->exceptions[i].target, component);
		s->loops[component] |= stays;
		/* once more where it has just turned out that it is one */
	} while (s->loops[component] != known);
}

/* The second step: refines loops, and what they lead to. */
static int refine_loops(struct settling *s)
{
	struct partition *p = s->p;
	const struct automaton *dfa = p->dfa;
	uint32_t n = 0, first = p->n_blocks;
	int r;

	s->loops = calloc(dfa->n_states, sizeof(*s->loops));
	s->refined = malloc(dfa->n_states * sizeof(*s->refined));
	if (!s->loops || !s->refined)
		return -ENOMEM;
	for (uint32_t at = dfa->n_states; at--;)
		if (p->block_of[dfa->order[at]] == BLOCK_NONE)
			loop_mark(s, at);
	for (uint32_t state = 0; state < dfa->n_states; state++)
		if (p->block_of[state] == BLOCK_NONE && s->loops[dfa->component[state]])
			s->refined[n++] = state;
	r = n ? partition_refine(p, s->refined, n) : 0;
	for (uint32_t b = first; r == 0 && b < p->n_blocks; b++) {
		uint32_t id;

		if (p->some[b] == BLOCK_NONE)
			continue;
		r = signature_number(s, p->some[b], &id);
		if (r == 0)
			s->block_of[id] = b;
	}
	return r;
}

/* The third step: settles what leads to loops. */
static int settle_top(struct settling *s)
{
	const struct partition *p = s->p;
	int r = 0;

	for (uint32_t at = 0; r == 0 && at < p->dfa->n_states; at++)
		if (p->block_of[p->dfa->order[at]] == BLOCK_NONE)
			r = state_settle(s, p->dfa->order[at]);
	return r;
}

static int partition_fill(struct partition *p)
{
	__attribute__((cleanup(settling_release))) struct settling s = {.p = p};
	int r = partition_allocate(p);

	if (r == 0)
		r = settling_begin(&s);
	if (r == 0)
		r = settle_bottom(&s);
	if (r == 0)
		r = refine_loops(&s);
	if (r == 0)
		r = settle_top(&s);
	return r;
}

/* The states of the result, numbered in depth: a chain of states is a run of numbers. */
struct quotient {
	uint32_t *number; /* of each block, or BLOCK_NONE */
	uint32_t *stack;
	uint32_t n_stack;
	struct automaton *out;
};

static void quotient_visit(struct quotient *q, uint32_t block)
{
	if (q->number[block] == BLOCK_NONE)
		q->stack[q->n_stack++] = block;
}

static void quotient_release(struct quotient *q)
{
	free(q->number);
	free(q->stack);
	automaton_free(q->out);
}

static int quotient_allocate(struct quotient *q, const struct partition *p)
{
	size_t n = p->n_blocks, n_exceptions = p->dfa->first[p->dfa->n_states];
	/* Any state is stacked once for each edge to it. */
	size_t n_stack = n_exceptions + p->dfa->n_states + p->dfa->n_starts + 2;

	q->number = malloc((n + 1) * sizeof(*q->number));
	q->stack = malloc(n_stack * sizeof(*q->stack));
	q->out = calloc(1, sizeof(*q->out));
	if (!q->number || !q->stack || !q->out)
		return -ENOMEM;
	memset(q->number, 0xff, n * sizeof(*q->number));
	q->out->defaults = malloc((n + 1) * sizeof(*q->out->defaults));
	q->out->first = malloc((n + 2) * sizeof(*q->out->first));
	q->out->labels = malloc((n + 1) * sizeof(*q->out->labels));
	/* Signatures have no more entries than the rows that they are of. */
	q->out->exceptions = malloc((n_exceptions + 1) * sizeof(*q->out->exceptions));
	if (!q->out->defaults || !q->out->first || !q->out->labels || !q->out->exceptions)
		return -ENOMEM;
	q->out->first[0] = 0;
	return 0;
}

/* Writes a block's row, still with blocks for targets, and puts these on the stack. */
static void quotient_row(struct quotient *q, const struct partition *p, uint32_t block)
{
	struct automaton *out = q->out;
	uint32_t state = p->some[block], n = out->n_states++;
	uint32_t at = out->first[n];
	struct signature sig;

	signature_of(p, state, &sig);
	q->number[block] = n;
	out->labels[n] = p->dfa->labels[state];
	out->defaults[n] = sig.items[0];
	quotient_visit(q, sig.items[0]);
	for (size_t i = 1; i < sig.n; i++) {
		out->exceptions[at++] = (struct automaton_exception){
			.class = ENTRY_CLASS(sig.items[i]), .target = ENTRY_TARGET(sig.items[i])};
		quotient_visit(q, ENTRY_TARGET(sig.items[i]));
	}
	out->first[n + 1] = at;
}

static void quotient_build(struct quotient *q, const struct partition *p)
{
	struct automaton *out = q->out;

	quotient_row(q, p, p->block_of[0]);
	for (uint32_t i = 0; i < p->dfa->n_starts; i++)
		quotient_visit(q, p->block_of[p->dfa->starts[i]]);
	while (q->n_stack) {
		uint32_t block = q->stack[--q->n_stack];

		if (q->number[block] == BLOCK_NONE)
			quotient_row(q, p, block);
	}
	for (uint32_t i = 0; i < p->dfa->n_starts; i++)
		p->dfa->starts[i] = q->number[p->block_of[p->dfa->starts[i]]];
	for (uint32_t s = 0; s < out->n_states; s++)
		out->defaults[s] = q->number[out->defaults[s]];
	for (uint32_t i = 0; i < out->first[out->n_states]; i++)
		out->exceptions[i].target = q->number[out->exceptions[i].target];
}

/* Moves rows and labels of the quotient into the automaton. */
static void automaton_replace(struct automaton *dfa, struct automaton *by)
{
	struct automaton old = *dfa;

	dfa->n_states = by->n_states;
	dfa->defaults = by->defaults;
	dfa->first = by->first;
	dfa->exceptions = by->exceptions;
	dfa->labels = by->labels;
	by->defaults = old.defaults;
	by->first = old.first;
	by->exceptions = old.exceptions;
	by->labels = old.labels;
	by->order = old.order;
	by->component = old.component;
	dfa->order = NULL;
	dfa->component = NULL;
}

int automaton_minimise(struct automaton *automaton)
{
	__attribute__((cleanup(partition_release))) struct partition p = {.dfa = automaton};
	__attribute__((cleanup(quotient_release))) struct quotient q = {0};
	int r;

	r = partition_fill(&p);
	if (r == 0)
		r = quotient_allocate(&q, &p);
	if (r < 0)
		return r;
	quotient_build(&q, &p);
	automaton_replace(automaton, q.out);
	return 0;
}
