/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "maps.bpf.h"

/*
 * Finds the two locks whose counts tell that no name and no mount has changed (cache.bpf.h). They
 * are in no BTF, and reading /proc/kallsyms takes a capability that is good for nothing else.
 */

#define NAME_ROOM 16

static __always_inline bool is_named(const char *name, const char *wanted)
{
	for (int i = 0; i < NAME_ROOM; i++) {
		if (name[i] != wanted[i])
			return false;
		if (!wanted[i])
			break;
	}
	return true;
}

SEC("?iter/ksym")
int bailiff_locks(struct bpf_iter__ksym *context)
{
	struct kallsym_iter *symbol = context->ksym;
	struct bailiff_control *state;
	char name[NAME_ROOM] = "";
	__u32 zero = 0;

	/* a kernel has some hundred thousand of them */
	if (!symbol || (symbol->name[0] != 'r' && symbol->name[0] != 'm') || symbol->module_name[0])
		return 0;
	state = bpf_map_lookup_elem(&control, &zero);
	bpf_probe_read_kernel_str(name, sizeof(name), symbol->name);
	if (!state)
		return 0;
	if (is_named(name, "rename_lock"))
		state->rename_lock = symbol->value;
	else if (is_named(name, "mount_lock"))
		state->mount_lock = symbol->value;
	else
		return 0;
	/* both: the reader wants no more than a byte, and goes */
	if (state->rename_lock && state->mount_lock)
		bpf_seq_write(context->meta->seq, name, sizeof(name));
	return 0;
}
