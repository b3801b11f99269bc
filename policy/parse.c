// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE 1 /* vasprintf */
#include "policy/parse_subject.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"

/*
 * inih asks for a line, and calls the handler for it before it asks for the next one. That gives
 * every key its line, and shows what inih made nothing of. What inih cannot tell is read from the
 * line itself: columns, where a section begins, and comments after a continuation (release 55
 * leaves them in).
 */

int parse_report(struct parser *p, enum diag_level level, const struct place *place, size_t n,
		 const char *near, const char *format, ...)
{
	const struct line *line = &place->line;
	_cleanup_(free_charp) char *message = NULL;
	char shown[LINE_SHOWN_SIZE];
	struct diag_place at = {
		.file = p->policy->file,
		.line = line->number,
		.column = place->column,
		.near = near,
	};
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (r < 0) {
		message = NULL;
		return -ENOMEM;
	}
	if (line->number && line->text) {
		at.source = line_show(line, shown);
		at.end = n ? place->column + n : line_word_end(line, place->column);
	}
	return diag_add_at(p->diag, level, &at, "%s", message);
}

char *span_copy(const struct span *span)
{
	return strndup(span->text, span->n);
}

void *parse_grow(void *array, size_t n, size_t size)
{
	/* The room doubles each time that the length is a power of two. */
	if (n & (n - 1))
		return array;
	return reallocarray(array, n ? 2 * n : 1, size);
}

/* Checks what holds for any line; @n_max is what inih can hold. */
static int check_line(struct parser *p, size_t n_max)
{
	const struct line *line = &p->line;

	p->broken = true;
	for (size_t i = 0; i < line->n && i < n_max; i++)
		if (is_control(line->text[i]))
			return parse_error_bytes(
				p, i + 1, 1,
				"byte 0x%02x is no text; a policy is plain text: take it out",
				(unsigned char)line->text[i]);
	if (line->n > n_max)
		return parse_error_bytes(
			p, n_max + 1, line->n - n_max,
			"line is %zu bytes long; the longest is %zu: give the patterns "
			"several lines of the same key",
			line->n, n_max);
	p->broken = false;
	return 0;
}

/* The end of a key and all its lines. */
static int end_key(struct parser *p)
{
	const struct key *key = p->key;

	if (key && key->end && p->n_items > 0) {
		int r = key->end(p);

		if (r < 0)
			return r;
	}
	p->key = NULL;
	if (!key || !key->item || p->n_items > 0)
		return 0;
	return parse_report(p, DIAG_ERROR, &p->key_place, 0, NULL,
			    "\"%s\" names no %s; write at least one", key->name, key->item);
}

/* Whether inih takes text[i] for the beginning of a comment after something else. */
static bool begins_comment(const char *text, size_t i)
{
	return text[i] == ';' && i > 0 && is_blank(text[i - 1]);
}

/* Enters the section whose header has @inner between its brackets. */
static int enter_section(struct parser *p, const struct span *inner)
{
	struct span name = *inner;
	const struct section *section;

	for (name.n = 0; name.n < inner->n; name.n++)
		if (is_blank(inner->text[name.n]) || inner->text[name.n] == '"')
			break;
	section = parse_section_find(&name);
	if (!section)
		return parse_section_unknown(p, inner);
	if (section->refusal)
		return parse_error(p, inner->column, "%s", section->refusal);
	p->section = section;
	p->subject = 0;
	if (skip_blanks(name.text + name.n, inner->n - name.n) == inner->n - name.n)
		return name.n == inner->n
			       ? 0
			       : parse_error(p, inner->column + name.n,
					     "nothing follows the name in [%s]", section->name);
	name.column += name.n;
	name.text += name.n;
	name.n = inner->n - name.n;
	return parse_subject(p, &name);
}

/* A header that has its error: its section is guessed, so that its keys are looked at. */
static void guess_section(struct parser *p, struct span inner)
{
	while (inner.n > 0 && is_blank(inner.text[inner.n - 1]))
		inner.n--;
	p->section = parse_section_find(&inner);
	if (p->section && p->section->refusal)
		p->section = NULL;
	p->select_tried = true; /* it may have been meant for [select] */
}

/* Where the quote at text[start] is closed; @start where it is not. */
static size_t quote_end(const char *text, size_t n, size_t start)
{
	size_t end = start + 1;

	while (end < n && text[end] != '"')
		end += text[end] == '\\' ? 2 : 1;
	return end < n ? end : start;
}

/* Where a comment begins between two places, or @end. */
static size_t comment_before(const char *text, size_t start, size_t end)
{
	while (start < end && !begins_comment(text, start))
		start++;
	return start;
}

/* A line that begins with '['. */
static int begin_section(struct parser *p, size_t start)
{
	const char *text = p->line.text;
	size_t n = p->line.n, end = start + 1;
	struct span inner = {.text = text + end, .column = end + 1};
	bool closed;
	int r;

	r = end_key(p);
	if (r < 0)
		return r;
	p->any_section = true;
	p->section = NULL;
	p->subject = 0;
	while (end < n && text[end] != ']' && !begins_comment(text, end)) {
		/* what stands in quotes is a pattern, which may have brackets */
		if (text[end] == '"')
			end = quote_end(text, n, end);
		end++;
	}
	if (end > n)
		end = n;
	inner.n = end - start - 1;
	closed = end < n && text[end] == ']';
	p->continues &= !closed;
	if (comment_before(text, start + 1, end) < end) {
		guess_section(p, inner);
		return parse_error(p, comment_before(text, start + 1, end) + 1,
				   "\";\" after a blank begins a comment, in quotes too; write "
				   "\"?\" for one of them");
	}
	if (p->broken || !closed) {
		guess_section(p, inner);
		return p->broken ? 0
				 : parse_error(p, end + 1,
					       "\"]\" is missing after the section's name");
	}
	r = enter_section(p, &inner);
	if (r < 0)
		return r;
	if (p->section == &parse_sections[SECTION_SELECT] && !p->first_select.column)
		p->first_select = (struct place){p->line, start + 1};
	end += 1 + skip_blanks(text + end + 1, n - end - 1);
	if (end == n || text[end] == ';')
		return 0;
	return parse_error(
		p, end + 1,
		"text after the section's name; begin a new line, or a comment with \";\"");
}

/* What inih made nothing of: empty lines, comments, section headers, and mistakes. */
static int end_line(struct parser *p)
{
	size_t start = skip_blanks(p->line.text, p->line.n);
	bool equals = memchr(p->line.text, '=', p->line.n);

	if (start == p->line.n || p->line.text[start] == ';' || p->line.text[start] == '#')
		return 0;
	if (p->line.text[start] == '[')
		return begin_section(p, start);
	if (p->broken)
		return 0;
	return parse_error(
		p, start + 1,
		equals ? "the comment begins before the \"=\"; a line is [SECTION], "
			 "KEY = VALUE or ; COMMENT"
		       : "no \"=\" in this line; a line is [SECTION], KEY = VALUE or ; COMMENT");
}

/* inih's reader: hands over one line; cut, and without control characters, where it is broken. */
static char *read_line(char *buffer, int size, void *stream)
{
	struct parser *p = stream;
	size_t n_max = size - 1;

	if (p->r == 0 && p->line.number > 0 && !p->handled)
		p->r = end_line(p);
	if (p->r < 0 || !lines_next(&p->lines, &p->line))
		return NULL;
	p->handled = false;
	p->r = check_line(p, n_max);
	if (p->r < 0)
		return NULL;
	if (p->line.n > n_max)
		p->line.n = n_max;
	memcpy(buffer, p->line.text, p->line.n);
	for (size_t i = 0; p->broken && i < p->line.n; i++)
		if (is_control(buffer[i]))
			buffer[i] = '?';
	buffer[p->line.n] = '\0';
	return buffer;
}

/* Marks the line of a key that stands once; an error where it has one. */
static int check_once(struct parser *p, const struct span *name)
{
	unsigned *first = &p->first_line[p->section - parse_sections][p->key - p->section->keys];

	if (p->key->item)
		return 0;
	if (p->subject && p->key->for_all) {
		p->key = NULL;
		return parse_error(p, name->column,
				   "\"%.*s\" is for all executables: put it into [%s]",
				   (int)name->n, name->text, p->section->name);
	}
	if (p->subject) /* two say the same, or the stricter stands */
		return 0;
	if (*first == 0) {
		*first = p->line.number;
		return 0;
	}
	p->key = NULL;
	return parse_error(p, name->column, "\"%.*s\" is already set in line %u; keep one of them",
			   (int)name->n, name->text, *first);
}

static int begin_key(struct parser *p, const struct span *name)
{
	int r;

	r = end_key(p);
	if (r < 0)
		return r;
	p->key_place = (struct place){p->line, name->column};
	p->verbs = 0;
	p->n_items = 0;
	p->verbs_told = false;
	p->network = (struct network){.verbs = 0};
	if (p->section == &parse_sections[SECTION_SELECT])
		p->select_tried |= !span_is(name, "host");
	if (!p->section) {
		if (p->any_section || p->broken)
			return 0;
		return parse_error(
			p, name->column,
			"\"%.*s\" stands before any section; begin with [policy], [select], "
			"[exec] or [file]",
			(int)name->n, name->text);
	}
	p->key = parse_key_find(p->section, name);
	if (name->n == 0)
		return parse_error(p, name->column, "no key before the \"=\"; write KEY = VALUE");
	if (p->broken) {
		/* What follows it is still worth a look; that it lacks something is no news. */
		p->verbs_told = true;
		p->n_items = 1;
		return 0;
	}
	if (!p->key)
		return parse_key_unknown(p, name);
	if (!p->key->parse) {
		p->key = NULL;
		return parse_error(
			p, name->column,
			"\"%.*s\" in [%s] is known, but this version does not enforce it: "
			"take the line out",
			(int)name->n, name->text, p->section->name);
	}
	return check_once(p, name);
}

/* Whether an indented line reads as if a key or a section were to begin there. */
static bool begins_anew(const struct span *value)
{
	struct span name = *value;
	size_t i = 0;

	if (value->n > 0 && value->text[0] == '[') {
		const char *end = memchr(value->text, ']', value->n);

		name.text++;
		name.n = end ? (size_t)(end - name.text) : value->n - 1;
		return parse_section_find(&name);
	}
	while (i < value->n && ((value->text[i] >= 'a' && value->text[i] <= 'z') ||
				(value->text[i] >= 'A' && value->text[i] <= 'Z')))
		i++;
	if (i == 0)
		return false;
	i += skip_blanks(value->text + i, value->n - i);
	return i < value->n && value->text[i] == '=';
}

static int continue_key(struct parser *p, const struct span *value)
{
	if (!p->key || p->broken)
		return 0;
	if (!p->key->item || begins_anew(value))
		return parse_error(
			p, 1,
			"the line is indented and so continues \"%s\"; begin a section or a "
			"key without white space before it",
			p->key->name);
	return p->key->parse(p, value);
}

/* inih's handler, with a status. @name and @value say how inih split the line. */
static int take_line(struct parser *p, const char *name, const char *value)
{
	const struct line *line = &p->line;
	size_t start = skip_blanks(line->text, line->n), end = start, n_value = strlen(value);
	bool continued = start > 0 && p->continues;
	struct span key = {line->text + start, strlen(name), start + 1}, span;
	int r;

	while (!continued && end < line->n && line->text[end] != '=' && line->text[end] != ':')
		end++;
	end += !continued;
	end += end < line->n ? skip_blanks(line->text + end, line->n - end) : 0;
	span = (struct span){line->text + end, n_value, end + 1};
	if (!p->broken && (end + n_value > line->n || memcmp(span.text, value, n_value) != 0))
		return parse_error(p, 1, "inih reads this line in another way; write KEY = VALUE");
	if (continued) {
		for (size_t i = 1; i < span.n; i++)
			if (begins_comment(span.text, i))
				span.n = i;
		while (span.n > 0 && is_blank(span.text[span.n - 1]))
			span.n--;
		return continue_key(p, &span);
	}
	p->continues = name[0] != '\0';
	r = begin_key(p, &key);
	if (r < 0 || !p->key || p->broken)
		return r;
	for (end = start; line->text[end] != '='; end++)
		if (line->text[end] == ':') {
			p->n_items = 1; /* what it lacks is no news */
			return parse_error_bytes(p, end + 1, 1, "\":\" after \"%s\"; write \"=\"",
						 p->key->name);
		}
	return p->key->parse(p, &span);
}

static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct parser *p = user;

	(void)section; /* cut after 49 bytes: begin_section() knows better */
	p->handled = true;
	if (p->r == 0)
		p->r = take_line(p, name, value);
	return 1;
}

/* The policy's name: the file's name without its folder and without .ini. */
static int take_name(struct parser *p, char **ret_name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_.-";
	const char *slash = strrchr(p->policy->file, '/');
	const char *name = slash ? slash + 1 : p->policy->file;
	const struct place whole = {};
	size_t n = strlen(name);

	if (n >= 4 && strcmp(name + n - 4, ".ini") == 0)
		n -= 4;
	if (n == 0 || n >= BAILIFF_NAME_MAX)
		return parse_report(
			p, DIAG_ERROR, &whole, 0, NULL,
			"the file's name without .ini names the policy and has %zu bytes; "
			"it must have 1 to %d",
			n, BAILIFF_NAME_MAX - 1);
	if (name[0] == '.' || strspn(name, allowed) < n)
		return parse_report(
			p, DIAG_ERROR, &whole, 0, NULL,
			"the file's name without .ini names the policy; it may hold A-Z a-z "
			"0-9 _ . - only, and must not begin with \".\"");
	*ret_name = strndup(name, n);
	return *ret_name ? 0 : -ENOMEM;
}

static struct policy *policy_new(const char *file)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return NULL;
	policy->severity = 5;
	policy->file = strdup(file);
	return policy->file ? policy : policy_free(policy);
}

static void policy_freep(struct policy **policy)
{
	policy_free(*policy);
}

/* Reads all lines into the policy. */
static int parse_lines(struct parser *p)
{
	int rejected, r;

	rejected = ini_parse_stream(read_line, p, handle, p);
	if (p->r < 0)
		return p->r;
	r = end_key(p);
	if (r < 0)
		return r;
	/* Whatever inih may be built to do: nothing that it left out goes unnoticed. */
	if (p->lines.next != p->lines.end ||
	    (rejected != 0 && p->diag->n_errors == p->n_errors_before))
		return parse_error(p, 1, "inih cannot read this line; write KEY = VALUE");
	return 0;
}

int policy_parse_text(const char *file, const char *text, size_t n_text, struct diag *diag,
		      struct policy **ret_policy)
{
	_cleanup_(policy_freep) struct policy *policy = NULL;
	struct parser p = {
		.diag = diag,
		.n_errors_before = diag->n_errors,
		.n_items_before = diag->n_items,
	};
	int r;

	if (n_text > POLICY_FILE_MAX) {
		r = diag_add(diag, DIAG_ERROR, file, 0, 0, NULL,
			     "the file is longer than %u bytes; split the policy", POLICY_FILE_MAX);
		return r < 0 ? r : 1;
	}
	p.policy = policy = policy_new(file);
	if (!policy)
		return -ENOMEM;
	lines_begin(&p.lines, n_text ? text : "", n_text);
	r = take_name(&p, &policy->name);
	if (r == 0)
		r = parse_lines(&p);
	if (r == 0)
		r = parse_check(&p);
	if (r < 0)
		return r;
	if (diag->n_errors > p.n_errors_before)
		return 1;
	*ret_policy = policy;
	policy = NULL;
	return 0;
}

struct policy *policy_free(struct policy *policy)
{
	if (!policy)
		return NULL;
	for (size_t i = 0; i < policy->n_rules; i++) {
		free(policy->rules[i].pattern);
		glob_free(policy->rules[i].glob);
	}
	for (size_t i = 0; i < policy->n_selects; i++) {
		glob_free(policy->selects[i].glob);
		free(policy->selects[i].pattern);
	}
	for (size_t i = 0; i < policy->n_subjects; i++) {
		free(policy->subjects[i].pattern);
		glob_free(policy->subjects[i].glob);
	}
	for (size_t i = 0; i < policy->n_tags; i++)
		free(policy->tags[i]);
	free(policy->subjects);
	free(policy->rules);
	free(policy->selects);
	free(policy->tags);
	free(policy->message);
	free(policy->name);
	free(policy->file);
	free(policy);
	return NULL;
}
