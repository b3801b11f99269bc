/* SPDX-License-Identifier: Apache-2.0 */

#include "k8s/selector.h"

#include <string.h>

enum label_operator { OPERATOR_IN, OPERATOR_NOT_IN, OPERATOR_EXISTS, OPERATOR_DOES_NOT_EXIST };

static const char *const operators[] = {"In", "NotIn", "Exists", "DoesNotExist", NULL};

/* Index in operators; -1: none of them. */
static int operator_of(const char *text)
{
	for (int i = 0; text && operators[i]; i++)
		if (strcmp(text, operators[i]) == 0)
			return i;
	return -1;
}

static void check_labels(struct reader *reader, const struct place *place,
			 struct json_object *labels)
{
	json_object_object_foreach(labels, name, value)
	{
		const struct place at = {.parent = place, .name = name};

		if (!json_object_is_type(value, json_type_string))
			place_error(reader, &at, "a label's value is a text; write it in quotes");
	}
}

static void check_values(struct reader *reader, const struct place *place,
			 struct json_object *expression, int op)
{
	struct place at;
	struct json_object *values =
		reader_field(reader, place, expression, "values", json_type_array, &at);
	size_t n = values ? json_object_array_length(values) : 0;

	for (size_t i = 0; i < n; i++) {
		const struct place item = {.parent = &at, .index = i};

		if (!json_object_is_type(json_object_array_get_idx(values, i), json_type_string))
			place_error(reader, &item, "a label's value is a text; write it in quotes");
	}
	if (n == 0 && (op == OPERATOR_IN || op == OPERATOR_NOT_IN))
		place_error(reader, &at, "%s needs values; write at least one", operators[op]);
	if (n > 0 && (op == OPERATOR_EXISTS || op == OPERATOR_DOES_NOT_EXIST))
		place_error(reader, &at, "%s takes no values; take them out, or write In",
			    operators[op]);
}

static void check_expression(struct reader *reader, const struct place *place,
			     struct json_object *expression)
{
	static const char *const names[] = {"key", "operator", "values", NULL};
	struct json_object *key, *op;
	struct place at;
	const char *text;
	int i;

	if (!reader_fields(reader, place, expression, names)) {
		if (!expression)
			place_error(reader, place, "an expression has a key and an operator");
		return;
	}
	key = reader_field(reader, place, expression, "key", json_type_string, &at);
	if (!key || json_object_get_string_len(key) == 0)
		place_error(reader, &at, "an expression needs a label's name for its key");
	op = reader_field(reader, place, expression, "operator", json_type_string, &at);
	text = op ? json_object_get_string(op) : "";
	i = operator_of(text);
	if (i >= 0) {
		check_values(reader, place, expression, i);
		return;
	}
	place_error(reader, &at,
		    "unknown operator \"%s\"; there are In, NotIn, Exists, DoesNotExist", text);
}

void selector_check(struct reader *reader, const struct place *place, struct json_object *selector)
{
	struct place at;
	struct json_object *labels =
		reader_field(reader, place, selector, "matchLabels", json_type_object, &at);
	struct json_object *expressions;

	if (labels)
		check_labels(reader, &at, labels);
	expressions =
		reader_field(reader, place, selector, "matchExpressions", json_type_array, &at);
	for (size_t i = 0; expressions && i < json_object_array_length(expressions); i++) {
		const struct place item = {.parent = &at, .index = i};

		check_expression(reader, &item, json_object_array_get_idx(expressions, i));
	}
}

/* The value of a label; NULL where it is not there. */
static const char *label_value(struct json_object *labels, const char *name)
{
	struct json_object *value = NULL;

	if (labels)
		json_object_object_get_ex(labels, name, &value);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static bool is_among(struct json_object *values, const char *value)
{
	for (size_t i = 0; i < json_object_array_length(values); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(values, i)), value) ==
		    0)
			return true;
	return false;
}

static bool expression_matches(struct json_object *expression, struct json_object *labels)
{
	struct json_object *values = json_object_object_get(expression, "values");
	const char *value = label_value(
		labels, json_object_get_string(json_object_object_get(expression, "key")));

	switch (operator_of(
		json_object_get_string(json_object_object_get(expression, "operator")))) {
	case OPERATOR_IN:
		return value && is_among(values, value);
	case OPERATOR_NOT_IN:
		return !value || !is_among(values, value);
	case OPERATOR_EXISTS:
		return value;
	default:
		return !value;
	}
}

bool selector_matches(struct json_object *selector, struct json_object *labels)
{
	struct json_object *wanted = NULL, *expressions = NULL;

	if (!selector)
		return true;
	json_object_object_get_ex(selector, "matchLabels", &wanted);
	json_object_object_get_ex(selector, "matchExpressions", &expressions);
	if (wanted) {
		json_object_object_foreach(wanted, name, value)
		{
			const char *has = label_value(labels, name);

			if (!has || strcmp(has, json_object_get_string(value)) != 0)
				return false;
		}
	}
	for (size_t i = 0; expressions && i < json_object_array_length(expressions); i++)
		if (!expression_matches(json_object_array_get_idx(expressions, i), labels))
			return false;
	return true;
}
