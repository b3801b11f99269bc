/* SPDX-License-Identifier: Apache-2.0 */

#include <bpf/bpf.h>
#include <errno.h>

#include "daemon/kernel-internal.h"
#include "daemon/kernel-stats.h"

/* The program of a hook; one that is known by its link alone is found by its number. */
static int program_of(const struct kernel *kernel, enum kernel_hook hook)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	int fd;

	if (kernel->programs[hook] >= 0)
		return dup_fd(kernel->programs[hook]);
	if (kernel->links[hook] < 0)
		return -ENOENT;
	if (bpf_obj_get_info_by_fd(kernel->links[hook], &info, &size) < 0)
		return -errno;
	fd = bpf_prog_get_fd_by_id(info.prog_id);
	return fd < 0 ? -errno : fd;
}

int kernel_run_get(const struct kernel *kernel, enum kernel_hook hook, struct kernel_run *ret_run)
{
	_cleanup_(close_fdp) int fd = program_of(kernel, hook);
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	*ret_run = (struct kernel_run){info.run_cnt, info.run_time_ns};
	return 0;
}
