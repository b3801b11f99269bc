/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/events.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/journal-socket.h"
#include "daemon/kernel.h"
#include "daemon/log.h"
#include "daemon/losses.h"
#include "daemon/sinks.h"

#define STALL_TICKS 3 /* then it is said that the journal takes nothing */
#define END_MS 5000   /* for how long it is waited for at the end */

/* A burst of repeats is told when it is as old: in one entry, or in one for each such time. */
#define FOLD_NSEC 1000000000ull

/*
 * What the journal has not read yet stands before a denial that comes now. So no audits are sent
 * while that is more than some fifty of them, and it is looked at again after some milliseconds.
 */
#define UNREAD_MAX ((size_t)128 << 10)
#define PAUSE_USEC 5000

/*
 * So many at once: then the loop sees to its other sources, to all of the same priority in turn,
 * and after denials before audits.
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
	sd_event_source *rings[KERNEL_N_RINGS], *folds[KERNEL_N_RINGS], *journal, *pause;
	__u32 fold[KERNEL_N_RINGS]; /* the first that is to be looked at */
	kernel_event_handler handle;
	void *userdata;
	struct kernel *kernel; /* not owned */
	struct losses *losses;
	unsigned n_read, n_at_once; /* 0: as many as there are */
	unsigned long long n_sent;  /* at the last tick */
	unsigned stalled; /* ticks since then in which nothing was sent that is held back */
	/* since the last tick: how many could not be written, and why */
	unsigned n_failed;
	int failure;
};

int events_new(sd_event *loop, kernel_event_handler handle, void *userdata,
	       struct events **ret_events)
{
	_cleanup_(events_freep) struct events *events = calloc(1, sizeof(*events));

	if (!events)
		return -ENOMEM;
	events->losses = losses_new();
	if (!events->losses)
		return -ENOMEM;
	events->loop = sd_event_ref(loop);
	events->handle = handle;
	events->userdata = userdata;
	*ret_events = TAKE_PTR(events);
	return 0;
}

static void forget_sources(struct events *events)
{
	for (size_t i = 0; i < KERNEL_N_RINGS; i++) {
		events->rings[i] = sd_event_source_disable_unref(events->rings[i]);
		events->folds[i] = sd_event_source_disable_unref(events->folds[i]);
		events->fold[i] = 0;
	}
}

struct events *events_free(struct events *events)
{
	if (!events)
		return NULL;
	forget_sources(events);
	sd_event_source_disable_unref(events->journal);
	sd_event_source_disable_unref(events->pause);
	sd_event_unref(events->loop);
	losses_free(events->losses);
	free(events);
	return NULL;
}

/* Whether events have to wait for the journal. */
static bool must_wait(void)
{
	return sinks_use_journal() && journal_held();
}

/* Sends what is held back first. */
static bool may_read(void)
{
	return journal_flush() || !sinks_use_journal();
}

/* Whether those of a ring have to wait for it so that others need not. */
static bool must_pause(enum kernel_ring ring)
{
	return ring == KERNEL_RING_AUDITS && sinks_use_journal() && journal_unread() > UNREAD_MAX;
}

static int on_event(void *userdata, const struct bailiff_event *event, size_t size)
{
	struct events *events = userdata;
	int r = events->handle(events->userdata, event, size);

	if (r < 0) {
		events->failure = r;
		events->n_failed++;
	}
	return ++events->n_read == events->n_at_once || must_wait() ? -EAGAIN : 0;
}

/* Reads @n_at_once at most (0: all). Returns whether all of it is read. */
static bool read_ring(struct events *events, struct kernel *kernel, enum kernel_ring ring,
		      unsigned n_at_once)
{
	int r;

	events->n_read = 0;
	events->n_at_once = n_at_once;
	r = kernel_events_read(kernel, ring, on_event, events);
	if (r < 0 && r != -EAGAIN && r != -EINTR)
		log_errno(r, "cannot read events");
	return r != -EAGAIN;
}

/* The same of repeats that began before @before (CLOCK_BOOTTIME, ns), from *@at on. */
static bool tell_folds(struct events *events, struct kernel *kernel, enum kernel_ring ring,
		       __u32 *at, __u64 before, unsigned n_at_once)
{
	int r;

	events->n_read = 0;
	events->n_at_once = n_at_once;
	r = kernel_folds_close(kernel, ring, at, before, on_event, events);
	if (r < 0 && r != -EAGAIN)
		log_errno(r, "cannot tell all events that were repeated");
	return r != -EAGAIN;
}

static __u64 old_enough(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (__u64)now.tv_sec * 1000000000 + (__u64)now.tv_nsec - FOLD_NSEC;
}

/* All that is left of a kernel whose programs run no more. Returns whether it is told. */
static bool read_all(struct events *events, struct kernel *kernel)
{
	bool all = true;

	for (enum kernel_ring i = 0; i < KERNEL_N_RINGS && all; i++) {
		__u32 at = 0;

		all = read_ring(events, kernel, i, 0) &&
		      tell_folds(events, kernel, i, &at, UINT64_MAX, 0);
	}
	return all;
}

/* Makes room in the table, where nothing can be told. */
static void forget_folds(struct events *events)
{
	for (enum kernel_ring i = 0; i < KERNEL_N_RINGS; i++) {
		__u32 at = 0;

		(void)kernel_folds_close(events->kernel, i, &at, old_enough(), NULL, NULL);
	}
}

static void set_enabled(sd_event_source *source, int on)
{
	if (source)
		(void)sd_event_source_set_enabled(source, on);
}

static int on_journal(sd_event_source *source, int fd, uint32_t revents, void *userdata);
static int on_pause(sd_event_source *source, uint64_t usec, void *userdata);

/* Looks again a little later. */
static void wait_a_little(struct events *events)
{
	if (!events->pause)
		(void)sd_event_add_time_relative(events->loop, &events->pause, CLOCK_MONOTONIC,
						 PAUSE_USEC, 1000, on_pause, events);
	else if (sd_event_source_set_time_relative(events->pause, PAUSE_USEC) >= 0)
		set_enabled(events->pause, SD_EVENT_ONESHOT);
}

/* While the journal takes nothing it is watched, and not the rings. Where there is none, a tick
 * looks for it. */
static void choose_sources(struct events *events)
{
	bool held = journal_held();
	int fd = journal_fd();

	if (held && fd >= 0 && !events->journal)
		(void)sd_event_add_io(events->loop, &events->journal, fd, EPOLLOUT, on_journal,
				      events);
	set_enabled(events->journal, held && fd >= 0 ? SD_EVENT_ON : SD_EVENT_OFF);
	for (enum kernel_ring i = 0; i < KERNEL_N_RINGS; i++) {
		bool pause = !must_wait() && must_pause(i);

		set_enabled(events->rings[i], must_wait() || pause ? SD_EVENT_OFF : SD_EVENT_ON);
		if (pause)
			wait_a_little(events);
	}
}

static int on_pause(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	choose_sources(userdata);
	return 0;
}

/* Sends what is held back; the rings' own sources go on then. */
static void go_on(struct events *events)
{
	(void)may_read();
	choose_sources(events);
}

static int on_journal(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source;
	(void)fd;
	(void)revents;
	go_on(userdata);
	return 0;
}

static int on_ring(struct events *events, enum kernel_ring ring)
{
	if (may_read() && !must_pause(ring))
		(void)read_ring(events, events->kernel, ring, rings[ring].n_at_once);
	choose_sources(events);
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

/* Where the journal lets it wait, the next tick goes on. */
static int on_folds(struct events *events, enum kernel_ring ring)
{
	bool all = !may_read() || must_pause(ring) ||
		   tell_folds(events, events->kernel, ring, &events->fold[ring], old_enough(),
			      rings[ring].n_at_once);

	if (!all && !must_wait())
		set_enabled(events->folds[ring], SD_EVENT_ONESHOT);
	choose_sources(events);
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
	sd_event_source **source = &events->rings[ring], **folds = &events->folds[ring];
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
	/* counts go on from one to the next */
	if (!events->kernel)
		losses_begin(events->losses, kernel, enforce);
	events->kernel = kernel;
	for (enum kernel_ring i = 0; i < KERNEL_N_RINGS && r >= 0; i++)
		r = watch_ring(events, i);
	if (r >= 0)
		choose_sources(events);
	return r;
}

/* Says what the journal does that takes nothing. */
static void tell_stall(struct events *events)
{
	bool moved = !journal_held() || journal_sent() != events->n_sent;

	events->n_sent = journal_sent();
	if (moved && events->stalled >= STALL_TICKS)
		log_print(LOG_NOTICE, "the journal takes entries again");
	events->stalled = moved ? 0 : events->stalled + 1;
	if (events->stalled == STALL_TICKS)
		log_print(LOG_ERR, "%s: %s, as long as there is room",
			  journal_fd() < 0 ? "there is no journal" : "the journal takes nothing",
			  sinks_use_journal() ? "events wait in the kernel"
					      : "what is to be told waits");
}

void events_tick(struct events *events, struct enforce *enforce)
{
	if (journal_held())
		go_on(events);
	tell_stall(events);
	if (events->kernel && must_wait())
		forget_folds(events);
	for (enum kernel_ring i = 0; i < KERNEL_N_RINGS && !must_wait(); i++)
		set_enabled(events->folds[i], SD_EVENT_ONESHOT);
	if (events->kernel)
		losses_tell(events->losses, events->kernel, enforce);
	if (events->n_failed)
		log_errno(events->failure, "%u events are not written", events->n_failed);
	events->n_failed = 0;
	sinks_tick();
}

void events_end(struct events *events, bool all)
{
	struct kernel *kernel = all ? events->kernel : NULL;
	bool read = false;

	if (all)
		(void)kernel_wait_for_readers();
	while (!read && (journal_flush_within(END_MS) || !sinks_use_journal()))
		read = !kernel || read_all(events, kernel);
	(void)journal_flush_within(END_MS);
	if (must_wait() || !read)
		log_print(LOG_ERR, "the journal takes nothing: the last events are lost");
}
