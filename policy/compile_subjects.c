// SPDX-License-Identifier: Apache-2.0
#include "policy/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/image.h"
#include "policy/policy.h"

/* 64-bit FNV-1a, as in draft-eastlake-fnv; 0 is kept for numbers that are free. */
static uint64_t subject_key(const struct policy_subject *subject)
{
	uint64_t hash = 0xcbf29ce484222325ull ^ subject->inherit;

	for (const char *c = subject->pattern; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3ull;
	return hash ? hash : 1;
}

unsigned subjects_number(const struct subjects *s, const struct policy_subject *subject)
{
	uint64_t key = subject_key(subject);
	unsigned number = 0;

	while (number < BAILIFF_SUBJECTS && s->of[number].key != key)
		number++;
	return number;
}

/* The numbers of an image's subjects. */
static const struct bailiff_subject *image_subjects(const struct bailiff_cell *cells, size_t *ret_n)
{
	*ret_n = cells ? image_header(cells)->n_subjects : 0;
	return cells ? (const struct bailiff_subject *)(cells + image_header(cells)->subjects)
		     : NULL;
}

/*
 * A number for a subject that has none: the one that it had in the former image, or one that was
 * free there, or else any.
 */
static unsigned number_find(const struct subjects *s, uint64_t key,
			    const struct bailiff_cell *previous)
{
	size_t n_old;
	const struct bailiff_subject *old = image_subjects(previous, &n_old);
	unsigned free_before = BAILIFF_SUBJECTS, free_now = BAILIFF_SUBJECTS;

	for (unsigned i = 0; i < BAILIFF_SUBJECTS; i++) {
		bool had = i < n_old && old[i].key;

		if (had && old[i].key == key)
			return i;
		if (s->of[i].key)
			continue;
		if (!had && free_before == BAILIFF_SUBJECTS)
			free_before = i;
		if (free_now == BAILIFF_SUBJECTS)
			free_now = i;
	}
	return free_before < BAILIFF_SUBJECTS ? free_before : free_now;
}

static int subject_put(struct subjects *s, const struct policy_subject *subject,
		       const struct bailiff_cell *previous, uint64_t serial)
{
	size_t n_old;
	const struct bailiff_subject *old = image_subjects(previous, &n_old);
	uint64_t key = subject_key(subject);
	unsigned number = number_find(s, key, previous);
	bool had = number < n_old && old[number].key == key;

	if (number == BAILIFF_SUBJECTS)
		return -E2BIG;
	s->of[number] = (struct bailiff_subject){key, had ? old[number].since : serial};
	s->globs[number] = subject->glob;
	if (number >= s->n)
		s->n = number + 1;
	if (subject->inherit)
		s->inherited |= 1u << number;
	return 0;
}

/* Those that had a number keep it, whoever comes first: they are put in before the others. */
static int subjects_number_all(struct subjects *s, const struct policy *const *policies,
			       size_t n_policies, const struct bailiff_cell *previous,
			       uint64_t serial)
{
	size_t n_old;
	const struct bailiff_subject *old = image_subjects(previous, &n_old);

	for (int pass = 0; pass < 2; pass++) {
		for (size_t p = 0; p < n_policies; p++) {
			for (size_t i = 0; i < policies[p]->n_subjects; i++) {
				const struct policy_subject *subject = &policies[p]->subjects[i];
				uint64_t key = subject_key(subject);
				bool had = false;
				int r = 0;

				for (size_t k = 0; k < n_old; k++)
					had |= old[k].key == key;
				if (had == (pass == 0) &&
				    subjects_number(s, subject) == BAILIFF_SUBJECTS)
					r = subject_put(s, subject, previous, serial);
				if (r < 0)
					return r;
			}
		}
	}
	return 0;
}

static int class_add(struct subjects *s, uint32_t mask)
{
	for (uint32_t i = 0; i < s->n_classes; i++)
		if (s->classes[i].subjects == mask)
			return 0;
	if (s->n_classes == BAILIFF_CLASSES)
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
	for (unsigned number = 0; number < s->n; number++)
		s->starts[s->n_classes] |= s->of[number].key ? 1ull << number : 0;
	s->starts[s->n_classes] |= 1ull << (SUBJECTS_ROOT_UNKNOWN - 1);
	s->n_starts = s->n_classes + 1;
}

int subjects_find(const struct policy *const *policies, size_t n_policies,
		  const struct bailiff_cell *previous, uint64_t serial, struct subjects *s)
{
	struct automaton_pattern patterns[BAILIFF_SUBJECTS];
	struct automaton *dfa = NULL;
	size_t n = 0, culprit;
	int r = subjects_number_all(s, policies, n_policies, previous, serial);

	if (r < 0 || s->n == 0)
		return r;
	for (unsigned number = 0; number < s->n; number++)
		if (s->of[number].key)
			patterns[n++] = (struct automaton_pattern){.glob = s->globs[number],
								   .rule = number};
	r = automaton_build(patterns, n, AUTOMATON_ALIASES, NULL, 0, &dfa, &culprit);
	if (r < 0)
		return r;
	r = classes_find(s, &dfa->accepts);
	automaton_free(dfa);
	if (r == 0)
		starts_fill(s);
	return r;
}
