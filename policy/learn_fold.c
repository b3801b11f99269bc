// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "policy/learn_parts.h"

/*
 * Which folders are named whole. Never those that many share: what is in them is named by itself,
 * however much it is.
 */
static const char *const shared[] = {
	"",
	"/*",
	"/etc/ssl",
	"/etc/ssl/private",
	"/etc/security",
	"/etc/pam.d",
	"/etc/cron*",
	"/etc/ssh",
	"/etc/sudoers.d",
	"/etc/letsencrypt",
	"/etc/systemd",
	"/etc/systemd/*",
	"/usr/*",
	"/usr/lib/*-linux-gnu*",
	"/usr/lib/systemd",
	"/usr/lib/systemd/*",
	"/usr/local/*",
	"/var/*",
	"/var/lib/systemd",
	"/var/lib/dpkg",
	"/var/lib/dpkg/*",
	"/var/log/journal",
	"/var/log/journal/*",
	"/run/systemd",
	"/run/systemd/*",
	"/run/user",
	"/run/user/*",
	"/run/lock",
	"/run/udev",
	"/run/dbus",
	"/home/*",
	"/root/.*",
	"/proc/*",
	"/proc/*/*",
	"/proc/*/task/*",
	"/proc/sys/*",
	"/proc/sys/*/*",
	"/sys/*",
	"/sys/*/*",
	"/sys/fs/cgroup/*",
	NULL,
};

/* Where each folder is of one service, which writes there as it likes. */
static const char *const states[] = {"/var/lib/*",   "/var/cache/*", "/var/log/*",
				     "/var/spool/*", "/run/*",	     NULL};

/* Where folders hold what everybody may read, of one package or one site. */
static const char *const contents[] = {"/usr/share/*", "/var/www/*", "/srv/*", NULL};

/* Where each folder is the settings of one program. */
static const char *const settings[] = {"/etc/*", NULL};

static bool matches(const char *const *patterns, const char *path)
{
	for (size_t i = 0; patterns[i]; i++)
		if (fnmatch(patterns[i], path, FNM_PATHNAME) == 0)
			return true;
	return false;
}

/* Folders for what is there for a while: a flat one may be named whole. */
static bool is_scratch(const char *path)
{
	return strcmp(path, "/tmp") == 0 || strcmp(path, "/var/tmp") == 0 ||
	       strcmp(path, "/dev/shm") == 0;
}

/* How many things of a class are in a folder, how many folders have some, and how many all are. */
struct census {
	size_t things, folders, all;
};

static size_t count_all(const struct node *node, enum learn_class class)
{
	size_t n = 0;

	for (size_t c = class; c < LEARN_N_CLASSES; c++)
		n = n || tally_any(&node->self[c]);
	for (size_t c = class; c < LEARN_N_CLASSES; c++)
		n += (tally_any(&node->star[c]) ? 3u : 0) + (tally_any(&node->tree[c]) ? 6u : 0);
	for (size_t i = 0; i < node->n_children; i++)
		n += count_all(node->children[i], class);
	return n;
}

static bool is_self(const struct node *node, enum learn_class class)
{
	for (size_t c = class; c < LEARN_N_CLASSES; c++)
		if (tally_any(&node->self[c]))
			return true;
	return false;
}

static struct census count(const struct node *node, enum learn_class class)
{
	struct census census = {};

	for (size_t i = 0; i < node->n_children; i++) {
		const struct node *child = node->children[i];
		size_t n = count_all(child, class);
		bool self = is_self(child, class);

		census.all += n;
		census.things += self;
		census.folders += n > self;
	}
	return census;
}

/* Takes what is said of a node, up to a class. */
static void take(struct tally *to, struct tally *from, enum learn_class class)
{
	for (size_t c = 0; c <= class; c++) {
		tally_add(to, &from[c]);
		from[c] = (struct tally){};
	}
}

static void take_all(struct tally *to, struct node *node, enum learn_class class)
{
	take(to, node->self, class);
	take(to, node->star, class);
	take(to, node->tree, class);
	for (size_t i = 0; i < node->n_children; i++)
		take_all(to, node->children[i], class);
}

static void name_children(struct node *node, enum learn_class class)
{
	struct tally all = {};

	for (size_t i = 0; i < node->n_children; i++)
		take(&all, node->children[i]->self, class);
	take(&all, node->star, class);
	tally_add(&node->star[class], &all);
}

static void name_tree(struct node *node, enum learn_class class)
{
	struct tally all = {};

	for (size_t i = 0; i < node->n_children; i++)
		take_all(&all, node->children[i], class);
	take(&all, node->star, class);
	take(&all, node->tree, class);
	tally_add(&node->tree[class], &all);
}

/* Three things that are written, four that are read, are the folder; and several folders the tree.
 */
static void fold_class(struct node *node, enum learn_class class)
{
	struct census census = count(node, class);

	if (census.folders >= 3 || (census.folders == 2 && census.all >= 5))
		name_tree(node, class);
	else if (census.things >= (class == LEARN_FULL ? 3 : 4))
		name_children(node, class);
}

/* The only child with something of that class, where nothing is in the folder itself; or NULL. */
static struct node *only_folder(const struct node *node, enum learn_class class)
{
	struct node *only = NULL;

	for (size_t i = 0; i < node->n_children; i++) {
		if (!node_has(node->children[i], class))
			continue;
		if (only || is_self(node->children[i], class))
			return NULL;
		only = node->children[i];
	}
	return only;
}

/*
 * A folder of the service's own is named whole from two things on, as deep down as all of them are:
 * what it writes there next has another name, and is as much its own.
 */
static void fold_own(struct node *node, enum learn_class class)
{
	struct node *below;

	if (count(node, class).all < 2)
		return;
	while ((below = only_folder(node, class)))
		node = below;
	name_tree(node, class);
}

static bool is_library(const struct node *node)
{
	return node->n_children == 0 && learn_name_is_library(node->name);
}

/* Whether a node's name is @series, but for numbers. */
static bool is_of_series(const struct node *node, const char *series)
{
	char text[LEARN_NAME_SIZE(NAME_MAX)];

	return strlen(node->name) <= NAME_MAX && learn_name_series(node->name, text) &&
	       strcmp(text, series) == 0;
}

/* Names that differ in numbers alone, three or more, are one; and so are libraries. */
static int merge_series(struct node *node, const char *name, bool libraries)
{
	struct node *first = NULL;

	for (size_t i = 0; i < node->n_children;) {
		struct node *child = node->children[i];
		int r;

		if (!(libraries ? is_library(child) : is_of_series(child, name))) {
			i++;
			continue;
		}
		if (!first) {
			first = child;
			i++;
			continue;
		}
		r = node_merge(first, child);
		if (r < 0)
			return r;
		node_free(child);
		memmove(&node->children[i], &node->children[i + 1],
			(--node->n_children - i) * sizeof(*node->children));
	}
	if (!first)
		return 0;
	free(first->name);
	first->name = strdup(name);
	return first->name ? 0 : -ENOMEM;
}

/* How many are of a series; one that is its pattern already speaks for two. */
static size_t count_series(const struct node *node, const char *series)
{
	size_t n = 0;

	for (size_t i = 0; i < node->n_children; i++) {
		n += is_of_series(node->children[i], series);
		n += strcmp(node->children[i]->name, series) == 0;
	}
	return n;
}

static int compare_children(const void *a, const void *b)
{
	return strcmp((*(struct node *const *)a)->name, (*(struct node *const *)b)->name);
}

static int merge_numbers(struct node *node)
{
	char series[LEARN_NAME_SIZE(NAME_MAX)];
	int r = 0;

	for (size_t i = 0; i < node->n_children && r == 0; i++) {
		const char *name = node->children[i]->name;

		if (strlen(name) > NAME_MAX || !learn_name_series(name, series) ||
		    strcmp(series, name) == 0 || count_series(node, series) < 3)
			continue;
		r = merge_series(node, series, false);
		i = (size_t)-1; /* begins again: there are fewer now */
	}
	return r;
}

static int merge_names(struct node *node, bool programs)
{
	size_t n_libraries = 0;
	int r = 0;

	for (size_t i = 0; i < node->n_children; i++)
		n_libraries += is_library(node->children[i]);
	if (n_libraries >= 3)
		r = merge_series(node, "*.so*", true);
	if (r == 0 && !programs)
		r = merge_numbers(node);
	if (node->n_children)
		qsort(node->children, node->n_children, sizeof(*node->children), compare_children);
	return r;
}

static int fold_node(struct node *node, const char *path, bool programs)
{
	int r = merge_names(node, programs);

	if (r == 0 && !programs && matches(states, path) && !matches(shared, path))
		fold_own(node, LEARN_FULL);
	if (r == 0 && !programs && matches(settings, path) && !matches(shared, path) &&
	    count(node, LEARN_LOOK).all >= 4)
		name_tree(node, LEARN_LOOK);
	if (r == 0 && !programs && matches(contents, path) && count(node, LEARN_LOOK).all >= 2)
		name_tree(node, LEARN_LOOK);
	for (size_t i = 0; i < node->n_children && r == 0; i++) {
		_cleanup_(free_text) char *below =
			learn_format("%s/%s", path, node->children[i]->name);

		if (!below)
			return -ENOMEM;
		r = fold_node(node->children[i], below, programs);
	}
	if (r < 0)
		return r;
	if (is_scratch(path) && count(node, LEARN_FULL).things >= 8)
		name_children(node, LEARN_FULL);
	if (matches(shared, path))
		return 0;
	if (!programs)
		fold_class(node, LEARN_FULL);
	fold_class(node, LEARN_LOOK);
	return 0;
}

int learn_fold(struct node *root, bool programs)
{
	return fold_node(root, "", programs);
}
