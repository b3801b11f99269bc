/* SPDX-License-Identifier: Apache-2.0 */

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "daemon/event-text.h"
#include "daemon/kernel-internal.h"

static int on_record(void *userdata, void *data, size_t size)
{
	struct kernel *kernel = userdata;

	if (!event_is_whole(data, size))
		return -EBADMSG;
	return kernel->handle(kernel->userdata, data, size);
}

static int open_ring(struct kernel *kernel, enum kernel_ring ring)
{
	static const enum kernel_map maps[KERNEL_N_RINGS] = {
		[KERNEL_RING_DENIALS] = MAP_EVENTS,
		[KERNEL_RING_AUDITS] = MAP_AUDITS,
	};

	if (!kernel->rings[ring])
		kernel->rings[ring] =
			ring_buffer__new(kernel->maps[maps[ring]], on_record, kernel, NULL);
	return kernel->rings[ring] ? 0 : -errno;
}

int kernel_events_fd(struct kernel *kernel, enum kernel_ring ring)
{
	int r = open_ring(kernel, ring);

	return r < 0 ? r : ring_buffer__epoll_fd(kernel->rings[ring]);
}

int kernel_events_read(struct kernel *kernel, enum kernel_ring ring, kernel_event_handler handle,
		       void *userdata)
{
	int r = open_ring(kernel, ring);

	if (r < 0)
		return r;
	kernel->handle = handle;
	kernel->userdata = userdata;
	r = ring_buffer__consume(kernel->rings[ring]);
	return r < 0 ? r : 0;
}

static int on_made(void *userdata, void *data, size_t size)
{
	(void)userdata;
	(void)data;
	(void)size;
	return 0;
}

static int open_made(struct kernel *kernel)
{
	if (!kernel->made)
		kernel->made = ring_buffer__new(kernel->maps[MAP_MADE], on_made, NULL, NULL);
	return kernel->made ? 0 : -errno;
}

int kernel_made_fd(struct kernel *kernel)
{
	int r = open_made(kernel);

	return r < 0 ? r : ring_buffer__epoll_fd(kernel->made);
}

int kernel_made_clear(struct kernel *kernel)
{
	int r = open_made(kernel);

	return r < 0 ? r : ring_buffer__consume(kernel->made);
}

/* What repeats of it there were is told as an event that stands for them. */
static int fold_tell(const struct bailiff_fold *fold, __u32 n_repeats, kernel_event_handler handle,
		     void *userdata)
{
	struct {
		struct bailiff_event event;
		char texts[BAILIFF_FOLD_PATH + BAILIFF_FOLD_TEXTS];
	} told = {.event = fold->event};
	size_t n_path = told.event.n_path, n_texts = told.event.n_exe + told.event.n_cgroup;
	size_t size = sizeof(told.event) + n_path + n_texts;

	if (n_path > BAILIFF_FOLD_PATH || n_texts > BAILIFF_FOLD_TEXTS ||
	    !event_is_whole(&told, size))
		return -EBADMSG;
	memcpy(told.texts, fold->path + BAILIFF_FOLD_PATH - n_path, n_path);
	memcpy(told.texts + n_path, fold->texts, n_texts);
	told.event.repeats = n_repeats;
	return handle(userdata, &told.event, size);
}

/*
 * Returns the state that the fold is in then: who finds it open may still add to it. @repeated: not
 * only where there is nothing to tell.
 */
static __u64 fold_close(struct bailiff_fold *fold, __u64 before, bool repeated)
{
	__u64 state = __atomic_load_n(&fold->state, __ATOMIC_ACQUIRE);

	while (state & BAILIFF_FOLD_OPEN && fold->event.time < before &&
	       (repeated || !(state & BAILIFF_FOLD_COUNT)))
		if (__atomic_compare_exchange_n(&fold->state, &state, state & ~BAILIFF_FOLD_OPEN,
						false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return state & ~BAILIFF_FOLD_OPEN;
	return state;
}

int kernel_folds_close(struct kernel *kernel, enum kernel_ring ring, __u32 *at, __u64 before,
		       kernel_event_handler handle, void *userdata)
{
	const __u32 n_folds = BAILIFF_FOLDS / KERNEL_N_RINGS;
	struct bailiff_fold *folds = kernel->folds + ring * n_folds;
	__u32 i = *at;
	int r = 0;

	for (; i < n_folds && r >= 0; i++) {
		__u64 state = fold_close(&folds[i], before, handle), n = state & BAILIFF_FOLD_COUNT;

		if (!handle || state & BAILIFF_FOLD_OPEN || n == 0 || n == BAILIFF_FOLD_BUSY)
			continue;
		r = fold_tell(&folds[i], (__u32)n, handle, userdata);
		/* nobody else changes one that is closed */
		if (r >= 0 || r == -EBADMSG || r == -EAGAIN)
			__atomic_store_n(&folds[i].state, state & ~BAILIFF_FOLD_COUNT,
					 __ATOMIC_SEQ_CST);
	}
	*at = i < n_folds ? i : 0;
	return r;
}
