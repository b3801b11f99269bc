/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "scratch.bpf.h"

/*
 * The images in the arena. Every index is masked to the arena: a wrong one reads a wrong cell,
 * never memory outside. Images are checked by user space before they are published.
 */

/* The cell at @index, as one load: check in the low half, next in the high one. */
static __always_inline __u64 arena_cell(void *base, __u32 index)
{
	return *(__u64 *)(base + (__u64)(index & arena_mask) * sizeof(struct bailiff_cell));
}

/* A word of an image's header. */
#define image_word(base, image, field)                                                             \
	arena_word(base, image, offsetof_(struct bailiff_image, field) / sizeof(__u32))
#define offsetof_(type, field) __builtin_offsetof(type, field)

static __always_inline __u32 arena_word(void *base, __u32 cell, __u32 word)
{
	__u64 value = arena_cell(base, cell + word / 2);

	return word % 2 ? value >> 32 : value;
}

/* The same, where @word is known at run time only. */
static __always_inline __u32 arena_word_at(void *base, __u32 cell, __u32 word)
{
	__u32 words = arena_mask * 2 + 1;

	return *(__u32 *)(base + (__u64)((cell * 2 + word) & words) * sizeof(__u32));
}

static __always_inline void *arena_base(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&arena, &zero);
}

/*
 * Runs the automaton of the image at cell @image over the path in the scratch space of that number,
 * beginning in the state @start. Returns the state that it ends in. A function of its own to the
 * verifier.
 */
__u32 match(__u32 number, __u32 image, __u32 start);

/* The state that one more byte leads to. */
__u32 match_step(void *base, __u32 image, __u32 state, __u8 byte);

/* Returns the cell of the words of a state's label. */
static __always_inline __u32 match_words(void *base, __u32 image, __u32 state)
{
	__u32 states = image + image_word(base, image, states);
	__u32 label = (__u32)arena_cell(base, states + state) & ~BAILIFF_HEAD;

	return image + image_word(base, image, labels) +
	       label * (BAILIFF_LABEL_WORDS * sizeof(__u32) / sizeof(struct bailiff_cell));
}
