// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * Row displacement: rows are laid over one another so that no two want the same cell, each at the
 * first place where it fits. Sixty-four places are tried at once, as bits of a word that says
 * which cells are free.
 */

/* Neither a head nor any state's number: what no lookup takes for its own. */
#define CELL_UNUSED 0xffffffffu

/*
 * Rows are tried in this many words before the end of what is in use, and then behind it. More
 * words fill the table by less than 1 % better, and take several times as long.
 */
#define WINDOW 4

struct packer {
	const struct automaton *dfa;
	uint32_t *order;
	uint32_t *place; /* of each state */
	bool *is_start;	 /* of each state */
	uint64_t *free;	 /* bit i: cell i is free */
	size_t n_words, words_capacity;
	size_t low;	  /* no row is tried below this word */
	uint32_t n_cells; /* one more than the last used */
};

static void packer_release(struct packer *p)
{
	free(p->order);
	free(p->place);
	free(p->is_start);
	free(p->free);
}

static int words_reserve(struct packer *p, size_t n)
{
	int r;

	if (n <= p->n_words)
		return 0;
	r = array_reserve(&p->free, &p->words_capacity, n, sizeof(*p->free));
	if (r < 0)
		return r;
	memset(p->free + p->n_words, 0xff, (n - p->n_words) * sizeof(*p->free));
	p->n_words = n;
	return 0;
}

/* Which of the 64 cells from @bit on are free. */
static uint64_t free_from(const struct packer *p, size_t bit)
{
	size_t word = bit / 64;
	unsigned shift = bit % 64;

	if (shift == 0)
		return p->free[word];
	return p->free[word] >> shift | p->free[word + 1] << (64 - shift);
}

static void cell_take(struct packer *p, uint32_t cell)
{
	p->free[cell / 64] &= ~(1ull << (cell % 64));
	if (cell >= p->n_cells)
		p->n_cells = cell + 1;
}

static uint64_t row_fits(const struct packer *p, uint32_t state, size_t word)
{
	const struct automaton *dfa = p->dfa;
	uint64_t fits = p->free[word];

	/* Starts have a cell for class 0 as well; no other row mentions that class. */
	if (p->is_start[state])
		fits &= free_from(p, word * 64 + 1);
	for (uint32_t i = dfa->first[state]; fits && i < dfa->first[state + 1]; i++)
		fits &= free_from(p, word * 64 + 1 + dfa->exceptions[i].class);
	return fits;
}

static void row_take(struct packer *p, uint32_t state, uint32_t place)
{
	const struct automaton *dfa = p->dfa;

	p->place[state] = place;
	cell_take(p, place);
	if (state && p->is_start[state])
		cell_take(p, place + 1);
	for (uint32_t i = dfa->first[state]; i < dfa->first[state + 1]; i++)
		cell_take(p, place + 1 + dfa->exceptions[i].class);
}

static int row_place(struct packer *p, uint32_t state)
{
	size_t end = p->n_cells / 64, word;
	uint64_t fits = 0;
	int r;

	if (end > WINDOW && p->low < end - WINDOW)
		p->low = end - WINDOW;
	while (p->low < p->n_words && !p->free[p->low])
		p->low++;
	/* Any row fits behind the end. */
	for (word = p->low; !fits; word++) {
		/* A row reaches 256 cells further than its head, and a word is read from any bit.
		 */
		r = words_reserve(p, word + 1 + 256 / 64 + 2);
		if (r < 0)
			return r;
		if (p->free[word])
			fits = row_fits(p, state, word);
	}
	row_take(p, state, (uint32_t)(word - 1) * 64 + (uint32_t)__builtin_ctzll(fits));
	return 0;
}

/*
 * Long rows first, while there is room for them, and the short ones into what they leave; rows of
 * about one length in the order of their numbers, which keeps chains together.
 */
static void order_fill(struct packer *p)
{
	const struct automaton *dfa = p->dfa;
	uint32_t begin[10] = {0};

	for (int pass = 0; pass < 2; pass++) {
		/* First count, then fill in; state 0 has its place already. */
		for (uint32_t s = 1; s < dfa->n_states; s++) {
			uint32_t length = dfa->first[s + 1] - dfa->first[s];
			/* 0 for 128 and more, then halving; 4 and less are last, together. */
			unsigned bin = length <= 4 ? 8 : (unsigned)__builtin_clz(length) - 24;

			if (pass == 0)
				begin[bin + 1]++;
			else
				p->order[begin[bin]++] = s;
		}
		if (pass == 0)
			for (unsigned i = 1; i < 10; i++)
				begin[i] += begin[i - 1];
	}
}

static void cells_fill(const struct packer *p, struct automaton_table *table)
{
	const struct automaton *dfa = p->dfa;

	for (uint32_t i = 0; i < table->n_cells; i++)
		table->cells[i] = (struct bailiff_cell){.check = CELL_UNUSED};
	for (uint32_t s = 0; s < dfa->n_states; s++) {
		struct bailiff_cell *head = table->cells + p->place[s];

		*head = (struct bailiff_cell){.check = BAILIFF_HEAD | dfa->labels[s],
					      .next = p->place[dfa->defaults[s]]};
		for (uint32_t i = dfa->first[s]; i < dfa->first[s + 1]; i++)
			head[1 + dfa->exceptions[i].class] = (struct bailiff_cell){
				.check = p->place[s], .next = p->place[dfa->exceptions[i].target]};
	}
	for (uint32_t i = 0; i < dfa->n_starts; i++) {
		uint32_t start = table->starts[i] = p->place[dfa->starts[i]];

		/* State 0 leads to itself by its default. */
		if (start)
			table->cells[start + 1] =
				(struct bailiff_cell){.check = start, .next = start};
	}
}

static int packer_allocate(struct packer *p)
{
	p->order = calloc(p->dfa->n_states, sizeof(*p->order));
	p->place = calloc(p->dfa->n_states, sizeof(*p->place));
	p->is_start = calloc(p->dfa->n_states, sizeof(*p->is_start));
	if (!p->order || !p->place || !p->is_start)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->dfa->n_starts; i++)
		p->is_start[p->dfa->starts[i]] = true;
	return words_reserve(p, 8);
}

int automaton_pack(const struct automaton *automaton, size_t n_before,
		   struct automaton_table *ret_table)
{
	__attribute__((cleanup(packer_release))) struct packer p = {.dfa = automaton};
	uint32_t n = automaton->n_states;
	struct automaton_table table;
	int r;

	r = packer_allocate(&p);
	if (r < 0)
		return r;
	row_take(&p, 0, 0);
	order_fill(&p);
	for (uint32_t i = 0; i + 1 < n; i++) {
		r = row_place(&p, p.order[i]);
		if (r < 0)
			return r;
	}
	/* A lookup reads one cell beyond the head for each class, taken or not. */
	table.n_cells = p.n_cells + automaton->n_classes;
	table.memory = calloc(n_before + table.n_cells, sizeof(*table.memory));
	table.starts = calloc(automaton->n_starts, sizeof(*table.starts));
	if (!table.memory || !table.starts) {
		free(table.memory);
		free(table.starts);
		return -ENOMEM;
	}
	table.cells = table.memory + n_before;
	cells_fill(&p, &table);
	*ret_table = table;
	return 0;
}
