/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "daemon/cgroups.h"
#include "daemon/cli-look.h"
#include "daemon/learn.h"
#include "daemon/store.h"
#include "daemon/trial.h"
#include "policy/image.h"

/* The policy under which is learnt: in audit mode, nothing allowed; it lasts as long as the
 * command. */

#define WAIT_SECONDS 600 /* loading all programs takes a second; in emulation, minutes */

static char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *text_format(const char *format, ...)
{
	va_list arguments;
	char *text;
	int n;

	va_start(arguments, format);
	n = vasprintf(&text, format, arguments);
	va_end(arguments);
	return n < 0 ? NULL : text;
}

/*
 * "nginx" of "unit = nginx.service": what a policy's name may be made of. The policy is called
 * "learn-nginx.PID", so that neither counts nor journal entries of an earlier one are taken for its
 * own.
 */
#define PID_DIGITS 10

static char *stem_of(const char *select)
{
	const char *value = strstr(select, "= ") + 2;
	size_t n = strlen(value), n_name = 0;
	char name[BAILIFF_NAME_MAX - sizeof("learn-.") - PID_DIGITS];

	if (n > 8 && strcmp(value + n - 8, ".service") == 0)
		n -= 8;
	for (size_t i = 0; i < n && n_name < sizeof(name) - 1; i++) {
		bool plain = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.-",
				    value[i]);

		if (plain || (n_name && name[n_name - 1] != '_'))
			name[n_name++] = (char)(plain ? value[i] : '_');
	}
	name[n_name] = '\0';
	return strdup(name);
}

/* Takes the lock; the file of one who is just removing his is another file. */
static int take_lock(const char *file)
{
	for (int tries = 0; tries < 16; tries++) {
		int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		struct stat st;

		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0)
			return fd;
		close(fd);
		if (errno == EWOULDBLOCK)
			return -EWOULDBLOCK;
	}
	return -EWOULDBLOCK;
}

/* What is there, while we have the lock, is left of one that was killed. */
static enum cli_status remove_left(const char *stem)
{
	_cleanup_(freep) char *pattern =
		text_format("%s/learn-%s.*[0-9].ini", STORE_FOLDER_RUN, stem);
	glob_t found = {};

	if (!pattern)
		return cli_error(CLI_FAILED, "learn: out of memory");
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			if (unlink(found.gl_pathv[i]) == 0)
				fprintf(stderr,
					"bailiff: learn: removed %s, which one that was killed "
					"has left\n",
					found.gl_pathv[i]);
	globfree(&found);
	return CLI_OK;
}

enum cli_status learn_policy_claim(struct learning *l)
{
	_cleanup_(freep) char *stem = stem_of(l->select);

	if (!stem)
		return cli_error(CLI_FAILED, "learn: out of memory");
	l->name = text_format("learn-%s.%d", stem, getpid());
	l->file = text_format("%s/%s.ini", STORE_FOLDER_RUN, l->name);
	l->lock_file = text_format("%s/.learn-%s.lock", STORE_FOLDER_RUN, stem);
	if (!l->name || !l->file || !l->lock_file)
		return cli_error(CLI_FAILED, "learn: out of memory");
	l->lock = take_lock(l->lock_file);
	if (l->lock == -EWOULDBLOCK)
		return cli_error(CLI_FAILED, "learn: another one learns from %s already",
				 l->argument);
	if (l->lock < 0)
		return cli_error(CLI_FAILED, "learn: cannot write to %s: %s%s", STORE_FOLDER_RUN,
				 strerror(-l->lock),
				 l->lock == -EACCES ? "; only root can learn"
				 : l->lock == -EPERM
					 ? "; \"protect = yes\" of bailiff.conf guards it"
				 : l->lock == -ENOENT ? "; start bailiffd first"
						      : "");
	return remove_left(stem);
}

/* Writes a file in one step. Its name begins with '.' until then: bailiffd passes over it. */
static int write_whole(const char *file, const char *text)
{
	_cleanup_(freep) char *part = text_format("%s/.learn.%d.new", STORE_FOLDER_RUN, getpid());
	int fd, r;

	if (!part)
		return -ENOMEM;
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_full(fd, text, strlen(text));
	if (close(fd) != 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(part, file) != 0)
		r = -errno;
	if (r < 0)
		unlink(part);
	return r;
}

int learn_policy_write(struct learning *l)
{
	_cleanup_(freep) char *head = NULL, *text = NULL;
	struct learn_text how = {.select = l->select, .exact = true};
	int r;

	head = text_format("; of \"bailiff learn\", process %d: lasts as long as that, and blocks "
			   "nothing\n",
			   getpid());
	how.head = head;
	if (!head)
		return -ENOMEM;
	r = learn_write(&l->learn, &how, &text);
	if (r == 0)
		r = write_whole(l->file, text);
	return r;
}

/* The policy as the kernel has it; NULL: it is not in force. */
static const struct look_policy *find(const struct learning *l, const struct look *look)
{
	for (size_t i = 0; look && i < look->n_policies; i++)
		if (strcmp(look->policies[i].name, l->name) == 0)
			return &look->policies[i];
	return NULL;
}

static bool is_whole(const struct look *look)
{
	for (size_t i = 0; i < KERNEL_N_HOOKS; i++)
		if (look->missing[i])
			return false;
	return true;
}

struct matching {
	const struct learning *l;
	size_t n;
};

static int on_cgroup(void *userdata, const char *path, size_t n_path, __u64 id)
{
	struct matching *matching = userdata;

	(void)id;
	matching->n += image_decide(matching->l->selector->image->cells, 0, path, n_path) != 0;
	return 0;
}

/* Whether it holds for all that runs already: those cgroups come under it one after the other. */
static bool holds(const struct learning *l, const struct look_policy *policy)
{
	struct matching matching = {l, 0};

	return cgroups_walk(on_cgroup, &matching) >= 0 && policy->n_cgroups >= matching.n;
}

enum cli_status learn_policy_wait(const struct learning *l)
{
	const struct timespec pause = {0, 200000000};
	__u64 end = trial_now() + WAIT_SECONDS * 1000000ull;

	while (trial_now() < end && !learn_interrupted) {
		_cleanup_(look_freep) struct look *look = NULL;
		const struct look_policy *policy;
		int r = look_new(&look);

		if (r < 0 && r != -ENOENT)
			return cli_error(CLI_FAILED, "learn: cannot look at what is in force: %s",
					 strerror(-r));
		policy = find(l, look);
		if (policy && is_whole(look) && holds(l, policy))
			return CLI_OK;
		nanosleep(&pause, NULL);
	}
	return learn_interrupted
		       ? cli_error(CLI_FAILED, "learn: interrupted before anything was seen")
		       : cli_error(CLI_FAILED,
				   "learn: bailiffd did not put %s into force in %d s; see "
				   "\"journalctl -u bailiffd\"",
				   l->file, WAIT_SECONDS);
}

int learn_policy_count(const struct learning *l, unsigned long long *ret_logged,
		       unsigned long long *ret_dropped)
{
	_cleanup_(look_freep) struct look *look = NULL;
	const struct look_policy *policy;
	int r = look_new(&look);

	*ret_logged = *ret_dropped = 0;
	if (r == -ENOENT)
		return 0; /* nothing is loaded yet */
	if (r < 0)
		return r;
	policy = find(l, look);
	*ret_logged = policy ? policy->count.logged + policy->count.folded : 0;
	*ret_dropped = look->stats[BAILIFF_STAT_DROPPED];
	return 0;
}

void learn_policy_remove(struct learning *l)
{
	if (l->lock < 0)
		return;
	unlink(l->file);
	unlink(l->lock_file);
	close(l->lock);
	l->lock = -1;
}
