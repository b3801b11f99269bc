// SPDX-License-Identifier: Apache-2.0
#include "policy/unused.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/diag.h"
#include "policy/unused_fate.h"

/* From what became of the rules of a policy to warnings. */

static const char *verdict_name(const struct policy_rule *rule)
{
	return rule->verdict == BAILIFF_DENY	? "deny"
	       : rule->verdict == BAILIFF_AUDIT ? "audit"
						: "allow";
}

/* Whether anything that the section of a rule is about is more than allowed. */
static bool section_restricts(const struct policy *policy, const struct policy_rule *rule)
{
	bool act = rule->verbs & 1u << BAILIFF_VERB_ACT;

	for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++)
		if (rule->verbs >> verb & 1 && policy->defaults[verb].verdict != BAILIFF_ALLOW)
			return true;
	for (size_t i = 0; i < policy->n_rules; i++)
		if (policy->rules[i].verdict != BAILIFF_ALLOW &&
		    policy->rules[i].verbs & rule->verbs &&
		    (!act || policy->rules[i].section == rule->section))
			return true;
	return false;
}

/*
 * Whether more goes with a line than the fates of its own rules: without the only one that allows a
 * subject something, its executable may be written, and the first line of a protocol lets its
 * sockets be made.
 */
static bool implies_more(const struct policy *policy, const struct policy_rule *rule)
{
	unsigned n_allows = 0;

	if (rule->verdict != BAILIFF_ALLOW)
		return false;
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *other = &policy->rules[i];

		n_allows += other->verdict == BAILIFF_ALLOW && other->subject == rule->subject &&
			    (other->line != rule->line || other->column != rule->column);
		if (other->is_implied && other->line == rule->line &&
		    other->section == rule->section)
			return true;
	}
	return rule->subject && n_allows == 0;
}

static int warn(struct diag *diag, const struct policy *policy, const struct policy_rule *rule,
		const char *text)
{
	return diag_add(diag, DIAG_WARNING, policy->file, rule->line, rule->column, NULL, "%s",
			text);
}

/* Another line decides, or several do, whatever the rule names. */
static int warn_shadowed(struct diag *diag, const struct fates *fates, const struct fate *fate,
			 const struct policy_rule *rule)
{
	const struct policy *policy = fates->policy;
	const struct policy_rule *by = &policy->rules[fate->by[0] - 1];
	const char *subject = by->subject ? " for one executable" : "";

	if (fate->n_by == 1 && by->verdict == rule->verdict && by->verbs == rule->verbs &&
	    by->subject == rule->subject && strcmp(by->pattern, rule->pattern) == 0)
		return diag_add(diag, DIAG_WARNING, policy->file, rule->line, rule->column, NULL,
				"this %s is in line %u already; take one of them out",
				verdict_name(rule), by->line);
	if (fate->n_by == 1)
		return diag_add(diag, DIAG_WARNING, policy->file, rule->line, rule->column, NULL,
				"this %s never decides: line %u does for all that it names, by %s "
				"%s%s",
				verdict_name(rule), by->line, verdict_name(by), by->pattern,
				subject);
	return diag_add(diag, DIAG_WARNING, policy->file, rule->line, rule->column, NULL,
			"this %s never decides: lines %u and %u%s do for all that it names",
			verdict_name(rule), by->line, policy->rules[fate->by[1] - 1].line,
			fate->n_by > 2 ? " and others" : "");
}

static int warn_of(struct diag *diag, const struct fates *fates, const struct fate *fate)
{
	const struct policy *policy = fates->policy;
	const struct policy_rule *rule = &policy->rules[fate->first - 1];

	if (fate->matters || fate->is_implied)
		return 0;
	if (fate->is_seen && (implies_more(policy, rule) || !section_restricts(policy, rule)))
		return 0; /* of a section that only allows the parser has told */
	if (!fate->is_seen)
		return warn(diag, policy, rule,
			    "nothing has a name that this matches; take it out, or mend the "
			    "pattern");
	if (fate->n_by > 0 && !fate->decides)
		return warn_shadowed(diag, fates, fate, rule);
	if (!fate->is_restricted)
		return warn(diag, policy, rule,
			    "this allow has no effect: nothing denies or audits what it names, and "
			    "what no line names is allowed");
	return 0;
}

/* Whether any cgroup is selected: the sets are the empty one and, if so, the policy's own. */
static int select_check(const struct policy *policy, struct diag *diag)
{
	const struct policy_select *line = policy->selects;
	struct selector *selector = NULL;
	struct policy host = *policy;
	const struct policy *tried = policy;
	size_t n_sets, n_host_sets;
	int r;

	r = selector_compile(&tried, 1, diag, &selector);
	if (r != 0)
		return r;
	n_sets = selector->n_sets;
	selector_free(selector);
	if (n_sets > 1)
		return 0;
	host.host = true;
	tried = &host;
	r = selector_compile(&tried, 1, diag, &selector);
	if (r != 0)
		return r;
	n_host_sets = selector->n_sets;
	selector_free(selector);
	if (n_host_sets > 1)
		return diag_add(diag, DIAG_WARNING, policy->file, line->line, line->column, NULL,
				"[select] selects nothing but what a policy never confines, as it "
				"is needed to mend a wrong one; add host = yes if that is meant");
	return diag_add(diag, DIAG_WARNING, policy->file, line->line, line->column, NULL,
			"[select] selects nothing: no cgroup has a path that matches all of its "
			"keys; lines of one key are alternatives, and different keys must all "
			"match");
}

static int subjects_check(const struct fates *fates, struct diag *diag)
{
	const struct policy *policy = fates->policy;
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_subjects; i++)
		if (!fates->subject_seen[i])
			r = diag_add(diag, DIAG_WARNING, policy->file, policy->subjects[i].line,
				     policy->subjects[i].column, NULL,
				     "no executable has a name that this matches; take the section "
				     "out, or mend the pattern");
	return r;
}

int policy_unused(const struct policy *policy, struct diag *diag)
{
	__attribute__((cleanup(fates_release))) struct fates fates = {.policy = policy};
	int r = fates_find(&fates, diag);

	if (r != 0)
		return r;
	for (size_t i = 0; r == 0 && i < fates.n_fates; i++)
		r = warn_of(diag, &fates, &fates.fates[i]);
	if (r == 0)
		r = subjects_check(&fates, diag);
	return r ? r : select_check(policy, diag);
}
