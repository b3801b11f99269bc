/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "policy/mend.h"
#include "policy/policy.h"

/* The lines that edits write, for policy/mend.c. */

/* The section that an allow line for a question stands in, where @source denies (NULL: a default).
 */
enum policy_section mend_line_section(enum question_kind kind, const struct policy_rule *source);

/* The verb of a path that a question is about; BAILIFF_N_VERBS where it is about none. */
unsigned mend_line_verb(enum question_kind kind);

/*
 * The narrowest line that allows what is wished. Returns 0 and the line, which the caller frees; 1
 * where the language has none; or -ENOMEM.
 */
int mend_line_allow(const struct mend_wish *wish, enum policy_section section, char **ret_line);

/* A section's header, for an executable alone unless that is NULL. Returns as mend_line_allow(). */
int mend_line_header(enum policy_section section, const char *exe, char **ret_header);

/* Whether a line is a header itself: rules that no line says stand there. */
bool mend_line_is_header(const struct page *page, unsigned line);

/*
 * What a rule says besides what was asked, as a line of its own, where the rule's word is taken
 * out: NULL for nothing, and for what cannot be said by itself. @is_source: it is the rule that
 * denied. Returns 0 or -ENOMEM.
 */
int mend_line_rest(const struct policy_rule *rule, bool is_source, enum question_kind kind,
		   char **ret_line);

/* Whether a rule says more than one thing, so that taking it out allows others, too. */
bool mend_line_is_wide(const struct policy_rule *rule);
