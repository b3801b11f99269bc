/* SPDX-License-Identifier: Apache-2.0 */

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "daemon/containers.h"
#include "daemon/util.h"

int containers_open(void)
{
	int folder;

	if (mkdir(CONTAINERS_FOLDER, 0700) < 0 && errno != EEXIST)
		return -errno;
	folder = open(CONTAINERS_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return folder < 0 ? -errno : folder;
}

char *container_make_token(void)
{
	unsigned long long number;
	char *token = NULL;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number) ||
	    asprintf(&token, "%016llx", number) < 0)
		return NULL;
	return token;
}

/* How many containers the folder has, without this one. */
static size_t count_others(const struct container *container)
{
	DIR *folder = opendir(CONTAINERS_FOLDER);
	struct dirent *entry;
	size_t n = 0;

	while (folder && (entry = readdir(folder)))
		n += container_id_is_good(entry->d_name) &&
		     strcmp(entry->d_name, container->id) != 0;
	if (folder)
		closedir(folder);
	return n;
}

static int make_room(int folder, const struct container *container)
{
	if (count_others(container) < CONTAINERS_MAX)
		return 0;
	(void)containers_remove_gone(folder, NULL);
	return count_others(container) < CONTAINERS_MAX ? 0 : -E2BIG;
}

/* Writes a file beside the one of its name, and puts it there. */
static int write_file(int folder, const struct container *container)
{
	_cleanup_(freep) char *text = container_format(container);
	_cleanup_(close_fdp) int fd = -1;
	char next[CONTAINER_ID_MAX + 2];
	int r;

	if (!text)
		return -ENOMEM;
	snprintf(next, sizeof(next), ".%s", container->id);
	fd = openat(folder, next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = write_full(fd, text, strlen(text));
	if (r >= 0 && renameat(folder, next, folder, container->id) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(folder, next, 0);
	return r;
}

int containers_put(int folder, const struct container *container)
{
	int r = make_room(folder, container);

	return r < 0 ? r : write_file(folder, container);
}
