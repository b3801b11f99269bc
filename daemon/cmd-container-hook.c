/* SPDX-License-Identifier: Apache-2.0 */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "daemon/cli-json.h"
#include "daemon/cli.h"
#include "daemon/containers.h"
#include "daemon/oci.h"

static const char help[] =
	"usage: bailiff container-hook <STATE\n"
	"\n"
	"For container runtimes, as a hook of the OCI's stage createRuntime: tells\n"
	"bailiffd the name and the image of a container that is created, and waits until\n"
	"it is under the policies that select it by them. See bailiff.policy(5).\n"
	"podman and CRI-O find it by /usr/share/containers/oci/hooks.d/bailiff.json.\n"
	"\n"
	"  -h, --help    this\n"
	"\n"
	"Exit status: 0 the container may start (also where no policy selects by name or\n"
	"image), 3 it may not.\n";

static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {}};

#define WAIT_SECONDS 10
#define LOOK_NSEC 5000000 /* how often the answer is looked at */

/* The inode number of the first user namespace: PROC_USER_INIT_INO. */
#define FIRST_USER_NS 0xEFFFFFFDu

struct hook {
	struct json_object *object;
	struct oci_state state;
	struct container container;
	int folder;
	struct timespec end;	   /* by CLOCK_MONOTONIC */
	char error[OCI_ERROR_MAX]; /* why it failed */
};

static void hook_clear(struct hook *hook)
{
	json_object_put(hook->object);
	container_release(&hook->container);
	close_fd(hook->folder);
}

/* What failed, and why; say() where the errno says nothing. */
static int fail(struct hook *hook, int error, const char *what)
{
	snprintf(hook->error, sizeof(hook->error), "%s: %s", what, strerror(-error));
	return error;
}

static int say(struct hook *hook, int error, const char *what)
{
	snprintf(hook->error, sizeof(hook->error), "%s", what);
	return error;
}

/* Takes some time; answers false where none is left. */
static bool wait_some(const struct hook *hook)
{
	struct timespec now, pause = {.tv_nsec = LOOK_NSEC};

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec > hook->end.tv_sec ||
	    (now.tv_sec == hook->end.tv_sec && now.tv_nsec >= hook->end.tv_nsec))
		return false;
	(void)nanosleep(&pause, NULL);
	return true;
}

static int read_state(struct hook *hook)
{
	_cleanup_(freep) char *text = malloc(OCI_STATE_MAX + 1);
	size_t n;

	if (!text)
		return fail(hook, -ENOMEM, "cannot read its state");
	n = fread(text, 1, OCI_STATE_MAX + 1, stdin);
	if (ferror(stdin))
		return fail(hook, -EIO, "cannot read its state");
	if (n > OCI_STATE_MAX)
		return say(hook, -E2BIG, "its state has more than 1 MiB");
	text[n] = '\0';
	if (strlen(text) == n)
		hook->object = json_tokener_parse(text);
	return oci_state_take(hook->object, &hook->state, hook->error);
}

/* The cgroup of the container's first process, which has run nothing of the container yet. */
static int read_cgroup(struct hook *hook)
{
	_cleanup_(fclosep) FILE *file = NULL;
	_cleanup_(freep) char *line = NULL;
	char path[64];
	size_t size = 0;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)hook->state.pid);
	file = fopen(path, "re");
	while (file && getline(&line, &size, file) > 0) {
		if (strncmp(line, "0::", 3) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (oci_cgroup_cut(line + 3, hook->state.id) < 0)
			break;
		hook->container.cgroup = strdup(line + 3);
		return hook->container.cgroup ? 0 : fail(hook, -ENOMEM, "cannot read its cgroup");
	}
	return say(hook, -ENODATA, "its process is in no cgroup (version 2) that has its id");
}

static int make_token(struct hook *hook)
{
	unsigned long long number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return fail(hook, -EIO, "no random number");
	return asprintf(&hook->container.token, "%016llx", number) < 0 ? -ENOMEM : 0;
}

static int describe(struct hook *hook)
{
	const char *fault;
	int r = read_cgroup(hook);

	if (r == 0)
		r = make_token(hook);
	if (r < 0)
		return r;
	hook->container.id = strdup(hook->state.id);
	if (!hook->container.id)
		return fail(hook, -ENOMEM, "cannot tell its name");
	r = oci_describe(&hook->state, &hook->container, hook->error);
	if (r == -ENOMEM)
		return fail(hook, r, "cannot tell its name");
	if (r == -E2BIG)
		snprintf(hook->error, sizeof(hook->error), "its image has more than %u names",
			 CONTAINER_IMAGES_MAX);
	fault = r == 0 ? container_fault(&hook->container) : NULL;
	return fault ? say(hook, -EINVAL, fault) : r;
}

/* How many containers the folder has, without this one. */
static size_t count_others(const struct hook *hook)
{
	DIR *folder = opendir(CONTAINERS_FOLDER);
	struct dirent *entry;
	size_t n = 0;

	while (folder && (entry = readdir(folder)))
		n += container_id_is_good(entry->d_name) &&
		     strcmp(entry->d_name, hook->container.id) != 0;
	if (folder)
		closedir(folder);
	return n;
}

static int make_room(struct hook *hook)
{
	if (count_others(hook) < CONTAINERS_MAX)
		return 0;
	(void)containers_remove_gone(hook->folder, NULL);
	if (count_others(hook) < CONTAINERS_MAX)
		return 0;
	snprintf(hook->error, sizeof(hook->error), "%u containers are known, and no more can be",
		 CONTAINERS_MAX);
	return -E2BIG;
}

/* Writes a file beside the one of its name, and puts it there. */
static int write_file(struct hook *hook)
{
	_cleanup_(freep) char *text = container_format(&hook->container);
	_cleanup_(close_fdp) int fd = -1;
	char next[CONTAINER_ID_MAX + 2];
	int r;

	if (!text)
		return -ENOMEM;
	snprintf(next, sizeof(next), ".%s", hook->container.id);
	fd = openat(hook->folder, next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	if (fd < 0)
		return -errno;
	r = write_full(fd, text, strlen(text));
	if (r >= 0 && renameat(hook->folder, next, hook->folder, hook->container.id) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(hook->folder, next, 0);
	return r;
}

static int tell(struct hook *hook)
{
	int r;

	if (mkdir(CONTAINERS_FOLDER, 0700) < 0 && errno != EEXIST)
		return fail(hook, -errno, "cannot make " CONTAINERS_FOLDER);
	hook->folder = open(CONTAINERS_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (hook->folder < 0)
		return fail(hook, -errno, "cannot open " CONTAINERS_FOLDER);
	while (containers_lock(hook->folder) < 0)
		if (!wait_some(hook))
			return say(hook, -ETIMEDOUT, "somebody keeps " CONTAINERS_FOLDER " locked");
	r = make_room(hook);
	if (r < 0)
		return r;
	r = write_file(hook);
	(void)flock(hook->folder, LOCK_UN);
	return r < 0 ? fail(hook, r, "cannot write into " CONTAINERS_FOLDER) : 0;
}

/* Whether the daemon's answer has this start of the container: 1, 0, or -ENOENT: nobody asks. */
static int look_for_answer(const struct hook *hook)
{
	_cleanup_(fclosep) FILE *file = fopen(CONTAINERS_ANSWER, "re");
	char line[CONTAINER_ID_MAX + CONTAINER_TOKEN_MAX + 3], wanted[sizeof(line)];

	if (!file)
		return -errno;
	snprintf(wanted, sizeof(wanted), "%s %s\n", hook->container.id, hook->container.token);
	while (fgets(line, sizeof(line), file))
		if (strcmp(line, wanted) == 0)
			return 1;
	return 0;
}

static int wait_for_answer(struct hook *hook)
{
	int r;

	while ((r = look_for_answer(hook)) == 0)
		if (!wait_some(hook)) {
			(void)unlinkat(hook->folder, hook->container.id, 0);
			snprintf(hook->error, sizeof(hook->error),
				 "bailiffd did not say within %d s that it is under its policies "
				 "(systemctl status bailiffd)",
				 WAIT_SECONDS);
			return -ETIMEDOUT;
		}
	return r > 0 || r == -ENOENT ? 0 : fail(hook, r, "cannot read " CONTAINERS_ANSWER);
}

/* Whether this is a container of another user's, who could not tell bailiffd anything. */
static bool is_rootless(void)
{
	struct stat st;

	return geteuid() != 0 ||
	       (stat("/proc/self/ns/user", &st) == 0 && (unsigned)st.st_ino != FIRST_USER_NS);
}

/* Says why to the runtime, which may show it, and to the journal, which keeps it. */
static enum cli_status refuse(const struct hook *hook)
{
	bool needed = access(CONTAINERS_ANSWER, F_OK) == 0 || errno != ENOENT;
	const char *id = hook->state.id ? hook->state.id : "unknown";

	(void)sd_journal_print(needed ? LOG_ERR : LOG_WARNING, "container %.64s %s: %s", id,
			       needed ? "does not start" : "is not known to policies", hook->error);
	if (!needed)
		return CLI_OK;
	return cli_error(CLI_FAILED, "container %.64s does not start: %s", id, hook->error);
}

static enum cli_status run(int argc, char **argv)
{
	_cleanup_(hook_clear) struct hook hook = {.folder = -1};
	int option, r;

	while ((option = cli_option(&cmd_container_hook, argc, argv)) != CLI_END)
		return option == CLI_HELPED ? CLI_OK : CLI_USAGE;
	if (optind < argc)
		return cli_error(CLI_USAGE, "container-hook: takes no argument, and \"%s\" is one",
				 argv[optind]);
	if (is_rootless())
		return CLI_OK;
	clock_gettime(CLOCK_MONOTONIC, &hook.end);
	hook.end.tv_sec += WAIT_SECONDS;
	r = read_state(&hook);
	if (r == 0)
		r = describe(&hook);
	if (r == 0)
		r = tell(&hook);
	if (r == 0)
		r = wait_for_answer(&hook);
	return r < 0 ? refuse(&hook) : CLI_OK;
}

const struct cli_command cmd_container_hook = {"container-hook", help, "", options, run};
