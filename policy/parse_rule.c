// SPDX-License-Identifier: Apache-2.0
#include "policy/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"

bool word_is_foreign(const struct span *word)
{
	return word->text[0] && strchr("#;\"'", word->text[0]);
}

/* Takes the glob and its text over, also on failure. */
static int add_select(struct parser *p, const struct span *word, struct glob *glob, char *pattern)
{
	struct policy *policy = p->policy;
	struct policy_select *selects =
		parse_grow(policy->selects, policy->n_selects, sizeof(*selects));

	if (!selects) {
		glob_free(glob);
		free(pattern);
		return -ENOMEM;
	}
	policy->selects = selects;
	selects[policy->n_selects++] = (struct policy_select){
		.key = p->key->value,
		.glob = glob,
		.pattern = pattern,
		.line = p->line.number,
		.column = word->column,
	};
	return 0;
}

int parse_select(struct parser *p, const struct span *value)
{
	static const enum pattern_kind kinds[] = {
		[POLICY_SELECT_UNIT] = PATTERN_UNIT,
		[POLICY_SELECT_CGROUP] = PATTERN_CGROUP,
		[POLICY_SELECT_CONTAINER] = PATTERN_CONTAINER,
		[POLICY_SELECT_IMAGE] = PATTERN_IMAGE,
	};
	enum pattern_kind kind = kinds[p->key->value];
	struct span rest = *value, word;
	int r = 0;

	while (r >= 0 && parse_word(&rest, !pattern_backslash_is_plain(kind), &word)) {
		struct glob *glob = NULL;
		char *pattern = NULL;

		p->n_items++;
		if (p->policy->n_selects >= POLICY_SELECTS_MAX) {
			if (p->selects_told)
				return 0;
			p->selects_told = true;
			return parse_error(p, word.column,
					   "more than %u patterns in [select]; use wider ones",
					   POLICY_SELECTS_MAX);
		}
		r = parse_pattern(p, kind, &word, &glob, &pattern);
		if (r == 0)
			r = add_select(p, &word, glob, pattern);
		if (word_is_foreign(&word))
			break;
	}
	return r < 0 ? r : 0;
}

int parse_rule_add(struct parser *p, const struct place *place, const struct policy_rule *rule)
{
	struct policy *policy = p->policy;
	struct policy_rule *rules = NULL;
	struct place *first_allow = &p->first_allow[p->section - parse_sections];

	if (rule->glob && rule->pattern)
		rules = parse_grow(policy->rules, policy->n_rules, sizeof(*rules));
	if (!rules) {
		glob_free(rule->glob);
		free(rule->pattern);
		return -ENOMEM;
	}
	policy->rules = rules;
	if (rule->verdict == BAILIFF_ALLOW && rule->verbs & p->section->verbs &&
	    !first_allow->column)
		*first_allow = *place;
	rules[policy->n_rules] = *rule;
	if (p->subject != SUBJECT_WRONG) /* a policy with errors is nobody's */
		rules[policy->n_rules].subject = p->subject;
	rules[policy->n_rules].line = place->line.number;
	rules[policy->n_rules].column = place->column;
	policy->n_rules++;
	return 0;
}

bool parse_rule_room(struct parser *p, const struct place *place, int *ret)
{
	*ret = 0;
	if (p->policy->n_rules < POLICY_RULES_MAX)
		return true;
	if (!p->rules_told)
		*ret = parse_report(p, DIAG_ERROR, place, 0, NULL,
				    "more than %u rules; split the policy, or use wider patterns",
				    POLICY_RULES_MAX);
	p->rules_told = true;
	return false;
}

static int parse_rule_pattern(struct parser *p, const struct span *word)
{
	bool exec = p->section->verbs == 1u << BAILIFF_VERB_EXEC;
	struct place place = {p->line, word->column};
	struct policy_rule rule = {
		.section = p->section->rules,
		.verdict = p->key->value,
		.verbs = p->verbs,
	};
	int r;

	p->n_items++;
	if (exec && span_is(word, "drift"))
		return parse_drift(p, word);
	if (!parse_rule_room(p, &place, &r))
		return r;
	r = parse_pattern(p, exec ? PATTERN_EXEC : PATTERN_FILE, word, &rule.glob, &rule.pattern);
	if (r != 0)
		return r < 0 ? r : 0;
	return parse_rule_add(p, &place, &rule);
}

/* What can only be meant as a pattern, well written or not. */
static bool looks_like_pattern(const struct span *word)
{
	for (size_t i = 0; i < word->n; i++)
		if (strchr("/*?[]{}\\\"'#:~", word->text[i]))
			return true;
	return false;
}

/* The words of [file] that are no patterns: verbs, in their place or not. */
static int parse_verb(struct parser *p, const struct span *word)
{
	static const char *const names[] = {"read", "write", NULL};
	static const unsigned verbs[] = {1u << BAILIFF_VERB_READ, 1u << BAILIFF_VERB_WRITE};
	const char *comma = memchr(word->text, ',', word->n);
	int i = span_find(word, names);

	if (p->n_items > 0 && i >= 0) {
		p->verbs_told = true;
		return parse_error(
			p, word->column,
			"verb \"%s\" after a pattern; verbs come first: begin a new line with "
			"\"%s = %s\"",
			names[i], p->key->name, names[i]);
	}
	if (i >= 0) {
		p->verbs |= verbs[i];
		return 0;
	}
	p->verbs_told = true;
	if (comma)
		return parse_error_bytes(p, word->column + (comma - word->text), 1,
					 "\",\" in verbs; white space separates them: read write");
	return parse_unknown(p, "verb", word, "\"\"", " in [file]", names);
}

static bool is_verb(const struct span *word)
{
	return span_is(word, "read") || span_is(word, "write");
}

int parse_rule(struct parser *p, const struct span *value)
{
	bool takes_verbs = p->section->verbs & (p->section->verbs - 1);
	struct span rest = *value, word;
	int r = 0;

	if (!takes_verbs)
		p->verbs = p->section->verbs;
	while (r == 0 && parse_word(&rest, true, &word)) {
		bool ends = word_is_foreign(&word);

		if (takes_verbs &&
		    (is_verb(&word) || (p->n_items == 0 && !looks_like_pattern(&word)))) {
			r = parse_verb(p, &word);
			continue;
		}
		if (takes_verbs && !p->verbs && !p->verbs_told && !ends) {
			p->verbs_told = true;
			r = parse_error(p, word.column,
					"\"%s\" in [%s] needs a verb before its patterns: read, "
					"write or both",
					p->key->name, p->section->name);
		}
		if (r == 0)
			r = parse_rule_pattern(p, &word);
		if (ends)
			break;
	}
	return r;
}
