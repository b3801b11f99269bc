/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside policy/unused*.c alone: what becomes of the rules of one policy. */

#include <stdbool.h>
#include <stdint.h>

#include "policy/image.h"
#include "policy/policy.h"

struct diag;

#define FATE_BY_MAX 3

/* Of the rules that one word of the file stands for: they come and go together. */
struct fate {
	uint32_t first;	 /* of them: 1 + index into the policy's rules */
	bool is_implied; /* no word says it */
	bool matters;	 /* what they alone override is stricter than what decides, or they hold for
			  * other names */
	bool decides;	 /* some answer is theirs, another's or not */
	bool is_restricted; /* where they match, something else denies or audits, or the default */
	uint32_t by[FATE_BY_MAX]; /* the first rules that decide in their place, as in first */
	unsigned n_by;
};

struct fates {
	const struct policy *policy;
	struct fate *fates; /* in the order of lines and columns */
	size_t n_fates;
};

/*
 * Finds them. @fates is all zero but for its policy; to be released also on failure. Returns 0, 1
 * and the error in @diag where the policy is too large, or -ENOMEM.
 */
int fates_find(struct fates *fates, struct diag *diag);
void fates_release(struct fates *fates);
