/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stddef.h>

#define CGROUPS_ROOT "/sys/fs/cgroup"

/*
 * Calls @handle for every cgroup there is, parents before children: @path is from the root of the
 * hierarchy ("/" for the root itself), @id is what the kernel's programs see. @handle returns 0, or
 * a negative errno, which ends the walk.
 * cgroups that vanish meanwhile are passed over. Returns 0 or a negative errno.
 */
int cgroups_walk(int (*handle)(void *userdata, const char *path, size_t n_path, __u64 id),
		 void *userdata);
