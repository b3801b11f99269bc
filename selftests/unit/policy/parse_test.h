/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the tests of the parser share. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/diag.h"
#include "policy/policy.h"

/* Two lines that make a policy select something. */
#define SELECT "[select]\nunit = a.service\n"

/* The shortest policy without a warning: line 5 follows. */
#define RULE SELECT "[exec]\ndeny = /x\n"

/* All items, one a line. */
static inline char *diag_text(const struct diag *diag)
{
	char *text = NULL;
	size_t n = 0;
	FILE *stream = open_memstream(&text, &n);

	assert_non_null(stream);
	for (size_t i = 0; i < diag->n_items; i++) {
		char *line = NULL;

		assert_int_equal(diag_item_format(&diag->items[i], &line), 0);
		fprintf(stream, "%s\n", line);
		free(line);
	}
	fclose(stream);
	return text;
}
