/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "bpf-lsm/abi.h"

/* One act that policies are asked about, in words and by the names that abi.h has. */

enum question_kind {
	QUESTION_EXEC,
	QUESTION_READ,
	QUESTION_WRITE,
	QUESTION_MAP, /* to map a file executable, as a library is */
	QUESTION_SOCKET,
	QUESTION_CONNECT,
	QUESTION_LISTEN,
	QUESTION_BIND,
	QUESTION_ACCEPT,
	QUESTION_CAPABILITY,
	QUESTION_PROCESS,
	QUESTION_N_KINDS,
};

/* By kind, with a NULL at the end: "exec", "read" and so on. */
extern const char *const question_kinds[QUESTION_N_KINDS + 1];

#define QUESTION_NAME_MAX (BAILIFF_PATH_MAX + 64)
#define QUESTION_ERROR_MAX 512

struct question {
	enum question_kind kind;
	unsigned word; /* of a label: the decision that answers */
	size_t n;
	char name[QUESTION_NAME_MAX]; /* not terminated */
};

/*
 * Takes a question from its text: a path; [PROTOCOL:]ADDRESS[:PORT] (or PROTOCOL ADDRESS, as the
 * journal has it), a socket's path or @NAME; the name of a protocol, a capability or an act. Where
 * the kernel asks about another address than the one given (0.0.0.0 to connect to is this machine),
 * so does the question. Port "*", and a port 0 that the kernel chooses, stands for any: the
 * strictest answer is asked for. Returns 0, or -EINVAL and what is wrong in @error.
 */
int question_parse(enum question_kind kind, const char *text, struct question *ret,
		   char error[static QUESTION_ERROR_MAX]);

/*
 * Checks a path: as the kernel has it, so absolute, without "." and "..", "//" and a "/" at the
 * end, and no longer than it can be asked about. "memfd:NAME" is one, too, where @memfd says so.
 * Returns as question_parse().
 */
int question_path_check(const char *path, bool memfd, char error[static QUESTION_ERROR_MAX]);
