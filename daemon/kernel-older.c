/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/kernel-internal.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bailiff.skel.h"

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

static int read_all(int fd,
		    void (*handle)(void *userdata, const struct bailiff_older *older,
				   const char *path),
		    void *userdata)
{
	char buffer[ENTRY_SIZE];
	struct bailiff_older older;
	int r;

	while ((r = read_whole(fd, buffer, sizeof(buffer))) > 0) {
		memcpy(&older, buffer, sizeof(older));
		if (older.n_path > BAILIFF_PATH_MAX)
			return -EBADMSG;
		handle(userdata, &older, buffer + ENTRY_SIZE - older.n_path);
	}
	return r;
}

static int load(struct kernel *kernel)
{
	struct bailiff_bpf *skeleton = bailiff_bpf__open();
	struct bpf_program *program = NULL;
	int r;

	if (!skeleton)
		return -errno;
	r = kernel_over_maps(kernel, skeleton);
	while ((program = bpf_object__next_program(skeleton->obj, program)))
		bpf_program__set_autoload(program, program == skeleton->progs.bailiff_older);
	if (r >= 0)
		r = bailiff_bpf__load(skeleton);
	if (r >= 0) {
		kernel->older =
			fcntl(bpf_program__fd(skeleton->progs.bailiff_older), F_DUPFD_CLOEXEC, 3);
		r = kernel->older < 0 ? -errno : 0;
	}
	bailiff_bpf__destroy(skeleton);
	return r;
}

int kernel_older_walk(struct kernel *kernel,
		      void (*handle)(void *userdata, const struct bailiff_older *older,
				     const char *path),
		      void *userdata)
{
	int link, fd, r = 0;

	if (kernel->older < 0)
		r = load(kernel);
	if (r < 0)
		return r;
	link = bpf_link_create(kernel->older, 0, BPF_TRACE_ITER, NULL);
	if (link < 0)
		return -errno;
	fd = bpf_iter_create(link);
	r = fd < 0 ? -errno : read_all(fd, handle, userdata);
	if (fd >= 0)
		close(fd);
	close(link);
	return r;
}
