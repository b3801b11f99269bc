/* SPDX-License-Identifier: Apache-2.0 */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/kernel-internal.h"

int kernel_bind(struct kernel *kernel, __u64 cgroup, __u32 slot)
{
	int fd = kernel->maps[MAP_BINDINGS];

	__atomic_store_n(&kernel->control->bound[cgroup % BAILIFF_BOUND], 1, __ATOMIC_SEQ_CST);
	return bpf_map_update_elem(fd, &cgroup, &slot, BPF_ANY) < 0 ? -errno : 0;
}

int kernel_unbind(struct kernel *kernel, __u64 cgroup)
{
	int fd = kernel->maps[MAP_BINDINGS];

	return bpf_map_delete_elem(fd, &cgroup) < 0 && errno != ENOENT ? -errno : 0;
}

int kernel_binding_get(struct kernel *kernel, __u64 cgroup, __u32 *ret_slot)
{
	return bpf_map_lookup_elem(kernel->maps[MAP_BINDINGS], &cgroup, ret_slot) < 0 ? -errno : 0;
}

int kernel_binding_next(struct kernel *kernel, __u64 id, __u64 *ret_id)
{
	int fd = kernel->maps[MAP_BINDINGS];

	return bpf_map_get_next_key(fd, id ? &id : NULL, ret_id) < 0 ? -errno : 0;
}

int kernel_set_launchers(struct kernel *kernel, const struct kernel_launcher *launchers, size_t n)
{
	struct bailiff_inode known[BAILIFF_LAUNCHERS], *previous = NULL;
	int fd = kernel->maps[MAP_LAUNCHERS];
	size_t n_known = 0;

	for (size_t i = 0; i < n; i++)
		if (bpf_map_update_elem(fd, &launchers[i].inode, &launchers[i].kind, BPF_ANY) < 0)
			return -errno;
	while (n_known < ELEMENTS(known) &&
	       bpf_map_get_next_key(fd, previous, &known[n_known]) == 0)
		previous = &known[n_known++];
	for (size_t i = 0; i < n_known; i++) {
		bool keep = false;

		for (size_t j = 0; j < n; j++)
			keep = keep || (launchers[j].inode.inode == known[i].inode &&
					launchers[j].inode.device == known[i].device);
		if (!keep)
			(void)bpf_map_delete_elem(fd, &known[i]);
	}
	return 0;
}

int kernel_label_manager(struct kernel *kernel, int pidfd)
{
	struct bailiff_label label = {.cgroup = BAILIFF_LAUNCHER,
				      .cookie = BAILIFF_LAUNCHER_MANAGER};
	int fd = kernel->maps[MAP_LABELS];

	/* one that has a label keeps it: it came under a policy, or is a launcher already */
	return bpf_map_update_elem(fd, &pidfd, &label, BPF_NOEXIST) < 0 ? -errno : 0;
}

int kernel_count_get(struct kernel *kernel, __u32 counter, struct bailiff_count *ret_count)
{
	_cleanup_(freep) struct bailiff_count *counts = NULL;

	counts = calloc((size_t)kernel->n_cpus, sizeof(*counts));
	if (!counts)
		return -ENOMEM;
	if (bpf_map_lookup_elem(kernel->maps[MAP_COUNTERS], &counter, counts) < 0)
		return -errno;
	*ret_count = (struct bailiff_count){};
	for (int i = 0; i < kernel->n_cpus; i++) {
		ret_count->decided += counts[i].decided;
		ret_count->logged += counts[i].logged;
		ret_count->dropped += counts[i].dropped;
	}
	return 0;
}

int kernel_count_clear(struct kernel *kernel, __u32 counter)
{
	_cleanup_(freep) struct bailiff_count *counts = NULL;

	counts = calloc((size_t)kernel->n_cpus, sizeof(*counts));
	if (!counts)
		return -ENOMEM;
	return bpf_map_update_elem(kernel->maps[MAP_COUNTERS], &counter, counts, BPF_ANY) < 0
		       ? -errno
		       : 0;
}

int kernel_stat_get(struct kernel *kernel, __u32 index, __u64 *ret_value)
{
	_cleanup_(freep) __u64 *values = calloc((size_t)kernel->n_cpus, sizeof(*values));

	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(kernel->maps[MAP_STATS], &index, values) < 0)
		return -errno;
	*ret_value = 0;
	for (int i = 0; i < kernel->n_cpus; i++)
		*ret_value += values[i];
	return 0;
}

static int on_record(void *userdata, void *data, size_t size)
{
	struct kernel *kernel = userdata;
	const struct bailiff_event *event = data;

	if (size < sizeof(*event) ||
	    size < sizeof(*event) + event->n_path + event->n_exe + event->n_cgroup)
		return -EBADMSG;
	return kernel->handle(kernel->userdata, event, size);
}

static int open_ring(struct kernel *kernel)
{
	if (kernel->ring)
		return 0;
	kernel->ring = ring_buffer__new(kernel->maps[MAP_EVENTS], on_record, kernel, NULL);
	return kernel->ring ? 0 : -errno;
}

int kernel_events_fd(struct kernel *kernel)
{
	int r = open_ring(kernel);

	return r < 0 ? r : ring_buffer__epoll_fd(kernel->ring);
}

int kernel_events_read(struct kernel *kernel,
		       int (*handle)(void *userdata, const struct bailiff_event *event,
				     size_t size),
		       void *userdata)
{
	int r = open_ring(kernel);

	if (r < 0)
		return r;
	kernel->handle = handle;
	kernel->userdata = userdata;
	r = ring_buffer__consume(kernel->ring);
	return r < 0 ? r : 0;
}

int kernel_wait_for_readers(void)
{
	/* The global command is synchronize_rcu(), and programs run inside an RCU read section. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0)
		return 0;
	/* refused with nohz_full: no section lasts a tenth of a second */
	return usleep(100000) < 0 ? -errno : 0;
}

int kernel_mark_slots(struct kernel *kernel)
{
	struct bailiff_slot *slots = kernel_slots(kernel);
	__u32 first;

	if (getrandom(&first, sizeof(first), 0) != (ssize_t)sizeof(first))
		return -errno;
	for (size_t i = 0; i < BAILIFF_SLOTS; i++)
		slots[i].cookie = first;
	return 0;
}
