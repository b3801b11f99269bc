/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The host's root: the daemon's own has other folders for /tmp and /home. */
#define ROOTS_HOST "/proc/1/root"
#define ROOTS_MAX 4096

struct kernel;

/* The mount namespaces, but the host's, of processes in cgroups under policy. */
struct roots {
	struct root {
		pid_t pid; /* a process that is in it */
		ino_t mount_ns;
		__u32 slot; /* whose policies hold there */
	} * of;
	size_t n;
	bool full; /* there are more */
};

/* Looks for them anew. */
void roots_find(struct roots *roots, struct kernel *kernel);

/* Opens one's root folder. Returns a descriptor, or a negative errno: the process is gone. */
int roots_open(const struct root *root);

void roots_clear(struct roots *roots);
