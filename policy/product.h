/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/names.h"

/*
 * Two images' automata, run side by side over all names that there are (names.h), the shortest
 * first: each pair of states that some name leads to is seen once, with the first name that does.
 */

struct bailiff_cell;
struct product;

#define PRODUCT_NONE UINT32_MAX
#define PRODUCT_NODES_MAX (1u << 23)

/*
 * Sees the end of a name: the words of its label in both images. @node is the name's, for
 * product_name(). Returns 0 to go on, or a negative errno.
 */
typedef int (*product_see)(void *userdata, uint32_t node, enum names_end end,
			   const uint32_t *words_a, const uint32_t *words_b);

struct product *product_new(const struct bailiff_cell *a, const struct bailiff_cell *b);
struct product *product_free(struct product *product);

/*
 * Goes through all that a pair of starts leads to and that was not seen yet. Returns 0, what @see
 * returned, -ENOMEM, or -E2BIG: more than PRODUCT_NODES_MAX pairs.
 */
int product_walk(struct product *product, uint32_t start_a, uint32_t start_b, product_see see,
		 void *userdata);

/* A node's name, terminated and new; NULL without memory. */
char *product_name(const struct product *product, uint32_t node, size_t *ret_n);

/* How many walks there were before the one that saw the node. */
uint32_t product_walk_of(const struct product *product, uint32_t node);
