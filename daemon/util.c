/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

int remove_folder(const char *path)
{
	struct dirent *entry;
	DIR *folder = opendir(path);
	int r = 0;

	if (!folder)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.' && unlinkat(dirfd(folder), entry->d_name, 0) < 0 &&
		    unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR) < 0)
			r = -errno;
	closedir(folder);
	if (rmdir(path) < 0)
		r = -errno;
	return r;
}

ssize_t read_full(int fd, void *buffer, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = read(fd, (char *)buffer + n, size - n);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)n;
}

int write_full(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t written = write(fd, text, n);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			text += written;
			n -= (size_t)written;
		}
	}
	return 0;
}

int write_synced(int fd, const char *text, size_t n)
{
	int r = write_full(fd, text, n);

	return r >= 0 && fdatasync(fd) < 0 ? -errno : r;
}
