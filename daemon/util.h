/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Ownership in one look: _cleanup_ frees at the end of the scope, TAKE_PTR hands on. */
#define _cleanup_(function) __attribute__((cleanup(function)))
#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define TAKE_PTR(pointer)                                                                          \
	({                                                                                         \
		__typeof__(pointer) taken_ = (pointer);                                            \
		(pointer) = NULL;                                                                  \
		taken_;                                                                            \
	})

/* Defines type_freep() for _cleanup_, from a type_free() that takes NULL. */
#define DEFINE_FREEP(type, function)                                                               \
	static inline void function##p(type **pointer)                                             \
	{                                                                                          \
		function(*pointer);                                                                \
	}

static inline void freep(void *pointer)
{
	free(*(void **)pointer);
}

/* Returns another descriptor of the same, or a negative errno. */
static inline int dup_fd(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return copy < 0 ? -errno : copy;
}

static inline void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static inline void close_fdp(int *fd)
{
	close_fd(*fd);
}

static inline void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* Removes a folder, and the files and empty folders in it, no deeper. Returns 0, also where there
 * is none, or -errno.
 */
int remove_folder(const char *path);

/* Reads up to @size bytes, and fewer only where the file ends. Returns how many, or a negative
 * errno.
 */
ssize_t read_full(int fd, void *buffer, size_t size);

/* Writes all of a text; write_synced() waits until it is on the disk. Returns 0 or a negative
 * errno.
 */
int write_full(int fd, const char *text, size_t n);
int write_synced(int fd, const char *text, size_t n);

/* The kernel's own form of a device number: not the one that stat() gives. */
static inline unsigned kernel_device(dev_t device)
{
	return (unsigned)(major(device) << 20 | minor(device));
}
