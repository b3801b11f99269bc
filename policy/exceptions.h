/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#include "policy/question.h"

/* The allow lines that one could have expected to help, and why they did not. */

struct policy;
struct policy_rule;

enum exception_why {
	EXCEPTION_BESIDE,  /* it holds what was asked, and lies not inside what denied */
	EXCEPTION_VERB,	   /* it holds the path, for other verbs */
	EXCEPTION_SUBJECT, /* it is for another executable */
	EXCEPTION_NAME,	   /* it does not hold what was asked */
};

struct exception {
	const struct policy_rule *rule;
	enum exception_why why;
	size_t near; /* how much it has in common with what was asked: more is nearer */
};

/*
 * The nearest allow lines of a policy that did not allow @question of who runs @exe, nearest first.
 * @asked is the path, or the act as a policy would say it. Returns 0 and how many, at most @max;
 * -E2BIG (the patterns are too many to be told apart), or -ENOMEM.
 */
int exceptions_find(const struct policy *policy, const struct question *question, const char *asked,
		    const char *exe, struct exception *ret_exceptions, size_t max, size_t *ret_n);
