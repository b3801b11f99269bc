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
	free(known->looks);
	*known = (struct known){};
}

static int push(struct known *known, const struct known_name *name)
{
	char *copy;

	if (known->n_next == BAILIFF_KNOWN)
		return -E2BIG;
	if (!known->next)
		known->next = calloc(BAILIFF_KNOWN, sizeof(*known->next));
	copy = known->next ? strdup(name->path) : NULL;
	if (!copy)
		return -ENOMEM;
	known->next[known->n_next] = *name;
	known->next[known->n_next++].path = copy;
	return 0;
}

int known_begin(struct known *known, bool keep_trees)
{
	int r = 0;

	names_free(known->next, known->n_next);
	known->next = NULL;
	known->n_next = known->n_looks = known->n_trees = 0;
	for (size_t i = 0; i < known->n && keep_trees && r == 0; i++)
		if (known->of[i].of_tree) {
			r = push(known, &known->of[i]);
			known->n_trees++;
		}
	return r;
}

static __u64 hash_path(const char *path)
{
	__u64 hash = 0xcbf29ce484222325;

	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * 0x100000001b3;
	return hash;
}

int known_look(struct known *known, const char *path, const struct stat *folder)
{
	if (known->n_looks == known->looks_capacity) {
		size_t capacity = 2 * known->looks_capacity + 64;
		struct known_look *looks =
			reallocarray(known->looks, capacity, sizeof(*known->looks));

		if (!looks)
			return -ENOMEM;
		known->looks = looks;
		known->looks_capacity = capacity;
	}
	known->looks[known->n_looks++] = (struct known_look){
		.hash = hash_path(path),
		.folder = {folder->st_dev, folder->st_ino},
	};
	return 0;
}

int known_add(struct known *known, const struct stat *st, const char *path,
	      const struct stat *folder)
{
	struct known_name name = {
		.key = {.inode = st->st_ino, .device = kernel_device(st->st_dev)},
		.path = (char *)path,
		.of_tree = !folder,
	};

	if (strlen(path) > BAILIFF_KNOWN_NAME_MAX)
		return -ENAMETOOLONG;
	/* trees leave room for what rules name exactly: who may write there can fill it */
	if (!folder && known->n_trees == BAILIFF_KNOWN / 2)
		return -E2BIG;
	known->n_trees += !folder;
	if (folder)
		name.folder = (struct known_folder){folder->st_dev, folder->st_ino};
	return push(known, &name);
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
static void settle(struct known *known, const struct known_rules *rules)
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
		if (twice && !name->of_tree) {
			last->of_tree = false;
			last->folder = name->folder;
		}
		if (!twice)
			rules->left_out(rules->userdata, name->path, -E2BIG);
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

static int compare_looks(const void *a, const void *b)
{
	const struct known_look *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->folder.device != y->folder.device)
		return x->folder.device < y->folder.device ? -1 : 1;
	return x->folder.inode < y->folder.inode ? -1 : x->folder.inode > y->folder.inode;
}

/* Whether a name that is not found any more is gone, and not its folder out of sight. Looks are
 * sorted. */
static bool is_gone(const struct known *known, const struct known_name *name)
{
	const struct known_look wanted = {.hash = hash_path(name->path), .folder = name->folder};

	return known->n_looks &&
	       bsearch(&wanted, known->looks, known->n_looks, sizeof(*known->looks), compare_looks);
}

/* Keeps what is out of sight. The list is sorted. */
static void keep(struct known *known, const struct known_rules *rules)
{
	size_t n = known->n_next;

	if (known->n_looks)
		qsort(known->looks, known->n_looks, sizeof(*known->looks), compare_looks);
	for (size_t i = 0; i < known->n; i++) {
		const struct known_name *name = &known->of[i];
		int r;

		if (name->of_tree ||
		    (n && bsearch(name, known->next, n, sizeof(*known->next), compare_names)))
			continue;
		if (is_gone(known, name) || !rules->is_named(rules->userdata, name->path))
			continue;
		r = push(known, name);
		if (r < 0)
			rules->left_out(rules->userdata, name->path, r);
	}
}

int known_tell(struct known *known, struct kernel *kernel, const struct known_rules *rules)
{
	int r = 0;
	bool new;

	settle(known, rules);
	keep(known, rules);
	settle(known, rules);
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
