// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE 1 /* vasprintf */
#include "policy/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/lines.h"

static void item_clear(struct diag_item *item)
{
	free(item->file);
	free(item->message);
	free(item->source);
	free(item->near);
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

/* Adds the item with the message that is formatted; takes nothing over. */
static int add(struct diag *diag, enum diag_level level, const struct diag_place *place,
	       const char *format, va_list arguments)
{
	struct diag_item item = {
		.level = level,
		.line = place->line,
		.column = place->column,
		.end = place->end,
	};

	if (level == DIAG_ERROR)
		diag->n_errors++;
	if (diag->n_items >= DIAG_MAX)
		return 0;
	if (reserve(diag) < 0)
		return -ENOMEM;
	if (vasprintf(&item.message, format, arguments) < 0)
		item.message = NULL; /* vasprintf leaves it undefined */
	item.file = strdup(place->file);
	item.source = place->source ? strdup(place->source) : NULL;
	item.near = place->near ? strdup(place->near) : NULL;
	if (!item.message || !item.file || (place->source && !item.source) ||
	    (place->near && !item.near)) {
		item_clear(&item);
		return -ENOMEM;
	}
	diag->items[diag->n_items++] = item;
	return 0;
}

int diag_add_at(struct diag *diag, enum diag_level level, const struct diag_place *place,
		const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = add(diag, level, place, format, arguments);
	va_end(arguments);
	return r;
}

int diag_add(struct diag *diag, enum diag_level level, const char *file, unsigned line,
	     unsigned column, const char *source, const char *format, ...)
{
	struct diag_place place = {
		.file = file,
		.line = line,
		.column = column,
		.source = source,
	};
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = add(diag, level, &place, format, arguments);
	va_end(arguments);
	return r;
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

int diag_fill(struct diag *diag, const char *file, const char *text, size_t n)
{
	for (size_t i = 0; i < diag->n_items; i++) {
		struct diag_item *item = &diag->items[i];
		char shown[LINE_SHOWN_SIZE];
		struct line line;

		if (item->source || !item->line || strcmp(item->file, file) != 0 ||
		    !lines_find(text, n, item->line, &line))
			continue;
		item->source = strdup(line_show(&line, shown));
		if (!item->source)
			return -ENOMEM;
		if (!item->end)
			item->end = line_word_end(&line, item->column);
	}
	return 0;
}

static bool comes_after(const struct diag_item *a, const struct diag_item *b)
{
	int order = strcmp(a->file, b->file);

	if (order != 0)
		return order > 0;
	/* Line 0, the file as a whole, wraps to the end. */
	if (a->line != b->line)
		return a->line - 1 > b->line - 1;
	return a->column > b->column;
}

/* Insertion: nearly everything is in order, and there are at most DIAG_MAX. */
void diag_sort(struct diag *diag, size_t first)
{
	struct diag_item *items = diag->items;

	for (size_t i = first + 1; i < diag->n_items; i++) {
		struct diag_item item = items[i];
		size_t j = i;

		for (; j > first && comes_after(&items[j - 1], &item); j--)
			items[j] = items[j - 1];
		items[j] = item;
	}
}

void diag_clear(struct diag *diag)
{
	for (size_t i = 0; i < diag->n_items; i++)
		item_clear(&diag->items[i]);
	free(diag->items);
	*diag = (struct diag){};
}
