/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct conf_events;

/*
 * Where events go: to the journal, and, where the configuration says so, as lines of JSON to a file
 * and to a unix socket. Until sinks_use() the journal is all. None of them is ever waited for.
 */

/* @conf stays the caller's, and must live as long as the daemon. */
void sinks_use(const struct conf_events *conf);

/* Whether events go to the journal, and have to wait while it takes nothing. */
bool sinks_use_journal(void);

/*
 * An event of the ring, as fields of an entry, of that time (CLOCK_BOOTTIME, ns); and one that the
 * daemon has to say itself. Return as journal_sendv(): 1 is that the journal takes nothing now.
 */
int sinks_event(const struct iovec *fields, size_t n, __u64 time);
int sinks_note(const struct iovec *fields, size_t n);

/* Once a second: says what was lost (once a minute at most), and sees to files that were moved. */
void sinks_tick(void);

/* What became of the events that are written as JSON. Returns how many sinks there are. */
struct sink_count {
	const char *name; /* file, socket */
	unsigned long long written, lost;
};
size_t sinks_counts(struct sink_count counts[static 2]);
