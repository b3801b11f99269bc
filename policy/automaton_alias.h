/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * The merged-/usr aliases: paths that are the same directory under two names. The trie of their
 * spellings tells how far into one of them a path has come.
 */

#define ALIAS_DEAD 0u /* the path is none, and will not be one */
#define ALIAS_ROOT 1u /* nothing read yet */
#define ALIAS_NODES_MAX 64
#define ALIAS_NONE UINT8_MAX

struct alias_node {
	char byte;
	uint8_t child, sibling; /* ALIAS_DEAD at the end */
	uint8_t group;		/* whose spelling ends here, or ALIAS_NONE */
};

struct alias_trie {
	struct alias_node nodes[ALIAS_NODES_MAX];
	unsigned n_nodes;
};

#define ALIAS_GROUP_SIZE 2

/* The spellings of each directory; no spelling is another's parent directory. */
extern const char *const alias_groups[][ALIAS_GROUP_SIZE];
extern const unsigned n_alias_groups;

/* Fills the trie. */
void alias_trie_init(struct alias_trie *trie);
