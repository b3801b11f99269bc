/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <systemd/sd-event.h>

#include "daemon/store.h"
#include "policy/containers.h"

/*
 * What the OCI hook (cmd-container-hook.c) tells bailiffd, and what it is answered:
 *
 *	CONTAINERS_FOLDER	a file for each container, named by its id: policy/containers.h
 *	CONTAINERS_ANSWER	"ID TOKEN" for each that what is in force takes into account; it is
 *				there as long as a policy selects by what only these files tell
 *
 * The daemon makes the answer before it reads the folder, and the hook looks for it after it wrote
 * into the folder: so a container that does not wait is in what was read. The folder is not in
 * /run/bailiff, which is the daemon's alone under protect = yes.
 */
#define CONTAINERS_FOLDER "/run/bailiff-containers"
#define CONTAINERS_ANSWER "/run/bailiff/containers"

/*
 * Beside them, one for each container of which nothing is known, behind its id, where unknown =
 * deny: empty until it was told why.
 */
#define CONTAINERS_HELD ".held-"

/*
 * Reads the folder. A file that is wrong is logged, and left out. Returns 0, also where there is no
 * folder, and the containers, to be released by the caller; or a negative errno, -E2BIG for more
 * than CONTAINERS_MAX.
 */
int containers_read(struct containers *ret_containers);

/* Whether its cgroup is there; also where that cannot be told. */
bool container_is_there(const struct container *container);

/*
 * Reads the file of one, without a word where that fails. Returns 0 and the container, to be
 * released by the caller, or a negative errno.
 */
int containers_read_one(const char *id, struct container *ret_container);

/*
 * Takes the lock under which files are put into the folder and taken out, without waiting. It goes
 * with the descriptor. Returns 0 or -EWOULDBLOCK.
 */
int containers_lock(int folder);

/*
 * Removes the files of containers whose cgroups are gone, of those given; NULL: of all. Under the
 * lock. Returns how many it removed.
 */
size_t containers_remove_gone(int folder, const struct containers *containers);

/* What tells bailiffd of a container does (containers-tell.c): */

/* Makes the folder, and opens it. Returns a descriptor or a negative errno. */
int containers_open(void);

/* A random token, which the caller frees. NULL where there is none, or no memory. */
char *container_make_token(void);

/*
 * Puts a container's file into the folder, in the place of another one of its id. Under the lock.
 * Returns 0, -E2BIG where there are CONTAINERS_MAX others, or another negative errno.
 */
int containers_put(int folder, const struct container *container);

/* What bailiffd does, in this order: */

/* Whether a policy selects containers; how many do. */
size_t containers_count_asking(const struct store *store);

/*
 * Makes the folder, and has  called when files in it come, go, or are replaced. Returns 0,
 * also where it cannot be watched, which is logged: no container is answered then.
 */
int containers_watch(sd_event *event, sd_event_inotify_handler_t handler, void *userdata);

/*
 * Before policies are put into force: reads what is known of containers into @store, if one of its
 * policies asks. One that @previous has is kept until its cgroup is gone, whatever the folder says.
 * Returns 0 or a negative errno.
 */
int containers_begin(struct store *store, const struct store *previous);

/* When @store is in force: answers. Not where a policy that asks was left out meanwhile. */
void containers_settle(const struct store *store);

/* Now and then: removes files of containers that are gone. */
void containers_tick(const struct store *store);

/* When nothing is enforced any more: no container waits. */
void containers_end(void);
