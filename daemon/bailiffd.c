/* SPDX-License-Identifier: Apache-2.0 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/doctor.h"
#include "daemon/kernel.h"
#include "daemon/log.h"
#include "daemon/manager.h"
#include "daemon/util.h"

static void usage(FILE *stream)
{
	fputs("usage: bailiffd [--early] [--debug]\n"
	      "\n"
	      "Enforces the policies in /etc/bailiff/policies.d and /run/bailiff/policies.d.\n"
	      "Usually started by systemd: systemctl enable --now bailiffd\n"
	      "\n"
	      "  --early    put them into force, and end: for the start of the machine\n"
	      "  --debug    say more\n"
	      "  --version  print the version\n"
	      "  --help     print this\n"
	      "\n"
	      "See bailiffd(8), bailiff.policy(5).\n",
	      stream);
}

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, bool *ret_early)
{
	static const struct option options[] = {
		{"early", no_argument, NULL, 'e'},
		{"debug", no_argument, NULL, 'd'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	int option;

	while ((option = getopt_long(argc, argv, "dh", options, NULL)) >= 0) {
		switch (option) {
		case 'e':
			*ret_early = true;
			break;
		case 'd':
			log_verbose = 1;
			break;
		case 'v':
			puts("bailiffd " BAILIFF_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return 2;
	}
	return -1;
}

static void log_libbpf(int priority, const char *text)
{
	log_print(priority, "%s", text);
}

int main(int argc, char **argv)
{
	_cleanup_(manager_freep) struct manager *manager = NULL;
	_cleanup_(freep) char *missing = NULL;
	bool early = false;
	int r = parse_options(argc, argv, &early);

	if (r >= 0)
		return r;
	if (doctor_require(&missing)) {
		if (!missing)
			log_print(LOG_ERR, "out of memory");
		for (char *rest = missing, *line; (line = strsep(&rest, "\n"));)
			log_print(LOG_ERR, "%s", line);
		return EXIT_FAILURE;
	}
	kernel_log_to(log_libbpf, log_verbose);
	if (manager_new(early, &manager) < 0)
		return EXIT_FAILURE;
	if (early) {
		log_print(LOG_INFO, "the policies are in force; bailiffd.service takes over");
		return EXIT_SUCCESS;
	}
	return manager_run(manager) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
