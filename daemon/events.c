/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/events.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/journal-socket.h"
#include "daemon/kernel.h"
#include "daemon/log.h"
#include "daemon/sinks.h"

#define AT_ONCE 512   /* then the loop sees to its other sources */
#define STALL_TICKS 3 /* then it is said that the journal takes nothing */
#define END_MS 5000   /* for how long it is waited for at the end */

struct events {
	sd_event *loop;
	sd_event_source *ring, *journal;
	int (*handle)(void *userdata, const struct bailiff_event *event, size_t size);
	void *userdata;
	struct kernel *kernel; /* not owned */
	struct kernel *former; /* what is left in its ring comes first */
	size_t n;
	unsigned long long n_sent; /* at the last tick */
	unsigned stalled; /* ticks since then in which nothing was sent that is held back */
};

int events_new(sd_event *loop,
	       int (*handle)(void *userdata, const struct bailiff_event *event, size_t size),
	       void *userdata, struct events **ret_events)
{
	struct events *events = malloc(sizeof(*events));

	if (!events)
		return -ENOMEM;
	*events =
		(struct events){.loop = sd_event_ref(loop), .handle = handle, .userdata = userdata};
	*ret_events = events;
	return 0;
}

struct events *events_free(struct events *events)
{
	if (!events)
		return NULL;
	sd_event_source_disable_unref(events->ring);
	sd_event_source_disable_unref(events->journal);
	sd_event_unref(events->loop);
	kernel_free(events->former);
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

static int on_event(void *userdata, const struct bailiff_event *event, size_t size)
{
	struct events *events = userdata;
	int r = events->handle(events->userdata, event, size);

	if (r < 0)
		return r;
	return ++events->n % AT_ONCE == 0 || must_wait() ? -EAGAIN : 0;
}

/* Returns whether all of it is read. */
static bool read_ring(struct events *events, struct kernel *kernel)
{
	int r = kernel_events_read(kernel, on_event, events);

	if (r < 0 && r != -EAGAIN && r != -EINTR)
		log_errno(r, "cannot read events");
	return r != -EAGAIN;
}

static void set_enabled(sd_event_source *source, bool on)
{
	if (source)
		(void)sd_event_source_set_enabled(source, on ? SD_EVENT_ON : SD_EVENT_OFF);
}

static int on_journal(sd_event_source *source, int fd, uint32_t revents, void *userdata);

/* While the journal takes nothing it is watched, and not the ring. Where there is none, a tick
 * looks for it. */
static void choose_sources(struct events *events)
{
	bool held = journal_held();
	int fd = journal_fd();

	if (held && fd >= 0 && !events->journal)
		(void)sd_event_add_io(events->loop, &events->journal, fd, EPOLLOUT, on_journal,
				      events);
	set_enabled(events->journal, held && fd >= 0);
	set_enabled(events->ring, !must_wait());
}

/* Sends what is held back, and reads on. */
static void go_on(struct events *events)
{
	while (events->former && may_read())
		if (read_ring(events, events->former))
			events->former = kernel_free(events->former);
	if (may_read() && events->kernel)
		(void)read_ring(events, events->kernel);
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

int events_watch(struct events *events, struct kernel *kernel)
{
	int fd = kernel_events_fd(kernel), r;

	if (fd < 0)
		return fd;
	events->kernel = kernel;
	events->ring = sd_event_source_disable_unref(events->ring);
	r = sd_event_add_io(events->loop, &events->ring, fd, EPOLLIN, on_journal, events);
	if (r >= 0)
		choose_sources(events);
	return r;
}

void events_finish(struct events *events, struct kernel *kernel)
{
	(void)kernel_wait_for_readers();
	if (events->kernel == kernel) {
		events->ring = sd_event_source_disable_unref(events->ring);
		events->kernel = NULL;
	}
	if (events->former)
		log_print(LOG_ERR, "the journal takes nothing: events of what was in force before "
				   "are lost");
	kernel_free(events->former);
	events->former = kernel;
	go_on(events);
}

void events_tick(struct events *events)
{
	bool moved;

	if (journal_held())
		go_on(events);
	moved = !journal_held() || journal_sent() != events->n_sent;
	events->n_sent = journal_sent();
	if (moved && events->stalled >= STALL_TICKS)
		log_print(LOG_NOTICE, "the journal takes entries again");
	events->stalled = moved ? 0 : events->stalled + 1;
	if (events->stalled == STALL_TICKS)
		log_print(LOG_ERR, "%s: %s, as long as there is room",
			  journal_fd() < 0 ? "there is no journal" : "the journal takes nothing",
			  sinks_use_journal() ? "events wait in the kernel"
					      : "what is to be told waits");
	sinks_tick();
}

void events_end(struct events *events, bool all)
{
	struct kernel *kernel = all ? events->kernel : NULL;
	bool read = false;

	if (all)
		(void)kernel_wait_for_readers();
	while (!read && (journal_flush_within(END_MS) || !sinks_use_journal())) {
		if (events->former && read_ring(events, events->former))
			events->former = kernel_free(events->former);
		else if (!events->former)
			read = !kernel || read_ring(events, kernel);
	}
	(void)journal_flush_within(END_MS);
	if (must_wait() || !read)
		log_print(LOG_ERR, "the journal takes nothing: the last events are lost");
}
