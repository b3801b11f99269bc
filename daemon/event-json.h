/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/event-text.h"

/*
 * An entry of the journal as a JSON object on one line: what "bailiff events --json" prints, and
 * what the daemon writes beside the journal.
 */

/* A field of the entry by its name; n == 0: it has none. */
typedef struct text (*event_field)(void *userdata, const char *name);

/*
 * For an entry that is about bailiffd itself, which says it in its message: the word for it, by its
 * MESSAGE_ID. NULL for every other.
 */
const char *event_note(struct text message_id);

/*
 * @when: microseconds since 1970. Returns 0 and the line, without a newline, which the caller
 * frees, or -ENOMEM.
 */
int event_json(event_field field, void *userdata, uint64_t when, char **ret_line, size_t *ret_n);
