// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton_row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* 128 MB of sets; and about a second of work. */
#define SETS_MAX (1u << 25)
#define WORK_MAX (1ull << 26)

/* Entries of bases' rows: 8 MB. */
#define KEPT_MAX (1u << 20)

/* The row of a set of loops; its entries are from rows->kept[first] on. */
struct row_base {
	uint32_t fallback;
	uint32_t n; /* or BASE_UNKNOWN */
	uint32_t first;
};

#define BASE_UNKNOWN UINT32_MAX

static void set_begin(struct rows *rows)
{
	rows->n_set = 0;
	rows->seen_now++;
}

static int set_put(struct rows *rows, uint32_t state)
{
	int r;

	if (rows->seen[state] == rows->seen_now)
		return 0;
	rows->seen[state] = rows->seen_now;
	r = array_reserve(&rows->set, &rows->set_capacity, rows->n_set + 1, sizeof(*rows->set));
	if (r < 0)
		return r;
	rows->set[rows->n_set++] = state;
	return 0;
}

/* Puts a state and all that edges by nothing lead to from it. */
static int set_put_closure(struct rows *rows, uint32_t state)
{
	const struct nfa *nfa = rows->nfa;
	size_t at = rows->n_set;
	int r = set_put(rows, state);

	for (; r == 0 && at < rows->n_set; at++) {
		const struct nfa_state *s = &nfa->states[rows->set[at]];

		if (s->closed)
			continue;
		for (uint32_t c = s->child; r == 0 && c != NFA_NONE; c = nfa->states[c].sibling) {
			rows->work++;
			if (nfa_kind(&nfa->states[c]) == NFA_LOOP)
				r = set_put(rows, c);
		}
		for (uint32_t l = s->epsilon; r == 0 && l != NFA_NONE; l = nfa->links[l].next)
			r = set_put(rows, nfa->links[l].value);
	}
	return r;
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static void sort_numbers(uint32_t *numbers, size_t n)
{
	if (n > 24) {
		qsort(numbers, n, sizeof(*numbers), compare_numbers);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		uint32_t number = numbers[i];
		size_t at = i;

		for (; at > 0 && numbers[at - 1] > number; at--)
			numbers[at] = numbers[at - 1];
		numbers[at] = number;
	}
}

/* The set of one state alone. Most sets are one state of a trie: these need no search. */
static int set_single(struct rows *rows, uint32_t state, uint32_t *ret_set)
{
	uint32_t *single = &rows->single[state];
	int r = 0;

	if (*single == NFA_NONE)
		r = interner_append(&rows->sets, &state, 1, single);
	*ret_set = *single;
	return r;
}

static int set_end(struct rows *rows, uint32_t *ret_set)
{

	rows->work += rows->n_set + 1;
	if (rows->work > WORK_MAX || rows->sets.n_items + rows->n_set > SETS_MAX)
		return -E2BIG;
	if (rows->n_set == 1)
		return set_single(rows, rows->set[0], ret_set);
	sort_numbers(rows->set, rows->n_set);
	return interner_add(&rows->sets, rows->set, rows->n_set, ret_set);
}

int rows_begin(struct rows *rows)
{
	size_t n = rows->nfa->n_states;
	uint32_t empty;

	rows->single = malloc((n + 1) * sizeof(*rows->single));
	rows->seen = calloc(n + 1, sizeof(*rows->seen));
	if (!rows->single || !rows->seen)
		return -ENOMEM;
	memset(rows->single, 0xff, n * sizeof(*rows->single));
	return interner_add(&rows->sets, NULL, 0, &empty);
}

int rows_start(struct rows *rows, uint64_t roots, uint32_t *ret_set)
{
	const struct nfa *nfa = rows->nfa;
	int r = 0;

	set_begin(rows);
	if (nfa->n_states)
		r = set_put_closure(rows, 0);
	for (unsigned root = 1; r == 0 && root <= AUTOMATON_ROOTS_MAX; root++)
		if (roots >> (root - 1) & 1 && nfa->roots[root])
			r = set_put_closure(rows, nfa->roots[root]);
	return r < 0 ? r : set_end(rows, ret_set);
}

int rows_union(struct rows *rows, const uint32_t *sets, size_t n, uint32_t *ret_set)
{
	int r = 0;

	set_begin(rows);
	for (size_t i = 0; i < n; i++) {
		size_t n_states;
		const uint32_t *states = interner_list(&rows->sets, sets[i], &n_states);

		for (size_t k = 0; r == 0 && k < n_states; k++)
			r = set_put(rows, states[k]);
	}
	return r < 0 ? r : set_end(rows, ret_set);
}

static int entry_add(struct row_entry **entries, size_t *n, size_t *capacity, uint32_t class,
		     uint32_t set)
{
	int r = array_reserve(entries, capacity, *n + 1, sizeof(**entries));

	if (r == 0)
		(*entries)[(*n)++] = (struct row_entry){.class = class, .set = set};
	return r;
}

/* What leads out of one state: edges by bytes, edges by sets of bytes. */
static int gather_state(struct rows *rows, uint32_t state)
{
	const struct nfa *nfa = rows->nfa;
	const struct nfa_state *s = &nfa->states[state];
	int r = 0;

	if (nfa_kind(s) == NFA_LOOP)
		r = entry_add(&rows->edges, &rows->n_edges, &rows->edges_capacity,
			      s->symbol & NFA_SET, state);
	for (uint32_t c = s->child; r == 0 && c != NFA_NONE; c = nfa->states[c].sibling) {
		uint32_t symbol = nfa->states[c].symbol;

		rows->work++;
		if (symbol < 256)
			r = entry_add(&rows->bytes, &rows->n_bytes, &rows->bytes_capacity,
				      nfa->class_of[symbol], c);
		else if ((symbol & NFA_KIND) == NFA_ONE)
			r = entry_add(&rows->edges, &rows->n_edges, &rows->edges_capacity,
				      symbol & NFA_SET, c);
	}
	return r;
}

static int compare_classes(const void *a, const void *b)
{
	const struct row_entry *x = a, *y = b;

	return (x->class > y->class) - (x->class < y->class);
}

static void sort_entries(struct row_entry *entries, size_t n)
{
	if (n > 24) {
		qsort(entries, n, sizeof(*entries), compare_classes);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct row_entry entry = entries[i];
		size_t at = i;

		for (; at > 0 && entries[at - 1].class > entry.class; at--)
			entries[at] = entries[at - 1];
		entries[at] = entry;
	}
}

/* The groups of the sets of bytes that rows->edges, sorted by set, have. */
static int edges_groups(struct rows *rows, const struct group **ret_groups, uint32_t *ret_n)
{
	size_t n = 0;
	int r = array_reserve(&rows->numbers, &rows->numbers_capacity, rows->n_edges,
			      sizeof(*rows->numbers));

	if (r < 0)
		return r;
	for (size_t i = 0; i < rows->n_edges; i++)
		if (i == 0 || rows->edges[i].class != rows->edges[i - 1].class)
			rows->numbers[n++] = rows->edges[i].class;
	return groups_get(&rows->groups, rows->nfa, rows->numbers, n, ret_groups, ret_n);
}

/* The set that one class leads to: by its own edges, given, and by those of the sets it is in. */
static int class_target(struct rows *rows, unsigned class, const struct row_entry *bytes,
			size_t n_bytes, uint32_t *ret_set)
{
	int r = 0;

	if (n_bytes == 1 && rows->n_edges == 0 && rows->nfa->states[bytes->set].closed)
		return set_single(rows, bytes->set, ret_set);
	set_begin(rows);
	for (size_t i = 0; r == 0 && i < n_bytes; i++)
		r = set_put_closure(rows, bytes[i].set);
	for (size_t i = 0; r == 0 && i < rows->n_edges; i++)
		if (set_has(rows->nfa->classes[rows->edges[i].class].bits, class))
			r = set_put_closure(rows, rows->edges[i].set);
	rows->work += rows->n_edges;
	return r < 0 ? r : set_end(rows, ret_set);
}

/* The row's entries for the classes that edges by bytes name. */
static int row_bytes(struct rows *rows, struct glob_set *done)
{
	struct row *row = &rows->row;
	size_t i = 0, end;
	int r;

	for (; i < rows->n_bytes; i = end) {
		uint32_t class = rows->bytes[i].class;

		for (end = i + 1; end < rows->n_bytes && rows->bytes[end].class == class; end++)
			;
		row->entries[row->n].class = class;
		r = class_target(rows, class, rows->bytes + i, end - i, &row->entries[row->n].set);
		if (r < 0)
			return r;
		row->n++;
		done->bits[class / 64] |= 1ull << (class % 64);
	}
	return 0;
}

/* All other classes, where edges by sets of bytes are. */
static int row_groups(struct rows *rows, const struct glob_set *done)
{
	struct row *row = &rows->row;
	const struct group *groups;
	uint32_t n, target;
	int r;

	sort_entries(rows->edges, rows->n_edges);
	r = edges_groups(rows, &groups, &n);
	if (r == 0)
		r = class_target(rows, groups[0].some, NULL, 0, &row->fallback);
	for (uint32_t g = 1; r == 0 && g < n; g++) {
		r = class_target(rows, groups[g].some, NULL, 0, &target);
		for (unsigned i = 0; r == 0 && i < 4; i++) {
			uint64_t left = groups[g].classes.bits[i] & ~done->bits[i];

			for (; left; left &= left - 1)
				row->entries[row->n++] = (struct row_entry){
					.class = i * 64 + (unsigned)__builtin_ctzll(left),
					.set = target};
		}
	}
	if (r == 0 && n > 1)
		sort_entries(row->entries, row->n);
	return r;
}

/* The row of what rows->bytes and rows->edges say. */
static int row_gathered(struct rows *rows)
{
	struct glob_set done = {0};
	int r;

	rows->row.n = 0;
	rows->row.fallback = ROWS_EMPTY;
	sort_entries(rows->bytes, rows->n_bytes);
	r = row_bytes(rows, &done);
	if (r == 0 && rows->n_edges)
		r = row_groups(rows, &done);
	return r;
}

/*
 * The row of a set that is one state of a trie, from which bytes alone lead on. Answers false where
 * it is none.
 */
static bool row_trie(struct rows *rows, uint32_t set, int *ret)
{
	const struct nfa *nfa = rows->nfa;
	struct row *row = &rows->row;
	size_t n_states;
	const uint32_t *states = interner_list(&rows->sets, set, &n_states);

	*ret = 0;
	if (n_states != 1 || nfa_kind(&nfa->states[*states]) == NFA_LOOP)
		return false;
	row->n = 0;
	row->fallback = ROWS_EMPTY;
	for (uint32_t c = nfa->states[*states].child; c != NFA_NONE; c = nfa->states[c].sibling) {
		uint32_t symbol = nfa->states[c].symbol;

		if (symbol >= 256 || !nfa->states[c].closed)
			return false;
		row->entries[row->n++] =
			(struct row_entry){.class = nfa->class_of[symbol], .set = c};
	}
	rows->work += row->n;
	sort_entries(row->entries, row->n);
	for (unsigned i = 0; *ret == 0 && i < row->n; i++)
		*ret = set_single(rows, row->entries[i].set, &row->entries[i].set);
	return true;
}

/* The row of a set from nothing but its states. */
static int row_whole(struct rows *rows, uint32_t set)
{
	size_t n_states;
	const uint32_t *states = interner_list(&rows->sets, set, &n_states);
	int r = 0;

	rows->n_bytes = 0;
	rows->n_edges = 0;
	for (size_t i = 0; r == 0 && i < n_states; i++)
		r = gather_state(rows, states[i]);
	return r < 0 ? r : row_gathered(rows);
}

/* Splits a set: its loops to rows->set, and what leads out of the others to rows->bytes and edges.
 */
static int base_split(struct rows *rows, uint32_t set)
{
	size_t n_states;
	const uint32_t *states = interner_list(&rows->sets, set, &n_states);
	int r = 0;

	rows->n_bytes = 0;
	rows->n_edges = 0;
	set_begin(rows);
	for (size_t i = 0; r == 0 && i < n_states; i++) {
		if (nfa_kind(&rows->nfa->states[states[i]]) == NFA_LOOP)
			r = set_put(rows, states[i]);
		else
			r = gather_state(rows, states[i]);
	}
	return r;
}

/* Room to keep the row of each set. */
static int bases_reserve(struct rows *rows)
{
	int r = array_reserve(&rows->bases, &rows->bases_capacity, rows->sets.n_lists,
			      sizeof(*rows->bases));

	while (r == 0 && rows->n_bases < rows->sets.n_lists)
		rows->bases[rows->n_bases++].n = BASE_UNKNOWN;
	return r;
}

/* Computes the row of a base, and keeps it. */
static int base_keep(struct rows *rows, uint32_t base)
{
	int r = row_whole(rows, base);

	if (r == 0)
		r = array_reserve(&rows->kept, &rows->kept_capacity, rows->n_kept + rows->row.n,
				  sizeof(*rows->kept));
	if (r < 0)
		return r;
	rows->bases[base] = (struct row_base){
		.fallback = rows->row.fallback, .n = rows->row.n, .first = (uint32_t)rows->n_kept};
	for (unsigned i = 0; i < rows->row.n; i++)
		rows->kept[rows->n_kept++] = rows->row.entries[i];
	return 0;
}

/* What a class leads to from the base and, by edges of bytes, from the other states. */
static int base_target(struct rows *rows, uint32_t base_set, const struct row_entry *bytes,
		       size_t n_bytes, uint32_t *ret_set)
{
	size_t n_states;
	const uint32_t *states = interner_list(&rows->sets, base_set, &n_states);
	int r = 0;

	set_begin(rows);
	for (size_t i = 0; r == 0 && i < n_states; i++)
		r = set_put(rows, states[i]);
	for (size_t i = 0; r == 0 && i < n_bytes; i++)
		r = set_put_closure(rows, bytes[i].set);
	return r < 0 ? r : set_end(rows, ret_set);
}

/* The base's row, with what the other states' edges by bytes add to it. */
static int row_on_base(struct rows *rows, const struct row_base *base)
{
	const struct row_entry *entries = base->n ? rows->kept + base->first : NULL;
	struct row *row = &rows->row;
	size_t i = 0, b = 0, end;

	row->n = 0;
	row->fallback = base->fallback;
	sort_entries(rows->bytes, rows->n_bytes);
	for (; i < rows->n_bytes; i = end) {
		uint32_t class = rows->bytes[i].class, from = base->fallback;
		int r;

		for (end = i + 1; end < rows->n_bytes && rows->bytes[end].class == class; end++)
			;
		while (b < base->n && entries[b].class < class)
			row->entries[row->n++] = entries[b++];
		if (b < base->n && entries[b].class == class)
			from = entries[b++].set;
		row->entries[row->n].class = class;
		r = base_target(rows, from, rows->bytes + i, end - i, &row->entries[row->n].set);
		if (r < 0)
			return r;
		row->n++;
	}
	while (b < base->n)
		row->entries[row->n++] = entries[b++];
	return 0;
}

/*
 * Few combinations of loops are in many sets, each time with other states of a trie. So the row of
 * the loops alone is kept, and the rest is put on it.
 */
int rows_compute(struct rows *rows, uint32_t set)
{
	uint32_t base;
	int r;

	if (row_trie(rows, set, &r))
		return r;
	r = base_split(rows, set);
	if (r < 0)
		return r;
	if (rows->n_set == 0)
		return row_gathered(rows);
	if (rows->n_edges || rows->n_bytes == 0 || rows->n_kept > KEPT_MAX)
		return row_whole(rows, set);
	r = set_end(rows, &base);
	if (r == 0)
		r = bases_reserve(rows);
	if (r == 0 && rows->bases[base].n == BASE_UNKNOWN) {
		r = base_keep(rows, base);
		if (r == 0)
			r = base_split(rows, set);
	}
	return r < 0 ? r : row_on_base(rows, &rows->bases[base]);
}

uint32_t row_target(const struct row *row, unsigned class)
{
	for (unsigned i = 0; i < row->n; i++)
		if (row->entries[i].class == class)
			return row->entries[i].set;
	return row->fallback;
}

void rows_release(struct rows *rows)
{
	interner_release(&rows->sets);
	groups_release(&rows->groups);
	free(rows->single);
	free(rows->seen);
	free(rows->set);
	free(rows->bytes);
	free(rows->edges);
	free(rows->numbers);
	free(rows->bases);
	free(rows->kept);
}
