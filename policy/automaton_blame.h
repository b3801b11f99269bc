/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#include "policy/automaton_row.h"

/* Patterns that may be why an automaton grows too large, the most likely first. */
#define SUSPECTS_MAX 16

struct suspects {
	uint32_t patterns[SUSPECTS_MAX];
	size_t n;
};

/*
 * Finds them of @n_patterns patterns whose sets have reached a limit; at least one. Returns 0 or
 * -ENOMEM.
 */
int suspects_find(const struct rows *rows, size_t n_patterns, struct suspects *ret_suspects);

/* The same where the nfa has reached its limit: the pattern that has most of its states. */
int suspects_find_longest(const struct nfa *nfa, size_t n_patterns, struct suspects *ret_suspects);
