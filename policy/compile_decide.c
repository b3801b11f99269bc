// SPDX-License-Identifier: Apache-2.0
#include "policy/compiler.h"

/* From accept sets, the rules that match a path, to what they say together. */

/* Sets what of an accept set is overridden by rules that lie inside. */
static void override(struct compiler *c, const uint32_t *set, size_t n_set)
{
	for (size_t i = 0; i < n_set; i++)
		c->overridden[set[i]] = 0;
	for (size_t i = 0; i < n_set; i++) {
		size_t n;
		/* What a rule lies inside is in every accept set that has the rule. */
		const uint32_t *around = interner_list(&c->containment.around, set[i], &n);

		for (size_t k = 0; k < n; k++)
			c->overridden[around[k]] |= c->verbs[set[i]];
	}
}

/*
 * The decision of one policy for one verb, by those of its rules that an accept set has. Rules that
 * are not overridden and differ stand side by side: the strictest is taken, the first of equals.
 */
static uint32_t decide_policy(const struct compiler *c, uint32_t policy, unsigned verb,
			      const uint32_t *set, size_t n_set, bool unnamed)
{
	uint32_t best = 0;

	for (size_t i = 0; i < n_set; i++) {
		uint32_t rule = set[i];

		if (!((c->verbs[rule] & ~c->overridden[rule]) >> verb & 1))
			continue;
		if (!best || c->sources[rule]->verdict > c->sources[best]->verdict)
			best = rule;
	}
	if (!best && verb >= BAILIFF_N_VERBS)
		return BAILIFF_ALLOW; /* a default about acts is a rule */
	if (!best)
		return (unnamed ? c->unnamed_answer : c->defaults)[policy][verb];
	return compiler_decision(c->policies[policy], c->sources[best]->verdict, best);
}

/* The strictest stands; of allows, one that a rule made says more than one that none did. */
static uint32_t stricter(uint32_t a, uint32_t b)
{
	if (BAILIFF_VERDICT(a) != BAILIFF_VERDICT(b))
		return BAILIFF_VERDICT(a) > BAILIFF_VERDICT(b) ? a : b;
	return a == BAILIFF_ALLOW ? b : a;
}

/* Of a policy's exec decision: itself if it is a deny that a pattern says. */
static uint32_t decide_invoked(const struct compiler *c, uint32_t exec)
{
	uint32_t rule = BAILIFF_RULE(exec);
	bool deny = BAILIFF_VERDICT(exec) >= BAILIFF_WOULD_DENY;

	return deny && rule < c->n_own && !c->sources[rule]->is_default ? exec : BAILIFF_ALLOW;
}

/* Whether a rule restricts a verb by a pattern, whatever else lies inside it. */
static bool restricts(const struct compiler *c, uint32_t rule, unsigned verb)
{
	return rule && rule < c->n_own && c->sources[rule]->verdict != BAILIFF_ALLOW &&
	       !c->sources[rule]->is_default && c->verbs[rule] >> verb & 1;
}

/*
 * What a policy's decision is for a thing that has other names too: itself, if a pattern restricts;
 * an allow with the innermost of those rules that it is an exception to.
 */
static uint32_t decide_other(const struct compiler *c, unsigned verb, uint32_t word,
			     const uint32_t *set, size_t n_set)
{
	uint32_t rule = BAILIFF_RULE(word), inner = 0;
	size_t most = 0;

	if (BAILIFF_VERDICT(word) != BAILIFF_ALLOW)
		return rule < c->n_own && !c->sources[rule]->is_default ? word : BAILIFF_ALLOW;
	for (size_t i = 0; i < n_set; i++) {
		size_t n;

		if (!restricts(c, set[i], verb))
			continue;
		interner_list(&c->containment.around, set[i], &n);
		if (!inner || n > most) {
			inner = set[i];
			most = n;
		}
	}
	return BAILIFF_ALLOW | inner << BAILIFF_RULE_SHIFT;
}

/* Whether the reader is an interpreter, to whom reading a file can be executing it. */
static bool reads_scripts(const struct compiler *c, const uint32_t *set, size_t n_set)
{
	for (size_t i = 0; i < n_set; i++)
		if (!c->verbs[set[i]])
			return true;
	return false;
}

/* Adds to @words what one policy says, by those of its rules that an accept set has. */
static void decide_all(const struct compiler *c, uint32_t policy, const uint32_t *set, size_t n_set,
		       bool unnamed, uint32_t *words)
{
	uint32_t said[BAILIFF_LABEL_WORDS] = {0};
	uint32_t exec;

	for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++)
		said[verb] = decide_policy(c, policy, verb, set, n_set, unnamed);
	exec = said[BAILIFF_VERB_EXEC];
	said[BAILIFF_VERB_INVOKED] = decide_invoked(c, exec);
	said[BAILIFF_VERB_MAP] = c->policies[policy]->libraries ? exec : said[BAILIFF_VERB_INVOKED];
	if (reads_scripts(c, set, n_set))
		said[BAILIFF_VERB_READ] =
			stricter(said[BAILIFF_VERB_READ],
				 c->policies[policy]->scripts == POLICY_SCRIPTS_STRICT
					 ? exec
					 : said[BAILIFF_VERB_INVOKED]);
	for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++)
		said[BAILIFF_VERB_OTHER + verb] = decide_other(c, verb, said[verb], set, n_set);
	said[BAILIFF_VERB_ACT] = decide_policy(c, policy, BAILIFF_VERB_ACT, set, n_set, unnamed);
	for (unsigned i = 0; i < BAILIFF_VERB_BELOW; i++)
		words[i] = stricter(words[i], said[i]);
}

/* Whether an accept set has a mark. */
static bool has_mark(const struct compiler *c, const uint32_t *set, size_t n_set, uint32_t mark)
{
	while (n_set && set[n_set - 1] > c->n_rules + mark)
		n_set--;
	return n_set && set[n_set - 1] == c->n_rules + mark;
}

/* Of an accept set, what is for all. Returns how many there are. */
static size_t for_all(const struct compiler *c, const uint32_t *set, size_t n_set,
		      uint32_t *ret_set)
{
	size_t n = 0;

	for (size_t i = 0; i < n_set; i++)
		if (set[i] >= c->n_own || !c->sources[set[i]]->subject)
			ret_set[n++] = set[i];
	return n;
}

/*
 * Where it is not known who asks: what restricts anybody counts, whatever lies inside it, and what
 * loosens counts for nobody. So the answer is never laxer than anybody's.
 */
static void decide_strictest(const struct compiler *c, const uint32_t *set, size_t n_set,
			     uint32_t *words)
{
	for (size_t i = 0; i < n_set && set[i] < c->n_own; i++) {
		const struct policy_rule *rule = c->sources[set[i]];
		uint32_t said[BAILIFF_LABEL_WORDS] = {0}, word;

		if (!rule->subject || rule->verdict == BAILIFF_ALLOW)
			continue;
		word = compiler_decision(c->policies[c->group_of[set[i]]], rule->verdict, set[i]);
		for (unsigned verb = 0; verb < BAILIFF_VERB_BELOW; verb++)
			said[verb] = c->verbs[set[i]] >> verb & 1 ? word : BAILIFF_ALLOW;
		said[BAILIFF_VERB_INVOKED] = decide_invoked(c, said[BAILIFF_VERB_EXEC]);
		said[BAILIFF_VERB_MAP] = said[BAILIFF_VERB_EXEC];
		if (!c->verbs[set[i]]) /* reading may be executing */
			said[BAILIFF_VERB_READ] = words[BAILIFF_VERB_EXEC];
		for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++)
			said[BAILIFF_VERB_OTHER + verb] = rule->is_default ? 0 : said[verb];
		for (unsigned verb = 0; verb < BAILIFF_VERB_BELOW; verb++)
			words[verb] = stricter(words[verb], said[verb]);
	}
}

const uint32_t *compiler_set(const struct compiler *c, const uint32_t *all, size_t n_all,
			     size_t *ret_n)
{
	bool unknown = has_mark(c, all, n_all, MARK_UNKNOWN);

	*ret_n = unknown ? for_all(c, all, n_all, c->some) : n_all;
	return unknown ? c->some : all;
}

void compiler_decide_set(struct compiler *c, const uint32_t *all, size_t n_all, uint32_t *words)
{
	bool unnamed = has_mark(c, all, n_all, MARK_UNNAMED);
	bool unknown = has_mark(c, all, n_all, MARK_UNKNOWN);
	size_t begin = 0, end, n_set;
	const uint32_t *set = compiler_set(c, all, n_all, &n_set);

	override(c, set, n_set);
	/* Rules ascend, so those of one policy stand together. */
	for (uint32_t policy = 0; policy < c->n_policies; policy++, begin = end) {
		for (end = begin; end < n_set && c->group_of[set[end]] == policy; end++)
			;
		decide_all(c, policy, set + begin, end - begin, unnamed, words);
	}
	for (; begin < n_set && set[begin] < c->n_rules + MARK_UNNAMED; begin++)
		words[BAILIFF_WORD_SUBJECTS] |= 1u << (set[begin] - c->n_rules);
	if (unknown)
		decide_strictest(c, all, n_all, words);
}
