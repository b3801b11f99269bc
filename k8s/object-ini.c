/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <string.h>

#include "k8s/cleanup.h"
#include "k8s/object-internal.h"
#include "policy/lines.h"
#include "policy/policy.h"

/*
 * spec.ini is the text of a policy's file, as it was tried on a node without Kubernetes. Its lines
 * stay the lines they are, so that an event names the line that its writer knows. Which unit or
 * cgroup it held for there is no matter here: spec.selector takes the place of these lines. Those
 * about containers and images stay: they say which containers of the pods that are chosen.
 */

#define REPLACED "; spec.selector stands in the place of this line"

/* Adds the lines, without those of which @replaced is true (NULL: none). */
static void add_lines(struct object *o, struct object_text *text, struct json_object *ini,
		      const bool *replaced)
{
	const struct place place = {.parent = &o->spec_place, .name = "ini"};
	struct lines lines;
	struct line line = {};

	lines_begin(&lines, json_object_get_string(ini), (size_t)json_object_get_string_len(ini));
	while (lines_next(&lines, &line)) {
		if (replaced && replaced[line.number])
			text_add(text, &place, line.number, "", REPLACED, strlen(REPLACED));
		else
			text_add(text, &place, line.number, "", line.text, line.n);
	}
}

/*
 * Which lines say a unit or cgroup, by their numbers. NULL where that cannot be told: the text has
 * errors, which who parses it next tells.
 */
static bool *find_replaced(struct object *o, struct json_object *ini)
{
	struct object_text text;
	struct policy *policy = NULL;
	struct diag diag = {};
	size_t n_lines;
	bool *replaced = NULL;

	text_begin(&text, &o->reader);
	add_lines(o, &text, ini, NULL);
	n_lines = text.n_lines;
	text_add_select(&text, o);
	if (o->reader.r == 0 && fflush(text.stream) == 0)
		o->reader.r =
			policy_parse_text(o->policy, text.bytes, text.n_bytes, &diag, &policy);
	if (o->reader.r > 0)
		o->reader.r = 0;
	if (policy) {
		replaced = calloc(n_lines + 1, sizeof(*replaced));
		if (!replaced)
			o->reader.r = -ENOMEM;
		for (size_t i = 0; replaced && i < policy->n_selects; i++) {
			const struct policy_select *select = &policy->selects[i];

			if (select->line <= n_lines && (select->key == POLICY_SELECT_UNIT ||
							select->key == POLICY_SELECT_CGROUP))
				replaced[select->line] = true;
			if (select->line <= n_lines && select->key == POLICY_SELECT_CONTAINER &&
			    o->containers) {
				const struct place at = {.parent = &o->spec_place,
							 .name = "selector.containers"};

				place_error(&o->reader, &at,
					    "line %u of spec.ini names containers, too; keep one "
					    "of both",
					    select->line);
			}
		}
	}
	policy_free(policy);
	diag_clear(&diag);
	text_release(&text);
	return replaced;
}

void ini_read(struct object *o, struct object_text *text)
{
	_cleanup_(freep) bool *replaced = NULL;
	struct place at;
	struct json_object *ini =
		reader_field(&o->reader, &o->spec_place, o->spec, "ini", json_type_string, &at);

	for (const char *const *name = section_fields; *name; name++) {
		const struct place other = {.parent = &o->spec_place, .name = *name};

		if (json_object_object_get(o->spec, *name))
			place_error(&o->reader, &other,
				    "spec.ini is a whole policy; write this section there, or take "
				    "spec.ini out");
	}
	if (!ini)
		return;
	replaced = find_replaced(o, ini);
	add_lines(o, text, ini, replaced);
}
