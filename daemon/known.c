/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/kernel.h"
#include "daemon/util.h"

static void names_free(struct known_name *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i].path);
	free(names);
}

void known_clear(struct known *known)
{
	names_free(known->of, known->n);
	names_free(known->next, known->n_next);
	*known = (struct known){};
}

static int push(struct known *known, const struct bailiff_known_key *key, const char *path,
		bool of_tree)
{
	char *copy;

	if (known->n_next == BAILIFF_KNOWN)
		return -E2BIG;
	if (!known->next)
		known->next = calloc(BAILIFF_KNOWN, sizeof(*known->next));
	copy = known->next ? strdup(path) : NULL;
	if (!copy)
		return -ENOMEM;
	known->next[known->n_next++] = (struct known_name){*key, copy, of_tree};
	return 0;
}

int known_begin(struct known *known, bool keep_trees)
{
	int r = 0;

	names_free(known->next, known->n_next);
	known->next = NULL;
	known->n_next = 0;
	for (size_t i = 0; i < known->n && keep_trees && r == 0; i++)
		if (known->of[i].of_tree)
			r = push(known, &known->of[i].key, known->of[i].path, true);
	return r;
}

int known_add(struct known *known, const struct stat *st, const char *path, bool of_tree)
{
	struct bailiff_known_key key = {
		.inode = st->st_ino,
		.device = kernel_device(st->st_dev),
	};

	if (strlen(path) > BAILIFF_KNOWN_NAME_MAX)
		return -ENAMETOOLONG;
	return push(known, &key, path, of_tree);
}

static int compare_names(const void *a, const void *b)
{
	const struct known_name *x = a, *y = b;

	if (x->key.device != y->key.device)
		return x->key.device < y->key.device ? -1 : 1;
	if (x->key.inode != y->key.inode)
		return x->key.inode < y->key.inode ? -1 : 1;
	return strcmp(x->path, y->path);
}

static bool same_file(const struct known_name *a, const struct known_name *b)
{
	return a->key.device == b->key.device && a->key.inode == b->key.inode;
}

/* Sorts, takes out what is there twice, and gives each its place. */
static void settle(struct known *known,
		   void (*left_out)(void *userdata, const char *path, int error), void *userdata)
{
	size_t n = 0;

	if (known->n_next)
		qsort(known->next, known->n_next, sizeof(*known->next), compare_names);
	for (size_t i = 0; i < known->n_next; i++) {
		struct known_name *name = &known->next[i], *last = n ? &known->next[n - 1] : NULL;
		bool same = last && same_file(last, name);
		bool twice = same && strcmp(last->path, name->path) == 0;

		name->key.place = same ? last->key.place + 1 : 0;
		if (!twice && name->key.place < BAILIFF_KNOWN_PLACES) {
			known->next[n++] = *name;
			continue;
		}
		if (twice)
			last->of_tree |= name->of_tree;
		else
			left_out(userdata, name->path, -E2BIG);
		free(name->path);
	}
	known->n_next = n;
}

static bool differs(const struct known *known)
{
	if (known->n != known->n_next)
		return true;
	for (size_t i = 0; i < known->n; i++)
		if (!same_file(&known->of[i], &known->next[i]) ||
		    strcmp(known->of[i].path, known->next[i].path) != 0)
			return true;
	return false;
}

int known_tell(struct known *known, struct kernel *kernel,
	       void (*left_out)(void *userdata, const char *path, int error), void *userdata)
{
	int r = 0;
	bool new;

	settle(known, left_out, userdata);
	new = !known->told || differs(known);
	names_free(known->of, known->n);
	known->of = TAKE_PTR(known->next);
	known->n = known->n_next;
	known->n_next = 0;
	if (new)
		r = kernel_set_known(kernel, known->of, known->n);
	known->told = r >= 0;
	return r;
}
