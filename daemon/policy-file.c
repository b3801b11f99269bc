/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/policy-file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "daemon/util.h"
#include "policy/policy.h"

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

int policy_file_read(const char *file, char **ret_text, size_t *ret_n)
{
	_cleanup_(close_fdp) int fd = policy_open_file(file);
	_cleanup_(freep) char *text = NULL;
	struct stat before, after;
	bool leased;
	size_t n = 0;
	int r;

	if (fd < 0)
		return fd;
	/*
	 * A lease for reading is refused while anybody has the file open for writing. Who opens it
	 * later makes the kernel send a signal: one that does nothing where nobody asked for it.
	 */
	leased = fcntl(fd, F_SETSIG, SIGURG) == 0 && fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
	if (!leased && errno == EAGAIN)
		return -ETXTBSY;
	if (fstat(fd, &before) < 0)
		return -errno;
	r = policy_read_fd(fd, &text, &n);
	if (r >= 0 && fstat(fd, &after) < 0)
		r = -errno;
	if (leased)
		(void)fcntl(fd, F_SETLEASE, F_UNLCK);
	if (r < 0)
		return r;
	if (!is_same(&before, &after))
		return -ETXTBSY;
	*ret_text = TAKE_PTR(text);
	*ret_n = n;
	return 0;
}
