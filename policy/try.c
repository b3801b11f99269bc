// SPDX-License-Identifier: Apache-2.0
#include "policy/try.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

__u32 try_start(const struct bailiff_cell *cells, const struct asker *asker)
{
	const struct bailiff_image *header = image_header(cells);
	const struct bailiff_subject *of =
		(const struct bailiff_subject *)(cells + header->subjects);
	__u32 subjects = 0, inherited = 0;

	for (__u32 i = 0; i < header->n_subjects; i++)
		inherited |= (__u32)(of[i].key & 1) << i;
	for (size_t i = 0; i < asker->n_executables; i++) {
		const char *path = asker->executables[i];

		subjects &= inherited;
		subjects |= image_decide(cells, BAILIFF_WORD_SUBJECTS, path, strlen(path));
	}
	return image_start(cells, subjects);
}

void image_source(const struct image *image, const struct policy *const *policies,
		  size_t n_policies, __u32 rule, struct answer *ret)
{
	const struct bailiff_image *header = image_header(image->cells);
	const struct bailiff_rule *rules =
		(const struct bailiff_rule *)(image->cells + header->rules);
	size_t first = 1;

	ret->rule = rule;
	ret->policy = rules[rule].policy;
	ret->line = rules[rule].line;
	ret->column = rules[rule].column;
	ret->source = NULL;
	ret->is_default = rule != 0;
	if (!rule)
		return;
	/* the rules of all policies in order, and behind them what stands for defaults */
	for (size_t i = 0; i < ret->policy && i < n_policies; i++)
		first += policies[i]->n_rules;
	if (rule - first >= policies[ret->policy]->n_rules)
		return;
	ret->source = &policies[ret->policy]->rules[rule - first];
	/* of [network] and the like it is a rule over all of their acts */
	ret->is_default = ret->source->is_default || strcmp(ret->source->pattern, "default") == 0;
}

/* Which act of [process] stands for what is drift; none where nothing asks. */
static enum bailiff_process drift_act(enum question_kind kind)
{
	switch (kind) {
	case QUESTION_EXEC:
	case QUESTION_MAP:
		return BAILIFF_PROCESS_DRIFT;
	case QUESTION_READ:
		return BAILIFF_PROCESS_DRIFT_READ;
	default:
		return BAILIFF_N_PROCESS;
	}
}

/* What a start is answered: the word, and why. */
static __u32 decide(const struct bailiff_cell *cells, __u32 start, enum try_drift is_drift,
		    const struct question *question, enum bailiff_reason *ret_reason)
{
	enum bailiff_process act = drift_act(question->kind);
	const char name[] = {BAILIFF_ACT_PROCESS, (char)(BAILIFF_ACT_BASE + act)};
	__u32 word, drift = 0;

	*ret_reason = BAILIFF_REASON_RULE;
	word = image_decide_from(cells, start, question->word, question->name, question->n);
	if (act < BAILIFF_N_PROCESS && is_drift != TRY_DRIFT_NO)
		drift = image_decide_from(cells, start, BAILIFF_VERB_ACT, name, sizeof(name));
	if (BAILIFF_VERDICT(drift) <= BAILIFF_VERDICT(word))
		return word;
	*ret_reason = BAILIFF_REASON_DRIFT;
	return drift;
}

/* What lies in memory only never was in an image. */
static enum try_drift drift_of(const struct asker *asker, const struct question *question)
{
	return drift_act(question->kind) == BAILIFF_PROCESS_DRIFT && question->name[0] != '/'
		       ? TRY_DRIFT_YES
		       : asker->drift;
}

void image_answer(const struct image *image, const struct policy *const *policies,
		  size_t n_policies, const struct asker *asker, const struct question *question,
		  struct answer *ret)
{
	enum try_drift drift = drift_of(asker, question);
	__u32 word;

	*ret = (struct answer){.verdict = BAILIFF_ALLOW};
	word = decide(image->cells, try_start(image->cells, asker), drift, question, &ret->reason);
	ret->verdict = BAILIFF_VERDICT(word);
	ret->untold = ret->reason == BAILIFF_REASON_DRIFT && drift == TRY_DRIFT_UNTOLD;
	image_source(image, policies, n_policies, BAILIFF_RULE(word), ret);
}

bool image_varies(const struct image *image, const struct asker *asker,
		  const struct question *question)
{
	const struct bailiff_image *header = image_header(image->cells);
	const struct bailiff_class *classes =
		(const struct bailiff_class *)(image->cells + header->classes);
	enum try_drift drift = drift_of(asker, question);
	enum bailiff_reason reason;
	__u32 word = decide(image->cells, header->start, drift, question, &reason);

	for (__u32 i = 0; i < header->n_classes; i++)
		if (BAILIFF_VERDICT(word) != BAILIFF_VERDICT(decide(image->cells, classes[i].start,
								    drift, question, &reason)))
			return true;
	return false;
}

int trial_compile(const struct policy *const *policies, size_t n_policies, struct diag *diag,
		  struct trial *trial)
{
	int r = 0;

	trial->policies = policies;
	trial->n_policies = n_policies;
	trial->alone = calloc(n_policies + 1, sizeof(*trial->alone));
	if (!trial->alone)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n_policies; i++)
		r = image_compile(policies + i, 1, 1, diag, &trial->alone[i]);
	if (r == 0 && n_policies == 1)
		trial->whole = trial->alone[0];
	else if (r == 0)
		r = image_compile(policies, n_policies, 1, diag, &trial->whole);
	return r;
}

void trial_release(struct trial *trial)
{
	if (trial->n_policies != 1)
		image_free(trial->whole);
	for (size_t i = 0; trial->alone && i < trial->n_policies; i++)
		image_free(trial->alone[i]);
	free(trial->alone);
}

void trial_ask(const struct trial *trial, const struct asker *asker,
	       const struct question *question, struct answer *ret_each, struct answer *ret_whole)
{
	for (size_t i = 0; i < trial->n_policies; i++) {
		image_answer(trial->alone[i], trial->policies + i, 1, asker, question,
			     &ret_each[i]);
		ret_each[i].policy = i;
	}
	image_answer(trial->whole, trial->policies, trial->n_policies, asker, question, ret_whole);
}
