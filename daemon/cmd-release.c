/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "daemon/cli.h"
#include "daemon/conf.h"
#include "daemon/containers.h"
#include "daemon/kernel.h"

static const char help[] =
	"usage: bailiff release\n"
	"\n"
	"Ends all enforcement: removes bailiff's programs, maps and links from the kernel\n"
	"(" KERNEL_PINS "). Every container and service is then as if there were no\n"
	"policy, until bailiffd is started again. Counts and unread events are lost;\n"
	"policy files stay. Only root can, and only while bailiffd does not run.\n"
	"\n"
	"  -h, --help    this\n"
	"\n"
	"Exit status: 0 nothing is enforced any more, 1 bailiffd runs, 3 not possible.\n";

static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {}};

/*
 * Takes the daemon's lock, so that none starts meanwhile. Answers a descriptor, -1 where there is
 * no lock (no daemon ran since boot), or -EWOULDBLOCK where the daemon holds it.
 */
static int take_lock(void)
{
	int fd = open(CLI_LOCK, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -EWOULDBLOCK;
}

static enum cli_status run(int argc, char **argv)
{
	_cleanup_(close_fdp) int lock = -1;
	bool nothing;
	int option, r;

	while ((option = cli_option(&cmd_release, argc, argv)) != CLI_END)
		return option == CLI_HELPED ? CLI_OK : CLI_USAGE;
	if (optind < argc)
		return cli_error(CLI_USAGE, "release: takes no argument, and \"%s\" is one",
				 argv[optind]);
	if (geteuid() != 0)
		return cli_error(CLI_FAILED, "release: only root can");
	lock = take_lock();
	if (lock == -EWOULDBLOCK)
		return cli_error(CLI_NO, "release: bailiffd runs and would enforce again; stop it "
					 "first: systemctl stop bailiffd");
	if (kernel_protect_pinned())
		return cli_error(
			CLI_FAILED,
			"release: a bailiffd with protect = yes died, and only systemd may "
			"take down what it left: systemctl start bailiffd && systemctl "
			"stop bailiffd (and set protect = no in " CONF_FILE
			" before the next start, to keep it so)");
	nothing = access(KERNEL_PINS, F_OK) < 0 && errno == ENOENT;
	if (!nothing)
		puts("removing bailiff's programs, maps and links from " KERNEL_PINS);
	/* also where nothing is: an upgrade that was cut short may have left its half */
	r = kernel_release();
	if (r < 0)
		return cli_error(CLI_FAILED,
				 "release: %s: some may still be in force; see \"bailiff status\"",
				 strerror(-r));
	containers_end();
	puts(nothing ? "nothing was enforced" : "nothing is enforced any more");
	return CLI_OK;
}

const struct cli_command cmd_release = {"release", help, "", options, run};
