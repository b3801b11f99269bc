// SPDX-License-Identifier: Apache-2.0
#include "policy/image.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "policy/compile.h"
#include "policy/containers.h"
#include "policy/diag.h"
#include "policy/glob.h"
#include "policy/policy.h"

/*
 * What a policy without "host = yes" never confines: who would have to mend a wrong policy, and
 * those without whom nothing starts. A service counts below slices only: its path begins with the
 * service manager's own. In a container's cgroup anyone inside may name a cgroup "sshd.service",
 * and must not get out of the container's policy by that.
 */
static const struct {
	const char *pattern;
	unsigned flags;
} host_cgroups[] = {
	/* The root cgroup itself, not what is beneath: that is everything. */
	{"/", GLOB_SLASH_PLAIN},
	{"/init.scope", GLOB_BENEATH},
	/* One pattern: each more would be one more with which sets of policies can meet. */
	{"{,/*.slice{,/*.slice{,/*.slice}}}/"
	 "{bailiffd,ssh,sshd,kubelet,containerd,crio,docker,podman,dbus,"
	 "systemd-journald,systemd-udevd,systemd-logind,"
	 /* logins at the machine itself: who logs in stays under what held at his login */
	 "{getty,serial-getty}@*,console-getty,emergency,rescue,debug-shell,gdm,gdm3,lightdm,sddm}."
	 "service",
	 GLOB_BENEATH},
	/* What watches a container, in a cgroup beside it. */
	{"{,/*.slice{,/*.slice{,/*.slice}}}/{libpod,crio}-conmon-*.scope", GLOB_BENEATH},
};

#define N_HOST_CGROUPS (sizeof(host_cgroups) / sizeof(host_cgroups[0]))

/*
 * Rules are lines of [select], counted through all policies; behind them the known containers, each
 * of which stands for the lines about containers that match it; and the host's own is one more.
 */
struct selecting {
	const struct policy *const *policies;
	size_t n_policies;
	struct glob *host[N_HOST_CGROUPS];
	const struct containers *known;
	struct container_matches matches;
	struct glob **paths; /* of each container; behind them any */
	struct automaton_pattern *patterns;
	size_t n_patterns, patterns_capacity;
	uint32_t n_selects;
	uint32_t *policy_of, *line_of; /* of each rule; the line is an index into policy->selects */
	struct automaton *automaton;
	unsigned *matched; /* scratch, of each policy: keys */
	uint32_t *chosen;  /* scratch: policies */
	struct interner sets;
	uint32_t *label_of, *labels;
};

static void selecting_release(struct selecting *s)
{
	for (size_t i = 0; i < N_HOST_CGROUPS; i++)
		glob_free(s->host[i]);
	for (size_t i = 0; s->paths && i <= s->known->n; i++)
		glob_free(s->paths[i]);
	free(s->paths);
	container_matches_release(&s->matches);
	free(s->patterns);
	free(s->policy_of);
	free(s->line_of);
	automaton_free(s->automaton);
	free(s->matched);
	free(s->chosen);
	interner_release(&s->sets);
	free(s->label_of);
	free(s->labels);
}

static void selector_freep(struct selector **selector)
{
	selector_free(*selector);
}

static int selecting_allocate(struct selecting *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_policies; i++)
		n += s->policies[i]->n_selects;
	s->policy_of = calloc(n + 1, sizeof(*s->policy_of));
	s->line_of = calloc(n + 1, sizeof(*s->line_of));
	s->matched = calloc(s->n_policies + 1, sizeof(*s->matched));
	s->chosen = calloc(s->n_policies + 1, sizeof(*s->chosen));
	s->paths = calloc(s->known->n + 1, sizeof(*s->paths));
	if (!s->paths || !s->policy_of || !s->line_of || !s->matched || !s->chosen)
		return -ENOMEM;
	return 0;
}

static int selecting_add(struct selecting *s, const struct glob *glob, uint32_t rule)
{
	int r = array_reserve(&s->patterns, &s->patterns_capacity, s->n_patterns + 1,
			      sizeof(*s->patterns));

	if (r == 0)
		s->patterns[s->n_patterns++] =
			(struct automaton_pattern){.glob = glob, .rule = rule};
	return r;
}

/* Adds the pattern of a line that has one of its own. */
static int selecting_add_line(struct selecting *s, const struct policy_select *line, uint32_t rule)
{
	if (!select_is_of_containers(line->key))
		return selecting_add(s, line->glob, rule);
	return s->known->any ? selecting_add(s, s->paths[s->known->n], rule) : 0;
}

static bool selecting_has_unknown(const struct selecting *s)
{
	for (size_t i = 0; i < s->n_policies; i++)
		if (s->policies[i]->unknown)
			return true;
	return false;
}

/* Adds the path of a container, if any line is about it, or about those that are not known. */
static int selecting_add_container(struct selecting *s, size_t container)
{
	if (selecting_has_unknown(s))
		return selecting_add(s, s->paths[container], s->n_selects + container);
	for (uint32_t line = 0; line < s->n_selects; line++)
		if (container_matches(&s->matches, line, container))
			return selecting_add(s, s->paths[container], s->n_selects + container);
	return 0;
}

static int selecting_number(struct selecting *s)
{
	struct glob_error error;
	int r = glob_parse("**", 0, &s->paths[s->known->n], &error);

	for (size_t i = 0; i < s->known->n && r == 0; i++)
		r = container_path(&s->known->list[i], &s->paths[i]);
	for (uint32_t i = 0; i < s->n_policies && r == 0; i++) {
		const struct policy *policy = s->policies[i];

		for (uint32_t k = 0; k < policy->n_selects && r == 0; k++) {
			uint32_t n = s->n_selects++;

			s->policy_of[n] = i;
			s->line_of[n] = k;
			r = selecting_add_line(s, &policy->selects[k], n);
		}
	}
	for (size_t i = 0; i < s->known->n && r == 0; i++)
		r = selecting_add_container(s, i);
	for (uint32_t i = 0; i < N_HOST_CGROUPS && r == 0; i++) {
		r = glob_parse(host_cgroups[i].pattern, host_cgroups[i].flags, &s->host[i], &error);
		if (r == 0)
			r = selecting_add(s, s->host[i], s->n_selects + s->known->n);
	}
	return r;
}

static unsigned keys_of(const struct policy *policy)
{
	unsigned keys = 0;

	for (size_t i = 0; i < policy->n_selects; i++)
		keys |= 1u << policy->selects[i].key;
	return keys;
}

static void selecting_mark(struct selecting *s, uint32_t line)
{
	uint32_t policy = s->policy_of[line];

	s->matched[policy] |= 1u << s->policies[policy]->selects[s->line_of[line]].key;
}

/* Marks the lines of which a rule is one, or that are about the container that it is. */
static void selecting_mark_rule(struct selecting *s, uint32_t rule)
{
	if (rule < s->n_selects) {
		selecting_mark(s, rule);
		return;
	}
	for (uint32_t line = 0; line < s->n_selects; line++)
		if (container_matches(&s->matches, line, rule - s->n_selects))
			selecting_mark(s, line);
}

/* The policies that hold where the lines of an accept set match. */
static int selecting_choose(struct selecting *s, const uint32_t *rules, size_t n_rules,
			    uint32_t *ret_set)
{
	/* The host's own is the greatest rule, and before it are those of known containers. */
	bool host = n_rules && rules[n_rules - 1] == s->n_selects + s->known->n;
	bool known = n_rules > host && rules[n_rules - host - 1] >= s->n_selects;
	size_t n = 0;

	memset(s->matched, 0, s->n_policies * sizeof(*s->matched));
	for (size_t i = 0; i < n_rules - host; i++)
		selecting_mark_rule(s, rules[i]);
	for (uint32_t i = 0; i < s->n_policies; i++) {
		const struct policy *policy = s->policies[i];

		/* A policy that selects nothing holds nowhere. */
		if (s->matched[i] && s->matched[i] == keys_of(policy) && (policy->host || !host) &&
		    !(policy->unknown && known))
			s->chosen[n++] = i;
	}
	return interner_add(&s->sets, s->chosen, n, ret_set);
}

static int selecting_label(struct selecting *s)
{
	const struct interner *accepts = &s->automaton->accepts;
	int r;

	s->label_of = calloc(accepts->n_lists, sizeof(*s->label_of));
	if (!s->label_of)
		return -ENOMEM;
	/* Accept set 0 is empty, and so is set 0. */
	for (uint32_t a = 0; a < accepts->n_lists; a++) {
		size_t n;
		const uint32_t *lines = interner_list(accepts, a, &n);

		r = selecting_choose(s, lines, n, &s->label_of[a]);
		if (r < 0)
			return r;
	}
	s->labels = calloc((size_t)s->sets.n_lists * BAILIFF_LABEL_WORDS, sizeof(*s->labels));
	if (!s->labels)
		return -ENOMEM;
	for (uint32_t set = 0; set < s->sets.n_lists; set++)
		s->labels[(size_t)set * BAILIFF_LABEL_WORDS] = set;
	return 0;
}

static int too_large(const struct selecting *s, struct diag *diag, size_t rule)
{
	const struct policy *policy;
	const struct policy_select *line;
	int r;

	/* Not the host's patterns alone: they are fixed, and small. */
	if (rule >= s->n_selects)
		rule = 0;
	policy = s->policies[s->policy_of[rule]];
	line = &policy->selects[s->line_of[rule]];
	r = diag_add(
		diag, DIAG_ERROR, policy->file, line->line, line->column, NULL,
		"the selectors together make too large an automaton, and this one has most of "
		"the blame: %s",
		line->key == POLICY_SELECT_UNIT
			? "select fewer slices, end patterns for units with \".service\" or the "
			  "like, and use fewer \"*\""
			: "use fewer \"**\" and \"*\"");
	return r < 0 ? r : 1;
}

static int too_many_sets(const struct selecting *s, struct diag *diag)
{
	int r = diag_add(diag, DIAG_ERROR, s->policies[0]->file, 0, 0, NULL,
			 "there are more than %d different sets of policies for a container: in "
			 "[select] use fewer \"**\" and \"*\"",
			 BAILIFF_SLOTS - 1);

	return r < 0 ? r : 1;
}

static int sets_copy(const struct interner *sets, struct selector *selector)
{
	selector->sets = calloc(sets->n_lists, sizeof(*selector->sets));
	if (!selector->sets)
		return -ENOMEM;
	selector->n_sets = sets->n_lists;
	for (uint32_t i = 0; i < sets->n_lists; i++) {
		struct selector_set *set = &selector->sets[i];
		const uint32_t *list = interner_list(sets, i, &set->n_policies);

		set->policies = calloc(set->n_policies + 1, sizeof(*set->policies));
		if (!set->policies)
			return -ENOMEM;
		for (size_t k = 0; k < set->n_policies; k++)
			set->policies[k] = list[k];
	}
	return 0;
}

int selector_compile_known(const struct policy *const *policies, size_t n_policies,
			   const struct containers *known, struct diag *diag,
			   struct selector **ret_selector)
{
	__attribute__((cleanup(selecting_release))) struct selecting s = {
		.policies = policies,
		.n_policies = n_policies,
		.known = known,
	};
	__attribute__((cleanup(selector_freep))) struct selector *selector = NULL;
	struct image_parts parts = {0};
	size_t culprit = 0;
	int r;

	r = selecting_allocate(&s);
	if (r == 0)
		r = containers_match(policies, n_policies, known, &s.matches, &culprit);
	if (r == 0)
		r = selecting_number(&s);
	if (r == 0) {
		r = automaton_build(s.patterns, s.n_patterns, 0, NULL, 0, &s.automaton, &culprit);
		culprit = r == -E2BIG ? s.patterns[culprit].rule : 0;
	}
	if (r == -E2BIG)
		return too_large(&s, diag, culprit);
	if (r == 0)
		r = selecting_label(&s);
	if (r < 0)
		return r;
	/* The empty one needs no slot, as there is none of number 0. */
	if (s.sets.n_lists > BAILIFF_SLOTS)
		return too_many_sets(&s, diag);
	selector = calloc(1, sizeof(*selector));
	if (!selector)
		return -ENOMEM;
	parts.labels = s.labels;
	parts.n_labels = s.sets.n_lists;
	automaton_label(s.automaton, s.label_of);
	r = image_assemble(&parts, s.automaton, &selector->image);
	if (r == 0)
		r = sets_copy(&s.sets, selector);
	if (r < 0)
		return r;
	*ret_selector = selector;
	selector = NULL;
	return 0;
}

int selector_compile(const struct policy *const *policies, size_t n_policies, struct diag *diag,
		     struct selector **ret_selector)
{
	const struct containers none = {};

	return selector_compile_known(policies, n_policies, &none, diag, ret_selector);
}

struct selector *selector_free(struct selector *selector)
{
	if (!selector)
		return NULL;
	image_free(selector->image);
	if (selector->sets)
		for (size_t i = 0; i < selector->n_sets; i++)
			free(selector->sets[i].policies);
	free(selector->sets);
	free(selector);
	return NULL;
}

void selector_assign(struct selector *selector, const __u32 *slots)
{
	const struct bailiff_image *header = image_header(selector->image->cells);
	__u32 *words = (__u32 *)(selector->image->cells + header->labels);

	/* Label i is set i. */
	for (size_t set = 0; set < selector->n_sets; set++)
		words[set * BAILIFF_LABEL_WORDS] = slots[set];
}
