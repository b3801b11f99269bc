/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/event-text.h"
#include "policy/automaton.h"

/* Patterns as in policies over a text, of which one must match. All zero is none: everything
 * passes. */
struct cli_filter {
	struct glob **globs;
	size_t n_globs;
	struct automaton *automaton; /* of all, made by cli_filter_compile() */
};

/*
 * Adds a pattern; @beneath: and what lies beneath what it matches. Returns 0, -EINVAL and a
 * constant reason, or -ENOMEM.
 */
int cli_filter_add(struct cli_filter *filter, const char *pattern, bool beneath,
		   const char **ret_reason);

/* After the last pattern. Returns 0, -E2BIG (too many wildcards), or -ENOMEM. */
int cli_filter_compile(struct cli_filter *filter);
bool cli_filter_passes(const struct cli_filter *filter, struct text text);
void cli_filter_release(struct cli_filter *filter);
