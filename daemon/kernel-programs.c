/* SPDX-License-Identifier: Apache-2.0 */

/* The programs: which are loaded, and which are attached. */

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "bailiff.skel.h"
#include "daemon/kernel-internal.h"

static int keep_programs(struct kernel *kernel, const struct bpf_object *object)
{
	for (size_t i = 0; i < KERNEL_N_HOOKS; i++) {
		const struct bpf_program *program =
			bpf_object__find_program_by_name(object, kernel_hook_pin(i));

		if (!program)
			return -ENOENT;
		if (!bpf_program__autoload(program))
			continue;
		kernel->programs[i] = dup_fd(bpf_program__fd(program));
		if (kernel->programs[i] < 0)
			return kernel->programs[i];
	}
	return 0;
}

int kernel_choose_programs(struct kernel *kernel, struct bpf_object *object,
			   const struct kernel_needs *needs)
{
	struct btf *kernel_types = btf__load_vmlinux_btf();
	int n = 0;

	if (!kernel_types)
		return -errno;
	for (size_t i = 0; i < KERNEL_N_HOOKS; i++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(object, kernel_hook_pin(i));
		bool wanted =
			kernel->programs[i] < 0 && kernel_hook_needed((enum kernel_hook)i, needs);

		if (wanted && !kernel_hook_fits((enum kernel_hook)i, kernel_types)) {
			kernel->unfit[i] = true;
			wanted = false;
		}
		bpf_program__set_autoload(program, wanted);
		n += wanted;
	}
	btf__free(kernel_types);
	return n;
}

/* To read all programs' code costs as much as to compile a thousand rules. */
static bool misses_programs(const struct kernel *kernel, const struct kernel_needs *needs)
{
	for (size_t i = 0; i < KERNEL_N_HOOKS; i++)
		if (kernel->programs[i] < 0 && !kernel->unfit[i] &&
		    kernel_hook_needed((enum kernel_hook)i, needs))
			return true;
	return false;
}

/* Loads the programs that are needed and missing, over the maps that are there. */
int kernel_load_programs(struct kernel *kernel, const struct kernel_needs *needs)
{
	struct bailiff_bpf *skeleton;
	int r;

	if (!misses_programs(kernel, needs))
		return 0;
	skeleton = bailiff_bpf__open();
	if (!skeleton)
		return -errno;
	r = kernel_choose_programs(kernel, skeleton->obj, needs);
	if (r <= 0) {
		bailiff_bpf__destroy(skeleton);
		return r;
	}
	r = kernel_over_maps(kernel, skeleton);
	if (r >= 0)
		r = bailiff_bpf__load(skeleton);
	if (r >= 0)
		r = keep_programs(kernel, skeleton->obj);
	bailiff_bpf__destroy(skeleton);
	for (size_t i = 0; i < KERNEL_N_HOOKS && r >= 0 && kernel->pinned; i++) {
		r = kernel_pin_one(kernel->programs[i], KERNEL_PINS, "programs",
				   kernel_hook_pin(i));
		if (r == -EEXIST || kernel->programs[i] < 0)
			r = 0;
	}
	return r < 0 ? r : 0;
}

int kernel_attach(struct kernel *kernel, enum kernel_hook hook)
{
	int fd, r;

	if (kernel->links[hook] >= 0)
		return 0;
	if (kernel->programs[hook] < 0)
		return kernel_hook_replaced(kernel, hook) ? 0 : -EOPNOTSUPP;
	fd = bpf_raw_tracepoint_open(NULL, kernel->programs[hook]);
	if (fd < 0)
		return -errno;
	if (kernel->pinned) {
		r = kernel_pin_one(fd, KERNEL_PINS, "links", kernel_hook_pin(hook));
		if (r < 0) {
			close(fd);
			return r;
		}
	}
	kernel->links[hook] = fd;
	return 0;
}

int kernel_detach(struct kernel *kernel, enum kernel_hook hook)
{
	char path[PATH_MAX];
	int r;

	if (kernel->links[hook] < 0)
		return 0;
	r = kernel_pin_path(path, sizeof(path), KERNEL_PINS, "links", kernel_hook_pin(hook));
	if (r < 0)
		return r;
	if (kernel->pinned && unlink(path) < 0 && errno != ENOENT)
		return -errno;
	close(kernel->links[hook]);
	kernel->links[hook] = -1;
	return 0;
}

void kernel_let_go(struct kernel *kernel)
{
	for (size_t i = 0; i < KERNEL_N_HOOKS; i++) {
		close_fd(kernel->links[i]);
		kernel->links[i] = -1;
	}
}

bool kernel_attached(const struct kernel *kernel, enum kernel_hook hook)
{
	return kernel->links[hook] >= 0;
}
