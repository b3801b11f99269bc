// SPDX-License-Identifier: Apache-2.0
#include "policy/product.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/compile.h"
#include "policy/image.h"

struct node {
	uint32_t a, b; /* states */
	uint32_t parent;
	uint32_t walk;
	uint16_t names; /* state of names.h */
	unsigned char byte;
};

struct product {
	const struct bailiff_cell *a, *b;
	struct node *nodes;
	size_t capacity;
	uint32_t n, n_walks;
	uint32_t *table; /* hash of nodes, PRODUCT_NONE: empty; twice as many as nodes, or more */
	uint32_t mask;
	unsigned char bytes[256]; /* one of each class of both, the best to read first */
	unsigned n_bytes;
};

/* Which of two bytes that mean the same is shown. */
static const char readable[] =
	"xabcdefghijklmnopqrstuvwyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+:,=@%~^";

static void bytes_fill(struct product *p)
{
	const uint8_t *a = image_header(p->a)->class_of, *b = image_header(p->b)->class_of;
	unsigned char order[256], n = 0;
	bool seen[256] = {false};

	for (const char *c = readable; *c; c++) {
		order[n++] = (unsigned char)*c;
		seen[(unsigned char)*c] = true;
	}
	for (unsigned byte = 1; byte < 256; byte++)
		if (!seen[byte])
			order[n++] = (unsigned char)byte;
	p->bytes[p->n_bytes++] = '/';
	p->bytes[p->n_bytes++] = '.';
	for (unsigned i = 0; i < n; i++) {
		bool is_new = true;

		/* '/' and '.' stand for themselves alone: to names they are no bytes like others */
		for (unsigned k = 2; k < p->n_bytes; k++)
			is_new &= a[p->bytes[k]] != a[order[i]] || b[p->bytes[k]] != b[order[i]];
		if (is_new && order[i] != '/' && order[i] != '.')
			p->bytes[p->n_bytes++] = order[i];
	}
}

struct product *product_new(const struct bailiff_cell *a, const struct bailiff_cell *b)
{
	struct product *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->a = a;
	p->b = b;
	p->mask = (1u << 12) - 1;
	p->table = malloc((p->mask + 1u) * sizeof(*p->table));
	if (!p->table)
		return product_free(p);
	memset(p->table, 0xff, (p->mask + 1u) * sizeof(*p->table));
	bytes_fill(p);
	return p;
}

struct product *product_free(struct product *p)
{
	if (!p)
		return NULL;
	free(p->nodes);
	free(p->table);
	free(p);
	return NULL;
}

static uint32_t *place_of(const struct product *p, const struct node *node)
{
	uint64_t hash = ((uint64_t)node->a << 32 | node->b) * 0x9e3779b97f4a7c15ull;
	uint32_t at;

	hash = (hash ^ node->names) * 0xff51afd7ed558ccdull;
	for (at = (uint32_t)(hash >> 32) & p->mask; p->table[at] != PRODUCT_NONE;
	     at = (at + 1) & p->mask) {
		const struct node *there = &p->nodes[p->table[at]];

		if (there->a == node->a && there->b == node->b && there->names == node->names)
			break;
	}
	return &p->table[at];
}

static int table_grow(struct product *p)
{
	uint32_t mask = p->mask * 2 + 1;
	uint32_t *table = malloc((mask + 1u) * sizeof(*table));

	if (!table)
		return -ENOMEM;
	memset(table, 0xff, (mask + 1u) * sizeof(*table));
	free(p->table);
	p->table = table;
	p->mask = mask;
	for (uint32_t i = 0; i < p->n; i++)
		*place_of(p, &p->nodes[i]) = i;
	return 0;
}

static int node_add(struct product *p, const struct node *node)
{
	uint32_t *place = place_of(p, node);
	int r;

	if (*place != PRODUCT_NONE)
		return 0;
	if (p->n == PRODUCT_NODES_MAX)
		return -E2BIG;
	r = array_reserve(&p->nodes, &p->capacity, p->n + 1u, sizeof(*p->nodes));
	if (r < 0)
		return r;
	p->nodes[p->n] = *node;
	*place = p->n++;
	return p->n > p->mask / 2 ? table_grow(p) : 0;
}

static uint32_t step(const struct bailiff_cell *cells, uint32_t state, unsigned char byte)
{
	const struct bailiff_image *header = image_header(cells);
	const struct bailiff_cell *states = cells + header->states;
	const struct bailiff_cell *cell = &states[state + 1 + header->class_of[byte]];

	return cell->check == state ? cell->next : states[state].next;
}

static const uint32_t *words_of(const struct bailiff_cell *cells, uint32_t state)
{
	const struct bailiff_image *header = image_header(cells);
	uint32_t label = cells[header->states + state].check & ~BAILIFF_HEAD;

	return (const uint32_t *)(cells + header->labels) + (size_t)label * BAILIFF_LABEL_WORDS;
}

static int follow(struct product *p, uint32_t from, unsigned char byte)
{
	const struct node *node = &p->nodes[from];
	unsigned names = names_next(node->names, byte);

	if (names == NAMES_DEAD)
		return 0;
	return node_add(p, &(struct node){
				   .a = step(p->a, node->a, byte),
				   .b = step(p->b, node->b, byte),
				   .parent = from,
				   .walk = node->walk,
				   .names = (uint16_t)names,
				   .byte = byte,
			   });
}

static int expand(struct product *p, uint32_t from)
{
	unsigned state = p->nodes[from].names;
	unsigned char prefer = names_prefer(state);
	int r = prefer ? follow(p, from, prefer) : 0;

	if (names_is_text(state)) {
		for (unsigned i = 0; r == 0 && i < p->n_bytes; i++)
			r = follow(p, from, p->bytes[i]);
		return r;
	}
	for (unsigned byte = 1; r == 0 && byte < 256; byte++)
		r = follow(p, from, (unsigned char)byte);
	return r;
}

int product_walk(struct product *p, uint32_t start_a, uint32_t start_b, product_see see,
		 void *userdata)
{
	uint32_t i = p->n;
	int r = node_add(p, &(struct node){.a = start_a,
					   .b = start_b,
					   .parent = PRODUCT_NONE,
					   .walk = p->n_walks++,
					   .names = NAMES_START});

	for (; r == 0 && i < p->n; i++) {
		enum names_end end = names_ends(p->nodes[i].names);

		if (end != NAMES_NONE)
			r = see(userdata, i, end, words_of(p->a, p->nodes[i].a),
				words_of(p->b, p->nodes[i].b));
		if (r == 0)
			r = expand(p, i);
	}
	return r;
}

char *product_name(const struct product *p, uint32_t node, size_t *ret_n)
{
	size_t n = 0;
	char *name;

	for (uint32_t i = node; p->nodes[i].parent != PRODUCT_NONE; i = p->nodes[i].parent)
		n++;
	name = malloc(n + 1);
	if (!name)
		return NULL;
	*ret_n = n;
	name[n] = '\0';
	for (uint32_t i = node; p->nodes[i].parent != PRODUCT_NONE; i = p->nodes[i].parent)
		name[--n] = (char)p->nodes[i].byte;
	return name;
}

uint32_t product_walk_of(const struct product *p, uint32_t node)
{
	return p->nodes[node].walk;
}
