/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/cli-host.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "daemon/cli.h"
#include "daemon/kernel.h"
#include "daemon/store.h"
#include "daemon/util.h"

static uint64_t changed(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return 0;
	return (uint64_t)st.st_mtim.tv_sec * 1000000 + (uint64_t)st.st_mtim.tv_nsec / 1000;
}

uint64_t host_policy_since(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), STORE_FOLDER_LAST "/%s.ini", name);
	return changed(path);
}

uint64_t host_loaded_since(void)
{
	/* the first pin is made with the load, and is not touched again */
	return changed(KERNEL_PINS "/maps/control");
}

/* Whose lock it is: proc(5), "/proc/locks". 0: nobody's. */
static int lock_owner(void)
{
	_cleanup_(fclosep) FILE *file = fopen("/proc/locks", "re");
	unsigned long long inode;
	unsigned pid, high, low;
	struct stat st;
	char line[256];

	if (!file || stat(CLI_LOCK, &st) < 0)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s FLOCK %*s WRITE %u %x:%x:%llu", &pid, &high, &low, &inode) ==
			    4 &&
		    inode == st.st_ino && makedev(high, low) == st.st_dev)
			return (int)pid;
	return 0;
}

uint64_t host_daemon_resident(void)
{
	_cleanup_(fclosep) FILE *file = NULL;
	unsigned long long kib;
	char path[64], line[128];
	int pid = lock_owner();

	if (pid <= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %llu kB", &kib) == 1)
			return kib * 1024;
	return 0;
}
