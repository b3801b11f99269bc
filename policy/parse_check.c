// SPDX-License-Identifier: Apache-2.0
#include "policy/parse_subject.h"

/* Sections whose rules are checked. */
static const enum parse_section rule_sections[] = {SECTION_EXEC, SECTION_FILE, SECTION_NETWORK,
						   SECTION_CAPABILITY, SECTION_PROCESS};

static int check_selects(struct parser *p)
{
	const struct place *place = &p->first_select;

	/* A selector that was tried has its own error. */
	if (p->policy->n_selects > 0 || p->select_tried)
		return 0;
	return parse_report(p, DIAG_ERROR, place, 0, NULL,
			    "the policy selects nothing; %s unit = NAME.service or cgroup = PATH",
			    place->column ? "write into [select]" : "add a section [select] with");
}

/* Whether a rule decides on what the lines of a section are about. */
static bool concerns(const struct policy_rule *rule, const struct section *section)
{
	if (rule->verbs & 1u << BAILIFF_VERB_ACT)
		return rule->section == section->rules && section->verbs == rule->verbs;
	return rule->verbs & section->verbs;
}

/* Whether anything in the section's reach is more than allowed. */
static bool restricts(const struct policy *policy, const struct section *section)
{
	for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++)
		if (section->verbs & 1u << verb && policy->defaults[verb].verdict != BAILIFF_ALLOW)
			return true;
	for (size_t i = 0; i < policy->n_rules; i++)
		if (policy->rules[i].verdict != BAILIFF_ALLOW &&
		    concerns(&policy->rules[i], section))
			return true;
	return false;
}

/* Lines that are right, and yet do nothing. */
static int check_effect(struct parser *p)
{
	const struct policy *policy = p->policy;
	bool any = policy->n_rules > 0;
	int r = 0;

	for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++)
		any |= policy->defaults[verb].line > 0;
	if (!any)
		return parse_report(
			p, DIAG_WARNING, &(struct place){}, 0, NULL,
			"the policy has no rule; write allow, audit, deny or default into "
			"[exec], [file], [network], [capability] or [process]");
	for (size_t i = 0; r == 0 && i < sizeof(rule_sections) / sizeof(rule_sections[0]); i++) {
		const struct section *section = &parse_sections[rule_sections[i]];
		const struct place *allow = &p->first_allow[rule_sections[i]];

		if (allow->column && !restricts(policy, section))
			r = parse_report(
				p, DIAG_WARNING, allow, 0, NULL,
				"[%s] only allows, which has no effect: what no line names is "
				"allowed too; add default = deny, or deny lines",
				section->name);
	}
	return r;
}

int parse_check(struct parser *p)
{
	int r = check_selects(p);

	if (r == 0)
		r = parse_process_end(p);
	if (r == 0)
		r = parse_subjects_end(p);
	/* After an error, what seems to have no effect may only be what could not be read. */
	if (r == 0 && p->diag->n_errors == p->n_errors_before)
		r = check_effect(p);
	diag_sort(p->diag, p->n_items_before);
	return r;
}
