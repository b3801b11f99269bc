// SPDX-License-Identifier: Apache-2.0
#include "policy/unused.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/automaton.h"
#include "policy/containers.h"
#include "policy/diag.h"
#include "policy/glob.h"
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
	bool alone = true, implies = false, gains = true;

	if (rule->verdict != BAILIFF_ALLOW)
		return false;
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *other = &policy->rules[i];

		if (other->line == rule->line && other->column == rule->column)
			continue;
		if (other->verdict == BAILIFF_ALLOW && other->subject == rule->subject)
			gains = false;
		if (other->line != rule->line || other->section != rule->section)
			continue;
		implies |= other->is_implied;
		alone &= other->is_implied;
	}
	return (alone && implies) || (rule->subject && gains);
}

static int warn(struct diag *diag, const struct policy *policy, const struct policy_rule *rule,
		const char *text)
{
	return diag_add(diag, DIAG_WARNING, policy->file, rule->line, rule->column, NULL, "%s",
			text);
}

static bool says_the_same(const struct policy_rule *a, const struct policy_rule *b)
{
	return a->verdict == b->verdict && a->verbs == b->verbs && a->subject == b->subject &&
	       strcmp(a->pattern, b->pattern) == 0;
}

/* Another line decides, or several do, whatever the rule names. */
static int warn_shadowed(struct diag *diag, const struct fates *fates, const struct fate *fate,
			 const struct policy_rule *rule)
{
	const struct policy *policy = fates->policy;
	const struct policy_rule *by[FATE_BY_MAX] = {NULL};
	const char *name = verdict_name(rule), *file = policy->file;

	for (unsigned i = 0; i < fate->n_by; i++) {
		by[i] = &policy->rules[fate->by[i] - 1];
		if (says_the_same(by[i], rule))
			return diag_add(diag, DIAG_WARNING, file, rule->line, rule->column, NULL,
					"this %s is in line %u already; take one of them out", name,
					by[i]->line);
	}
	if (fate->n_by == 1)
		return diag_add(diag, DIAG_WARNING, file, rule->line, rule->column, NULL,
				"this %s never decides: line %u does for all that it names, by %s "
				"%s",
				name, by[0]->line, verdict_name(by[0]), by[0]->pattern);
	return diag_add(diag, DIAG_WARNING, file, rule->line, rule->column, NULL,
			"this %s never decides: lines %u and %u%s do for all that it names", name,
			by[0]->line < by[1]->line ? by[0]->line : by[1]->line,
			by[0]->line < by[1]->line ? by[1]->line : by[0]->line,
			fate->n_by > 2 ? " and others" : "");
}

static int warn_of(struct diag *diag, const struct fates *fates, const struct fate *fate)
{
	const struct policy *policy = fates->policy;
	const struct policy_rule *rule = &policy->rules[fate->first - 1];

	if (fate->matters || fate->is_implied)
		return 0;
	if (fate->decides && (fate->is_restricted || rule->verdict != BAILIFF_ALLOW))
		return 0; /* what a wider one says too */
	if (implies_more(policy, rule) || !section_restricts(policy, rule))
		return 0; /* of a section that only allows the parser has told */
	if (!fate->decides && fate->n_by > 0)
		return warn_shadowed(diag, fates, fate, rule);
	return warn(diag, policy, rule,
		    "this allow has no effect: nothing denies or audits what it names, and "
		    "what no line names is allowed");
}

/* Whether any cgroup is selected: the sets are the empty one and, if so, the policy's own. */
static int select_check(const struct policy *policy, struct diag *diag)
{
	const struct policy_select *line = policy->selects;
	const struct containers any = {.any = true};
	struct selector *selector = NULL;
	struct policy host = *policy;
	const struct policy *tried = policy;
	size_t n_sets, n_host_sets;
	int r;

	r = selector_compile_known(&tried, 1, &any, diag, &selector);
	if (r != 0)
		return r;
	n_sets = selector->n_sets;
	selector_free(selector);
	if (n_sets > 1)
		return 0;
	host.host = true;
	tried = &host;
	r = selector_compile_known(&tried, 1, &any, diag, &selector);
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

/* Braces can spell components that no path has: the rest of a pattern the parser has checked. */
#define IMPOSSIBLE "**{//,/./,/../}**"

/* Whether a pattern with braces matches any path that can be. */
static int is_possible(const struct glob *glob, bool *ret)
{
	struct automaton_pattern patterns[2] = {{.glob = glob, .rule = 1}, {.rule = 2}};
	struct glob *impossible = NULL;
	struct automaton *dfa = NULL;
	struct glob_error error;
	size_t culprit;
	int r = glob_parse(IMPOSSIBLE, 0, &impossible, &error);

	if (r < 0)
		return r;
	patterns[1].glob = impossible;
	r = automaton_build(patterns, 2, 0, NULL, 0, &dfa, &culprit);
	*ret = r == -E2BIG; /* not known */
	for (uint32_t a = 0; r == 0 && a < dfa->accepts.n_lists; a++) {
		size_t n;
		const uint32_t *set = interner_list(&dfa->accepts, a, &n);

		*ret |= n == 1 && set[0] == 1;
	}
	automaton_free(dfa);
	glob_free(impossible);
	return r == -E2BIG ? 0 : r;
}

static int pattern_check(const struct policy *policy, const char *pattern, const struct glob *glob,
			 unsigned line, unsigned column, struct diag *diag)
{
	bool possible = true;
	int r = strchr(pattern, '{') && pattern[0] == '/' ? is_possible(glob, &possible) : 0;

	if (r < 0 || possible)
		return r;
	return diag_add(
		diag, DIAG_WARNING, policy->file, line, column, NULL,
		"pattern \"%s\" can never match: whichever of its braces is taken, it has a "
		"\"//\", \"/./\" or \"/../\", and no path has",
		pattern);
}

static int patterns_check(const struct policy *policy, struct diag *diag)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_rules; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		bool act = rule->verbs & 1u << BAILIFF_VERB_ACT;

		if (!rule->is_implied && !act && strchr(rule->pattern, '{') &&
		    !implies_more(policy, rule))
			r = pattern_check(policy, rule->pattern, rule->glob, rule->line,
					  rule->column, diag);
	}
	for (size_t i = 0; r == 0 && i < policy->n_subjects; i++) {
		const struct policy_subject *subject = &policy->subjects[i];

		r = pattern_check(policy, subject->pattern, subject->glob, subject->line,
				  subject->column, diag);
	}
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
		r = patterns_check(policy, diag);
	return r ? r : select_check(policy, diag);
}
