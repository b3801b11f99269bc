// SPDX-License-Identifier: Apache-2.0
#include "policy/parse_subject.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"

/* Sections of some executables alone, [file "EXECUTABLE"], and what follows from them at the end.
 */

/* The subject of that pattern, made where there is none yet. Takes both over, also on failure. */
static int subject_get(struct parser *p, const struct place *place, char *pattern,
		       struct glob *glob, size_t *ret_subject)
{
	struct policy *policy = p->policy;
	struct policy_subject *subjects = policy->subjects;
	size_t n = policy->n_subjects;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(subjects[i].pattern, pattern) == 0) {
			free(pattern);
			glob_free(glob);
			*ret_subject = i + 1;
			return 0;
		}
	}
	subjects = parse_grow(policy->subjects, n, sizeof(*subjects));
	if (subjects)
		policy->subjects = subjects;
	if (!subjects) {
		free(pattern);
		glob_free(glob);
		return -ENOMEM;
	}
	subjects[n] = (struct policy_subject){
		.pattern = pattern,
		.glob = glob,
		.line = place->line.number,
		.column = place->column,
	};
	*ret_subject = ++policy->n_subjects;
	return 0;
}

/* What stands between the quotes, and nothing behind them; or its error, and false. */
static bool header_quoted(struct parser *p, const struct span *rest, struct span *ret, int *ret_r)
{
	size_t start = skip_blanks(rest->text, rest->n), end = start + 1;

	*ret_r = 0;
	while (end < rest->n && rest->text[end] != '"')
		end += rest->text[end] == '\\' ? 2 : 1;
	if (rest->text[start] != '"' || end >= rest->n)
		*ret_r = parse_error(p, rest->column + start,
				     "the executable stands in quotes: [%s \"/usr/sbin/nginx\"]",
				     p->section->name);
	else if (end == start + 1)
		*ret_r = parse_error(p, rest->column + start, "there is nothing in the quotes");
	else if (end + 1 + skip_blanks(rest->text + end + 1, rest->n - end - 1) < rest->n)
		*ret_r = parse_error(p, rest->column + end + 1,
				     "nothing follows the executable in a section's header");
	else {
		*ret = (struct span){rest->text + start + 1, end - start - 1,
				     rest->column + start + 1};
		return true;
	}
	return false;
}

int parse_subject(struct parser *p, const struct span *rest)
{
	struct place place = {p->line, rest->column + skip_blanks(rest->text, rest->n)};
	struct glob *glob = NULL;
	char *text = NULL;
	struct span word;
	int r;

	/* keys of other sections stand once, whatever the header says */
	p->subject = p->section->verbs ? SUBJECT_WRONG : 0;
	if (!p->section->verbs)
		return parse_error(p, rest->column, "nothing follows the name in [%s]",
				   p->section->name);
	if (!header_quoted(p, rest, &word, &r))
		return r;
	r = parse_pattern(p, PATTERN_EXEC, &word, &glob, &text);
	if (r != 0)
		return r < 0 ? r : 0;
	return subject_get(p, &place, text, glob, &p->subject);
}

int parse_inherit(struct parser *p, const struct span *value)
{
	int r, i = parse_answer(p, value, &r);
	struct policy_subject *subject;

	if (!p->subject)
		return parse_error(p, p->key_place.column,
				   "\"inherit\" stands in sections of one executable, such as "
				   "[%s \"/usr/sbin/nginx\"]: take the line out",
				   p->section->name);
	if (i < 0 || p->subject == SUBJECT_WRONG)
		return r;
	subject = &p->policy->subjects[p->subject - 1];
	if (subject->inherit_line && subject->inherit != (i == 1))
		return parse_error(
			p, p->key_place.column,
			"\"inherit\" holds for the executable in all sections, and line %u "
			"says otherwise",
			subject->inherit_line);
	subject->inherit = i == 1;
	subject->inherit_line = p->key_place.line.number;
	return r;
}

int parse_subject_default(struct parser *p, enum bailiff_verdict verdict)
{
	struct policy_rule rule = {
		.section = p->section->rules,
		.verdict = verdict,
		.verbs = p->section->verbs,
		.is_default = true,
	};
	struct glob_error error;
	int r;

	if (!parse_rule_room(p, &p->key_place, &r))
		return r;
	r = glob_parse("/**", 0, &rule.glob, &error);
	if (r < 0)
		return r;
	rule.pattern = strdup("default");
	return parse_rule_add(p, &p->key_place, &rule);
}

/* Adds a rule that no line says, at the place of what it follows from. */
static int add_implied(struct parser *p, const struct policy_subject *at, const char *pattern,
		       const char *text, const struct policy_rule *like)
{
	struct place place = {.line.number = at->line, .column = at->column};
	struct policy_rule rule = *like;
	struct glob_error error;
	int r;

	if (!parse_rule_room(p, &place, &r))
		return r;
	r = glob_parse(text, 0, &rule.glob, &error);
	if (r < 0)
		return r;
	rule.is_implied = true;
	rule.pattern = strdup(pattern);
	return parse_rule_add(p, &place, &rule);
}

/* Whether being of a subject allows what others may not. */
static bool subject_gains(const struct policy *policy, size_t subject)
{
	for (size_t i = 0; i < policy->n_rules; i++)
		if (policy->rules[i].subject == subject &&
		    policy->rules[i].verdict == BAILIFF_ALLOW)
			return true;
	return false;
}

/*
 * Who could write the executable that is allowed more than others would be allowed it too: so that
 * is denied to all under the policy, unless a line allows it.
 */
static int protect_executables(struct parser *p)
{
	static const struct policy_rule like = {
		.section = POLICY_FILE,
		.verdict = BAILIFF_DENY,
		.verbs = 1u << BAILIFF_VERB_WRITE,
	};
	int r = 0;

	p->subject = 0;
	for (size_t i = 0; r == 0 && i < p->policy->n_subjects; i++) {
		struct policy_subject subject = p->policy->subjects[i];

		/* what has no path, as a memfd, cannot be kept from being made */
		if (subject.pattern[0] == '/' && subject_gains(p->policy, i + 1))
			r = add_implied(p, &subject, subject.pattern, subject.pattern, &like);
	}
	return r;
}

/*
 * What reads files and executes what they say, by names without a version and with one. The loader,
 * which executes the others as its argument, is what it executes.
 */
#define INTERPRETERS                                                                               \
	"/**/{sh,rbash,bash,dash,ash,busybox,zsh{,5,-*},ksh*,mksh*,csh,tcsh,yash,fish,python*,"    \
	"pypy*,perl*,ruby*,node,nodejs,deno,bun,php*,lua*,tclsh*,wish*,awk,gawk,mawk,"             \
	"original-awk,Rscript,guile*,pwsh,{,g}make,ld.so,ld-*.so*,ld-linux*}"

/* What may not be executed as it is drift may not be read by those, either. */
static int add_drift_read(struct parser *p)
{
	int r = 0;

	for (size_t i = 0, n = p->policy->n_rules; r == 0 && i < n; i++) {
		struct policy_rule rule = p->policy->rules[i];
		struct place place = {.line.number = rule.line, .column = rule.column};

		if (rule.section == POLICY_EXEC && !rule.subject &&
		    rule.verbs == 1u << BAILIFF_VERB_ACT && strcmp(rule.pattern, "drift") == 0)
			r = parse_drift_read(p, &place, rule.verdict);
	}
	return r;
}

static int add_interpreters(struct parser *p)
{
	static const struct policy_rule like = {.section = POLICY_EXEC, .verdict = BAILIFF_DENY};
	struct policy_subject *subject;
	struct glob_error error;
	struct glob *glob;
	char *pattern;
	int r;

	if (p->policy->scripts == POLICY_SCRIPTS_NO)
		return 0;
	r = glob_parse(INTERPRETERS, 0, &glob, &error);
	if (r < 0)
		return r;
	pattern = strdup(INTERPRETERS);
	if (!pattern) {
		glob_free(glob);
		return -ENOMEM;
	}
	r = subject_get(p, &p->scripts_place, pattern, glob, &p->subject);
	if (r < 0)
		return r;
	subject = &p->policy->subjects[p->subject - 1];
	/* of no verb: a mark that the compiler looks for */
	r = add_implied(p, subject, "scripts", "**", &like);
	return r ? r : add_drift_read(p);
}

int parse_scripts(struct parser *p, const struct span *value)
{
	static const char *const answers[] = {"no", "yes", "strict", NULL};
	int r, i = parse_single_name(p, value, "value of scripts", answers, &r);

	p->scripts_place = p->key_place;
	if (i >= 0)
		p->policy->scripts = (enum policy_scripts)i;
	return r;
}

int parse_subjects_end(struct parser *p)
{
	int r;

	p->section = &parse_sections[SECTION_FILE];
	r = protect_executables(p);
	p->section = &parse_sections[SECTION_EXEC];
	return r ? r : add_interpreters(p);
}
