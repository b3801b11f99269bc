/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/kernel-internal.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "bailiff.skel.h"

/* Programs that go through what the kernel has, and are run by reading. */

int kernel_load_iterator(struct kernel *kernel, const char *name)
{
	struct bailiff_bpf *skeleton = bailiff_bpf__open();
	struct bpf_program *program = NULL, *wanted;
	int r;

	if (!skeleton)
		return -errno;
	wanted = bpf_object__find_program_by_name(skeleton->obj, name);
	while ((program = bpf_object__next_program(skeleton->obj, program)))
		bpf_program__set_autoload(program, program == wanted);
	r = wanted ? kernel_over_maps(kernel, skeleton) : -ENOENT;
	if (r >= 0)
		r = bailiff_bpf__load(skeleton);
	if (r >= 0) {
		r = fcntl(bpf_program__fd(wanted), F_DUPFD_CLOEXEC, 3);
		r = r < 0 ? -errno : r;
	}
	bailiff_bpf__destroy(skeleton);
	return r;
}

int kernel_iterate(int program, const struct bpf_link_create_opts *options)
{
	int link, fd;

	if (program < 0)
		return program;
	link = bpf_link_create(program, 0, BPF_TRACE_ITER, options);
	if (link < 0)
		return -errno;
	fd = bpf_iter_create(link);
	fd = fd < 0 ? -errno : fd;
	close(link);
	return fd;
}

/* Runs a program that writes to maps, and at most a byte here. */
static int run(int program, const struct bpf_link_create_opts *options)
{
	int fd = kernel_iterate(program, options);
	char byte;
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = read(fd, &byte, sizeof(byte));
	while (n < 0 && (errno == EAGAIN || errno == EINTR));
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

int kernel_find_locks(struct kernel *kernel)
{
	int program = kernel_load_iterator(kernel, "bailiff_locks"), r = run(program, NULL);

	close_fd(program);
	if (r < 0)
		return r;
	return kernel->control->rename_lock && kernel->control->mount_lock ? 0 : -ENOENT;
}

int kernel_label_older(struct kernel *kernel)
{
	if (kernel->label_older < 0)
		kernel->label_older = kernel_load_iterator(kernel, "bailiff_label_older");
	return run(kernel->label_older, NULL);
}

int kernel_bind_all(struct kernel *kernel)
{
	/* of no cgroup: from the root of the hierarchy */
	union bpf_iter_link_info info = {.cgroup.order = BPF_CGROUP_ITER_DESCENDANTS_PRE};
	LIBBPF_OPTS(bpf_link_create_opts, options, .iter_info = &info,
		    .iter_info_len = sizeof(info));

	if (kernel->bind_all < 0)
		kernel->bind_all = kernel_load_iterator(kernel, "bailiff_bind_all");
	return run(kernel->bind_all, &options);
}
