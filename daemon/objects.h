/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#include "bpf-lsm/abi.h"

/*
 * Objects of file systems as the kernel has them. stat(2) shows other devices than that of the
 * superblock for Btrfs (one a subvolume) and overlays; the host's list of mounts has the right one.
 */

struct objects_mount {
	__u64 id;
	__u32 device;
};

struct objects {
	struct objects_mount *mounts;
	size_t n, room;
};

/* Reads the mounts of PID 1's namespace into @objects, all zero before. Returns 0 or a negative
 * errno; what is there is freed by objects_clear() either way. */
int objects_begin(struct objects *objects);
void objects_clear(struct objects *objects);

/*
 * The object that a path leads to, and the number of its mount. Returns 0, -ENOENT where there is
 * none, or another negative errno.
 */
int objects_look(const struct objects *objects, const char *path, struct bailiff_inode *ret_object,
		 __u64 *ret_mount);
