/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/convert-tree.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <yaml.h>

#include "daemon/util.h"

#define SOURCE_MAX 4096 /* bytes of a line that an error shows */

/* Bytes of the line end at @at as libyaml counts lines (YAML 1.1); 0: there is none. */
static size_t line_end(const struct tree *tree, size_t at)
{
	static const char *const ends[] = {"\r\n",     "\r",	       "\n",
					   "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

	for (size_t i = 0; i < ELEMENTS(ends); i++) {
		size_t n = strlen(ends[i]);

		if (tree->n_text - at >= n && memcmp(tree->text + at, ends[i], n) == 0)
			return n;
	}
	return 0;
}

/*
 * Goes on to a mark's line and character: marks come in the order of the text, so that all places
 * together cost one walk.
 */
static void cursor_move(struct tree *tree, const yaml_mark_t *mark)
{
	struct tree_cursor *c = &tree->cursor;

	if (mark->line < c->line || (mark->line == c->line && mark->column < c->character))
		*c = (struct tree_cursor){};
	while (c->line < mark->line && c->at < tree->n_text) {
		size_t n = line_end(tree, c->at);

		c->at += n ? n : 1;
		if (n)
			*c = (struct tree_cursor){c->line + 1, 0, c->at, c->at};
	}
	for (; c->character < mark->column && c->at < tree->n_text; c->character++)
		do
			c->at++;
		while (c->at < tree->n_text && ((unsigned char)tree->text[c->at] & 0xc0) == 0x80);
}

/* Adds an error at a column of the line that begins at @begin. */
static int error_at(const struct tree *tree, size_t begin, unsigned line, unsigned column,
		    const char *message)
{
	_cleanup_(freep) char *source = NULL;
	size_t end = begin;

	while (end < tree->n_text && end - begin < SOURCE_MAX && tree->text[end] &&
	       !line_end(tree, end))
		end++;
	source = strndup(tree->text + begin, end - begin);
	if (!source)
		return -ENOMEM;
	return diag_add(tree->diag, DIAG_ERROR, tree->file, line, column,
			column <= SOURCE_MAX ? source : NULL, "%s", message);
}

static int error_at_mark(struct tree *tree, const yaml_mark_t *mark, const char *message)
{
	int r;

	cursor_move(tree, mark);
	r = error_at(tree, tree->cursor.begin, (unsigned)mark->line + 1,
		     (unsigned)(tree->cursor.at - tree->cursor.begin) + 1, message);
	return r < 0 ? r : 1;
}

int tree_error(const struct tree *tree, const struct node *node, const char *format, ...)
{
	_cleanup_(freep) char *message = NULL;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (n < 0) {
		message = NULL; /* vasprintf leaves it undefined */
		return -ENOMEM;
	}
	return error_at(tree, node->line_begin, node->line, node->column, message);
}

/* An error at an event's place. Returns 1 or -ENOMEM. */
static int event_error(struct tree *tree, const yaml_event_t *event, const char *message)
{
	return error_at_mark(tree, &event->start_mark, message);
}

/* What libyaml has against the text. Returns 1 or -ENOMEM. */
static int parser_error(struct tree *tree, const yaml_parser_t *parser)
{
	_cleanup_(freep) char *message = NULL;
	yaml_mark_t mark = parser->problem_mark;

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (parser->error == YAML_READER_ERROR)
		mark = parser->mark; /* it has no other place */
	if (asprintf(&message, "this is no YAML: %s%s%s",
		     parser->problem ? parser->problem : "it cannot be read",
		     parser->context ? " " : "", parser->context ? parser->context : "") < 0) {
		message = NULL;
		return -ENOMEM;
	}
	return error_at_mark(tree, &mark, message);
}

static struct node *node_free(struct node *node)
{
	if (!node)
		return NULL;
	for (size_t i = 0; i < node->n_items; i++)
		node_free(node->items[i]);
	free(node->items);
	free(node->text);
	free(node);
	return NULL;
}

DEFINE_FREEP(struct node, node_free)

/* Appends to an array that doubles each time that its length is a power of two. */
static int append(struct node ***items, size_t *n_items, struct node *item)
{
	struct node **more;

	if ((*n_items & (*n_items - 1)) == 0) {
		more = reallocarray(*items, *n_items ? 2 * *n_items : 1, sizeof(**items));
		if (!more)
			return -ENOMEM;
		*items = more;
	}
	(*items)[(*n_items)++] = item;
	return 0;
}

static int node_new(struct tree *tree, const yaml_event_t *event, enum node_kind kind,
		    struct node **ret_node)
{
	struct node *node;

	if (tree->n_nodes++ >= TREE_NODES_MAX)
		return event_error(tree, event,
				   "more than 200000 values in one file; take it apart");
	node = calloc(1, sizeof(*node));
	if (!node)
		return -ENOMEM;
	cursor_move(tree, &event->start_mark);
	*node = (struct node){.kind = kind,
			      .line = (unsigned)event->start_mark.line + 1,
			      .column = (unsigned)(tree->cursor.at - tree->cursor.begin) + 1,
			      .line_begin = tree->cursor.begin};
	*ret_node = node;
	return 0;
}

static int read_text(struct tree *tree, const yaml_event_t *event, struct node **ret_node)
{
	_cleanup_(node_freep) struct node *node = NULL;
	int r;

	if (memchr(event->data.scalar.value, 0, event->data.scalar.length))
		return event_error(tree, event, "a byte 0 is no text; take it out");
	if (event->data.scalar.tag && !event->data.scalar.quoted_implicit &&
	    !event->data.scalar.plain_implicit)
		return event_error(tree, event, "a tag (\"!\") is not expected; take it out");
	r = node_new(tree, event, NODE_TEXT, &node);
	if (r || !node)
		return r;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = strdup((const char *)event->data.scalar.value);
	if (!node->text)
		return -ENOMEM;
	*ret_node = TAKE_PTR(node);
	return 0;
}

/* Whether the key that comes last in the map stands there before. */
static int check_key(const struct tree *tree, const struct node *map)
{
	const struct node *key = map->items[map->n_items - 1];
	int r;

	if (key->kind != NODE_TEXT) {
		r = tree_error(tree, key, "a key is a word, and no list or map");
		return r < 0 ? r : 1;
	}
	if (map->n_items > 2 * TREE_KEYS_MAX) {
		r = tree_error(tree, key, "more than %u keys in one map", TREE_KEYS_MAX);
		return r < 0 ? r : 1;
	}
	for (size_t i = 0; i + 1 < map->n_items; i += 2)
		if (strcmp(map->items[i]->text, key->text) == 0) {
			r = tree_error(tree, key, "\"%s\" is already set in line %u", key->text,
				       map->items[i]->line);
			return r < 0 ? r : 1;
		}
	return 0;
}

static int read_node(struct tree *tree, yaml_parser_t *parser, yaml_event_t *event, unsigned depth,
		     struct node **ret_node);

/* Reads what a list or map holds, to its end. */
static int read_items(struct tree *tree, yaml_parser_t *parser, struct node *node, unsigned depth)
{
	for (;;) {
		struct node *item = NULL;
		yaml_event_t event;
		bool end;
		int r;

		if (!yaml_parser_parse(parser, &event))
			return parser_error(tree, parser);
		end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
		r = end ? 0 : read_node(tree, parser, &event, depth, &item);
		yaml_event_delete(&event);
		if (r || !item) /* or the end */
			return r;
		r = append(&node->items, &node->n_items, item);
		if (r < 0)
			node_free(item);
		else if (node->kind == NODE_MAP && node->n_items % 2)
			r = check_key(tree, node);
		if (r)
			return r;
	}
}

/* Reads the node that begins with @event, which stays the caller's. */
static int read_node(struct tree *tree, yaml_parser_t *parser, yaml_event_t *event, unsigned depth,
		     struct node **ret_node)
{
	_cleanup_(node_freep) struct node *node = NULL;
	int r;

	if (event->type == YAML_ALIAS_EVENT)
		return event_error(tree, event,
				   "an alias (\"*\") is not followed; write out what it stands "
				   "for");
	if (event->type == YAML_SCALAR_EVENT)
		return read_text(tree, event, ret_node);
	if (depth >= TREE_DEPTH_MAX)
		return event_error(tree, event, "lists and maps are nested more than 32 deep");
	r = node_new(tree, event, event->type == YAML_MAPPING_START_EVENT ? NODE_MAP : NODE_LIST,
		     &node);
	if (r == 0)
		r = read_items(tree, parser, node, depth + 1);
	if (r == 0)
		*ret_node = TAKE_PTR(node);
	return r;
}

static int read_documents(struct tree *tree, yaml_parser_t *parser)
{
	for (;;) {
		struct node *document = NULL;
		yaml_event_t event;
		int type, r = 0;

		if (!yaml_parser_parse(parser, &event))
			return parser_error(tree, parser);
		type = event.type;
		if (type == YAML_SCALAR_EVENT || type == YAML_ALIAS_EVENT ||
		    type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT)
			r = read_node(tree, parser, &event, 0, &document);
		yaml_event_delete(&event);
		if (r || type == YAML_STREAM_END_EVENT)
			return r;
		if (!document)
			continue; /* where a document begins or ends */
		r = append(&tree->documents, &tree->n_documents, document);
		if (r < 0) {
			node_free(document);
			return r;
		}
	}
}

int tree_read(struct tree *tree)
{
	yaml_parser_t parser;
	int r;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	/* not what a byte order mark may ask for: places are told in the text as it is */
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)tree->text, tree->n_text);
	r = read_documents(tree, &parser);
	yaml_parser_delete(&parser);
	return r;
}

void tree_clear(struct tree *tree)
{
	for (size_t i = 0; i < tree->n_documents; i++)
		node_free(tree->documents[i]);
	free(tree->documents);
	tree->documents = NULL;
	tree->n_documents = 0;
}

bool node_is_null(const struct node *node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	if (node->kind != NODE_TEXT || !node->plain)
		return false;
	for (size_t i = 0; i < ELEMENTS(nulls); i++)
		if (strcmp(node->text, nulls[i]) == 0)
			return true;
	return false;
}

bool node_is_empty(const struct node *node)
{
	if (node->kind != NODE_TEXT)
		return node->n_items == 0;
	return node_is_null(node) || !node->text[0] ||
	       (node->plain && strcasecmp(node->text, "false") == 0);
}

const struct node *node_get(const struct node *map, const char *key)
{
	for (size_t i = 0; i + 1 < map->n_items; i += 2)
		if (strcmp(map->items[i]->text, key) == 0)
			return node_is_null(map->items[i + 1]) ? NULL : map->items[i + 1];
	return NULL;
}
