/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/roots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "daemon/cgroups.h"
#include "daemon/kernel.h"
#include "daemon/util.h"

/* Of a cgroup's processes, those that are looked at. */
#define PROCESSES_MAX 16

struct finding {
	struct roots *roots;
	struct kernel *kernel;
	ino_t host;
};

static ino_t mount_ns_of(pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static void note(struct finding *finding, pid_t pid, __u32 slot)
{
	struct roots *roots = finding->roots;
	ino_t mount_ns = mount_ns_of(pid);

	if (roots->full || !mount_ns || mount_ns == finding->host)
		return;
	for (size_t i = roots->n; i-- > 0;)
		if (roots->of[i].mount_ns == mount_ns && roots->of[i].slot == slot)
			return;
	if (roots->n == ROOTS_MAX) {
		roots->full = true;
		return;
	}
	roots->of[roots->n++] = (struct root){pid, mount_ns, slot};
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
	struct finding finding = {roots, kernel, mount_ns_of(1)};

	if (!roots->of)
		roots->of = calloc(ROOTS_MAX, sizeof(*roots->of));
	roots->n = 0;
	roots->full = false;
	if (roots->of)
		(void)cgroups_walk(look_into, &finding);
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
