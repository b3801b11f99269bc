/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/store.h"
#include "policy/diag.h"

/*
 * What bailiffd says of each file of policies: which version of it is in force, and which was
 * refused. It writes that to a file after each look, and the command holds the files against it: a
 * version that is neither in force nor refused is waiting.
 */

#define STATE_FILE "/run/bailiff/state"

struct state_file {
	char *file;
	__u64 in_force, refused; /* store_digest() of the versions; 0: none */
	bool before;		 /* an older version than the refused one is in force */
	char *message;		 /* why it was refused; NULL: not known */
};

struct state {
	struct state_file *files;
	size_t n_files;
	char *failure; /* the last look came to nothing, and why; NULL: it did not */
};

/* Remembers why files were refused: the first error of each. Returns 0 or -ENOMEM. */
int state_note(struct state *state, const struct diag *diag);

/* Takes down what is in force and what was refused. Returns 0 or -ENOMEM. */
int state_take(struct state *state, const struct store *store);

/* What state_note() and state_take() made of a file, or NULL. */
const struct state_file *state_find(const struct state *state, const char *file);

/* Write it, in one step, and read it. Return 0 or a negative errno; -ENOENT: no daemon wrote one.
 */
int state_write(const struct state *state, const char *to);
int state_read(const char *from, struct state *ret_state);

void state_clear(struct state *state);
