/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli-json.h"
#include "daemon/cli-policies.h"
#include "daemon/cli.h"
#include "daemon/diff-show.h"
#include "daemon/util.h"
#include "policy/containers.h"
#include "policy/diff.h"

static const char help[] =
	"usage: bailiff diff [OPTION]... BEFORE AFTER\n"
	"\n"
	"What policies answer otherwise than others, worked out from all that they say:\n"
	"the order of lines, and how patterns are written, makes no difference. BEFORE\n"
	"and AFTER are files or folders of *.ini; in folders, policies of one name are\n"
	"compared.\n"
	"\n"
	"For each change: the answer before and after, the shortest example, and the\n"
	"lines that decide on both sides. Where it holds for one executable alone, the\n"
	"example names one. Other settings that differ are told, and what is selected by\n"
	"one alone.\n"
	"\n"
	"      --all     every change; otherwise the first ten of a kind\n"
	"      --json    a list of objects\n"
	"  -h, --help    this\n"
	"\n"
	"Exit status: 0 no difference, 1 differences, 2 wrong usage, 3 a policy has\n"
	"errors or cannot be read.\n";

#define OPTION_ALL 256

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{"all", no_argument, NULL, OPTION_ALL},
	{},
};

static void trial_releasep(struct trial *trial)
{
	trial_release(trial);
}

static void diff_releasep(struct diff *diff)
{
	diff_release(diff);
}

static int compare_settings(struct diff_out *out, const struct policy *a, const struct policy *b)
{
	static const char *const no_yes[] = {"no", "yes"};
	static const char *const scripts[] = {
		[POLICY_SCRIPTS_NO] = "no",
		[POLICY_SCRIPTS_YES] = "yes",
		[POLICY_SCRIPTS_STRICT] = "strict",
	};

	diff_setting(out, a, b, "mode", a->audit ? "audit" : "enforce",
		     b->audit ? "audit" : "enforce");
	diff_setting(out, a, b, "host", no_yes[a->host], no_yes[b->host]);
	diff_setting(out, a, b, "libraries", no_yes[a->libraries], no_yes[b->libraries]);
	diff_setting(out, a, b, "scripts", scripts[a->scripts], scripts[b->scripts]);
	diff_setting(out, a, b, "revoke", no_yes[a->revoke], no_yes[b->revoke]);
	return 0;
}

/* The patterns of a key, one behind the other; the caller frees it. NULL without memory. */
static char *patterns_of(const struct policy *policy, enum policy_select_key key)
{
	char *text = NULL;
	size_t n = 0;
	FILE *stream = open_memstream(&text, &n);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < policy->n_selects; i++)
		if (policy->selects[i].key == key)
			fprintf(stream, "%s%s", ftell(stream) ? " " : "",
				policy->selects[i].pattern);
	if (fclose(stream) == 0)
		return text;
	free(text);
	return NULL;
}

/* What no cgroup's path tells is compared as it is written. */
static int compare_names(struct diff_out *out, const struct policy *a, const struct policy *b,
			 const char *name, enum policy_select_key key)
{
	_cleanup_(freep) char *before = patterns_of(a, key), *after = patterns_of(b, key);

	if (!before || !after)
		return -ENOMEM;
	diff_setting(out, a, b, name, *before ? before : "any", *after ? after : "any");
	return 0;
}

static int compare_selects(struct diff_out *out, struct diag *diag, const struct policy *a,
			   const struct policy *b)
{
	_cleanup_(freep) char *before_alone = NULL, *after_alone = NULL;
	struct selector *before = NULL, *after = NULL;
	const struct containers any = {.any = true};
	int r = compare_names(out, a, b, "container", POLICY_SELECT_CONTAINER);

	if (r == 0)
		r = compare_names(out, a, b, "image", POLICY_SELECT_IMAGE);
	if (r == 0)
		r = selector_compile_known(&a, 1, &any, diag, &before);
	if (r == 0)
		r = selector_compile_known(&b, 1, &any, diag, &after);
	if (r == 0)
		r = diff_select(before, after, &before_alone, &after_alone);
	if (r == 0 && before_alone)
		diff_selected(out, a, b, a, before_alone);
	if (r == 0 && after_alone)
		diff_selected(out, a, b, b, after_alone);
	selector_free(before);
	selector_free(after);
	return r;
}

/* Returns 0, 1 where diag says what is too large, or a negative errno. */
static int compare(struct diff_out *out, struct diag *diag, const struct policy *a,
		   const struct policy *b)
{
	_cleanup_(trial_releasep) struct trial before = {}, after = {};
	_cleanup_(diff_releasep) struct diff diff = {};
	int r = compare_settings(out, a, b);

	if (r == 0)
		r = compare_selects(out, diag, a, b);
	if (r == 0)
		r = trial_compile(&a, 1, diag, &before);
	if (r == 0)
		r = trial_compile(&b, 1, diag, &after);
	if (r == 0)
		r = diff_compute(&before, &after, &diff);
	if (r == 0)
		diff_changes(out, &before, &after, &diff);
	return r;
}

static struct policy *find(const struct cli_policies *policies, const char *name)
{
	for (size_t i = 0; i < policies->n_policies; i++)
		if (strcmp(policies->policies[i]->name, name) == 0)
			return policies->policies[i];
	return NULL;
}

/* Two policies are compared whatever their names; of more, those of one name. */
static int compare_all(struct diff_out *out, struct cli_policies *a, struct cli_policies *b)
{
	bool two = a->n_policies == 1 && b->n_policies == 1;
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n_policies; i++) {
		const struct policy *policy = a->policies[i], *other;

		other = two ? b->policies[0] : find(b, policy->name);
		if (other)
			r = compare(out, &a->diag, policy, other);
		else
			diff_alone(out, policy, "before");
	}
	for (size_t i = 0; r == 0 && !two && i < b->n_policies; i++)
		if (!find(a, b->policies[i]->name))
			diff_alone(out, b->policies[i], "after");
	return r;
}

static enum cli_status load(struct cli_policies *policies, const char *argument)
{
	if (cli_policies_add(policies, argument) < 0)
		return CLI_FAILED;
	if (!policies->n_files)
		return cli_error(CLI_FAILED, "diff: there is no policy (*.ini) in %s", argument);
	if (!policies->diag.n_errors)
		return CLI_OK;
	(void)cli_diag_print(stderr, &policies->diag);
	return CLI_FAILED;
}

static enum cli_status answer(struct diff_out *out, struct cli_policies *a, struct cli_policies *b)
{
	int r = compare_all(out, a, b);

	if (r == -E2BIG)
		return cli_error(CLI_FAILED, "diff: there is too much to compare: split the "
					     "policies, or use fewer \"**\"");
	if (r < 0)
		return cli_error(CLI_FAILED, "diff: %s", strerror(-r));
	if (r > 0) {
		(void)cli_diag_print(stderr, &a->diag);
		return CLI_FAILED;
	}
	if (out->list)
		return json_print(out->list, out->n ? CLI_NO : CLI_OK);
	if (!out->n)
		puts("no difference");
	return out->n ? CLI_NO : CLI_OK;
}

static enum cli_status run(int argc, char **argv)
{
	_cleanup_(cli_policies_clear) struct cli_policies a = {}, b = {};
	_cleanup_(json_freep) struct json_object *list = NULL;
	struct diff_out out = {};
	bool json = false;
	int option;

	while ((option = cli_option(&cmd_diff, argc, argv)) != CLI_END) {
		if (option == CLI_HELPED || option == CLI_UNKNOWN)
			return option == CLI_HELPED ? CLI_OK : CLI_USAGE;
		if (option == OPTION_ALL)
			out.all = true;
		else
			json = true;
	}
	if (argc - optind != 2)
		return cli_error(CLI_USAGE, "diff: compare what with what? See \"bailiff diff "
					    "--help\"");
	if (load(&a, argv[optind]) != CLI_OK || load(&b, argv[optind + 1]) != CLI_OK)
		return CLI_FAILED;
	if (json)
		list = json_object_new_array();
	out.list = list;
	return answer(&out, &a, &b);
}

const struct cli_command cmd_diff = {"diff", help, "", options, run};
