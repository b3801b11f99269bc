/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/protect-guards.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/cgroups.h"
#include "daemon/util.h"

#define HOST "/proc/1/root"
#define DEPTH_MAX 32

/* systemd.unit(5): where the system's manager looks. */
static const char *const unit_folders[] = {
	"/etc/systemd/system.control", "/run/systemd/system.control",
	"/run/systemd/transient",      "/run/systemd/generator.early",
	"/etc/systemd/system",	       "/etc/systemd/system.attached",
	"/run/systemd/system",	       "/run/systemd/system.attached",
	"/run/systemd/generator",      "/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",     "/run/systemd/generator.late",
};

/*
 * What of a cgroup above the daemon's own stops, starves or keeps out all beneath. The root has
 * none of them.
 */
static const char *const cgroup_files[] = {
	"cgroup.kill",
	"cgroup.freeze",
	"cgroup.procs",
	"cgroup.threads",
	"cgroup.type",
	"cgroup.max.depth",
	"cgroup.max.descendants",
	"cgroup.subtree_control",
	"memory.max",
	"memory.high",
	"memory.swap.max",
	"memory.swap.high",
	"memory.zswap.max",
	"memory.oom.group",
	"memory.reclaim",
	"pids.max",
	"cpu.max",
	"cpu.max.burst",
	"cpu.idle",
	"cpu.weight",
	"cpu.weight.nice",
	"cpu.uclamp.max",
	"cpuset.cpus",
	"cpuset.cpus.partition",
	"cpuset.mems",
	"io.max",
	"io.weight",
	"io.bfq.weight",
	"io.latency",
};

void guards_clear(struct guards *guards)
{
	for (size_t i = 0; i < guards->n_targets; i++)
		free(guards->targets[i].path);
	objects_clear(&guards->mounts);
	free(guards->objects);
	free(guards->names);
	free(guards->targets);
	*guards = (struct guards){};
}

/* Makes room for one item more. Returns the array, or NULL. */
static void *grow(void *items, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return items;
	items = reallocarray(items, *room ? 2 * *room : 64, size);
	if (items)
		*room = *room ? 2 * *room : 64;
	return items;
}

static int add_object(struct guards *guards, const struct bailiff_inode *object, __u32 flags)
{
	const __u32 strict = BAILIFF_GUARD_SELF | BAILIFF_GUARD_TREE;
	const __u32 bits = (1u << BAILIFF_GUARD_SHIFT) - 1;
	struct kernel_guard *objects;

	for (size_t i = 0; i < guards->n_objects; i++) {
		__u32 *known = &guards->objects[i].flags;

		if (memcmp(&guards->objects[i].object, object, sizeof(*object)) != 0)
			continue;
		/* the door of whatever guards more */
		*known = *known & strict ? *known | (flags & bits) : (*known & bits) | flags;
		return 0;
	}
	objects = grow(guards->objects, guards->n_objects, &guards->room_objects, sizeof(*objects));
	if (!objects)
		return -ENOMEM;
	guards->objects = objects;
	objects[guards->n_objects++] = (struct kernel_guard){*object, flags, 0};
	return 0;
}

static int add_name(struct guards *guards, const struct bailiff_inode *folder, const char *name,
		    __u32 flags)
{
	struct kernel_guarded_name *names, *new;

	if (strlen(name) >= sizeof(names->name.name))
		return -ENAMETOOLONG;
	names = grow(guards->names, guards->n_names, &guards->room_names, sizeof(*names));
	if (!names)
		return -ENOMEM;
	guards->names = names;
	new = &names[guards->n_names++];
	*new = (struct kernel_guarded_name){
		.name = {.inode = folder->inode, .device = folder->device}, .flags = flags};
	memcpy(new->name.name, name, strlen(name));
	return 0;
}

static int add_target(struct guards *guards, const char *path, enum bailiff_door door,
		      const struct bailiff_inode *object)
{
	struct guard_target *targets;

	targets = grow(guards->targets, guards->n_targets, &guards->room_targets, sizeof(*targets));
	if (!targets)
		return -ENOMEM;
	guards->targets = targets;
	targets[guards->n_targets] = (struct guard_target){strdup(path), door, *object};
	return targets[guards->n_targets++].path ? 0 : -ENOMEM;
}

static int look(const struct guards *guards, const char *path, struct bailiff_inode *ret_object,
		__u64 *ret_mount)
{
	char host[PATH_MAX];

	if ((size_t)snprintf(host, sizeof(host), HOST "%s", path) >= sizeof(host))
		return -ENAMETOOLONG;
	return objects_look(&guards->mounts, host, ret_object, ret_mount);
}

int guards_look(const struct guards *guards, const char *path, struct bailiff_inode *ret_object)
{
	__u64 mount = 0;

	return look(guards, path, ret_object, &mount);
}

static int add_mount(struct guards *guards, __u64 mount)
{
	const struct bailiff_inode object = {.inode = mount, .pad = BAILIFF_GUARDED_MOUNT};

	return add_object(guards, &object,
			  BAILIFF_GUARD_SELF | BAILIFF_DOOR_MOUNT << BAILIFF_GUARD_SHIFT);
}

/* What stands above a target, from the root on, as far as it is there. Returns the last. */
static int add_above(struct guards *guards, char *path, enum bailiff_door door, size_t *n_known,
		     struct bailiff_inode *ret_last)
{
	struct bailiff_inode chain[DEPTH_MAX] = {};
	size_t n = 0, length = strlen(path);
	__u64 mount = 0;
	int r = 0;

	*n_known = 0;
	for (size_t i = 1; i <= length && n < DEPTH_MAX; i++) {
		char end = path[i];

		if (i > 1 && end != '/')
			continue;
		path[i] = '\0';
		r = look(guards, path, &chain[n], &mount);
		path[i] = end;
		if (r < 0)
			break;
		*n_known = i > 1 ? i : 0;
		n++;
		r = add_mount(guards, mount);
		if (r < 0)
			return r;
	}
	if (n == 0 || (r < 0 && r != -ENOENT))
		return r < 0 ? r : -ENOENT;
	*ret_last = chain[n - 1];
	r = 0;
	for (size_t i = 0; i < n && r >= 0; i++) {
		/* another file system's are its own business */
		enum bailiff_door own =
			chain[i].device == ret_last->device ? door : BAILIFF_DOOR_FILE;

		r = add_object(guards, &chain[i],
			       BAILIFF_GUARD_ABOVE | (__u32)own << BAILIFF_GUARD_SHIFT);
	}
	return r;
}

/* Guards a path: the object that is there, its name, and what stands above. */
static int guard(struct guards *guards, const char *path, __u32 flags, enum bailiff_door door)
{
	struct bailiff_inode folder = {}, object = {};
	char copy[PATH_MAX], name[NAME_MAX + 1];
	size_t n_known;
	bool missing;
	__u64 mount = 0;
	int r;

	flags |= (__u32)door << BAILIFF_GUARD_SHIFT;
	if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy))
		return -ENAMETOOLONG;
	r = add_above(guards, copy, door, &n_known, &folder);
	if (r < 0)
		return r;
	/* the first name that is not there, or the target's own */
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(copy + n_known + 1, "/"),
		 copy + n_known + 1);
	missing = strchr(copy + n_known + 1, '/');
	/* PID 1 makes its own folders */
	r = add_name(guards, &folder, name,
		     missing ? BAILIFF_GUARD_ABOVE | (__u32)door << BAILIFF_GUARD_SHIFT : flags);
	if (r >= 0 && !missing && look(guards, path, &object, &mount) == 0) {
		r = add_object(guards, &object, flags);
		if (r >= 0)
			r = add_mount(guards, mount);
	}
	return r < 0 ? r : add_target(guards, path, door, &object);
}

static int guard_unit(struct guards *guards, const char *unit)
{
	char path[PATH_MAX];
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(unit_folders); i++)
		/* the unit, its drop-ins, and those of all services */
		for (int j = 0; j < 3 && r >= 0; j++) {
			snprintf(path, sizeof(path), "%s/%s%s", unit_folders[i],
				 j == 2 ? "service" : unit, j ? ".d" : "");
			r = guard(guards, path, BAILIFF_GUARD_TREE, BAILIFF_DOOR_FILE);
		}
	if (r < 0)
		return r;
	/* what has it started at boot: "systemctl enable" makes that */
	snprintf(path, sizeof(path), "/etc/systemd/system/multi-user.target.wants/%s", unit);
	return guard(guards, path, BAILIFF_GUARD_SELF, BAILIFF_DOOR_FILE);
}

static int guard_cgroup(struct guards *guards, const char *cgroup)
{
	char path[PATH_MAX], above[PATH_MAX];
	int r;

	snprintf(path, sizeof(path), CGROUPS_ROOT "%s", cgroup);
	r = guard(guards, path, BAILIFF_GUARD_TREE, BAILIFF_DOOR_CGROUP);
	if (r >= 0)
		r = guard(guards, CGROUPS_ROOT "/init.scope", BAILIFF_GUARD_TREE,
			  BAILIFF_DOOR_CGROUP);
	for (;;) {
		*strrchr(path, '/') = '\0';
		if (r < 0 || strlen(path) <= strlen(CGROUPS_ROOT))
			return r;
		for (size_t i = 0; i < ELEMENTS(cgroup_files) && r >= 0; i++) {
			if ((size_t)snprintf(above, sizeof(above), "%s/%s", path,
					     cgroup_files[i]) >= sizeof(above))
				return -ENAMETOOLONG;
			r = guard(guards, above, BAILIFF_GUARD_SELF, BAILIFF_DOOR_CGROUP);
		}
	}
}

int guards_programs(char *ret_daemon, char *ret_command, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", ret_daemon, size - 1);
	char *end;

	if (n < 0)
		return -errno;
	ret_daemon[n] = '\0';
	/* PREFIX/sbin/bailiffd, PREFIX/bin/bailiff */
	snprintf(ret_command, size, "%s", ret_daemon);
	for (int i = 0; i < 2; i++) {
		end = strrchr(ret_command, '/');
		if (!end)
			return -ENOENT;
		*end = '\0';
	}
	n = (ssize_t)strlen(ret_command);
	if ((size_t)snprintf(ret_command + n, size - (size_t)n, "/bin/bailiff") >= size - (size_t)n)
		return -ENAMETOOLONG;
	return 0;
}

int guards_find(struct guards *guards, const char *cgroup)
{
	static const char *const folders[] = {"/etc/bailiff", "/run/bailiff", "/var/lib/bailiff"};
	static const char *const pins[] = {KERNEL_PINS, KERNEL_PINS "-next"};
	char daemon[PATH_MAX], command[PATH_MAX];
	int r = guards_programs(daemon, command, sizeof(daemon));

	if (r >= 0)
		r = objects_begin(&guards->mounts);
	if (r >= 0)
		r = guard(guards, daemon, BAILIFF_GUARD_SELF, BAILIFF_DOOR_FILE);
	if (r >= 0)
		r = guard(guards, command, BAILIFF_GUARD_SELF, BAILIFF_DOOR_FILE);
	/* the loader reads it for every program, whatever it is told not to */
	if (r >= 0)
		r = guard(guards, "/etc/ld.so.preload", BAILIFF_GUARD_SELF, BAILIFF_DOOR_FILE);
	for (size_t i = 0; i < ELEMENTS(folders) && r >= 0; i++)
		r = guard(guards, folders[i], BAILIFF_GUARD_TREE, BAILIFF_DOOR_FILE);
	for (size_t i = 0; i < ELEMENTS(pins) && r >= 0; i++)
		r = guard(guards, pins[i], BAILIFF_GUARD_TREE, BAILIFF_DOOR_PIN);
	if (r >= 0)
		r = guard_unit(guards, strrchr(cgroup, '/') + 1);
	return r < 0 ? r : guard_cgroup(guards, cgroup);
}
