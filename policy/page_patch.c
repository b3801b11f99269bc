// SPDX-License-Identifier: Apache-2.0
#include "policy/page.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_changed(const struct page_line *line)
{
	return !line->origin || line->before;
}

/* "12", "12,0" or "12,3": of no lines, diff names the one before. */
static void print_range(FILE *out, char sign, unsigned before, unsigned n)
{
	fprintf(out, " %c%u", sign, n ? before + 1 : before);
	if (n != 1)
		fprintf(out, ",%u", n);
}

/* One run of changed lines, from index @from to @to; @old and @new lines are before it. */
static void print_hunk(FILE *out, const struct page *page, size_t from, size_t to, unsigned old,
		       unsigned new)
{
	const char *section = from ? page_section(page, from - 1) : NULL;
	unsigned n_old = 0, n_new = 0;

	for (size_t i = from; i < to; i++) {
		n_old += page->lines[i].origin != 0;
		n_new += page->lines[i].text != NULL;
	}
	fputs("@@", out);
	print_range(out, '-', old, n_old);
	print_range(out, '+', new, n_new);
	fprintf(out, " @@%s%s\n", section ? " " : "", section ? section : "");
	for (size_t i = from; i < to; i++)
		if (page->lines[i].origin)
			fprintf(out, "-%s\n", page->lines[i].before);
	for (size_t i = from; i < to; i++)
		if (page->lines[i].text)
			fprintf(out, "+%s\n", page->lines[i].text);
}

static void print_hunks(FILE *out, const struct page *page)
{
	unsigned old = 0, new = 0;

	for (size_t i = 0, to; i < page->n_lines; i = to) {
		to = i + 1;
		if (!is_changed(&page->lines[i])) {
			old++;
			new ++;
			continue;
		}
		while (to < page->n_lines && is_changed(&page->lines[to]))
			to++;
		print_hunk(out, page, i, to, old, new);
		for (size_t k = i; k < to; k++) {
			old += page->lines[k].origin != 0;
			new += page->lines[k].text != NULL;
		}
	}
}

char *page_patch(const struct page *page, const char *file)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return NULL;
	if (page_changed(page)) {
		fprintf(out, "--- %s\n+++ %s\n", file, file);
		print_hunks(out, page);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
