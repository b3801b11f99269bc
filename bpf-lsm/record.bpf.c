/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "maps.bpf.h"

/* Adds what another table of counters had, for the daemon: it cannot add where programs do. */
SEC("?syscall")
int bailiff_count_add(struct bailiff_addition *add)
{
	__u32 counter = add->counter;
	struct bailiff_count *count = bpf_map_lookup_elem(&counters, &counter);

	if (!count)
		return 1;
	__sync_fetch_and_add(&count->logged, add->count.logged);
	__sync_fetch_and_add(&count->folded, add->count.folded);
	__sync_fetch_and_add(&count->dropped, add->count.dropped);
	return 0;
}
