/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>
#include <stdlib.h>

#include "policy/learn.h"

/* Inside of learning, for policy/learn*.c alone. */

#define _cleanup_(f) __attribute__((cleanup(f)))

/*
 * One name of a path as a pattern: what is of this run alone, and would be another one the next
 * time, becomes "*". @written: the service makes such names, so what looks like chance is chance;
 * @pid (0: not known) is the number of who did. @pattern has room for
 * LEARN_NAME_SIZE(strlen(name)).
 */
#define LEARN_NAME_SIZE(n) (2 * (n) + 8)
void learn_name(const char *name, bool written, unsigned pid, char *pattern);

/* The same, with nothing generalised: only what has a meaning in patterns is written otherwise. */
void learn_name_exact(const char *name, char *pattern);

/* A pattern with each number in it as "*", to find names that differ in nothing else. Returns
 * whether there is any. */
bool learn_name_series(const char *pattern, char *series);

/* "libssl.so.3", "nss.so". */
bool learn_name_is_library(const char *pattern);

static inline void free_text(char **text)
{
	free(*text);
}

/* A new text, which the caller frees; NULL without memory. */
char *learn_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How often something was seen, and by which of the executables (1 << index; the last bit is all
 * further ones). */
struct tally {
	unsigned long long count;
	uint64_t exes;
};

/* By strictness of what is asked: who may do the second may do the first. */
enum learn_class {
	LEARN_LOOK, /* read; or map executable */
	LEARN_FULL, /* read and write; or execute */
	LEARN_N_CLASSES,
};

struct node {
	char *name; /* a pattern */
	struct node **children;
	size_t n_children;
	/* what was seen of the thing itself, of whatever is in it, and of whatever is beneath */
	struct tally self[LEARN_N_CLASSES], star[LEARN_N_CLASSES], tree[LEARN_N_CLASSES];
};

static inline bool tally_any(const struct tally *tally)
{
	return tally->count > 0;
}

void tally_add(struct tally *tally, const struct tally *more);

/* The node of a path whose components became patterns. NULL without memory. */
struct node *node_at(struct node *root, const char *path, bool written, unsigned pid, bool exact);
struct node *node_free(struct node *node);

/* Moves all of @from into @to, which is of the same folder. Returns 0 or -ENOMEM. */
int node_merge(struct node *to, struct node *from);

/* Whether anything of that class (or of one above, for which it is needed too) is at or beneath. */
bool node_has(const struct node *node, enum learn_class class);

/*
 * Names folders whole where a person would. @programs: the tree is of what is executed, of which
 * nothing but libraries is. Returns 0 or -ENOMEM.
 */
int learn_fold(struct node *root, bool programs);

/* A pattern, or another word of a rule, that is to be written. */
struct item {
	char *text;
	enum learn_class class;
	struct tally tally;
};

struct items {
	struct item *items;
	size_t n;
};

/* Adds one; one that is there already takes the tally. Returns 0 or -ENOMEM. */
int items_add(struct items *items, const char *text, enum learn_class class,
	      const struct tally *tally);
void items_clear(struct items *items);

/* What a tree says, in the order of its names. Returns 0 or -ENOMEM. */
int learn_list(const struct node *root, struct items *items);

/* One path as a pattern; of "/" itself "/". The caller frees it. NULL without memory. */
char *learn_pattern(const char *path, bool written, unsigned pid, bool exact);

/* An act of [network] as an event writes it. */
struct endpoint {
	char operation, protocol; /* as abi.h has them; operation 0: the text is none */
	bool v6;
	const char *address; /* NULL: none. Of unix: a path or "@name" */
	size_t n_address;
	unsigned char bytes[16];
	int port; /* -1: of the kernel's choice, or none */
};

struct endpoint learn_endpoint(const char *text);

/*
 * What was seen of [network], as rules behind "allow =". *@ret_other: a protocol that no rule can
 * name was used. Returns 0 or -ENOMEM.
 */
int learn_network(const struct learn *learn, bool exact, const uint64_t *exes, struct items *items,
		  bool *ret_other);
