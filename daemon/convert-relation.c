/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/convert-internal.h"

#include <errno.h>
#include <string.h>

#include "daemon/util.h"
#include "policy/automaton.h"
#include "policy/automaton_intern.h"
#include "policy/glob.h"

enum {
	RELATION_OUTSIDE = 1 << 0, /* some path is i's and not j's */
	RELATION_BOTH = 1 << 1,	   /* some path is of both */
};

void relation_release(struct relation *relation)
{
	free(relation->bits);
	*relation = (struct relation){};
}

/* Takes one accept set: what some path matches, and nothing else. */
static void take_set(struct relation *relation, const uint32_t *set, size_t n_set, bool *in)
{
	for (size_t i = 0; i < n_set; i++)
		in[set[i]] = true;
	for (size_t i = 0; i < n_set; i++)
		for (size_t j = 0; j < relation->n; j++)
			relation->bits[set[i] * relation->n + j] |=
				in[j] ? RELATION_BOTH : RELATION_OUTSIDE;
	for (size_t i = 0; i < n_set; i++)
		in[set[i]] = false;
}

static int take_automaton(struct relation *relation, const struct automaton *automaton)
{
	_cleanup_(freep) bool *in = calloc(relation->n + 1, sizeof(*in));

	relation->bits = calloc(relation->n * relation->n + 1, 1);
	if (!in || !relation->bits)
		return -ENOMEM;
	for (uint32_t a = 0; a < automaton->accepts.n_lists; a++) {
		size_t n_set;
		const uint32_t *set = interner_list(&automaton->accepts, a, &n_set);

		take_set(relation, set, n_set, in);
	}
	return 0;
}

static int find(const char *const *texts, struct automaton_pattern *patterns, size_t n,
		struct relation *relation)
{
	struct automaton *automaton = NULL;
	size_t culprit;
	int r;

	for (size_t i = 0; i < n; i++) {
		struct glob_error error;
		struct glob *glob;

		r = glob_parse(texts[i], 0, &glob, &error);
		if (r < 0)
			return r == -ENOMEM ? r : 1;
		patterns[i] = (struct automaton_pattern){.glob = glob, .rule = (uint32_t)i};
	}
	r = automaton_build(patterns, n, AUTOMATON_ALIASES, NULL, 0, &automaton, &culprit);
	if (r == 0)
		r = take_automaton(relation, automaton);
	automaton_free(automaton);
	return r == -E2BIG ? 1 : r;
}

int relation_find(const char *const *patterns, size_t n, struct relation *relation)
{
	_cleanup_(freep) struct automaton_pattern *globs = calloc(n + 1, sizeof(*globs));
	int r;

	*relation = (struct relation){.n = n};
	if (!globs)
		return -ENOMEM;
	r = find(patterns, globs, n, relation);
	for (size_t i = 0; i < n; i++)
		glob_free((struct glob *)globs[i].glob);
	return r;
}

bool relation_inside(const struct relation *relation, size_t i, size_t j)
{
	return !(relation->bits[i * relation->n + j] & RELATION_OUTSIDE);
}

bool relation_overlaps(const struct relation *relation, size_t i, size_t j)
{
	return relation->bits[i * relation->n + j] & RELATION_BOTH;
}
