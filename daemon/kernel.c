/* SPDX-License-Identifier: Apache-2.0 */

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bailiff.skel.h"
#include "probe.skel.h"
#include "daemon/kernel-internal.h"

/* What stands before PATH_END in scratch.bpf.h, for every processor. */
#define SCRATCH_PER_CPU 5

#define PINS_NEXT KERNEL_PINS "-next" /* bpffs refuses names with a dot */

const char *const kernel_map_names[N_MAPS] = {
	[MAP_ARENA] = "arena",	     [MAP_CONTROL] = "control",
	[MAP_SLOTS] = "slots",	     [MAP_BINDINGS] = "bindings",
	[MAP_LABELS] = "labels",     [MAP_LAUNCHERS] = "launchers",
	[MAP_COUNTERS] = "counters", [MAP_STATS] = "stats",
	[MAP_EVENTS] = "events",     [MAP_SCRATCHES] = "scratches",
	[MAP_PROTECT] = "protect",   [MAP_ATTEMPTS] = "attempts",
	[MAP_GUARDS] = "guards",     [MAP_GUARDED_NAMES] = "guarded_names",
	[MAP_TRUSTS] = "trusts",     [MAP_CACHE] = "cache",
	[MAP_KNOWN] = "known",	     [MAP_AUDITS] = "audits",
	[MAP_FOLDS] = "folds",	     [MAP_MADE] = "made",
	[MAP_RECORD] = "record",
};

static void (*log_to)(int priority, const char *text);
static bool log_debug;

/* A message can be the verifier's log: one entry a line. */
static int log_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	_cleanup_(freep) char *text = NULL;
	char *rest, *line;

	if (!log_to || (level != LIBBPF_WARN && !log_debug))
		return 0;
	if (vasprintf(&text, format, args) < 0) {
		text = NULL;
		return 0;
	}
	/* The arena has no BTF of its size: libbpf says so and makes it without, as it should. */
	if (strstr(text, "(arena)") && !log_debug)
		return 0;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		log_to(level == LIBBPF_WARN ? 4 : 7, line);
	return 0;
}

void kernel_log_to(void (*log)(int priority, const char *text), bool debug)
{
	log_to = log;
	log_debug = debug;
}

static struct kernel *kernel_new(void)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));

	if (!kernel)
		return NULL;
	libbpf_set_print(log_libbpf);
	memset(kernel->maps, 0xff, sizeof(kernel->maps)); /* -1: none yet */
	memset(kernel->programs, 0xff, sizeof(kernel->programs));
	memset(kernel->links, 0xff, sizeof(kernel->links));
	kernel->older = kernel->older_maps = kernel->label_older = kernel->bind_all = -1;
	kernel->n_cpus = libbpf_num_possible_cpus();
	return kernel;
}

static void unmap(const struct kernel *kernel, void *memory, size_t size)
{
	if (kernel->copied)
		free(memory);
	else if (memory)
		munmap(memory, size);
}

struct kernel *kernel_free(struct kernel *kernel)
{
	if (!kernel)
		return NULL;
	for (size_t i = 0; i < KERNEL_N_RINGS; i++)
		ring_buffer__free(kernel->rings[i]);
	ring_buffer__free(kernel->made);
	unmap(kernel, kernel->control, sizeof(*kernel->control));
	unmap(kernel, kernel->slots, BAILIFF_SLOTS * sizeof(*kernel->slots));
	unmap(kernel, kernel->arena, kernel->n_cells * sizeof(*kernel->arena));
	if (kernel->folds)
		munmap(kernel->folds, BAILIFF_FOLDS * sizeof(*kernel->folds));
	if (kernel->record)
		munmap(kernel->record,
		       (BAILIFF_RECORD_KEYS + kernel->n_counters) * sizeof(*kernel->record));
	free(kernel->carried);
	for (size_t i = 0; i < N_MAPS; i++)
		close_fd(kernel->maps[i]);
	for (size_t i = 0; i < KERNEL_N_HOOKS; i++) {
		close_fd(kernel->programs[i]);
		close_fd(kernel->links[i]);
	}
	close_fd(kernel->older);
	close_fd(kernel->older_maps);
	close_fd(kernel->label_older);
	close_fd(kernel->bind_all);
	free(kernel);
	return NULL;
}

static int map_memory(int fd, size_t size, bool read_only, void **ret_memory)
{
	void *memory =
		mmap(NULL, size, read_only ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*ret_memory = memory;
	return 0;
}

/* Maps what is shared. The descriptors are there. */
static int kernel_map_all(struct kernel *kernel)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	int r;

	r = bpf_obj_get_info_by_fd(kernel->maps[MAP_ARENA], &info, &size);
	if (r < 0)
		return -errno;
	r = map_memory(kernel->maps[MAP_CONTROL], sizeof(*kernel->control), kernel->read_only,
		       (void **)&kernel->control);
	if (r < 0)
		return r;
	r = map_memory(kernel->maps[MAP_SLOTS], BAILIFF_SLOTS * sizeof(*kernel->slots),
		       kernel->read_only, (void **)&kernel->slots);
	if (r < 0)
		return r;
	r = map_memory(kernel->maps[MAP_ARENA], info.value_size, kernel->read_only,
		       (void **)&kernel->arena);
	if (r < 0)
		return r;
	kernel->n_cells = info.value_size / sizeof(struct bailiff_cell);
	/* who looks does not close them */
	if (kernel->read_only)
		return 0;
	r = map_memory(kernel->maps[MAP_FOLDS], BAILIFF_FOLDS * sizeof(*kernel->folds), false,
		       (void **)&kernel->folds);
	return r < 0 ? r : kernel_map_record(kernel);
}

/* Which programs these are: a digest (FNV-1a) of the object that they are loaded from. */
static __u64 build_digest(void)
{
	size_t size = 0;
	const unsigned char *bytes = bailiff_bpf__elf_bytes(&size);
	__u64 digest = 0xcbf29ce484222325;

	for (size_t i = 0; i < size; i++)
		digest = (digest ^ bytes[i]) * 0x100000001b3;
	return digest;
}

int kernel_pin_path(char *buffer, size_t size, const char *base, const char *kind, const char *name)
{
	int n = snprintf(buffer, size, "%s/%s%s%s", base, kind, name ? "/" : "", name ? name : "");

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

/* The program's name, which its pins have too. */
const char *kernel_hook_pin(size_t hook)
{
	static char name[64];

	snprintf(name, sizeof(name), "bailiff_%s", kernel_hook_name((enum kernel_hook)hook));
	return name;
}

int kernel_get_pinned(const char *kind, const char *name, bool read_only)
{
	LIBBPF_OPTS(bpf_obj_get_opts, options, .file_flags = read_only ? BPF_F_RDONLY : 0);
	char path[PATH_MAX];
	struct stat st;
	int r = kernel_pin_path(path, sizeof(path), KERNEL_PINS, kind, name);

	if (r < 0)
		return r;
	r = bpf_obj_get_opts(path, &options);
	if (r >= 0)
		return r;
	r = -errno;
	/* what cannot be a pin at all is refused as what may not be opened is */
	return r == -EACCES && stat(path, &st) == 0 && !S_ISREG(st.st_mode) ? -ESTALE : r;
}

/* That a link is there, without opening it: a link cannot be opened for reading alone. */
static int find_pinned_link(size_t hook)
{
	char path[PATH_MAX];
	int fd, r = kernel_pin_path(path, sizeof(path), KERNEL_PINS, "links",
				    kernel_hook_pin(hook));

	if (r < 0)
		return r;
	fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_pinned(bool read_only, struct kernel **ret_kernel)
{
	_cleanup_(kernel_freep) struct kernel *kernel = kernel_new();
	int r;

	if (!kernel)
		return -ENOMEM;
	kernel->read_only = read_only;
	kernel->copied = read_only && kernel_protect_pinned();
	kernel->pinned = true;
	for (size_t i = 0; i < N_MAPS; i++) {
		bool storage = i == MAP_LABELS || i == MAP_TRUSTS;

		/* nothing to be read there, and opening them takes the right to write */
		if (storage && kernel->copied)
			continue;
		/* a map that was opened for reading cannot be shared memory: mmap() drops VM_SHARED
		 */
		r = kernel_get_pinned("maps", kernel_map_names[i],
				      kernel->copied || (read_only && i > MAP_SLOTS && !storage));
		/* another version has other maps */
		if (r == -ENOENT && access(KERNEL_PINS "/maps", F_OK) == 0)
			return -ESTALE;
		if (r < 0)
			return r;
		kernel->maps[i] = r;
	}
	r = kernel_verify_maps(kernel, false);
	if (r >= 0)
		r = kernel->copied ? kernel_copy_all(kernel) : kernel_map_all(kernel);
	if (r < 0)
		return r;
	if (kernel->control->version != BAILIFF_ABI_VERSION)
		return -ESTALE;
	for (size_t i = 0; i < KERNEL_N_HOOKS; i++) {
		r = kernel->copied ? find_pinned_link(i)
				   : kernel_get_pinned("links", kernel_hook_pin(i), false);
		if (r >= 0)
			kernel->links[i] = r;
		else if (r != -ENOENT)
			return r;
	}
	*ret_kernel = TAKE_PTR(kernel);
	return 0;
}

int kernel_look(struct kernel **ret_kernel)
{
	return open_pinned(true, ret_kernel);
}

/* Of what another version has pinned, what is the same in all. */
static int open_former(struct kernel **ret_kernel)
{
	_cleanup_(kernel_freep) struct kernel *kernel = kernel_new();
	int r;

	if (!kernel)
		return -ENOMEM;
	r = kernel_open_record(kernel);
	if (r < 0)
		return r;
	for (size_t i = 0; i < KERNEL_N_HOOKS; i++) {
		r = kernel_get_pinned("links", kernel_hook_pin(i), false);
		kernel->links[i] = r < 0 ? -1 : r;
	}
	*ret_kernel = TAKE_PTR(kernel);
	return 0;
}

int kernel_take_over(struct kernel **ret_kernel)
{
	_cleanup_(kernel_freep) struct kernel *kernel = NULL;
	int r = open_pinned(false, &kernel);

	if (r == -ENOENT || r == -EACCES || r == -EPERM || r == -ENOMEM)
		return r;
	if (r < 0)
		return open_former(ret_kernel) < 0 ? r : -ESTALE;
	if (kernel->control->build != build_digest()) {
		*ret_kernel = TAKE_PTR(kernel);
		return -ESTALE;
	}
	for (size_t i = 0; i < KERNEL_N_HOOKS; i++) {
		r = kernel_get_pinned("programs", kernel_hook_pin(i), false);
		if (r < 0 && r != -ENOENT)
			return r;
		kernel->programs[i] = r < 0 ? -1 : r;
	}
	r = kernel_verify_maps(kernel, true);
	if (r < 0)
		return r;
	r = kernel_verify_programs(kernel);
	if (r >= 0 || r == -ESTALE)
		*ret_kernel = TAKE_PTR(kernel);
	return r;
}

static int keep_maps(struct kernel *kernel, const struct bpf_object *object)
{
	for (size_t i = 0; i < N_MAPS; i++) {
		kernel->maps[i] =
			dup_fd(bpf_object__find_map_fd_by_name(object, kernel_map_names[i]));
		if (kernel->maps[i] < 0)
			return kernel->maps[i];
	}
	return 0;
}

/* What the programs must know before the verifier sees them. */
static int set_up(struct bailiff_bpf *skeleton, size_t n_cells, __u32 n_counters, int n_cpus)
{
	int r;

	skeleton->rodata->arena_mask = (__u32)n_cells - 1;
	r = bpf_map__set_value_size(skeleton->maps.arena,
				    (__u32)(n_cells * sizeof(struct bailiff_cell)));
	if (r >= 0)
		r = bpf_map__set_max_entries(skeleton->maps.counters, n_counters);
	if (r >= 0)
		r = bpf_map__set_max_entries(skeleton->maps.record,
					     BAILIFF_RECORD_KEYS + n_counters);
	if (r >= 0)
		r = bpf_map__set_max_entries(skeleton->maps.scratches,
					     (__u32)n_cpus * SCRATCH_PER_CPU);
	return r;
}

int kernel_pin_one(int fd, const char *base, const char *kind, const char *name)
{
	char path[PATH_MAX];
	int r = kernel_pin_path(path, sizeof(path), base, kind, name);

	if (r < 0)
		return r;
	return bpf_obj_pin(fd, path) < 0 ? -errno : 0;
}

int kernel_over_maps(struct kernel *kernel, struct bailiff_bpf *skeleton)
{
	int r = set_up(skeleton, kernel->n_cells, kernel->n_counters, kernel->n_cpus);

	for (size_t i = 0; i < N_MAPS && r >= 0; i++)
		r = bpf_map__reuse_fd(
			bpf_object__find_map_by_name(skeleton->obj, kernel_map_names[i]),
			kernel->maps[i]);
	return r;
}

int kernel_load(size_t n_cells, __u32 n_counters, const struct kernel *former,
		struct kernel **ret_kernel)
{
	_cleanup_(kernel_freep) struct kernel *kernel = kernel_new();
	const struct kernel_needs none = {};
	struct bailiff_bpf *skeleton;
	size_t size = 1;
	int r;

	if (!kernel)
		return -ENOMEM;
	if (kernel->n_cpus < 0)
		return kernel->n_cpus;
	while (size < n_cells)
		size *= 2;
	if (size > UINT32_MAX / sizeof(struct bailiff_cell))
		return -E2BIG;
	skeleton = bailiff_bpf__open();
	if (!skeleton)
		return -errno;
	r = set_up(skeleton, size, n_counters, kernel->n_cpus);
	if (r >= 0 && former && former->maps[MAP_LABELS] >= 0)
		r = bpf_map__reuse_fd(skeleton->maps.labels, former->maps[MAP_LABELS]);
	if (r >= 0 && former)
		r = kernel_keep_record(skeleton->obj, former, n_counters);
	if (r >= 0)
		r = kernel_choose_programs(kernel, skeleton->obj, &none);
	if (r >= 0)
		r = bailiff_bpf__load(skeleton);
	if (r >= 0)
		r = keep_maps(kernel, skeleton->obj);
	bailiff_bpf__destroy(skeleton);
	if (r >= 0)
		r = kernel_map_all(kernel);
	if (r >= 0)
		r = kernel_carry_record(kernel, former);
	if (r >= 0)
		r = kernel_mark_slots(kernel);
	if (r < 0)
		return r;
	kernel->control->version = BAILIFF_ABI_VERSION;
	kernel->control->build = build_digest();
	r = kernel_find_locks(kernel);
	if (r < 0 && log_to)
		log_to(6, "decisions are not remembered: the kernel does not show its locks");
	*ret_kernel = TAKE_PTR(kernel);
	return 0;
}

static int remove_pins(const char *base)
{
	static const char *const kinds[] = {"links", "programs", "maps"};
	char path[PATH_MAX];
	int r, failed = 0;

	/* links first: what is still reachable must not be half of it */
	for (size_t i = 0; i < ELEMENTS(kinds); i++) {
		r = kernel_pin_path(path, sizeof(path), base, kinds[i], NULL);
		if (r >= 0)
			r = remove_folder(path);
		if (r < 0)
			failed = r;
	}
	r = remove_folder(base);
	return r < 0 ? r : failed;
}

int kernel_release(void)
{
	int r = remove_pins(KERNEL_PINS), next = remove_pins(PINS_NEXT);

	return r < 0 ? r : next;
}

static int make_pins(struct kernel *kernel, const char *base)
{
	static const char *const kinds[] = {"maps", "programs", "links"};
	char path[PATH_MAX];
	int r;

	if (mkdir(base, 0700) < 0)
		return -errno;
	for (size_t i = 0; i < ELEMENTS(kinds); i++) {
		r = kernel_pin_path(path, sizeof(path), base, kinds[i], NULL);
		if (r < 0)
			return r;
		if (mkdir(path, 0700) < 0)
			return -errno;
	}
	for (size_t i = 0; i < N_MAPS; i++) {
		r = kernel_pin_one(kernel->maps[i], base, "maps", kernel_map_names[i]);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < KERNEL_N_HOOKS; i++) {
		r = 0;
		if (kernel->programs[i] >= 0)
			r = kernel_pin_one(kernel->programs[i], base, "programs",
					   kernel_hook_pin(i));
		if (r >= 0 && kernel->links[i] >= 0)
			r = kernel_pin_one(kernel->links[i], base, "links", kernel_hook_pin(i));
		if (r < 0)
			return r;
	}
	return 0;
}

int kernel_pin(struct kernel *kernel)
{
	int r;

	(void)remove_pins(PINS_NEXT);
	r = make_pins(kernel, PINS_NEXT);
	/* in one step: who dies here leaves the old or the new, whole */
	if (r >= 0 && renameat2(AT_FDCWD, PINS_NEXT, AT_FDCWD, KERNEL_PINS, RENAME_EXCHANGE) < 0)
		r = -errno;
	if (r == -ENOENT)
		r = rename(PINS_NEXT, KERNEL_PINS) < 0 ? -errno : 0;
	if (r < 0) {
		(void)remove_pins(PINS_NEXT);
		return r;
	}
	kernel->pinned = true;
	/* what is in the way there is for the next time to tell of */
	(void)remove_pins(PINS_NEXT);
	return 0;
}

struct bailiff_control *kernel_control(struct kernel *kernel)
{
	return kernel->control;
}

struct bailiff_slot *kernel_slots(struct kernel *kernel)
{
	return kernel->slots;
}

struct bailiff_cell *kernel_arena(struct kernel *kernel, size_t *ret_n_cells)
{
	*ret_n_cells = kernel->n_cells;
	return kernel->arena;
}

void kernel_trim(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin, end;
	size_t size = 0;
	const void *bytes = bailiff_bpf__elf_bytes(&size);

	/* the object lies in the program's own file, from where it is read again */
	begin = ((uintptr_t)bytes + page - 1) / page * page;
	end = ((uintptr_t)bytes + size) / page * page;
	if (begin < end)
		(void)madvise((void *)begin, end - begin, MADV_DONTNEED);
	(void)malloc_trim(0);
}

int kernel_probe(void)
{
	struct probe_bpf *skeleton;
	int r;

	libbpf_set_print(log_libbpf);
	skeleton = probe_bpf__open();
	if (!skeleton)
		return -errno;
	r = probe_bpf__load(skeleton);
	if (r >= 0)
		r = probe_bpf__attach(skeleton);
	probe_bpf__destroy(skeleton);
	return r < 0 ? r : 0;
}
