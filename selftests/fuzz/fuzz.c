// SPDX-License-Identifier: Apache-2.0
#include "selftests/fuzz/fuzz.h"

#include <sanitizer/common_interface_defs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"
#include "selftests/unit/policy/oracle.h"

void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
{
	char what[1024], where[1280];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(where, sizeof(where), "SUMMARY: %s:%d: not so: %s: %s", file, line, condition,
		 what);
	/* stderr is closed, as the targets' own errors are no news; this is what is left of it */
	__sanitizer_report_error_summary(where);
	abort();
}

char *fuzz_string(const char *bytes, size_t n)
{
	char *string = malloc(n + 1);

	must(string, "no memory for %zu bytes", n);
	memcpy(string, bytes, n);
	string[n] = '\0';
	return string;
}

void fuzz_seed(const uint8_t *data, size_t size)
{
	unsigned long hash = 1;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ data[i]) * 0x100000001b3ul;
	random_start(hash);
}

size_t fuzz_branches(const struct glob *glob)
{
	size_t n = glob->kind == GLOB_EITHER ? 0 : 1;

	if (glob->kind != GLOB_EITHER && glob->kind != GLOB_SEQUENCE)
		return 1;
	for (size_t i = 0; i < glob->n_parts && n < FUZZ_BRANCHES_MAX; i++) {
		size_t of_part = fuzz_branches(glob->parts[i]);

		n = glob->kind == GLOB_EITHER ? n + of_part : n * of_part;
	}
	return n < FUZZ_BRANCHES_MAX ? n : FUZZ_BRANCHES_MAX;
}
