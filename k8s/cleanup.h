/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

/* Ownership in one look: _cleanup_ frees at the end of the scope, TAKE_PTR hands on. */
#define _cleanup_(function) __attribute__((cleanup(function)))
#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define TAKE_PTR(pointer)                                                                          \
	({                                                                                         \
		__typeof__(pointer) taken_ = (pointer);                                            \
		(pointer) = NULL;                                                                  \
		taken_;                                                                            \
	})

static inline void freep(void *pointer)
{
	free(*(void **)pointer);
}

static inline void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void json_putp(struct json_object **object)
{
	json_object_put(*object);
}
