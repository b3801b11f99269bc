/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Roads to what is protected. Each program of this family (door-read, door-write, door-exec,
 * door-net, door-proc) is a table of techniques, and answers by its exit status: 0 the protected
 *act was done, and seen to be; 1 denied with EACCES; 2 it could not be tried; 3 denied by something
 * else. The first step that is refused ends an attack: a link that is refused is a road that is
 *shut.
 *
 *	door-X list			names, and a line on each
 *	door-X NAME			one technique, in the folder $DOOR_WORK (else here), which
 *it prepares where that has not been done
 *	door-X prepare			prepares that folder: run it where no policy holds
 *	door-X serve			the helper that some techniques need, outside of the policy
 *	door-X prepare-all BASE		a prepared folder BASE/NAME for each technique
 *	door-X try BASE			all techniques without policy: lines of "NAME STATUS STEP"
 *	door-X attack BASE CGROUP	all, each in a process, mount namespace and folder of its
 *own, moved into CGROUP (or CGROUP-other): lines of "NAME FLAGS PLAIN STATUS PLAIN intact|CHANGED
 *STEP"
 *	door-X try-in BASE, attack-in BASE, inside BASE
 *			the same in a service or a container: door-place.h
 *
 * $DOOR_ONLY, a list of names with a space around each, limits those of BASE.
 */

#ifndef DOOR_H
#define DOOR_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { WORKED, DENIED, UNTRIED, OTHERWISE };

enum {
	EPERM_TOO = 1,	  /* a missing capability shows as EPERM */
	OTHER_CGROUP = 2, /* under another policy: CGROUP-other */
	STATE_ASIDE = 4,  /* what it leaves behind is no proof of anything */
};

struct technique {
	const char *name;
	int (*run)(void);
	const char *what;
	unsigned flags;
	int (*arrange)(void); /* what was so before the policy: in the technique's own namespace */
	int (*plain)(void);   /* the plain act, where it is not the family's */
};

#define ROAD(name_, run_, what_, ...)                                                              \
	{                                                                                          \
		.name = name_, .run = run_, .what = what_, ##__VA_ARGS__                           \
	}

struct family {
	const struct technique *techniques; /* the last has no name */
	int (*prepare)(void);		    /* fills an empty folder */
	int (*plain)(void);
	const char *const *watched; /* names that must be as they were, the last is NULL */
	int (*serve)(void);	    /* what else the helper does at first */
	int (*answer)(int client, char *request);
	int alone; /* 1: no technique needs the helper */
};

/* The program's own. */
extern const struct family family;

/* What the last refused step was: shared between all processes of a run. */
static char *door_said;

static inline int refused(const char *step)
{
	int error = errno;

	snprintf(door_said, 200, "%s: %s", step, strerror(error));
	switch (error) {
	case EACCES:
		return DENIED;
	case ENOSYS:
	case EOPNOTSUPP:
	case ENODEV:
	case ENOTTY:
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
	case ESOCKTNOSUPPORT:
		return UNTRIED;
	default:
		return OTHERWISE;
	}
}

static inline int says(int status, const char *what)
{
	snprintf(door_said, 200, "%s", what);
	return status;
}

/* One step of an attack: whether it is refused decides. */
#define TRY(step)                                                                                  \
	do {                                                                                       \
		if ((step) < 0)                                                                    \
			return refused(#step);                                                     \
	} while (0)

/* An absolute path in the work folder. The last eight stay. */
static inline const char *at(const char *name)
{
	static char path[8][PATH_MAX * 2];
	static int i;
	char here[PATH_MAX];

	i = (i + 1) % 8;
	snprintf(path[i], sizeof(path[i]), "%s/%s", getcwd(here, sizeof(here)) ?: "", name);
	return path[i];
}

/* Writes a file that is not protected; the attack depends on it. */
static inline int put(const char *path, const char *content, size_t size, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode), ok;

	if (fd < 0)
		return -1;
	ok = write(fd, content, size) == (ssize_t)size;
	close(fd);
	return ok ? 0 : -1;
}

static inline int put_text(const char *path, const char *text)
{
	return put(path, text, strlen(text), 0644);
}

/* Runs in a child what answers with a status. */
static inline int in_child(int (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run());
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return refused("fork");
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	snprintf(door_said, 200, "killed by signal %d", WTERMSIG(status));
	return OTHERWISE;
}

#include "selftests/attacks/door-tools.h"
#include "selftests/attacks/door-main.h"

#endif
