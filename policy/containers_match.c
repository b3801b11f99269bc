// SPDX-License-Identifier: Apache-2.0
#include "policy/containers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/automaton.h"

/* Lines of [select] over names and images: one automaton that every name goes through once. */

struct matching {
	struct automaton_pattern *patterns; /* their rule is the line */
	size_t n_patterns, n_lines;
	enum policy_select_key *key_of; /* of each line */
	struct automaton *automaton;
};

bool select_is_of_containers(enum policy_select_key key)
{
	return key == POLICY_SELECT_CONTAINER || key == POLICY_SELECT_IMAGE;
}

bool policy_selects_containers(const struct policy *policy)
{
	for (size_t i = 0; i < policy->n_selects; i++)
		if (select_is_of_containers(policy->selects[i].key))
			return true;
	return false;
}

static void matching_release(struct matching *m)
{
	free(m->patterns);
	free(m->key_of);
	automaton_free(m->automaton);
}

static int number(struct matching *m, const struct policy *const *policies, size_t n_policies)
{
	for (size_t i = 0; i < n_policies; i++)
		m->n_lines += policies[i]->n_selects;
	m->patterns = calloc(m->n_lines + 1, sizeof(*m->patterns));
	m->key_of = calloc(m->n_lines + 1, sizeof(*m->key_of));
	if (!m->patterns || !m->key_of)
		return -ENOMEM;
	for (size_t i = 0, line = 0; i < n_policies; i++) {
		for (size_t k = 0; k < policies[i]->n_selects; k++, line++) {
			const struct policy_select *select = &policies[i]->selects[k];

			m->key_of[line] = select->key;
			if (select_is_of_containers(select->key))
				m->patterns[m->n_patterns++] = (struct automaton_pattern){
					.glob = select->glob, .rule = line};
		}
	}
	return 0;
}

/* Marks the lines of a key that match one of a container's names. */
static void mark(const struct matching *m, enum policy_select_key key, const char *name,
		 struct container_matches *matches, size_t container)
{
	const struct automaton *automaton = m->automaton;
	uint32_t state = automaton->starts[0];
	const uint32_t *lines;
	size_t n;

	for (; *name; name++)
		state = automaton_next(automaton, state, (unsigned char)*name);
	lines = interner_list(&automaton->accepts, automaton->labels[state], &n);
	for (size_t i = 0; i < n; i++)
		if (m->key_of[lines[i]] == key)
			matches->of[lines[i] * matches->n_containers + container] = true;
}

int containers_match(const struct policy *const *policies, size_t n_policies,
		     const struct containers *known, struct container_matches *ret_matches,
		     size_t *ret_line)
{
	__attribute__((cleanup(matching_release))) struct matching m = {};
	struct container_matches matches = {.n_containers = known->n};
	size_t culprit = 0;
	int r = number(&m, policies, n_policies);

	if (r < 0)
		return r;
	matches.of = calloc(m.n_lines * known->n + 1, sizeof(*matches.of));
	if (!matches.of)
		return -ENOMEM;
	if (m.n_patterns > 0 && known->n > 0)
		r = automaton_build(m.patterns, m.n_patterns, 0, NULL, 0, &m.automaton, &culprit);
	if (r < 0) {
		*ret_line = m.patterns[culprit].rule;
		free(matches.of);
		return r;
	}
	for (size_t i = 0; m.automaton && i < known->n; i++) {
		const struct container *container = &known->list[i];

		mark(&m, POLICY_SELECT_CONTAINER, container->id, &matches, i);
		if (container->name)
			mark(&m, POLICY_SELECT_CONTAINER, container->name, &matches, i);
		for (size_t k = 0; k < container->n_images; k++)
			mark(&m, POLICY_SELECT_IMAGE, container->images[k], &matches, i);
	}
	*ret_matches = matches;
	return 0;
}

void container_matches_release(struct container_matches *matches)
{
	free(matches->of);
	*matches = (struct container_matches){};
}
