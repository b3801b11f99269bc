/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside the compiler of policies, for policy/compile.c and policy/compile_decide.c alone. */

#include <stdbool.h>

#include "policy/compile.h"
#include "policy/policy.h"

/*
 * Rules have their numbers in the image's rule table from here on. Number 0 is none, so that a
 * decision of 0 is an allow that no rule made; the rules of the policies follow in order, then what
 * stands for lines "default =". Accept sets have further numbers that are in no table, behind
 * these: one for each subject whose executable the path is, and the two below.
 */

#define MARK_UNNAMED BAILIFF_SUBJECTS	/* what has no place in a tree */
#define MARK_UNKNOWN (MARK_UNNAMED + 1) /* it is not known who asks */
#define MARKS (MARK_UNKNOWN + 1)

struct compiler {
	const struct policy *const *policies;
	size_t n_policies;
	uint32_t n_rules, n_own; /* all; and without defaults */
	struct bailiff_rule *rules;
	const struct policy_rule **sources; /* of each own rule; NULL for number 0 */
	uint32_t *group_of;		    /* of each rule: its policy */
	uint8_t *verbs;
	struct automaton_pattern *patterns;
	size_t n_patterns;
	struct bailiff_policy *table;
	uint32_t (*defaults)[BAILIFF_N_VERBS];	     /* of each policy: decisions */
	uint32_t (*unnamed_answer)[BAILIFF_N_VERBS]; /* ... on what has no path */
	struct glob *unnamed, *any;
	struct subjects subjects;
	struct automaton *automaton;
	struct containment containment;
	uint8_t *overridden; /* scratch of each rule: verbs */
	uint32_t *some;	     /* scratch: an accept set */
	struct interner labels;
	uint32_t *words; /* of each accept set: a label without what lies beneath */
	struct below below;
	uint32_t *plain; /* of each place of below: the label of states without accept set */
	uint32_t used, strictest[BAILIFF_LABEL_WORDS];
};

/* What a verdict of a rule becomes under its policy's mode. */
static inline uint32_t compiler_decision(const struct policy *policy, enum bailiff_verdict verdict,
					 uint32_t rule)
{
	if (policy->audit && verdict == BAILIFF_DENY)
		verdict = BAILIFF_WOULD_DENY;
	return (uint32_t)verdict | rule << BAILIFF_RULE_SHIFT;
}

/*
 * Writes what an accept set says into the first words of a label, those up to what lies beneath,
 * and into the one of subjects. All are 0 before.
 */
void compiler_decide_set(struct compiler *c, const uint32_t *set, size_t n_set, uint32_t *words);

/* Of an accept set, the rules that count: for all, where it is not known who asks. */
const uint32_t *compiler_set(const struct compiler *c, const uint32_t *all, size_t n_all,
			     size_t *ret_n);

/*
 * From policies to the accept sets of the automaton and which rules lie inside which; and from
 * there to the words of each. @c is all zero but for its policies. Returns 0, 1 and the error in
 * @diag where a limit is exceeded (compiler_build() alone), or -ENOMEM.
 */
int compiler_build(struct compiler *c, struct diag *diag);
int compiler_decide(struct compiler *c);
void compiler_release(struct compiler *c);
