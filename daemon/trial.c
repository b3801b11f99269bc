/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "daemon/util.h"

#define ENDED TRIAL_FOLDER "-ended"

__u64 trial_now(void)
{
	struct timespec now = {};

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (__u64)now.tv_sec * 1000000 + (__u64)now.tv_nsec / 1000;
}

int trial_deadline(__u64 *ret_usec)
{
	_cleanup_(close_fdp) int fd = open(TRIAL_FOLDER "/" TRIAL_DEADLINE, O_RDONLY | O_CLOEXEC);
	char text[32] = "";

	if (fd < 0 && access(TRIAL_FOLDER, F_OK) < 0)
		return -errno;
	/* what cannot be read must not last for ever */
	*ret_usec =
		fd >= 0 && read_full(fd, text, sizeof(text) - 1) > 0 ? strtoull(text, NULL, 10) : 0;
	return 0;
}

int trial_end(void)
{
	(void)remove_folder(ENDED);
	if (rename(TRIAL_FOLDER, ENDED) < 0)
		return errno == ENOENT ? 0 : -errno;
	return remove_folder(ENDED);
}
