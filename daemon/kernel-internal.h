/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

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
	N_MAPS,
};

struct btf;
struct ring_buffer;

/* Whether this kernel has the hook in the form that its program was written for. */
bool kernel_hook_fits(enum kernel_hook hook, const struct btf *kernel_types);

struct bailiff_bpf;

struct kernel {
	int maps[N_MAPS];
	int programs[KERNEL_N_HOOKS]; /* -1: not loaded */
	int links[KERNEL_N_HOOKS];    /* -1: not attached */
	bool pinned, read_only;
	int n_cpus;
	struct bailiff_control *control;
	struct bailiff_slot *slots;
	struct bailiff_cell *arena;
	size_t n_cells;
	struct ring_buffer *ring;
	int (*handle)(void *userdata, const struct bailiff_event *event, size_t size);
	void *userdata;
};

/* Makes what is loaded from @skeleton use the maps of @kernel. Returns 0 or a negative errno. */
int kernel_over_maps(struct kernel *kernel, struct bailiff_bpf *skeleton);
