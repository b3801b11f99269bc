/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "policy/diag.h"

/*
 * Reading the objects of an API server: each mistake is told with its JSON path and what would be
 * right. Nothing is believed of an object but what was looked at here.
 */

#define READER_TEXT_MAX (16u << 20) /* bytes of one JSON text */
#define READER_DEPTH_MAX 32

/* Where in an object something is: a chain up to the object itself. */
struct place {
	const struct place *parent; /* NULL: the object */
	const char *name;	    /* of the field, or of the object ("BailiffPolicy shop/web") */
	size_t index;		    /* where name is NULL: of the list's item */
};

/*
 * A mistake goes to diag and is no failure. Memory that runs out is remembered, and nothing that
 * was read is used then.
 */
struct reader {
	struct diag *diag; /* "file" of its items is the object and its JSON path */
	int r;		   /* 0 or -ENOMEM */
};

/* A new string "OBJECT: spec.file.deny[2]", which the caller frees; NULL: no memory (told). */
char *place_text(struct reader *reader, const struct place *place);

/* Adds an error at a place. */
void place_error(struct reader *reader, const struct place *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Parses one JSON text. Returns 0 and the value, which the caller puts; 1 where it is no JSON, or
 * exceeds a limit, with an error at @place; or -ENOMEM.
 */
int reader_parse(struct reader *reader, const struct place *place, const char *text, size_t n,
		 struct json_object **ret_value);

/*
 * Whether @value is an object that has no other fields than @names, which end with NULL; NULL: any
 * fields. What is wrong is told. No value (NULL, or JSON's null) is no object, without an error.
 */
bool reader_fields(struct reader *reader, const struct place *place, struct json_object *value,
		   const char *const *names);

/*
 * The field of an object, of that type; NULL where it is missing or null, and where it has another
 * type, which is told. *@ret_place is its place in each case.
 */
struct json_object *reader_field(struct reader *reader, const struct place *place,
				 struct json_object *object, const char *name, enum json_type type,
				 struct place *ret_place);

/*
 * The text of a string that fits into one line of a policy as it is: not empty, without control
 * characters, and nothing of it begins a comment. NULL where it is none, which is told. It lives as
 * long as @value.
 */
const char *reader_line(struct reader *reader, const struct place *place,
			struct json_object *value);

/* The same of a field; NULL where it is missing or wrong (told). */
const char *reader_line_field(struct reader *reader, const struct place *place,
			      struct json_object *object, const char *name);

/* Whether a text is a name as Kubernetes has them: a-z 0-9 - and ., 1 to 253 bytes. */
bool name_is_plain(const char *name);
