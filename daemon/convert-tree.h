/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/diag.h"

/*
 * A YAML text as a tree of nodes that know their places. Aliases are refused, so that a text grows
 * into no more than it is; depth and number of nodes have limits.
 */

#define TREE_DEPTH_MAX 32
#define TREE_NODES_MAX 200000
#define TREE_KEYS_MAX 1000u /* of one map */

enum node_kind {
	NODE_TEXT,
	NODE_LIST,
	NODE_MAP,
};

struct node {
	enum node_kind kind;
	bool plain;	       /* a text without quotes: true, 7 and null mean what they mean */
	unsigned line, column; /* from 1; the column counts bytes */
	size_t line_begin;     /* of the text, where the line begins */
	char *text;	       /* of a text; it has no byte 0 */
	struct node **items;   /* of a list; of a map its keys and values in turn */
	size_t n_items;
};

/* How far the places of a text are known. */
struct tree_cursor {
	size_t line, character; /* from 0, as libyaml counts */
	size_t begin, at;	/* of the line, and of the character, in bytes */
};

struct tree {
	const char *file; /* for errors */
	const char *text;
	size_t n_text;
	struct diag *diag;
	struct node **documents;
	size_t n_documents;
	size_t n_nodes;
	struct tree_cursor cursor;
};

/*
 * Reads tree->text. Returns 0, 1 and an error in tree->diag where it is no YAML, or exceeds a
 * limit, or -ENOMEM. tree_clear() is due after each.
 */
int tree_read(struct tree *tree);
void tree_clear(struct tree *tree);

/* Adds an error at a node's place. Returns 0 or -ENOMEM. */
int tree_error(const struct tree *tree, const struct node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The value of a key; NULL where there is none, or null. */
const struct node *node_get(const struct node *map, const char *key);

/* Whether the node says nothing: null, false, or an empty text, list or map. NULL does not. */
bool node_is_empty(const struct node *node);

/* Whether a text without quotes is null. */
bool node_is_null(const struct node *node);
