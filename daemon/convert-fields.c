/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/convert-internal.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "daemon/util.h"
#include "policy/nearest.h"

#define FIELDS_MAX 32 /* of one map */

/* Several rules may be read from one place. */
static bool is_told(const struct convert *c, const struct node *node, const char *message)
{
	for (size_t i = c->diag->n_items; i-- > 0;) {
		const struct diag_item *item = &c->diag->items[i];

		if (item->line == node->line && item->column == node->column &&
		    strcmp(item->message, message) == 0)
			return true;
	}
	return false;
}

void convert_error(struct convert *c, const struct node *node, const char *format, ...)
{
	_cleanup_(freep) char *message = NULL;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (n < 0)
		message = NULL; /* vasprintf leaves it undefined */
	if (message && is_told(c, node, message))
		return;
	if (!message || tree_error(c->tree, node, "%s", message) < 0)
		c->r = -ENOMEM;
}

static const struct field *field_find(const struct field *fields, const char *name)
{
	for (; fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

static void field_unknown(struct convert *c, const struct node *key, const struct field *fields,
			  const char *what)
{
	const char *names[FIELDS_MAX + 1] = {}, *near;

	for (size_t i = 0; i < FIELDS_MAX && fields[i].name; i++)
		names[i] = fields[i].name;
	near = nearest(key->text, strlen(key->text), names);
	if (near)
		convert_error(c, key, "unknown field \"%s\" of %s; did you mean \"%s\"?", key->text,
			      what, near);
	else
		convert_error(c, key, "unknown field \"%s\" of %s: it is not converted", key->text,
			      what);
}

bool fields_check(struct convert *c, const struct node *node, const struct field *fields,
		  const char *what)
{
	if (!node)
		return false;
	if (node->kind != NODE_MAP) {
		convert_error(c, node, "%s is not a map; write its fields as KEY: VALUE", what);
		return false;
	}
	for (size_t i = 0; i + 1 < node->n_items; i += 2) {
		const struct field *field = field_find(fields, node->items[i]->text);

		if (!field)
			field_unknown(c, node->items[i], fields, what);
		else if (field->refusal && !node_is_empty(node->items[i + 1]))
			convert_error(c, node->items[i], "\"%s\" has no counterpart in bailiff: %s",
				      field->name, field->refusal);
	}
	return true;
}

const struct node *field_text(struct convert *c, const struct node *map, const char *name)
{
	const struct node *node = node_get(map, name);

	if (!node || node->kind == NODE_TEXT)
		return node;
	convert_error(c, node, "\"%s\" is one text, and no list or map", name);
	return NULL;
}

const struct node *field_list(struct convert *c, const struct node *map, const char *name)
{
	const struct node *node = node_get(map, name);

	if (!node || node->kind == NODE_LIST)
		return node;
	convert_error(c, node, "\"%s\" is a list; begin each of its items with \"-\"", name);
	return NULL;
}

bool field_true(struct convert *c, const struct node *map, const char *name)
{
	const struct node *node = field_text(c, map, name);

	if (!node)
		return false;
	if (node->plain && strcasecmp(node->text, "true") == 0)
		return true;
	if (!node->plain || strcasecmp(node->text, "false") != 0)
		convert_error(c, node, "\"%s\" is true or false, without quotes", name);
	return false;
}

int field_name(struct convert *c, const struct node *text, const char *what,
	       const char *const *names)
{
	const char *near;

	for (int i = 0; names[i]; i++)
		if (strcasecmp(text->text, names[i]) == 0)
			return i;
	near = nearest(text->text, strlen(text->text), names);
	if (near)
		convert_error(c, text, "unknown %s \"%s\"; did you mean \"%s\"?", what, text->text,
			      near);
	else
		convert_error(c, text, "unknown %s \"%s\"", what, text->text);
	return -1;
}
