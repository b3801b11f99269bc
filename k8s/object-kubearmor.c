/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <string.h>

#include "daemon/convert.h"
#include "k8s/cleanup.h"
#include "k8s/object-internal.h"
#include "k8s/selector.h"

/*
 * Objects of KubeArmor become policies by the converter that "bailiff convert kubearmor" is. It
 * reads YAML, of which JSON is a part: each value is given a line of its own, so that what the
 * converter says of a line can be said of a path.
 */

#define CONTAINER_LABEL "kubearmor.io/container.name"
#define NAME_LABEL "kubernetes.io/metadata.name"

/* A new empty selector with a list of expressions, which stays the selector's. */
static struct json_object *new_selector(struct object *o, struct json_object **ret_expressions)
{
	struct json_object *selector = json_object_new_object();

	*ret_expressions = json_object_new_array();
	if (selector && *ret_expressions &&
	    json_object_object_add(selector, "matchExpressions", *ret_expressions) == 0)
		return selector;
	json_object_put(*ret_expressions);
	json_object_put(selector);
	*ret_expressions = NULL;
	o->reader.r = -ENOMEM;
	return NULL;
}

static void add_expression(struct object *o, struct json_object *expressions, const char *key,
			   const char *op, struct json_object *values)
{
	struct json_object *expression = expressions ? json_object_new_object() : NULL;

	if (!expression || !values ||
	    json_object_object_add(expression, "key", json_object_new_string(key)) < 0 ||
	    json_object_object_add(expression, "operator", json_object_new_string(op)) < 0 ||
	    json_object_object_add(expression, "values", json_object_get(values)) < 0 ||
	    json_object_array_add(expressions, expression) < 0)
		o->reader.r = -ENOMEM;
}

/* "a", or "[a, b]": the containers that a policy is for. */
static void read_containers(struct object *o, const struct place *place, const char *text)
{
	o->containers = json_object_new_array();
	if (!o->containers) {
		o->reader.r = -ENOMEM;
		return;
	}
	while (*(text += strspn(text, "[], "))) {
		size_t n = strcspn(text, "[], ");
		_cleanup_(freep) char *name = strndup(text, n);

		if (!name || json_object_array_add(o->containers, json_object_new_string(name)) < 0)
			o->reader.r = -ENOMEM;
		else if (!name_is_plain(name) || strchr(name, '.'))
			place_error(&o->reader, place,
				    "\"%s\" is no container's name: it has a-z 0-9 - alone", name);
		text += n;
	}
	if (json_object_array_length(o->containers) == 0)
		place_error(&o->reader, place,
			    "it names no container; write one, or take the label out");
}

/* matchLabels of a KubeArmorPolicy, one of which is none but names containers. */
static void read_labels(struct object *o, const struct place *place, struct json_object *selector)
{
	struct place at;
	struct json_object *labels =
		reader_field(&o->reader, place, selector, "matchLabels", json_type_object, &at);
	struct json_object *expressions;

	selector_check(&o->reader, place, selector);
	if (!labels)
		return;
	o->pods = new_selector(o, &expressions);
	json_object_object_foreach(labels, name, value)
	{
		const struct place label = {.parent = &at, .name = name};
		_cleanup_(json_putp) struct json_object *values = json_object_new_array();

		if (strcmp(name, CONTAINER_LABEL) == 0 &&
		    json_object_is_type(value, json_type_string)) {
			read_containers(o, &label, json_object_get_string(value));
			continue;
		}
		if (values)
			json_object_array_add(values, json_object_get(value));
		add_expression(o, expressions, name, "In", values);
	}
}

/*
 * "KEY=VALUE" texts as expressions: those of one key are alternatives, and there is no other kind
 * of alternative in a selector.
 */
static void add_label_values(struct object *o, const struct place *place,
			     struct json_object *expressions, const char *op,
			     struct json_object *texts)
{
	_cleanup_(json_putp) struct json_object *values = json_object_new_array();
	_cleanup_(freep) char *key = NULL;

	for (size_t i = 0; values && i < json_object_array_length(texts); i++) {
		const struct place at = {.parent = place, .index = i};
		const char *text =
			reader_line(&o->reader, &at, json_object_array_get_idx(texts, i));
		const char *equals = text ? strchr(text, '=') : NULL;

		if (text && !equals)
			place_error(&o->reader, &at, "a label is written KEY=VALUE");
		if (!equals)
			continue;
		if (!key)
			key = strndup(text, (size_t)(equals - text));
		if (!key) {
			o->reader.r = -ENOMEM;
		} else if (strncmp(key, text, (size_t)(equals - text)) != 0 ||
			   key[equals - text] != '\0') {
			place_error(&o->reader, &at,
				    "the labels of one expression have one key here, and \"%s\" is "
				    "another; make the object two of them",
				    text);
		} else {
			json_object_array_add(values, json_object_new_string(equals + 1));
		}
	}
	if (key)
		add_expression(o, expressions, key, op, values);
}

/* One of matchExpressions of a KubeArmorClusterPolicy: its key is "namespace" or "label". */
static void read_expression(struct object *o, const struct place *place,
			    struct json_object *expression, struct json_object *pods,
			    struct json_object *namespaces)
{
	const char *key = reader_line_field(&o->reader, place, expression, "key");
	const char *op = reader_line_field(&o->reader, place, expression, "operator");
	struct place at;
	struct json_object *values =
		reader_field(&o->reader, place, expression, "values", json_type_array, &at);

	if (!key || !op || !values)
		return; /* told when the selector was checked */
	if (strcmp(key, "namespace") == 0)
		add_expression(o, namespaces, NAME_LABEL, op, values);
	else if (strcmp(key, "label") == 0)
		add_label_values(o, &at, pods, op, values);
	else
		place_error(&o->reader, place, "unknown key \"%s\"; there are namespace, label",
			    key);
}

static void read_expressions(struct object *o, const struct place *place,
			     struct json_object *selector)
{
	struct place at;
	struct json_object *list =
		reader_field(&o->reader, place, selector, "matchExpressions", json_type_array, &at);
	size_t n_errors = o->reader.diag->n_errors;
	struct json_object *pods, *namespaces;

	selector_check(&o->reader, place, selector);
	o->pods = new_selector(o, &pods);
	o->namespaces = new_selector(o, &namespaces);
	if (!list || o->reader.diag->n_errors > n_errors)
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const struct place item = {.parent = &at, .index = i};

		read_expression(o, &item, json_object_array_get_idx(list, i), pods, namespaces);
	}
}

void kubearmor_read_selector(struct object *o)
{
	static const char *const label_names[] = {"matchLabels", NULL};
	static const char *const expression_names[] = {"matchExpressions", NULL};
	struct place at;
	struct json_object *selector;

	if (o->kind == OBJECT_KUBEARMOR_HOST_POLICY)
		return; /* the converter knows what the host is named */
	selector = reader_field(&o->reader, &o->spec_place, o->spec, "selector", json_type_object,
				&at);
	if (!reader_fields(&o->reader, &at, selector,
			   o->kind == OBJECT_KUBEARMOR_POLICY ? label_names : expression_names)) {
		if (!selector)
			place_error(&o->reader, &at,
				    "a policy says whom it holds for; write a selector");
		return;
	}
	if (o->kind == OBJECT_KUBEARMOR_POLICY)
		read_labels(o, &at, selector);
	else
		read_expressions(o, &at, selector);
}

/* Writes JSON with a line for each value, and says where it is from. */
static void write_value(struct object_text *text, const struct place *place, const char *front,
			struct json_object *value, const char *end)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	_cleanup_(freep) char *line = NULL;
	size_t i = 0;

	if (json_object_is_type(value, json_type_object)) {
		text_add(text, place, 0, front, "{", 1);
		json_object_object_foreach(value, name, field)
		{
			const struct place at = {.parent = place, .name = name};
			struct json_object *key = json_object_new_string(name);
			_cleanup_(freep) char *begin = NULL;

			if (asprintf(&begin, "%s: ", json_object_to_json_string_ext(key, flags)) <
			    0)
				begin = NULL;
			json_object_put(key);
			write_value(text, &at, begin ? begin : "", field,
				    ++i < (size_t)json_object_object_length(value) ? "," : "");
		}
		text_add(text, place, 0, "}", end, strlen(end));
	} else if (json_object_is_type(value, json_type_array)) {
		text_add(text, place, 0, front, "[", 1);
		for (; i < json_object_array_length(value); i++) {
			const struct place at = {.parent = place, .index = i};

			write_value(text, &at, "", json_object_array_get_idx(value, i),
				    i + 1 < json_object_array_length(value) ? "," : "");
		}
		text_add(text, place, 0, "]", end, strlen(end));
	} else {
		if (asprintf(&line, "%s%s", json_object_to_json_string_ext(value, flags), end) < 0)
			line = NULL;
		text_add(text, place, 0, front, line ? line : "", line ? strlen(line) : 0);
	}
}

/* The object with no more of its metadata than its name: managers' fields grow without bound. */
static void write_object(struct object *o, struct object_text *text)
{
	struct json_object *version = json_object_object_get(o->json, "apiVersion");
	struct json_object *kind = json_object_object_get(o->json, "kind");
	_cleanup_(freep) char *metadata = NULL;

	if (asprintf(&metadata, "\"metadata\": {\"name\": \"%s\"%s%s%s},", o->name,
		     o->space ? ", \"namespace\": \"" : "", o->space ? o->space : "",
		     o->space ? "\"" : "") < 0) {
		metadata = NULL;
		o->reader.r = -ENOMEM;
		return;
	}
	text_add(text, &o->place, 0, "{", "", 0);
	write_value(text, &o->place, "\"apiVersion\": ", version, ",");
	write_value(text, &o->place, "\"kind\": ", kind, ",");
	text_add(text, &o->place, 0, metadata, "", 0);
	write_value(text, &o->spec_place, "\"spec\": ", o->spec, "}");
}

static int tell(struct object *o, const struct object_text *text, const struct diag *found)
{
	for (size_t i = 0; i < found->n_items; i++) {
		const struct diag_item *item = &found->items[i];
		struct diag_place place = {.file = o->title, .near = item->near};

		if (item->line >= 1 && item->line <= text->n_lines &&
		    text->origins[item->line - 1].path)
			place.file = text->origins[item->line - 1].path;
		if (diag_add_at(o->reader.diag, item->level, &place, "%s", item->message) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The lines of [select]: a list that the caller frees, but not its lines, which are the object's.
 */
static const char **select_lines(struct object *o, char **ret_names, size_t *ret_n)
{
	size_t n_names = o->containers ? json_object_array_length(o->containers) : 0;
	const char **lines = calloc(o->selects.n + 2, sizeof(*lines));
	FILE *stream;
	size_t n;

	for (*ret_n = 0; lines && *ret_n < o->selects.n; ++*ret_n)
		lines[*ret_n] = o->selects.lines[*ret_n];
	if (lines && o->selects.n == 0)
		lines[(*ret_n)++] = OBJECT_NOBODY;
	if (!lines || n_names == 0)
		return lines;
	stream = open_memstream(ret_names, &n);
	if (stream)
		fputs("container =", stream);
	for (size_t i = 0; stream && i < n_names; i++)
		fprintf(stream, " %s",
			json_object_get_string(json_object_array_get_idx(o->containers, i)));
	if (stream && fclose(stream) == 0)
		lines[(*ret_n)++] = *ret_names;
	else
		o->reader.r = -ENOMEM;
	return lines;
}

int kubearmor_read(struct object *o, char **ret_text)
{
	struct convert_options options = {.posture = CONVERT_POSTURE_AUDIT, .host = o->host};
	_cleanup_(freep) char *names = NULL;
	_cleanup_(freep) const char **selects = NULL;
	struct convert_result result = {};
	struct object_text text;
	struct diag found = {};
	int r;

	text_begin(&text, &o->reader);
	write_object(o, &text);
	selects = select_lines(o, &names, &options.n_selects);
	if (!selects || (o->reader.r == 0 && fflush(text.stream) != 0))
		o->reader.r = -ENOMEM;
	if (o->kind == OBJECT_KUBEARMOR_HOST_POLICY)
		options.n_selects = 0;
	options.selects = selects;
	r = o->reader.r;
	if (r == 0)
		r = convert_kubearmor(o->title, text.bytes, text.n_bytes, &options, &found,
				      &result);
	if (r >= 0 && tell(o, &text, &found) < 0)
		r = -ENOMEM;
	if (r == 0 && result.n_policies == 1)
		*ret_text = TAKE_PTR(result.policies[0].text);
	else if (r == 0)
		r = 1;
	convert_result_clear(&result);
	diag_clear(&found);
	text_release(&text);
	return r;
}
