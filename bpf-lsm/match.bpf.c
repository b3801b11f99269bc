/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "match.bpf.h"

/*
 * A path is matched in chunks, aligned to its end: what is before its first byte in the first chunk
 * is filled with byte 0, which leads from the start state to itself.
 */
#define CHUNK 16

_Static_assert(PATH_PAD >= CHUNK, "the padding of the first chunk stays inside the buffer");

struct match {
	void *base;
	struct scratch *scratch;
	__u32 off;
	__u32 state;
	__u32 states;  /* cell of state 0 */
	__u32 classes; /* byte of class_of[0] */
};

static __always_inline __u32 match_byte(void *base, __u32 states, __u32 classes, __u32 state,
					__u8 byte)
{
	__u32 arena_bytes =
		arena_mask * sizeof(struct bailiff_cell) + sizeof(struct bailiff_cell) - 1;
	__u8 class = *(__u8 *)(base + ((classes + byte) & arena_bytes));
	__u64 cell = arena_cell(base, states + state + 1 + class);

	if ((__u32)cell != state)
		cell = arena_cell(base, states + state);
	return cell >> 32;
}

static long match_chunk(__u32 index, struct match *match)
{
	__u32 state = match->state, off = match->off & (PATH_END - CHUNK);
	struct scratch *scratch = match->scratch;
	__u32 states = match->states, classes = match->classes;
	void *base = match->base;

#pragma unroll
	for (int i = 0; i < CHUNK; i++)
		state = match_byte(base, states, classes, state, scratch->path[off + i]);
	match->state = state;
	match->off = off + CHUNK;
	return state == 0;
}

__u32 match(__u32 number, __u32 image, __u32 start)
{
	struct scratch *scratch = scratch_of(number);
	struct match match = {.base = arena_base(), .scratch = scratch, .state = start};
	__u32 off, first;

	if (!scratch || !match.base)
		return 0;
	off = scratch->off;
	first = off & ~(CHUNK - 1);
	match.off = first;
	match.states = image + image_word(match.base, image, states);
	match.classes =
		image * sizeof(struct bailiff_cell) + offsetof_(struct bailiff_image, class_of);
	__builtin_memset(&scratch->path[(off - CHUNK) & (PATH_END - 1)], 0, CHUNK);
	bpf_loop((PATH_END - first) / CHUNK, match_chunk, &match, 0);
	return match.state;
}

__hidden __u32 match_step(void *base, __u32 image, __u32 state, __u8 byte)
{
	return match_byte(base, image + image_word(base, image, states),
			  image * sizeof(struct bailiff_cell) +
				  offsetof_(struct bailiff_image, class_of),
			  state, byte);
}
