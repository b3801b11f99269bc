// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/conf.h"
#include "selftests/fuzz/fuzz.h"

/* /etc/bailiff/bailiff.conf: any bytes. What has an error changes nothing. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf conf = {.keep_on_stop = true, .protect = true}, again = {0};
	int fd = memfd_create("conf", MFD_CLOEXEC), r;
	char name[64];

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size, "%m");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	r = conf_load(name, &conf);
	must(r == 0 || r == 1, "%d", r);
	must(r == 0 || (conf.keep_on_stop && conf.protect), "an error, and a change");
	/* What was there before plays no part. */
	must(conf_load(name, &again) == r, "%d the first time", r);
	must(r == 1 || (again.protect == conf.protect && again.keep_on_stop == conf.keep_on_stop),
	     "one file, two answers");
	close(fd);
	return 0;
}
