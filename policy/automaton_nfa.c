// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton_nfa.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A state stands for a beginning of a pattern, that is for the path from the root to it. Two
 * patterns that begin alike walk through the same states, so 10,000 exact paths are a trie.
 *
 * The states that parts end in are a frontier, from each of which the next part goes on. Where
 * braces end in several they are joined into one, or what comes next would be there several times
 * and the subset construction would have to tell which of them are reached. The join of the same
 * states is made once: patterns that begin alike share it too.
 *
 * "/" "**" "/" is also a single "/". A state that a literal '/' leads to is its own ->slash; the
 * loop of a "**" that begins there has it as ->slash; and where a literal '/' leads on from such
 * a loop, an edge by nothing leads there from the loop's ->slash too. Else ->slash is NFA_NONE.
 *
 * A repetition is a hub: an edge by nothing leads to it from where it begins, and from where its
 * parts end if they begin at it. Repetitions of the same that begin at the same state share it, or
 * as many of them would be gone through at once as there are patterns. What is the same is told by
 * the states that the parts lead to from the state ->trial, which nothing leads to: a state stands
 * for what leads there, so parts that lead to the same states say the same.
 */

#define FRONTIER_MAX 64

struct frontier {
	uint32_t states[FRONTIER_MAX];
	unsigned n;
};

/* Where a pattern is being added. */
struct builder {
	struct nfa *nfa;
	uint32_t pattern;
};

static int state_new(struct builder *b, uint32_t symbol, uint32_t *ret_state)
{
	struct nfa *nfa = b->nfa;
	int r;

	if (nfa->n_states == NFA_STATES_MAX)
		return -E2BIG;
	r = array_reserve(&nfa->states, &nfa->states_capacity, nfa->n_states + 1u,
			  sizeof(*nfa->states));
	if (r < 0)
		return r;
	nfa->states[nfa->n_states] = (struct nfa_state){
		.symbol = symbol,
		.child = NFA_NONE,
		.sibling = NFA_NONE,
		.epsilon = NFA_NONE,
		.accept = NFA_NONE,
		.slash = symbol == '/' ? nfa->n_states : NFA_NONE,
		.pattern = b->pattern,
		.closed = true,
	};
	*ret_state = nfa->n_states++;
	return 0;
}

/* Puts @value in front of the list that @head begins. */
static int link_add(struct nfa *nfa, uint32_t head, uint32_t value, uint32_t *ret_head)
{
	int r = array_reserve(&nfa->links, &nfa->links_capacity, nfa->n_links + 1u,
			      sizeof(*nfa->links));

	if (r < 0)
		return r;
	nfa->links[nfa->n_links] = (struct nfa_link){.value = value, .next = head};
	*ret_head = nfa->n_links++;
	return 0;
}

static int epsilon_add(struct nfa *nfa, uint32_t from, uint32_t to)
{
	nfa->states[from].closed = false;
	return link_add(nfa, nfa->states[from].epsilon, to, &nfa->states[from].epsilon);
}

static int accept_add(struct nfa *nfa, uint32_t state, uint32_t rule)
{
	uint32_t head = nfa->states[state].accept;

	/* Rules ascend: the same rule can only be the last one added. */
	if (head != NFA_NONE && nfa->links[head].value == rule)
		return 0;
	return link_add(nfa, head, rule, &nfa->states[state].accept);
}

/* The child by @symbol, which is made if it is not there. */
static int child_get(struct builder *b, uint32_t parent, uint32_t symbol, uint32_t *ret_child)
{
	struct nfa *nfa = b->nfa;
	uint32_t child, slash;
	int r;

	for (child = nfa->states[parent].child; child != NFA_NONE;
	     child = nfa->states[child].sibling)
		if (nfa->states[child].symbol == symbol) {
			*ret_child = child;
			return 0;
		}
	r = state_new(b, symbol, &child);
	if (r < 0)
		return r;
	if (symbol < 256)
		nfa->bytes[symbol / 64] |= 1ull << (symbol % 64);
	nfa->states[child].sibling = nfa->states[parent].child;
	nfa->states[parent].child = child;
	if ((symbol & NFA_KIND) == NFA_LOOP)
		nfa->states[parent].closed = false;
	slash = nfa->states[parent].slash;
	if (symbol == '/' && nfa_kind(&nfa->states[parent]) == NFA_LOOP && slash != NFA_NONE) {
		r = epsilon_add(nfa, slash, child);
		if (r < 0)
			return r;
	}
	*ret_child = child;
	return 0;
}

static int set_number(struct nfa *nfa, const struct glob_set *set, uint32_t *ret_number)
{
	uint32_t words[8];

	memcpy(words, set->bits, sizeof(words));
	return interner_add(&nfa->sets, words, 8, ret_number);
}

static bool set_is_all(const struct glob_set *set)
{
	return !(~set->bits[0] & ~1ull) && !~set->bits[1] && !~set->bits[2] && !~set->bits[3];
}

static int loop_get(struct builder *b, uint32_t parent, const struct glob_set *set,
		    uint32_t *ret_loop)
{
	struct nfa *nfa = b->nfa;
	uint32_t number, loop;
	int r;

	r = set_number(nfa, set, &number);
	if (r < 0)
		return r;
	/* "**" "**" is "**". */
	if (nfa->states[parent].symbol == (NFA_LOOP | number)) {
		*ret_loop = parent;
		return 0;
	}
	r = child_get(b, parent, NFA_LOOP | number, &loop);
	if (r < 0)
		return r;
	if (set_is_all(set) && nfa_kind(&nfa->states[parent]) != NFA_LOOP)
		nfa->states[loop].slash = nfa->states[parent].slash;
	*ret_loop = loop;
	return 0;
}

/* Kinds of states that are not joined with each other, for what a '/' means next. */
enum join_kind {
	JOIN_SLASHES, /* a literal '/' leads here */
	JOIN_LOOPS,   /* a "**" after a literal '/' */
	JOIN_OTHERS,
	JOIN_KINDS,
};

static enum join_kind join_kind(const struct nfa *nfa, uint32_t state)
{
	if (nfa->states[state].slash == NFA_NONE)
		return JOIN_OTHERS;
	return nfa_kind(&nfa->states[state]) == NFA_LOOP ? JOIN_LOOPS : JOIN_SLASHES;
}

static void sort_states(uint32_t *states, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		uint32_t state = states[i];
		unsigned at = i;

		for (; at > 0 && states[at - 1] > state; at--)
			states[at] = states[at - 1];
		states[at] = state;
	}
}

static int join_new(struct builder *b, const uint32_t *states, unsigned n, uint32_t symbol,
		    uint32_t *ret_join)
{
	int r = state_new(b, symbol, ret_join);

	for (unsigned i = 0; r == 0 && i < n; i++)
		r = epsilon_add(b->nfa, states[i], *ret_join);
	return r;
}

/* One state for @n of one kind; sorts them. */
static int join(struct builder *b, uint32_t *states, unsigned n, enum join_kind kind,
		uint32_t *ret_join)
{
	struct nfa *nfa = b->nfa;
	uint32_t known = nfa->joins.n_lists, id, origins[FRONTIER_MAX], origin = NFA_NONE;
	uint32_t symbol = NFA_JOIN;
	int r;

	*ret_join = states[0];
	if (n == 1)
		return 0;
	if (kind == JOIN_LOOPS) {
		symbol = nfa->states[states[0]].symbol;
		for (unsigned i = 0; i < n; i++)
			origins[i] = nfa->states[states[i]].slash;
		r = join(b, origins, n, JOIN_SLASHES, &origin);
		if (r < 0)
			return r;
		known = nfa->joins.n_lists;
	}
	sort_states(states, n);
	r = interner_add(&nfa->joins, states, n, &id);
	if (r == 0)
		r = array_reserve(&nfa->join_states, &nfa->join_states_capacity, id + 1u,
				  sizeof(*nfa->join_states));
	if (r == 0 && id == known) {
		r = join_new(b, states, n, symbol, &nfa->join_states[id]);
		if (r == 0 && kind != JOIN_OTHERS)
			nfa->states[nfa->join_states[id]].slash =
				kind == JOIN_LOOPS ? origin : nfa->join_states[id];
	}
	if (r == 0)
		*ret_join = nfa->join_states[id];
	return r;
}

/* Joins a frontier into at most one state of each kind. */
static int frontier_join(struct builder *b, struct frontier *f)
{
	uint32_t states[JOIN_KINDS][FRONTIER_MAX];
	unsigned n[JOIN_KINDS] = {0};

	if (f->n <= 1)
		return 0;
	for (unsigned i = 0; i < f->n; i++) {
		enum join_kind kind = join_kind(b->nfa, f->states[i]);

		states[kind][n[kind]++] = f->states[i];
	}
	f->n = 0;
	for (unsigned kind = 0; kind < JOIN_KINDS; kind++) {
		int r = n[kind] ? join(b, states[kind], n[kind], kind, &f->states[f->n]) : 0;

		if (r < 0)
			return r;
		f->n += n[kind] > 0;
	}
	return 0;
}

static int frontier_add(struct builder *b, struct frontier *f, uint32_t state)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->states[i] == state)
			return 0;
	if (f->n == FRONTIER_MAX) {
		int r = frontier_join(b, f);

		if (r < 0)
			return r;
	}
	f->states[f->n++] = state;
	return 0;
}

static int walk(struct builder *b, const struct glob *glob, const struct frontier *in,
		struct frontier *out);

static int walk_text(struct builder *b, const struct glob *glob, uint32_t *state)
{
	for (size_t i = 0; i < glob->n_bytes; i++) {
		int r = child_get(b, *state, (unsigned char)glob->bytes[i], state);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Text, a set, a loop: each state of the frontier goes on to one. */
static int walk_simple(struct builder *b, const struct glob *glob, const struct frontier *in,
		       struct frontier *out)
{
	static const struct glob_set all = {{~1ull, ~0ull, ~0ull, ~0ull}};

	for (unsigned i = 0; i < in->n; i++) {
		uint32_t state = in->states[i], number;
		int r = 0;

		if (glob->kind == GLOB_TEXT) {
			r = walk_text(b, glob, &state);
		} else if (glob->kind == GLOB_ANY) {
			r = loop_get(b, state, &glob->set, &state);
		} else if (glob->kind == GLOB_ONE) {
			r = set_number(b->nfa, &glob->set, &number);
			if (r == 0)
				r = child_get(b, state, NFA_ONE | number, &state);
		} else if (b->nfa->states[state].slash == state) {
			r = loop_get(b, state, &all, &state);
		}
		if (r == 0)
			r = frontier_add(b, out, state);
		if (r < 0)
			return r;
	}
	return 0;
}

static int walk_either(struct builder *b, const struct glob *glob, const struct frontier *in,
		       struct frontier *out)
{
	for (size_t i = 0; i < glob->n_parts; i++) {
		struct frontier part = {.n = 0};
		int r = walk(b, glob->parts[i], in, &part);

		for (unsigned s = 0; r == 0 && s < part.n; s++)
			r = frontier_add(b, out, part.states[s]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int walk_sequence(struct builder *b, const struct glob *glob, const struct frontier *in,
			 struct frontier *out)
{
	struct frontier next;
	int r;

	*out = *in;
	for (size_t i = 0; i < glob->n_parts; i++) {
		next.n = 0;
		r = walk(b, glob->parts[i], out, &next);
		if (r == 0)
			r = frontier_join(b, &next);
		if (r < 0)
			return r;
		*out = next;
	}
	return 0;
}

/* The states that parts lead to from one, those of a kind joined. */
static int walk_from(struct builder *b, const struct glob *glob, uint32_t from,
		     struct frontier *out)
{
	struct frontier in = {.states = {from}, .n = 1};

	return walk_sequence(b, glob, &in, out);
}

static int hub_new(struct builder *b, const struct glob *glob, uint32_t from, uint32_t hub)
{
	struct frontier end = {.n = 0};
	int r = epsilon_add(b->nfa, from, hub);

	if (r == 0)
		r = walk_from(b, glob, hub, &end);
	for (unsigned i = 0; r == 0 && i < end.n; i++)
		if (end.states[i] != hub)
			r = epsilon_add(b->nfa, end.states[i], hub);
	return r;
}

/* The hub of a repetition that begins at a state; it is made if it is not there. */
static int hub_get(struct builder *b, const struct glob *glob, uint32_t from, uint32_t *ret_hub)
{
	struct nfa *nfa = b->nfa;
	struct frontier end = {.n = 0};
	/* No list of joined states begins like this. */
	uint32_t key[2 + FRONTIER_MAX] = {NFA_NONE, from}, known, id;
	int r = nfa->trial ? 0 : state_new(b, NFA_JOIN, &nfa->trial);

	if (r == 0)
		r = walk_from(b, glob, nfa->trial, &end);
	if (r < 0)
		return r;
	memcpy(key + 2, end.states, end.n * sizeof(*key));
	known = nfa->joins.n_lists;
	r = interner_add(&nfa->joins, key, 2 + end.n, &id);
	if (r == 0)
		r = array_reserve(&nfa->join_states, &nfa->join_states_capacity, id + 1u,
				  sizeof(*nfa->join_states));
	if (r == 0 && id == known)
		r = state_new(b, NFA_JOIN, &nfa->join_states[id]);
	if (r < 0)
		return r;
	*ret_hub = nfa->join_states[id];
	return id == known ? hub_new(b, glob, from, *ret_hub) : 0;
}

static int walk_repeat(struct builder *b, const struct glob *glob, const struct frontier *in,
		       struct frontier *out)
{
	for (unsigned i = 0; i < in->n; i++) {
		uint32_t hub = 0;
		int r = hub_get(b, glob, in->states[i], &hub);

		if (r == 0)
			r = frontier_add(b, out, hub);
		if (r < 0)
			return r;
	}
	return 0;
}

/* From the states @in along the pattern; where it ends goes to @out, which is empty before. */
static int walk(struct builder *b, const struct glob *glob, const struct frontier *in,
		struct frontier *out)
{
	switch (glob->kind) {
	case GLOB_EITHER:
		return walk_either(b, glob, in, out);
	case GLOB_SEQUENCE:
		return walk_sequence(b, glob, in, out);
	case GLOB_REPEAT:
		return walk_repeat(b, glob, in, out);
	case GLOB_TEXT:
	case GLOB_ONE:
	case GLOB_ANY:
	case GLOB_OPEN:
		break;
	}
	return walk_simple(b, glob, in, out);
}

int nfa_add(struct nfa *nfa, const struct automaton_pattern *pattern, uint32_t index)
{
	struct builder b = {.nfa = nfa, .pattern = index};
	struct frontier in = {.n = 1}, out = {.n = 0};
	uint32_t *root = &nfa->roots[pattern->root], first;
	int r = 0;

	if (nfa->n_states == 0)
		r = state_new(&b, NFA_JOIN, &first);
	if (r == 0 && pattern->root && !*root)
		r = state_new(&b, NFA_JOIN, root);
	in.states[0] = *root;
	if (r == 0)
		r = walk(&b, pattern->glob, &in, &out);
	for (unsigned i = 0; r == 0 && i < out.n; i++)
		r = accept_add(nfa, out.states[i], pattern->rule);
	return r;
}

void nfa_name_bytes(struct nfa *nfa, const char *bytes)
{
	for (; *bytes; bytes++)
		nfa->bytes[(unsigned char)*bytes / 64] |= 1ull << ((unsigned char)*bytes % 64);
}

/* Splits each class in two by one set of bytes: those in it get a new class unless all are. */
static void classes_split(struct nfa *nfa, const uint64_t bits[4])
{
	uint16_t size[256] = {0}, inside[256] = {0};
	int renamed[256];

	for (unsigned byte = 1; byte < 256; byte++) {
		size[nfa->class_of[byte]]++;
		inside[nfa->class_of[byte]] += set_has(bits, byte);
	}
	memset(renamed, -1, sizeof(renamed));
	for (unsigned byte = 1; byte < 256; byte++) {
		unsigned class = nfa->class_of[byte];

		if (!set_has(bits, byte) || inside[class] == size[class])
			continue;
		if (renamed[class] < 0)
			renamed[class] = (int)nfa->n_classes++;
		nfa->class_of[byte] = (uint8_t)renamed[class];
	}
}

/* Numbers the classes in the order of their first bytes: neighbours in text stay neighbours. */
static void classes_sort(struct nfa *nfa)
{
	int renamed[256];
	unsigned n = 0;

	memset(renamed, -1, sizeof(renamed));
	for (unsigned byte = 0; byte < 256; byte++) {
		unsigned class = nfa->class_of[byte];

		if (renamed[class] < 0)
			renamed[class] = (int)n++;
		nfa->class_of[byte] = (uint8_t)renamed[class];
	}
}

int nfa_classes(struct nfa *nfa)
{
	memset(nfa->class_of, 1, sizeof(nfa->class_of));
	nfa->class_of[0] = 0;
	nfa->n_classes = 2;
	for (unsigned byte = 1; byte < 256; byte++) {
		uint64_t bits[4] = {0};

		bits[byte / 64] = 1ull << (byte % 64);
		if (set_has(nfa->bytes, byte))
			classes_split(nfa, bits);
	}
	for (uint32_t i = 0; i < nfa->sets.n_lists; i++) {
		struct glob_set set;
		size_t n;

		memcpy(set.bits, interner_list(&nfa->sets, i, &n), sizeof(set.bits));
		classes_split(nfa, set.bits);
	}
	classes_sort(nfa);

	nfa->classes = calloc(nfa->sets.n_lists + 1u, sizeof(*nfa->classes));
	if (!nfa->classes)
		return -ENOMEM;
	for (uint32_t i = 0; i < nfa->sets.n_lists; i++) {
		struct glob_set set;
		size_t n;

		memcpy(set.bits, interner_list(&nfa->sets, i, &n), sizeof(set.bits));
		for (unsigned byte = 1; byte < 256; byte++)
			if (set_has(set.bits, byte))
				nfa->classes[i].bits[nfa->class_of[byte] / 64] |=
					1ull << (nfa->class_of[byte] % 64);
	}
	return 0;
}

void nfa_release(struct nfa *nfa)
{
	free(nfa->states);
	free(nfa->links);
	free(nfa->classes);
	interner_release(&nfa->sets);
	interner_release(&nfa->joins);
	free(nfa->join_states);
	*nfa = (struct nfa){0};
}
