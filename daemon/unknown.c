/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/unknown.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "daemon/containers.h"
#include "daemon/kernel-events.h"
#include "daemon/log.h"

#define FIRST_TRIES 1000 /* so long is waited for the first look */
#define FIRST_USEC 2000
#define PAUSE_MAX 32 /* ticks between looks at what is held */

extern char **environ;

struct unknown {
	const struct conf *conf;
	sd_event *event;
	sd_event_source *made, *child;
	struct kernel *kernel; /* not owned */
	bool on;
	bool again;	       /* when the look that is under way is over */
	unsigned pause, ticks; /* 0: nothing is held */
	int failed;	       /* that it could not be called was told */
};

struct unknown *unknown_free(struct unknown *unknown)
{
	if (!unknown)
		return NULL;
	sd_event_source_disable_unref(unknown->made);
	sd_event_source_disable_unref(unknown->child);
	sd_event_unref(unknown->event);
	free(unknown);
	return NULL;
}

int unknown_new(sd_event *event, const struct conf *conf, struct unknown **ret_unknown)
{
	struct unknown *unknown = calloc(1, sizeof(*unknown));

	if (!unknown)
		return -ENOMEM;
	unknown->conf = conf;
	unknown->event = sd_event_ref(event);
	*ret_unknown = unknown;
	return 0;
}

/* Calls the command. JSON, which engines write, is none of this process's business. */
static int call(pid_t *ret_pid)
{
	char *const arguments[] = {"bailiff", "container-hook", "--look", NULL};
	posix_spawnattr_t attributes;
	sigset_t none;
	int r = posix_spawnattr_init(&attributes);

	if (r)
		return -r;
	sigemptyset(&none);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	r = posix_spawn(ret_pid, BAILIFF_COMMAND, NULL, &attributes, arguments, environ);
	(void)posix_spawnattr_destroy(&attributes);
	return -r;
}

static void tell_failure(struct unknown *unknown, int error)
{
	if (error && error != unknown->failed)
		log_errno(error, "cannot call " BAILIFF_COMMAND
				 " container-hook --look: containers of which no hook tells stay "
				 "held");
	unknown->failed = error;
}

/* What a look found. As long as something is held, there is another one. */
static void done(struct unknown *unknown, bool exited, int status)
{
	tell_failure(unknown, exited && status <= 1 ? 0 : -EIO);
	if (exited && status == 0)
		unknown->pause = 0;
	else if (unknown->pause < PAUSE_MAX)
		unknown->pause = unknown->pause ? 2 * unknown->pause : 1;
	unknown->ticks = unknown->pause;
}

static void look(struct unknown *unknown);

static int on_child(sd_event_source *source, const siginfo_t *info, void *userdata)
{
	struct unknown *unknown = userdata;

	(void)source;
	unknown->child = sd_event_source_unref(unknown->child);
	done(unknown, info->si_code == CLD_EXITED, info->si_status);
	if (unknown->again)
		look(unknown);
	return 0;
}

static void wait_for(struct unknown *unknown, pid_t pid)
{
	int r = sd_event_add_child(unknown->event, &unknown->child, pid, WEXITED, on_child,
				   unknown);

	if (r < 0)
		tell_failure(unknown, r);
}

static void look(struct unknown *unknown)
{
	pid_t pid = 0;
	int r;

	unknown->again = unknown->child;
	if (unknown->child)
		return;
	r = call(&pid);
	if (r < 0)
		tell_failure(unknown, r);
	else
		wait_for(unknown, pid);
}

/* What runs already, and is known when it was looked at, need not be held until then. */
static void look_first(struct unknown *unknown)
{
	pid_t pid = 0, ended = 0;
	int status = 0, r = call(&pid);

	if (r < 0) {
		tell_failure(unknown, r);
		return;
	}
	for (int i = 0; i < FIRST_TRIES && ended == 0; i++) {
		ended = waitpid(pid, &status, WNOHANG);
		if (ended == 0)
			usleep(FIRST_USEC);
	}
	if (ended == 0)
		wait_for(unknown, pid);
	else
		done(unknown, WIFEXITED(status), WEXITSTATUS(status));
}

static int on_made(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct unknown *unknown = userdata;

	(void)source;
	(void)fd;
	(void)revents;
	(void)kernel_made_clear(unknown->kernel);
	unknown->pause = 0; /* it is new: soon again, if it is held */
	if (unknown->on)
		look(unknown);
	return 0;
}

int unknown_watch(struct unknown *unknown, struct kernel *kernel)
{
	int fd;

	unknown->made = sd_event_source_disable_unref(unknown->made);
	unknown->kernel = kernel;
	fd = kernel_made_fd(kernel);
	if (fd < 0)
		return fd;
	return sd_event_add_io(unknown->event, &unknown->made, fd, EPOLLIN, on_made, unknown);
}

int unknown_begin(struct unknown *unknown, struct store *store, const struct store *previous)
{
	bool on = unknown->conf->unknown && containers_count_asking(store), first = !unknown->on;
	struct policy *policy = NULL;
	int r;

	unknown->on = on;
	if (!on)
		return 0;
	if (first)
		look_first(unknown);
	r = policy_of_unknown(CONF_FILE, unknown->conf->unknown_line, &policy);
	return r < 0 ? r : store_imply(store, previous, policy, unknown->conf->unknown_line + 1);
}

void unknown_settle(struct unknown *unknown)
{
	if (unknown->on)
		look(unknown);
}

void unknown_tick(struct unknown *unknown)
{
	if (unknown->on && unknown->ticks && --unknown->ticks == 0)
		look(unknown);
}
