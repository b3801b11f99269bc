/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * The names that the kernel asks an image about, as an automaton over bytes: paths as it has them
 * (no "//", no "." and "..", no '/' at the end), memfd:NAME, and the names of acts (abi.h). What
 * an image says of other strings plays no part.
 */

#define NAMES_START 0u
#define NAMES_DEAD 0xffffu

enum names_end {
	NAMES_NONE, /* no name ends here */
	NAMES_PATH,
	NAMES_MEMORY, /* of what lies in memory only, and is executed at most */
	NAMES_ACT,
};

/* The state that one more byte leads to; NAMES_DEAD: it begins no name. */
unsigned names_next(unsigned state, unsigned char byte);

/* What a name is that ends in a state. */
enum names_end names_ends(unsigned state);

/* Whether any byte may follow, but for '/' and '.' that mean something. */
bool names_is_text(unsigned state);

/* The byte that makes an example look like one of real life; 0: any is as good. */
unsigned char names_prefer(unsigned state);
