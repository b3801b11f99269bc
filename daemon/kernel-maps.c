/* SPDX-License-Identifier: Apache-2.0 */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/kernel-internal.h"
#include "daemon/known.h"

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

static bool is_known(const struct bailiff_known_key *key, const struct known_name *names, size_t n)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct bailiff_known_key *at = &names[middle].key;
		int order = at->device != key->device ? (at->device < key->device ? -1 : 1)
			    : at->inode != key->inode ? (at->inode < key->inode ? -1 : 1)
			    : at->place != key->place ? (at->place < key->place ? -1 : 1)
						      : 0;

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Takes out what is not among @names any more. */
static void forget_others(int fd, const struct known_name *names, size_t n)
{
	struct bailiff_known_key key, next;
	bool more = bpf_map_get_next_key(fd, NULL, &next) == 0;

	while (more) {
		key = next;
		more = bpf_map_get_next_key(fd, &key, &next) == 0;
		if (!is_known(&key, names, n))
			(void)bpf_map_delete_elem(fd, &key);
	}
}

int kernel_set_known(struct kernel *kernel, const struct known_name *names, size_t n)
{
	struct bailiff_control *control = kernel->control;
	int fd = kernel->maps[MAP_KNOWN], r = 0;

	if (n)
		__atomic_store_n(&control->known, 1, __ATOMIC_SEQ_CST);
	/* the last place of a file first: a name that moves on is there all the time */
	for (size_t i = n; i-- > 0 && r == 0;) {
		struct bailiff_known known = {.n_path = (__u8)strlen(names[i].path)};

		memcpy(known.path, names[i].path, known.n_path);
		r = bpf_map_update_elem(fd, &names[i].key, &known, BPF_ANY) < 0 ? -errno : 0;
	}
	if (r == 0)
		forget_others(fd, names, n);
	if (!n)
		__atomic_store_n(&control->known, 0, __ATOMIC_SEQ_CST);
	/* what was decided before does not stand */
	__atomic_add_fetch(&control->known_serial, 1, __ATOMIC_SEQ_CST);
	return r;
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
		ret_count->logged += counts[i].logged;
		ret_count->folded += counts[i].folded;
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

/* The kernel tells it of each map beside its descriptor: proc(5), "fdinfo". */
static int map_memory(int fd, __u64 *ret_bytes)
{
	_cleanup_(fclosep) FILE *file = NULL;
	unsigned long long bytes;
	char name[64], line[128];

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	file = fopen(name, "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %llu", &bytes) == 1) {
			*ret_bytes = bytes;
			return 0;
		}
	return -ENODATA;
}

int kernel_memory_get(const struct kernel *kernel, __u64 *ret_bytes)
{
	__u64 sum = 0;

	for (size_t i = 0; i < N_MAPS; i++) {
		__u64 bytes = 0;
		int r = kernel->maps[i] < 0 ? 0 : map_memory(kernel->maps[i], &bytes);

		if (r < 0)
			return r;
		sum += bytes;
	}
	*ret_bytes = sum;
	return 0;
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
	kernel_control(kernel)->bindings_serial = first ?: 1;
	return 0;
}
