/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/journal-note.h"
#include "daemon/util.h"

int log_verbose;

/*
 * systemd's stream to the journal, which is not waited for. It is whose lines are known to be the
 * unit's even when the daemon has ended at once. Where it takes nothing, or has ended with
 * journald, the journal's own socket has the line as soon as it takes something.
 */
static void print_to_journal(int priority, const char *text)
{
	char line[5000];
	int n = snprintf(line, sizeof(line), "<%d>%s\n", priority, text);

	if (send(STDERR_FILENO, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		(void)journal_line(priority, text);
}

static void print(int priority, const char *format, va_list args, const char *tail)
{
	char text[4096 + 256];
	size_t n;

	if (priority == LOG_DEBUG && !log_verbose)
		return;
	vsnprintf(text, sizeof(text) - 256, format, args);
	n = strlen(text);
	snprintf(text + n, sizeof(text) - n, "%s", tail);
	/* one call, so that lines of two writers do not mix */
	if (getenv("JOURNAL_STREAM"))
		print_to_journal(priority, text);
	else
		fprintf(stderr, "bailiffd: %s\n", text);
}

void log_print(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(priority, format, args, "");
	va_end(args);
}

int log_errno(int error, const char *format, ...)
{
	char tail[256];
	va_list args;

	snprintf(tail, sizeof(tail), ": %s", strerror(-error));
	va_start(args, format);
	print(LOG_ERR, format, args, tail);
	va_end(args);
	return error;
}

void log_diag(const struct diag *diag)
{
	for (size_t i = 0; i < diag->n_items; i++) {
		_cleanup_(freep) char *text = NULL;

		if (diag_item_format(&diag->items[i], &text) >= 0)
			log_print(diag->items[i].level == DIAG_ERROR ? LOG_ERR : LOG_WARNING, "%s",
				  text);
	}
}
