// SPDX-License-Identifier: Apache-2.0

/*
 * How long a policy takes to compile and how large it gets. Rules are exact paths out of a tree of
 * random words, 93 bytes long on average as the files of a Debian system are, and a few with "**".
 *
 *	compile [N...]		numbers of rules; 100 1000 10000 if none is given
 *	compile --policy N	prints the policy of that many exact paths, for other measures
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/diag.h"
#include "policy/glob.h"
#include "policy/image.h"
#include "policy/policy.h"

#define RUNS 7

static uint64_t random_state = 0x9e3779b97f4a7c15ull;

static unsigned random_below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 33) % n;
}

/* What share of the rules is which. */
struct mix {
	const char *name;
	unsigned wild;		/* this many with "**", of kinds that occur in policies */
	unsigned names_percent; /* of all: "/ ** /name" */
};

static const struct mix mixes[] = {
	{"exact", 0, 0},
	{"exact, 8 with **", 8, 0},
	{"/**/name alone", 0, 100},
};

static void words_append(char *path, unsigned seed)
{
	static const char letters[] = "etaoinshrdlcumwfgypbvkjxqz0123456789-_.ETAOINSHRDLC";
	uint64_t kept = random_state;
	unsigned n;

	random_state = seed * 0x9e3779b97f4a7c15ull + 1;
	random_below(2);
	n = 3 + random_below(14);
	path += strlen(path);
	*path++ = '/';
	while (n--) {
		unsigned common = random_below(3) ? 20 : sizeof(letters) - 1;

		*path++ = letters[random_below(common)];
	}
	*path = '\0';
	random_state = kept;
}

/* A file some nine directories deep: directories have few entries at the top and more below. */
static void path_exact(char *path)
{
	unsigned depth = 7 + random_below(5), seed = 0;

	path[0] = '\0';
	for (unsigned i = 0; i < depth; i++) {
		unsigned last = i + 1 == depth;

		seed = seed * 31 + random_below(last ? 400 : i < 6 ? 3 : 2) + 17 * i;
		words_append(path, seed);
	}
}

static void path_wild(char *path, unsigned number)
{
	static const char *const kinds[] = {"/**/id_rsa",  "/home/**",	      "/usr/**",
					    "/**/*.key",   "/etc/**/shadow*", "/proc/*/mem",
					    "/**/.ssh/**", "/var/log/**"};

	strcpy(path, kinds[number % (sizeof(kinds) / sizeof(kinds[0]))]);
}

static int rule_fill(struct policy_rule *rule, const struct mix *mix, unsigned number)
{
	struct glob_error error;
	char path[4096] = "/**";

	if (number < mix->wild)
		path_wild(path, number);
	else if (random_below(100) < mix->names_percent)
		words_append(path, random_below(1u << 30));
	else
		path_exact(path);
	rule->verdict = number % 3 ? BAILIFF_DENY : BAILIFF_ALLOW;
	rule->verbs = 1u << number % BAILIFF_N_VERBS;
	rule->line = number + 1;
	rule->column = 1;
	rule->pattern = strdup(path);
	return rule->pattern ? glob_parse(path, 0, &rule->glob, &error) : -ENOMEM;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* States of the automaton, and cells in use. */
static void cells_count(const struct bailiff_image *header, unsigned *ret_states,
			unsigned *ret_used)
{
	const struct bailiff_cell *cells = (const struct bailiff_cell *)header + header->states;

	*ret_states = *ret_used = 0;
	for (unsigned i = 0; i < header->n_states; i++) {
		*ret_used += cells[i].check != 0xffffffffu;
		*ret_states += cells[i].check & BAILIFF_HEAD && cells[i].check != 0xffffffffu;
	}
}

static int measure(const struct mix *mix, const struct policy *policy)
{
	double best = 1e9;
	struct image *image = NULL;
	unsigned states, used;

	for (int run = 0; run < RUNS; run++) {
		struct diag diag = {0};
		double begin = now_ms();
		int r;

		image_free(image);
		r = image_compile(&policy, 1, 1, &diag, &image);
		if (r != 0) {
			fprintf(stderr, "%zu rules, %s: %s\n", policy->n_rules, mix->name,
				diag.n_items ? diag.items[0].message : strerror(-r));
			diag_clear(&diag);
			return EXIT_FAILURE;
		}
		if (now_ms() - begin < best)
			best = now_ms() - begin;
	}
	cells_count(image_header(image->cells), &states, &used);
	printf("%7zu  %-18s %8u %9u %6.1f%% %10zu %9.2f\n", policy->n_rules, mix->name, states,
	       image_header(image->cells)->n_states,
	       100.0 * used / image_header(image->cells)->n_states,
	       image->n_cells * sizeof(struct bailiff_cell), best);
	image_free(image);
	return EXIT_SUCCESS;
}

static int bench(const struct mix *mix, unsigned n)
{
	struct policy policy = {.name = "bench", .file = "bench.ini", .n_rules = n};
	int r = EXIT_SUCCESS;

	policy.rules = calloc(n, sizeof(*policy.rules));
	for (unsigned i = 0; policy.rules && i < n && r == EXIT_SUCCESS; i++)
		if (rule_fill(&policy.rules[i], mix, i) < 0)
			r = EXIT_FAILURE;
	if (!policy.rules || r != EXIT_SUCCESS)
		fprintf(stderr, "out of memory\n");
	else
		r = measure(mix, &policy);
	for (unsigned i = 0; policy.rules && i < n; i++) {
		glob_free(policy.rules[i].glob);
		free(policy.rules[i].pattern);
	}
	free(policy.rules);
	return r;
}

static int print_policy(unsigned n)
{
	static const char *const keys[BAILIFF_N_VERBS] = {
		[BAILIFF_VERB_EXEC] = "[exec]\n%s = %s\n",
		[BAILIFF_VERB_READ] = "[file]\n%s = read %s\n",
		[BAILIFF_VERB_WRITE] = "[file]\n%s = write %s\n",
	};

	puts("[select]\nunit = bench.service");
	for (unsigned i = 0; i < n; i++) {
		char path[4096];

		path_exact(path);
		printf(keys[i % BAILIFF_N_VERBS], i / 2 % 3 ? "deny" : "allow", path);
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static char *few[] = {"", "100", "1000", "10000"};
	int n = argc > 1 ? argc : 4, r = EXIT_SUCCESS;
	char **numbers = argc > 1 ? argv : few;

	if (argc == 3 && strcmp(argv[1], "--policy") == 0)
		return print_policy((unsigned)strtoul(argv[2], NULL, 10));
	printf("%7s  %-18s %8s %9s %7s %10s %9s\n", "rules", "kind", "states", "cells", "full",
	       "bytes", "ms");
	for (unsigned m = 0; m < sizeof(mixes) / sizeof(mixes[0]); m++)
		for (int i = 1; i < n && r == EXIT_SUCCESS; i++)
			r = bench(&mixes[m], (unsigned)strtoul(numbers[i], NULL, 10));
	return r;
}
