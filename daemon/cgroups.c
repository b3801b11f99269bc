/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/cgroups.h"

#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/util.h"

static void fts_closep(FTS **tree)
{
	if (*tree)
		fts_close(*tree);
}

int cgroups_walk(int (*handle)(void *userdata, const char *path, size_t n_path, __u64 id),
		 void *userdata)
{
	char *roots[] = {(char[]){CGROUPS_ROOT}, NULL};
	_cleanup_(fts_closep) FTS *tree =
		fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	int r;

	if (!tree)
		return -errno;
	for (errno = 0; (entry = fts_read(tree)); errno = 0) {
		const char *path = entry->fts_path + strlen(CGROUPS_ROOT);
		size_t n_path = entry->fts_pathlen - strlen(CGROUPS_ROOT);

		if (entry->fts_info != FTS_D)
			continue;
		/* on cgroup v2 a cgroup's id is the inode number of its directory */
		r = handle(userdata, n_path ? path : "/", n_path ? n_path : 1,
			   entry->fts_statp->st_ino);
		if (r < 0)
			return r;
	}
	return errno == ENOENT ? 0 : -errno;
}
