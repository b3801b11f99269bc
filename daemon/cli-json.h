/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-c/json.h>
#include <stddef.h>

#include "daemon/cli.h"
#include "daemon/util.h"

/* JSON out, with json-c, which only the command links; bailiffd writes its lines by event-json.c.
 */

static inline void json_freep(struct json_object **object)
{
	json_object_put(*object);
}

/* A text; what is no UTF-8 becomes an array of its bytes, as with "journalctl -o json". */
struct json_object *json_text(const char *text, size_t n);

/*
 * Add a member to an object; a text that is NULL is null. They take no failure back: json-c hands
 * on NULL where memory ran out, and json_print() answers for it.
 */
void json_add_text(struct json_object *object, const char *key, const char *text);
void json_add_number(struct json_object *object, const char *key, unsigned long long number);
void json_add_bool(struct json_object *object, const char *key, bool value);

/* Prints it on one line. */
enum cli_status json_print(struct json_object *object, enum cli_status status);
