/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/util.h"

int log_verbose;

static void print(int priority, const char *format, va_list args, const char *tail)
{
	char text[4096];

	if (priority == LOG_DEBUG && !log_verbose)
		return;
	vsnprintf(text, sizeof(text), format, args);
	/* one call, so that lines of two writers do not mix */
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s%s\n", priority, text, tail);
	else
		fprintf(stderr, "bailiffd: %s%s\n", text, tail);
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
