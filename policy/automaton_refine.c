// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton_partition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Partition refinement by signatures (after Blom and Orzan; Valmari's dirty states). Blocks begin
 * as the states of one label. All states of a block have had the same signature when last looked
 * at; a state is dirty once a target of it has changed its block since. A block with dirty states
 * is split by their signatures, and its largest part keeps its number: so each state changes its
 * block, and dirties those that lead to it, at most log n times.
 */

struct block {
	uint32_t begin, end; /* in refinement.states; the dirty ones come first */
	uint32_t n_dirty;
};

struct refinement {
	struct partition *p;
	uint32_t n;	      /* states that are refined */
	uint32_t *states;     /* these, block by block */
	uint32_t *position;   /* of each state of the automaton: in states */
	uint32_t first;	      /* number of the first block that is refined */
	struct block *blocks; /* from that one on */
	uint32_t *queue;      /* a ring of the blocks that have dirty states */
	uint32_t queue_head, n_queue;
	struct automaton_edges edges;
	uint32_t *part;	 /* scratch: of each dirty state its signature's number */
	uint32_t *size;	 /* scratch: of each signature the states that have it */
	uint32_t *moved; /* scratch: states */
	struct interner signatures;
};

static void refinement_release(struct refinement *f)
{
	free(f->states);
	free(f->position);
	free(f->blocks);
	free(f->queue);
	automaton_edges_release(&f->edges);
	free(f->part);
	free(f->size);
	free(f->moved);
	interner_release(&f->signatures);
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

void signature_of(const struct partition *p, uint32_t state, struct signature *sig)
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

static void mark_dirty(struct refinement *f, uint32_t state)
{
	uint32_t number = f->p->block_of[state];
	struct block *block = &f->blocks[number - f->first];
	uint32_t at = f->position[state], to = block->begin + block->n_dirty, other;

	/* One state alone cannot be split. */
	if (at < to || block->end - block->begin == 1)
		return;
	other = f->states[to];
	f->states[to] = state;
	f->states[at] = other;
	f->position[state] = to;
	f->position[other] = at;
	if (block->n_dirty++ == 0)
		f->queue[(f->queue_head + f->n_queue++) % f->n] = number;
}

static void mark_before(struct refinement *f, uint32_t state)
{
	for (uint32_t i = f->edges.first[state]; i < f->edges.first[state + 1]; i++)
		mark_dirty(f, f->edges.before[i]);
}

/* Numbers the signatures of a block's dirty states, and sorts these by number. */
static int block_sort(struct refinement *f, const struct block *block, uint32_t *ret_n_parts)
{
	uint32_t *dirty = f->states + block->begin, sum = 0;
	struct signature sig;
	int r;

	interner_clear(&f->signatures);
	for (uint32_t i = 0; i < block->n_dirty; i++) {
		signature_of(f->p, dirty[i], &sig);
		r = interner_add(&f->signatures, sig.items, sig.n, &f->part[i]);
		if (r < 0)
			return r;
	}
	*ret_n_parts = f->signatures.n_lists;
	memset(f->size, 0, *ret_n_parts * sizeof(*f->size));
	for (uint32_t i = 0; i < block->n_dirty; i++)
		f->size[f->part[i]]++;
	for (uint32_t i = 0; i < *ret_n_parts; i++) {
		uint32_t size = f->size[i];

		f->size[i] = sum;
		sum += size;
	}
	for (uint32_t i = 0; i < block->n_dirty; i++)
		f->moved[f->size[f->part[i]]++] = dirty[i];
	/* size[i] is now where part i ends. */
	for (uint32_t i = 0; i < block->n_dirty; i++) {
		dirty[i] = f->moved[i];
		f->position[dirty[i]] = block->begin + i;
	}
	return 0;
}

/* Splits a block along its dirty states' signatures. */
static int block_split(struct refinement *f, uint32_t number)
{
	struct partition *p = f->p;
	struct block block = f->blocks[number - f->first], *kept = &f->blocks[number - f->first];
	uint32_t n_parts, n_moved = 0, begin = block.begin, end;
	int r;

	r = block_sort(f, &block, &n_parts);
	if (r < 0)
		return r;
	/* What is not dirty is a part like the others, for no dirty state is like it. */
	if (block.begin + block.n_dirty < block.end)
		f->size[n_parts++] = block.end - block.begin;
	*kept = (struct block){.begin = begin, .end = begin};
	for (uint32_t i = 0; i < n_parts; i++, begin = end) {
		end = block.begin + f->size[i];
		if (end - begin > kept->end - kept->begin)
			*kept = (struct block){.begin = begin, .end = end};
	}
	begin = block.begin;
	for (uint32_t i = 0; i < n_parts; i++, begin = end) {
		end = block.begin + f->size[i];
		if (begin == kept->begin)
			continue;
		f->blocks[p->n_blocks - f->first] = (struct block){.begin = begin, .end = end};
		for (uint32_t at = begin; at < end; at++) {
			p->block_of[f->states[at]] = p->n_blocks;
			f->moved[n_moved++] = f->states[at];
		}
		p->n_blocks++;
	}
	for (uint32_t i = 0; i < n_moved; i++)
		mark_before(f, f->moved[i]);
	return 0;
}

static int refinement_begin(struct refinement *f, const uint32_t *states)
{
	size_t n_states = f->p->dfa->n_states;
	/* One to spare: a part more than there are states; the block of label 0, though empty. */
	size_t n = f->n + 1u;

	f->first = f->p->n_blocks;
	f->states = malloc(n * sizeof(*f->states));
	f->position = malloc(n_states * sizeof(*f->position));
	f->blocks = calloc(n, sizeof(*f->blocks));
	f->queue = malloc(n * sizeof(*f->queue));
	f->part = malloc(n * sizeof(*f->part));
	f->size = malloc(n * sizeof(*f->size));
	f->moved = malloc(n * sizeof(*f->moved));
	if (!f->states || !f->position || !f->blocks || !f->queue || !f->part || !f->size ||
	    !f->moved)
		return -ENOMEM;
	return automaton_edges_find(f->p->dfa, states, f->n, &f->edges);
}

/* One block for each label. */
static int blocks_begin(struct refinement *f, const uint32_t *states)
{
	const uint32_t *labels = f->p->dfa->labels;
	uint32_t *block_of = f->p->block_of, zero = 0, sum = 0, id;
	int r;

	/* As most have label 0, it is not looked up each time. */
	r = interner_add(&f->signatures, &zero, 1, &zero);
	for (uint32_t i = 0; r == 0 && i < f->n; i++) {
		id = zero;
		if (labels[states[i]] != 0)
			r = interner_add(&f->signatures, &labels[states[i]], 1, &id);
		block_of[states[i]] = f->first + id;
		f->blocks[id].end++;
	}
	f->p->n_blocks += f->signatures.n_lists;
	for (id = 0; id < f->signatures.n_lists; id++) {
		uint32_t size = f->blocks[id].end;

		f->blocks[id].begin = f->blocks[id].end = sum;
		sum += size;
	}
	for (uint32_t i = 0; r == 0 && i < f->n; i++) {
		struct block *block = &f->blocks[block_of[states[i]] - f->first];

		f->position[states[i]] = block->end;
		f->states[block->end++] = states[i];
	}
	return r;
}

/* States that lead into the largest block only have one signature; only others are dirty. */
static void first_dirty(struct refinement *f)
{
	uint32_t largest = 0, n_blocks = f->p->n_blocks - f->first;

	for (uint32_t b = 0; b < n_blocks; b++)
		if (f->blocks[b].end - f->blocks[b].begin >
		    f->blocks[largest].end - f->blocks[largest].begin)
			largest = b;
	for (uint32_t s = 0; s < f->p->dfa->n_states; s++)
		if (f->p->block_of[s] != f->first + largest)
			mark_before(f, s);
}

int partition_refine(struct partition *p, const uint32_t *states, uint32_t n)
{
	__attribute__((cleanup(refinement_release))) struct refinement f = {.p = p, .n = n};
	int r = refinement_begin(&f, states);

	if (r == 0)
		r = blocks_begin(&f, states);
	if (r < 0)
		return r;
	first_dirty(&f);
	while (r == 0 && f.n_queue) {
		uint32_t number = f.queue[f.queue_head];

		f.queue_head = (f.queue_head + 1) % n;
		f.n_queue--;
		r = block_split(&f, number);
	}
	for (uint32_t b = 0; r == 0 && b < p->n_blocks - f.first; b++)
		p->some[f.first + b] = f.blocks[b].begin < f.blocks[b].end
					       ? f.states[f.blocks[b].begin]
					       : BLOCK_NONE;
	return r;
}
