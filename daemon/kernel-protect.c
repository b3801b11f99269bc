/* SPDX-License-Identifier: Apache-2.0 */

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/kernel-internal.h"

/* The daemon's own protection: what the kernel is told, and asked. */

/* A snapshot that the daemon writes to meanwhile is taken anew, so often. */
#define TRIES 8

void kernel_protect(struct kernel *kernel, bool on)
{
	kernel->protect = on;
}

bool kernel_protects(const struct kernel *kernel)
{
	return kernel->protect;
}

bool kernel_protect_pinned(void)
{
	char path[PATH_MAX];

	return kernel_pin_path(path, sizeof(path), KERNEL_PINS, "links",
			       kernel_hook_pin(KERNEL_HOOK_PROTECT_MAP)) >= 0 &&
	       access(path, F_OK) == 0;
}

int kernel_protect_get(struct kernel *kernel, struct bailiff_protect *ret_state)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(kernel->maps[MAP_PROTECT], &zero, ret_state) < 0 ? -errno : 0;
}

int kernel_protect_set(struct kernel *kernel, const struct bailiff_protect *state)
{
	const __u32 zero = 0;

	return bpf_map_update_elem(kernel->maps[MAP_PROTECT], &zero, state, BPF_ANY) < 0 ? -errno
											 : 0;
}

int kernel_attempts_get(struct kernel *kernel, enum bailiff_door door,
			struct bailiff_attempt *ret_attempt)
{
	const __u32 index = door;

	return bpf_map_lookup_elem(kernel->maps[MAP_ATTEMPTS], &index, ret_attempt) < 0 ? -errno
											: 0;
}

/* Takes away what is in the map and not in the array, whose items begin with the key. */
static void drop_others(int fd, const void *items, size_t n, size_t item_size, size_t key_size)
{
	unsigned char key[sizeof(struct bailiff_name)], next[sizeof(struct bailiff_name)];
	const void *previous = NULL;

	/* a key that is taken away would begin the walk anew, so the next is found before */
	for (int r = bpf_map_get_next_key(fd, NULL, key); r == 0;) {
		bool keep = false;

		for (size_t i = 0; i < n && !keep; i++)
			keep = memcmp((const char *)items + i * item_size, key, key_size) == 0;
		previous = key;
		r = bpf_map_get_next_key(fd, previous, next);
		if (!keep)
			(void)bpf_map_delete_elem(fd, key);
		memcpy(key, next, key_size);
	}
}

/* The id of what is behind a descriptor; 0 where it has none. Each kind of information begins so.
 */
static __u32 id_of(int fd, enum bailiff_guarded kind)
{
	union {
		struct bpf_map_info map;
		struct bpf_prog_info program;
		struct bpf_link_info link;
	} info = {};
	__u32 size = kind == BAILIFF_GUARDED_MAP       ? sizeof(info.map)
		     : kind == BAILIFF_GUARDED_PROGRAM ? sizeof(info.program)
						       : sizeof(info.link);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return 0;
	return kind == BAILIFF_GUARDED_MAP	 ? info.map.id
	       : kind == BAILIFF_GUARDED_PROGRAM ? info.program.id
						 : info.link.id;
}

static void add_ids(struct kernel_guard *guards, size_t *n, const int *fds, size_t n_fds,
		    enum bailiff_guarded kind)
{
	for (size_t i = 0; i < n_fds; i++) {
		__u32 id = id_of(fds[i], kind);

		if (id)
			guards[(*n)++] = (struct kernel_guard){.object = {.inode = id, .pad = kind},
							       .flags = BAILIFF_GUARD_SELF};
	}
}

int kernel_set_guards(struct kernel *kernel, const struct kernel_guard *guards, size_t n_guards,
		      const struct kernel_guarded_name *names, size_t n_names)
{
	_cleanup_(freep) struct kernel_guard *all = NULL;
	size_t n = n_guards;

	all = calloc(n_guards + N_MAPS + 2 * (size_t)KERNEL_N_HOOKS, sizeof(*all));
	if (!all)
		return -ENOMEM;
	memcpy(all, guards, n_guards * sizeof(*guards));
	add_ids(all, &n, kernel->maps, N_MAPS, BAILIFF_GUARDED_MAP);
	add_ids(all, &n, kernel->programs, KERNEL_N_HOOKS, BAILIFF_GUARDED_PROGRAM);
	add_ids(all, &n, kernel->links, KERNEL_N_HOOKS, BAILIFF_GUARDED_LINK);
	for (size_t i = 0; i < n; i++)
		if (bpf_map_update_elem(kernel->maps[MAP_GUARDS], &all[i].object, &all[i].flags,
					BPF_ANY) < 0)
			return -errno;
	for (size_t i = 0; i < n_names; i++)
		if (bpf_map_update_elem(kernel->maps[MAP_GUARDED_NAMES], &names[i].name,
					&names[i].flags, BPF_ANY) < 0)
			return -errno;
	drop_others(kernel->maps[MAP_GUARDS], all, n, sizeof(*all), sizeof(all->object));
	drop_others(kernel->maps[MAP_GUARDED_NAMES], names, n_names, sizeof(*names),
		    sizeof(names->name));
	return 0;
}

/* 1 where it was not there, 0 where it is, or a negative errno. */
static int pin_missing(int fd, const char *kind, const char *name)
{
	char path[PATH_MAX];
	int r = kernel_pin_path(path, sizeof(path), KERNEL_PINS, kind, name);

	if (r < 0 || fd < 0 || access(path, F_OK) == 0)
		return r;
	r = kernel_pin_one(fd, KERNEL_PINS, kind, name);
	return r < 0 ? r : 1;
}

int kernel_pin_missing(struct kernel *kernel)
{
	static const char *const folders[] = {KERNEL_PINS, KERNEL_PINS "/maps",
					      KERNEL_PINS "/programs", KERNEL_PINS "/links"};
	int n = 0, r = 0;

	for (size_t i = 0; i < ELEMENTS(folders); i++)
		if (mkdir(folders[i], 0700) < 0 && errno != EEXIST)
			return -errno;
	for (size_t i = 0; i < N_MAPS && r >= 0; i++, n += r > 0)
		r = pin_missing(kernel->maps[i], "maps", kernel_map_names[i]);
	for (size_t i = 0; i < KERNEL_N_HOOKS && r >= 0; i++, n += r > 0)
		r = pin_missing(kernel->programs[i], "programs", kernel_hook_pin(i));
	for (size_t i = 0; i < KERNEL_N_HOOKS && r >= 0; i++, n += r > 0)
		r = pin_missing(kernel->links[i], "links", kernel_hook_pin(i));
	return r < 0 ? r : n;
}

int kernel_unprotect(struct kernel *kernel)
{
	int failed = 0;

	for (int i = KERNEL_N_HOOKS - 1; i >= 0; i--) {
		int r = kernel_hook_protects((enum kernel_hook)i)
				? kernel_detach(kernel, (enum kernel_hook)i)
				: 0;

		if (r < 0)
			failed = r;
	}
	return failed;
}

static int copy_map(int fd, void **memory, size_t size)
{
	const __u32 zero = 0;

	*memory = *memory ?: malloc(size);
	if (!*memory)
		return -ENOMEM;
	return bpf_map_lookup_elem(fd, &zero, *memory) < 0 ? -errno : 0;
}

static int copy_slots(struct kernel *kernel, struct bailiff_slot *slots)
{
	for (__u32 i = 0; i < BAILIFF_SLOTS; i++)
		if (bpf_map_lookup_elem(kernel->maps[MAP_SLOTS], &i, &slots[i]) < 0)
			return -errno;
	return 0;
}

/* Slots and control as they are now; 1 where they are as they were. */
static int copy_places(struct kernel *kernel)
{
	_cleanup_(freep) struct bailiff_slot *before = NULL;
	struct bailiff_control control = *kernel->control;
	size_t size = BAILIFF_SLOTS * sizeof(*before);
	int r;

	before = malloc(size);
	if (!before)
		return -ENOMEM;
	memcpy(before, kernel->slots, size);
	r = copy_slots(kernel, kernel->slots);
	if (r >= 0)
		r = copy_map(kernel->maps[MAP_CONTROL], (void **)&kernel->control,
			     sizeof(*kernel->control));
	if (r < 0)
		return r;
	return memcmp(before, kernel->slots, size) == 0 &&
	       control.selector == kernel->control->selector;
}

int kernel_copy_all(struct kernel *kernel)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	int r;

	if (bpf_obj_get_info_by_fd(kernel->maps[MAP_ARENA], &info, &size) < 0)
		return -errno;
	kernel->control = calloc(1, sizeof(*kernel->control));
	kernel->slots = calloc(BAILIFF_SLOTS, sizeof(*kernel->slots));
	if (!kernel->control || !kernel->slots)
		return -ENOMEM;
	r = copy_places(kernel);
	for (int i = 0; i < TRIES && r >= 0; i++) {
		r = copy_map(kernel->maps[MAP_ARENA], (void **)&kernel->arena, info.value_size);
		if (r >= 0)
			r = copy_places(kernel);
		if (r > 0)
			break;
	}
	/* each image is verified before it is read */
	kernel->n_cells = info.value_size / sizeof(struct bailiff_cell);
	return r < 0 ? r : 0;
}
