// SPDX-License-Identifier: Apache-2.0
#include "policy/compiler.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "policy/diag.h"
#include "policy/glob.h"
#include "policy/image.h"
#include "policy/policy.h"

void compiler_release(struct compiler *c)
{
	free(c->rules);
	free(c->sources);
	free(c->group_of);
	free(c->verbs);
	free(c->patterns);
	free(c->table);
	free(c->defaults);
	free(c->unnamed_answer);
	glob_free(c->unnamed);
	glob_free(c->any);
	automaton_free(c->automaton);
	containment_release(&c->containment);
	free(c->overridden);
	free(c->some);
	interner_release(&c->labels);
	free(c->words);
	below_release(&c->below);
	free(c->plain);
}

/* 64-bit FNV-1a, as in draft-eastlake-fnv. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
	for (const unsigned char *at = bytes; n; at++, n--)
		hash = (hash ^ *at) * 0x100000001b3ull;
	return hash;
}

static uint64_t rule_key(const struct policy *policy, enum policy_section in,
			 enum bailiff_verdict verdict, unsigned verbs, const char *pattern,
			 const struct policy_subject *subject)
{
	static const char *const sections[POLICY_N_SECTIONS] = {
		[POLICY_EXEC] = "exec",	      [POLICY_FILE] = "file",
		[POLICY_NETWORK] = "network", [POLICY_CAPABILITY] = "capability",
		[POLICY_PROCESS] = "process",
	};
	const char *section = sections[in];
	unsigned char small[2] = {(unsigned char)verdict, (unsigned char)verbs};
	uint64_t hash = 0xcbf29ce484222325ull;

	hash = hash_bytes(hash, policy->name, strlen(policy->name) + 1);
	hash = hash_bytes(hash, section, strlen(section) + 1);
	hash = hash_bytes(hash, small, sizeof(small));
	if (subject)
		hash = hash_bytes(hash, subject->pattern, strlen(subject->pattern) + 1);
	return hash_bytes(hash, pattern, strlen(pattern) + 1);
}

static int compiler_allocate(struct compiler *c)
{
	size_t n = 1 + MARKS + c->n_policies * BAILIFF_N_VERBS;

	for (size_t i = 0; i < c->n_policies; i++)
		n += c->policies[i]->n_rules;
	c->rules = calloc(n, sizeof(*c->rules));
	c->sources = calloc(n, sizeof(struct policy_rule *));
	c->group_of = calloc(n, sizeof(*c->group_of));
	c->verbs = calloc(n, sizeof(*c->verbs));
	c->patterns = calloc(n, sizeof(*c->patterns));
	c->table = calloc(c->n_policies + 1, sizeof(*c->table));
	c->defaults = calloc(c->n_policies + 1, sizeof(*c->defaults));
	c->unnamed_answer = calloc(c->n_policies + 1, sizeof(*c->unnamed_answer));
	c->overridden = calloc(n, sizeof(*c->overridden));
	c->some = calloc(n, sizeof(*c->some));
	if (!c->rules || !c->sources || !c->group_of || !c->verbs || !c->patterns || !c->table ||
	    !c->defaults || !c->unnamed_answer || !c->overridden || !c->some)
		return -ENOMEM;
	return 0;
}

static void rules_add(struct compiler *c, uint32_t index)
{
	const struct policy *policy = c->policies[index];

	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		const struct policy_subject *subject = policy_rule_subject(policy, rule);
		uint32_t n = c->n_rules++;

		c->sources[n] = rule;
		c->group_of[n] = index;
		c->verbs[n] = (uint8_t)rule->verbs;
		c->patterns[n - 1] = (struct automaton_pattern){.glob = rule->glob, .rule = n};
		if (subject)
			c->patterns[n - 1].root = 1 + subjects_number(&c->subjects, subject);
		c->rules[n] = (struct bailiff_rule){
			.key = rule_key(policy, rule->section, rule->verdict, rule->verbs,
					rule->pattern, subject),
			.policy = index,
			.line = rule->line,
			.column = rule->column,
		};
	}
}

/* One rule for each "default =" about paths: [exec] has one verb, [file] the others. */
static void defaults_add(struct compiler *c, uint32_t index)
{
	static const unsigned sections[] = {
		[POLICY_EXEC] = 1u << BAILIFF_VERB_EXEC,
		[POLICY_FILE] = 1u << BAILIFF_VERB_READ | 1u << BAILIFF_VERB_WRITE,
	};
	const struct policy *policy = c->policies[index];

	for (unsigned i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		unsigned first = (unsigned)__builtin_ctz(sections[i]);
		const struct policy_default *line = &policy->defaults[first];
		uint32_t n = c->n_rules;

		if (line->verdict == BAILIFF_ALLOW)
			continue;
		c->n_rules++;
		c->rules[n] = (struct bailiff_rule){
			.key = rule_key(policy, i, line->verdict, sections[i], "", NULL),
			.policy = index,
			.line = line->line,
			.column = line->column,
		};
		for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++)
			if (sections[i] >> verb & 1)
				c->defaults[index][verb] =
					compiler_decision(policy, line->verdict, n);
	}
}

/* What accept sets say besides, in ascending order. It is of no policy, and has no verbs. */
static void mark_add(struct compiler *c, const struct glob *glob, uint32_t number)
{
	c->patterns[c->n_patterns++] =
		(struct automaton_pattern){.glob = glob, .rule = c->n_rules + number};
	c->group_of[c->n_rules + number] = (uint32_t)c->n_policies;
}

/*
 * What has no place in a tree, such as a memfd, has a name that does not begin with '/'. A policy
 * without a pattern for it cannot tell what it is: the strictest of its answers holds, not the
 * default. One more pattern tells these names.
 */
static int marks_add(struct compiler *c)
{
	struct glob_error error;
	int r = glob_parse("?**", 0, &c->unnamed, &error);

	if (r == 0)
		r = glob_parse("**", 0, &c->any, &error);
	if (r < 0)
		return r;
	c->n_patterns = c->n_own - 1;
	for (unsigned number = 0; number < c->subjects.n; number++)
		if (c->subjects.of[number].key)
			mark_add(c, c->subjects.globs[number], number);
	mark_add(c, c->unnamed, MARK_UNNAMED);
	if (c->subjects.n) {
		mark_add(c, c->any, MARK_UNKNOWN);
		c->patterns[c->n_patterns - 1].root = SUBJECTS_ROOT_UNKNOWN;
	}
	return 0;
}

/* The strictest that a policy says about a verb at all: the first of equals. */
static uint32_t strictest_of(const struct compiler *c, uint32_t policy, unsigned verb)
{
	uint32_t best = c->defaults[policy][verb];

	for (uint32_t rule = 1; rule < c->n_own; rule++) {
		uint32_t word;

		if (c->group_of[rule] != policy || !(c->verbs[rule] >> verb & 1))
			continue;
		word = compiler_decision(c->policies[policy], c->sources[rule]->verdict, rule);
		if (BAILIFF_VERDICT(word) > BAILIFF_VERDICT(best))
			best = word;
	}
	return best;
}

static int compiler_number(struct compiler *c)
{
	int r = compiler_allocate(c);

	if (r < 0)
		return r;
	c->n_rules = 1;
	for (uint32_t i = 0; i < c->n_policies; i++)
		rules_add(c, i);
	c->n_own = c->n_rules;
	for (uint32_t i = 0; i < c->n_policies; i++) {
		const struct policy *policy = c->policies[i];

		defaults_add(c, i);
		for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++)
			c->unnamed_answer[i][verb] = strictest_of(c, i, verb);
		strncpy(c->table[i].name, policy->name, BAILIFF_NAME_MAX - 1);
		c->table[i].severity = policy->severity;
		c->table[i].audit = policy->audit;
	}
	return marks_add(c);
}

/* Notes for the header what a label says. */
static void label_note(struct compiler *c, const uint32_t *words)
{
	for (unsigned verb = 0; verb < BAILIFF_N_DECISIONS; verb++) {
		uint32_t verdict = BAILIFF_VERDICT(words[verb]);
		uint32_t most = BAILIFF_VERDICT(c->strictest[verb]);

		if (verdict == BAILIFF_ALLOW)
			continue;
		c->used |= 1u << verb;
		if (verdict > most || (verdict == most && words[verb] < c->strictest[verb]))
			c->strictest[verb] = words[verb];
	}
}

int compiler_decide(struct compiler *c)
{
	const struct interner *accepts = &c->automaton->accepts;

	c->words = calloc(accepts->n_lists, BAILIFF_LABEL_WORDS * sizeof(*c->words));
	if (!c->words)
		return -ENOMEM;
	for (uint32_t a = 0; a < accepts->n_lists; a++) {
		size_t n;
		const uint32_t *set = interner_list(accepts, a, &n);

		compiler_decide_set(c, set, n, c->words + (size_t)a * BAILIFF_LABEL_WORDS);
	}
	return 0;
}

static int label_add(struct compiler *c, uint32_t accept, uint32_t place, uint32_t *ret_label)
{
	uint32_t words[BAILIFF_LABEL_WORDS], known = c->labels.n_lists;
	int r;

	memcpy(words, c->words + (size_t)accept * BAILIFF_LABEL_WORDS, sizeof(words));
	below_write(&c->below, place, words);
	r = interner_add(&c->labels, words, BAILIFF_LABEL_WORDS, ret_label);
	if (r == 0 && *ret_label == known)
		label_note(c, words);
	return r;
}

#define LABEL_NONE UINT32_MAX

/* From accept sets to labels. State 0 comes first, so label 0 is what the defaults say. */
static int compiler_label(struct compiler *c)
{
	struct automaton *dfa = c->automaton;
	int r = compiler_decide(c);

	if (r == 0)
		r = below_compute(dfa, c->words, &c->below);
	if (r < 0)
		return r;
	c->plain = malloc(c->below.n_reaches * sizeof(*c->plain));
	if (!c->plain)
		return -ENOMEM;
	memset(c->plain, 0xff, c->below.n_reaches * sizeof(*c->plain));
	/* Few states accept anything, and most of the others have the place of state 0. */
	for (uint32_t s = 0; r == 0 && s < dfa->n_states; s++) {
		uint32_t place = below_place(&c->below, dfa, s), *plain = &c->plain[place];
		bool is_plain = dfa->labels[s] == 0;

		if (!is_plain || *plain == LABEL_NONE)
			r = label_add(c, dfa->labels[s], place, &dfa->labels[s]);
		else
			dfa->labels[s] = *plain;
		if (is_plain)
			*plain = dfa->labels[s];
	}
	below_release(&c->below);
	c->below = (struct below){0};
	return r;
}

/* Whether a word of a name's label is other than allow, for whoever asks. */
static bool word_counts(const struct image *image, unsigned word, const char *name, size_t n)
{
	const struct bailiff_image *header = image_header(image->cells);
	const struct bailiff_class *classes =
		(const struct bailiff_class *)(image->cells + header->classes);
	uint32_t all = image_decide_from(image->cells, header->unknown, word, name, n);

	for (uint32_t i = 0; i < header->n_classes; i++)
		all |= image_decide_from(image->cells, classes[i].start, word, name, n);
	return BAILIFF_VERDICT(all) != BAILIFF_ALLOW;
}

/* Whether some policy has the answer to one of the acts that "\x02x" and the like name. */
static bool act_counts(const struct image *image, char section, unsigned number)
{
	const char name[] = {section, (char)(BAILIFF_ACT_BASE + number)};

	return word_counts(image, BAILIFF_VERB_ACT, name, sizeof(name));
}

/* Whether it matters to some policy which path a unix socket has that is connected to. */
static bool sockets_count(const struct image *image)
{
	const char name[] = {BAILIFF_ACT_NETWORK, BAILIFF_NETWORK_CONNECT, BAILIFF_PROTOCOL_UNIX};

	return word_counts(image, BAILIFF_VERB_BELOW + BAILIFF_BELOW_ACT, name, sizeof(name));
}

/* Tells in the header which acts have an answer other than allow. */
static void acts_note(const struct compiler *c, struct image *image)
{
	struct bailiff_image *header = (struct bailiff_image *)image->cells;

	for (unsigned i = 0; i < BAILIFF_N_PROCESS; i++)
		header->process |= (__u32)act_counts(image, BAILIFF_ACT_PROCESS, i) << i;
	for (unsigned i = 0; i < BAILIFF_N_CAPABILITIES; i++)
		header->capabilities |= (__u64)act_counts(image, BAILIFF_ACT_CAPABILITY, i) << i;
	for (uint32_t rule = 1; rule < c->n_own; rule++)
		if (c->sources[rule]->section == POLICY_NETWORK &&
		    c->sources[rule]->verdict != BAILIFF_ALLOW)
			header->network = 1;
	if (sockets_count(image))
		header->network |= 2;
	for (size_t i = 0; i < c->n_policies; i++)
		header->revoke |= c->policies[i]->revoke;
}

/*
 * Adds the error, with the advice that fits the section of the rule that is to blame; returns 1, or
 * -ENOMEM.
 */
static int too_large(const struct compiler *c, struct diag *diag, uint32_t rule, const char *why,
		     const char *paths, const char *addresses)
{
	/* the pattern that is nobody's is small: the blame is another's */
	const struct policy_rule *source = c->sources[rule < c->n_own ? rule : c->n_own - 1];
	const struct policy *policy = c->policies[rule < c->n_own ? c->group_of[rule] : 0];
	int r = diag_add(diag, DIAG_ERROR, policy->file, source ? source->line : 0,
			 source ? source->column : 0, NULL, "%s%s", why,
			 source && source->section == POLICY_NETWORK ? addresses : paths);

	return r < 0 ? r : 1;
}

/* Adds the error that there are too many subjects, at the last of them; returns 1, or -ENOMEM. */
static int too_many_subjects(const struct compiler *c, struct diag *diag)
{
	const struct policy *policy = NULL;
	const struct policy_subject *last;
	int r;

	for (size_t i = 0; i < c->n_policies; i++)
		if (c->policies[i]->n_subjects)
			policy = c->policies[i];
	if (!policy)
		return -EINVAL;
	last = &policy->subjects[policy->n_subjects - 1];
	r = diag_add(
		diag, DIAG_ERROR, policy->file, last->line, last->column, NULL,
		"the policies of one container name more than %d executables in sections such "
		"as [file \"EXECUTABLE\"], more than %d mixtures of them by inheritance, or more "
		"than %d for one process: use wider patterns, or split the policy",
		BAILIFF_SUBJECTS, BAILIFF_CLASSES, BAILIFF_SUBJECTS_OF_TASK);
	return r < 0 ? r : 1;
}

int compiler_build(struct compiler *c, struct diag *diag)
{
	uint32_t rule = 0;
	size_t pattern = 0;
	int r;

	r = subjects_find(c->policies, c->n_policies, &c->subjects);
	if (r == -E2BIG)
		return too_many_subjects(c, diag);
	if (r == 0)
		r = compiler_number(c);
	if (r < 0)
		return r;
	r = automaton_build(c->patterns, c->n_patterns, AUTOMATON_ALIASES,
			    c->subjects.n ? c->subjects.starts : NULL, c->subjects.n_starts,
			    &c->automaton, &pattern);
	if (r == -E2BIG)
		return too_large(
			c, diag, c->patterns[pattern].rule,
			"the patterns together make too large an automaton, and this one has "
			"most of the blame: split the policy, ",
			"use fewer \"**\" and \"*\", or write patterns that differ in one part as "
			"one: /**/{a,b}/**",
			"or name fewer networks and ranges of ports in [network] that overlap");
	if (r < 0)
		return r;
	r = containment_compute(&c->containment, &c->automaton->accepts, c->n_rules + MARKS,
				c->group_of, c->verbs, &rule);
	if (r == -E2BIG)
		return too_large(
			c, diag, rule,
			"too many rules match the same as this one: split the policy, or ",
			"use fewer patterns that overlap",
			"name fewer networks and ranges of ports in [network] that overlap");
	return r;
}

int image_compile(const struct policy *const *policies, size_t n_policies, __u64 serial,
		  struct diag *diag, struct image **ret_image)
{
	__attribute__((cleanup(compiler_release))) struct compiler c = {
		.policies = policies,
		.n_policies = n_policies,
	};
	struct image_parts parts;
	int r;

	r = compiler_build(&c, diag);
	if (r == 0)
		r = compiler_label(&c);
	if (r != 0)
		return r;
	parts = (struct image_parts){
		.labels = c.labels.items,
		.n_labels = c.labels.n_lists,
		.rules = c.rules,
		.n_rules = c.n_rules,
		.policies = c.table,
		.n_policies = (uint32_t)n_policies,
		.used = c.used,
		.subjects = c.subjects.n ? &c.subjects : NULL,
		.serial = serial,
	};
	memcpy(parts.strictest, c.strictest, sizeof(parts.strictest));
	r = image_assemble(&parts, c.automaton, ret_image);
	if (r == 0)
		acts_note(&c, *ret_image);
	return r;
}
