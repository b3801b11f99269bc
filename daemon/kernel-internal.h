/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "bpf-lsm/abi-record.h"
#include "daemon/kernel-events.h"
#include "daemon/kernel.h"

/* What kernel.c (life cycle) and kernel-maps.c (contents) share. Nobody else includes this. */

enum kernel_map {
	MAP_ARENA,
	MAP_CONTROL,
	MAP_SLOTS,
	MAP_BINDINGS,
	MAP_LABELS,
	MAP_LAUNCHERS,
	MAP_COUNTERS,
	MAP_STATS,
	MAP_EVENTS,
	MAP_SCRATCHES,
	MAP_PROTECT,
	MAP_ATTEMPTS,
	MAP_GUARDS,
	MAP_GUARDED_NAMES,
	MAP_TRUSTS,
	MAP_CACHE,
	MAP_KNOWN,
	MAP_AUDITS,
	MAP_FOLDS,
	MAP_MADE,
	MAP_RECORD,
	N_MAPS,
};

extern const char *const kernel_map_names[N_MAPS];

struct bpf_object;
struct btf;
struct ring_buffer;

/* Whether this kernel has the hook in the form that its program was written for. */
bool kernel_hook_fits(enum kernel_hook hook, const struct btf *kernel_types);

/* The name of a hook's program and of its pins, until the next call. */
const char *kernel_hook_pin(size_t hook);

/* The path of a pin, or, without a @name, of the folder of one kind. */
int kernel_pin_path(char *buffer, size_t size, const char *base, const char *kind,
		    const char *name);

/* Pins a descriptor. -EEXIST where the name is taken. */
int kernel_pin_one(int fd, const char *base, const char *kind, const char *name);

/*
 * For looking where the pins are protected: maps are opened for reading alone, and what is shared
 * memory otherwise is copied, slots and images of one moment.
 */
int kernel_copy_all(struct kernel *kernel);
struct bailiff_bpf;
struct bpf_link_create_opts;

struct kernel {
	int maps[N_MAPS];
	int programs[KERNEL_N_HOOKS]; /* -1: not loaded */
	bool unfit[KERNEL_N_HOOKS];   /* known to be of a form that this kernel has not */
	int links[KERNEL_N_HOOKS];    /* -1: not attached */
	/* iterators that are run again and again; -1: not loaded */
	int older, older_maps, label_older, bind_all;
	bool pinned, read_only;
	bool copied; /* control, slots and arena are copies */
	bool protect;
	int n_cpus;
	struct bailiff_control *control;
	struct bailiff_slot *slots;
	struct bailiff_cell *arena;
	size_t n_cells;
	__u64 *record; /* NULL: read-only */
	__u32 n_counters;
	struct bailiff_count *carried; /* what counters of a former kernel began with; NULL: none */
	struct ring_buffer *rings[KERNEL_N_RINGS]; /* NULL: not read yet */
	struct ring_buffer *made;		   /* NULL: not read yet */
	struct bailiff_fold *folds;		   /* NULL: read-only */
	kernel_event_handler handle;
	void *userdata;
};

/*
 * Whether the maps that there are have the kinds and sizes that this build's have (@same_build: and
 * as many entries), and whether programs and links are those of their hooks. 0, -ESTALE, or another
 * negative errno.
 */
int kernel_verify_maps(const struct kernel *kernel, bool same_build);
int kernel_verify_programs(const struct kernel *kernel);

/* Loads one of the programs that go through something. Returns its descriptor or a negative errno.
 */
int kernel_load_iterator(struct kernel *kernel, const char *name);

/* Returns a descriptor; reading it to its end runs @program, itself a descriptor or an error.
 * @options say what it goes through; NULL: there is nothing to choose. */
int kernel_iterate(int program, const struct bpf_link_create_opts *options);

/*
 * Labels that outlive the slots of another build must not be taken for those of slots of the same
 * number: cookies begin where none of those are likely to be.
 */
int kernel_mark_slots(struct kernel *kernel);

/*
 * Finds what decisions are remembered by. Where this kernel does not show it (-ENOENT), none is:
 * each is made anew.
 */
int kernel_find_locks(struct kernel *kernel);

/*
 * Chooses the programs that @needs asks for and that are not there yet, of hooks that this kernel
 * has, each in the form that it has. Returns how many, or a negative errno.
 */
int kernel_choose_programs(struct kernel *kernel, struct bpf_object *object,
			   const struct kernel_needs *needs);

/*
 * What outlives programs (abi-record.h). kernel_open_record() opens what of it is pinned, by
 * whichever version; kernel_keep_record() has what is loaded from @object count there, if it can:
 * counters for @n_counters rules at least.
 */
int kernel_open_record(struct kernel *kernel);
int kernel_map_record(struct kernel *kernel);
int kernel_keep_record(struct bpf_object *object, const struct kernel *former, __u32 n_counters);

/* Behind it: copies the counts where they have another table. Returns 0 or a negative errno. */
int kernel_carry_record(struct kernel *kernel, const struct kernel *former);

/* Opens what is pinned. Returns the descriptor or a negative errno. */
int kernel_get_pinned(const char *kind, const char *name, bool read_only);

/* Makes what is loaded from @skeleton use the maps of @kernel. Returns 0 or a negative errno. */
int kernel_over_maps(struct kernel *kernel, struct bailiff_bpf *skeleton);
