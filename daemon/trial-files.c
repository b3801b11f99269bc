/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/trial-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store.h"
#include "daemon/trial.h"
#include "daemon/util.h"

#define NEXT TRIAL_FOLDER "-next"
#define KEPT_PREFIX ".apply-" /* bailiffd passes over names with a dot */

static int write_file(int folder, const char *name, const char *text, size_t n)
{
	_cleanup_(close_fdp) int fd =
		openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return -errno;
	if (fchmod(fd, 0644) < 0) /* whatever the umask is */
		return -errno;
	return write_synced(fd, text, n);
}

static int lay_files(const char *path, const struct cli_policies *policies, __u64 deadline)
{
	_cleanup_(close_fdp) int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[32], name[NAME_MAX + 1];
	int r;

	if (folder < 0)
		return -errno;
	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)deadline);
	r = write_file(folder, TRIAL_DEADLINE, text, strlen(text));
	for (size_t i = 0; i < policies->n_policies && r >= 0; i++) {
		snprintf(name, sizeof(name), "%s.ini", policies->policies[i]->name);
		r = write_file(folder, name, policies->texts[i].bytes, policies->texts[i].n);
	}
	return r;
}

int trial_lay(const struct cli_policies *policies, __u64 deadline)
{
	char next[PATH_MAX];
	int r;

	snprintf(next, sizeof(next), NEXT "-%d", getpid());
	(void)remove_folder(next);
	if (mkdir(next, 0755) < 0)
		return -errno;
	r = lay_files(next, policies, deadline);
	/* it takes the place of none, or of an empty folder */
	if (r >= 0 && rename(next, TRIAL_FOLDER) < 0)
		r = errno == ENOTEMPTY ? -EEXIST : -errno;
	if (r < 0)
		(void)remove_folder(next);
	return r;
}

/* Calls @handle for each policy on trial. */
static int for_each(int (*handle)(int from, int to, const char *name))
{
	_cleanup_(close_fdp) int to = open(STORE_FOLDER_ETC, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = opendir(TRIAL_FOLDER);
	struct dirent *entry;
	int r = 0;

	if (!folder || to < 0) {
		r = -errno;
		if (folder)
			closedir(folder);
		return r;
	}
	while (r >= 0 && (entry = readdir(folder)))
		if (store_is_policy(entry->d_name))
			r = handle(dirfd(folder), to, entry->d_name);
	if (r >= 0 && fsync(to) < 0)
		r = -errno;
	closedir(folder);
	return r;
}

static int next_name(char next[static NAME_MAX + 1], const char *name)
{
	int n = snprintf(next, NAME_MAX + 1, KEPT_PREFIX "%s", name);

	return n > NAME_MAX ? -ENAMETOOLONG : 0;
}

/* Writes a policy beside the one that it will replace. */
static int copy_one(int from, int to, const char *name)
{
	_cleanup_(freep) char *text = NULL;
	char file[PATH_MAX], next[NAME_MAX + 1];
	size_t n = 0;
	int r = next_name(next, name);

	(void)from;
	if (r < 0)
		return r;
	snprintf(file, sizeof(file), TRIAL_FOLDER "/%s", name);
	r = policy_read_file(file, &text, &n);
	if (r < 0)
		return r;
	(void)unlinkat(to, next, 0);
	return write_file(to, next, text ? text : "", n);
}

static int rename_one(int from, int to, const char *name)
{
	char next[NAME_MAX + 1];
	int r = next_name(next, name);

	(void)from;
	if (r >= 0 && renameat(to, next, to, name) < 0)
		r = -errno;
	return r;
}

static int remove_one(int from, int to, const char *name)
{
	char next[NAME_MAX + 1];

	(void)from;
	if (next_name(next, name) >= 0)
		(void)unlinkat(to, next, 0);
	return 0;
}

int trial_keep(void)
{
	__u64 deadline;
	int r = trial_deadline(&deadline);

	if (r < 0)
		return r;
	if (deadline <= trial_now())
		return -ETIME;
	/* first all that can fail for want of room or rights; while it is on trial, it stands */
	r = for_each(copy_one);
	if (r >= 0)
		r = for_each(rename_one);
	if (r < 0) {
		(void)for_each(remove_one);
		return r;
	}
	return trial_end();
}
