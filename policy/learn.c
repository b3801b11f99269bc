// SPDX-License-Identifier: Apache-2.0
#include "policy/learn.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const actions[LEARN_N_KINDS] = {
	[LEARN_EXEC] = "exec",
	[LEARN_MAP] = "map",
	[LEARN_READ] = "read",
	[LEARN_WRITE] = "write",
	[LEARN_MOVE] = "move",
	[LEARN_NETWORK] = "network",
	[LEARN_CAPABILITY] = "capability",
	[LEARN_PROCESS] = "process",
};

const char *learn_action(enum learn_kind kind)
{
	return actions[kind];
}

enum learn_kind learn_kind(const char *action)
{
	/* removing a name of a thing that has others */
	if (strcmp(action, "unlink") == 0)
		return LEARN_WRITE;
	for (size_t i = 0; i < LEARN_N_KINDS; i++)
		if (strcmp(action, actions[i]) == 0)
			return (enum learn_kind)i;
	return LEARN_N_KINDS;
}

/* FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return (hash ^ 0xff) * 0x100000001b3u;
}

/* The place in the table of such a fact, or the free one where it belongs. */
static size_t *place_of(const struct learn *learn, enum learn_kind kind, const char *what,
			const char *exe)
{
	uint64_t hash = hash_text(hash_text(0xcbf29ce484222325u + (unsigned)kind, what), exe);

	for (size_t i = hash % learn->n_table;; i = (i + 1) % learn->n_table) {
		const struct learn_fact *fact = &learn->facts[learn->table[i] - 1];

		if (!learn->table[i] || (fact->kind == kind && strcmp(fact->what, what) == 0 &&
					 strcmp(fact->exe, exe) == 0))
			return &learn->table[i];
	}
}

static void fill_table(struct learn *learn)
{
	memset(learn->table, 0, learn->n_table * sizeof(*learn->table));
	for (size_t i = 0; i < learn->n_facts; i++) {
		const struct learn_fact *fact = &learn->facts[i];

		*place_of(learn, fact->kind, fact->what, fact->exe) = i + 1;
	}
}

/* Room for one fact more, in a table that is at most half full. */
static int make_room(struct learn *learn)
{
	size_t n = learn->n_table ? 2 * learn->n_table : 256;
	struct learn_fact *facts;
	size_t *table;

	if (2 * (learn->n_facts + 1) <= learn->n_table)
		return 0;
	facts = reallocarray(learn->facts, n / 2, sizeof(*facts));
	if (!facts)
		return -ENOMEM;
	learn->facts = facts;
	table = reallocarray(learn->table, n, sizeof(*table));
	if (!table)
		return -ENOMEM;
	learn->table = table;
	learn->n_table = n;
	fill_table(learn);
	return 0;
}

int learn_add(struct learn *learn, enum learn_kind kind, const char *what, const char *exe,
	      unsigned pid)
{
	struct learn_fact fact = {.kind = kind, .pid = pid, .count = 1};
	size_t *place;

	if (make_room(learn) < 0)
		return -ENOMEM;
	place = place_of(learn, kind, what, exe);
	if (*place) {
		learn->facts[*place - 1].count++;
		return 0;
	}
	if (learn->n_facts == LEARN_FACTS_MAX)
		return -E2BIG;
	fact.what = strdup(what);
	fact.exe = strdup(exe);
	if (!fact.what || !fact.exe) {
		free(fact.what);
		free(fact.exe);
		return -ENOMEM;
	}
	learn->facts[learn->n_facts++] = fact;
	*place = learn->n_facts;
	return 1;
}

void learn_filter(struct learn *learn, bool (*out)(void *userdata, const struct learn_fact *fact),
		  void *userdata)
{
	size_t n = 0;

	for (size_t i = 0; i < learn->n_facts; i++) {
		struct learn_fact fact = learn->facts[i];

		if (!out(userdata, &fact)) {
			learn->facts[n++] = fact;
			continue;
		}
		free(fact.what);
		free(fact.exe);
	}
	learn->n_facts = n;
	if (learn->n_table)
		fill_table(learn);
}

void learn_clear(struct learn *learn)
{
	for (size_t i = 0; i < learn->n_facts; i++) {
		free(learn->facts[i].what);
		free(learn->facts[i].exe);
	}
	free(learn->facts);
	free(learn->table);
	*learn = (struct learn){};
}
