/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/image.h"
#include "policy/question.h"

/*
 * What policies answer to a question, and which line gives the answer: from the very images that
 * the kernel has, by the matcher that answers as the kernel's does.
 */

struct policy;
struct policy_rule;

/* Whether a file was in the container's image, which no policy and no path can tell. */
enum try_drift {
	TRY_DRIFT_UNTOLD, /* the strictest answer of both stands */
	TRY_DRIFT_YES,	  /* it was not: it is "drift" */
	TRY_DRIFT_NO,
};

/* Who acts. */
struct asker {
	/* what it executed, one after the other: it runs the last, and came to that from those
	 * before. None: one that no section of one executable is for. */
	const char *const *executables;
	size_t n_executables;
	enum try_drift drift; /* what the question is about */
};

struct answer {
	enum bailiff_verdict verdict;
	__u32 rule;    /* its number in the image; 0: none, nothing is said */
	size_t policy; /* index into the policies, where there is a rule */
	/* of the policy; NULL: its "default =" for everybody, or none */
	const struct policy_rule *source;
	unsigned line, column; /* 0 where there is no rule */
	bool is_default;
	enum bailiff_reason reason; /* RULE, or DRIFT: that is why, whatever the path */
	bool untold;		    /* ... if it is drift: that is not told */
};

/* The start of an asker under an image: what the kernel's label of such a task says. */
__u32 try_start(const struct bailiff_cell *cells, const struct asker *asker);

/* What an image answers that was compiled of these policies. */
void image_answer(const struct image *image, const struct policy *const *policies,
		  size_t n_policies, const struct asker *asker, const struct question *question,
		  struct answer *ret);

/* Whether some executable's processes have another verdict than those of none. */
bool image_varies(const struct image *image, const struct asker *asker,
		  const struct question *question);

/* Where a rule of an image comes from: fills in rule, policy, source, line, column, is_default. */
void image_source(const struct image *image, const struct policy *const *policies,
		  size_t n_policies, __u32 rule, struct answer *ret);

/* Policies that hold together, compiled. */
struct trial {
	const struct policy *const *policies;
	size_t n_policies;
	struct image **alone; /* of each policy */
	struct image *whole;  /* of all, as in the kernel; of one policy alone[0] */
};

/*
 * Compiles policies, which must outlive the trial. To be released also on failure; all zero before.
 * Returns as image_compile().
 */
int trial_compile(const struct policy *const *policies, size_t n_policies, struct diag *diag,
		  struct trial *trial);
void trial_release(struct trial *trial);

/*
 * Asks all policies: @ret_each has room for an answer of each, and @ret_whole is what all of them
 * together say, the strictest.
 */
void trial_ask(const struct trial *trial, const struct asker *asker,
	       const struct question *question, struct answer *ret_each, struct answer *ret_whole);
