// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE 1 /* vasprintf */
#include "policy/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void item_clear(struct diag_item *item)
{
	free(item->file);
	free(item->message);
	free(item->source);
	*item = (struct diag_item){};
}

/* Makes room for one more: the array doubles each time that its length is a power of two. */
static int reserve(struct diag *diag)
{
	struct diag_item *items;

	if (diag->n_items & (diag->n_items - 1))
		return 0;
	items = reallocarray(diag->items, diag->n_items ? 2 * diag->n_items : 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	diag->items = items;
	return 0;
}

int diag_add(struct diag *diag, enum diag_level level, const char *file, unsigned line,
	     unsigned column, const char *source, const char *format, ...)
{
	struct diag_item item = {.level = level, .line = line, .column = column};
	va_list arguments;
	int n;

	if (level == DIAG_ERROR)
		diag->n_errors++;
	if (diag->n_items >= DIAG_MAX)
		return 0;
	if (reserve(diag) < 0)
		return -ENOMEM;

	va_start(arguments, format);
	n = vasprintf(&item.message, format, arguments);
	va_end(arguments);
	if (n < 0)
		item.message = NULL; /* vasprintf leaves it undefined */
	item.file = strdup(file);
	item.source = source ? strdup(source) : NULL;
	if (!item.message || !item.file || (source && !item.source)) {
		item_clear(&item);
		return -ENOMEM;
	}
	diag->items[diag->n_items++] = item;
	return 0;
}

int diag_item_format(const struct diag_item *item, char **ret_text)
{
	const char *level = item->level == DIAG_ERROR ? "error" : "warning";
	char *text;
	int n;

	if (item->line)
		n = asprintf(&text, "%s:%u:%u: %s: %s", item->file, item->line, item->column, level,
			     item->message);
	else
		n = asprintf(&text, "%s: %s: %s", item->file, level, item->message);
	if (n < 0)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

void diag_clear(struct diag *diag)
{
	for (size_t i = 0; i < diag->n_items; i++)
		item_clear(&diag->items[i]);
	free(diag->items);
	*diag = (struct diag){};
}
