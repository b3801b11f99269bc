/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/cli-json.h"
#include "daemon/cli.h"
#include "daemon/doctor.h"

static const char help[] =
	"usage: bailiff doctor [--json]\n"
	"\n"
	"Looks whether this machine can enforce policies: a line for each thing that is\n"
	"needed, what is wrong with it, and how to mend it. To be sure, it loads and\n"
	"attaches a program that decides nothing, and removes it again. Run it as root.\n"
	"\n"
	"      --json    a list of objects: check, level, text, mend\n"
	"  -h, --help    this\n"
	"\n"
	"Exit status: 0 nothing fails (warnings may be), 1 something does.\n";

static const struct option options[] = {CLI_COMMON_OPTIONS, {}};

static const char *const words[] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_WARN] = "warn",
	[DOCTOR_FAIL] = "FAIL",
};

static const enum cli_colour colours[] = {
	[DOCTOR_OK] = CLI_GOOD,
	[DOCTOR_WARN] = CLI_DOUBTFUL,
	[DOCTOR_FAIL] = CLI_BAD,
};

static enum cli_status print_json(const struct doctor_finding *findings, size_t n,
				  enum cli_status status)
{
	_cleanup_(json_freep) struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < n; i++) {
		struct json_object *object = json_object_new_object();

		json_add_text(object, "check", findings[i].name);
		json_add_text(object, "level", words[findings[i].level]);
		json_add_text(object, "text", findings[i].text);
		json_add_text(object, "mend", findings[i].mend);
		json_object_array_add(list, object);
	}
	return json_print(list, status);
}

static void print_finding(const struct doctor_finding *finding)
{
	printf("%s%-4s%s  %-16s  ", cli_colour(colours[finding->level]), words[finding->level],
	       cli_colour(CLI_PLAIN), finding->name);
	cli_print(stdout, finding->text);
	putchar('\n');
	if (!finding->mend)
		return;
	fputs("                        -> ", stdout);
	cli_print(stdout, finding->mend);
	putchar('\n');
}

static enum cli_status run(int argc, char **argv)
{
	enum cli_status status = CLI_OK;
	struct doctor_finding *findings;
	bool json = false;
	int option;
	size_t n;

	while ((option = cli_option(&cmd_doctor, argc, argv)) != CLI_END) {
		if (option != 'j')
			return option == CLI_HELPED ? CLI_OK : CLI_USAGE;
		json = true;
	}
	if (optind < argc)
		return cli_error(CLI_USAGE, "doctor: takes no argument, and \"%s\" is one",
				 argv[optind]);
	if (doctor_examine(&findings, &n) < 0)
		return cli_error(CLI_FAILED, "out of memory");
	for (size_t i = 0; i < n; i++)
		if (findings[i].level == DOCTOR_FAIL)
			status = CLI_NO;
	if (json)
		status = print_json(findings, n, status);
	for (size_t i = 0; i < n && !json; i++)
		print_finding(&findings[i]);
	doctor_free(findings, n);
	return status;
}

const struct cli_command cmd_doctor = {"doctor", help, "", options, run};
