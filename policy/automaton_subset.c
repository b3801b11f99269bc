// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "policy/automaton_alias.h"
#include "policy/automaton_blame.h"
#include "policy/automaton_row.h"

/*
 * The subset construction. A state is a set of states of the nfa and a position in the trie of the
 * aliases. A position other than ALIAS_DEAD tells the path itself, so each has one state at most.
 * Where a spelling of an alias ends, what its group's other spelling leads to counts as well: the
 * union of both sets accepts there, and goes on from there by '/'.
 */

/* Some 24 MB of states, and 128 MB of rows. */
#define STATES_MAX (1u << 20)
#define EXCEPTIONS_MAX (1u << 24)

/* Steps to find out which pattern is too large by itself: half of what it took to find that one is.
 */
#define WORK_ALONE_MAX (1ull << 25)

struct subset_state {
	uint32_t set;
	uint16_t start; /* in the aliases: from which start */
	uint8_t position;
};

struct subset {
	struct rows rows;
	struct automaton *dfa;
	size_t exceptions_capacity;
	struct subset_state *states;
	size_t states_capacity; /* also of the automaton's arrays */
	uint32_t n_done;	/* states whose rows are there */
	uint32_t *state_of_set;
	size_t state_of_set_capacity;
	uint32_t n_state_of_set;
	struct interner marks; /* accepting states of the nfa, in a set */
	uint32_t *accept_of_marks;
	size_t accept_of_marks_capacity;
	struct alias_trie aliases;
	uint32_t *unions; /* of each start and group: the set of all its spellings */
	uint32_t *scratch;
	size_t scratch_capacity;
};

/* There are seldom fewer states than the nfa has: room for these is not in vain. */
static size_t states_expected(const struct subset *s)
{
	uint32_t n = s->rows.nfa->n_states;

	return n < STATES_MAX ? n + 1u : STATES_MAX;
}

/* Room for one more state, with its row and its accept set. */
static int states_reserve(struct subset *s)
{
	struct automaton *dfa = s->dfa;
	/* One more: where the last row ends. */
	size_t n = dfa->n_states + 2u, defaults, first, labels;
	int r;

	if (n <= s->states_capacity)
		return 0;
	if (n < states_expected(s))
		n = states_expected(s);
	defaults = first = labels = s->states_capacity;
	r = array_grow(&dfa->defaults, &defaults, n, sizeof(*dfa->defaults));
	if (r == 0)
		r = array_grow(&dfa->first, &first, n, sizeof(*dfa->first));
	if (r == 0)
		r = array_grow(&dfa->labels, &labels, n, sizeof(*dfa->labels));
	if (r == 0)
		r = array_grow(&s->states, &s->states_capacity, n, sizeof(*s->states));
	return r;
}

static int subset_state_new(struct subset *s, uint32_t set, uint8_t position, uint16_t start,
			    uint32_t *ret_state)
{
	uint32_t n = s->dfa->n_states;
	int r;

	if (n == STATES_MAX)
		return -E2BIG;
	r = states_reserve(s);
	if (r < 0)
		return r;
	s->states[n] = (struct subset_state){.set = set, .start = start, .position = position};
	s->dfa->n_states++;
	*ret_state = n;
	return 0;
}

/* The state of a set off the aliases. */
static int subset_state_get(struct subset *s, uint32_t set, uint32_t *ret_state)
{
	int r;

	if (set >= s->n_state_of_set) {
		uint32_t n = s->rows.sets.n_lists;

		r = array_reserve(&s->state_of_set, &s->state_of_set_capacity, n,
				  sizeof(*s->state_of_set));
		if (r < 0)
			return r;
		while (s->n_state_of_set < n)
			s->state_of_set[s->n_state_of_set++] = NFA_NONE;
	}
	if (s->state_of_set[set] == NFA_NONE) {
		r = subset_state_new(s, set, ALIAS_DEAD, 0, &s->state_of_set[set]);
		if (r < 0)
			return r;
	}
	*ret_state = s->state_of_set[set];
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static int scratch_add(struct subset *s, size_t n, uint32_t value)
{
	int r = array_reserve(&s->scratch, &s->scratch_capacity, n + 1, sizeof(*s->scratch));

	if (r == 0)
		s->scratch[n] = value;
	return r;
}

/* The accept set of a list of accepting states of the nfa. */
static int marks_accept(struct subset *s, const uint32_t *marks, size_t n_marks,
			uint32_t *ret_accept)
{
	const struct nfa *nfa = s->rows.nfa;
	size_t n = 0, n_once = 0;
	int r;

	for (size_t i = 0; i < n_marks; i++) {
		uint32_t link = nfa->states[marks[i]].accept;

		for (; link != NFA_NONE; link = nfa->links[link].next) {
			r = scratch_add(s, n++, nfa->links[link].value);
			if (r < 0)
				return r;
		}
	}
	s->rows.work += n;
	if (n)
		qsort(s->scratch, n, sizeof(*s->scratch), compare_numbers);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || s->scratch[i] != s->scratch[i - 1])
			s->scratch[n_once++] = s->scratch[i];
	return interner_add(&s->dfa->accepts, s->scratch, n_once, ret_accept);
}

/*
 * The accept set of a set. Which states of the nfa accept is found first, so that rules are put
 * together once for each combination of them and not for each set.
 */
static int set_accept(struct subset *s, uint32_t set, uint32_t *ret_accept)
{
	const struct nfa *nfa = s->rows.nfa;
	size_t n_set, n = 0;
	const uint32_t *states = interner_list(&s->rows.sets, set, &n_set);
	uint32_t id, known = s->marks.n_lists;
	int r;

	*ret_accept = 0;
	for (size_t i = 0; i < n_set; i++) {
		if (nfa->states[states[i]].accept == NFA_NONE)
			continue;
		r = scratch_add(s, n++, states[i]);
		if (r < 0)
			return r;
	}
	if (n == 0)
		return 0;
	r = interner_add(&s->marks, s->scratch, n, &id);
	if (r < 0)
		return r;
	r = array_reserve(&s->accept_of_marks, &s->accept_of_marks_capacity, id + 1u,
			  sizeof(*s->accept_of_marks));
	if (r < 0)
		return r;
	if (id == known) {
		size_t n_marks;
		const uint32_t *marks = interner_list(&s->marks, id, &n_marks);

		r = marks_accept(s, marks, n_marks, &s->accept_of_marks[id]);
		if (r < 0)
			return r;
	}
	*ret_accept = s->accept_of_marks[id];
	return 0;
}

/* Appends the row that rows->row holds, by sets, as the row of the next state. */
static int row_append(struct subset *s, uint32_t *of_class)
{
	struct automaton *dfa = s->dfa;
	const struct row *row = &s->rows.row;
	uint32_t n = dfa->first[s->n_done], fallback = 0, target;
	int r;

	if (n + AUTOMATON_CLASSES_MAX > EXCEPTIONS_MAX)
		return -E2BIG;
	r = array_reserve(&dfa->exceptions, &s->exceptions_capacity, n + AUTOMATON_CLASSES_MAX,
			  sizeof(*dfa->exceptions));
	if (r == 0)
		r = subset_state_get(s, row->fallback, &fallback);
	/* The states may have moved meanwhile. */
	dfa->defaults[s->n_done] = fallback;
	for (unsigned i = 0; r == 0 && i < row->n; i++) {
		/* Where an alias leads on, the set's own state is not what this row leads to. */
		if (of_class && of_class[row->entries[i].class] != NFA_NONE)
			continue;
		r = subset_state_get(s, row->entries[i].set, &target);
		if (r == 0 && target != fallback)
			dfa->exceptions[n++] = (struct automaton_exception){
				.class = row->entries[i].class, .target = target};
	}
	if (r == 0)
		dfa->first[s->n_done + 1] = n;
	return r;
}

static int compare_exceptions(const void *a, const void *b)
{
	const struct automaton_exception *x = a, *y = b;

	return (x->class > y->class) - (x->class < y->class);
}

/* The set that all spellings of the group lead to whose spelling a state ends. */
static uint32_t state_union(const struct subset *s, uint32_t state)
{
	const struct subset_state *of = &s->states[state];

	return s->unions[of->start * n_alias_groups + s->aliases.nodes[of->position].group];
}

/* The row of a state at a position in the aliases. */
static int alias_row_append(struct subset *s, uint8_t position)
{
	const struct alias_node *node = &s->aliases.nodes[position];
	struct automaton *dfa = s->dfa;
	uint32_t of_class[AUTOMATON_CLASSES_MAX], first = dfa->first[s->n_done], n;
	const uint8_t *class_of = s->rows.nfa->class_of;
	int r = 0;

	memset(of_class, 0xff, sizeof(of_class));
	for (uint8_t c = node->child; r == 0 && c != ALIAS_DEAD; c = s->aliases.nodes[c].sibling) {
		unsigned class = class_of[(unsigned char)s->aliases.nodes[c].byte];

		r = subset_state_new(s, row_target(&s->rows.row, class), c,
				     s->states[s->n_done].start, &of_class[class]);
	}
	if (r == 0 && node->group != ALIAS_NONE) {
		struct row row = s->rows.row;

		r = rows_compute(&s->rows, state_union(s, s->n_done));
		if (r == 0)
			r = subset_state_get(s, row_target(&s->rows.row, class_of['/']),
					     &of_class[class_of['/']]);
		s->rows.row = row;
	}
	if (r == 0)
		r = row_append(s, of_class);
	if (r < 0)
		return r;
	n = dfa->first[s->n_done + 1];
	for (unsigned class = 1; class < s->rows.nfa->n_classes; class ++)
		if (of_class[class] != NFA_NONE && of_class[class] != dfa->defaults[s->n_done])
			dfa->exceptions[n++] = (struct automaton_exception){
				.class = class, .target = of_class[class]};
	qsort(dfa->exceptions + first, n - first, sizeof(*dfa->exceptions), compare_exceptions);
	dfa->first[s->n_done + 1] = n;
	return 0;
}

static int state_finish(struct subset *s)
{
	struct automaton *dfa = s->dfa;
	uint32_t n = s->n_done, set = s->states[n].set, accept = 0;
	uint8_t position = s->states[n].position, group = s->aliases.nodes[position].group;
	int r;

	if (n == 0)
		dfa->first[0] = 0;
	r = rows_compute(&s->rows, set);
	if (r == 0)
		r = position == ALIAS_DEAD ? row_append(s, NULL) : alias_row_append(s, position);
	if (r == 0)
		r = set_accept(s, group == ALIAS_NONE ? set : state_union(s, n), &accept);
	dfa->labels[n] = accept;
	s->n_done++;
	return r;
}

/* The set that the spellings of a group lead to together, from the set @start. */
static int union_compute(struct subset *s, uint32_t start, unsigned group, uint32_t *ret_union)
{
	const uint8_t *class_of = s->rows.nfa->class_of;
	uint32_t sets[ALIAS_GROUP_SIZE];
	int r;

	for (unsigned i = 0; i < ALIAS_GROUP_SIZE; i++) {
		sets[i] = start;
		for (const char *c = alias_groups[group][i]; *c; c++) {
			r = rows_compute(&s->rows, sets[i]);
			if (r < 0)
				return r;
			sets[i] = row_target(&s->rows.row, class_of[(unsigned char)*c]);
		}
	}
	return rows_union(&s->rows, sets, ALIAS_GROUP_SIZE, ret_union);
}

/* Makes the state that paths begin in from one of the starts. */
static int subset_start(struct subset *s, uint16_t start, uint64_t roots, bool aliases)
{
	uint32_t set;
	int r = rows_start(&s->rows, roots, &set);

	for (unsigned group = 0; r == 0 && aliases && group < n_alias_groups; group++)
		r = union_compute(s, set, group, &s->unions[start * n_alias_groups + group]);
	if (r < 0)
		return r;
	return aliases ? subset_state_new(s, set, ALIAS_ROOT, start, &s->dfa->starts[start])
		       : subset_state_get(s, set, &s->dfa->starts[start]);
}

static int subset_run(struct subset *s, unsigned flags, const uint64_t *starts)
{
	bool aliases = flags & AUTOMATON_ALIASES;
	uint32_t n = s->dfa->n_starts, dead, empty;
	int r;

	alias_trie_init(&s->aliases);
	s->unions = calloc(n, n_alias_groups * sizeof(*s->unions));
	s->dfa->starts = calloc(n, sizeof(*s->dfa->starts));
	if (!s->unions || !s->dfa->starts)
		return -ENOMEM;
	r = rows_begin(&s->rows);
	if (r == 0)
		r = interner_reserve(&s->rows.sets, states_expected(s));
	if (r == 0)
		r = array_reserve(&s->state_of_set, &s->state_of_set_capacity, states_expected(s),
				  sizeof(*s->state_of_set));
	if (r == 0)
		r = array_reserve(&s->dfa->exceptions, &s->exceptions_capacity, states_expected(s),
				  sizeof(*s->dfa->exceptions));
	if (r == 0)
		r = interner_add(&s->dfa->accepts, NULL, 0, &empty);
	if (r == 0)
		r = subset_state_get(s, ROWS_EMPTY, &dead);
	for (uint32_t i = 0; r == 0 && i < n; i++)
		r = subset_start(s, (uint16_t)i, starts ? starts[i] : 0, aliases);
	while (r == 0 && s->n_done < s->dfa->n_states)
		r = state_finish(s);
	return r;
}

static void subset_release(struct subset *s)
{
	rows_release(&s->rows);
	interner_release(&s->marks);
	free(s->states);
	free(s->unions);
	free(s->state_of_set);
	free(s->accept_of_marks);
	free(s->scratch);
}

static int nfa_build(const struct automaton_pattern *patterns, size_t n_patterns, unsigned flags,
		     struct nfa *nfa, struct suspects *ret_suspects)
{
	for (size_t i = 0; i < n_patterns; i++) {
		int r = nfa_add(nfa, &patterns[i], (uint32_t)i);

		if (r == -E2BIG && suspects_find_longest(nfa, n_patterns, ret_suspects) < 0)
			return -ENOMEM;
		if (r < 0)
			return r;
	}
	if (flags & AUTOMATON_ALIASES)
		for (unsigned group = 0; group < n_alias_groups; group++)
			for (unsigned i = 0; i < ALIAS_GROUP_SIZE; i++)
				nfa_name_bytes(nfa, alias_groups[group][i]);
	return nfa_classes(nfa);
}

static void automaton_freep(struct automaton **automaton)
{
	automaton_free(*automaton);
}

/* Fills in all of the automaton but its order; counts the steps in *@work. */
static int states_build(const struct automaton_pattern *patterns, size_t n_patterns, unsigned flags,
			const uint64_t *starts, uint32_t n_starts, struct automaton *dfa,
			struct suspects *ret_suspects, uint64_t *work)
{
	__attribute__((cleanup(subset_release))) struct subset s = {.dfa = dfa};
	__attribute__((cleanup(nfa_release))) struct nfa nfa = {0};
	int r;

	r = nfa_build(patterns, n_patterns, flags, &nfa, ret_suspects);
	if (r < 0)
		return r;
	s.rows.nfa = &nfa;
	dfa->n_starts = starts ? n_starts : 1;
	r = subset_run(&s, flags, starts);
	*work += s.rows.work;
	if (r == -E2BIG && suspects_find(&s.rows, n_patterns, ret_suspects) < 0)
		return -ENOMEM;
	if (r < 0)
		return r;
	dfa->n_classes = nfa.n_classes;
	memcpy(dfa->class_of, nfa.class_of, sizeof(dfa->class_of));
	return 0;
}

/*
 * Of the suspects the first that is too large by itself; or the first of them, where they are so
 * together only. Returns -E2BIG, or -ENOMEM.
 */
static int suspects_try(const struct automaton_pattern *patterns, unsigned flags,
			const uint64_t *starts, uint32_t n_starts, const struct suspects *suspects,
			size_t *ret_culprit)
{
	uint64_t work = 0;

	*ret_culprit = suspects->patterns[0];
	for (size_t i = 0; i < suspects->n && work < WORK_ALONE_MAX; i++) {
		struct automaton *alone = calloc(1, sizeof(*alone));
		struct suspects none;
		int r = alone ? states_build(&patterns[suspects->patterns[i]], 1, flags, starts,
					     n_starts, alone, &none, &work)
			      : -ENOMEM;

		automaton_free(alone);
		if (r == -ENOMEM)
			return r;
		if (r == -E2BIG) {
			*ret_culprit = suspects->patterns[i];
			break;
		}
	}
	return -E2BIG;
}

int automaton_build(const struct automaton_pattern *patterns, size_t n_patterns, unsigned flags,
		    const uint64_t *starts, uint32_t n_starts, struct automaton **ret_automaton,
		    size_t *ret_culprit)
{
	__attribute__((cleanup(automaton_freep))) struct automaton *dfa = calloc(1, sizeof(*dfa));
	struct suspects suspects = {0};
	uint64_t work = 0;
	int r;

	if (!dfa)
		return -ENOMEM;
	r = states_build(patterns, n_patterns, flags, starts, n_starts, dfa, &suspects, &work);
	if (r == -E2BIG) {
		dfa = automaton_free(dfa);
		r = suspects_try(patterns, flags, starts, n_starts, &suspects, ret_culprit);
	}
	if (r == 0)
		r = automaton_order(dfa);
	if (r < 0)
		return r;
	*ret_automaton = dfa;
	dfa = NULL;
	return 0;
}

struct automaton *automaton_free(struct automaton *automaton)
{
	if (!automaton)
		return NULL;
	free(automaton->starts);
	free(automaton->defaults);
	free(automaton->first);
	free(automaton->exceptions);
	free(automaton->labels);
	free(automaton->order);
	free(automaton->component);
	interner_release(&automaton->accepts);
	free(automaton);
	return NULL;
}
