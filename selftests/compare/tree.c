// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "selftests/compare/compare.h"
#include "selftests/unit/policy/oracle.h"

static const char *const names[] = {"a", "b", "c", "ab", "ba", "a", "b"};

#define N_NAMES (sizeof(names) / sizeof(names[0]))

void tree_make(void)
{
	mkdir(ROOT, 0755);
	if (mount("tmpfs", ROOT, "tmpfs", 0, "mode=0755") < 0 || chdir(ROOT) < 0)
		die(ROOT);
	for (unsigned i = 0; i < 12; i++)
		tree_grow();
}

void tree_remove(void)
{
	if (chdir("/") < 0 || umount2(ROOT, MNT_DETACH) < 0 || rmdir(ROOT) < 0)
		die("cannot remove " ROOT);
}

/* A path of one to three components, sometimes whole, sometimes with more dots than it needs. */
void tree_name(char *path, size_t size)
{
	unsigned n = 1 + random_below(3);
	size_t at = (size_t)snprintf(path, size, "%s",
				     random_below(2)   ? ROOT "/"
				     : random_below(4) ? ""
						       : "./");

	for (unsigned i = 0; i < n; i++) {
		const char *name = names[random_below(N_NAMES)], *dots = "";

		if (i + 1 < n && random_below(12) == 0)
			dots = random_below(2) ? "./" : "../cmp/";
		if (strcmp(dots, "../cmp/") == 0 && i > 0)
			dots = "../";
		at += (size_t)snprintf(path + at, size - at, "%s%s%s", dots, name,
				       i + 1 < n ? "/" : "");
	}
}

/* Something more, wherever that can be. */
void tree_grow(void)
{
	char path[256], target[256];
	int fd;

	tree_name(path, sizeof(path));
	switch (random_below(8)) {
	case 0:
		tree_name(target, sizeof(target));
		(void)!symlink(target, path);
		return;
	case 1:
		(void)!mkfifo(path, 0644);
		return;
	case 2:
	case 3:
	case 4:
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0755);
		if (fd >= 0)
			close(fd);
		return;
	default:
		(void)!mkdir(path, 0755);
	}
}

/* One step: false where there is nothing; and whether it is the end. */
static bool step(char *path, bool follow, char ret_name[PATH_MAX], bool *ret_end)
{
	char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char folder[PATH_MAX], target[PATH_MAX];
	ssize_t n;

	*ret_end = true;
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return realpath(path, ret_name);
	if (slash == path) {
		strcpy(folder, "/");
	} else {
		if (slash)
			*slash = '\0';
		if (!realpath(slash ? path : ".", folder))
			return false;
	}
	if (snprintf(ret_name, PATH_MAX, "%s/%s", strcmp(folder, "/") ? folder : "", name) >=
	    PATH_MAX)
		return false;
	n = follow ? readlink(ret_name, target, sizeof(target) - 1) : -1;
	if (n <= 0)
		return true;
	target[n] = '\0';
	*ret_end = false;
	if (target[0] == '/')
		strcpy(path, target);
	else if (snprintf(path, PATH_MAX, "%s/%s", folder, target) >= PATH_MAX)
		return false;
	return true;
}

bool tree_resolve(const char *path, bool follow, char ret_name[PATH_MAX])
{
	char rest[PATH_MAX];
	bool end = false;

	snprintf(rest, sizeof(rest), "%s", path);
	for (unsigned links = 0; links < 40; links++) {
		if (!step(rest, follow, ret_name, &end))
			return false;
		if (end)
			return true;
	}
	return false;
}

/* nftw() hands nothing on. */
static bool (*each_call)(const char *rest, void *data);
static void *each_data;
static size_t each_skip;

static int each_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return path[each_skip] && each_call(path + each_skip, each_data);
}

bool tree_beneath(const char *name, bool (*each)(const char *rest, void *data), void *data)
{
	each_call = each;
	each_data = data;
	each_skip = strlen(name);
	return nftw(name, each_entry, 16, FTW_PHYS) == 1;
}
