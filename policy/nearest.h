/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/*
 * The name that someone probably meant: of @names (its end is a NULL), the one with the fewest
 * insertions, deletions, replacements and swaps of neighbours from the @n bytes of @text, whatever
 * the case of letters; the first one of several. NULL where none is near: more than a third of the
 * longer one would have to change.
 */
const char *nearest(const char *text, size_t n, const char *const *names);
