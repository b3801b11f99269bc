/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/sinks.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/conf.h"
#include "daemon/datagram.h"
#include "daemon/event-json.h"
#include "daemon/journal-socket.h"
#include "daemon/json-file.h"
#include "daemon/log.h"
#include "daemon/util.h"

#define TOLD_SECONDS 60

struct sink {
	const char *name, *path; /* no path: it is not used */
	unsigned long long written, lost, told;
	time_t told_at; /* 0: never */
	int error;	/* of the last that was lost */
};

static const struct conf_events *conf;
static struct json_file file = {.fd = -1};
static struct datagram datagram = {.fd = -1};
static struct sink file_sink = {.name = "file"}, socket_sink = {.name = "socket"};

struct entry {
	const struct iovec *fields;
	size_t n;
};

void sinks_use(const struct conf_events *from)
{
	int r;

	conf = from;
	if (conf->file[0]) {
		file = (struct json_file){conf->file, conf->size, conf->keep, -1};
		file_sink.path = conf->file;
	}
	if (conf->socket[0]) {
		r = datagram_open(&datagram, conf->socket);
		if (r < 0)
			log_errno(r, "cannot make a socket: no event is sent to %s", conf->socket);
		else
			socket_sink.path = conf->socket;
	}
}

bool sinks_use_journal(void)
{
	return !conf || !conf->no_journal;
}

static struct text field_of(void *userdata, const char *name)
{
	const struct entry *entry = userdata;
	size_t n = strlen(name);

	for (size_t i = 0; i < entry->n; i++) {
		const char *field = entry->fields[i].iov_base;

		if (entry->fields[i].iov_len > n && field[n] == '=' && memcmp(field, name, n) == 0)
			return (struct text){field + n + 1, entry->fields[i].iov_len - n - 1};
	}
	return (struct text){};
}

static void count(struct sink *sink, int r)
{
	if (r >= 0) {
		sink->written++;
		return;
	}
	sink->lost++;
	sink->error = r;
}

static void write_json(const struct iovec *fields, size_t n, uint64_t when)
{
	struct entry entry = {fields, n};
	_cleanup_(freep) char *line = NULL;
	size_t n_line = 0;
	int r;

	if (!file_sink.path && !socket_sink.path)
		return;
	r = event_json(field_of, &entry, when, &line, &n_line);
	/* the NUL behind it gives way */
	if (r >= 0)
		line[n_line++] = '\n';
	if (file_sink.path)
		count(&file_sink, r < 0 ? r : json_file_write(&file, line, n_line));
	if (socket_sink.path) {
		struct iovec part = {line, n_line};

		count(&socket_sink, r < 0 ? r : datagram_send(&datagram, &part, 1));
	}
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now = {};

	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int sinks_event(const struct iovec *fields, size_t n, __u64 time)
{
	int64_t offset = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);

	write_json(fields, n, (uint64_t)((int64_t)time + offset) / 1000);
	return sinks_use_journal() ? journal_sendv(fields, n, true) : 0;
}

int sinks_note(const struct iovec *fields, size_t n)
{
	struct entry entry = {fields, n};

	if (event_note(field_of(&entry, "MESSAGE_ID")))
		write_json(fields, n, (uint64_t)clock_ns(CLOCK_REALTIME) / 1000);
	return journal_sendv(fields, n, false);
}

static void tell(struct sink *sink)
{
	time_t now = (time_t)(clock_ns(CLOCK_MONOTONIC) / 1000000000) + TOLD_SECONDS;

	if (sink->lost == sink->told || now - sink->told_at < TOLD_SECONDS)
		return;
	log_print(LOG_ERR, "%llu events could not be written to %s: %s%s", sink->lost - sink->told,
		  sink->path,
		  sink->error == -EAGAIN ? "its reader takes nothing" : strerror(-sink->error),
		  sinks_use_journal() ? "; they are in the journal" : "");
	sink->told = sink->lost;
	sink->told_at = now;
}

void sinks_tick(void)
{
	json_file_look(&file);
	tell(&file_sink);
	tell(&socket_sink);
}

size_t sinks_counts(struct sink_count counts[static 2])
{
	size_t n = 0;

	for (int i = 0; i < 2; i++) {
		const struct sink *sink = i ? &socket_sink : &file_sink;

		if (sink->path)
			counts[n++] = (struct sink_count){sink->name, sink->written, sink->lost};
	}
	return n;
}
