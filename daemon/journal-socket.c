/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/journal-socket.h"

#include <endian.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <time.h>

#include "daemon/datagram.h"
#include "daemon/util.h"

struct entry {
	STAILQ_ENTRY(entry) next;
	size_t n;
	char bytes[];
};

static STAILQ_HEAD(entries, entry) held = STAILQ_HEAD_INITIALIZER(held);
static size_t n_held, n_bytes;
static unsigned long long n_sent, n_lost;
static struct datagram datagram = {.path = "/run/systemd/journal/socket", .fd = -1};

static bool has_newline(const struct iovec *field)
{
	return memchr(field->iov_base, '\n', field->iov_len);
}

/*
 * systemd.io/JOURNAL_NATIVE_PROTOCOL: a field is "NAME=value\n"; where the value has a newline it
 * is "NAME\n", the value's length in eight bytes, the least one first, the value, "\n".
 */
static char *encode_field(const struct iovec *field, char *to)
{
	const char *name = field->iov_base, *equals = memchr(name, '=', field->iov_len);
	size_t n_name = equals ? (size_t)(equals - name) : 0;
	uint64_t n = field->iov_len - n_name - 1, length = htole64(n);

	if (!equals || !has_newline(field)) {
		to = mempcpy(to, name, field->iov_len);
	} else {
		to = mempcpy(to, name, n_name);
		*to++ = '\n';
		to = mempcpy(to, &length, sizeof(length));
		to = mempcpy(to, equals + 1, n);
	}
	*to++ = '\n';
	return to;
}

static struct entry *encode(const struct iovec *fields, size_t n)
{
	struct entry *entry;
	size_t size = sizeof(*entry);
	char *end;

	for (size_t i = 0; i < n; i++)
		size += fields[i].iov_len + 1 + sizeof(uint64_t);
	entry = malloc(size);
	if (!entry)
		return NULL;
	end = entry->bytes;
	for (size_t i = 0; i < n; i++)
		end = encode_field(&fields[i], end);
	entry->n = (size_t)(end - entry->bytes);
	return entry;
}

static int send_entry(struct entry *entry)
{
	struct iovec part = {entry->bytes, entry->n};
	int r = datagram.fd < 0 ? datagram_open(&datagram, datagram.path) : 0;

	return r < 0 ? r : datagram_send(&datagram, &part, 1);
}

/* What will pass: the journal is busy, stopped, or being started. */
static bool passes(int error)
{
	return error == -EAGAIN || error == -ENOENT || error == -ECONNREFUSED ||
	       error == -ENOBUFS || error == -ENOMEM;
}

bool journal_flush(void)
{
	struct entry *entry;

	while ((entry = STAILQ_FIRST(&held))) {
		int r = send_entry(entry);

		if (passes(r))
			return false;
		n_lost += r < 0;
		n_sent += r >= 0;
		n_held--;
		n_bytes -= entry->n;
		STAILQ_REMOVE_HEAD(&held, next);
		free(entry);
	}
	return true;
}

int journal_sendv(const struct iovec *fields, size_t n, bool event)
{
	_cleanup_(freep) struct entry *entry = encode(fields, n);
	int r = -ENOBUFS;

	if (!entry)
		return -ENOMEM;
	if (journal_flush())
		r = send_entry(entry);
	if (!passes(r)) {
		n_lost += r < 0;
		n_sent += r >= 0;
		return r;
	}
	if (!event && n_bytes + entry->n > JOURNAL_HELD_MAX) {
		n_lost++;
		return -ENOBUFS;
	}
	n_held++;
	n_bytes += entry->n;
	STAILQ_INSERT_TAIL(&held, entry, next);
	(void)TAKE_PTR(entry);
	return 1;
}

static int64_t now_ms(void)
{
	struct timespec now = {};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool journal_flush_within(int ms)
{
	int64_t end = now_ms() + ms;

	while (!journal_flush()) {
		struct pollfd fds = {.fd = journal_fd(), .events = POLLOUT};
		int64_t left = end - now_ms();

		if (fds.fd < 0 || left <= 0)
			return false;
		(void)poll(&fds, 1, (int)left);
	}
	return true;
}

int journal_fd(void)
{
	return datagram.connected ? datagram.fd : -1;
}

size_t journal_unread(void)
{
	int n = 0;

	if (!datagram.connected || ioctl(datagram.fd, SIOCOUTQ, &n) < 0 || n < 0)
		return 0;
	return (size_t)n;
}

unsigned long long journal_sent(void)
{
	return n_sent;
}

unsigned long long journal_lost(void)
{
	return n_lost;
}

size_t journal_held(void)
{
	return n_held;
}

void journal_socket_use(const char *path)
{
	struct entry *entry;

	while ((entry = STAILQ_FIRST(&held))) {
		STAILQ_REMOVE_HEAD(&held, next);
		free(entry);
	}
	n_held = n_bytes = 0;
	datagram_close(&datagram);
	datagram = (struct datagram){.path = path, .fd = -1};
}
