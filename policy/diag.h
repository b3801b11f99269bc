/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * A list of what is wrong in policies, each with its place. The library never prints: who asked
 * shows them.
 */

enum diag_level {
	DIAG_WARNING,
	DIAG_ERROR,
};

struct diag_item {
	enum diag_level level;
	char *file;
	unsigned line, column; /* from 1; 0: the file as a whole */
	unsigned end;	       /* the first column behind what is wrong; 0: not known */
	char *message;	       /* what is wrong, and what would be right */
	char *source;	       /* the line itself, or NULL */
	char *near;	       /* the name that was probably meant, or NULL */
};

struct diag {
	struct diag_item *items;
	size_t n_items, n_errors;
};

/*
 * Adds one item; texts are copied. More than DIAG_MAX items are counted (n_errors) and not kept.
 * Returns 0, or -ENOMEM (n_errors is raised all the same).
 */
#define DIAG_MAX 1000
int diag_add(struct diag *diag, enum diag_level level, const char *file, unsigned line,
	     unsigned column, const char *source, const char *format, ...)
	__attribute__((format(printf, 7, 8)));

/* Where something is wrong; texts are copied, or NULL. */
struct diag_place {
	const char *file;
	unsigned line, column, end; /* as in struct diag_item */
	const char *source, *near;
};

/* The same with all that can be known of the place. */
int diag_add_at(struct diag *diag, enum diag_level level, const struct diag_place *place,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Writes an item as "file:line:column: error: message" (no newline) to a new string that the caller
 * frees. Returns 0 or -ENOMEM.
 */
int diag_item_format(const struct diag_item *item, char **ret_text);

/*
 * Gives the items about lines of @file that have no source yet the lines of @text, and where what
 * is wrong ends. Returns 0 or -ENOMEM.
 */
int diag_fill(struct diag *diag, const char *file, const char *text, size_t n);

/* Brings the items from @first on into the order of their lines; what is about a file stands last.
 */
void diag_sort(struct diag *diag, size_t first);

/* Frees what the list holds, and leaves it empty. */
void diag_clear(struct diag *diag);
