/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What this machine needs for bailiff, whether it has it, and how to mend it. */

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_WARN, /* works, but not as well as it could, or cannot be told */
	DOCTOR_FAIL,
};

struct doctor_finding {
	const char *name; /* of the check */
	enum doctor_level level;
	char *text; /* what was found; one line */
	char *mend; /* what to do about it; NULL: nothing */
};

/*
 * Does all checks. Returns 0 and the findings, which the caller frees with doctor_free(), or
 * -ENOMEM.
 */
int doctor_examine(struct doctor_finding **ret_findings, size_t *ret_n);
void doctor_free(struct doctor_finding *findings, size_t n);

/*
 * Does the checks without which nothing can be enforced. Returns 0 where it can be; 1 and a text, a
 * line for each fault, which the caller frees; or -ENOMEM. Who is not root is told just that.
 */
int doctor_require(char **ret_text);
