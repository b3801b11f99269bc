// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * Partition refinement by signatures (after Blom and Orzan; Valmari's dirty states). Blocks begin
 * as the states of one label. A state's signature is its row with blocks for targets. All states of
 * a block have had the same signature when last looked at; a state is dirty once a target of it
 * has changed its block since. A block with dirty states is split by their signatures, and its
 * largest part keeps its number: so each state changes its block, and dirties those that lead to
 * it, at most log n times.
 */

struct block {
	uint32_t begin, end; /* in partition.states; the dirty ones come first */
	uint32_t n_dirty;
};

struct partition {
	const struct automaton *dfa;
	uint32_t *states;   /* all of them, block by block */
	uint32_t *position; /* of each state in states */
	uint32_t *block_of;
	struct block *blocks;
	uint32_t n_blocks;
	uint32_t *queue; /* a ring of the blocks that have dirty states */
	uint32_t queue_head, n_queue;
	struct automaton_edges edges;
	uint32_t *part;	 /* scratch: of each dirty state its signature's number */
	uint32_t *size;	 /* scratch: of each signature the states that have it */
	uint32_t *moved; /* scratch: states */
	uint32_t *count; /* scratch: of each block, 0 between uses */
	struct interner signatures;
};

/* A target and a class in one number; STATES_MAX in automaton_subset.c leaves room. */
#define ENTRY(target, class) ((target) << 8 | (class))
#define ENTRY_TARGET(entry) ((entry) >> 8)
#define ENTRY_CLASS(entry) ((entry)&0xff)

struct signature {
	uint32_t items[1 + 256]; /* the default, then entries ascending by class */
	size_t n;
};

static void partition_release(struct partition *p)
{
	free(p->states);
	free(p->position);
	free(p->block_of);
	free(p->blocks);
	free(p->queue);
	automaton_edges_release(&p->edges);
	free(p->part);
	free(p->size);
	free(p->moved);
	free(p->count);
	interner_release(&p->signatures);
}

/* The block that most of a row's classes lead to, the smallest of several. */
static uint32_t most_frequent(const struct partition *p, const uint32_t *full)
{
	unsigned n_classes = p->dfa->n_classes;
	uint32_t best = full[1];

	for (unsigned i = 1; i < n_classes; i++)
		p->count[full[i]]++;
	for (unsigned i = 1; i < n_classes; i++)
		if (p->count[full[i]] > p->count[best] ||
		    (p->count[full[i]] == p->count[best] && full[i] < best))
			best = full[i];
	for (unsigned i = 1; i < n_classes; i++)
		p->count[full[i]] = 0;
	return best;
}

/* The signature of a row that may lead to its default less often than elsewhere. */
static void signature_full(const struct partition *p, uint32_t state, struct signature *sig)
{
	const struct automaton *dfa = p->dfa;
	uint32_t full[256] = {0};

	for (unsigned i = 0; i < dfa->n_classes; i++)
		full[i] = p->block_of[dfa->defaults[state]];
	for (uint32_t i = dfa->first[state]; i < dfa->first[state + 1]; i++)
		full[dfa->exceptions[i].class] = p->block_of[dfa->exceptions[i].target];
	sig->items[0] = most_frequent(p, full);
	sig->n = 1;
	for (unsigned i = 1; i < dfa->n_classes; i++)
		if (full[i] != sig->items[0])
			sig->items[sig->n++] = ENTRY(full[i], i);
}

/* Equal rows have equal signatures, whatever default they are written with. */
static void signature_of(const struct partition *p, uint32_t state, struct signature *sig)
{
	const struct automaton *dfa = p->dfa;
	uint32_t fallback = p->block_of[dfa->defaults[state]];
	uint32_t first = dfa->first[state], end = dfa->first[state + 1];

	if ((end - first) * 2 >= dfa->n_classes - 1) {
		signature_full(p, state, sig);
		return;
	}
	/* The default has more than half of the classes. */
	sig->items[0] = fallback;
	sig->n = 1;
	for (uint32_t i = first; i < end; i++) {
		uint32_t target = p->block_of[dfa->exceptions[i].target];

		if (target != fallback)
			sig->items[sig->n++] = ENTRY(target, dfa->exceptions[i].class);
	}
}

static void mark_dirty(struct partition *p, uint32_t state)
{
	uint32_t number = p->block_of[state];
	struct block *block = &p->blocks[number];
	uint32_t at = p->position[state], to = block->begin + block->n_dirty, other;

	/* One state alone cannot be split. */
	if (at < to || block->end - block->begin == 1)
		return;
	other = p->states[to];
	p->states[to] = state;
	p->states[at] = other;
	p->position[state] = to;
	p->position[other] = at;
	if (block->n_dirty++ == 0)
		p->queue[(p->queue_head + p->n_queue++) % p->dfa->n_states] = number;
}

static void mark_before(struct partition *p, uint32_t state)
{
	for (uint32_t i = p->edges.first[state]; i < p->edges.first[state + 1]; i++)
		mark_dirty(p, p->edges.before[i]);
}

/* Numbers the signatures of a block's dirty states, and sorts these by number. */
static int block_sort(struct partition *p, const struct block *block, uint32_t *ret_n_parts)
{
	uint32_t *dirty = p->states + block->begin, sum = 0;
	struct signature sig;
	int r;

	interner_clear(&p->signatures);
	for (uint32_t i = 0; i < block->n_dirty; i++) {
		signature_of(p, dirty[i], &sig);
		r = interner_add(&p->signatures, sig.items, sig.n, &p->part[i]);
		if (r < 0)
			return r;
	}
	*ret_n_parts = p->signatures.n_lists;
	memset(p->size, 0, *ret_n_parts * sizeof(*p->size));
	for (uint32_t i = 0; i < block->n_dirty; i++)
		p->size[p->part[i]]++;
	for (uint32_t i = 0; i < *ret_n_parts; i++) {
		uint32_t size = p->size[i];

		p->size[i] = sum;
		sum += size;
	}
	for (uint32_t i = 0; i < block->n_dirty; i++)
		p->moved[p->size[p->part[i]]++] = dirty[i];
	/* size[i] is now where part i ends. */
	for (uint32_t i = 0; i < block->n_dirty; i++) {
		dirty[i] = p->moved[i];
		p->position[dirty[i]] = block->begin + i;
	}
	return 0;
}

/* Splits a block along its dirty states' signatures. */
static int block_split(struct partition *p, uint32_t number)
{
	struct block block = p->blocks[number], *kept = &p->blocks[number];
	uint32_t n_parts, n_moved = 0, begin = block.begin, end;
	int r;

	r = block_sort(p, &block, &n_parts);
	if (r < 0)
		return r;
	/* What is not dirty is a part like the others, for no dirty state is like it. */
	if (block.begin + block.n_dirty < block.end)
		p->size[n_parts++] = block.end - block.begin;
	*kept = (struct block){.begin = begin, .end = begin};
	for (uint32_t i = 0; i < n_parts; i++, begin = end) {
		end = block.begin + p->size[i];
		if (end - begin > kept->end - kept->begin)
			*kept = (struct block){.begin = begin, .end = end};
	}
	begin = block.begin;
	for (uint32_t i = 0; i < n_parts; i++, begin = end) {
		end = block.begin + p->size[i];
		if (begin == kept->begin)
			continue;
		p->blocks[p->n_blocks] = (struct block){.begin = begin, .end = end};
		for (uint32_t at = begin; at < end; at++) {
			p->block_of[p->states[at]] = p->n_blocks;
			p->moved[n_moved++] = p->states[at];
		}
		p->n_blocks++;
	}
	for (uint32_t i = 0; i < n_moved; i++)
		mark_before(p, p->moved[i]);
	return 0;
}

static int partition_allocate(struct partition *p)
{
	/* One to spare: a part more than there are states. */
	size_t n = p->dfa->n_states + 1u;

	p->states = calloc(n, sizeof(*p->states));
	p->position = calloc(n, sizeof(*p->position));
	p->block_of = calloc(n, sizeof(*p->block_of));
	p->blocks = calloc(n, sizeof(*p->blocks));
	p->queue = calloc(n, sizeof(*p->queue));
	p->part = calloc(n, sizeof(*p->part));
	p->size = calloc(n, sizeof(*p->size));
	p->moved = calloc(n, sizeof(*p->moved));
	p->count = calloc(n, sizeof(*p->count));
	if (!p->states || !p->position || !p->block_of || !p->blocks || !p->queue || !p->part ||
	    !p->size || !p->moved || !p->count)
		return -ENOMEM;
	return 0;
}

/* One block for each label. */
static int partition_labels(struct partition *p)
{
	const uint32_t *labels = p->dfa->labels;
	uint32_t n = p->dfa->n_states, sum = 0;
	struct interner *seen = &p->signatures;
	int r;

	for (uint32_t s = 0; s < n; s++) {
		/* State 0 has label 0, as most have: block 0. */
		if (s == 0 || labels[s] != 0) {
			r = interner_add(seen, &labels[s], 1, &p->block_of[s]);
			if (r < 0)
				return r;
		}
		p->blocks[p->block_of[s]].end++;
	}
	p->n_blocks = seen->n_lists;
	for (uint32_t b = 0; b < p->n_blocks; b++) {
		uint32_t size = p->blocks[b].end;

		p->blocks[b].begin = sum;
		p->blocks[b].end = sum;
		sum += size;
	}
	for (uint32_t s = 0; s < n; s++) {
		struct block *block = &p->blocks[p->block_of[s]];

		p->position[s] = block->end;
		p->states[block->end++] = s;
	}
	return 0;
}

/* States that lead into the largest block only have one signature; only others are dirty. */
static void partition_first_dirty(struct partition *p)
{
	uint32_t largest = 0;

	for (uint32_t b = 0; b < p->n_blocks; b++)
		if (p->blocks[b].end - p->blocks[b].begin >
		    p->blocks[largest].end - p->blocks[largest].begin)
			largest = b;
	for (uint32_t s = 0; s < p->dfa->n_states; s++)
		if (p->block_of[s] != largest)
			mark_before(p, s);
}

static int partition_refine(struct partition *p)
{
	int r;

	r = partition_allocate(p);
	if (r == 0)
		r = automaton_edges_find(p->dfa, &p->edges);
	if (r == 0)
		r = partition_labels(p);
	if (r < 0)
		return r;
	partition_first_dirty(p);
	while (r == 0 && p->n_queue) {
		uint32_t number = p->queue[p->queue_head];

		p->queue_head = (p->queue_head + 1) % p->dfa->n_states;
		p->n_queue--;
		r = block_split(p, number);
	}
	return r;
}

/* The states of the result, numbered in depth: a chain of states is a run of numbers. */
struct quotient {
	uint32_t *number; /* of each block, or INTERNER_NONE */
	uint32_t *stack;
	uint32_t n_stack;
	struct automaton *out;
};

static void quotient_visit(struct quotient *q, uint32_t block)
{
	if (q->number[block] == INTERNER_NONE)
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
	q->out->defaults = calloc(n + 1, sizeof(*q->out->defaults));
	q->out->first = calloc(n + 2, sizeof(*q->out->first));
	q->out->labels = calloc(n + 1, sizeof(*q->out->labels));
	if (!q->out->defaults || !q->out->first || !q->out->labels)
		return -ENOMEM;
	return 0;
}

/* Writes a block's row, still with blocks for targets, and puts these on the stack. */
static int quotient_row(struct quotient *q, const struct partition *p, uint32_t block,
			size_t *capacity)
{
	struct automaton *out = q->out;
	uint32_t state = p->states[p->blocks[block].begin], n = out->n_states++;
	uint32_t at = out->first[n];
	struct signature sig;
	int r;

	signature_of(p, state, &sig);
	r = array_reserve(&out->exceptions, capacity, at + sig.n, sizeof(*out->exceptions));
	if (r < 0)
		return r;
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
	return 0;
}

static int quotient_build(struct quotient *q, const struct partition *p)
{
	struct automaton *out = q->out;
	size_t capacity = 0;
	int r;

	r = quotient_row(q, p, p->block_of[0], &capacity);
	for (uint32_t i = 0; i < p->dfa->n_starts; i++)
		quotient_visit(q, p->block_of[p->dfa->starts[i]]);
	while (r == 0 && q->n_stack) {
		uint32_t block = q->stack[--q->n_stack];

		if (q->number[block] == INTERNER_NONE)
			r = quotient_row(q, p, block, &capacity);
	}
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < p->dfa->n_starts; i++)
		p->dfa->starts[i] = q->number[p->block_of[p->dfa->starts[i]]];
	for (uint32_t s = 0; s < out->n_states; s++)
		out->defaults[s] = q->number[out->defaults[s]];
	for (uint32_t i = 0; i < out->first[out->n_states]; i++)
		out->exceptions[i].target = q->number[out->exceptions[i].target];
	return 0;
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
}

int automaton_minimise(struct automaton *automaton)
{
	__attribute__((cleanup(partition_release))) struct partition p = {.dfa = automaton};
	__attribute__((cleanup(quotient_release))) struct quotient q = {0};
	int r;

	r = partition_refine(&p);
	if (r == 0)
		r = quotient_allocate(&q, &p);
	if (r == 0)
		r = quotient_build(&q, &p);
	if (r == 0)
		automaton_replace(automaton, q.out);
	return r;
}
