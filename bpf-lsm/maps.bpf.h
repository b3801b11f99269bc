/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "kernel.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "abi.h"
#include "abi-event.h"
#include "abi-names.h"
#include "abi-protect.h"
#include "abi-record.h"

/*
 * Every map of the programs. Each has a named type, so that it can be declared here and defined
 * once (maps.bpf.c). All are pinned by the daemon under the names below.
 */

#define EACCES 13
#define EAGAIN 11

/* One value, as large as the daemon makes it: a power of two, arena_mask + 1 cells. */
union arena {
	struct bailiff_cell cells[1];
	__u32 words[2];
	__u8 bytes[8];
};

struct arena_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, union arena);
};
extern struct arena_map arena SEC(".maps");

struct control_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct bailiff_control);
};
extern struct control_map control SEC(".maps");

struct slots_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BAILIFF_SLOTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct bailiff_slot);
};
extern struct slots_map slots SEC(".maps");

/* cgroup id -> slot, for cgroups under policy alone. */
struct bindings_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BAILIFF_BINDINGS);
	__type(key, __u64);
	__type(value, __u32);
};
extern struct bindings_map bindings SEC(".maps");

struct labels_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct bailiff_label);
};
extern struct labels_map labels SEC(".maps");

struct launchers_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BAILIFF_LAUNCHERS);
	__type(key, struct bailiff_inode);
	__type(value, __u32);
};
extern struct launchers_map launchers SEC(".maps");

/* As large as the daemon makes it, and the record with it. */
struct counters_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BAILIFF_COUNTERS_FIRST);
	__type(key, __u32);
	__type(value, struct bailiff_count);
};
extern struct counters_map counters SEC(".maps");

/* Whose counters these are: for daemons alone (abi-record.h). */
struct record_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BAILIFF_RECORD_KEYS + BAILIFF_COUNTERS_FIRST);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
};
extern struct record_map record SEC(".maps");

struct stats_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BAILIFF_N_STATS);
	__type(key, __u32);
	__type(value, __u64);
};
extern struct stats_map stats SEC(".maps");

struct events_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, BAILIFF_RING_BYTES);
};
extern struct events_map events SEC(".maps"); /* denials */

struct audits_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, BAILIFF_AUDIT_RING_BYTES);
};
extern struct audits_map audits SEC(".maps"); /* what was allowed, and is told */

/* The ids of cgroups that were made and bound. One that finds no room is not missed: who reads
 * looks at all. */
struct made_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};
extern struct made_map made SEC(".maps");

/* Events that are repeated (abi-event.h). */
struct folds_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BAILIFF_FOLDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct bailiff_fold);
};
extern struct folds_map folds SEC(".maps");

/* Twice as many: what is known anew goes in before what is not known any more is taken out. */
struct known_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2 * BAILIFF_KNOWN);
	__type(key, struct bailiff_known_key);
	__type(value, struct bailiff_known);
};
extern struct known_map known SEC(".maps");

/* For protect = yes (abi-protect.h). */
struct protect_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bailiff_protect);
};
extern struct protect_map protect SEC(".maps");

struct attempts_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BAILIFF_N_DOORS);
	__type(key, __u32);
	__type(value, struct bailiff_attempt);
};
extern struct attempts_map attempts SEC(".maps");

struct guards_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BAILIFF_GUARDS);
	__type(key, struct bailiff_inode);
	__type(value, __u32);
};
extern struct guards_map guards SEC(".maps");

struct guarded_names_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BAILIFF_GUARDS);
	__type(key, struct bailiff_name);
	__type(value, __u32);
};
extern struct guarded_names_map guarded_names SEC(".maps");

struct trusts_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
};
extern struct trusts_map trusts SEC(".maps");

/* The arena's size in cells, less one. Read-only for the programs, so the verifier knows it. */
extern const volatile __u32 arena_mask;

/*
 * Keeps what is read after it from being read before: the compiler, and a processor that does not
 * keep the order by itself. Any word that can be written will do; it stays as it is.
 */
static __always_inline void read_barrier(__u64 *word)
{
#ifdef __TARGET_ARCH_x86
	barrier();
#else
	(void)__sync_val_compare_and_swap(word, 1, 1);
#endif
}

static __always_inline void stat_add(__u32 index)
{
	__u64 *value = bpf_map_lookup_elem(&stats, &index);

	if (value)
		__sync_fetch_and_add(value, 1);
}
