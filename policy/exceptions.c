// SPDX-License-Identifier: Apache-2.0
#include "policy/exceptions.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "policy/automaton.h"
#include "policy/policy.h"

#define _cleanup_(f) __attribute__((cleanup(f)))

static void automaton_freep(struct automaton **automaton)
{
	automaton_free(*automaton);
}

static void pointer_freep(void *pointer)
{
	free(*(void **)pointer);
}

/*
 * Says of @n patterns which match a name: *@ret_matches is an array of as many, the caller's; NULL
 * is a pattern that matches nothing. Returns 0, -E2BIG or -ENOMEM.
 */
static int find_matches(const struct glob *const *globs, size_t n, const char *name, size_t n_name,
			bool **ret_matches)
{
	_cleanup_(pointer_freep) struct automaton_pattern *patterns =
		calloc(n + 1, sizeof(*patterns));
	_cleanup_(pointer_freep) bool *matches = calloc(n + 1, sizeof(*matches));
	_cleanup_(automaton_freep) struct automaton *automaton = NULL;
	size_t n_patterns = 0, n_set = 0, culprit;
	const uint32_t *set;
	uint32_t state;
	int r;

	if (!patterns || !matches)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (globs[i])
			patterns[n_patterns++] =
				(struct automaton_pattern){.glob = globs[i], .rule = (uint32_t)i};
	if (n_patterns) {
		r = automaton_build(patterns, n_patterns, AUTOMATON_ALIASES, NULL, 0, &automaton,
				    &culprit);
		if (r < 0)
			return r;
		state = automaton->starts[0];
		for (size_t i = 0; i < n_name; i++)
			state = automaton_next(automaton, state, (unsigned char)name[i]);
		set = interner_list(&automaton->accepts, automaton->labels[state], &n_set);
		for (size_t i = 0; i < n_set; i++)
			matches[set[i]] = true;
	}
	*ret_matches = matches;
	matches = NULL;
	return 0;
}

/* The section that a question is about. */
static enum policy_section section_of(const struct question *question)
{
	switch (question->kind) {
	case QUESTION_EXEC:
	case QUESTION_MAP:
		return POLICY_EXEC;
	case QUESTION_READ:
	case QUESTION_WRITE:
		return POLICY_FILE;
	case QUESTION_CAPABILITY:
		return POLICY_CAPABILITY;
	case QUESTION_PROCESS:
		return POLICY_PROCESS;
	default:
		return POLICY_NETWORK;
	}
}

static unsigned verb_of(const struct question *question)
{
	switch (question->kind) {
	case QUESTION_EXEC:
	case QUESTION_MAP:
		return BAILIFF_VERB_EXEC;
	case QUESTION_READ:
		return BAILIFF_VERB_READ;
	case QUESTION_WRITE:
		return BAILIFF_VERB_WRITE;
	default:
		return BAILIFF_VERB_ACT;
	}
}

/* How many bytes of a pattern, up to its first wildcard, begin what was asked. */
static size_t common(const char *pattern, const char *asked)
{
	size_t n = 0;

	while (pattern[n] && pattern[n] == asked[n] && !strchr("*?[{\\", pattern[n]))
		n++;
	return n;
}

/* Whether that much is more than what everything begins with: a folder, or a protocol. */
static bool is_near(enum policy_section section, const char *asked, size_t n)
{
	if (section == POLICY_NETWORK)
		return memchr(asked, ' ', n) != NULL;
	return n > 1 && asked[0] == '/' && memchr(asked + 1, '/', n - 1);
}

static bool is_candidate(const struct policy_rule *rule, enum policy_section section)
{
	/* what nobody wrote: see parse_network.c */
	return rule->verdict == BAILIFF_ALLOW && rule->section == section && !rule->is_default &&
	       strncmp(rule->pattern, "create ", 7) != 0;
}

static int compare(const void *a, const void *b)
{
	const struct exception *x = a, *y = b;

	if (x->why != y->why)
		return x->why < y->why ? -1 : 1;
	if (x->near != y->near)
		return x->near > y->near ? -1 : 1;
	return x->rule->line < y->rule->line ? -1 : x->rule->line > y->rule->line;
}

/* Judges one line; false where nobody would expect it to help. */
static bool judge(const struct policy_rule *rule, const struct question *question,
		  const char *asked, bool holds, bool is_asker, struct exception *ret)
{
	*ret = (struct exception){.rule = rule, .near = common(rule->pattern, asked)};
	if (holds && !is_asker)
		ret->why = EXCEPTION_SUBJECT;
	else if (holds && !(rule->verbs >> verb_of(question) & 1))
		ret->why = EXCEPTION_VERB;
	else if (holds)
		ret->why = EXCEPTION_BESIDE;
	else
		ret->why = EXCEPTION_NAME;
	return holds || (is_asker && rule->verbs >> verb_of(question) & 1 &&
			 is_near(rule->section, asked, ret->near));
}

/* The patterns of the allow lines, and of the executables that they are for. */
static void gather(const struct policy *policy, enum policy_section section,
		   const struct glob **ret_names, const struct glob **ret_subjects)
{
	for (size_t i = 0; i < policy->n_rules; i++)
		if (is_candidate(&policy->rules[i], section))
			ret_names[i] = policy->rules[i].glob;
	for (size_t i = 0; i < policy->n_subjects; i++)
		ret_subjects[i] = policy->subjects[i].glob;
}

int exceptions_find(const struct policy *policy, const struct question *question, const char *asked,
		    const char *exe, struct exception *ret_exceptions, size_t max, size_t *ret_n)
{
	_cleanup_(pointer_freep) const struct glob **names = NULL, **subjects = NULL;
	_cleanup_(pointer_freep) bool *holds = NULL, *is_subject = NULL;
	_cleanup_(pointer_freep) struct exception *all = NULL;
	enum policy_section section = section_of(question);
	size_t n = 0;
	int r;

	names = calloc(policy->n_rules + 1, sizeof(*names));
	subjects = calloc(policy->n_subjects + 1, sizeof(*subjects));
	all = calloc(policy->n_rules + 1, sizeof(*all));
	if (!names || !subjects || !all)
		return -ENOMEM;
	gather(policy, section, names, subjects);
	r = find_matches(names, policy->n_rules, question->name, question->n, &holds);
	if (r == 0)
		r = find_matches(subjects, policy->n_subjects, exe, strlen(exe), &is_subject);
	if (r != 0)
		return r;
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (names[i] && judge(rule, question, asked, holds[i],
				      !rule->subject || is_subject[rule->subject - 1], &all[n]))
			n++;
	}
	qsort(all, n, sizeof(*all), compare);
	*ret_n = n < max ? n : max;
	memcpy(ret_exceptions, all, *ret_n * sizeof(*all));
	return 0;
}
