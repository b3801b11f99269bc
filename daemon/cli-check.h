/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "daemon/cli-policies.h"

struct json_object;

/* What "check" and "apply" have in common. */

/*
 * Compiles policies, each alone and all together, as the daemon will. Returns 0 or a negative
 * errno; limits that are exceeded, and lines without effect, are in diag.
 */
int cli_check_compile(struct cli_policies *check);

/* A list of what is wrong: level, file, line, column, end, message, source, near. */
struct json_object *cli_check_json(const struct diag *diag);
