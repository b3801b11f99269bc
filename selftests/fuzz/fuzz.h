/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the fuzzers' targets share. A target is one file with the function that libFuzzer calls with
 * one input after the other; it returns 0, and must leave nothing behind.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stops the program, and says why, unless @condition holds: libFuzzer keeps the input. */
#define must(condition, ...)                                                                       \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fuzz_fail(__FILE__, __LINE__, #condition, __VA_ARGS__);                    \
	} while (0)

_Noreturn void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A string with these bytes, which the caller frees. */
char *fuzz_string(const char *bytes, size_t n);

/* Seeds oracle.h's random numbers with the input, so that it does the same each time. */
void fuzz_seed(const uint8_t *data, size_t size);

struct glob;

/* How many patterns are written out of the braces of one; FUZZ_BRANCHES_MAX for any more. */
#define FUZZ_BRANCHES_MAX 64
size_t fuzz_branches(const struct glob *glob);
