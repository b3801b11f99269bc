/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/journal-note.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/journal-socket.h"
#include "daemon/sinks.h"
#include "daemon/util.h"

#define FIELDS_MAX 12

struct note {
	struct iovec fields[FIELDS_MAX];
	size_t n;
};

static void note_clear(struct note *note)
{
	for (size_t i = 0; i < note->n; i++)
		free(note->fields[i].iov_base);
}

/* What there is no memory for is left out. */
static void add(struct note *note, const char *name, const char *value)
{
	char *field = NULL;
	int n;

	if (note->n == FIELDS_MAX)
		return;
	n = asprintf(&field, "%s=%s", name, value);
	if (n < 0)
		return;
	note->fields[note->n++] = (struct iovec){field, (size_t)n};
}

static void add_number(struct note *note, const char *name, unsigned long long value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", value);
	add(note, name, digits);
}

void journal_note(int priority, const char *id, const struct journal_field *fields,
		  const char *format, ...)
{
	_cleanup_(note_clear) struct note note = {};
	_cleanup_(freep) char *sentence = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&sentence, format, args);
	va_end(args);
	if (n < 0) {
		sentence = NULL; /* vasprintf leaves it undefined */
		return;
	}
	add(&note, "MESSAGE", sentence);
	add(&note, "MESSAGE_ID", id);
	add(&note, "SYSLOG_IDENTIFIER", "bailiffd");
	add_number(&note, "PRIORITY", (unsigned)priority);
	for (; fields && fields->name; fields++) {
		if (fields->text)
			add(&note, fields->name, fields->text);
		else
			add_number(&note, fields->name, fields->number);
	}
	(void)sinks_note(note.fields, note.n);
}

int journal_line(int priority, const char *text)
{
	_cleanup_(note_clear) struct note note = {};

	add(&note, "MESSAGE", text);
	add(&note, "SYSLOG_IDENTIFIER", "bailiffd");
	add_number(&note, "PRIORITY", (unsigned)priority);
	return journal_sendv(note.fields, note.n, false);
}
