// SPDX-License-Identifier: Apache-2.0
#include "policy/compile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * around(r), the rules that r lies inside, is the intersection of all accept sets that have r. The
 * smallest set comes first, so that what is intersected is short from the beginning, and each
 * further set costs as much as what is left.
 */

/* 64 MB, and about a second. */
#define ITEMS_MAX (1u << 24)
#define STEPS_MAX (1ull << 28)

struct lists {
	uint32_t *items;
	size_t capacity, n_items;
	size_t *first;
	uint32_t *n; /* UINT32_MAX before the first accept set */
	uint32_t *mark;
	uint32_t *order; /* accept sets, smallest first */
	uint64_t steps;
};

static void lists_release(struct lists *l)
{
	free(l->items);
	free(l->first);
	free(l->n);
	free(l->mark);
	free(l->order);
}

static size_t accepts_size(const struct interner *accepts, uint32_t id)
{
	size_t n;

	interner_list(accepts, id, &n);
	return n;
}

static int order_fill(struct lists *l, const struct interner *accepts, uint32_t n_rules)
{
	uint32_t *begin = calloc((size_t)n_rules + 2, sizeof(*begin));

	if (!begin)
		return -ENOMEM;
	for (uint32_t a = 0; a < accepts->n_lists; a++)
		begin[accepts_size(accepts, a) + 1]++;
	for (uint32_t i = 0; i <= n_rules; i++)
		begin[i + 1] += begin[i];
	for (uint32_t a = 0; a < accepts->n_lists; a++)
		l->order[begin[accepts_size(accepts, a)]++] = a;
	free(begin);
	return 0;
}

static int lists_allocate(struct lists *l, const struct interner *accepts, uint32_t n_rules)
{
	l->first = calloc(n_rules + 1u, sizeof(*l->first));
	l->n = malloc((n_rules + 1u) * sizeof(*l->n));
	l->mark = malloc((n_rules + 1u) * sizeof(*l->mark));
	l->order = calloc(accepts->n_lists + 1u, sizeof(*l->order));
	if (!l->first || !l->n || !l->mark || !l->order)
		return -ENOMEM;
	if (array_reserve(&l->items, &l->capacity, 1, sizeof(*l->items)) < 0)
		return -ENOMEM;
	memset(l->n, 0xff, (n_rules + 1u) * sizeof(*l->n));
	memset(l->mark, 0xff, (n_rules + 1u) * sizeof(*l->mark));
	return order_fill(l, accepts, n_rules);
}

/* The first accept set of a rule: all its peers in it. */
static int list_begin(struct lists *l, uint32_t rule, const uint32_t *set, size_t n_set,
		      const uint32_t *group_of, const uint8_t *verbs)
{
	int r;

	if (l->n_items + n_set > ITEMS_MAX)
		return -E2BIG;
	r = array_reserve(&l->items, &l->capacity, l->n_items + n_set, sizeof(*l->items));
	if (r < 0)
		return r;
	l->first[rule] = l->n_items;
	for (size_t i = 0; i < n_set; i++)
		if (set[i] != rule && group_of[set[i]] == group_of[rule] &&
		    verbs[set[i]] & verbs[rule])
			l->items[l->n_items++] = set[i];
	l->n[rule] = (uint32_t)(l->n_items - l->first[rule]);
	l->steps += n_set;
	return 0;
}

/* Keeps of a rule's list what is in the accept set that carries @mark. */
static void list_intersect(struct lists *l, uint32_t rule, uint32_t mark)
{
	uint32_t *items = l->items + l->first[rule], n = 0;

	l->steps += l->n[rule] + 1;
	for (uint32_t i = 0; i < l->n[rule]; i++)
		if (l->mark[items[i]] == mark)
			items[n++] = items[i];
	l->n[rule] = n;
}

static int lists_fill(struct lists *l, const struct interner *accepts, const uint32_t *group_of,
		      const uint8_t *verbs, uint32_t *ret_culprit)
{
	for (uint32_t i = 0; i < accepts->n_lists; i++) {
		size_t n;
		const uint32_t *set = interner_list(accepts, l->order[i], &n);

		for (size_t k = 0; k < n; k++)
			l->mark[set[k]] = i;
		for (size_t k = 0; k < n; k++) {
			int r = 0;

			if (l->n[set[k]] == UINT32_MAX)
				r = list_begin(l, set[k], set, n, group_of, verbs);
			else
				list_intersect(l, set[k], i);
			if (r == 0 && l->steps > STEPS_MAX)
				r = -E2BIG;
			if (r < 0) {
				*ret_culprit = set[k];
				return r;
			}
		}
	}
	return 0;
}

static bool list_has(const struct lists *l, uint32_t rule, uint32_t item)
{
	const uint32_t *items = l->items + l->first[rule];
	uint32_t low = 0, high = l->n[rule];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (items[middle] < item)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->n[rule] && items[low] == item;
}

/* Drops those that lie inside the rule as well: they are its equals. */
static int containment_strict(struct containment *c, struct lists *l, uint32_t n_rules)
{
	for (uint32_t rule = 0; rule < n_rules; rule++) {
		uint32_t *items = l->items + l->first[rule], n = 0, id;
		int r;

		if (l->n[rule] == UINT32_MAX)
			l->n[rule] = 0;
		/* Lists of later rules are still whole; those of earlier ones are not, so the
		 * strict ones are written elsewhere. */
		for (uint32_t i = 0; i < l->n[rule]; i++)
			if (!list_has(l, items[i], rule))
				l->mark[n++] = items[i];
		r = interner_append(&c->around, l->mark, n, &id);
		if (r < 0)
			return r;
	}
	return 0;
}

int containment_compute(struct containment *containment, const struct interner *accepts,
			uint32_t n_rules, const uint32_t *group_of, const uint8_t *verbs,
			uint32_t *ret_culprit)
{
	__attribute__((cleanup(lists_release))) struct lists l = {0};
	int r;

	r = lists_allocate(&l, accepts, n_rules);
	if (r == 0)
		r = lists_fill(&l, accepts, group_of, verbs, ret_culprit);
	if (r == 0)
		r = containment_strict(containment, &l, n_rules);
	return r;
}

void containment_release(struct containment *containment)
{
	interner_release(&containment->around);
}
