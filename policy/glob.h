/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A pattern over paths, parsed into a tree.
 *
 *	*	any bytes within a component		?	one byte within a component
 *	**	any bytes, '/' too; "/" "**" "/" is also a single "/" (no directory at all)
 *	[a-z]	one byte of a set, [!a-z] or [^a-z] of its complement; never '/'
 *	{a,b}	either; may be nested and may be empty
 *	\x	the byte x itself
 *	/etc/	a final '/' means "/etc/" followed by "**"
 *
 * Braces mean what the pattern means with each of their parts written out: "/{a,**}/b" matches
 * "/b", since "**" is one of them.
 */
enum glob_kind {
	GLOB_TEXT,     /* these bytes */
	GLOB_ONE,      /* one byte of a set */
	GLOB_ANY,      /* any number of bytes of a set */
	GLOB_EITHER,   /* one of the parts */
	GLOB_SEQUENCE, /* the parts, one after the other */
	GLOB_REPEAT,   /* the parts, one after the other, any number of times */
	GLOB_OPEN, /* anything, where a '/' of the pattern has just been matched; else nothing */
};

struct glob_set {
	uint64_t bits[4]; /* bit b of the 256: byte b is in the set; byte 0 never is */
};

struct glob {
	enum glob_kind kind;
	union {
		struct {
			char *bytes;
			size_t n_bytes;
		};
		struct glob_set set;
		struct {
			struct glob **parts;
			size_t n_parts;
		};
	};
};

/* How deep braces may be nested: the parser and the compiler follow them by recursion. */
#define GLOB_NESTING_MAX 16

/* Where and why a text is no pattern. */
struct glob_error {
	size_t offset; /* in bytes, from 0 */
	const char *reason;
};

enum glob_flags {
	GLOB_BACKSLASH_PLAIN =
		1 << 0,		   /* '\' is an ordinary byte (systemd's unit names have them) */
	GLOB_BENEATH = 1 << 1,	   /* and all beneath: P or P/anything */
	GLOB_UNIT = 1 << 2,	   /* P names a unit: see below */
	GLOB_SLASH_PLAIN = 1 << 3, /* a final '/' is only itself */
};

/*
 * GLOB_UNIT: the path of a unit's cgroup. Components that are slices or a user's service manager,
 * any number of them; then one that P matches. So no path goes through two units, except where P
 * matches a slice or a user's manager itself. systemd puts a '_' before a name that the kernel
 * could take for one of its own files ("memory.x"): P matches with it as well. "**" is no more than
 * "*" in P: a unit is one component.
 */

/*
 * Parses @text. Returns 0 and the pattern (the caller frees it), -EINVAL and *@ret_error (its
 * reason is a constant), or -ENOMEM.
 */
int glob_parse(const char *text, unsigned flags, struct glob **ret_glob,
	       struct glob_error *ret_error);

/*
 * Calls @name with each path that a pattern spells out, its braces written out; @tree: with the
 * folder of which it means all that is beneath. What it means by other wildcards has no name.
 * Returns 0, what @name returned if that was not 0, or -E2BIG: more than GLOB_NAMES_MAX of them, or
 * one that is longer than GLOB_NAME_MAX bytes.
 */
#define GLOB_NAMES_MAX 1024
#define GLOB_NAME_MAX 4095
int glob_names(const struct glob *glob, int (*name)(void *userdata, const char *path, bool tree),
	       void *userdata);

/* Frees a pattern; NULL is none. Returns NULL. */
struct glob *glob_free(struct glob *glob);
