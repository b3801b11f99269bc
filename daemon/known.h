/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "bpf-lsm/abi-names.h"

/* What the kernel is told of files with several names. A list is made anew, and told if it differs.
 */

struct kernel;

struct known_folder {
	dev_t device;
	ino_t inode;
};

struct known_name {
	struct bailiff_known_key key;
	char *path;
	bool of_tree;
	struct known_folder folder; /* that has the name; all 0: not known */
};

/* A name that was looked at, and the folder in which it would have been. */
struct known_look {
	__u64 hash;
	struct known_folder folder;
};

struct known {
	struct known_name *of, *next;
	size_t n, n_next, n_trees; /* of the next list, those that were found in trees */
	struct known_look *looks;
	size_t n_looks, looks_capacity;
	bool told; /* the kernel has .of */
};

/* What rules say: whether they name a path exactly; and which name there is no room for. */
struct known_rules {
	bool (*is_named)(void *userdata, const char *path);
	void (*left_out)(void *userdata, const char *path, int error);
	void *userdata;
};

/* Begins a new list; with @keep_trees, what was found in trees is taken over. */
int known_begin(struct known *known, bool keep_trees);

/* Notes that a name was looked at, and in which folder it is, or is not. Returns 0 or -ENOMEM. */
int known_look(struct known *known, const char *path, const struct stat *folder);

/* @folder is NULL for what was found in a tree. Returns 0, -E2BIG, -ENAMETOOLONG or -ENOMEM. */
int known_add(struct known *known, const struct stat *st, const char *path,
	      const struct stat *folder);

/*
 * Ends the list. What is not found any more in the very folder where it was is not known any more.
 * What is not found because another folder is in that place (a mount, or the root of a process that
 * called chroot) stays, as long as rules name it. Returns 0, or a negative errno: the kernel does
 * not have all.
 */
int known_tell(struct known *known, struct kernel *kernel, const struct known_rules *rules);

void known_clear(struct known *known);
