/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/json-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/util.h"

void json_file_close(struct json_file *file)
{
	close_fd(file->fd);
	file->fd = -1;
}

/* The size up to the last newline, in *ret_size. Returns 0 or a negative errno. */
static int whole_lines(int fd, off_t size, off_t *ret_size)
{
	char block[4096];

	while (size > 0) {
		size_t n = size < (off_t)sizeof(block) ? (size_t)size : sizeof(block);
		ssize_t got = pread(fd, block, n, size - (off_t)n);
		const char *newline;

		if (got != (ssize_t)n)
			return got < 0 ? -errno : -EIO;
		newline = memrchr(block, '\n', n);
		if (newline) {
			*ret_size = size - (off_t)n + (newline - block) + 1;
			return 0;
		}
		size -= (off_t)n;
	}
	*ret_size = 0;
	return 0;
}

static int open_file(struct json_file *file)
{
	_cleanup_(close_fdp) int fd =
		open(file->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		     0640);
	struct stat st;
	off_t size = 0;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	/* a pipe, or a device, would be waited for */
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	r = whole_lines(fd, st.st_size, &size);
	if (r < 0)
		return r;
	if (size < st.st_size && ftruncate(fd, size) < 0)
		return -errno;
	file->fd = dup_fd(fd);
	return file->fd < 0 ? file->fd : 0;
}

/* path.1 becomes path.2, and so on; the last one is overwritten. */
static int rotate(struct json_file *file)
{
	char from[PATH_MAX], to[PATH_MAX];

	for (unsigned i = file->keep; i > 0; i--) {
		snprintf(to, sizeof(to), "%s.%u", file->path, i);
		if (i > 1)
			snprintf(from, sizeof(from), "%s.%u", file->path, i - 1);
		else
			snprintf(from, sizeof(from), "%s", file->path);
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	if (file->keep == 0 && unlink(file->path) < 0 && errno != ENOENT)
		return -errno;
	json_file_close(file);
	return open_file(file);
}

int json_file_write(struct json_file *file, const char *line, size_t n)
{
	int r = file->fd < 0 ? open_file(file) : 0;
	struct stat st = {};
	ssize_t written;

	if (r >= 0 && fstat(file->fd, &st) < 0)
		r = -errno;
	if (r >= 0 && st.st_size > 0 && (unsigned long long)st.st_size + n > file->limit) {
		r = rotate(file);
		if (r >= 0 && fstat(file->fd, &st) < 0)
			r = -errno;
	}
	if (r < 0)
		return r;
	written = write(file->fd, line, n);
	if (written == (ssize_t)n)
		return 0;
	r = written < 0 ? -errno : -ENOSPC;
	/* what cannot be taken off now is when the file is opened again */
	if (written > 0 && ftruncate(file->fd, st.st_size) < 0)
		json_file_close(file);
	return r;
}

void json_file_look(struct json_file *file)
{
	struct stat at, here;

	if (file->fd < 0)
		return;
	if (fstat(file->fd, &here) < 0 || stat(file->path, &at) < 0 || at.st_dev != here.st_dev ||
	    at.st_ino != here.st_ino)
		json_file_close(file);
}
