/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What an act costs, by the monotonic clock (which counts instructions under -icount):
 *
 *	act_time exec N PROGRAM		nanoseconds for one run of PROGRAM
 *	act_time open N PATH		... for one open and close
 *	act_time files N FOLDER		the same of FOLDER/1, FOLDER/2, ...: each but once
 *	act_time landlock N PATH	the same by a task that a Landlock rule lets read beneath
 *"/" act_time enforced N DIR PATH	... from the renaming of a policy file into DIR until
 *					reading PATH is denied, by a daemon that rests, and the
 *					longest of N times; DIR/.on and DIR/.off are the file's two
 *					versions, and the first change is not counted
 *
 * The cost of an act is the lower quartile of N: no tick of the clock falls into such a run, while
 *it falls into about half of all runs of a program and is a twentieth of one.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

static void run(const char *program)
{
	pid_t pid = vfork();

	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execl(program, program, "/", (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

static void open_and_close(const char *path)
{
	close(open(path, O_RDONLY));
}

static void open_next(const char *folder)
{
	static long n;
	char path[512];

	snprintf(path, sizeof(path), "%s/%ld", folder, ++n);
	close(open(path, O_RDONLY));
}

/* The lower quartile of @n times, after a tenth as many that do not count. */
static long long time_act(long n, void (*act)(const char *), const char *path)
{
	long long *times = calloc((size_t)n, sizeof(*times)), quartile;

	if (!times)
		exit(1);
	for (long i = -n / 10; i < n; i++) {
		long long start = now();

		act(path);
		if (i >= 0)
			times[i] = now() - start;
	}
	qsort(times, (size_t)n, sizeof(*times), compare);
	quartile = times[n / 4];
	free(times);
	return quartile;
}

/* One rule for all that there is: every component up to the root is looked up. */
static int confine_by_landlock(void)
{
	struct landlock_ruleset_attr rules = {.handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE};
	struct landlock_path_beneath_attr all = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE};
	int set = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);

	all.parent_fd = open("/", O_PATH | O_CLOEXEC);
	if (set < 0 || all.parent_fd < 0 ||
	    syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &all, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_landlock_restrict_self, set, 0);
}

static int is_denied(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == EACCES;
	close(fd);
	return 0;
}

/* Makes one version of the policy the one in force. Returns how long it took, or -1. */
static long long switch_policy(const char *folder, const char *version, const char *path,
			       int denied)
{
	char from[512], copy[512], to[512], command[1200];
	long long start;

	snprintf(from, sizeof(from), "%s/.%s", folder, version);
	snprintf(copy, sizeof(copy), "%s/.next", folder);
	snprintf(to, sizeof(to), "%s/timed.ini", folder);
	snprintf(command, sizeof(command), "cp %s %s", from, copy);
	if (system(command) != 0)
		return -1;
	/* that was a change as well */
	sleep(2);
	start = now();
	if (rename(copy, to) < 0)
		return -1;
	while (is_denied(path) != denied)
		if (now() - start > 60000000000ll)
			return -1;
		else
			usleep(500);
	return now() - start;
}

static int time_enforced(long n, const char *folder, const char *path)
{
	long long sum = 0, longest = 0;

	for (long i = -1; i < n; i++) {
		long long on = switch_policy(folder, "on", path, 1);

		if (on < 0 || switch_policy(folder, "off", path, 0) < 0)
			return 1;
		if (i < 0)
			continue;
		sum += on;
		longest = on > longest ? on : longest;
	}
	printf("%lld %lld\n", sum / n, longest);
	return 0;
}

int main(int argc, char **argv)
{
	long n = argc > 3 ? atol(argv[2]) : 0;

	if (n <= 0)
		return 2;
	if (strcmp(argv[1], "enforced") == 0)
		return time_enforced(n, argv[3], argv[4]);
	if (strcmp(argv[1], "exec") == 0) {
		printf("%lld\n", time_act(n, run, argv[3]));
	} else if (strcmp(argv[1], "files") == 0) {
		printf("%lld\n", time_act(n, open_next, argv[3]));
	} else {
		if (strcmp(argv[1], "landlock") == 0 && confine_by_landlock() < 0) {
			perror("landlock");
			return 1;
		}
		printf("%lld\n", time_act(n, open_and_close, argv[3]));
	}
	return 0;
}
