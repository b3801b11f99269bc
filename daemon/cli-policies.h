/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "policy/diag.h"
#include "policy/policy.h"

/* Policies that a command was given: files, folders, or standard input. */

struct cli_text {
	char *bytes;
	size_t n;
};

struct cli_policies {
	struct diag diag;
	struct policy **policies;
	struct cli_text *texts; /* of each policy: its file */
	size_t n_policies, n_files;
};

/*
 * Reads and parses a file, the *.ini in a folder, or standard input ("-"). What is wrong in
 * policies goes to diag; what cannot be read is told on standard error. Returns 0 or a negative
 * errno.
 */
int cli_policies_add(struct cli_policies *policies, const char *argument);
void cli_policies_clear(struct cli_policies *policies);

/* For functions that only look at them. */
static inline const struct policy *const *cli_policies_list(const struct cli_policies *policies)
{
	return (const struct policy *const *)policies->policies;
}

/*
 * Gives what is wrong its lines where who found it had none, and brings all into the order of files
 * and lines. Returns 0 or -ENOMEM.
 */
int cli_policies_fill(struct cli_policies *policies);

/* Prints what is wrong in policies, with the lines. Returns 0 or -ENOMEM. */
int cli_diag_print(FILE *file, const struct diag *diag);

/* A line of a policy's text as people read it; the caller frees it. NULL: none, or no memory. */
char *cli_policy_line(const struct cli_policies *policies, size_t policy, unsigned line);
