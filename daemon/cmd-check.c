/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <string.h>

#include "daemon/cli-json.h"
#include "daemon/cli-policies.h"
#include "daemon/cli.h"
#include "daemon/store.h"
#include "policy/image.h"
#include "policy/unused.h"

static const char help[] =
	"usage: bailiff check [--json] [--strict] [FILE|FOLDER|-]...\n"
	"\n"
	"Checks policies as bailiffd does before it enforces them, and prints everything\n"
	"that is wrong with its line and column. A FOLDER stands for the *.ini in it, \"-\"\n"
	"for standard input. Nothing given: " STORE_FOLDER_ETC ".\n"
	"\n"
	"Policies given together are checked together, with the limits of the whole.\n"
	"\n"
	"      --json    a list: level, file, line, column, end, message, source, near\n"
	"      --strict  a warning is an error\n"
	"  -h, --help    this\n"
	"\n"
	"Exit status: 0 no errors (with --strict: nor warnings), 1 some, 2 wrong usage,\n"
	"3 not readable.\n";

static const struct option options[] = {
	{"strict", no_argument, NULL, 's'},
	CLI_COMMON_OPTIONS,
	{},
};

/* Compiles what holds together for some container, as the daemon will. */
static int compile_set(struct cli_policies *check, const struct selector_set *set)
{
	_cleanup_(freep) const struct policy **policies = NULL;
	struct image *image = NULL;
	int r;

	policies = calloc(set->n_policies, sizeof(*policies));
	if (!policies)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_policies; i++)
		policies[i] = check->policies[set->policies[i]];
	r = image_compile(policies, set->n_policies, 1, &check->diag, &image);
	image_free(image);
	return r;
}

/* Answers 0 or a negative errno; limits that are exceeded are in diag. */
static int compile(struct cli_policies *check)
{
	struct selector *selector = NULL;
	int r = 0;

	if (check->n_policies == 0)
		return 0;
	/* each alone first: an error then names the policy that is too large by itself */
	for (size_t i = 0; i < check->n_policies && r >= 0; i++)
		r = policy_unused(check->policies[i], &check->diag);
	if (r < 0 || check->diag.n_errors)
		return r < 0 ? r : 0;
	r = selector_compile(cli_policies_list(check), check->n_policies, &check->diag, &selector);
	if (r)
		return r < 0 ? r : 0;
	for (size_t i = 1; i < selector->n_sets && r == 0; i++)
		if (selector->sets[i].n_policies > 1)
			r = compile_set(check, &selector->sets[i]);
	selector_free(selector);
	return r < 0 ? r : 0;
}

static enum cli_status print_json(const struct cli_policies *check, enum cli_status status)
{
	_cleanup_(json_freep) struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < check->diag.n_items; i++) {
		const struct diag_item *item = &check->diag.items[i];
		struct json_object *object = json_object_new_object();

		json_add_text(object, "level", item->level == DIAG_ERROR ? "error" : "warning");
		json_add_text(object, "file", item->file);
		if (item->line) {
			json_add_number(object, "line", item->line);
			json_add_number(object, "column", item->column);
			if (item->end)
				json_add_number(object, "end", item->end);
		}
		json_add_text(object, "message", item->message);
		if (item->source)
			json_add_text(object, "source", item->source);
		if (item->near)
			json_add_text(object, "near", item->near);
		json_object_array_add(list, object);
	}
	return json_print(list, status);
}

static void print_summary(const struct cli_policies *check)
{
	size_t n_shown = 0, n_warnings = 0;

	for (size_t i = 0; i < check->diag.n_items; i++)
		if (check->diag.items[i].level == DIAG_ERROR)
			n_shown++;
		else
			n_warnings++;
	fflush(stdout);
	fprintf(stderr, "%zu polic%s: %zu error%s, %zu warning%s", check->n_files,
		check->n_files == 1 ? "y" : "ies", check->diag.n_errors,
		check->diag.n_errors == 1 ? "" : "s", n_warnings, n_warnings == 1 ? "" : "s");
	if (n_shown < check->diag.n_errors)
		fprintf(stderr, " (the first %zu are shown)", n_shown);
	fputc('\n', stderr);
}

static enum cli_status run(int argc, char **argv)
{
	_cleanup_(cli_policies_clear) struct cli_policies check = {};
	enum cli_status status;
	bool json = false, strict = false;
	int option, r, failed = 0;
	size_t wrong;

	while ((option = cli_option(&cmd_check, argc, argv)) != CLI_END) {
		if (option != 'j' && option != 's')
			return option == CLI_HELPED ? CLI_OK : CLI_USAGE;
		json |= option == 'j';
		strict |= option == 's';
	}
	if (optind == argc)
		failed = cli_policies_add(&check, STORE_FOLDER_ETC);
	for (int i = optind; i < argc; i++)
		if (cli_policies_add(&check, argv[i]) < 0)
			failed = -1;
	r = compile(&check);
	if (r == 0)
		r = cli_policies_fill(&check);
	if (r < 0)
		return cli_error(CLI_FAILED, "cannot compile: %s", strerror(-r));
	wrong = strict ? check.diag.n_items : check.diag.n_errors;
	status = failed < 0 ? CLI_FAILED : wrong ? CLI_NO : CLI_OK;
	if (json)
		return print_json(&check, status);
	if (cli_diag_print(stdout, &check.diag) < 0)
		return cli_error(CLI_FAILED, "out of memory");
	if (check.n_files || failed >= 0)
		print_summary(&check);
	return status;
}

const struct cli_command cmd_check = {"check", help, "", options, run};
