// SPDX-License-Identifier: Apache-2.0
#include "policy/unused_fate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/compiler.h"

/*
 * By the accept sets of the compiler, each of which is the rules that match some path. To take a
 * rule away that decides nowhere changes an answer where what it alone overrides comes back and is
 * stricter. What overrides a rule that is overridden itself overrides what that overrides too, so
 * those that are overridden can go.
 */

#define NOBODY UINT32_MAX
#define SEVERAL (UINT32_MAX - 1)

struct work {
	struct compiler *c;
	struct fate *fates;
	uint32_t *fate_of; /* of each rule */
	uint32_t *over;	   /* scratch of each rule: the fate that overrides it, NOBODY or SEVERAL */
	int *freed; /* scratch of each fate: the strictest that it alone overrides; -1: none */
};

static void work_release(struct work *w)
{
	free(w->fate_of);
	free(w->over);
	free(w->freed);
}

static int by_place(const void *a, const void *b, void *userdata)
{
	const struct policy *policy = userdata;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	const struct policy_rule *x = &policy->rules[i - 1];
	const struct policy_rule *y = &policy->rules[k - 1];

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return i < k ? -1 : i > k;
}

/* Rules are numbered from 1, by the compiler as here. */
static int fates_number(struct fates *fates, struct work *w)
{
	const struct policy *policy = fates->policy;
	uint32_t n = (uint32_t)policy->n_rules, *order = calloc(n + 1, sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		order[i] = i + 1;
	qsort_r(order, n, sizeof(*order), by_place, (void *)policy);
	for (uint32_t i = 0; i < n; i++) {
		const struct policy_rule *rule = &policy->rules[order[i] - 1];
		const struct policy_rule *last = i ? &policy->rules[order[i - 1] - 1] : NULL;

		if (!last || last->line != rule->line || last->column != rule->column)
			fates->fates[fates->n_fates++] =
				(struct fate){.first = order[i], .is_implied = true};
		fates->fates[fates->n_fates - 1].is_implied &= rule->is_implied;
		w->fate_of[order[i]] = (uint32_t)(fates->n_fates - 1);
	}
	free(order);
	return 0;
}

static int work_allocate(struct fates *fates, struct work *w)
{
	size_t n = w->c->n_rules + MARKS;

	fates->fates = calloc(fates->policy->n_rules + 1, sizeof(*fates->fates));
	w->fate_of = calloc(n, sizeof(*w->fate_of));
	w->over = calloc(n, sizeof(*w->over));
	w->freed = calloc(n, sizeof(*w->freed));
	if (!fates->fates || !w->fate_of || !w->over || !w->freed)
		return -ENOMEM;
	w->fates = fates->fates;
	return fates_number(fates, w);
}

static enum bailiff_verdict verdict_of(const struct work *w, uint32_t rule)
{
	return w->c->sources[rule]->verdict;
}

/* What overrides each rule of the set for a verb. */
static void overriders_find(struct work *w, const uint32_t *set, size_t n_set, unsigned verb)
{
	const struct compiler *c = w->c;

	for (size_t i = 0; i < n_set; i++) {
		w->over[set[i]] = NOBODY;
		w->freed[w->fate_of[set[i]]] = -1;
	}
	for (size_t i = 0; i < n_set; i++) {
		size_t n;
		const uint32_t *around = interner_list(&c->containment.around, set[i], &n);

		if (!(c->verbs[set[i]] >> verb & 1))
			continue;
		for (size_t k = 0; k < n; k++) {
			uint32_t *over = &w->over[around[k]];

			*over = *over == NOBODY || *over == w->fate_of[set[i]] ? w->fate_of[set[i]]
									       : SEVERAL;
		}
	}
	for (size_t i = 0; i < n_set; i++) {
		uint32_t rule = set[i], over = w->over[rule];

		if (c->verbs[rule] >> verb & 1 && over < SEVERAL && over != w->fate_of[rule] &&
		    w->freed[over] < (int)verdict_of(w, rule))
			w->freed[over] = verdict_of(w, rule);
	}
}

/* The strictest rule of the set that nothing overrides; 0: none. */
static uint32_t strictest(const struct work *w, const uint32_t *set, size_t n_set, unsigned verb)
{
	uint32_t best = 0;

	for (size_t i = 0; i < n_set; i++)
		if (w->c->verbs[set[i]] >> verb & 1 && w->over[set[i]] == NOBODY &&
		    (!best || verdict_of(w, set[i]) > verdict_of(w, best)))
			best = set[i];
	return best;
}

/*
 * Whether what would come back changes the answer: it is stricter, or holds for other names of the
 * thing as well, as a default does not.
 */
static bool comes_back(const struct work *w, int freed, uint32_t best)
{
	if (freed <= BAILIFF_ALLOW)
		return false;
	return freed > (int)verdict_of(w, best) ||
	       (freed == (int)verdict_of(w, best) && w->c->sources[best]->is_default);
}

static void fate_note(struct fate *fate, uint32_t best)
{
	for (unsigned i = 0; i < fate->n_by && i < FATE_BY_MAX; i++)
		if (fate->by[i] == best)
			return;
	if (fate->n_by < FATE_BY_MAX)
		fate->by[fate->n_by++] = best;
}

/* What one verb of an accept set says about its rules. */
static void verb_look(struct work *w, const uint32_t *set, size_t n_set, unsigned verb)
{
	const struct policy *policy = w->c->policies[0];
	int otherwise =
		verb < BAILIFF_N_VERBS ? (int)policy->defaults[verb].verdict : BAILIFF_ALLOW;
	uint32_t best, restricting = otherwise == BAILIFF_ALLOW ? NOBODY : SEVERAL;

	overriders_find(w, set, n_set, verb);
	best = strictest(w, set, n_set, verb);
	if (!best)
		return;
	for (size_t i = 0; i < n_set; i++) {
		uint32_t of = w->fate_of[set[i]];

		if (!(w->c->verbs[set[i]] >> verb & 1) || verdict_of(w, set[i]) == BAILIFF_ALLOW)
			continue;
		restricting = restricting == NOBODY || restricting == of ? of : SEVERAL;
	}
	for (size_t i = 0; i < n_set; i++) {
		uint32_t of = w->fate_of[set[i]];
		struct fate *fate = &w->fates[of];

		if (!(w->c->verbs[set[i]] >> verb & 1))
			continue;
		fate->is_restricted |= restricting != NOBODY && restricting != of;
		if (of == w->fate_of[best])
			fate->decides = true;
		else
			fate_note(fate, best);
		if (w->over[set[i]] == NOBODY)
			fate->matters |= comes_back(w, w->freed[of], best);
	}
}

/* Restrictions that some answer names matter, also where one that is as strict is left. */
static void words_look(struct work *w, uint32_t accept)
{
	const uint32_t *words = w->c->words + (size_t)accept * BAILIFF_LABEL_WORDS;

	for (unsigned i = 0; i < BAILIFF_VERB_BELOW; i++) {
		uint32_t rule = BAILIFF_RULE(words[i]);

		if (rule && rule < w->c->n_own && verdict_of(w, rule) != BAILIFF_ALLOW)
			w->fates[w->fate_of[rule]].matters = true;
	}
}

static void accept_look(struct work *w, uint32_t accept)
{
	const struct compiler *c = w->c;
	size_t n_all, n_set;
	const uint32_t *all = interner_list(&c->automaton->accepts, accept, &n_all);
	const uint32_t *set = compiler_set(w->c, all, n_all, &n_set);
	unsigned verbs = 0;

	words_look(w, accept);
	while (n_set && set[n_set - 1] >= c->n_own)
		n_set--;
	for (size_t i = 0; i < n_set; i++)
		verbs |= c->verbs[set[i]];
	for (unsigned verb = 0; verb <= BAILIFF_VERB_ACT; verb++)
		if (verbs >> verb & 1)
			verb_look(w, set, n_set, verb);
}

int fates_find(struct fates *fates, struct diag *diag)
{
	__attribute__((cleanup(compiler_release))) struct compiler c = {
		.policies = &fates->policy,
		.n_policies = 1,
	};
	__attribute__((cleanup(work_release))) struct work w = {.c = &c};
	int r = compiler_build(&c, diag);

	if (r == 0)
		r = compiler_decide(&c);
	if (r == 0)
		r = work_allocate(fates, &w);
	for (uint32_t accept = 0; r == 0 && accept < c.automaton->accepts.n_lists; accept++)
		accept_look(&w, accept);
	return r;
}

void fates_release(struct fates *fates)
{
	free(fates->fates);
}
