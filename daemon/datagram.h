/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "daemon/util.h"

/* Somebody who reads datagrams from a unix socket, and who is never waited for. */
struct datagram {
	const char *path; /* not owned; an absolute one of less than 108 bytes */
	int fd;		  /* stays the same over every connection */
	bool connected;
};

/* Makes the socket; it is connected when something is sent. Returns 0 or a negative errno. */
int datagram_open(struct datagram *datagram, const char *path);

void datagram_close(struct datagram *datagram);

/*
 * Sends one datagram, whole or not at all. Returns 0; -EAGAIN where the reader takes nothing now
 * (the socket becomes writable once he does); -ENOENT or -ECONNREFUSED where nobody reads; or
 * another negative errno.
 */
int datagram_send(struct datagram *datagram, struct iovec *parts, size_t n);
