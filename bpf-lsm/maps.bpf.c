/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "cache.bpf.h"

/* BPF-LSM programs must say that they are GPL-compatible; "Dual BSD/GPL" is one of the kernel's
 * words. */
char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 arena_mask = 0;

struct arena_map arena SEC(".maps");
struct control_map control SEC(".maps");
struct slots_map slots SEC(".maps");
struct bindings_map bindings SEC(".maps");
struct labels_map labels SEC(".maps");
struct launchers_map launchers SEC(".maps");
struct counters_map counters SEC(".maps");
struct record_map record SEC(".maps");
struct stats_map stats SEC(".maps");
struct events_map events SEC(".maps");
struct audits_map audits SEC(".maps");
struct made_map made SEC(".maps");
struct folds_map folds SEC(".maps");
struct scratch_map scratches SEC(".maps");
struct cache_map cache SEC(".maps");
struct known_map known SEC(".maps");
struct protect_map protect SEC(".maps");
struct attempts_map attempts SEC(".maps");
struct guards_map guards SEC(".maps");
struct guarded_names_map guarded_names SEC(".maps");
struct trusts_map trusts SEC(".maps");
