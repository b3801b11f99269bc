// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/diag.h"
#include "policy/image.h"
#include "policy/policy.h"
#include "selftests/compare/compare.h"
#include "selftests/unit/policy/oracle.h"

#define ASKED (BAILIFF_VERB_MAP + 1) /* exec, read, write, exec as invoked, and to be mapped */

/* What was asked before. */
#define MEMO 8192
struct memo {
	char *name;
	unsigned char verdicts[ASKED];
};

struct set {
	const struct policy *policies[POLICIES_MAX];
	size_t n_policies;
	struct oracle *oracle;
	struct image *image;
	struct memo memo[MEMO];
};

struct verdicts {
	char **universe;
	size_t n_universe;
	struct set sets[N_CGROUPS];
};

static void universe_add(struct verdicts *v, const char *before, const char *text, size_t n)
{
	char *path = malloc(strlen(before) + n + 1);

	v->universe = realloc(v->universe, (v->n_universe + 1) * sizeof(*v->universe));
	if (!path || !v->universe)
		die("memory");
	memcpy(stpcpy(path, before), text, n);
	path[strlen(before) + n] = '\0';
	v->universe[v->n_universe++] = path;
}

/* All texts of up to @n letters, after a name. */
static void universe_fill(struct verdicts *v, const char *before, unsigned n)
{
	size_t done = v->n_universe, whole = strlen(before) + n;

	universe_add(v, before, "", 0);
	while (done < v->n_universe && strlen(v->universe[done]) < whole) {
		for (unsigned i = 0; i < 4; i++)
			universe_add(v, v->universe[done], &"/abc"[i], 1);
		done++;
	}
}

/* What tells patterns from each other: names here and there, and what the patterns match. */
static void universe_make(struct verdicts *v, const struct policies *policies)
{
	char path[PATH_MAX];

	universe_fill(v, ROOT, 4);
	universe_fill(v, "/x", 3);
	universe_fill(v, "/run/y", 2);
	universe_fill(v, "", 3);
	for (size_t p = 0; p < policies->n; p++) {
		for (size_t r = 0; r < policies->parsed[p]->n_rules; r++) {
			struct oracle_pattern *pattern =
				oracle_parse(policies->parsed[p]->rules[r].pattern, 0);

			for (unsigned i = 0; i < 60; i++)
				universe_add(v, "", path,
					     random_path(pattern, "abcx", path, sizeof(path)));
			oracle_free(pattern);
		}
	}
}

static void set_make(struct verdicts *v, struct set *set, const struct policies *policies,
		     unsigned cgroup)
{
	struct diag diag = {0};

	for (size_t i = 0; i < policies->n; i++)
		if (policies->selects[i][cgroup])
			set->policies[set->n_policies++] = policies->parsed[i];
	if (!set->n_policies)
		return;
	set->oracle = oracle_new(set->policies, set->n_policies, (const char *const *)v->universe,
				 v->n_universe);
	if (image_compile(set->policies, set->n_policies, 1, &diag, &set->image) != 0)
		die("the policies cannot be compiled");
	diag_clear(&diag);
}

struct verdicts *verdicts_new(const struct policies *policies, const bool cgroups[N_CGROUPS])
{
	struct verdicts *v = calloc(1, sizeof(*v));

	if (!v)
		die("memory");
	universe_make(v, policies);
	for (unsigned i = 0; i < N_CGROUPS; i++)
		if (cgroups[i])
			set_make(v, &v->sets[i], policies, i);
	return v;
}

void verdicts_free(struct verdicts *v)
{
	for (unsigned i = 0; i < N_CGROUPS; i++) {
		if (v->sets[i].oracle)
			oracle_delete(v->sets[i].oracle);
		image_free(v->sets[i].image);
		for (size_t m = 0; m < MEMO; m++)
			free(v->sets[i].memo[m].name);
	}
	for (size_t i = 0; i < v->n_universe; i++)
		free(v->universe[i]);
	free(v->universe);
	free(v);
}

static const struct memo *ask(struct set *set, const char *name)
{
	size_t n = strlen(name), hash = 0, index;
	struct memo *memo;

	for (size_t i = 0; i < n; i++)
		hash = hash * 31 + (unsigned char)name[i];
	memo = &set->memo[hash % MEMO];
	if (memo->name && strcmp(memo->name, name) == 0)
		return memo;
	free(memo->name);
	memo->name = strdup(name);
	if (!memo->name)
		die("memory");
	index = oracle_add(set->oracle, name, n);
	for (unsigned verb = 0; verb < ASKED; verb++)
		memo->verdicts[verb] = BAILIFF_VERDICT(oracle_decide(set->oracle, verb, index));
	return memo;
}

static unsigned verdict(struct set *set, unsigned verb, const char *name)
{
	return ask(set, name)->verdicts[verb];
}

bool verdict_denies(struct verdicts *v, unsigned verb, const char *name)
{
	for (unsigned i = 0; i < N_CGROUPS; i++)
		if (v->sets[i].oracle && verdict(&v->sets[i], verb, name) == BAILIFF_DENY)
			return true;
	return false;
}

/* What a policy denies at one name, it denies at the other. */
static bool is_laxer(struct set *set, const char *from, const char *to)
{
	for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++)
		if (verdict(set, verb, from) == BAILIFF_DENY &&
		    verdict(set, verb, to) != BAILIFF_DENY)
			return true;
	return verdict(set, BAILIFF_VERB_MAP, from) == BAILIFF_DENY &&
	       verdict(set, BAILIFF_VERB_MAP, to) != BAILIFF_DENY;
}

static __u32 state_beneath(const struct set *set, const char *name)
{
	char path[PATH_MAX + 1];

	return oracle_state(set->image->cells, path,
			    (size_t)snprintf(path, sizeof(path), "%s/", name));
}

static bool may_be_laxer_beneath(const struct set *set, const char *from, const char *to)
{
	__u32 old[BAILIFF_LABEL_WORDS], new[BAILIFF_LABEL_WORDS];

	if (state_beneath(set, from) == state_beneath(set, to))
		return false;
	oracle_below(set->image->cells, from, strlen(from), old);
	oracle_below(set->image->cells, to, strlen(to), new);
	for (unsigned place = 0; place < BAILIFF_N_BELOW; place++)
		if (place != BAILIFF_BELOW_ACT &&
		    BAILIFF_VERDICT(old[BAILIFF_VERB_BELOW + place]) == BAILIFF_DENY &&
		    BAILIFF_LEAST(new[BAILIFF_WORD_LEAST], place) != BAILIFF_DENY)
			return true;
	return BAILIFF_VERDICT(new[BAILIFF_VERB_BELOW + BAILIFF_VERB_WRITE]) == BAILIFF_DENY &&
	       BAILIFF_LEAST(old[BAILIFF_WORD_LEAST], BAILIFF_VERB_WRITE) != BAILIFF_DENY;
}

bool verdict_denies_move(struct verdicts *v, const char *from, const char *to, bool directory)
{
	for (unsigned i = 0; i < N_CGROUPS; i++) {
		struct set *set = &v->sets[i];

		if (set->oracle &&
		    (is_laxer(set, from, to) || (directory && may_be_laxer_beneath(set, from, to))))
			return true;
	}
	return false;
}

struct loosening {
	struct set *set;
	const char *from, *to;
};

static bool loosens(const char *rest, void *data)
{
	struct loosening *l = data;
	char from[PATH_MAX], to[PATH_MAX];

	if (snprintf(from, sizeof(from), "%s%s", l->from, rest) >= PATH_MAX ||
	    snprintf(to, sizeof(to), "%s%s", l->to, rest) >= PATH_MAX)
		return false;
	return is_laxer(l->set, from, to);
}

bool verdict_loosens(struct verdicts *v, const char *from, const char *to)
{
	for (unsigned i = 0; i < N_CGROUPS; i++) {
		struct loosening l = {.set = &v->sets[i], .from = from, .to = to};

		if (l.set->oracle && tree_beneath(from, loosens, &l))
			return true;
	}
	return false;
}
