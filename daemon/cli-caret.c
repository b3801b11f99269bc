/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "daemon/cli.h"
#include "daemon/event-text.h"
#include "daemon/util.h"

#define INDENT 2
#define TAB 8
#define DOTS 3 /* "..." where the line goes on */

/*
 * A line as a terminal shows it: each cell is one character, a tab is as many blanks as it takes,
 * and what a terminal would not show as one cell is '?'. (Wide characters move the mark: where
 * they stand in a policy, the column in the message is right all the same.)
 */
struct cells {
	struct text *texts;
	size_t n;
	size_t mark;	 /* the cell that the column is in */
	size_t mark_end; /* behind the last one of what is marked */
};

static void cells_clear(struct cells *cells)
{
	free(cells->texts);
}

static int cells_make(const char *source, unsigned column, unsigned end, struct cells *cells)
{
	struct text rest = {source, strlen(source)};

	*cells = (struct cells){.texts = calloc(rest.n * TAB + 1, sizeof(*cells->texts))};
	if (!cells->texts)
		return -1;
	while (rest.n > 0) {
		unsigned point = 0;
		size_t n = text_character(rest, &point), n_blanks = TAB - cells->n % TAB;

		if ((size_t)(rest.bytes - source) < column)
			cells->mark = cells->n;
		if (n && point == '\t')
			while (n_blanks-- > 0)
				cells->texts[cells->n++] = (struct text){" ", 1};
		else if (n && !text_deceives(point))
			cells->texts[cells->n++] = (struct text){rest.bytes, n};
		else
			cells->texts[cells->n++] = (struct text){"?", 1};
		if ((size_t)(rest.bytes - source) + 1 < end)
			cells->mark_end = cells->n;
		rest.bytes += n ? n : 1;
		rest.n -= n ? n : 1;
	}
	if (column > strlen(source))
		cells->mark = cells->n; /* behind the end */
	if (cells->mark_end <= cells->mark)
		cells->mark_end = cells->mark + 1;
	return 0;
}

char *cli_caret_range(const char *source, unsigned column, unsigned end, unsigned width)
{
	_cleanup_(cells_clear) struct cells cells = {};
	size_t room = width - INDENT, from = 0, to;
	char *text, *at;

	if (cells_make(source, column, end, &cells) < 0)
		return NULL;
	to = cells.n;
	if (cells.n > room) {
		size_t shown = room - 2 * DOTS;

		/* more before the mark than behind it: what led to the mistake stands there */
		from = cells.mark > shown * 2 / 3 ? cells.mark - shown * 2 / 3 : 0;
		if (from + shown > cells.n)
			from = cells.n - shown;
		to = from + shown;
	}
	/* a cell has up to four bytes, in one line; the mark's line has a byte for each */
	text = at = malloc(2 * (INDENT + DOTS) + DOTS + 5 * (to - from) + 4);
	if (!text)
		return NULL;
	at += sprintf(at, "%*s%s", INDENT, "", from ? "..." : "");
	for (size_t i = from; i < to; i++)
		at += sprintf(at, "%.*s", (int)cells.texts[i].n, cells.texts[i].bytes);
	at += sprintf(at, "%s\n", to < cells.n ? "..." : "");
	at += sprintf(at, "%*s^", INDENT + (from ? DOTS : 0) + (int)(cells.mark - from), "");
	for (size_t i = cells.mark + 1; i < cells.mark_end && i < to; i++)
		*at++ = '~';
	memcpy(at, "\n", 2);
	return text;
}

char *cli_caret(const char *source, unsigned column, unsigned width)
{
	return cli_caret_range(source, column, 0, width);
}
