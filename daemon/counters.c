/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/counters.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>

#include "daemon/kernel-record.h"
#include "daemon/kernel.h"
#include "daemon/util.h"
#include "policy/image.h"

struct counter {
	__u64 key;
	__u32 index;
	unsigned generation; /* the last publication that it was in */
};

static int compare(const void *a, const void *b)
{
	const struct counter *left = a, *right = b;

	return left->key < right->key ? -1 : left->key > right->key;
}

static int add(struct counters *counters, __u64 key, __u32 index, struct counter **ret_counter)
{
	struct counter *counter = malloc(sizeof(*counter)), **found;

	if (!counter)
		return -ENOMEM;
	*counter = (struct counter){.key = key, .index = index};
	found = tsearch(counter, &counters->tree, compare);
	if (!found) {
		free(counter);
		return -ENOMEM;
	}
	if (*found != counter)
		free(counter);
	else
		counters->by_index[index] = counter;
	*ret_counter = *found;
	return 0;
}

static struct counter *find(struct counters *counters, __u64 key)
{
	struct counter wanted = {.key = key}, **found = tfind(&wanted, &counters->tree, compare);

	return found ? *found : NULL;
}

static int take(struct counters *counters, struct kernel *kernel, __u64 key,
		struct counter **ret_counter)
{
	for (__u32 tried = 0; tried < counters->n; tried++) {
		__u32 index = (__u32)(counters->next++ % counters->n);
		int r;

		if (counters->by_index[index])
			continue;
		/* some other rule's before, perhaps of a former daemon's */
		r = kernel_count_clear(kernel, index);
		if (r >= 0)
			r = add(counters, key, index, ret_counter);
		if (r >= 0)
			counters->keys[index] = key;
		return r;
	}
	return -EXFULL;
}

static const __u32 *image_words(const struct bailiff_cell *image, size_t *ret_n)
{
	const struct bailiff_image *header = image_header(image);

	*ret_n = (size_t)header->n_labels * BAILIFF_LABEL_WORDS;
	return (const __u32 *)(image + header->labels);
}

/* Calls for every rule that some decision other than allow names. */
static void mark_counted(const struct bailiff_cell *image, bool *counted)
{
	const struct bailiff_image *header = image_header(image);
	size_t n = 0;
	const __u32 *words = image_words(image, &n);

	for (size_t i = 0; i < n; i++)
		if (i % BAILIFF_LABEL_WORDS < BAILIFF_N_DECISIONS &&
		    BAILIFF_VERDICT(words[i]) != BAILIFF_ALLOW)
			counted[BAILIFF_RULE(words[i])] = true;
	for (size_t i = 0; i < BAILIFF_N_DECISIONS; i++)
		if (BAILIFF_VERDICT(header->strictest[i]) != BAILIFF_ALLOW)
			counted[BAILIFF_RULE(header->strictest[i])] = true;
}

int counters_assign(struct counters *counters, struct kernel *kernel, struct bailiff_cell *image)
{
	const struct bailiff_image *header = image_header(image);
	struct bailiff_rule *rules = (struct bailiff_rule *)(image + header->rules);
	_cleanup_(freep) bool *counted = calloc(header->n_rules + 1, sizeof(*counted));

	if (!counted)
		return -ENOMEM;
	mark_counted(image, counted);
	for (size_t i = 0; i < header->n_rules; i++) {
		struct counter *counter = find(counters, rules[i].key);
		int r = 0;

		rules[i].counter = BAILIFF_COUNTERS;
		if (!counted[i])
			continue;
		if (!counter)
			r = take(counters, kernel, rules[i].key, &counter);
		if (r < 0)
			return r;
		counter->generation = counters->generation;
		rules[i].counter = counter->index;
	}
	return 0;
}

int counters_adopt(struct counters *counters, struct kernel *kernel)
{
	struct counter *counter;
	int r = 0;

	counters->keys = kernel_counted(kernel, &counters->n);
	counters->by_index = calloc(counters->n, sizeof(struct counter *));
	if (!counters->by_index)
		return -ENOMEM;
	for (__u32 i = 0; i < counters->n && r >= 0; i++)
		if (counters->keys[i])
			r = add(counters, counters->keys[i], i, &counter);
	return r;
}

void counters_begin(struct counters *counters)
{
	counters->generation++;
}

void counters_keep(struct counters *counters, const struct bailiff_cell *image)
{
	const struct bailiff_image *header = image_header(image);
	const struct bailiff_rule *rules = (const struct bailiff_rule *)(image + header->rules);

	for (size_t i = 0; i < header->n_rules; i++)
		if (rules[i].counter < counters->n && counters->by_index[rules[i].counter])
			counters->by_index[rules[i].counter]->generation = counters->generation;
}

static void drop(struct counters *counters, struct counter *counter)
{
	counters->by_index[counter->index] = NULL;
	counters->keys[counter->index] = 0;
	tdelete(counter, &counters->tree, compare);
	free(counter);
}

void counters_end(struct counters *counters)
{
	for (__u32 i = 0; i < counters->n; i++)
		if (counters->by_index[i] &&
		    counters->by_index[i]->generation != counters->generation)
			drop(counters, counters->by_index[i]);
}

void counters_clear(struct counters *counters)
{
	tdestroy(counters->tree, free);
	free(counters->by_index);
	*counters = (struct counters){};
}
