// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"
#include "policy/policy.h"

/*
 * Where containers are, by the names that their engines give to cgroups: what a container's id
 * stands in, and nothing that an engine itself, conmon or a service runs in. None of these can be a
 * *.service, so that policies for units and this one do not meet but in the last.
 */

#define HEX "[0-9a-f]"
#define HEX_4 HEX HEX HEX HEX
#define HEX_12 HEX_4 HEX_4 HEX_4 /* the least digits of an id */

static const struct {
	const char *pattern;
	unsigned flags;
} places[] = {
	/* systemd's scopes, the system's and those of users' managers */
	{"{libpod,crio,cri-containerd,docker,nerdctl}-" HEX_12 "*.scope", GLOB_UNIT},
	/* whatever else is there beside slices and services: systemd-nspawn, too */
	{"/machine.slice/{,*.slice/{,*.slice/}}*.scope", 0},
	{"/kubepods.slice/{,*.slice/{,*.slice/}}*.scope", 0},
	/* cgroups that engines make by themselves */
	{"/kubepods/**/{,cri-containerd-,crio-}" HEX_12 "*", 0},
	{"/{,*.slice/{,*.slice/}}{libpod_parent/,}libpod-" HEX_12 "*", 0},
	{"/{docker,default,k8s.io}/*", 0},
	/* podman --cgroups=split */
	{"/**/libpod-payload-" HEX_12 "*", 0},
};

#define N_PLACES (sizeof(places) / sizeof(places[0]))

static const char message[] = "it is not known which container this is, and bailiff.conf says "
			      "unknown = deny";

static int add_place(struct policy *policy, size_t i, unsigned line)
{
	struct policy_select *select = &policy->selects[i];
	struct glob_error error;
	int r = glob_parse(places[i].pattern, places[i].flags | GLOB_BENEATH, &select->glob,
			   &error);

	if (r < 0)
		return r;
	policy->n_selects++;
	select->key = POLICY_SELECT_CGROUP;
	select->line = line;
	select->column = 1;
	select->pattern = strdup(places[i].pattern);
	return select->pattern ? 0 : -ENOMEM;
}

int policy_of_unknown(const char *file, unsigned line, struct policy **ret_policy)
{
	struct policy *policy = calloc(1, sizeof(*policy));
	int r = 0;

	if (!policy)
		return -ENOMEM;
	policy->unknown = true;
	policy->severity = 5;
	policy->name = strdup(POLICY_UNKNOWN);
	policy->file = strdup(file);
	policy->message = strdup(message);
	policy->selects = calloc(N_PLACES, sizeof(*policy->selects));
	policy->defaults[BAILIFF_VERB_EXEC] =
		(struct policy_default){.verdict = BAILIFF_DENY, .line = line, .column = 1};
	if (!policy->name || !policy->file || !policy->message || !policy->selects)
		r = -ENOMEM;
	for (size_t i = 0; i < N_PLACES && r == 0; i++)
		r = add_place(policy, i, line);
	if (r == 0)
		*ret_policy = policy;
	else
		policy_free(policy);
	return r;
}
