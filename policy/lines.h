/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * The lines of a text, which may hold any bytes. A line ends with LF or CR LF, the last one also
 * with the text; the end is no part of it. A UTF-8 byte order mark at the very beginning is left
 * out, and counts in no column.
 */
struct line {
	const char *text; /* not terminated; lives as long as the whole text */
	size_t n;
	unsigned number; /* from 1; 0 before the first */
};

struct lines {
	const char *next, *end;
	unsigned number;
};

void lines_begin(struct lines *lines, const char *text, size_t n);

/* Answers the next line, or false at the end of the text. */
bool lines_next(struct lines *lines, struct line *ret_line);

/* Spaces and tabs; every other control character is an error before anyone asks. */
static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

/* How many bytes of @text (of @n) are blanks at its beginning. */
size_t skip_blanks(const char *text, size_t n);

/*
 * The beginning of a line as a string for people: control characters become '?', so that it can
 * neither end early nor steer a terminal, and columns stay what they are. Returns @shown.
 */
#define LINE_SHOWN_SIZE 512
const char *line_show(const struct line *line, char shown[static LINE_SHOWN_SIZE]);

/*
 * The first column behind the word that begins in @column of a line: up to white space that no
 * backslash takes in; before a line's "=" up to that, and in a header of a section up to what
 * closes it or its quotes. @column + 1 where no word begins there.
 */
unsigned line_word_end(const struct line *line, unsigned column);

/* The line of that number of a text, or false where there is none. */
bool lines_find(const char *text, size_t n, unsigned number, struct line *ret_line);
