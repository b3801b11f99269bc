/* SPDX-License-Identifier: Apache-2.0 */

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "daemon/boot-audit.h"
#include "daemon/cgroups.h"
#include "daemon/cli.h"
#include "daemon/conf.h"
#include "daemon/containers.h"
#include "daemon/doctor-checks.h"
#include "daemon/folders.h"
#include "daemon/kernel.h"
#include "daemon/store.h"
#include "daemon/util.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define MEMORY_ENOUGH_MIB 64

static bool is_magic(const char *path, unsigned long magic)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == magic;
}

void check_cgroups(struct doctor_finding *finding)
{
	static const char mend[] = "add systemd.unified_cgroup_hierarchy=1 to the kernel's command "
				   "line, and start again";

	if (is_magic(CGROUPS_ROOT, CGROUP2_SUPER_MAGIC))
		doctor_say(finding, DOCTOR_OK, NULL, "version 2 at " CGROUPS_ROOT);
	else if (is_magic(CGROUPS_ROOT "/unified", CGROUP2_SUPER_MAGIC))
		doctor_say(finding, DOCTOR_FAIL, mend,
			   "hybrid: version 2 is only at " CGROUPS_ROOT
			   "/unified, and containers are "
			   "not in it");
	else if (is_magic(CGROUPS_ROOT "/systemd", CGROUP_SUPER_MAGIC))
		doctor_say(finding, DOCTOR_FAIL, mend, "version 1");
	else
		doctor_say(finding, DOCTOR_FAIL, "mount -t cgroup2 cgroup2 " CGROUPS_ROOT,
			   "version 2 is not mounted at " CGROUPS_ROOT);
}

void check_bpffs(struct doctor_finding *finding)
{
	if (is_magic("/sys/fs/bpf", BPF_FS_MAGIC))
		doctor_say(finding, DOCTOR_OK, NULL, "at /sys/fs/bpf");
	else
		doctor_say(finding, DOCTOR_FAIL, "mount -t bpf bpf /sys/fs/bpf",
			   "not mounted at /sys/fs/bpf: enforcement could not outlive bailiffd");
}

void check_memory(struct doctor_finding *finding)
{
	_cleanup_(fclosep) FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long available = 0;
	char line[128];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, "MemAvailable: %llu kB", &available) == 1;
	if (!found)
		doctor_say(finding, DOCTOR_WARN, "mount -t proc proc /proc",
			   "how much is free cannot be told: /proc/meminfo has no MemAvailable");
	else if (available / 1024 < MEMORY_ENOUGH_MIB)
		doctor_say(finding, DOCTOR_WARN, "free some, or have fewer rules",
			   "%llu MiB free; large policies need up to %d", available / 1024,
			   MEMORY_ENOUGH_MIB);
	else
		doctor_say(finding, DOCTOR_OK, NULL, "%llu MiB free", available / 1024);
}

void check_journal(struct doctor_finding *finding)
{
	_cleanup_(close_fdp) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct sockaddr_un address = {AF_UNIX, JOURNAL_SOCKET};

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		doctor_say(finding, DOCTOR_OK, NULL, "reachable");
	else
		doctor_say(finding, DOCTOR_WARN,
			   "start systemd-journald; in a container, mount /run/systemd/journal",
			   "not reachable (" JOURNAL_SOCKET
			   ": %s): decisions hold, and are not logged",
			   strerror(errno));
}

/* Who may write what the daemon reads decides what is enforced. */
static bool is_writable_by_others(const struct stat *st)
{
	return st->st_uid != 0 || (st->st_mode & S_IWOTH) ||
	       (st->st_gid != 0 && (st->st_mode & S_IWGRP));
}

static bool check_folder(struct doctor_finding *finding, const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	struct stat st;
	bool good = true;

	if (!folder)
		return true; /* it need not be there */
	if (fstat(dirfd(folder), &st) == 0 && is_writable_by_others(&st)) {
		doctor_say(finding, DOCTOR_FAIL, "make it root's alone: chown root:root; chmod 755",
			   "others than root can write to %s, and so switch policies off", path);
		good = false;
	}
	while (good && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.' || fstatat(dirfd(folder), entry->d_name, &st, 0) < 0 ||
		    !is_writable_by_others(&st))
			continue;
		doctor_say(finding, DOCTOR_FAIL, "make it root's alone: chown root:root; chmod 644",
			   "others than root can write to %s/%s", path, entry->d_name);
		good = false;
	}
	closedir(folder);
	return good;
}

/* What bailiffd would say of the files at its next look. */
static void check_files(struct doctor_finding *finding)
{
	_cleanup_(diag_clear) struct diag diag = {};
	_cleanup_(store_freep) struct store *store = NULL;
	const char *folders[4] = {};
	size_t n = 0;
	int r;

	/* before its first start bailiffd has made none */
	for (size_t i = 0; folders_of_policies[i] && n + 1 < ELEMENTS(folders); i++)
		if (access(folders_of_policies[i], F_OK) == 0)
			folders[n++] = folders_of_policies[i];
	r = store_load(folders, NULL, NULL, &diag, &store);
	if (r >= 0 && store->unread)
		r = -EACCES;
	if (r < 0)
		doctor_say(finding, DOCTOR_WARN,
			   geteuid() == 0 ? "see the error, and the folder's rights"
					  : "run this as root",
			   "cannot be read: %s", strerror(-r));
	else if (diag.n_errors)
		doctor_say(finding, DOCTOR_WARN, "bailiff check",
			   "%zu error%s, from %s on: such a policy is not put into force",
			   diag.n_errors, diag.n_errors == 1 ? "" : "s", diag.items[0].file);
	else
		doctor_say(finding, DOCTOR_OK, NULL,
			   STORE_FOLDER_ETC " is root's alone; %zu without errors",
			   store->n_entries);
}

void check_policies(struct doctor_finding *finding)
{
	if (!check_folder(finding, STORE_FOLDER_ETC) || !check_folder(finding, STORE_FOLDER_RUN))
		return;
	if (access(STORE_FOLDER_ETC, F_OK) < 0)
		doctor_say(finding, DOCTOR_WARN, "mkdir -p -m 755 " STORE_FOLDER_ETC,
			   "there is no " STORE_FOLDER_ETC);
	else
		check_files(finding);
}

/* What is held, by the files that "bailiff container-hook --look" leaves of each. */
static long count_held(void)
{
	DIR *folder = opendir(CONTAINERS_FOLDER);
	struct dirent *entry;
	long n = 0;

	if (!folder)
		return errno == ENOENT ? 0 : -errno;
	while (folder && (entry = readdir(folder)))
		n += strncmp(entry->d_name, CONTAINERS_HELD, strlen(CONTAINERS_HELD)) == 0;
	closedir(folder);
	return n;
}

void check_unknown(struct doctor_finding *finding)
{
	struct conf conf = {};
	long n = count_held();
	int r = conf_load(CONF_FILE, &conf);

	if (r > 0)
		doctor_say(finding, DOCTOR_FAIL,
			   "mend it: \"journalctl -u bailiffd\" names the line",
			   CONF_FILE " has errors: bailiffd does not start");
	else if (r < 0 || n < 0)
		doctor_say(finding, DOCTOR_WARN, "run this as root", "cannot be told: %s",
			   strerror(r < 0 ? -r : (int)-n));
	else if (!conf.unknown)
		doctor_say(finding, DOCTOR_OK, NULL,
			   "allow: a container whose name is not known is under no policy for "
			   "names");
	else if (n)
		doctor_say(finding, DOCTOR_WARN, "journalctl -t bailiff",
			   "deny: %ld container%s held, as nothing is known of %s", n,
			   n == 1 ? " is" : "s are", n == 1 ? "it" : "them");
	else
		doctor_say(finding, DOCTOR_OK, NULL, "deny: no container is held");
}

void check_daemon(struct doctor_finding *finding)
{
	switch (cli_daemon()) {
	case CLI_DAEMON_RUNS:
		doctor_say(finding, DOCTOR_OK, NULL, "running");
		break;
	case CLI_DAEMON_STOPPED:
		doctor_say(finding, DOCTOR_WARN, "systemctl enable --now bailiffd",
			   "not running: no policy comes into force, and no event is logged");
		break;
	case CLI_DAEMON_UNKNOWN:
		doctor_say(finding, DOCTOR_WARN, "run this as root",
			   "whether it runs cannot be told: " CLI_LOCK " cannot be read");
		break;
	}
}

void check_boot(struct doctor_finding *finding)
{
	int r = boot_audit();

	if (r > 0)
		doctor_say(finding, DOCTOR_WARN,
			   "mend the policy that made it necessary, and start again without it",
			   BOOT_AUDIT " is on the kernel's command line: NOTHING IS BLOCKED");
	else if (r < 0)
		doctor_say(finding, DOCTOR_WARN, "mount -t proc proc /proc",
			   "/proc/cmdline cannot be read (%s): " BOOT_AUDIT " would not be noticed",
			   strerror(-r));
	else
		doctor_say(finding, DOCTOR_OK, NULL, "without " BOOT_AUDIT);
}

void check_pins(struct doctor_finding *finding)
{
	_cleanup_(kernel_freep) struct kernel *kernel = NULL;
	int r = kernel_look(&kernel);

	if (r >= 0)
		doctor_say(finding, DOCTOR_OK, NULL, KERNEL_PINS " is of this version");
	else if (r == -ENOENT)
		doctor_say(finding, DOCTOR_OK, NULL, "none: nothing is enforced yet");
	else if (r == -ESTALE)
		doctor_say(finding, DOCTOR_WARN, "systemctl restart bailiffd",
			   KERNEL_PINS
			   " is of another version, which stays in force until bailiffd "
			   "is restarted");
	else if (geteuid() != 0)
		doctor_say(finding, DOCTOR_WARN, "run this as root", "cannot be told: %s",
			   strerror(-r));
	else
		doctor_say(finding, DOCTOR_FAIL, "systemctl stop bailiffd; bailiff release",
			   KERNEL_PINS " cannot be read: %s", strerror(-r));
}
