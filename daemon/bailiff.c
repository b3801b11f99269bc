/* SPDX-License-Identifier: Apache-2.0 */

#include <locale.h>
#include <string.h>

#include "daemon/cli.h"
#include "daemon/kernel.h"
#include "daemon/util.h"

#ifndef BAILIFF_VERSION
#define BAILIFF_VERSION "0.1.0"
#endif

static const char help[] =
	"usage: bailiff COMMAND [OPTION]... [ARGUMENT]...\n"
	"\n"
	"Checks policies, and shows what bailiffd enforces with them.\n"
	"\n"
	"  check [FILE|FOLDER|-]...  what is wrong in policies, with line and column\n"
	"  try POLICY... QUESTION... what policies answer to an act, and by which line\n"
	"  diff BEFORE AFTER         what policies answer otherwise than others\n"
	"  apply FILE...             puts policies into force, on trial where it is asked\n"
	"  status                    which policies are in force, where, with counts\n"
	"  metrics                   the same counts, in Prometheus's text format\n"
	"  events                    what was denied or audited, from the journal\n"
	"  why EVENT|--last          what was denied, why, and how to allow it\n"
	"  learn SELECTOR -o FILE    writes the policy that a service needs\n"
	"  doctor                    what this machine lacks, and how to mend it\n"
	"  convert kubearmor FILE    policies of KubeArmor to policies of bailiff\n"
	"  container-hook            tells bailiffd of a container: for runtimes\n"
	"  release                   end all enforcement\n"
	"\n"
	"  -h, --help                this; \"bailiff COMMAND --help\" for a command's own\n"
	"      --version             print the version\n"
	"\n"
	"Most take --json. Exit status: 0 all is well, 1 the answer is no, 2 wrong\n"
	"usage, 3 it could not be done. See bailiff(1), bailiff.policy(5).\n";

static const struct cli_command *const commands[] = {
	&cmd_apply,	     &cmd_check, &cmd_try,   &cmd_diff,	  &cmd_status,	&cmd_metrics,
	&cmd_events,	     &cmd_why,	 &cmd_learn, &cmd_doctor, &cmd_convert, &cmd_release,
	&cmd_container_hook,
};

static enum cli_status run(int argc, char **argv)
{
	const char *names[ELEMENTS(commands) + 1] = {};

	for (size_t i = 0; i < ELEMENTS(commands); i++) {
		names[i] = commands[i]->name;
		if (strcmp(argv[1], names[i]) == 0)
			return commands[i]->run(argc - 1, argv + 1);
	}
	if (argv[1][0] == '-') {
		static const char *const options[] = {"--help", "--version", NULL};

		return cli_unknown("option", argv[1], options);
	}
	return cli_unknown("command", argv[1], names);
}

int main(int argc, char **argv)
{
	enum cli_status status;

	setlocale(LC_TIME, "");
	kernel_log_to(NULL, false); /* the commands say themselves what failed */
	if (argc < 2) {
		fputs(help, stderr);
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		fputs(help, stdout);
		status = CLI_OK;
	} else if (strcmp(argv[1], "--version") == 0) {
		puts("bailiff " BAILIFF_VERSION);
		status = CLI_OK;
	} else {
		status = run(argc, argv);
	}
	/* a full disk must not look like "no" or "ok" */
	if (fflush(stdout) != 0 || ferror(stdout))
		return cli_error(CLI_FAILED, "standard output cannot be written");
	return status;
}
