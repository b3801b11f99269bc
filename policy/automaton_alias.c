// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton_alias.h"

const char *const alias_groups[][ALIAS_GROUP_SIZE] = {
	{"/bin", "/usr/bin"},	  {"/sbin", "/usr/sbin"},   {"/lib", "/usr/lib"},
	{"/lib32", "/usr/lib32"}, {"/lib64", "/usr/lib64"}, {"/libx32", "/usr/libx32"},
	{"/run", "/var/run"},
};

const unsigned n_alias_groups = sizeof(alias_groups) / sizeof(alias_groups[0]);

static uint8_t node_get(struct alias_trie *trie, uint8_t parent, char byte)
{
	uint8_t node = trie->nodes[parent].child;

	while (node != ALIAS_DEAD && trie->nodes[node].byte != byte)
		node = trie->nodes[node].sibling;
	if (node != ALIAS_DEAD)
		return node;
	node = (uint8_t)trie->n_nodes++;
	trie->nodes[node] = (struct alias_node){
		.byte = byte,
		.child = ALIAS_DEAD,
		.sibling = trie->nodes[parent].child,
		.group = ALIAS_NONE,
	};
	trie->nodes[parent].child = node;
	return node;
}

void alias_trie_init(struct alias_trie *trie)
{
	*trie = (struct alias_trie){.n_nodes = ALIAS_ROOT + 1};
	trie->nodes[ALIAS_DEAD].group = ALIAS_NONE;
	trie->nodes[ALIAS_ROOT].group = ALIAS_NONE;
	for (unsigned group = 0; group < n_alias_groups; group++) {
		for (unsigned i = 0; i < ALIAS_GROUP_SIZE; i++) {
			uint8_t node = ALIAS_ROOT;

			for (const char *c = alias_groups[group][i]; *c; c++)
				node = node_get(trie, node, *c);
			trie->nodes[node].group = (uint8_t)group;
		}
	}
}
