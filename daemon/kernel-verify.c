/* SPDX-License-Identifier: Apache-2.0 */

/* Whether what is pinned is what this build would have pinned: anything can have its name. */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "bailiff.skel.h"
#include "daemon/kernel-internal.h"

/* 0, -ESTALE where it is something else, or another negative errno: it cannot be told. */
static int check_map(int fd, const struct bpf_map *map, enum kernel_map which, bool same_build)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	bool same;

	/* what these hold is the programs' own affair, and no part of the ABI */
	if (!same_build && (which == MAP_SCRATCHES || which == MAP_CACHE))
		return 0;
	/* of what is no map, something else is told */
	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	/* two are as large as the daemon made them */
	same = info.type == bpf_map__type(map) && info.key_size == bpf_map__key_size(map) &&
	       (which == MAP_ARENA || info.value_size == bpf_map__value_size(map)) &&
	       (!same_build || which == MAP_SCRATCHES ||
		info.max_entries == bpf_map__max_entries(map));
	return same ? 0 : -ESTALE;
}

int kernel_verify_maps(const struct kernel *kernel, bool same_build)
{
	struct bailiff_bpf *skeleton = bailiff_bpf__open();
	int r = 0;

	if (!skeleton)
		return -errno;
	for (size_t i = 0; i < N_MAPS && r == 0; i++) {
		const struct bpf_map *map =
			bpf_object__find_map_by_name(skeleton->obj, kernel_map_names[i]);

		if (kernel->maps[i] >= 0)
			r = map ? check_map(kernel->maps[i], map, (enum kernel_map)i, same_build)
				: -ESTALE;
	}
	bailiff_bpf__destroy(skeleton);
	return r;
}

/* A program of the hook's name, which the kernel cuts. Returns as check_map(), and its id. */
static int check_program(int fd, size_t hook, __u32 *ret_id)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	*ret_id = info.id;
	return (info.type == BPF_PROG_TYPE_LSM || info.type == BPF_PROG_TYPE_TRACING) &&
			       strncmp(info.name, kernel_hook_pin(hook), sizeof(info.name) - 1) == 0
		       ? 0
		       : -ESTALE;
}

static int check_link(int fd, __u32 program)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	return (info.type == BPF_LINK_TYPE_TRACING || info.type == BPF_LINK_TYPE_RAW_TRACEPOINT) &&
			       info.prog_id == program
		       ? 0
		       : -ESTALE;
}

int kernel_verify_programs(const struct kernel *kernel)
{
	int r = 0;

	for (size_t i = 0; i < KERNEL_N_HOOKS && r == 0; i++) {
		__u32 id = 0;

		if (kernel->programs[i] >= 0)
			r = check_program(kernel->programs[i], i, &id);
		if (r == 0 && kernel->links[i] >= 0)
			r = check_link(kernel->links[i], id);
	}
	return r;
}
