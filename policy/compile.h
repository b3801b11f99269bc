/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf-lsm/abi.h"
#include "policy/automaton.h"

/* What the compilers of policies and of selectors share. */

struct diag;
struct image;

/* What an image is made of; nothing here is owned. */
struct image_parts {
	const uint32_t *labels; /* BAILIFF_LABEL_WORDS each */
	uint32_t n_labels;
	const struct bailiff_rule *rules;
	uint32_t n_rules;
	const struct bailiff_policy *policies;
	uint32_t n_policies;
	uint32_t used;
	uint32_t strictest[BAILIFF_LABEL_WORDS];
	const struct subjects *subjects; /* the automaton's starts are theirs; NULL: none */
	uint64_t serial;
};

/* Executables that have rules of their own, and the classes that tasks can come to be of (abi.h).
 */
struct subjects {
	struct bailiff_subject of[BAILIFF_SUBJECTS]; /* by number */
	const struct glob *globs[BAILIFF_SUBJECTS];
	unsigned n;
	uint32_t inherited;
	struct bailiff_class classes[BAILIFF_CLASSES]; /* without their starts */
	uint32_t n_classes;
	uint64_t starts[BAILIFF_CLASSES + 1]; /* roots of each class, and of the unknown */
	uint32_t n_starts;
};

struct policy;
struct policy_subject;

/*
 * Numbers the subjects of all policies, and finds the classes. @s is all zero before. Returns 0,
 * -E2BIG where there are too many of either, or -ENOMEM.
 */
int subjects_find(const struct policy *const *policies, size_t n_policies, struct subjects *s);

/* A subject's number, BAILIFF_SUBJECTS where it has none. */
unsigned subjects_number(const struct subjects *s, const struct policy_subject *subject);

/*
 * The roots of the automaton: 1 + number for a subject's rules, and one for what marks that it is
 * not known who somebody is. Every subject's rules are in accept sets then, whose mark says that
 * allows do not count: were they left out, denies that say the same would seem to be wider than
 * they are.
 */
#define SUBJECTS_ROOT_UNKNOWN (BAILIFF_SUBJECTS + 1)

/*
 * Minimises and packs @automaton, whose states have labels by now, and lays the whole image out.
 * Returns 0 and the image (the caller frees it), or -ENOMEM.
 */
int image_assemble(const struct image_parts *parts, struct automaton *automaton,
		   struct image **ret_image);

/* What may lie beneath a path: words of abi.h. */
struct below {
	uint32_t words[BAILIFF_N_BELOW]; /* the strictest of each, the smallest of equals */
	uint32_t least;			 /* BAILIFF_WORD_LEAST */
};

/*
 * Works out for each state what lies beneath the paths that lead to it: over all states that '/'
 * and one or more further bytes lead to from there. @words has BAILIFF_LABEL_WORDS for each accept
 * set. Returns 0 and one answer a state (the caller frees them), or -ENOMEM.
 */
int below_compute(const struct automaton *automaton, const uint32_t *words,
		  struct below **ret_below);

/*
 * Which rules lie inside which, by the accept sets of an automaton: a rule lies inside another if
 * every accept set that has it has the other too.
 */
struct containment {
	struct interner around; /* of each rule: those of its peers that it lies strictly inside */
};

/*
 * Works out containment among rules of one peer group (@group_of[rule]) that share a bit of
 * @verbs[rule]. Returns 0, -E2BIG where too many rules overlap and in *@ret_culprit one of them, or
 * -ENOMEM. All zero is a good @containment to begin with.
 */
int containment_compute(struct containment *containment, const struct interner *accepts,
			uint32_t n_rules, const uint32_t *group_of, const uint8_t *verbs,
			uint32_t *ret_culprit);
void containment_release(struct containment *containment);
