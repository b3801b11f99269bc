/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/roots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "daemon/cgroups.h"
#include "daemon/kernel.h"
#include "daemon/util.h"

/* Of a cgroup's processes, those that are looked at. */
#define PROCESSES_MAX 16

/* Twice as many as roots, and a power of two. */
#define PLACES (2 * ROOTS_MAX)

struct finding {
	struct roots *roots;
	struct kernel *kernel;
	ino_t host;
	__u16 places[PLACES]; /* one more than the index of a root; 0: free */
};

_Static_assert(ROOTS_MAX < UINT16_MAX && (PLACES & (PLACES - 1)) == 0,
	       "places are found by a mask");

static ino_t mount_ns_of(pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* The place of a root, or a free one. */
static __u16 *place_of(struct finding *finding, ino_t mount_ns, __u32 slot)
{
	const struct root *of = finding->roots->of;
	size_t at = (size_t)((mount_ns ^ (__u64)slot << 32) * 0x9e3779b97f4a7c15ull >> 40);

	for (;; at++) {
		__u16 *place = &finding->places[at % PLACES];

		if (!*place || (of[*place - 1].mount_ns == mount_ns && of[*place - 1].slot == slot))
			return place;
	}
}

static void note(struct finding *finding, pid_t pid, __u32 slot)
{
	struct roots *roots = finding->roots;
	ino_t mount_ns = mount_ns_of(pid);
	__u16 *place;

	if (roots->full || !mount_ns || mount_ns == finding->host)
		return;
	place = place_of(finding, mount_ns, slot);
	if (*place)
		return;
	if (roots->n == ROOTS_MAX) {
		roots->full = true;
		return;
	}
	roots->of[roots->n++] = (struct root){pid, mount_ns, slot};
	*place = (__u16)roots->n;
}

static int look_into(void *userdata, const char *path, size_t n_path, __u64 id)
{
	_cleanup_(fclosep) FILE *file = NULL;
	struct finding *finding = userdata;
	char name[4096];
	__u32 slot;
	int pid;

	(void)n_path;
	if (kernel_binding_get(finding->kernel, id, &slot) < 0)
		return 0;
	if (snprintf(name, sizeof(name), CGROUPS_ROOT "%s/cgroup.procs", path) >= (int)sizeof(name))
		return 0;
	file = fopen(name, "re");
	for (int i = 0; file && i < PROCESSES_MAX && fscanf(file, "%d", &pid) == 1; i++)
		note(finding, pid, slot);
	return 0;
}

void roots_find(struct roots *roots, struct kernel *kernel)
{
	_cleanup_(freep) struct finding *finding = calloc(1, sizeof(*finding));

	if (!roots->of)
		roots->of = calloc(ROOTS_MAX, sizeof(*roots->of));
	roots->n = 0;
	roots->full = false;
	if (!roots->of || !finding)
		return;
	finding->roots = roots;
	finding->kernel = kernel;
	finding->host = mount_ns_of(1);
	(void)cgroups_walk(look_into, finding);
}

int roots_open(const struct root *root)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root", root->pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* the number may be another process's by now */
	if (mount_ns_of(root->pid) != root->mount_ns) {
		close(fd);
		return -ESRCH;
	}
	return fd;
}

void roots_clear(struct roots *roots)
{
	free(roots->of);
	*roots = (struct roots){};
}
