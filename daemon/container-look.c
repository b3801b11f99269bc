/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/container-look.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "daemon/cgroups.h"
#include "daemon/containers.h"
#include "daemon/oci.h"

#define DEPTH_MAX 8    /* of cgroups in which containers are looked for */
#define LOCK_TRIES 200 /* a hook has the lock for an instant */
#define LOCK_USEC 5000
#define PATIENCE 2 /* seconds, before it is said that nothing is known of a container */

struct look {
	int folder;
	struct containers known, held;
	char path[PATH_MAX]; /* of the cgroup that is looked at, from CGROUPS_ROOT on */
};

static void look_clear(struct look *look)
{
	containers_release(&look->known);
	containers_release(&look->held);
	close_fd(look->folder);
}

/* The id in the name of a container's cgroup; the caller frees it. NULL: it is none. */
static char *id_of(const char *name)
{
	static const char *const prefixes[] = {"",	  "libpod-", "libpod-payload-",
					       "crio-",	  "docker-", "cri-containerd-",
					       "nerdctl-"};
	static const char suffix[] = ".scope";
	const char *dash = strrchr(name, '-'), *id = dash ? dash + 1 : name;
	size_t n = strlen(id), n_prefix = (size_t)(id - name);
	char *copy;

	if (n > strlen(suffix) && strcmp(id + n - strlen(suffix), suffix) == 0)
		n -= strlen(suffix);
	for (size_t i = 0; i < ELEMENTS(prefixes); i++) {
		if (strlen(prefixes[i]) != n_prefix || strncmp(name, prefixes[i], n_prefix) != 0)
			continue;
		copy = strndup(id, n);
		if (copy && container_id_is_good(copy))
			return copy;
		free(copy);
	}
	return NULL;
}

static int describe(struct container *container, char *error)
{
	const char *fault;
	struct stat st;
	char path[PATH_MAX];
	int r;

	container->token = container_make_token();
	if (!container->token)
		return -ENOMEM;
	/* who has a cgroup names what is beneath as he likes */
	snprintf(path, sizeof(path), CGROUPS_ROOT "%s", container->cgroup);
	snprintf(error, OCI_ERROR_MAX, "it is another user's");
	if (stat(path, &st) < 0 || st.st_uid != 0)
		return -EPERM;
	r = oci_find(container, error);
	fault = r == 0 ? container_fault(container) : NULL;
	if (fault)
		snprintf(error, OCI_ERROR_MAX, "%s", fault);
	return fault ? -EINVAL : r;
}

/* Says why, when that has not changed for a while, and only once. */
static void tell_held(const struct look *look, const struct container *container, const char *error)
{
	char name[sizeof(CONTAINERS_HELD) + CONTAINER_ID_MAX];
	_cleanup_(close_fdp) int fd = -1;
	struct stat st;

	snprintf(name, sizeof(name), CONTAINERS_HELD "%s", container->id);
	fd = openat(look->folder, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size || time(NULL) - st.st_mtime < PATIENCE)
		return;
	(void)sd_journal_print(LOG_WARNING,
			       "container %s is held and executes nothing, as bailiff.conf says "
			       "unknown = deny and its name and image are not known: %s (%s)",
			       container->id, error, container->cgroup);
	(void)dprintf(fd, "%s\n", error);
}

/* Takes @container. */
static void handle(struct look *look, struct container *container)
{
	const struct container *known = containers_find(&look->known, container->id);
	char error[OCI_ERROR_MAX] = "";
	int r;

	if (known && strcmp(known->cgroup, container->cgroup) == 0)
		return;
	r = known && container_is_there(known) ? -EEXIST : describe(container, error);
	if (r == -EEXIST)
		snprintf(error, sizeof(error), "another container has its id");
	if (r == 0)
		r = containers_put(look->folder, container);
	if (r == -E2BIG)
		snprintf(error, sizeof(error), "%u containers are known, and no more can be",
			 CONTAINERS_MAX);
	if (r == 0)
		return;
	tell_held(look, container, *error ? error : strerror(-r));
	(void)containers_add(&look->held, container);
}

static void found(struct look *look, char *id)
{
	struct container container = {.id = id, .cgroup = strdup(look->path)};

	if (container.cgroup)
		handle(look, &container);
	container_release(&container);
}

/* The cgroups beneath look->path, down to containers. */
static void walk(struct look *look, unsigned depth)
{
	size_t n = strlen(look->path);
	char path[PATH_MAX + sizeof(CGROUPS_ROOT)];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), CGROUPS_ROOT "%s", look->path);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		char *id;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
		    n + 1 + strlen(entry->d_name) >= sizeof(look->path))
			continue;
		sprintf(look->path + n, "/%s", entry->d_name);
		id = id_of(entry->d_name);
		if (id)
			found(look, id);
		else if (depth < DEPTH_MAX)
			walk(look, depth + 1);
	}
	look->path[n] = '\0';
	if (folder)
		closedir(folder);
}

/* Forgets that something was said of containers that are held no more. */
static void forget(const struct look *look)
{
	DIR *folder = opendir(CONTAINERS_FOLDER);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (strncmp(entry->d_name, CONTAINERS_HELD, strlen(CONTAINERS_HELD)) == 0 &&
		    !containers_find(&look->held, entry->d_name + strlen(CONTAINERS_HELD)))
			(void)unlinkat(look->folder, entry->d_name, 0);
	if (folder)
		closedir(folder);
}

static int lock(int folder)
{
	int r;

	for (int i = 0; (r = containers_lock(folder)) < 0 && i < LOCK_TRIES; i++)
		usleep(LOCK_USEC);
	return r;
}

enum cli_status container_look(void)
{
	_cleanup_(look_clear) struct look look = {.folder = containers_open()};
	int r = look.folder;

	/* no hook tells of a container meanwhile what would be told here in its place */
	if (r >= 0)
		r = lock(look.folder);
	if (r >= 0)
		r = containers_read(&look.known);
	if (r < 0)
		return cli_error(CLI_FAILED,
				 "container-hook: cannot look at " CONTAINERS_FOLDER ": %s",
				 strerror(-r));
	walk(&look, 0);
	forget(&look);
	return look.held.n ? CLI_NO : CLI_OK;
}
