// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton_intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A slot of an older generation is free: that is how clearing costs nothing. */
struct interner_slot {
	uint32_t generation;
	uint32_t id;
};

int array_grow(void *array, size_t *capacity, size_t n, size_t size)
{
	size_t room = *capacity ? *capacity : 64;
	void *old, *grown;

	while (room < n)
		room *= 2;
	memcpy(&old, array, sizeof(old));
	grown = reallocarray(old, room, size);
	if (!grown)
		return -ENOMEM;
	memcpy(array, &grown, sizeof(grown));
	*capacity = room;
	return 0;
}

static uint32_t hash_list(const uint32_t *items, size_t n)
{
	uint64_t hash = n;

	for (size_t i = 0; i < n; i++) {
		hash = (hash ^ items[i]) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 29;
	}
	hash ^= hash >> 32;
	return (uint32_t)hash ? (uint32_t)hash : 1;
}

static void slots_put(struct interner *in, uint32_t id)
{
	size_t at = in->lists[id].hash & (in->n_slots - 1);

	while (in->slots[at].generation == in->generation)
		at = (at + 1) & (in->n_slots - 1);
	in->slots[at] = (struct interner_slot){.generation = in->generation, .id = id};
}

/* At most half full, so that a search ends soon. */
static int slots_reserve(struct interner *in)
{
	size_t n_slots = in->n_slots ? in->n_slots * 2 : 64;
	struct interner_slot *slots;

	if ((size_t)in->n_lists * 2 + 2 <= in->n_slots)
		return 0;
	while ((size_t)in->n_lists * 2 + 2 > n_slots)
		n_slots *= 2;
	slots = calloc(n_slots, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(in->slots);
	in->slots = slots;
	in->n_slots = n_slots;
	in->generation = 1;
	for (uint32_t id = 0; id < in->n_lists; id++)
		if (in->lists[id].hash)
			slots_put(in, id);
	return 0;
}

static uint32_t interner_find(const struct interner *in, const uint32_t *items, size_t n,
			      uint32_t hash)
{
	size_t at = hash & (in->n_slots - 1);

	for (; in->slots[at].generation == in->generation; at = (at + 1) & (in->n_slots - 1)) {
		uint32_t id = in->slots[at].id;
		const uint32_t *list;
		size_t n_list;

		if (in->lists[id].hash != hash)
			continue;
		list = interner_list(in, id, &n_list);
		if (n_list == n && (n == 0 || memcmp(list, items, n * sizeof(*items)) == 0))
			return id;
	}
	return INTERNER_NONE;
}

int interner_reserve(struct interner *in, size_t n)
{
	int r = array_reserve(&in->items, &in->items_capacity, n, sizeof(*in->items));

	return r < 0 ? r : array_reserve(&in->lists, &in->lists_capacity, n, sizeof(*in->lists));
}

/* Hash 0 stands for a list that has no slot. */
static int list_append(struct interner *in, const uint32_t *items, size_t n, uint32_t hash)
{
	int r;

	if (n > UINT32_MAX - in->n_items)
		return -ENOMEM;
	r = array_reserve(&in->items, &in->items_capacity, in->n_items + n, sizeof(*in->items));
	if (r == 0)
		r = array_reserve(&in->lists, &in->lists_capacity, in->n_lists + 1u,
				  sizeof(*in->lists));
	if (r < 0)
		return r;
	if (n)
		memcpy(in->items + in->n_items, items, n * sizeof(*items));
	in->lists[in->n_lists] =
		(struct interner_list){.first = (uint32_t)in->n_items, .hash = hash};
	in->n_items += n;
	in->n_lists++;
	return 0;
}

int interner_append(struct interner *in, const uint32_t *items, size_t n, uint32_t *ret_id)
{
	int r = list_append(in, items, n, 0);

	if (r == 0)
		*ret_id = in->n_lists - 1;
	return r;
}

int interner_add(struct interner *in, const uint32_t *items, size_t n, uint32_t *ret_id)
{
	uint32_t hash = hash_list(items, n);
	uint32_t id;
	int r;

	r = slots_reserve(in);
	if (r < 0)
		return r;
	id = interner_find(in, items, n, hash);
	if (id == INTERNER_NONE) {
		r = list_append(in, items, n, hash);
		if (r < 0)
			return r;
		id = in->n_lists - 1;
		slots_put(in, id);
	}
	*ret_id = id;
	return 0;
}

void interner_clear(struct interner *in)
{
	in->n_lists = 0;
	in->n_items = 0;
	in->generation++;
	if (in->generation == 0) {
		/* Once in four thousand million times the marks of old could be mistaken for new.
		 */
		if (in->n_slots)
			memset(in->slots, 0, in->n_slots * sizeof(*in->slots));
		in->generation = 1;
	}
}

void interner_release(struct interner *in)
{
	free(in->items);
	free(in->lists);
	free(in->slots);
	*in = (struct interner){0};
}
