/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/* A file of lines that are whole or absent, and that gives way to a new one when it is large. */
struct json_file {
	const char *path;	  /* not owned; absolute */
	unsigned long long limit; /* of bytes, but for a line that is larger by itself */
	unsigned keep;		  /* how many former ones stay: path.1 (the last), path.2, ... */
	int fd;			  /* -1: not open */
};

/*
 * Appends a line, which ends in a newline. The file is opened, and made (mode 0640, less the umask)
 * where it is not there; half a line at its end, as a crash of the machine leaves it, is taken off.
 * Returns 0 or a negative errno: then nothing of the line is there.
 */
int json_file_write(struct json_file *file, const char *line, size_t n);

/* Lets go of a file that has been moved away or removed: the next line makes it anew. */
void json_file_look(struct json_file *file);

void json_file_close(struct json_file *file);
