/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <string.h>

#include "daemon/cli-check.h"
#include "daemon/cli-json.h"
#include "daemon/cli-policies.h"
#include "daemon/cli.h"
#include "daemon/store.h"

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
	r = cli_check_compile(&check);
	if (r == 0)
		r = cli_policies_fill(&check);
	if (r < 0)
		return cli_error(CLI_FAILED, "cannot compile: %s", strerror(-r));
	wrong = strict ? check.diag.n_items : check.diag.n_errors;
	status = failed < 0 ? CLI_FAILED : wrong ? CLI_NO : CLI_OK;
	if (json)
		return json_print(cli_check_json(&check.diag), status);
	if (cli_diag_print(stdout, &check.diag) < 0)
		return cli_error(CLI_FAILED, "out of memory");
	if (check.n_files || failed >= 0)
		print_summary(&check);
	return status;
}

const struct cli_command cmd_check = {"check", help, "", options, run};
