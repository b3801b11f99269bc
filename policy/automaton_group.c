// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton_group.h"

#include <stdlib.h>

struct group_span {
	uint32_t first, n;
};

/* Splits the groups of a combination, which begin at @first, by one more set. */
static int groups_split(struct groups *gs, size_t first, const struct glob_set *set)
{
	size_t n = gs->n_all;
	int r;

	for (size_t g = first; g < n; g++) {
		struct group inside = gs->all[g], outside = gs->all[g];
		bool some_inside = false, some_outside = false;

		for (unsigned i = 0; i < 4; i++) {
			inside.classes.bits[i] &= set->bits[i];
			outside.classes.bits[i] &= ~set->bits[i];
			some_inside |= inside.classes.bits[i] != 0;
			some_outside |= outside.classes.bits[i] != 0;
		}
		if (!some_inside || !some_outside)
			continue;
		r = array_reserve(&gs->all, &gs->all_capacity, gs->n_all + 1, sizeof(*gs->all));
		if (r < 0)
			return r;
		gs->all[g] = inside;
		gs->all[gs->n_all++] = outside;
	}
	return 0;
}

static unsigned set_count(const struct glob_set *set)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 4; i++)
		n += (unsigned)__builtin_popcountll(set->bits[i]);
	return n;
}

static void groups_finish(struct groups *gs, size_t first)
{
	size_t largest = first;
	struct group group;

	for (size_t g = first; g < gs->n_all; g++) {
		unsigned class = 0;

		while (!set_has(gs->all[g].classes.bits, class))
			class ++;
		gs->all[g].some = class;
		if (set_count(&gs->all[g].classes) > set_count(&gs->all[largest].classes))
			largest = g;
	}
	group = gs->all[first];
	gs->all[first] = gs->all[largest];
	gs->all[largest] = group;
}

static int groups_make(struct groups *gs, const struct nfa *nfa, const uint32_t *numbers, size_t n,
		       struct group_span *ret_span)
{
	struct group whole = {0};
	size_t first = gs->n_all;
	int r;

	for (unsigned class = 1; class < nfa->n_classes; class ++)
		whole.classes.bits[class / 64] |= 1ull << (class % 64);
	r = array_reserve(&gs->all, &gs->all_capacity, first + 1, sizeof(*gs->all));
	if (r < 0)
		return r;
	gs->all[gs->n_all++] = whole;
	for (size_t i = 0; i < n; i++) {
		r = groups_split(gs, first, &nfa->classes[numbers[i]]);
		if (r < 0)
			return r;
	}
	groups_finish(gs, first);
	*ret_span =
		(struct group_span){.first = (uint32_t)first, .n = (uint32_t)(gs->n_all - first)};
	return 0;
}

int groups_get(struct groups *gs, const struct nfa *nfa, const uint32_t *numbers, size_t n,
	       const struct group **ret_groups, uint32_t *ret_n)
{
	uint32_t known = gs->combinations.n_lists, id;
	int r;

	r = interner_add(&gs->combinations, numbers, n, &id);
	if (r == 0)
		r = array_reserve(&gs->spans, &gs->spans_capacity, id + 1u, sizeof(*gs->spans));
	if (r == 0 && id == known)
		r = groups_make(gs, nfa, numbers, n, &gs->spans[id]);
	if (r < 0)
		return r;
	*ret_groups = gs->all + gs->spans[id].first;
	*ret_n = gs->spans[id].n;
	return 0;
}

void groups_release(struct groups *gs)
{
	interner_release(&gs->combinations);
	free(gs->all);
	free(gs->spans);
}
