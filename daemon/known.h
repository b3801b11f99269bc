/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "bpf-lsm/abi-names.h"

struct kernel;

/* What the kernel is told of files with several names: a list is made anew, and told if it differs.
 */
struct known {
	struct known_name {
		struct bailiff_known_key key;
		char *path;
		bool of_tree;
	} * of, *next;
	size_t n, n_next;
	bool told; /* the kernel has .of */
};

/* Begins a new list; with @keep_trees, what was found in trees is taken over. */
int known_begin(struct known *known, bool keep_trees);

/* Returns 0, -E2BIG, -ENAMETOOLONG or -ENOMEM. */
int known_add(struct known *known, const struct stat *st, const char *path, bool of_tree);

/*
 * Ends the list. @left_out is called for each name for which its file has too many others. Returns
 * 0, or a negative errno: the kernel does not have all.
 */
int known_tell(struct known *known, struct kernel *kernel,
	       void (*left_out)(void *userdata, const char *path, int error), void *userdata);

void known_clear(struct known *known);
