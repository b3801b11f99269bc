// SPDX-License-Identifier: Apache-2.0
#include "policy/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/lines.h"

#define BOM "\xef\xbb\xbf" /* UTF-8's byte order mark, which counts in no column */

#define _cleanup_(f) __attribute__((cleanup(f)))

static void page_freep(struct page **page)
{
	page_free(*page);
}

struct page *page_free(struct page *page)
{
	if (!page)
		return NULL;
	for (size_t i = 0; i < page->n_lines; i++) {
		free(page->lines[i].text);
		free(page->lines[i].before);
	}
	free(page->lines);
	free(page);
	return NULL;
}

/* Adds room for a line, for now without text. */
static struct page_line *line_open(struct page *page, size_t at)
{
	struct page_line *lines = reallocarray(page->lines, page->n_lines + 1, sizeof(*lines));

	if (!lines)
		return NULL;
	page->lines = lines;
	memmove(lines + at + 1, lines + at, (page->n_lines - at) * sizeof(*lines));
	lines[at] = (struct page_line){};
	page->n_lines++;
	return &lines[at];
}

struct page *page_new(const char *text, size_t n)
{
	_cleanup_(page_freep) struct page *page = calloc(1, sizeof(*page));
	struct page *done;

	while (page && n > 0) {
		const char *end = memchr(text, '\n', n);
		size_t n_line = end ? (size_t)(end - text) : n;
		struct page_line *line = line_open(page, page->n_lines);

		if (!line)
			return NULL;
		line->origin = (unsigned)page->n_lines;
		line->text = strndup(text, n_line);
		if (!line->text)
			return NULL;
		n_line += end != NULL;
		text += n_line;
		n -= n_line;
	}
	done = page;
	page = NULL;
	return done;
}

struct page *page_copy(const struct page *page)
{
	_cleanup_(page_freep) struct page *copy = calloc(1, sizeof(*copy));
	struct page *done;

	for (size_t i = 0; copy && i < page->n_lines; i++) {
		const struct page_line *from = &page->lines[i];
		struct page_line *line = line_open(copy, i);

		if (!line)
			return NULL;
		line->origin = from->origin;
		line->text = from->text ? strdup(from->text) : NULL;
		line->before = from->before ? strdup(from->before) : NULL;
		if (!line->text != !from->text || !line->before != !from->before)
			return NULL;
	}
	done = copy;
	copy = NULL;
	return done;
}

char *page_text(const struct page *page, size_t *ret_n)
{
	size_t n = 0;
	char *text, *to;

	for (size_t i = 0; i < page->n_lines; i++)
		n += page->lines[i].text ? strlen(page->lines[i].text) + 1 : 0;
	text = to = malloc(n + 1);
	if (!text)
		return NULL;
	for (size_t i = 0; i < page->n_lines; i++) {
		if (!page->lines[i].text)
			continue;
		to = stpcpy(to, page->lines[i].text);
		*to++ = '\n';
	}
	*to = '\0';
	*ret_n = n;
	return text;
}

/* The index of a line by its number; n_lines where there is none. */
static size_t find_line(const struct page *page, unsigned number)
{
	size_t i = 0;

	for (; i < page->n_lines; i++)
		if (page->lines[i].text && --number == 0)
			break;
	return i;
}

static const char *line_begin(const struct page *page, size_t i)
{
	const char *text = page->lines[i].text;

	return i == 0 && strncmp(text, BOM, strlen(BOM)) == 0 ? text + strlen(BOM) : text;
}

static bool is_header(const struct page *page, size_t i)
{
	return page->lines[i].text && line_begin(page, i)[0] == '[';
}

/* Whether a line is more of the key before it. */
static bool continues(const char *text)
{
	size_t n = strlen(text), n_blank = skip_blanks(text, n);

	return n_blank > 0 && !strchr("\r;#", text[n_blank]);
}

static bool says_nothing(const char *text)
{
	return strchr("\r;#", text[skip_blanks(text, strlen(text))]) != NULL;
}

/* The index behind a key's line and all that continues it. */
static size_t key_end(const struct page *page, size_t i)
{
	size_t end = i + 1;

	for (i++; i < page->n_lines; i++) {
		const char *text = page->lines[i].text;

		if (text && !continues(text) && !says_nothing(text))
			break;
		if (text && continues(text))
			end = i + 1;
	}
	return end;
}

static int add_line(struct page *page, size_t at, const char *text)
{
	char *copy = strdup(text);
	struct page_line *line = copy ? line_open(page, at) : NULL;

	if (!line) {
		free(copy);
		return -ENOMEM;
	}
	line->text = copy;
	return 0;
}

int page_add_behind(struct page *page, unsigned line, const char *text)
{
	size_t i = find_line(page, line);

	if (i == page->n_lines)
		return -ENOENT;
	/* the line itself may continue a key: so may what follows */
	return add_line(page, key_end(page, i), text);
}

int page_add_below(struct page *page, const char *header, const char *text)
{
	int r = 0;

	for (size_t i = 0; i < page->n_lines; i++)
		if (is_header(page, i) && strncmp(line_begin(page, i), header, strlen(header)) == 0)
			return add_line(page, i + 1, text);
	if (page->n_lines && !(page->lines[page->n_lines - 1].text &&
			       says_nothing(page->lines[page->n_lines - 1].text)))
		r = add_line(page, page->n_lines, "");
	if (r == 0)
		r = add_line(page, page->n_lines, header);
	return r ? r : add_line(page, page->n_lines, text);
}

/* Makes a line say something else; NULL takes it out. Takes @text over. */
static void line_set(struct page_line *line, char *text)
{
	if (line->origin && !line->before)
		line->before = line->text;
	else
		free(line->text);
	line->text = text;
}

int page_remove_word(struct page *page, unsigned line, unsigned column)
{
	size_t i = find_line(page, line), begin, end;
	const char *text;
	char *new;

	if (i == page->n_lines || column == 0)
		return -ENOENT;
	text = page->lines[i].text;
	begin = column - 1 + (size_t)(line_begin(page, i) - text);
	if (begin >= strlen(text))
		return -ENOENT;
	end = begin;
	while (text[end] && !is_blank(text[end]) && text[end] != '\r')
		end += text[end] == '\\' && text[end + 1] ? 2 : 1;
	/* the blanks before it go with it, unless they make the line continue a key */
	while (begin > 1 && is_blank(text[begin - 1]) && strspn(text, " \t") < begin)
		begin--;
	new = malloc(strlen(text) + 1);
	if (!new)
		return -ENOMEM;
	memcpy(new, text, begin);
	memcpy(new + begin, text + end, strlen(text + end) + 1);
	line_set(&page->lines[i], new);
	return 0;
}

int page_remove_line(struct page *page, unsigned line)
{
	size_t i = find_line(page, line);

	if (i == page->n_lines)
		return -ENOENT;
	line_set(&page->lines[i], NULL);
	return 0;
}

const char *page_section(const struct page *page, size_t index)
{
	for (size_t i = index + 1; i > 0; i--)
		if (i - 1 < page->n_lines && is_header(page, i - 1))
			return line_begin(page, i - 1);
	return NULL;
}

const char *page_header(const struct page *page, unsigned line)
{
	return page_section(page, find_line(page, line));
}

bool page_changed(const struct page *page)
{
	for (size_t i = 0; i < page->n_lines; i++)
		if (!page->lines[i].origin || page->lines[i].before)
			return true;
	return false;
}
