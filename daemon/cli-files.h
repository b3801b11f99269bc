/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The files of policies, and whether each is in force as it is now. */

enum cli_file_state {
	CLI_FILE_IN_FORCE,
	CLI_FILE_WAITING, /* bailiffd has not put this version into force yet, or does not run */
	CLI_FILE_REFUSED,
	CLI_FILE_LEFT_OUT, /* another folder's of this name stands */
};

extern const char *const cli_file_states[];

struct cli_file {
	char *file;
	enum cli_file_state state;
	bool before;   /* an older version is in force */
	char *message; /* why it is not in force; NULL: not known */
};

struct cli_files {
	struct cli_file *files;
	size_t n_files, n_waiting, n_refused;
	char *failure; /* why the daemon's last look came to nothing; NULL: it did not */
};

/*
 * Looks at them. @loaded: bailiff's programs are in the kernel; without them nothing is in force.
 * Returns 0 or a negative errno.
 */
int cli_files_look(bool loaded, struct cli_files *ret_files);
void cli_files_clear(struct cli_files *files);

/*
 * Looks again and again until no file waits, or for @usec at most. Returns 0, also where the time
 * is over, or a negative errno.
 */
int cli_files_wait(bool (*loaded)(void), unsigned long long usec, struct cli_files *ret_files);

/* Microseconds that an option's text means: "60s", "2m", "1h". Returns 0 or -EINVAL. */
int cli_span_parse(const char *text, unsigned long long *ret_usec);
