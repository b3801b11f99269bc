/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "abi.h"

/*
 * Files that have a name which rules are about, and may have others, hard links, that rules do not
 * know: each with those names, in places from 0 on.
 */
struct bailiff_known_key {
	__u64 inode;
	__u32 device; /* as the kernel has it */
	__u32 place;
};

#define BAILIFF_KNOWN 16384	   /* names */
#define BAILIFF_KNOWN_PLACES 8	   /* names of one file */
#define BAILIFF_KNOWN_NAME_MAX 254 /* bytes of a name */

struct bailiff_known {
	__u8 n_path;
	char path[BAILIFF_KNOWN_NAME_MAX];
	__u8 pad;
};

_Static_assert(sizeof(struct bailiff_known_key) == 16 && sizeof(struct bailiff_known) == 256,
	       "no holes");
