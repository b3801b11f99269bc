/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

/*
 * The journal's socket, which is never waited for: what journald does not take now is held back,
 * and sent before anything else is. (sd_journal_sendv() waits, however long.) There is one journal,
 * so this is one object.
 */

/* How much is held back, in bytes; an event is, over that as well. */
#define JOURNAL_HELD_MAX ((size_t)256 << 10)

/*
 * Sends an entry: each vector is "NAME=value", of any bytes. @event: it is one of the ring, of
 * which the next is not read before this one is sent. Returns 0; 1 where it is held back; -ENOBUFS
 * where there is no room, and the entry is lost; or another negative errno.
 */
int journal_sendv(const struct iovec *fields, size_t n, bool event);

/* Sends what is held back. Returns whether nothing is any more. */
bool journal_flush(void);

/* The same, and waits for the journal, for at most @ms in all, where it is there. */
bool journal_flush_within(int ms);

/* What becomes writable once the journal takes something; -1 while there is no journal. */
int journal_fd(void);

/* How many bytes of the kernel's memory the journal has not read yet of what was sent. */
size_t journal_unread(void);

/* How many entries were sent and lost so far, and how many are held back. */
unsigned long long journal_sent(void);
unsigned long long journal_lost(void);
size_t journal_held(void);

/* Another socket than journald's, for tests; what was held back is forgotten. */
void journal_socket_use(const char *path);
