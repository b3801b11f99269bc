// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/automaton.h"
#include "policy/glob.h"
#include "selftests/fuzz/fuzz.h"
#include "selftests/unit/policy/oracle.h"

/*
 * Patterns to an automaton, against the slow matcher. The input is lines: the first has letters for
 * flags, one that begins with '=' is a path, any other a pattern. What is no path is tried as well:
 * whatever the patterns may match.
 */

#define PATTERNS_MAX 8
#define PATHS_MAX 64
#define PATH_SIZE 256

struct input {
	unsigned flags, glob_flags;
	struct glob *globs[PATTERNS_MAX];
	struct oracle_pattern *oracles[PATTERNS_MAX];
	size_t n;
	struct {
		char bytes[PATH_SIZE];
		size_t n;
	} paths[PATHS_MAX];
	size_t n_paths;
};

static void input_free(struct input *input)
{
	for (size_t i = 0; i < input->n; i++) {
		glob_free(input->globs[i]);
		oracle_free(input->oracles[i]);
	}
	free(input);
}

static void flags_read(struct input *input, const char *line, size_t n)
{
	/* A unit's pattern has its flags together, as the parser gives them. */
	if (memchr(line, 'u', n))
		input->glob_flags = GLOB_UNIT | GLOB_BACKSLASH_PLAIN | GLOB_SLASH_PLAIN;
	if (memchr(line, 'p', n))
		input->glob_flags |= GLOB_BACKSLASH_PLAIN;
	if (memchr(line, 's', n))
		input->glob_flags |= GLOB_SLASH_PLAIN;
	if (memchr(line, 'b', n))
		input->glob_flags |= GLOB_BENEATH;
	if (memchr(line, 'a', n) && !(input->glob_flags & GLOB_UNIT))
		input->flags = AUTOMATON_ALIASES;
}

struct names {
	const struct oracle_pattern *oracle;
	unsigned n;
};

/* What a pattern spells out is matched by it. */
static int name_check(void *userdata, const char *path, bool tree)
{
	struct names *names = userdata;

	must(tree || oracle_match(names->oracle, path, strlen(path)), "\"%s\" is no match", path);
	return ++names->n == PATHS_MAX ? 1 : 0;
}

static void pattern_read(struct input *input, const char *line, size_t n)
{
	char *text = fuzz_string(line, n);
	struct names names = {0};
	struct glob_error error;
	struct glob *glob;
	int r = glob_parse(text, input->glob_flags, &glob, &error);

	must(r == 0 || (r == -EINVAL && error.offset <= strlen(text) && error.reason[0]),
	     "\"%s\": %d", text, r);
	if (r == 0 && input->n < PATTERNS_MAX && fuzz_branches(glob) < FUZZ_BRANCHES_MAX) {
		names.oracle = input->oracles[input->n] = oracle_parse(text, input->glob_flags);
		input->globs[input->n++] = glob;
		r = glob_names(glob, name_check, &names);
		must(r >= 0 || r == -E2BIG, "\"%s\": %d", text, r);
	} else if (r == 0) {
		glob_free(glob);
	}
	free(text);
}

static void path_read(struct input *input, const char *line, size_t n)
{
	/* No path has a byte 0. */
	if (input->n_paths == PATHS_MAX || n > PATH_SIZE || memchr(line, 0, n))
		return;
	memcpy(input->paths[input->n_paths].bytes, line, n);
	input->paths[input->n_paths++].n = n;
}

static void input_read(struct input *input, const char *text, size_t n)
{
	for (bool first = true; n; first = false) {
		const char *end = memchr(text, '\n', n);
		size_t n_line = end ? (size_t)(end - text) : n;

		if (first)
			flags_read(input, text, n_line);
		else if (n_line && text[0] == '=')
			path_read(input, text + 1, n_line - 1);
		else
			pattern_read(input, text, n_line);
		text += n_line + (end != NULL);
		n -= n_line + (end != NULL);
	}
	for (size_t i = 0; i < input->n; i++) {
		for (unsigned k = 0; k < 6; k++) {
			char path[PATH_SIZE];

			path_read(input, path,
				  random_path(input->oracles[i], "ab/.", path, sizeof(path)));
		}
	}
}

static uint32_t run(const struct automaton *a, const char *path, size_t n)
{
	uint32_t state = a->starts[0];

	for (size_t i = 0; i < n; i++)
		state = automaton_next(a, state, (unsigned char)path[i]);
	return a->labels[state];
}

static uint32_t run_packed(const struct automaton *a, const struct automaton_table *table,
			   const char *path, size_t n)
{
	uint32_t state = table->starts[0];

	for (size_t i = 0; i < n; i++) {
		const struct bailiff_cell *cell =
			&table->cells[state + 1 + a->class_of[(unsigned char)path[i]]];

		state = cell->check == state ? cell->next : table->cells[state].next;
	}
	return table->cells[state].check & ~BAILIFF_HEAD;
}

static bool accepts(const struct automaton *a, uint32_t label, uint32_t rule)
{
	size_t n;
	const uint32_t *set = interner_list(&a->accepts, label, &n);

	for (size_t i = 0; i < n; i++)
		if (set[i] == rule)
			return true;
	return false;
}

static void paths_check(const struct input *input, const struct automaton *a,
			const struct automaton_table *table)
{
	for (size_t p = 0; p < input->n_paths; p++) {
		const char *path = input->paths[p].bytes;
		size_t n = input->paths[p].n;
		uint32_t label = table ? run_packed(a, table, path, n) : run(a, path, n);

		must(label < a->accepts.n_lists, "label %u", label);
		for (uint32_t i = 0; i < input->n; i++) {
			bool matches = input->flags & AUTOMATON_ALIASES
					       ? oracle_match_alias(input->oracles[i], path, n)
					       : oracle_match(input->oracles[i], path, n);

			must(accepts(a, label, i) == matches, "pattern %u, path \"%.*s\", %s", i,
			     (int)n, path, table ? "packed" : "as built");
		}
	}
}

static void automaton_check(const struct input *input)
{
	struct automaton_pattern patterns[PATTERNS_MAX] = {0};
	struct automaton_table table = {0};
	struct automaton *automaton;
	size_t culprit = SIZE_MAX;
	int r;

	for (uint32_t i = 0; i < input->n; i++)
		patterns[i] = (struct automaton_pattern){.glob = input->globs[i], .rule = i};
	r = automaton_build(patterns, input->n, input->flags, NULL, 0, &automaton, &culprit);
	must(r == 0 || (r == -E2BIG && culprit < input->n), "%d by %zu", r, culprit);
	if (r < 0)
		return;
	paths_check(input, automaton, NULL);
	/* Its accept sets are its labels. */
	must(automaton_minimise(automaton) == 0, "no memory");
	paths_check(input, automaton, NULL);
	must(automaton_pack(automaton, 0, &table) == 0, "no memory");
	paths_check(input, automaton, &table);
	free(table.memory);
	free(table.starts);
	automaton_free(automaton);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input *input = calloc(1, sizeof(*input));

	must(input, "no memory");
	fuzz_seed(data, size);
	input_read(input, (const char *)data, size);
	automaton_check(input);
	input_free(input);
	return 0;
}
