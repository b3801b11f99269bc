// SPDX-License-Identifier: Apache-2.0
#include "policy/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

/* 64-bit FNV-1a, as in draft-eastlake-fnv; odd if it is inherited (abi.h). */
static uint64_t subject_key(const struct policy_subject *subject)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (const char *c = subject->pattern; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3ull;
	hash = (hash & ~1ull) | subject->inherit;
	return hash ? hash : 2;
}

unsigned subjects_number(const struct subjects *s, const struct policy_subject *subject)
{
	uint64_t key = subject_key(subject);
	unsigned number = 0;

	while (number < s->n && s->of[number].key != key)
		number++;
	return number < s->n ? number : BAILIFF_SUBJECTS;
}

static int subject_put(struct subjects *s, const struct policy_subject *subject)
{
	if (subjects_number(s, subject) < BAILIFF_SUBJECTS)
		return 0;
	if (s->n == BAILIFF_SUBJECTS)
		return -E2BIG;
	if (subject->inherit)
		s->inherited |= 1u << s->n;
	s->globs[s->n] = subject->glob;
	s->of[s->n++].key = subject_key(subject);
	return 0;
}

static int class_add(struct subjects *s, uint32_t mask)
{
	for (uint32_t i = 0; i < s->n_classes; i++)
		if (s->classes[i].subjects == mask)
			return 0;
	if (s->n_classes == BAILIFF_CLASSES || __builtin_popcount(mask) > BAILIFF_SUBJECTS_OF_TASK)
		return -E2BIG;
	s->classes[s->n_classes++].subjects = mask;
	return 0;
}

/* All classes that a task can come to be of, by executing what is of the sets @accepts. */
static int classes_find(struct subjects *s, const struct interner *accepts)
{
	int r = class_add(s, 0);

	for (uint32_t i = 0; r == 0 && i < s->n_classes; i++) {
		uint32_t kept = s->classes[i].subjects & s->inherited;

		for (uint32_t a = 0; r == 0 && a < accepts->n_lists; a++) {
			size_t n;
			const uint32_t *set = interner_list(accepts, a, &n);
			uint32_t mask = kept;

			for (size_t k = 0; k < n; k++)
				mask |= 1u << set[k];
			r = class_add(s, mask);
		}
	}
	return r;
}

_Static_assert(SUBJECTS_ROOT_UNKNOWN <= AUTOMATON_ROOTS_MAX, "each subject has a root");

static void starts_fill(struct subjects *s)
{
	/* root n + 1 is that of subject n */
	for (uint32_t i = 0; i < s->n_classes; i++)
		s->starts[i] = s->classes[i].subjects;
	s->starts[s->n_classes] = ((1ull << s->n) - 1) | 1ull << (SUBJECTS_ROOT_UNKNOWN - 1);
	s->n_starts = s->n_classes + 1;
}

int subjects_find(const struct policy *const *policies, size_t n_policies, struct subjects *s)
{
	struct automaton_pattern patterns[BAILIFF_SUBJECTS];
	struct automaton *dfa = NULL;
	size_t culprit;
	int r = 0;

	for (size_t p = 0; p < n_policies; p++)
		for (size_t i = 0; r == 0 && i < policies[p]->n_subjects; i++)
			r = subject_put(s, &policies[p]->subjects[i]);
	if (r < 0 || s->n == 0)
		return r;
	for (unsigned number = 0; number < s->n; number++)
		patterns[number] =
			(struct automaton_pattern){.glob = s->globs[number], .rule = number};
	r = automaton_build(patterns, s->n, AUTOMATON_ALIASES, NULL, 0, &dfa, &culprit);
	if (r < 0)
		return r;
	r = classes_find(s, &dfa->accepts);
	automaton_free(dfa);
	if (r == 0)
		starts_fill(s);
	return r;
}
