/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * A policy's text as lines that can be edited, each of which knows where it came from: so that an
 * edit can be tried by parsing the text anew, and shown as what it changes in the file.
 */

struct page_line {
	char *text;	 /* as it is now, without its end; NULL: taken out */
	char *before;	 /* as it is in the file, where that is another; else NULL */
	unsigned origin; /* its number in the file, from 1; 0: it is new */
};

/* Lines that were taken out stay in their places. Line numbers here are those of the text as it is
 * now, from 1, as the parser counts them. */
struct page {
	struct page_line *lines;
	size_t n_lines;
};

/* Returns the page, which the caller frees, or NULL without memory. */
struct page *page_new(const char *text, size_t n);
struct page *page_copy(const struct page *page);
struct page *page_free(struct page *page);

/* The text as it is now, which the caller frees; or NULL without memory. */
char *page_text(const struct page *page, size_t *ret_n);

/*
 * The edits. They return 0, -ENOENT where there is nothing to edit, or -ENOMEM.
 *
 * Adds a line behind the key that stands in @line, and whatever continues it.
 */
int page_add_behind(struct page *page, unsigned line, const char *text);

/* Adds a line below the first header @header ("[file]"), or with that header at the end. */
int page_add_below(struct page *page, const char *header, const char *text);

/* Takes the word at @line and @column out (in bytes, from 1; a backslash takes a blank into it). */
int page_remove_word(struct page *page, unsigned line, unsigned column);

/* Takes a line out. */
int page_remove_line(struct page *page, unsigned line);

/* The header of the section that @line stands in, as it is written, or NULL; it is the page's. */
const char *page_header(const struct page *page, unsigned line);

/* The section that a line of the page, by its index, stands in, or NULL. */
const char *page_section(const struct page *page, size_t index);

bool page_changed(const struct page *page);

/*
 * What the edits change, as diff -U0 writes it for the file @file, with the section behind each
 * "@@": patch(1) takes it. The caller frees it; empty where nothing was changed. NULL without
 * memory.
 */
char *page_patch(const struct page *page, const char *file);
