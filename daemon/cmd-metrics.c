/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli-look.h"
#include "daemon/cli.h"
#include "daemon/metrics.h"
#include "daemon/util.h"

static const char help[] =
	"usage: bailiff metrics\n"
	"\n"
	"Prints metrics in Prometheus's text format: decisions by policy, rule and\n"
	"verdict; events that were dropped; what could not be done; how full tables are;\n"
	"how long policies took to come into force. Hooks' run time is there while\n"
	"kernel.bpf_stats_enabled is 1. It is read from the kernel itself: bailiffd need\n"
	"not run.\n"
	"\n"
	"  -h, --help    this\n"
	"\n"
	"bailiffd writes the same every 15 seconds, for node_exporter's textfile\n"
	"collector, with this in /etc/bailiff/bailiff.conf:\n"
	"  [daemon]\n"
	"  metrics = /var/lib/prometheus/node-exporter/bailiff.prom\n"
	"\n"
	"Exit status: 0 printed, 3 not known (only root can look).\n";

static const struct option options[] = {
	{"help", no_argument, NULL, 'h'},
	{},
};

/* What the daemon counts: it has written that already. */
static void print_own(void)
{
	_cleanup_(fclosep) FILE *file = fopen(METRICS_DAEMON_FILE, "re");
	char block[4096];
	size_t n;

	while (file && (n = fread(block, 1, sizeof(block), file)) > 0)
		fwrite(block, 1, n, stdout);
}

static enum cli_status run(int argc, char **argv)
{
	_cleanup_(look_freep) struct look *look = NULL;
	bool runs = cli_daemon() == CLI_DAEMON_RUNS;
	int option, r;

	while ((option = cli_option(&cmd_metrics, argc, argv)) != CLI_END)
		return option == CLI_HELPED ? CLI_OK : CLI_USAGE;
	if (optind < argc)
		return cli_error(CLI_USAGE, "metrics: takes no argument, and \"%s\" is one",
				 argv[optind]);
	r = look_new(&look);
	if (r == -ESTALE)
		return cli_error(CLI_FAILED,
				 "metrics: what is in force is of another version of bailiff; "
				 "restart bailiffd, which replaces it");
	if ((r == -EACCES || r == -EPERM) && geteuid() != 0)
		return cli_error(CLI_FAILED, "metrics: only root can look at what is in force");
	if (r < 0 && r != -ENOENT)
		return cli_error(CLI_FAILED, "metrics: cannot look at what is in force: %s",
				 strerror(-r));
	metrics_of_kernel(stdout, look);
	metric_gauge(stdout, "bailiff_daemon_running", "1: bailiffd runs.", runs);
	if (runs)
		print_own();
	return CLI_OK;
}

const struct cli_command cmd_metrics = {"metrics", help, "", options, run};
