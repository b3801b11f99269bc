/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Lists of numbers, each kept once: equal lists have one id, ids count from 0. All zero is a good
 * and empty interner.
 */

#define INTERNER_NONE UINT32_MAX

struct interner_list {
	uint32_t first; /* where its items begin */
	uint32_t hash;
};

struct interner {
	uint32_t *items; /* all lists, one after the other */
	size_t n_items, items_capacity;
	struct interner_list *lists;
	uint32_t n_lists;
	size_t lists_capacity;
	struct interner_slot *slots;
	size_t n_slots; /* 0 or a power of two */
	uint32_t generation;
};

/* Makes room for @n lists of one item each. Returns 0 or -ENOMEM. */
int interner_reserve(struct interner *interner, size_t n);

/* Finds or adds the list of @n @items. Returns 0 and its id, or -ENOMEM. */
int interner_add(struct interner *interner, const uint32_t *items, size_t n, uint32_t *ret_id);

/*
 * Adds a list without looking whether it is there, and so that interner_add() never finds it: for
 * lists that the caller knows otherwise. Returns 0 and its id, or -ENOMEM.
 */
int interner_append(struct interner *interner, const uint32_t *items, size_t n, uint32_t *ret_id);

/* The list of an id; it moves when another is added. */
static inline const uint32_t *interner_list(const struct interner *interner, uint32_t id,
					    size_t *ret_n)
{
	size_t first = interner->lists[id].first;
	size_t end = id + 1 < interner->n_lists ? interner->lists[id + 1].first : interner->n_items;

	*ret_n = end - first;
	/* Of nothing but empty lists there are no items, and NULL is added to nothing. */
	return *ret_n ? interner->items + first : interner->items;
}

/* Forgets all lists and keeps the memory; costs nothing. */
void interner_clear(struct interner *interner);

/* Frees what an interner holds, and leaves it empty. */
void interner_release(struct interner *interner);

/* array_reserve() where there is no room yet. */
int array_grow(void *array, size_t *capacity, size_t n, size_t size);

/*
 * Makes room for @n elements of @size bytes in an array that grows by doubling. Returns 0 or
 * -ENOMEM. @array is a pointer to the array's pointer.
 */
static inline int array_reserve(void *array, size_t *capacity, size_t n, size_t size)
{
	return n <= *capacity ? 0 : array_grow(array, capacity, n, size);
}
