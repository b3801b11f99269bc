// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "selftests/compare/compare.h"

/*
 * A policy for a cgroup of its own, written after all others, denies a file that no other ever
 * named. Once that is denied, its policy is in force. bailiffd may have read the others before they
 * were written, in the very same go. So it is done three times: when the second is in force, it was
 * read after the first, and all that was written before; when the third is, that reading has been
 * applied whole.
 */

#define TIMES 3
#define SECONDS_MAX 240

static struct probe *probe;

void force_start(void)
{
	mkdir(MARKS, 0755);
	probe = probe_start("cmp-mark", NULL);
}

void force_stop(void)
{
	probe_stop(probe);
	rmdir(MARKS);
}

static bool wait_until_denied(const struct act *act)
{
	time_t end = time(NULL) + SECONDS_MAX;

	while (time(NULL) < end) {
		if (probe_do(probe, act) == EACCES)
			return true;
		usleep(10000);
	}
	return false;
}

bool force_wait(unsigned long generation)
{
	bool done = true;

	for (unsigned i = 0; i < TIMES && done; i++) {
		struct act act = {.kind = ACT_OPEN, .flags = O_RDONLY};
		char text[512];
		int fd;

		snprintf(act.path, sizeof(act.path), MARKS "/%lu.%u", generation, i);
		fd = open(act.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0)
			die(act.path);
		close(fd);
		snprintf(text, sizeof(text),
			 "[select]\ncgroup = /cmp-mark\n[file]\ndeny = read %s\n", act.path);
		policy_write("zz-mark", text);
		done = wait_until_denied(&act);
		unlink(act.path);
	}
	return done;
}
