/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

struct diag;
struct policy;

/*
 * Says that there is no room for a set of policies: @failure is -EXFULL for their rules' counters,
 * or -ENOSPC for what they compile to. To blame is the policy of it that has most rules. Returns 1
 * or -ENOMEM.
 */
int limits_no_room(const struct policy *const *policies, size_t n, struct diag *diag, int failure);
