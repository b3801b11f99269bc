// SPDX-License-Identifier: Apache-2.0
#include "policy/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int check_regular(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -EBADFD;
}

int policy_open_file(const char *file)
{
	int fd, r;

	/* without waiting for anyone: O_NONBLOCK is for a FIFO without a writer */
	do
		fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	r = check_regular(fd);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* Reads up to @n_max bytes, whatever fstat() says: the file may change meanwhile. */
static int read_up_to(int fd, size_t n_max, char **ret_text, size_t *ret_n)
{
	_cleanup_(free_charp) char *text = NULL;
	size_t n = 0, room = 0;

	for (;;) {
		ssize_t got;

		if (n == room) {
			char *more;

			if (n == n_max)
				break;
			room = room ? 2 * room : 4096;
			if (room > n_max)
				room = n_max;
			more = realloc(text, room);
			if (!more)
				return -ENOMEM;
			text = more;
		}
		got = read(fd, text + n, room - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += got;
	}
	*ret_text = text;
	*ret_n = n;
	text = NULL;
	return 0;
}

int policy_read_fd(int fd, char **ret_text, size_t *ret_n)
{
	/* One byte more than the limit shows that it is exceeded. */
	return read_up_to(fd, (size_t)POLICY_FILE_MAX + 1, ret_text, ret_n);
}

int policy_read_file(const char *file, char **ret_text, size_t *ret_n)
{
	_cleanup_(closep) int fd = policy_open_file(file);

	return fd < 0 ? fd : policy_read_fd(fd, ret_text, ret_n);
}

int policy_parse_file(const char *file, struct diag *diag, struct policy **ret_policy)
{
	_cleanup_(free_charp) char *text = NULL;
	size_t n = 0;
	int r = policy_read_file(file, &text, &n);

	if (r < 0)
		return r;
	return policy_parse_text(file, text, n, diag, ret_policy);
}
