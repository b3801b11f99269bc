/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/kernel-internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What the iterator writes for one descriptor: the path stands at the end of the room. */
#define PATH_ROOM 4096
#define ENTRY_SIZE (sizeof(struct bailiff_older) + PATH_ROOM)

static int read_whole(int fd, char *buffer, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t part = read(fd, buffer + n, size - n);

		if (part < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (part < 0)
			return -errno;
		if (part == 0)
			break;
		n += (size_t)part;
	}
	return n == 0 ? 0 : n == size ? 1 : -EBADMSG;
}

static int
read_all(int fd, int (*handle)(void *userdata, const struct bailiff_older *older, const char *path),
	 void *userdata)
{
	char buffer[ENTRY_SIZE];
	struct bailiff_older older;
	int r;

	while ((r = read_whole(fd, buffer, sizeof(buffer))) > 0) {
		memcpy(&older, buffer, sizeof(older));
		if (older.n_path > BAILIFF_PATH_MAX)
			return -EBADMSG;
		r = handle(userdata, &older, buffer + ENTRY_SIZE - older.n_path);
		if (r < 0)
			return r;
	}
	return r;
}

static int walk(struct kernel *kernel, int *program, const char *name,
		int (*handle)(void *userdata, const struct bailiff_older *older, const char *path),
		void *userdata)
{
	int fd, r;

	if (*program < 0)
		*program = kernel_load_iterator(kernel, name);
	fd = kernel_iterate(*program, NULL);
	if (fd < 0)
		return fd;
	r = read_all(fd, handle, userdata);
	close(fd);
	return r;
}

int kernel_older_walk(struct kernel *kernel,
		      int (*handle)(void *userdata, const struct bailiff_older *older,
				    const char *path),
		      void *userdata)
{
	int r = walk(kernel, &kernel->older, "bailiff_older", handle, userdata);

	return r < 0 ? r
		     : walk(kernel, &kernel->older_maps, "bailiff_older_maps", handle, userdata);
}
