/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "policy/diff.h"
#include "policy/policy.h"

/* What "bailiff diff" found, for people; or for programs, where there is a list. */

struct diff_out {
	bool all;		  /* show every change */
	size_t n;		  /* differences so far */
	struct json_object *list; /* NULL: it is printed */
};

/* A setting of two policies; nothing where both have the same. */
void diff_setting(struct diff_out *out, const struct policy *a, const struct policy *b,
		  const char *what, const char *before, const char *after);

/* That @policy, one of both, selects a cgroup that the other does not. */
void diff_selected(struct diff_out *out, const struct policy *a, const struct policy *b,
		   const struct policy *policy, const char *cgroup);

/* A policy that there is before or after (@when) alone. */
void diff_alone(struct diff_out *out, const struct policy *policy, const char *when);

/* What is answered otherwise. */
void diff_changes(struct diff_out *out, const struct trial *before, const struct trial *after,
		  const struct diff *diff);
