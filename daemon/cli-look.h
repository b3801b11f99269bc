/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf-lsm/abi.h"
#include "daemon/kernel.h"
#include "daemon/kernel-stats.h"
#include "daemon/util.h"

/* What the kernel has in force, gathered from its maps into one picture. */

/* A rule that can be counted. */
struct look_rule {
	__u32 line, column, counter;
	__u8 verdict; /* what it says: it has one */
	struct bailiff_count count;
};

struct look_policy {
	char name[BAILIFF_NAME_MAX];
	__u32 severity;
	bool audit;
	size_t n_cgroups;
	struct look_rule *rules; /* by line and column; each once, in however many images it is */
	size_t n_rules;
	struct bailiff_count count; /* of all rules */
	__u64 denied, audited;	    /* of what was decided; denied: or would have been */
	uint64_t since;		    /* microseconds since 1970; 0: not known */
};

/* A slot with an image: policies that hold together. */
struct look_slot {
	__u32 slot;
	size_t n_cells;
	size_t *policies; /* indexes */
	size_t n_policies;
};

struct look_cgroup {
	__u64 id;
	char *path;		      /* NULL: not below /sys/fs/cgroup, or gone meanwhile */
	const struct look_slot *slot; /* NULL: nothing holds any more */
};

struct look {
	bool attached[KERNEL_N_HOOKS];
	bool missing[KERNEL_N_HOOKS]; /* not attached although something in force needs it */
	struct look_policy *policies; /* by name */
	size_t n_policies;
	struct look_slot *slots; /* by slot */
	size_t n_slots;
	size_t n_slots_damaged; /* what is there is no whole image */
	struct look_cgroup *cgroups;
	size_t n_cgroups;
	bool bindings_full;
	__u64 stats[BAILIFF_N_STATS];
	size_t n_cells_used, n_cells;
	uint64_t since;				/* it is loaded; as above */
	__u64 map_bytes;			/* the kernel's memory; 0: not known */
	uint64_t daemon_bytes;			/* resident; 0: it does not run, or not known */
	struct kernel_needs needs;		/* of all that is in force */
	struct kernel_run runs[KERNEL_N_HOOKS]; /* zero: not counted, or not to be seen */
};

/* Looks. Returns 0, -ENOENT where nothing of bailiff is in the kernel, or another negative errno.
 */
int look_new(struct look **ret_look);

/* The same, through an open @kernel. @paths: with the paths of cgroups, for which all are walked.
 */
int look_at(struct kernel *kernel, bool paths, struct look **ret_look);

struct look *look_free(struct look *look);
DEFINE_FREEP(struct look, look_free)

/* How many containers are held because they are not known (policy_of_unknown()). */
size_t look_n_held(const struct look *look);

/* Names of the stats, in their order, and what each says. */
extern const char *const look_stat_names[BAILIFF_N_STATS];
extern const char *const look_stat_texts[BAILIFF_N_STATS];

/* Whether a stat counts something that went wrong. */
bool look_stat_is_fault(size_t stat);

/* Whether all is there that what is in force needs. */
bool look_is_whole(const struct look *look);
