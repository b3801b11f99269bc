/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/launchers.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "daemon/kernel.h"
#include "daemon/util.h"

/* By the names that distributions, and the runtimes' own packages, install them under. */
static const char *const paths[] = {
	"/usr/lib/systemd/systemd",
	"/usr/lib/systemd/systemd-executor",
	"/usr/bin/crun",
	"/usr/bin/runc",
	"/usr/sbin/runc",
	"/usr/bin/youki",
	"/usr/bin/conmon",
	"/usr/local/bin/crun",
	"/usr/local/bin/runc",
	"/usr/local/sbin/runc",
	"/usr/local/bin/conmon",
	"/usr/libexec/crio/crun",
	"/usr/libexec/crio/runc",
	"/usr/libexec/crio/conmon",
};

_Static_assert(ELEMENTS(paths) <= BAILIFF_LAUNCHERS, "all launchers fit into their map");

const char *const launchers_folders[] = {
	"/usr/lib/systemd", "/usr/bin",		 "/usr/sbin", "/usr/local/bin",
	"/usr/local/sbin",  "/usr/libexec/crio", NULL,
};

/* The kernel's own form of a device number: not the one that stat() gives. */
static __u32 kernel_device(dev_t device)
{
	return (__u32)(major(device) << 20 | minor(device));
}

static int find_all(struct bailiff_inode inodes[static ELEMENTS(paths)], size_t *ret_n)
{
	size_t n = 0;

	for (size_t i = 0; i < ELEMENTS(paths); i++) {
		char path[64];
		struct stat st;

		/* through the host's root, wherever the daemon itself lives */
		snprintf(path, sizeof(path), "/proc/1/root%s", paths[i]);
		if (stat(path, &st) < 0) {
			if (errno != ENOENT && errno != ENOTDIR)
				return -errno;
			continue;
		}
		inodes[n++] = (struct bailiff_inode){
			.inode = st.st_ino,
			.device = kernel_device(st.st_dev),
		};
	}
	*ret_n = n;
	return 0;
}

int launchers_refresh(struct kernel *kernel)
{
	struct bailiff_inode inodes[ELEMENTS(paths)];
	size_t n = 0;
	int r = find_all(inodes, &n);

	return r < 0 ? r : kernel_set_launchers(kernel, inodes, n);
}

static int label_if_launcher(struct kernel *kernel, const char *pid,
			     const struct bailiff_inode *inodes, size_t n)
{
	_cleanup_(close_fdp) int pidfd = -1;
	char path[NAME_MAX + sizeof("/proc//exe")];
	struct stat st;
	int r;

	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	if (stat(path, &st) < 0)
		return 0; /* a kernel thread, or gone */
	for (size_t i = 0; i < n; i++) {
		if (st.st_ino != inodes[i].inode || kernel_device(st.st_dev) != inodes[i].device)
			continue;
		pidfd = (int)syscall(SYS_pidfd_open, (pid_t)atoi(pid), 0);
		if (pidfd < 0)
			return errno == ESRCH ? 0 : -errno;
		r = kernel_label_launcher(kernel, pidfd);
		return r == -EEXIST || r == -ESRCH || r == -ENOENT ? 0 : r;
	}
	return 0;
}

int launchers_label_running(struct kernel *kernel)
{
	struct bailiff_inode inodes[ELEMENTS(paths)];
	struct dirent *entry;
	size_t n = 0;
	DIR *folder;
	int r = find_all(inodes, &n);

	if (r < 0)
		return r;
	folder = opendir("/proc");
	if (!folder)
		return -errno;
	while (r >= 0 && (entry = readdir(folder)))
		if (isdigit((unsigned char)entry->d_name[0]))
			r = label_if_launcher(kernel, entry->d_name, inodes, n);
	closedir(folder);
	return r;
}
