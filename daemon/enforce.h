/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/store.h"
#include "daemon/util.h"
#include "policy/diag.h"

/*
 * Makes the kernel enforce what a store holds: compiles it, writes the images beside those in
 * force, and publishes each by one store. Until then, and on every failure, all stays as it was.
 */
struct enforce;

struct kernel;

/* Cells of 8 bytes that all images may take: 128 MiB. */
#define ENFORCE_CELLS_MAX ((size_t)1 << 24)

/*
 * Takes over what @kernel has in force; @kernel stays the caller's. Returns 0, -EBADMSG where what
 * is there is damaged, or another negative errno.
 */
int enforce_new(struct kernel *kernel, struct enforce **ret_enforce);

struct enforce_report {
	size_t n_policies;   /* of files */
	size_t n_images_new; /* compiled and published by this call */
	bool rebound;
};

/*
 * Returns 0 and what was done in *@ret_report; 1 and errors in @diag where the policies exceed a
 * limit; or a negative errno, -ENOSPC where the arena is too small, -EXFULL where the counters are
 * too few. Unless it is 0, nothing changed but for -EIO and the like from the kernel in the middle
 * of binding: then all that was and all that will be is in force, and the next call goes on.
 */
int enforce_apply(struct enforce *enforce, const struct store *store, struct diag *diag,
		  struct enforce_report *ret_report);

/* Calls @visit with the name of each policy of the set that a slot is of. */
void enforce_each_policy(const struct enforce *enforce, __u32 slot,
			 void (*visit)(void *userdata, const char *policy), void *userdata);

/*
 * Calls @visit for every rule in force, with the name of its policy, once for each set that it is
 * in. Stops where that returns less than 0, and returns it, or 0.
 */
struct bailiff_rule;
int enforce_each_rule(struct enforce *enforce,
		      int (*visit)(void *userdata, const char *policy,
				   const struct bailiff_rule *rule),
		      void *userdata);

/* How much of the arena is taken, in cells. */
size_t enforce_arena_used(const struct enforce *enforce);

struct enforce *enforce_free(struct enforce *enforce);
DEFINE_FREEP(struct enforce, enforce_free)
