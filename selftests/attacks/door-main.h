/* SPDX-License-Identifier: Apache-2.0 */

/* Runs the techniques of the program that includes it. */

#ifndef DOOR_MAIN_H
#define DOOR_MAIN_H

/* All that is to be seen of a name: "absent", or its attributes and its first bytes. */
static void look(const char *name, char *into, size_t size)
{
	char content[512] = {}, xattrs[256] = {};
	struct stat st;
	int fd;

	if (lstat(name, &st) < 0) {
		snprintf(into, size, "absent");
		return;
	}
	fd = S_ISREG(st.st_mode) ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		if (read(fd, content, sizeof(content) - 1) < 0)
			content[0] = '\0';
		close(fd);
	}
	if (llistxattr(name, xattrs, sizeof(xattrs) - 1) < 0)
		xattrs[0] = '\0';
	snprintf(into, size, "%o %u %u %ld %ld %ld.%ld %ld.%ld %s %s", st.st_mode, st.st_uid,
		 st.st_gid, (long)st.st_nlink, (long)st.st_size, (long)st.st_mtim.tv_sec,
		 st.st_mtim.tv_nsec, (long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec, content, xattrs);
}

static void look_at_all(char *into, size_t size)
{
	for (const char *const *name = family.watched; *name; name++) {
		size_t n = strlen(into);

		snprintf(into + n, size - n, "%s ", *name);
		n = strlen(into);
		look(*name, into + n, size - n);
	}
}

/* The helper: opens what it is asked to, in a mount namespace of its own. */
static int helper_answer(int client, char *request)
{
	int keep = request[0] == 'k', fd;
	char word[16] = "fd";

	request += keep;
	fd = open(request + 1, request[0] == 'w' ? O_RDWR : request[0] == 'p' ? O_PATH : O_RDONLY);
	if (fd < 0)
		return -1;
	if (keep)
		snprintf(word, sizeof(word), "%d", fd);
	send_fd(client, word, keep ? -1 : fd);
	if (!keep)
		close(fd);
	return 0;
}

static int helper_serve(void)
{
	int server = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), client;
	struct sockaddr_un address;
	socklen_t size = unix_address(&address, "helper");
	char request[PATH_MAX];
	ssize_t n;

	/* a process group of its own, too */
	setsid();
	unlink("helper");
	if (family.serve && family.serve() != 0)
		return UNTRIED;
	if (unshare(CLONE_NEWNS) < 0 || bind(server, (struct sockaddr *)&address, size) < 0 ||
	    listen(server, 16) < 0) {
		perror("helper");
		return UNTRIED;
	}
	signal(SIGPIPE, SIG_IGN);
	while ((client = accept(server, NULL, NULL)) >= 0) {
		n = recv(client, request, sizeof(request) - 1, 0);
		if (n > 0) {
			request[n] = '\0';
			(family.answer ?: helper_answer)(client, request);
		}
		close(client);
	}
	return OTHERWISE;
}

/* Folder and helper socket are there before anything is confined. */
static int enter_folder(const char *base, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	if ((mkdir(path, 0755) < 0 && errno != EEXIST) || chdir(path) < 0) {
		perror(path);
		return -1;
	}
	return access("prepared", F_OK) == 0 ? 0 : family.prepare() ?: put_text("prepared", "");
}

static int run_limited(int (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		alarm(30);
		prctl(PR_SET_DUMPABLE, 1);
		signal(SIGPIPE, SIG_IGN);
		_exit(run());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return UNTRIED;
	kill(-pid, SIGKILL);
	if (WIFEXITED(status) && WEXITSTATUS(status) == WORKED)
		door_said[0] = '\0';
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	snprintf(door_said, 200, "killed by signal %d", WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

/* Under the policy: the plain act, the attack, the plain act. Says how each ended. */
static void attack_thrice(const struct technique *one)
{
	int (*plain)(void) = one->plain ?: family.plain ?: one->run;
	int first, status, last;
	char said[200];

	first = run_limited(plain);
	door_said[0] = '\0';
	status = run_limited(one->run);
	memcpy(said, door_said, sizeof(said));
	last = run_limited(plain);
	memcpy(door_said, said, sizeof(said));
	printf("%s %u %d %d %d ", one->name, one->flags, first, status, last);
}

/* Both run in a child, whose mount namespace goes with it. */
static void confined(const struct technique *one, const char *cgroup)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s/cgroup.procs", cgroup,
		 one->flags & OTHER_CGROUP ? "-other" : "");
	if (put_text(path, "0") < 0) {
		perror(path);
		_exit(1);
	}
	attack_thrice(one);
	fflush(stdout);
	_exit(0);
}

static void run_one(const struct technique *one, const char *base, const char *cgroup)
{
	static char before[4096], after[4096];
	pid_t helper, child;

	before[0] = after[0] = door_said[0] = '\0';
	if (enter_folder(base, one->name) < 0)
		return;
	helper = family.alone ? -1 : fork();
	if (helper == 0)
		_exit(helper_serve());
	for (int i = 0; helper > 0 && i < 1000 && access("helper", F_OK) < 0; i++)
		usleep(1000);
	look_at_all(before, sizeof(before));
	child = fork();
	if (child == 0) {
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			_exit(1);
		if (one->arrange && one->arrange() != 0)
			printf("# %s: cannot arrange: %s\n", one->name, door_said);
		if (cgroup)
			confined(one, cgroup);
		printf("%s %d ", one->name, run_limited(one->run));
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	if (helper > 0) {
		kill(helper, SIGKILL);
		waitpid(helper, NULL, 0);
	}
	look_at_all(after, sizeof(after));
	if (cgroup)
		printf("%s ", one->flags & STATE_ASIDE || strcmp(before, after) == 0 ? "intact"
										     : "CHANGED");
	printf("%s\n", door_said);
	fflush(stdout);
}

/* Whether $DOOR_ONLY has a technique. */
static int selected(const char *name)
{
	const char *only = getenv("DOOR_ONLY");
	char word[80];

	snprintf(word, sizeof(word), " %s ", name);
	return !only || !*only || strstr(only, word);
}

static int run_all(const char *what, const char *base, const char *cgroup)
{
	for (const struct technique *one = family.techniques; one->name; one++) {
		if (!selected(one->name))
			continue;
		if (strcmp(what, "prepare-all") != 0)
			run_one(one, base, cgroup);
		else if (enter_folder(base, one->name) < 0)
			return UNTRIED;
	}
	return 0;
}

static int run_by_name(const char *name)
{
	for (const struct technique *one = family.techniques; one->name; one++) {
		int status;

		if (strcmp(name, one->name) != 0)
			continue;
		if (enter_folder(".", ".") < 0)
			return UNTRIED;
		status = one->arrange ? one->arrange() : 0;
		status = status ?: one->run();
		if (status)
			fprintf(stderr, "%s: %s\n", name, door_said);
		return status;
	}
	fprintf(stderr, "no technique \"%s\": see \"list\"\n", name);
	return UNTRIED;
}

#include "selftests/attacks/door-place.h"

static int list(void)
{
	for (const struct technique *one = family.techniques; one->name; one++)
		printf("%-24s %s%s\n", one->name, one->arrange ? "(arranged) " : "", one->what);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "", *work = getenv("DOOR_WORK");

	door_said = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	mkdir(OUTSIDE, 0755);
	if (strcmp(what, "list") == 0)
		return list();
	if ((strcmp(what, "prepare-all") == 0 || strcmp(what, "try") == 0) && argc == 3)
		return run_all(what, argv[2], NULL);
	if (strcmp(what, "attack") == 0 && argc == 4)
		return run_all(what, argv[2], argv[3]);
	if ((strcmp(what, "try-in") == 0 || strcmp(what, "attack-in") == 0) && argc == 3)
		return run_all_in_place(argv[2], strcmp(what, "attack-in") == 0);
	if (strcmp(what, "inside") == 0 && argc == 3)
		return inside(argv[2]);
	if (argc != 2) {
		fputs("usage: door-... list|prepare|serve|NAME | prepare-all|try BASE |"
		      " attack BASE CGROUP | try-in|attack-in|inside BASE\n",
		      stderr);
		return UNTRIED;
	}
	if (work && chdir(work) < 0) {
		perror(work);
		return UNTRIED;
	}
	if (strcmp(what, "prepare") == 0)
		return enter_folder(".", ".") < 0 ? UNTRIED : 0;
	return strcmp(what, "serve") == 0 ? helper_serve() : run_by_name(what);
}

#endif
