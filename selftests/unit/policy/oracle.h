/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "bpf-lsm/abi.h"

/*
 * What patterns and policies mean, said a second time: slow, from the text of the patterns, and
 * without anything of policy/. Braces are written out, patterns are matched by backtracking, and
 * one rule lies inside another if it does on every path of a given universe.
 *
 * Memory is assumed not to run out; a pattern that is none stops the test.
 */

struct policy;

struct oracle_pattern;

/* @flags are enum glob_flags. The caller frees the pattern. */
struct oracle_pattern *oracle_parse(const char *text, unsigned flags);
void oracle_free(struct oracle_pattern *pattern);
bool oracle_match(const struct oracle_pattern *pattern, const char *path, size_t n);

/* The same for whichever spelling of a merged-/usr alias @path has. */
bool oracle_match_alias(const struct oracle_pattern *pattern, const char *path, size_t n);

struct oracle;

/* Neither the policies nor the universe (strings) are copied. The caller frees the oracle. */
struct oracle *oracle_new(const struct policy *const *policies, size_t n_policies,
			  const char *const *universe, size_t n_universe);
void oracle_delete(struct oracle *oracle);

/*
 * The decision word of abi.h for the path @index of the universe; rules are numbered as
 * image_compile() numbers them.
 */
__u32 oracle_decide(const struct oracle *oracle, unsigned verb, size_t index);

/*
 * One more path to decide on, which plays no part in what lies inside what: patterns are compared
 * on the universe alone. Returns its index.
 */
size_t oracle_add(struct oracle *oracle, const char *path, size_t n);

struct bailiff_cell;

/* The state of an image's automaton after a path. */
__u32 oracle_state(const struct bailiff_cell *cells, const char *path, size_t n);

/*
 * The words of a label that say what lies beneath a path, in their places in @ret_words: by going
 * through all states of an image that come after, and asking each what it says about its path.
 */
void oracle_below(const struct bailiff_cell *cells, const char *path, size_t n, __u32 *ret_words);

/* A seed from BAILIFF_SEED, or @seed; printed, so that a failure can be had again. */
void random_seed(unsigned long seed);
/* Silently: from @seed alone. */
void random_start(unsigned long seed);
unsigned random_below(unsigned n);

/* A random pattern over @letters: braces, classes and wildcards, about @n_tokens of them. */
void random_pattern(char *text, const char *letters, unsigned n_tokens);

/* A path that a pattern may match: one of its strings, and sometimes something else in it. */
size_t random_path(const struct oracle_pattern *pattern, const char *letters, char *path,
		   size_t max);
