/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stddef.h>

#include "daemon/enforce.h"

/* Programs and maps that are made anew beside what is in force, until they take its place. */

struct kernel;

struct beside {
	struct kernel *kernel;
	struct enforce *enforce; /* NULL: there is nothing */
	size_t n_cells;		 /* how large its arena must be */
	__u32 n_counters;
};

/* Chooses the sizes, for what @store holds. */
void beside_begin(struct beside *beside, const struct store *store);

/* What must be done with a kernel that was loaded. Returns 0 or a negative errno. */
typedef int (*beside_prepare)(void *userdata, struct kernel *kernel);

/*
 * Compiles @store into it; it is loaded for that, after @former, as often as it must be larger.
 * Returns as enforce_apply(), and what is there then stays for the next call; a negative errno was
 * logged, if nothing could be loaded.
 */
int beside_apply(struct beside *beside, const struct kernel *former, beside_prepare prepare,
		 void *userdata, const struct store *store, struct diag *diag,
		 struct enforce_report *ret_report);

void beside_clear(struct beside *beside);
