/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/*
 * Reads a file of a policy as policy_read_file() does, unless somebody writes to it: half a policy
 * can be one that allows more. While it is read nobody can open it for writing; where its file
 * system, or its owner, does not allow that, it is whether it stayed the same meanwhile that is
 * looked at.
 * Returns 0 and the text, which the caller frees, or a negative errno; -ETXTBSY: it is being
 * written.
 */
int policy_file_read(const char *file, char **ret_text, size_t *ret_n);
