// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton_blame.h"

#include <errno.h>
#include <stdlib.h>

/*
 * There are many sets because the states of some pattern are in them in many combinations. So those
 * patterns are suspect of which the sets that were made last have most different parts, having none
 * of its states included. How many states a pattern has in a set says nothing: one that adds the
 * same hundred to each makes no more of them.
 */

#define SETS_MAX 4096
#define ITEMS_MAX (1u << 20)

/* What one pattern has in one set. */
struct part {
	uint64_t hash; /* of its states */
	uint32_t pattern;
};

struct blame {
	struct part *parts;
	size_t n_parts;
	uint32_t *last; /* of each pattern: one more than the set that it was found in last */
	size_t *at;	/* and the part that it has there */
};

static void blame_release(struct blame *b)
{
	free(b->parts);
	free(b->last);
	free(b->at);
}

/* From which set on they are looked at. */
static uint32_t sets_begin(const struct interner *sets, size_t *ret_n_items)
{
	uint32_t from = sets->n_lists;
	size_t n_items = 0, n;

	while (from > 0 && sets->n_lists - from < SETS_MAX) {
		interner_list(sets, from - 1, &n);
		if (n_items && n_items + n > ITEMS_MAX)
			break;
		n_items += n;
		from--;
	}
	*ret_n_items = n_items;
	return from;
}

static uint64_t hash_state(uint32_t state)
{
	uint64_t hash = (state + 1ull) * 0x9e3779b97f4a7c15ull;

	return (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9ull;
}

static void set_take_apart(struct blame *b, const struct rows *rows, uint32_t set)
{
	size_t n;
	const uint32_t *states = interner_list(&rows->sets, set, &n);

	for (size_t i = 0; i < n; i++) {
		uint32_t pattern = rows->nfa->states[states[i]].pattern;

		if (b->last[pattern] != set + 1) {
			b->last[pattern] = set + 1;
			b->at[pattern] = b->n_parts;
			b->parts[b->n_parts++] = (struct part){.pattern = pattern};
		}
		b->parts[b->at[pattern]].hash += hash_state(states[i]);
	}
}

static int compare_parts(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->pattern != y->pattern)
		return x->pattern < y->pattern ? -1 : 1;
	return (x->hash > y->hash) - (x->hash < y->hash);
}

/* Puts a pattern where it belongs among the suspects, whose @scores descend. */
static void suspect_add(struct suspects *suspects, size_t *scores, uint32_t pattern, size_t score)
{
	size_t at = suspects->n;

	while (at > 0 && scores[at - 1] < score)
		at--;
	if (at == SUSPECTS_MAX)
		return;
	if (suspects->n < SUSPECTS_MAX)
		suspects->n++;
	for (size_t i = suspects->n - 1; i > at; i--) {
		suspects->patterns[i] = suspects->patterns[i - 1];
		scores[i] = scores[i - 1];
	}
	suspects->patterns[at] = pattern;
	scores[at] = score;
}

/* Those with most different parts, of @n_sets sets. */
static void parts_count(struct blame *b, size_t n_sets, struct suspects *suspects)
{
	size_t scores[SUSPECTS_MAX] = {0};

	qsort(b->parts, b->n_parts, sizeof(*b->parts), compare_parts);
	for (size_t i = 0, end; i < b->n_parts; i = end) {
		size_t n = 1;

		for (end = i + 1; end < b->n_parts && b->parts[end].pattern == b->parts[i].pattern;
		     end++)
			n += b->parts[end].hash != b->parts[end - 1].hash;
		suspect_add(suspects, scores, b->parts[i].pattern, n + (end - i < n_sets));
	}
}

int suspects_find(const struct rows *rows, size_t n_patterns, struct suspects *ret_suspects)
{
	__attribute__((cleanup(blame_release))) struct blame b = {0};
	size_t n_items;
	uint32_t from = sets_begin(&rows->sets, &n_items);

	*ret_suspects = (struct suspects){0};
	b.parts = calloc(n_items + 1, sizeof(*b.parts));
	b.last = calloc(n_patterns + 1, sizeof(*b.last));
	b.at = calloc(n_patterns + 1, sizeof(*b.at));
	if (!b.parts || !b.last || !b.at)
		return -ENOMEM;
	for (uint32_t set = from; set < rows->sets.n_lists; set++)
		set_take_apart(&b, rows, set);
	parts_count(&b, rows->sets.n_lists - from, ret_suspects);
	if (ret_suspects->n == 0)
		ret_suspects->n = 1;
	return 0;
}

int suspects_find_longest(const struct nfa *nfa, size_t n_patterns, struct suspects *ret_suspects)
{
	uint32_t *n_states = calloc(n_patterns + 1, sizeof(*n_states));

	*ret_suspects = (struct suspects){.n = 1};
	if (!n_states)
		return -ENOMEM;
	for (uint32_t i = 0; i < nfa->n_states; i++)
		n_states[nfa->states[i].pattern]++;
	for (uint32_t i = 0; i < n_patterns; i++)
		if (n_states[i] > n_states[ret_suspects->patterns[0]])
			ret_suspects->patterns[0] = i;
	free(n_states);
	return 0;
}
