/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the daemon itself has to say, in the journal: it is never waited for. */

/* A field of an entry: a text, or, where that is NULL, a number. */
struct journal_field {
	const char *name; /* NULL ends a list */
	const char *text;
	unsigned long long number;
};

/*
 * An entry with a MESSAGE_ID of daemon/journal.h, further fields (NULL: none), and a sentence. What
 * cannot be written is counted (journal_lost()).
 */
void journal_note(int priority, const char *id, const struct journal_field *fields,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A line of the log. Returns as journal_sendv(). */
int journal_line(int priority, const char *text);
