/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
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

/*
 * What may lie beneath the paths that lead to a state: what all states say that '/' and one or more
 * further bytes lead to from there. States that have one place have one answer.
 */
struct below {
	struct reach *reaches; /* of each place */
	uint32_t n_reaches;
	size_t reaches_capacity;
	uint32_t *place_of; /* of each component of the automaton, where it begins in the order */
	bool *is_root;	    /* of each state: "/" leads there from a start */
};

/*
 * Works out what lies beneath. @words has BAILIFF_LABEL_WORDS for each accept set. To be released
 * also on failure; all zero before. Returns 0 or -ENOMEM.
 */
int below_compute(const struct automaton *automaton, const uint32_t *words, struct below *below);
void below_release(struct below *below);

/* The place of a state. */
uint32_t below_place(const struct below *below, const struct automaton *automaton, uint32_t state);

/*
 * Writes the words of abi.h that say what lies beneath into their places in a label's @words: the
 * strictest of each, the smallest of equals; and BAILIFF_WORD_LEAST.
 */
void below_write(const struct below *below, uint32_t place, uint32_t *words);

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
