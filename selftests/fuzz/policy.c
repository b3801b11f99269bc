// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "daemon/cli.h"
#include "daemon/event-text.h"
#include "policy/diag.h"
#include "policy/glob.h"
#include "policy/image.h"
#include "policy/policy.h"
#include "selftests/fuzz/fuzz.h"
#include "selftests/unit/policy/oracle.h"

/*
 * A policy's file: any bytes. What is accepted is compiled; the images must be whole, and answer on
 * paths what the slow matcher says. Whether one pattern lies inside another cannot be told from a
 * few paths, but what a right answer needs can:
 *
 *	a rule that decides matches; without one, none matches, and the default decides
 *	where a stricter rule matches, some rule that matches is an exception to it: it matches
 *	nowhere, of all paths that are tried, where the stricter one does not
 */

#define RULES_MAX 24 /* of paths: with more, paths are tried without the slow matcher */
#define PATHS_MAX 96
#define PATH_SIZE 128

struct trial {
	const struct policy *policy;
	const struct image *image;
	struct oracle_pattern *oracles[RULES_MAX]; /* of each rule; NULL: not of paths, or not for
						      all */
	char paths[PATHS_MAX][PATH_SIZE];
	size_t lengths[PATHS_MAX], n_paths;
	bool matches[RULES_MAX][PATHS_MAX];
};

/* The line with its mark, as people see it. */
static void caret_check(const struct diag_item *item)
{
	char *caret = cli_caret(item->source, item->column, 80);
	size_t n_lines = 0;

	must(caret, "no memory");
	for (struct text rest = {caret, strlen(caret)}; rest.n;) {
		unsigned point = 0;
		size_t n = text_character(rest, &point);

		must(n && (point == '\n' || !text_deceives(point)), "\"%s\"", caret);
		n_lines += point == '\n';
		rest.bytes += n;
		rest.n -= n;
	}
	must(n_lines == 2, "%zu lines", n_lines);
	free(caret);
}

static void diag_check(const struct diag *diag, bool wrong, const uint8_t *data, size_t size)
{
	unsigned n_lines = 1;

	must(wrong == (diag->n_errors > 0), "%d, and %zu errors", wrong, diag->n_errors);
	for (size_t i = 0; i < size; i++)
		n_lines += data[i] == '\n';
	for (size_t i = 0; i < diag->n_items; i++) {
		const struct diag_item *item = &diag->items[i];
		char *text;

		must(item->line <= n_lines && item->column <= size + 1, "%u:%u: %s", item->line,
		     item->column, item->message);
		must(item->message[0], "nothing said at line %u", item->line);
		for (const char *c = item->message; *c; c++)
			must(((unsigned char)*c >= ' ' || *c == '\t') && *c != 0x7f,
			     "byte %d in \"%s\"", *c, item->message);
		if (item->source)
			caret_check(item);
		must(diag_item_format(item, &text) == 0, "no memory");
		free(text);
	}
}

/* Whether the slow matcher knows what the rule says: a pattern of paths, for whoever asks. */
static bool rule_is_plain(const struct policy_rule *rule)
{
	return (rule->section == POLICY_EXEC || rule->section == POLICY_FILE) &&
	       !(rule->verbs & ~((1u << BAILIFF_N_VERBS) - 1)) && rule->subject == 0;
}

static void paths_add(struct trial *t, const struct oracle_pattern *oracle)
{
	for (unsigned k = 0; k < 4 && t->n_paths < PATHS_MAX; k++) {
		char *path = t->paths[t->n_paths];
		size_t n = random_path(oracle, "ab/.", path, PATH_SIZE);

		/* What does not begin with '/' has no place in a tree: other answers hold. */
		if (n && path[0] == '/')
			t->lengths[t->n_paths++] = n;
	}
}

/* Reads the patterns for the slow matcher. Answers false where that would take too long. */
static bool trial_begin(struct trial *t)
{
	if (t->policy->n_rules > RULES_MAX || t->policy->scripts != POLICY_SCRIPTS_NO)
		return false;
	for (size_t i = 0; i < t->policy->n_rules; i++) {
		const struct policy_rule *rule = &t->policy->rules[i];

		if (!rule_is_plain(rule))
			continue;
		if (fuzz_branches(rule->glob) == FUZZ_BRANCHES_MAX)
			return false;
		t->oracles[i] = oracle_parse(rule->pattern, 0);
		paths_add(t, t->oracles[i]);
	}
	for (size_t i = 0; i < t->policy->n_rules; i++)
		for (size_t p = 0; t->oracles[i] && p < t->n_paths; p++)
			t->matches[i][p] =
				oracle_match_alias(t->oracles[i], t->paths[p], t->lengths[p]);
	return true;
}

/* Whether nothing that was tried says that a rule does not lie inside another. */
static bool may_lie_inside(const struct trial *t, size_t rule, size_t other)
{
	for (size_t p = 0; p < t->n_paths; p++)
		if (t->matches[rule][p] && !t->matches[other][p])
			return false;
	return true;
}

static bool counts(const struct trial *t, size_t rule, unsigned verb, size_t path)
{
	return t->oracles[rule] && t->policy->rules[rule].verbs >> verb & 1 &&
	       t->matches[rule][path];
}

static bool may_be_overridden(const struct trial *t, size_t rule, unsigned verb, size_t path)
{
	for (size_t i = 0; i < t->policy->n_rules; i++)
		if (i != rule && counts(t, i, verb, path) && may_lie_inside(t, i, rule))
			return true;
	return false;
}

static void decision_check(const struct trial *t, unsigned verb, size_t path)
{
	const struct policy *policy = t->policy;
	uint32_t word = image_decide(t->image->cells, verb, t->paths[path], t->lengths[path]);
	size_t decides = BAILIFF_RULE(word);
	unsigned verdict = policy->defaults[verb].verdict;
	bool any = false;

	for (size_t i = 0; i < policy->n_rules; i++)
		any |= counts(t, i, verb, path);
	if (any) {
		must(decides >= 1 && decides <= policy->n_rules, "rule %zu on \"%.*s\"", decides,
		     (int)t->lengths[path], t->paths[path]);
		must(counts(t, decides - 1, verb, path), "rule %zu is none on \"%.*s\"", decides,
		     (int)t->lengths[path], t->paths[path]);
		verdict = policy->rules[decides - 1].verdict;
	} else {
		must(decides == 0 || decides > policy->n_rules, "rule %zu on \"%.*s\"", decides,
		     (int)t->lengths[path], t->paths[path]);
	}
	must(BAILIFF_VERDICT(word) == (policy->audit && verdict == BAILIFF_DENY
					       ? (unsigned)BAILIFF_WOULD_DENY
					       : verdict),
	     "verdict %u of rule %zu", BAILIFF_VERDICT(word), decides);
	for (size_t i = 0; i < policy->n_rules; i++)
		must(!counts(t, i, verb, path) || policy->rules[i].verdict <= verdict ||
			     may_be_overridden(t, i, verb, path),
		     "rule %zu is stricter than %zu on \"%.*s\"", i + 1, decides,
		     (int)t->lengths[path], t->paths[path]);
}

static void trial_run(const struct policy *policy, const struct image *image)
{
	struct trial *t = calloc(1, sizeof(*t));

	must(t, "no memory");
	t->policy = policy;
	t->image = image;
	if (trial_begin(t))
		for (size_t path = 0; path < t->n_paths; path++)
			for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++)
				decision_check(t, verb, path);
	for (size_t i = 0; i < RULES_MAX; i++)
		if (t->oracles[i])
			oracle_free(t->oracles[i]);
	free(t);
}

/* What goes wrong is an error with its place. */
static void refusal_check(int r, struct diag *diag)
{
	must(r == 1 && diag->n_errors == 1, "%d, and %zu errors", r, diag->n_errors);
	must(diag->items[diag->n_items - 1].line > 0, "%s has no place",
	     diag->items[diag->n_items - 1].message);
}

static void image_check(const struct policy *policy)
{
	struct diag diag = {0};
	struct image *image = NULL;
	int r = image_compile(&policy, 1, 1, &diag, &image);

	if (r == 0) {
		must(image_verify(image->cells, image->n_cells) == 0, "the image is bad");
		trial_run(policy, image);
	} else {
		refusal_check(r, &diag);
	}
	image_free(image);
	diag_clear(&diag);
}

static void selector_check(const struct policy *policy, const uint8_t *data, size_t size)
{
	struct diag diag = {0};
	struct selector *selector = NULL;
	int r = selector_compile(&policy, 1, &diag, &selector);

	if (r == 0) {
		const struct image *image = selector->image;

		must(image_verify(image->cells, image->n_cells) == 0, "the selector is bad");
		must(image_decide(image->cells, 0, (const char *)data, size) < selector->n_sets,
		     "no set");
	} else {
		refusal_check(r, &diag);
	}
	selector_free(selector);
	diag_clear(&diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag diag = {0};
	struct policy *policy = NULL;
	int r = policy_parse_text("fuzz.ini", (const char *)data, size, &diag, &policy);

	must(r == 0 || r == 1, "%d", r);
	must(r == 1 || policy, "no policy");
	diag_check(&diag, r == 1, data, size);
	diag_clear(&diag);
	if (r == 0) {
		fuzz_seed(data, size);
		selector_check(policy, data, size);
		image_check(policy);
	}
	policy_free(policy);
	return 0;
}
