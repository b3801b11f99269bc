/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

struct diag;
struct policy;

/*
 * Compiles a policy by itself, and adds a warning for each line that could be taken out without
 * changing an answer: what other lines decide in its place, what matches no path, an allow where
 * nothing is denied or audited, and a [select] that selects nothing. What is the same as a wider
 * line that decides the same is left alone: it may be there for its reader.
 * Returns 0, 1 and the error in @diag where the policy exceeds a limit, as image_compile() does, or
 * -ENOMEM.
 */
int policy_unused(const struct policy *policy, struct diag *diag);
