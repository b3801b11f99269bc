/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <string.h>

#include "k8s/cleanup.h"
#include "k8s/object-internal.h"
#include "policy/policy.h"

void text_begin(struct object_text *text, struct reader *reader)
{
	*text = (struct object_text){.reader = reader};
	text->stream = open_memstream(&text->bytes, &text->n_bytes);
	if (!text->stream)
		reader->r = -ENOMEM;
}

void text_release(struct object_text *text)
{
	if (text->stream)
		fclose(text->stream);
	free(text->bytes);
	for (size_t i = 0; i < text->n_lines; i++)
		free(text->origins[i].path);
	free(text->origins);
	*text = (struct object_text){};
}

void text_add(struct object_text *text, const struct place *place, unsigned line, const char *front,
	      const char *value, size_t n_value)
{
	struct origin *origins;

	if (text->reader->r < 0)
		return;
	origins = reallocarray(text->origins, text->n_lines + 1, sizeof(*origins));
	if (!origins) {
		text->reader->r = -ENOMEM;
		return;
	}
	text->origins = origins;
	origins[text->n_lines++] = (struct origin){
		.path = place ? place_text(text->reader, place) : NULL,
		.skip = (unsigned)strlen(front),
		.line = line,
	};
	fputs(front, text->stream);
	fwrite(value, 1, n_value, text->stream);
	fputc('\n', text->stream);
}

static void add_own(struct object_text *text, const char *line)
{
	text_add(text, NULL, 0, "", line, strlen(line));
}

static void add_containers(struct object_text *text, const struct object *o)
{
	struct place list = {.parent = &o->spec_place, .name = "selector.containers"};

	for (size_t i = 0; o->containers && i < json_object_array_length(o->containers); i++) {
		struct place at = {.parent = &list, .index = i};
		const char *name =
			json_object_get_string(json_object_array_get_idx(o->containers, i));

		text_add(text, &at, 0, "container = ", name, strlen(name));
	}
}

void text_add_select(struct object_text *text, const struct object *o)
{
	add_own(text, "");
	add_own(text, "[select]");
	for (size_t i = 0; i < o->selects.n; i++)
		add_own(text, o->selects.lines[i]);
	if (o->selects.n == 0)
		add_own(text, OBJECT_NOBODY);
	add_containers(text, o);
}

/* Tells one thing that the parser has found, at its place in the object. */
static int tell(struct object_text *text, const struct object *o, const struct diag_item *item)
{
	const struct origin *origin = item->line >= 1 && item->line <= text->n_lines
					      ? &text->origins[item->line - 1]
					      : NULL;
	struct diag_place place = {.file = o->title, .near = item->near};

	if (origin && origin->path)
		place.file = origin->path;
	if (origin && origin->path && origin->line) {
		place.line = origin->line;
		place.column = item->column;
		place.end = item->end;
		place.source = item->source;
	}
	return diag_add_at(text->reader->diag, item->level, &place, "%s", item->message);
}

/*
 * A policy of an object holds for pods alone, and for those that were chosen: whatever the text has
 * become, no line but ours says which cgroups.
 */
static void check_selects(struct object_text *text, const struct object *o,
			  const struct policy *policy)
{
	const struct place at = {.parent = &o->place, .name = "spec"};

	if (policy->host)
		place_error(text->reader, &at,
			    "\"host = yes\" is for what keeps a node alive, which is no pod: take "
			    "the line out");
	for (size_t i = 0; i < policy->n_selects; i++) {
		const struct policy_select *select = &policy->selects[i];

		if (select->key == POLICY_SELECT_CONTAINER || select->key == POLICY_SELECT_IMAGE)
			continue;
		if (select->key != POLICY_SELECT_CGROUP || select->line > text->n_lines ||
		    text->origins[select->line - 1].path)
			place_error(text->reader, &at,
				    "\"%s\" in [select] is not what spec.selector chooses: take "
				    "the line out",
				    select->pattern);
	}
}

int text_parse(struct object_text *text, const struct object *o, struct policy **ret_policy)
{
	struct diag found = {};
	struct policy *policy = NULL;
	size_t n_errors;
	int r;

	if (text->reader->r == 0 && (fflush(text->stream) != 0 || ferror(text->stream)))
		text->reader->r = -ENOMEM;
	if (text->reader->r < 0)
		return text->reader->r;
	n_errors = text->reader->diag->n_errors;
	r = policy_parse_text(o->policy, text->bytes, text->n_bytes, &found, &policy);
	for (size_t i = 0; i < found.n_items && r >= 0; i++)
		if (tell(text, o, &found.items[i]) < 0)
			r = -ENOMEM;
	diag_clear(&found);
	if (r == 0)
		check_selects(text, o, policy);
	if (r == 0)
		r = text->reader->r < 0 ? text->reader->r : text->reader->diag->n_errors > n_errors;
	if (r == 0)
		*ret_policy = policy;
	else
		policy_free(policy);
	return r;
}
