/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stddef.h>

#include "bpf-lsm/abi.h"

struct kernel;

/*
 * Binds every cgroup there is to the slot that the @selector image (NULL: none is under policy)
 * gives its path. New cgroups are bound by the kernel, with the same image: it is published before.
 * Returns 0 and how many are bound in *@ret_n, or a negative errno.
 */
int rebind_all(struct kernel *kernel, const struct bailiff_cell *selector, size_t *ret_n);
