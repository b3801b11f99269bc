/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

struct kernel;

/*
 * Binds every cgroup there is to the slot that the selector in force (none: none is under policy)
 * gives its path. New cgroups are bound by the kernel, with the same image.
 * Returns 0 or a negative errno.
 */
int rebind_all(struct kernel *kernel);
