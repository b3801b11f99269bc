/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/launchers.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "daemon/cgroups.h"
#include "daemon/kernel.h"
#include "daemon/log.h"
#include "daemon/objects.h"
#include "daemon/util.h"

/* By the names that distributions, and the runtimes' own packages, install them under. */
static const struct {
	const char *path;
	__u32 kind;
} paths[] = {
	{"/usr/lib/systemd/systemd", BAILIFF_LAUNCHER_MANAGER},
	{"/usr/lib/systemd/systemd-executor", BAILIFF_LAUNCHER_EXECUTOR},
	{"/usr/bin/crun", BAILIFF_LAUNCHER_RUNTIME},
	{"/usr/bin/runc", BAILIFF_LAUNCHER_RUNTIME},
	{"/usr/sbin/runc", BAILIFF_LAUNCHER_RUNTIME},
	{"/usr/bin/youki", BAILIFF_LAUNCHER_RUNTIME},
	{"/usr/bin/conmon", BAILIFF_LAUNCHER_MONITOR},
	{"/usr/local/bin/crun", BAILIFF_LAUNCHER_RUNTIME},
	{"/usr/local/bin/runc", BAILIFF_LAUNCHER_RUNTIME},
	{"/usr/local/sbin/runc", BAILIFF_LAUNCHER_RUNTIME},
	{"/usr/local/bin/conmon", BAILIFF_LAUNCHER_MONITOR},
	{"/usr/libexec/crio/crun", BAILIFF_LAUNCHER_RUNTIME},
	{"/usr/libexec/crio/runc", BAILIFF_LAUNCHER_RUNTIME},
	{"/usr/libexec/crio/conmon", BAILIFF_LAUNCHER_MONITOR},
};

_Static_assert(ELEMENTS(paths) <= BAILIFF_LAUNCHERS, "all launchers fit into their map");

static const char *const folders[] = {
	"/usr/lib/systemd", "/usr/bin",		 "/usr/sbin", "/usr/local/bin",
	"/usr/local/sbin",  "/usr/libexec/crio", NULL,
};

static int find_all(const struct objects *objects,
		    struct kernel_launcher found[static ELEMENTS(paths)], size_t *ret_n)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(paths) && r >= 0; i++) {
		char path[64];
		__u64 mount;

		/* through the host's root, wherever the daemon itself lives */
		snprintf(path, sizeof(path), "/proc/1/root%s", paths[i].path);
		r = objects_look(objects, path, &found[n].inode, &mount);
		if (r >= 0)
			found[n++].kind = paths[i].kind;
		else if (r == -ENOENT)
			r = 0;
	}
	*ret_n = n;
	return r < 0 ? r : 0;
}

int launchers_refresh(struct kernel *kernel)
{
	_cleanup_(objects_clear) struct objects objects = {};
	struct kernel_launcher found[ELEMENTS(paths)];
	int r = objects_begin(&objects);
	size_t n = 0;

	if (r >= 0)
		r = find_all(&objects, found, &n);
	return r < 0 ? r : kernel_set_launchers(kernel, found, n);
}

/* Whether a process runs a service manager's executable. */
static bool is_manager(const struct objects *objects, const char *pid,
		       const struct kernel_launcher *found, size_t n)
{
	char path[NAME_MAX + sizeof("/proc//exe")];
	struct bailiff_inode exe;
	__u64 mount;

	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	if (objects_look(objects, path, &exe, &mount) < 0)
		return false; /* a kernel thread, or gone */
	for (size_t i = 0; i < n; i++)
		if (found[i].kind == BAILIFF_LAUNCHER_MANAGER &&
		    exe.inode == found[i].inode.inode && exe.device == found[i].inode.device)
			return true;
	return false;
}

/* Whether a process is in a cgroup under policy; also true where that cannot be told. */
static bool is_bound(struct kernel *kernel, const char *pid)
{
	_cleanup_(fclosep) FILE *file = NULL;
	char path[PATH_MAX], line[PATH_MAX], cgroup[PATH_MAX + sizeof(CGROUPS_ROOT)];
	struct stat st;
	__u32 slot;

	snprintf(path, sizeof(path), "/proc/%s/cgroup", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "0::", 3) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(cgroup, sizeof(cgroup), "%s%s", CGROUPS_ROOT, line + 3);
		return stat(cgroup, &st) < 0 || kernel_binding_get(kernel, st.st_ino, &slot) >= 0;
	}
	return true;
}

static int label_manager(struct kernel *kernel, const char *pid)
{
	_cleanup_(close_fdp) int pidfd = (int)syscall(SYS_pidfd_open, (pid_t)atoi(pid), 0);
	int r;

	if (pidfd < 0)
		return errno == ESRCH ? 0 : -errno;
	r = kernel_label_manager(kernel, pidfd);
	return r == -EEXIST || r == -ESRCH || r == -ENOENT ? 0 : r;
}

int launchers_label_init(struct kernel *kernel)
{
	return label_manager(kernel, "1");
}

int launchers_label_running(struct kernel *kernel)
{
	_cleanup_(objects_clear) struct objects objects = {};
	struct kernel_launcher found[ELEMENTS(paths)];
	int r = objects_begin(&objects);
	struct dirent *entry;
	size_t n = 0;
	DIR *folder;

	if (r >= 0)
		r = find_all(&objects, found, &n);
	if (r < 0)
		return r;
	folder = opendir("/proc");
	if (!folder)
		return -errno;
	while (r >= 0 && (entry = readdir(folder)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    is_manager(&objects, entry->d_name, found, n) &&
		    !is_bound(kernel, entry->d_name))
			r = label_manager(kernel, entry->d_name);
	closedir(folder);
	return r;
}

static int on_folder(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct kernel *const *kernel = userdata;
	int r = launchers_refresh(*kernel);

	(void)source;
	(void)event;
	if (r < 0)
		log_errno(r, "cannot tell the kernel which programs start containers");
	return 0;
}

void launchers_watch(sd_event *event, struct kernel **kernel)
{
	for (const char *const *folder = folders; *folder; folder++) {
		int r = sd_event_add_inotify(event, NULL, *folder,
					     IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR,
					     on_folder, kernel);

		if (r < 0 && r != -ENOENT)
			log_errno(r,
				  "cannot watch %s, ignoring: a runtime that is replaced is not "
				  "known before the next start",
				  *folder);
	}
}
