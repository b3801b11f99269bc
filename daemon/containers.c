/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/containers.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "daemon/cgroups.h"
#include "daemon/log.h"
#include "daemon/util.h"

#define ANSWER_NEXT CONTAINERS_ANSWER ".next"

static void closedirp(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

/* Reads one file. Returns as container_parse(), or another negative errno. */
static int read_file(int folder, const char *id, struct container *ret_container,
		     const char **ret_fault)
{
	_cleanup_(close_fdp) int fd =
		openat(folder, id, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[CONTAINER_FILE_MAX + 1];
	struct stat st;
	ssize_t got;
	int r;

	*ret_fault = "it is not a regular file of root's";
	if (fd < 0)
		return errno == ELOOP ? -EBADMSG : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != 0)
		return -EBADMSG;
	got = read_full(fd, text, sizeof(text));
	if (got < 0)
		return (int)got;
	*ret_fault = "it is too large";
	if (got > CONTAINER_FILE_MAX)
		return -EBADMSG;
	r = container_parse(text, (size_t)got, ret_container, ret_fault);
	if (r < 0 || strcmp(ret_container->id, id) == 0)
		return r;
	*ret_fault = "its name is not the id in it";
	container_release(ret_container);
	return -EBADMSG;
}

int containers_read_one(const char *id, struct container *ret_container)
{
	_cleanup_(close_fdp) int folder =
		open(CONTAINERS_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *fault;

	if (folder < 0)
		return -errno;
	return container_id_is_good(id) ? read_file(folder, id, ret_container, &fault) : -EINVAL;
}

static int add_file(struct containers *containers, int folder, const char *id)
{
	struct container container = {};
	const char *fault = NULL;
	int r = read_file(folder, id, &container, &fault);

	if (r == -ENOENT)
		return 0; /* gone meanwhile */
	if (r == -EBADMSG) {
		log_print(LOG_ERR, CONTAINERS_FOLDER "/%s is left out: %s", id, fault);
		return 0;
	}
	if (r >= 0 && containers->n >= CONTAINERS_MAX)
		r = -E2BIG;
	if (r >= 0)
		r = containers_add(containers, &container);
	container_release(&container);
	return r;
}

int containers_read(struct containers *ret_containers)
{
	_cleanup_(closedirp) DIR *folder = opendir(CONTAINERS_FOLDER);
	_cleanup_(containers_release) struct containers containers = {};
	struct dirent *entry;
	int r = 0;

	if (!folder && errno != ENOENT)
		return -errno;
	while (folder && r >= 0 && (entry = readdir(folder)))
		if (container_id_is_good(entry->d_name))
			r = add_file(&containers, dirfd(folder), entry->d_name);
	if (r < 0)
		return r;
	*ret_containers = containers;
	containers = (struct containers){};
	return 0;
}

int containers_lock(int folder)
{
	return flock(folder, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

bool container_is_there(const struct container *container)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), CGROUPS_ROOT "%s", container->cgroup);
	return stat(path, &st) == 0 || errno != ENOENT;
}

/* Removes a container's file, unless it is of a later start. */
static bool remove_gone(int folder, const struct container *container)
{
	struct container found = {};
	const char *fault;
	bool same;

	if (container_is_there(container) || read_file(folder, container->id, &found, &fault) < 0)
		return false;
	same = found.token && strcmp(found.token, container->token) == 0;
	container_release(&found);
	return same && unlinkat(folder, container->id, 0) == 0;
}

size_t containers_remove_gone(int folder, const struct containers *containers)
{
	_cleanup_(containers_release) struct containers all = {};
	size_t n = 0;

	if (!containers && containers_read(&all) < 0)
		return 0;
	if (!containers)
		containers = &all;
	for (size_t i = 0; i < containers->n; i++)
		n += remove_gone(folder, &containers->list[i]);
	return n;
}

size_t containers_count_asking(const struct store *store)
{
	size_t n = 0;

	for (size_t i = 0; i < store->n_entries; i++)
		n += policy_selects_containers(store->entries[i].text->policy);
	return n;
}

static int copy(const struct container *from, struct container *to)
{
	int r = 0;

	to->id = strdup(from->id);
	to->token = strdup(from->token);
	to->cgroup = strdup(from->cgroup);
	to->name = from->name ? strdup(from->name) : NULL;
	if (!to->id || !to->token || !to->cgroup || (from->name && !to->name))
		return -ENOMEM;
	for (size_t i = 0; i < from->n_images && r == 0; i++)
		r = container_add_image(to, from->images[i]);
	return r;
}

/*
 * Who may remove or change a file could loosen a container that runs by it: so what was said first
 * stays said as long as its cgroup is there.
 */
static int keep_running(struct containers *containers, const struct containers *previous)
{
	for (size_t i = 0; i < previous->n; i++) {
		_cleanup_(container_release) struct container kept = {};
		const struct container *was = &previous->list[i];
		struct container *now = containers_find(containers, was->id);
		int r;

		if ((now && strcmp(now->token, was->token) != 0) || !container_is_there(was))
			continue;
		r = copy(was, &kept);
		if (r == 0 && !now)
			r = containers_add(containers, &kept);
		if (r < 0)
			return r;
		if (now) {
			container_release(now);
			*now = kept;
			kept = (struct container){};
		}
	}
	return 0;
}

/* Makes the answer, with nothing in it, unless it is there. */
static int begin_answer(void)
{
	_cleanup_(close_fdp) int fd =
		open(CONTAINERS_ANSWER, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? -errno : 0;
}

int containers_begin(struct store *store, const struct store *previous)
{
	int r;

	store->n_asking = containers_count_asking(store);
	if (!store->n_asking)
		return 0;
	r = begin_answer();
	if (r < 0)
		return log_errno(r, "cannot make " CONTAINERS_ANSWER);
	r = containers_read(&store->containers);
	if (r == -E2BIG)
		return log_errno(r, "there are more than %u files in " CONTAINERS_FOLDER,
				 CONTAINERS_MAX);
	if (r >= 0)
		r = keep_running(&store->containers, &previous->containers);
	return r < 0 ? log_errno(r, "cannot read " CONTAINERS_FOLDER) : 0;
}

static int write_answer(const struct containers *containers)
{
	FILE *file = fopen(ANSWER_NEXT, "we");
	int error = 0;

	if (!file)
		return -errno;
	for (size_t i = 0; i < containers->n; i++)
		fprintf(file, "%s %s\n", containers->list[i].id, containers->list[i].token);
	if (fflush(file) != 0 || ferror(file))
		error = errno ?: EIO;
	if (fclose(file) != 0 && !error)
		error = errno;
	if (!error && rename(ANSWER_NEXT, CONTAINERS_ANSWER) < 0)
		error = errno;
	return -error;
}

void containers_settle(const struct store *store)
{
	int r;

	if (!store->n_asking) {
		containers_end();
		return;
	}
	if (containers_count_asking(store) != store->n_asking) {
		log_print(LOG_ERR, "a policy that selects containers is not in force: no "
				   "container starts until it is mended, or removed");
		return;
	}
	r = write_answer(&store->containers);
	if (r < 0)
		log_errno(r, "cannot write " CONTAINERS_ANSWER ": containers do not start");
}

void containers_tick(const struct store *store)
{
	_cleanup_(close_fdp) int folder = -1;

	if (!store->containers.n)
		return;
	folder = open(CONTAINERS_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* a hook that has the lock is soon done; there is a next time */
	if (folder >= 0 && containers_lock(folder) == 0)
		(void)containers_remove_gone(folder, &store->containers);
}

void containers_end(void)
{
	(void)unlink(CONTAINERS_ANSWER);
}

int containers_watch(sd_event *event, sd_event_inotify_handler_t handler, void *userdata)
{
	int r;

	if (mkdir(CONTAINERS_FOLDER, 0700) < 0 && errno != EEXIST)
		log_errno(-errno, "cannot make " CONTAINERS_FOLDER ", ignoring");
	r = sd_event_add_inotify(event, NULL, CONTAINERS_FOLDER,
				 IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR, handler,
				 userdata);
	if (r < 0)
		log_errno(r, "cannot watch " CONTAINERS_FOLDER
			     ": containers do not start while a policy selects them by name");
	return 0;
}
