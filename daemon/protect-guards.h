/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "daemon/kernel.h"
#include "daemon/objects.h"

/* What the daemon's protection guards: objects and names of the host's file systems. */

/* Something that has a name of its own in the list below, and what was there. */
struct guard_target {
	char *path;
	enum bailiff_door door;
	struct bailiff_inode object; /* 0: nothing */
};

struct guards {
	struct objects mounts;
	struct kernel_guard *objects;
	struct kernel_guarded_name *names;
	struct guard_target *targets;
	size_t n_objects, n_names, n_targets;
	size_t room_objects, room_names, room_targets;
};

/*
 * Looks for all that is guarded, as PID 1 sees it: the folders of policies, the two programs,
 * the unit (the last name of @cgroup) wherever systemd would look for it, the pins, and the
 * daemon's cgroup. Returns 0, or a negative errno.
 */
int guards_find(struct guards *guards, const char *cgroup);
void guards_clear(struct guards *guards);

/* The daemon's program and the command, by their paths on the host. */
int guards_programs(char *ret_daemon, char *ret_command, size_t size);

/* The object of a path of the host's, in @guards that were found. Returns 0, or a negative errno.
 */
int guards_look(const struct guards *guards, const char *path, struct bailiff_inode *ret_object);
