// SPDX-License-Identifier: Apache-2.0
#include "policy/lines.h"

#include <string.h>

void lines_begin(struct lines *lines, const char *text, size_t n)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t n_mark = sizeof(mark) - 1;

	if (n >= n_mark && memcmp(text, mark, n_mark) == 0) {
		text += n_mark;
		n -= n_mark;
	}
	*lines = (struct lines){.next = text, .end = text + n};
}

bool lines_next(struct lines *lines, struct line *ret_line)
{
	size_t n = lines->end - lines->next;
	struct line line = {.text = lines->next, .n = n};
	const char *end;

	if (n == 0)
		return false;
	end = memchr(line.text, '\n', n);
	if (end)
		line.n = end - line.text;
	lines->next = end ? end + 1 : lines->end;
	if (line.n > 0 && line.text[line.n - 1] == '\r')
		line.n--;
	line.number = ++lines->number;
	*ret_line = line;
	return true;
}

size_t skip_blanks(const char *text, size_t n)
{
	size_t i = 0;

	while (i < n && is_blank(text[i]))
		i++;
	return i;
}

const char *line_show(const struct line *line, char shown[static LINE_SHOWN_SIZE])
{
	size_t i;

	for (i = 0; i < line->n && i < LINE_SHOWN_SIZE - 1; i++)
		shown[i] = is_control(line->text[i]) ? '?' : line->text[i];
	shown[i] = '\0';
	return shown;
}

unsigned line_word_end(const struct line *line, unsigned column)
{
	size_t start = column - 1, end = start;
	const char *equals = memchr(line->text, '=', line->n);
	size_t header = skip_blanks(line->text, line->n);
	const char *stop = "";

	if (header < line->n && line->text[header] == '[')
		stop = start < line->n && line->text[start] == '[' ? "" : "]\"";
	else if (equals && start < (size_t)(equals - line->text))
		stop = "=:";
	while (end < line->n && !is_blank(line->text[end]) &&
	       (end == start || !strchr(stop, line->text[end])))
		end += line->text[end] == '\\' && end + 1 < line->n ? 2 : 1;
	return end > start ? end + 1 : column + 1;
}

bool lines_find(const char *text, size_t n, unsigned number, struct line *ret_line)
{
	struct lines lines;

	lines_begin(&lines, text, n);
	while (lines_next(&lines, ret_line))
		if (ret_line->number == number)
			return true;
	return false;
}
