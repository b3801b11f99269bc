/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/page.h"
#include "policy/try.h"

/*
 * The smallest edit of policies by which what they deny or audit is allowed. Nothing is believed:
 * each edit is parsed, compiled and asked, and an edit that makes anything else laxer of what was
 * asked about (another verb) is none.
 */

struct mend_policy {
	const struct policy *policy; /* compiled of @text */
	const char *text;
	size_t n_text;
};

struct mend {
	struct page **pages; /* of each policy, edited or as it was */
	size_t n_pages;
	/* no narrower edit is there, and this one takes a line out that says more than what was
	 * asked */
	bool wide;
	/* it allows to make a socket and, in place of an address, names one that leads nowhere */
	bool placeholder;
};

/* What is to be allowed. */
struct mend_wish {
	const struct question *question;
	const struct asker *asker;
	const char
		*asked; /* the path, or the act as the journal has it: "connect tcp 10.0.0.1:443" */
	/* for this executable alone, in a section of its own; NULL: for all under the policy */
	const char *exe;
};

/*
 * Finds the edit. Returns 0 and it (to be released), 1 where there is none, or -ENOMEM.
 */
int mend_find(const struct mend_policy *policies, size_t n_policies, const struct mend_wish *wish,
	      struct mend *ret_mend);
void mend_release(struct mend *mend);

/*
 * A path as a pattern that matches it alone: what is special is escaped. A byte that no file of
 * policies can hold becomes "?". The caller frees it. NULL without memory.
 */
char *mend_quote(const char *path, size_t n);
