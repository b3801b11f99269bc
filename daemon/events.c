/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/journal.h"
#include "daemon/kernel-events.h"
#include "daemon/log.h"
#include "daemon/losses.h"

/* A burst of repeats is told when it is as old: in one entry, or in one for each such time. */
#define FOLD_NSEC 1000000000ull

/*
 * Then the loop sees to its other sources: to all of the same priority in turn, and after denials
 * before audits. So many audits are what a denial waits for.
 */
static const struct {
	unsigned n_at_once;
	int64_t priority;
} rings[KERNEL_N_RINGS] = {
	[KERNEL_RING_DENIALS] = {256, SD_EVENT_PRIORITY_NORMAL},
	[KERNEL_RING_AUDITS] = {32, SD_EVENT_PRIORITY_NORMAL + 10},
};

struct events {
	sd_event *loop;
	sd_event_source *sources[KERNEL_N_RINGS], *folds[KERNEL_N_RINGS];
	__u32 fold[KERNEL_N_RINGS]; /* the first that is to be looked at */
	struct kernel *kernel;
	struct store *const *store;
	struct losses *losses;
	unsigned n_read, n_at_once; /* 0: as many as there are */
	bool no_journal;	    /* when it was looked for last */
	/* since the last tick, how many the journal did not take, and why */
	unsigned n_failed;
	int failure;
};

int events_new(sd_event *loop, struct store *const *store, struct events **ret_events)
{
	_cleanup_(events_freep) struct events *events = calloc(1, sizeof(*events));

	if (!events)
		return -ENOMEM;
	events->losses = losses_new();
	if (!events->losses)
		return -ENOMEM;
	events->loop = sd_event_ref(loop);
	events->store = store;
	*ret_events = TAKE_PTR(events);
	return 0;
}

static void forget_sources(struct events *events)
{
	for (size_t i = 0; i < KERNEL_N_RINGS; i++) {
		events->sources[i] = sd_event_source_disable_unref(events->sources[i]);
		events->folds[i] = sd_event_source_disable_unref(events->folds[i]);
		events->fold[i] = 0;
	}
}

struct events *events_free(struct events *events)
{
	if (!events)
		return NULL;
	forget_sources(events);
	losses_free(events->losses);
	sd_event_unref(events->loop);
	free(events);
	return NULL;
}

static int on_event(void *userdata, const struct bailiff_event *event, size_t size)
{
	struct events *events = userdata;
	const struct store_entry *entry = store_find(*events->store, event->policy);
	struct journal_policy policy = {};
	int r;

	(void)size;
	if (entry) {
		policy.file = entry->text->policy->file;
		policy.message = entry->text->policy->message;
		policy.tags = entry->text->policy->tags;
		policy.n_tags = entry->text->policy->n_tags;
	}
	r = journal_event(event, &policy);
	if (r < 0) {
		events->failure = r;
		events->n_failed++;
	}
	return ++events->n_read == events->n_at_once ? -EAGAIN : 0;
}

/* Reads @n_at_once at most; 0: all. Returns -EAGAIN where there may be more. */
static int read_ring(struct events *events, struct kernel *kernel, enum kernel_ring ring,
		     unsigned n_at_once)
{
	events->n_read = 0;
	events->n_at_once = n_at_once;
	return kernel_events_read(kernel, ring, on_event, events);
}

/* The same of repeats that began before @before (CLOCK_BOOTTIME, ns), from where the last call
 * ended. */
static int tell_folds(struct events *events, struct kernel *kernel, enum kernel_ring ring,
		      __u64 before, unsigned n_at_once)
{
	events->n_read = 0;
	events->n_at_once = n_at_once;
	return kernel_folds_close(kernel, ring, &events->fold[ring], before, on_event, events);
}

static __u64 old_enough(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (__u64)now.tv_sec * 1000000000 + (__u64)now.tv_nsec - FOLD_NSEC;
}

void events_drain(struct events *events, struct kernel *kernel)
{
	if (!journal_is_there()) {
		log_print(LOG_ERR, "there is no journal: the last events of what is taken down "
				   "are lost");
		return;
	}
	(void)kernel_wait_for_readers();
	for (enum kernel_ring i = 0; i < KERNEL_N_RINGS; i++) {
		events->fold[i] = 0;
		(void)read_ring(events, kernel, i, 0);
		(void)tell_folds(events, kernel, i, UINT64_MAX, 0);
		events->fold[i] = 0;
	}
}

/* Without a journal events stay in the kernel; a tick looks for it. What has no room is counted. */
static bool look_for_journal(struct events *events)
{
	bool there = journal_is_there();

	for (size_t i = 0; i < KERNEL_N_RINGS; i++)
		if (events->sources[i])
			(void)sd_event_source_set_enabled(events->sources[i],
							  there ? SD_EVENT_ON : SD_EVENT_OFF);
	if (events->no_journal == there)
		log_print(there ? LOG_NOTICE : LOG_ERR, "%s",
			  there ? "the journal is there again"
				: "there is no journal: events wait in the kernel");
	events->no_journal = !there;
	return there;
}

static int on_ring(struct events *events, enum kernel_ring ring)
{
	int r = 0;

	if (look_for_journal(events))
		r = read_ring(events, events->kernel, ring, rings[ring].n_at_once);
	if (r < 0 && r != -EAGAIN && r != -EINTR)
		log_errno(r, "cannot read events");
	return 0;
}

static int on_denials(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source;
	(void)fd;
	(void)revents;
	return on_ring(userdata, KERNEL_RING_DENIALS);
}

static int on_audits(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source;
	(void)fd;
	(void)revents;
	return on_ring(userdata, KERNEL_RING_AUDITS);
}

/* Makes room in the table, where nothing can be told. */
static void forget_folds(struct events *events)
{
	for (enum kernel_ring i = 0; i < KERNEL_N_RINGS; i++) {
		__u32 at = 0;

		(void)kernel_folds_close(events->kernel, i, &at, old_enough(), NULL, NULL);
	}
}

static int on_folds(struct events *events, enum kernel_ring ring)
{
	int r = tell_folds(events, events->kernel, ring, old_enough(), rings[ring].n_at_once);

	if (r == -EAGAIN)
		return sd_event_source_set_enabled(events->folds[ring], SD_EVENT_ONESHOT);
	if (r < 0)
		log_errno(r, "cannot tell all events that were repeated");
	return 0;
}

static int on_denied_folds(sd_event_source *source, void *userdata)
{
	(void)source;
	return on_folds(userdata, KERNEL_RING_DENIALS);
}

static int on_audited_folds(sd_event_source *source, void *userdata)
{
	(void)source;
	return on_folds(userdata, KERNEL_RING_AUDITS);
}

static int watch_ring(struct events *events, enum kernel_ring ring)
{
	static const struct {
		sd_event_io_handler_t on_ring;
		sd_event_handler_t on_folds;
	} handlers[KERNEL_N_RINGS] = {
		[KERNEL_RING_DENIALS] = {on_denials, on_denied_folds},
		[KERNEL_RING_AUDITS] = {on_audits, on_audited_folds},
	};
	sd_event_source **source = &events->sources[ring], **folds = &events->folds[ring];
	int fd = kernel_events_fd(events->kernel, ring), r;

	if (fd < 0)
		return fd;
	r = sd_event_add_io(events->loop, source, fd, EPOLLIN, handlers[ring].on_ring, events);
	if (r >= 0)
		r = sd_event_source_set_priority(*source, rings[ring].priority);
	if (r >= 0)
		r = sd_event_add_defer(events->loop, folds, handlers[ring].on_folds, events);
	if (r >= 0)
		r = sd_event_source_set_priority(*folds, rings[ring].priority);
	return r;
}

int events_watch(struct events *events, struct kernel *kernel, struct enforce *enforce)
{
	int r = 0;

	forget_sources(events);
	events->kernel = kernel;
	losses_begin(events->losses, kernel, enforce);
	for (enum kernel_ring i = 0; i < KERNEL_N_RINGS && r >= 0; i++)
		r = watch_ring(events, i);
	return r;
}

void events_tick(struct events *events, struct enforce *enforce)
{
	if (!events->kernel)
		return;
	if (!look_for_journal(events)) {
		forget_folds(events);
		return;
	}
	for (size_t i = 0; i < KERNEL_N_RINGS; i++)
		(void)sd_event_source_set_enabled(events->folds[i], SD_EVENT_ONESHOT);
	losses_tell(events->losses, events->kernel, enforce);
	if (events->n_failed)
		log_errno(events->failure, "%u events are not in the journal", events->n_failed);
	events->n_failed = 0;
}
