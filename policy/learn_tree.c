// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/learn_parts.h"

/* Paths as a tree of names that are patterns already: what differs by chance alone is one node. */

char *learn_format(const char *format, ...)
{
	va_list arguments;
	char *text;
	int n;

	va_start(arguments, format);
	n = vasprintf(&text, format, arguments);
	va_end(arguments);
	return n < 0 ? NULL : text;
}

void tally_add(struct tally *tally, const struct tally *more)
{
	tally->count += more->count;
	tally->exes |= more->exes;
}

/* Index of the child of that name, or of the first behind it. */
static size_t find_child(const struct node *node, const char *name)
{
	size_t low = 0, high = node->n_children;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(node->children[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Puts a child in at its place. */
static int insert_child(struct node *node, size_t at, struct node *child)
{
	struct node **children =
		reallocarray(node->children, node->n_children + 1, sizeof(*children));

	if (!children)
		return -ENOMEM;
	memmove(&children[at + 1], &children[at], (node->n_children - at) * sizeof(*children));
	children[at] = child;
	node->children = children;
	node->n_children++;
	return 0;
}

static struct node *child_at(struct node *node, const char *name)
{
	size_t at = find_child(node, name);
	struct node *child;

	if (at < node->n_children && strcmp(node->children[at]->name, name) == 0)
		return node->children[at];
	child = calloc(1, sizeof(*child));
	if (!child)
		return NULL;
	child->name = strdup(name);
	if (!child->name || insert_child(node, at, child) < 0)
		return node_free(child);
	return child;
}

/* Numbers of processes and threads, as /proc has them. */
static bool is_number_of_process(const char *path, const char *name)
{
	return strncmp(path, "/proc/", 6) == 0 && *name &&
	       strspn(name, "0123456789") == strlen(name) &&
	       (name == path + 6 || strncmp(name - 5, "task/", 5) == 0 ||
		strncmp(name - 3, "fd/", 3) == 0 || strncmp(name - 7, "fdinfo/", 7) == 0);
}

struct node *node_at(struct node *root, const char *path, bool written, unsigned pid, bool exact)
{
	char *copy = strdup(path), *pattern = malloc(LEARN_NAME_SIZE(strlen(path)));
	struct node *node = copy && pattern ? root : NULL;

	for (char *name = copy; node && name && *name;) {
		char *end = strchrnul(name, '/');
		bool last = !*end;

		*end = '\0';
		if (exact)
			learn_name_exact(name, pattern);
		else if (is_number_of_process(copy, name))
			memcpy(pattern, "*", 2);
		else
			learn_name(name, written, pid, pattern);
		if (*name)
			node = child_at(node, pattern);
		*end = last ? '\0' : '/';
		name = last ? end : end + 1;
	}
	free(copy);
	free(pattern);
	return node;
}

struct node *node_free(struct node *node)
{
	if (!node)
		return NULL;
	for (size_t i = 0; i < node->n_children; i++)
		node_free(node->children[i]);
	free(node->children);
	free(node->name);
	free(node);
	return NULL;
}

int node_merge(struct node *to, struct node *from)
{
	for (size_t class = 0; class < LEARN_N_CLASSES; class ++) {
		tally_add(&to->self[class], &from->self[class]);
		tally_add(&to->star[class], &from->star[class]);
		tally_add(&to->tree[class], &from->tree[class]);
	}
	while (from->n_children) {
		struct node *child = from->children[from->n_children - 1];
		size_t at = find_child(to, child->name);
		int r;

		if (at < to->n_children && strcmp(to->children[at]->name, child->name) == 0) {
			r = node_merge(to->children[at], child);
			if (r < 0)
				return r;
			node_free(child);
		} else {
			r = insert_child(to, at, child);
			if (r < 0)
				return r;
		}
		from->n_children--;
	}
	return 0;
}

bool node_has(const struct node *node, enum learn_class class)
{
	for (size_t c = class; c < LEARN_N_CLASSES; c++)
		if (tally_any(&node->self[c]) || tally_any(&node->star[c]) ||
		    tally_any(&node->tree[c]))
			return true;
	for (size_t i = 0; i < node->n_children; i++)
		if (node_has(node->children[i], class))
			return true;
	return false;
}

static int items_append(struct items *items, const char *text, enum learn_class class,
			const struct tally *tally)
{
	struct item *more = reallocarray(items->items, items->n + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	items->items = more;
	more[items->n] = (struct item){strdup(text), class, *tally};
	if (!more[items->n].text)
		return -ENOMEM;
	items->n++;
	return 0;
}

int items_add(struct items *items, const char *text, enum learn_class class,
	      const struct tally *tally)
{
	for (size_t i = 0; i < items->n; i++) {
		if (items->items[i].class != class || strcmp(items->items[i].text, text) != 0)
			continue;
		tally_add(&items->items[i].tally, tally);
		return 0;
	}
	return items_append(items, text, class, tally);
}

void items_clear(struct items *items)
{
	for (size_t i = 0; i < items->n; i++)
		free(items->items[i].text);
	free(items->items);
	*items = (struct items){};
}

/* A pattern that is too long for a line: the longest names become stars until it fits. */
#define PATTERN_MAX 150

static void shorten(char *pattern)
{
	while (strlen(pattern) > PATTERN_MAX) {
		char *longest = pattern;
		size_t n_longest = 0;

		for (char *name = pattern; *name;) {
			size_t n = strcspn(++name, "/");

			if (n > n_longest) {
				longest = name;
				n_longest = n;
			}
			name += n;
		}
		if (n_longest <= 2) {
			/* a hundred folders deep */
			longest = pattern + PATTERN_MAX - 3;
			while (*longest != '/')
				longest--;
			memcpy(longest, "/**", 4);
			return;
		}
		*longest = '*';
		memmove(longest + 1, longest + n_longest, strlen(longest + n_longest) + 1);
	}
}

static int add_pattern(struct items *items, const char *path, const char *behind,
		       enum learn_class class, const struct tally *tally)
{
	_cleanup_(free_text) char *text = NULL;

	text = learn_format("%s%s", path, behind);
	if (!text)
		return -ENOMEM;
	if (strlen(text) <= PATTERN_MAX)
		return items_append(items, text, class, tally); /* each node has its own */
	shorten(text);
	return items_add(items, text, class, tally);
}

/* What is said of a node for one class: the thing itself, and what is in it. */
static int list_class(const struct node *node, const char *path, enum learn_class class,
		      struct items *items)
{
	static const struct tally none;
	const struct tally *self = &node->self[class];
	const struct tally *star = &node->star[class], *tree = &node->tree[class];
	const char *inside = tally_any(tree) ? "/**" : "/*",
		   *both = tally_any(tree) ? "{,/**}" : "{,/*}";
	struct tally all;

	/* who may do more may do this as well */
	for (size_t c = class + 1; c < LEARN_N_CLASSES; c++)
		if (tally_any(&node->self[c]))
			self = &none;
	all = *self;
	tally_add(&all, star);
	tally_add(&all, tree);
	if (!tally_any(star) && !tally_any(tree))
		return tally_any(self) ? add_pattern(items, path, "", class, self) : 0;
	return add_pattern(items, path, tally_any(self) ? both : inside, class, &all);
}

static int list_node(const struct node *node, const char *path, struct items *items)
{
	int r = 0;

	/* the root alone has no pattern: "/" is all that is in it */
	for (int class = LEARN_N_CLASSES - 1; class >= 0 && r == 0 && *path; class --)
		r = list_class(node, path, (enum learn_class) class, items);
	for (size_t i = 0; i < node->n_children && r == 0; i++) {
		_cleanup_(free_text) char *below =
			learn_format("%s/%s", path, node->children[i]->name);

		if (!below)
			return -ENOMEM;
		r = list_node(node->children[i], below, items);
	}
	return r;
}

int learn_list(const struct node *root, struct items *items)
{
	return list_node(root, "", items);
}

char *learn_pattern(const char *path, bool written, unsigned pid, bool exact)
{
	struct node *root = calloc(1, sizeof(*root));
	struct node *node = root ? node_at(root, path, written, pid, exact) : NULL;
	struct items items = {};
	char *text = NULL;

	if (node)
		node->self[LEARN_LOOK].count = 1;
	if (node && learn_list(root, &items) == 0)
		text = strdup(items.n ? items.items[0].text : "/");
	items_clear(&items);
	node_free(root);
	return text;
}
