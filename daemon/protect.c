/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/protect.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <time.h>

#include "daemon/cgroups.h"
#include "daemon/journal-note.h"
#include "daemon/journal.h"
#include "daemon/kernel.h"
#include "daemon/log.h"
#include "daemon/protect-guards.h"
#include "daemon/util.h"

#define LATE_SECONDS 3 /* a tick that comes so late was kept from coming */

struct protect {
	struct guards guards;
	char cgroup[PATH_MAX];
	time_t last_tick;
	int pin_error;		   /* as last reported */
	bool unmounted, read_only; /* the same */
};

/* What the kernel shows no hook of, or none that could tell who did it. */
#define tampered(format, ...) journal_note(LOG_ERR, JOURNAL_ID_TAMPERED, NULL, format, __VA_ARGS__)

static const char *const doors[BAILIFF_N_DOORS] = {
	[BAILIFF_DOOR_MAP] = "open a map of bailiff's",
	[BAILIFF_DOOR_PROGRAM] = "open a program of bailiff's",
	[BAILIFF_DOOR_LINK] = "open a link of bailiff's",
	[BAILIFF_DOOR_PIN] = "change what bailiff has pinned",
	[BAILIFF_DOOR_FILE] = "change bailiff's files",
	[BAILIFF_DOOR_CGROUP] = "write to bailiffd's cgroup",
	[BAILIFF_DOOR_MOUNT] = "mount over, or unmount, what is bailiff's",
	[BAILIFF_DOOR_SIGNAL] = "send bailiffd a signal",
	[BAILIFF_DOOR_TRACE] = "trace bailiffd, or PID 1",
	[BAILIFF_DOOR_LIMIT] = "change bailiffd's limits",
};

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* The first line of a file that begins so, without that. Returns 0 or a negative errno. */
static int read_line(const char *file, const char *begin, char *buffer, size_t size)
{
	_cleanup_(fclosep) FILE *stream = fopen(file, "re");

	if (!stream)
		return -errno;
	while (fgets(buffer, (int)size, stream))
		if (strncmp(buffer, begin, strlen(begin)) == 0) {
			buffer[strcspn(buffer, "\n")] = '\0';
			memmove(buffer, buffer + strlen(begin), strlen(buffer + strlen(begin)) + 1);
			return 0;
		}
	return -ENODATA;
}

/* When this process started, in hundredths of a second: field 22, and the second can hold blanks.
 */
static int read_start(__u64 *ret_start)
{
	char line[1024], *field;
	int r = read_line("/proc/self/stat", "", line, sizeof(line));

	if (r < 0)
		return r;
	field = strrchr(line, ')');
	for (int i = 2; i < 22 && field; i++)
		field = strchr(field + 1, ' ');
	if (!field)
		return -ENODATA;
	*ret_start = strtoull(field + 1, NULL, 10);
	return 0;
}

struct protect *protect_free(struct protect *protect)
{
	if (protect)
		guards_clear(&protect->guards);
	free(protect);
	return NULL;
}

int protect_new(struct protect **ret_protect)
{
	struct protect *protect = calloc(1, sizeof(*protect));
	const char *unit = NULL;

	if (!protect)
		return -ENOMEM;
	if (read_line("/proc/self/cgroup", "0::", protect->cgroup, sizeof(protect->cgroup)) >= 0)
		unit = strrchr(protect->cgroup, '/');
	if (getppid() != 1 || !unit || strlen(unit) < sizeof("/.service") ||
	    strcmp(unit + strlen(unit) - strlen(".service"), ".service") != 0) {
		protect_free(protect);
		log_print(LOG_ERR, "protect = yes: only systemd may stop and replace a daemon that "
				   "protects itself, so it must have started it: systemctl start "
				   "bailiffd (or set protect = no in bailiff.conf)");
		return -EPERM;
	}
	protect->last_tick = now();
	*ret_protect = protect;
	return 0;
}

/* The names of a cgroup's path, the last first. */
static int split_unit(const char *cgroup, struct bailiff_protect *state)
{
	const char *end = cgroup + strlen(cgroup);

	memset(state->unit, 0, sizeof(state->unit));
	state->n_unit = 0;
	while (end > cgroup) {
		const char *name = end;

		while (name > cgroup && name[-1] != '/')
			name--;
		if (state->n_unit == BAILIFF_UNIT_DEPTH || end - name >= BAILIFF_UNIT_NAME)
			return -ENAMETOOLONG;
		memcpy(state->unit[state->n_unit++], name, (size_t)(end - name));
		end = name > cgroup ? name - 1 : cgroup;
	}
	return 0;
}

/* What is guarded has been looked for. */
static int describe(const struct protect *protect, struct bailiff_protect *state)
{
	char daemon[PATH_MAX], command[PATH_MAX];
	struct bailiff_inode cgroups;
	struct stat own, host;
	int r = guards_programs(daemon, command, sizeof(daemon));

	if (r >= 0)
		r = guards_look(&protect->guards, daemon, &state->daemon);
	if (r >= 0 && guards_look(&protect->guards, command, &state->command) < 0)
		state->command = (struct bailiff_inode){};
	if (r >= 0)
		r = guards_look(&protect->guards, CGROUPS_ROOT, &cgroups);
	if (r >= 0)
		r = read_start(&state->start);
	if (r >= 0)
		r = split_unit(protect->cgroup, state);
	if (r < 0)
		return r;
	if (stat("/proc/self/ns/mnt", &own) < 0 || stat("/proc/1/ns/mnt", &host) < 0)
		return -errno;
	state->cgroup_device = cgroups.device;
	state->mount_ns = (__u32)own.st_ino;
	state->host_mount_ns = (__u32)host.st_ino;
	state->tgid = (__u32)getpid();
	return 0;
}

/* Finds what is guarded, and hands it over where it is not what it was. @anew: in any case. */
static int guard_all(struct protect *protect, struct kernel *kernel, bool anew)
{
	_cleanup_(guards_clear) struct guards guards = {};
	int r = guards_find(&guards, protect->cgroup);

	if (r < 0)
		return log_errno(r, "cannot find what is to be protected");
	_cleanup_(guards_clear) struct guards old = protect->guards;
	protect->guards = guards;
	guards = (struct guards){};
	if (!anew && old.n_objects == protect->guards.n_objects &&
	    old.n_names == protect->guards.n_names &&
	    memcmp(old.objects, protect->guards.objects, old.n_objects * sizeof(*old.objects)) ==
		    0 &&
	    memcmp(old.names, protect->guards.names, old.n_names * sizeof(*old.names)) == 0)
		return 0;
	/* all lists have the same targets, in the same order */
	for (size_t i = 0; i < old.n_targets && i < protect->guards.n_targets; i++) {
		const struct guard_target *was = &old.targets[i], *is = &protect->guards.targets[i];

		if (is->door != BAILIFF_DOOR_PIN && was->object.inode &&
		    (was->object.inode != is->object.inode ||
		     was->object.device != is->object.device))
			tampered("%s is %s: somebody got past its protection", is->path,
				 is->object.inode ? "another than it was" : "gone");
	}
	r = kernel_set_guards(kernel, protect->guards.objects, protect->guards.n_objects,
			      protect->guards.names, protect->guards.n_names);
	if (r < 0) {
		guards_clear(&protect->guards); /* so the next tick tries again */
		return log_errno(r, "cannot tell the kernel what is to be protected");
	}
	return 0;
}

int protect_begin(struct protect *protect, struct kernel *kernel)
{
	struct bailiff_protect state = {};
	int r = kernel_protect_get(kernel, &state);

	if (r < 0)
		return log_errno(r, "cannot ask the kernel who was trusted");
	if (state.n_unit && !state.ended)
		tampered("the daemon before this one did not end by itself%s",
			 ": it was killed, or failed");
	r = guard_all(protect, kernel, true);
	if (r < 0)
		return r;
	state.ended = 0;
	r = describe(protect, &state);
	if (r >= 0)
		r = kernel_protect_set(kernel, &state);
	if (r < 0)
		return log_errno(r, "cannot tell the kernel who is trusted");
	kernel_protect(kernel, true);
	return 0;
}

int protect_published(struct protect *protect, struct kernel *kernel)
{
	protect->last_tick = now();
	return guard_all(protect, kernel, true);
}

/* One entry for each door, whatever knocked there how often. */
static void tell_attempts(struct kernel *kernel)
{
	struct bailiff_attempt attempt;
	struct bailiff_protect state;
	bool told = false;

	if (kernel_protect_get(kernel, &state) < 0)
		return;
	for (int i = 0; i < BAILIFF_N_DOORS; i++) {
		if (kernel_attempts_get(kernel, (enum bailiff_door)i, &attempt) < 0 ||
		    attempt.count <= state.told[i])
			continue;
		/* its name is what it says, and can hold anything */
		attempt.comm[sizeof(attempt.comm) - 1] = '\0';
		for (char *c = attempt.comm; *c; c++)
			*c = *c <= ' ' || *c > '~' ? '?' : *c;
		journal_note(
			LOG_WARNING, JOURNAL_ID_REFUSED,
			(struct journal_field[]){
				{.name = "BAILIFF_DOOR", .text = doors[i]},
				{.name = "BAILIFF_COUNT", .number = attempt.count - state.told[i]},
				{.name = "BAILIFF_PID", .number = attempt.tgid},
				{.name = "BAILIFF_UID", .number = attempt.uid},
				{.name = "BAILIFF_COMM", .text = attempt.comm},
				{}},
			"refused to let %s[%u] (uid %u) %s, %llu times", attempt.comm, attempt.tgid,
			attempt.uid, doors[i], attempt.count - state.told[i]);
		state.told[i] = attempt.count;
		told = true;
	}
	if (told)
		(void)kernel_protect_set(kernel, &state);
}

static void look_after_pins(struct protect *protect, struct kernel *kernel)
{
	struct statfs fs;
	bool unmounted = statfs("/proc/1/root/sys/fs/bpf", &fs) < 0 || fs.f_type != BPF_FS_MAGIC;
	/* mount_setattr(2) has no hook */
	bool read_only = !unmounted && fs.f_flags & ST_RDONLY;
	int r = kernel_pin_missing(kernel);

	if (unmounted && !protect->unmounted)
		tampered("%s is not mounted any more where the host sees it; what is in force "
			 "stays so while bailiffd runs",
			 "/sys/fs/bpf");
	if (read_only && !protect->read_only)
		tampered("%s has become read-only: the next bailiffd could change nothing there",
			 "/sys/fs/bpf");
	protect->unmounted = unmounted;
	protect->read_only = read_only;
	if (r > 0) {
		tampered("%d of bailiff's pins were gone, and are there again", r);
		(void)guard_all(protect, kernel, true);
	} else if (r < 0 && r != protect->pin_error) {
		tampered("pins of bailiff's are gone, and cannot be made again (%s); what is in "
			 "force stays so while bailiffd runs",
			 strerror(-r));
	}
	protect->pin_error = r < 0 ? r : 0;
}

int protect_tick(struct protect *protect, struct kernel *kernel)
{
	char cgroup[PATH_MAX] = "";
	time_t late = now() - protect->last_tick;

	if (late >= LATE_SECONDS)
		tampered("bailiffd was kept from running for %lld seconds: stopped, frozen, or out "
			 "of time",
			 (long long)late);
	protect->last_tick = now();
	tell_attempts(kernel);
	look_after_pins(protect, kernel);
	(void)guard_all(protect, kernel, false);
	(void)read_line("/proc/self/cgroup", "0::", cgroup, sizeof(cgroup));
	if (strcmp(cgroup, protect->cgroup) == 0)
		return 0;
	tampered("bailiffd was moved to the cgroup %s; it ends, so that systemd starts it anew in "
		 "its own",
		 cgroup);
	return 1;
}

int protect_end(struct protect *protect, struct kernel *kernel, bool stay)
{
	struct bailiff_protect state;
	int r;

	(void)protect;
	tell_attempts(kernel);
	r = kernel_protect_get(kernel, &state);
	if (r < 0)
		return r;
	state.ended = 1;
	r = kernel_protect_set(kernel, &state);
	return r < 0 || stay ? r : kernel_unprotect(kernel);
}
