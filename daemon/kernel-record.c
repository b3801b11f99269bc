/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/kernel-internal.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/kernel-record.h"

/* What outlives programs: counters and what nobody has read yet go on from one kernel to the next.
 */

static int map_info(int fd, struct bpf_map_info *info)
{
	__u32 size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(fd, info, &size) < 0 ? -errno : 0;
}

/* Whether a map is one as @map would be made, of any size if @any_size. */
static bool is_like(int fd, const struct bpf_map *map, bool any_size)
{
	struct bpf_map_info info;

	return map_info(fd, &info) >= 0 && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       (any_size || info.max_entries == bpf_map__max_entries(map));
}

/* Whether what its events and folds are is known. */
static bool is_readable(const struct kernel *kernel)
{
	return kernel->record && kernel->record[BAILIFF_RECORD_IS] == BAILIFF_RECORD_VERSION;
}

int kernel_map_record(struct kernel *kernel)
{
	struct bpf_map_info counters, record;
	void *memory;
	int r = map_info(kernel->maps[MAP_COUNTERS], &counters);

	if (r >= 0)
		r = map_info(kernel->maps[MAP_RECORD], &record);
	if (r < 0)
		return r;
	if (counters.value_size != sizeof(struct bailiff_count) ||
	    record.value_size != sizeof(__u64) ||
	    record.max_entries != BAILIFF_RECORD_KEYS + counters.max_entries)
		return -EBADMSG;
	memory = mmap(NULL, record.max_entries * sizeof(__u64), PROT_READ | PROT_WRITE, MAP_SHARED,
		      kernel->maps[MAP_RECORD], 0);
	if (memory == MAP_FAILED)
		return -errno;
	kernel->record = memory;
	kernel->n_counters = counters.max_entries;
	return 0;
}

int kernel_open_record(struct kernel *kernel)
{
	static const enum kernel_map lasting[] = {MAP_COUNTERS, MAP_RECORD, MAP_STATS,
						  MAP_EVENTS,	MAP_AUDITS, MAP_FOLDS};

	for (size_t i = 0; i < ELEMENTS(lasting); i++) {
		int fd = kernel_get_pinned("maps", kernel_map_names[lasting[i]], false);

		if (fd < 0)
			return fd;
		kernel->maps[lasting[i]] = fd;
	}
	return kernel_map_record(kernel);
}

static bool fits(struct bpf_object *object, const struct kernel *former, enum kernel_map map,
		 bool any_size)
{
	return is_like(former->maps[map],
		       bpf_object__find_map_by_name(object, kernel_map_names[map]), any_size);
}

static int keep(struct bpf_object *object, const struct kernel *former, enum kernel_map map)
{
	return bpf_map__reuse_fd(bpf_object__find_map_by_name(object, kernel_map_names[map]),
				 former->maps[map]);
}

int kernel_keep_record(struct bpf_object *object, const struct kernel *former, __u32 n_counters)
{
	static const enum kernel_map of_events[] = {MAP_EVENTS, MAP_AUDITS, MAP_FOLDS};
	int r = fits(object, former, MAP_STATS, false) ? keep(object, former, MAP_STATS) : 0;

	if (!is_readable(former))
		return r;
	for (size_t i = 0; i < ELEMENTS(of_events) && r >= 0; i++)
		if (fits(object, former, of_events[i], false))
			r = keep(object, former, of_events[i]);
	/* both or none: kernel_map_record() has seen that they are of one size */
	if (r < 0 || former->n_counters < n_counters || !fits(object, former, MAP_COUNTERS, true) ||
	    !fits(object, former, MAP_RECORD, true))
		return r;
	r = keep(object, former, MAP_COUNTERS);
	return r < 0 ? r : keep(object, former, MAP_RECORD);
}

/* Whether two kernels have the same map in a place. */
static bool is_shared(const struct kernel *kernel, const struct kernel *former, enum kernel_map map)
{
	struct bpf_map_info ours, theirs;

	return map_info(kernel->maps[map], &ours) >= 0 &&
	       map_info(former->maps[map], &theirs) >= 0 && ours.id == theirs.id;
}

static int copy_count(struct kernel *kernel, const struct kernel *former, __u32 counter,
		      struct bailiff_count *values)
{
	if (bpf_map_lookup_elem(former->maps[MAP_COUNTERS], &counter, values) < 0 ||
	    bpf_map_update_elem(kernel->maps[MAP_COUNTERS], &counter, values, BPF_ANY) < 0)
		return -errno;
	for (int i = 0; i < kernel->n_cpus; i++) {
		kernel->carried[counter].logged += values[i].logged;
		kernel->carried[counter].folded += values[i].folded;
		kernel->carried[counter].dropped += values[i].dropped;
	}
	return 0;
}

static void describe(__u64 *record)
{
	record[BAILIFF_RECORD_IS] = BAILIFF_RECORD_VERSION;
	record[BAILIFF_RECORD_COUNTER] = offsetof(struct bailiff_event, counter);
	record[BAILIFF_RECORD_FOLD_STATE] = offsetof(struct bailiff_fold, state);
	record[BAILIFF_RECORD_FOLD_EVENT] = offsetof(struct bailiff_fold, event);
}

/* Nobody counts in the new table yet. In the old one they do: the rest follows when they do not. */
int kernel_carry_record(struct kernel *kernel, const struct kernel *former)
{
	_cleanup_(freep) struct bailiff_count *values = NULL;
	__u64 *keys = kernel->record + BAILIFF_RECORD_KEYS;
	int r = 0;

	if (former && former->record && is_shared(kernel, former, MAP_COUNTERS))
		return 0;
	describe(kernel->record);
	if (!former || !former->record)
		return 0;
	values = calloc((size_t)kernel->n_cpus, sizeof(*values));
	kernel->carried = calloc(kernel->n_counters, sizeof(*kernel->carried));
	if (!values || !kernel->carried)
		return -ENOMEM;
	for (__u32 i = 0; i < kernel->n_counters && i < former->n_counters && r >= 0; i++) {
		__u64 key = former->record[BAILIFF_RECORD_KEYS + i];

		if (!key)
			continue;
		keys[i] = key;
		r = copy_count(kernel, former, i, values);
	}
	return r;
}

static int add(int program, struct bailiff_addition *addition)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = addition,
		    .ctx_size_in = sizeof(*addition));

	return bpf_prog_test_run_opts(program, &options) < 0 ? -errno
	       : options.retval				     ? -EBADMSG
							     : 0;
}

static int carry_rest(struct kernel *kernel, struct kernel *former)
{
	const __u64 *keys = kernel->record + BAILIFF_RECORD_KEYS,
		    *theirs = former->record + BAILIFF_RECORD_KEYS;
	int program = -1, r = 0;

	for (__u32 i = 0; i < kernel->n_counters && i < former->n_counters && r >= 0; i++) {
		struct bailiff_addition addition = {.counter = i};
		const struct bailiff_count *before = &kernel->carried[i];

		if (!keys[i] || keys[i] != theirs[i])
			continue;
		r = kernel_count_get(former, i, &addition.count);
		addition.count.logged -= before->logged;
		addition.count.folded -= before->folded;
		addition.count.dropped -= before->dropped;
		if (r < 0 || !kernel_count_decided(&addition.count))
			continue;
		if (program < 0)
			r = program = kernel_load_iterator(kernel, "bailiff_count_add");
		if (r >= 0)
			r = add(program, &addition);
	}
	close_fd(program);
	free(kernel->carried);
	kernel->carried = NULL;
	return r;
}

/* What is being told of. */
struct unread {
	const __u64 *record; /* of who wrote it */
	void (*handle)(void *userdata, __u32 counter, __u64 n);
	void *userdata;
};

/* The counter of an event; BAILIFF_COUNTERS where it is too short. */
static __u32 counter_of(const struct unread *unread, const char *event, size_t size)
{
	__u64 at = unread->record[BAILIFF_RECORD_COUNTER];
	__u32 counter = BAILIFF_COUNTERS;

	if (at < size && size - at >= sizeof(counter))
		memcpy(&counter, event + at, sizeof(counter));
	return counter;
}

static int on_record(void *userdata, void *data, size_t size)
{
	const struct unread *unread = userdata;

	unread->handle(unread->userdata, counter_of(unread, data, size), 1);
	return 0;
}

static int ring_unread(struct unread *unread, int fd)
{
	struct ring_buffer *ring = ring_buffer__new(fd, on_record, unread, NULL);
	int r = ring ? ring_buffer__consume(ring) : -errno;

	ring_buffer__free(ring);
	return r < 0 ? r : 0;
}

static int folds_unread(struct unread *unread, int fd)
{
	__u64 state_at = unread->record[BAILIFF_RECORD_FOLD_STATE],
	      event_at = unread->record[BAILIFF_RECORD_FOLD_EVENT];
	_cleanup_(freep) char *fold = NULL;
	struct bpf_map_info info;
	int r = map_info(fd, &info);

	if (r < 0)
		return r;
	if (info.value_size < sizeof(__u64) || state_at > info.value_size - sizeof(__u64) ||
	    event_at > info.value_size)
		return -EBADMSG;
	fold = malloc(info.value_size);
	if (!fold)
		return -ENOMEM;
	for (__u32 i = 0; i < info.max_entries; i++) {
		__u64 state;

		if (bpf_map_lookup_elem(fd, &i, fold) < 0)
			return -errno;
		memcpy(&state, fold + state_at, sizeof(state));
		state &= BAILIFF_FOLD_COUNT;
		if (state && state != BAILIFF_FOLD_BUSY)
			unread->handle(
				unread->userdata,
				counter_of(unread, fold + event_at, info.value_size - event_at),
				state);
	}
	return 0;
}

int kernel_succeed(struct kernel *kernel, struct kernel *former,
		   void (*unread)(void *userdata, __u32 counter, __u64 n), void *userdata)
{
	struct unread reading = {former->record, unread, userdata};
	int r = 0;

	if (kernel->carried)
		r = carry_rest(kernel, former);
	if (!former->record)
		return r;
	if (r >= 0 && !is_shared(kernel, former, MAP_EVENTS))
		r = ring_unread(&reading, former->maps[MAP_EVENTS]);
	if (r >= 0 && !is_shared(kernel, former, MAP_AUDITS))
		r = ring_unread(&reading, former->maps[MAP_AUDITS]);
	if (r >= 0 && !is_shared(kernel, former, MAP_FOLDS))
		r = folds_unread(&reading, former->maps[MAP_FOLDS]);
	return r;
}

__u64 *kernel_counted(struct kernel *kernel, __u32 *ret_n_counters)
{
	*ret_n_counters = kernel->n_counters;
	return kernel->record + BAILIFF_RECORD_KEYS;
}
