/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "net-address.bpf.h"

#define PORT_SIZE 5 /* '/' and its digits */

static __always_inline void hexadecimal(char *to, __u8 byte)
{
	__u8 high = byte >> 4, low = byte & 15;

	to[0] = high < 10 ? '0' + high : 'a' - 10 + high;
	to[1] = low < 10 ? '0' + low : 'a' - 10 + low;
}

static __always_inline void write_port(struct scratch *scratch, __u16 port)
{
	char *to = &scratch->path[PATH_END - PORT_SIZE];

	*to = '/';
	hexadecimal(to + 1, port >> 8);
	hexadecimal(to + 3, port);
}

/*
 * Writes an address to what ends at @end of the buffer. Unrolled: in the form that clang gives the
 * loop, Linux 6.1 takes it for endless.
 */
static __always_inline void write_address(struct scratch *scratch, struct endpoint *from, __u32 end)
{
	const __u8 *v4 = from->v6 ? from->address + 12 : from->address;
	__u32 at;

	if (from->v6 && !is_mapped(from->address)) {
		at = end - 33;
#pragma unroll
		for (int i = 0; i < 16; i++)
			hexadecimal(&scratch->path[at + 1 + 2 * i], from->address[i]);
		scratch->path[at] = '6';
	} else {
		at = end - 9;
#pragma unroll
		for (int i = 0; i < 4; i++)
			hexadecimal(&scratch->path[at + 1 + 2 * i], v4[i]);
		scratch->path[at] = '4';
	}
	scratch->off = at;
}

__u32 endpoint_write(struct endpoint *end)
{
	struct scratch *scratch = scratch_claim();

	if (!scratch || !end)
		return 0;
	if (end->any_port) {
		write_address(scratch, end, PATH_END);
	} else {
		write_port(scratch, end->port);
		write_address(scratch, end, PATH_END - PORT_SIZE);
	}
	return scratch_number(scratch);
}
