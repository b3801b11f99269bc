// SPDX-License-Identifier: Apache-2.0
#include "policy/nearest.h"

#include <stdbool.h>
#include <string.h>

/* Longer texts are near to no name, and cost nothing. */
#define NEAREST_MAX 32

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: Levenshtein's distance where a swap of neighbours counts once. */
static unsigned distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
	unsigned d[NEAREST_MAX + 1][NEAREST_MAX + 1];

	for (size_t i = 0; i <= n_a; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= n_b; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n_a; i++) {
		for (size_t j = 1; j <= n_b; j++) {
			unsigned replace = lower(a[i - 1]) != lower(b[j - 1]);
			bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
				       lower(a[i - 2]) == lower(b[j - 1]);

			d[i][j] = min(min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + replace);
			if (swapped)
				d[i][j] = min(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[n_a][n_b];
}

const char *nearest(const char *text, size_t n, const char *const *names)
{
	const char *best = NULL;
	unsigned best_distance = 0;

	if (n == 0 || n > NEAREST_MAX)
		return NULL;
	for (; *names; names++) {
		size_t n_name = strlen(*names), longer = n > n_name ? n : n_name;
		unsigned d;

		if (n_name > NEAREST_MAX)
			continue;
		d = distance(text, n, *names, n_name);
		if (d <= (longer < 3 ? 1 : longer / 3) && (!best || d < best_distance)) {
			best = *names;
			best_distance = d;
		}
	}
	return best;
}
