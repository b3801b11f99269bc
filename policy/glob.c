// SPDX-License-Identifier: Apache-2.0
#include "policy/glob.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

/* The bytes of a run of plain text gather in @run until something else ends it. */
struct parser {
	const char *text;
	size_t at;
	unsigned flags;
	unsigned depth; /* open braces */
	char *run;
	size_t n_run;
	struct glob_error *error;
};

static void glob_freep(struct glob **glob)
{
	glob_free(*glob);
}

static int fail(struct parser *p, size_t offset, const char *reason)
{
	*p->error = (struct glob_error){.offset = offset, .reason = reason};
	return -EINVAL;
}

static struct glob *take(struct glob **glob)
{
	struct glob *taken = *glob;

	*glob = NULL;
	return taken;
}

static struct glob *node_new(enum glob_kind kind)
{
	struct glob *node = calloc(1, sizeof(*node));

	if (node)
		node->kind = kind;
	return node;
}

/* Takes @part, also when it fails, so that a caller may pass what may be NULL for want of memory.
 */
static int parts_add(struct glob *node, struct glob *part)
{
	__attribute__((cleanup(glob_freep))) struct glob *owned = part;
	struct glob **parts;

	if (!owned)
		return -ENOMEM;
	/* One more slot at each power of two. */
	if ((node->n_parts & (node->n_parts - 1)) == 0) {
		parts = realloc(node->parts,
				(node->n_parts ? node->n_parts * 2 : 1) * sizeof(struct glob *));
		if (!parts)
			return -ENOMEM;
		node->parts = parts;
	}
	node->parts[node->n_parts++] = take(&owned);
	return 0;
}

static int text_add(struct glob *sequence, const char *bytes, size_t n_bytes)
{
	__attribute__((cleanup(glob_freep))) struct glob *node = node_new(GLOB_TEXT);

	if (!node)
		return -ENOMEM;
	node->bytes = malloc(n_bytes);
	if (!node->bytes)
		return -ENOMEM;
	memcpy(node->bytes, bytes, n_bytes);
	node->n_bytes = n_bytes;
	return parts_add(sequence, take(&node));
}

static int run_end(struct parser *p, struct glob *sequence)
{
	size_t n = p->n_run;

	p->n_run = 0;
	return n ? text_add(sequence, p->run, n) : 0;
}

static void set_put(struct glob_set *set, unsigned char byte)
{
	set->bits[byte / 64] |= 1ull << (byte % 64);
}

static void set_drop(struct glob_set *set, unsigned char byte)
{
	set->bits[byte / 64] &= ~(1ull << (byte % 64));
}

static bool set_empty(const struct glob_set *set)
{
	return !(set->bits[0] | set->bits[1] | set->bits[2] | set->bits[3]);
}

static void set_invert(struct glob_set *set)
{
	for (unsigned i = 0; i < 4; i++)
		set->bits[i] = ~set->bits[i];
	set_drop(set, 0);
}

static int set_add(struct glob *sequence, enum glob_kind kind, const struct glob_set *set)
{
	struct glob *node = node_new(kind);

	if (node)
		node->set = *set;
	return parts_add(sequence, node);
}

/* Every byte, or every byte but '/'. */
static int any_add(struct glob *sequence, enum glob_kind kind, bool slash)
{
	struct glob_set set = {0};

	if (!slash)
		set_put(&set, '/');
	set_invert(&set);
	return set_add(sequence, kind, &set);
}

/* One byte of a class, a backslash taken off. */
static int class_byte(struct parser *p, size_t open, unsigned char *ret_byte)
{
	if (p->text[p->at] == '\\' && !(p->flags & GLOB_BACKSLASH_PLAIN))
		p->at++;
	if (!p->text[p->at])
		return fail(p, open, "'[' is not closed by ']'");
	if (p->text[p->at] == '/')
		return fail(p, p->at, "'/' cannot be in a class: no class matches '/'");
	*ret_byte = (unsigned char)p->text[p->at++];
	return 0;
}

static int class_item(struct parser *p, size_t open, struct glob_set *set)
{
	size_t start = p->at;
	unsigned char first, last;
	int r;

	r = class_byte(p, open, &first);
	if (r < 0)
		return r;
	last = first;
	/* A '-' before the ']' is itself. */
	if (p->text[p->at] == '-' && p->text[p->at + 1] && p->text[p->at + 1] != ']') {
		p->at++;
		r = class_byte(p, open, &last);
		if (r < 0)
			return r;
	}
	if (last < first)
		return fail(p, start, "the range is reversed: its end comes before its beginning");
	for (unsigned byte = first; byte <= last; byte++)
		set_put(set, (unsigned char)byte);
	return 0;
}

static int parse_class(struct parser *p, struct glob *sequence)
{
	size_t open = p->at++;
	struct glob_set set = {0};
	bool invert = p->text[p->at] == '!' || p->text[p->at] == '^';
	int r;

	p->at += invert;
	while (p->text[p->at] != ']') {
		r = class_item(p, open, &set);
		if (r < 0)
			return r;
	}
	p->at++;
	if (set_empty(&set))
		return fail(p, open, "the class is empty (']' itself is written \\])");
	set_put(&set, '/');
	if (invert)
		set_invert(&set);
	else
		set_drop(&set, '/');
	if (set_empty(&set))
		return fail(p, open, "the class is empty: no byte is left");
	return set_add(sequence, GLOB_ONE, &set);
}

static int parse_sequence(struct parser *p, struct glob **ret_sequence);

static int parse_braces(struct parser *p, struct glob *sequence)
{
	__attribute__((cleanup(glob_freep))) struct glob *either = node_new(GLOB_EITHER);
	size_t open = p->at;
	struct glob *part;
	int r;

	if (!either)
		return -ENOMEM;
	if (p->depth == GLOB_NESTING_MAX)
		return fail(p, open, "braces are nested more than 16 deep");
	p->depth++;
	do {
		p->at++;
		r = parse_sequence(p, &part);
		if (r < 0)
			return r;
		r = parts_add(either, part);
		if (r < 0)
			return r;
	} while (p->text[p->at] == ',');
	if (p->text[p->at] != '}')
		return fail(p, open, "'{' is not closed by '}'");
	p->at++;
	p->depth--;
	return parts_add(sequence, take(&either));
}

/* Three stars and more say no more than two; and in a unit's name two no more than one. */
static int parse_stars(struct parser *p, struct glob *sequence)
{
	size_t n = strspn(p->text + p->at, "*");

	p->at += n;
	return any_add(sequence, GLOB_ANY, n > 1 && !(p->flags & GLOB_UNIT));
}

static int parse_special(struct parser *p, struct glob *sequence)
{
	int r = run_end(p, sequence);

	if (r < 0)
		return r;
	switch (p->text[p->at]) {
	case '*':
		return parse_stars(p, sequence);
	case '?':
		p->at++;
		return any_add(sequence, GLOB_ONE, false);
	case '[':
		return parse_class(p, sequence);
	default:
		return parse_braces(p, sequence);
	}
}

/* One byte that is plain, or is made so by a backslash. */
static int parse_plain(struct parser *p)
{
	if (p->text[p->at] == '}')
		return fail(p, p->at, "'}' closes no '{' (a '}' itself is written \\})");
	if (p->text[p->at] == '\\' && !(p->flags & GLOB_BACKSLASH_PLAIN)) {
		if (!p->text[p->at + 1])
			return fail(p, p->at,
				    "a final '\\' quotes nothing (a '\\' itself is written \\\\)");
		p->at++;
	}
	p->run[p->n_run++] = p->text[p->at++];
	return 0;
}

/* Bytes that are plain wherever they stand. */
static void parse_text(struct parser *p)
{
	size_t n = strcspn(p->text + p->at, "*?[{},\\");

	memcpy(p->run + p->n_run, p->text + p->at, n);
	p->n_run += n;
	p->at += n;
}

/* Up to the end of the text, or the ',' or '}' of the braces around it. */
static int parse_sequence(struct parser *p, struct glob **ret_sequence)
{
	__attribute__((cleanup(glob_freep))) struct glob *sequence = node_new(GLOB_SEQUENCE);
	int r;

	if (!sequence)
		return -ENOMEM;
	for (;;) {
		char c;

		parse_text(p);
		c = p->text[p->at];
		if (!c)
			break;
		if (p->depth && (c == ',' || c == '}'))
			break;
		r = strchr("*?[{", c) ? parse_special(p, sequence) : parse_plain(p);
		if (r < 0)
			return r;
	}
	r = run_end(p, sequence);
	if (r < 0)
		return r;
	*ret_sequence = take(&sequence);
	return 0;
}

/* Nothing, or '/' and anything. */
static int beneath_add(struct glob *sequence)
{
	__attribute__((cleanup(glob_freep))) struct glob *either = node_new(GLOB_EITHER);
	__attribute__((cleanup(glob_freep))) struct glob *beneath = node_new(GLOB_SEQUENCE);
	int r;

	if (!either || !beneath)
		return -ENOMEM;
	r = text_add(beneath, "/", 1);
	if (r == 0)
		r = any_add(beneath, GLOB_ANY, true);
	if (r == 0)
		r = parts_add(either, node_new(GLOB_SEQUENCE));
	if (r == 0)
		r = parts_add(either, take(&beneath));
	if (r == 0)
		r = parts_add(sequence, take(&either));
	return r;
}

/* Adds a pattern that is known. */
static int known_add(struct glob *sequence, const char *text)
{
	struct glob_error error;
	struct parser p = {.text = text, .error = &error};
	struct glob *part;
	int r;

	p.run = malloc(strlen(text));
	if (!p.run)
		return -ENOMEM;
	r = parse_sequence(&p, &part);
	free(p.run);
	return r < 0 ? r : parts_add(sequence, part);
}

/* What stands before the name of a unit; see glob.h. */
static int unit_add(struct glob *sequence)
{
	__attribute__((cleanup(glob_freep))) struct glob *repeat = node_new(GLOB_REPEAT);
	int r;

	if (!repeat)
		return -ENOMEM;
	r = known_add(repeat, "/{*.slice,user@*.service}");
	if (r == 0)
		r = parts_add(sequence, take(&repeat));
	return r < 0 ? r : known_add(sequence, "/{,_}");
}

static int parse_whole(struct parser *p, struct glob *whole)
{
	struct glob *sequence;
	int r = 0;

	if (p->flags & GLOB_UNIT)
		r = unit_add(whole);
	if (r == 0)
		r = parse_sequence(p, &sequence);
	if (r == 0)
		r = parts_add(whole, sequence);
	if (r == 0 && !(p->flags & GLOB_SLASH_PLAIN))
		r = parts_add(whole, node_new(GLOB_OPEN));
	if (r == 0 && (p->flags & GLOB_BENEATH))
		r = beneath_add(whole);
	return r;
}

int glob_parse(const char *text, unsigned flags, struct glob **ret_glob,
	       struct glob_error *ret_error)
{
	__attribute__((cleanup(glob_freep))) struct glob *whole = NULL;
	struct parser p = {.text = text, .flags = flags, .error = ret_error};
	size_t n_text = strlen(text);
	int r;

	if (n_text == 0)
		return fail(&p, 0, "the pattern is empty");
	if (n_text > POLICY_PATTERN_MAX)
		return fail(&p, POLICY_PATTERN_MAX, "the pattern is longer than 4096 bytes");
	whole = node_new(GLOB_SEQUENCE);
	p.run = malloc(n_text);
	r = whole && p.run ? parse_whole(&p, whole) : -ENOMEM;
	free(p.run);
	if (r < 0)
		return r;
	*ret_glob = take(&whole);
	return 0;
}

struct glob *glob_free(struct glob *glob)
{
	if (!glob)
		return NULL;
	switch (glob->kind) {
	case GLOB_TEXT:
		free(glob->bytes);
		break;
	case GLOB_EITHER:
	case GLOB_SEQUENCE:
	case GLOB_REPEAT:
		for (size_t i = 0; i < glob->n_parts; i++)
			glob_free(glob->parts[i]);
		free(glob->parts);
		break;
	case GLOB_ONE:
	case GLOB_ANY:
	case GLOB_OPEN:
		break;
	}
	free(glob);
	return NULL;
}
