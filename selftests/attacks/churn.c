/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Cgroups by the thousand.
 *
 *	churn fill FOLDER N POLICIES	makes FOLDER/p0-0, FOLDER/p1-1 and so on, after the number
 *of the policy, each with a process; says "ready", and removes all when its standard input ends
 *	churn loop FOLDER N POLICIES DENIED ALLOWED [STOP]	makes a cgroup, has a process that
 *is born into it read both files, and removes it: N times, and until there is a file STOP churn
 *maps FOLDER	what the maps pinned in FOLDER hold
 *
 * The loop prints "N cgroups, N let through, N denied wrongly, N ns each, N ns to make one, N ns to
 * remove one": of the last two, a quarter took less. Exits with 0 if none was wrong, 1 if some was,
 *2 if it could not be tried.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bpf-lsm/abi-event.h"

#define LET_THROUGH 1
#define DENIED_WRONGLY 2

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "churn: %s: %s\n", what, strerror(errno));
	exit(2);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int reads(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno != EACCES)
		_exit(LET_THROUGH | DENIED_WRONGLY);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* A child that is in the cgroup from its first instruction on. */
static pid_t born_into(const char *cgroup)
{
	int fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)fd};
	pid_t pid;

	if (fd < 0)
		die(cgroup);
	pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (pid < 0)
		die("clone3");
	if (pid)
		close(fd);
	return pid;
}

static void remove_cgroup(const char *cgroup)
{
	while (rmdir(cgroup) < 0)
		if (errno != EBUSY)
			die(cgroup);
}

/* The first of these many took so long. */
#define SAMPLES 65536
static uint64_t making[SAMPLES], removing[SAMPLES];

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static unsigned long long lower_quartile(uint64_t *samples, unsigned long n)
{
	n = n < SAMPLES ? n : SAMPLES;
	qsort(samples, n, sizeof(*samples), compare);
	return samples[n / 4];
}

static int loop(char **argv, const char *stop)
{
	unsigned long n = strtoul(argv[3], NULL, 10), n_policies = strtoul(argv[4], NULL, 10);
	unsigned long i = 0, let_through = 0, denied = 0;
	uint64_t begin = now(), at;
	char cgroup[300];

	for (; i < n || (stop && access(stop, F_OK) < 0); i++) {
		int status;
		pid_t pid;

		snprintf(cgroup, sizeof(cgroup), "%s/p%lu-loop-%lu", argv[2], i % n_policies, i);
		at = now();
		if (mkdir(cgroup, 0755) < 0)
			die(cgroup);
		if (i < SAMPLES)
			making[i] = now() - at;
		pid = born_into(cgroup);
		if (pid == 0)
			_exit((reads(argv[5]) ? LET_THROUGH : 0) |
			      (reads(argv[6]) ? 0 : DENIED_WRONGLY));
		if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
			die("a child that was born");
		let_through += !!(WEXITSTATUS(status) & LET_THROUGH);
		denied += !!(WEXITSTATUS(status) & DENIED_WRONGLY);
		at = now();
		remove_cgroup(cgroup);
		if (i < SAMPLES)
			removing[i] = now() - at;
	}
	printf("%lu cgroups, %lu let through, %lu denied wrongly, %llu ns each, %llu ns to make "
	       "one, "
	       "%llu ns to remove one\n",
	       i, let_through, denied, (unsigned long long)((now() - begin) / i),
	       lower_quartile(making, i), lower_quartile(removing, i));
	return let_through || denied;
}

static int fill(char **argv)
{
	unsigned long n = strtoul(argv[3], NULL, 10), n_policies = strtoul(argv[4], NULL, 10);
	pid_t *pids = calloc(n, sizeof(*pids));
	char cgroup[300], byte;

	if (!pids)
		die("memory");
	for (unsigned long i = 0; i < n; i++) {
		snprintf(cgroup, sizeof(cgroup), "%s/p%lu-%lu", argv[2], i % n_policies, i);
		if (mkdir(cgroup, 0755) < 0)
			die(cgroup);
		pids[i] = born_into(cgroup);
		if (pids[i] == 0)
			for (;;)
				pause();
	}
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	for (unsigned long i = 0; i < n; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
		snprintf(cgroup, sizeof(cgroup), "%s/p%lu-%lu", argv[2], i % n_policies, i);
		remove_cgroup(cgroup);
	}
	return 0;
}

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int open_map(const char *folder, const char *name)
{
	union bpf_attr attr = {};
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	attr.pathname = (unsigned long)path;
	fd = bpf(BPF_OBJ_GET, &attr);
	if (fd < 0)
		die(path);
	return fd;
}

/* Entries of a hash. */
static unsigned long entries(const char *folder, const char *name)
{
	char key[4096], next[4096];
	union bpf_attr attr = {.map_fd = (unsigned)open_map(folder, name),
			       .next_key = (unsigned long)next};
	unsigned long n = 0;

	for (; bpf(BPF_MAP_GET_NEXT_KEY, &attr) == 0; n++) {
		memcpy(key, next, sizeof(key));
		attr.key = (unsigned long)key;
	}
	close((int)attr.map_fd);
	return n;
}

static int read_map(int fd, unsigned key, void *value)
{
	union bpf_attr attr = {
		.map_fd = (unsigned)fd, .key = (unsigned long)&key, .value = (unsigned long)value};

	return bpf(BPF_MAP_LOOKUP_ELEM, &attr);
}

static int maps(const char *folder)
{
	static const char *const hashes[] = {"bindings", "known", "launchers"};
	static struct bailiff_control control;
	unsigned long bound = 0, open = 0;
	struct bailiff_fold fold;
	int fd;

	for (size_t i = 0; i < sizeof(hashes) / sizeof(*hashes); i++)
		printf("%s %lu\n", hashes[i], entries(folder, hashes[i]));
	fd = open_map(folder, "control");
	if (read_map(fd, 0, &control) < 0)
		die("control");
	for (size_t i = 0; i < BAILIFF_BOUND; i++)
		bound += control.bound[i];
	printf("bound %lu\n", bound);
	close(fd);
	fd = open_map(folder, "folds");
	for (unsigned i = 0; i < BAILIFF_FOLDS && read_map(fd, i, &fold) == 0; i++)
		open += !!(fold.state & (BAILIFF_FOLD_OPEN | BAILIFF_FOLD_COUNT));
	printf("folds %lu\n", open);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "fill") == 0)
		return fill(argv);
	if ((argc == 7 || argc == 8) && strcmp(argv[1], "loop") == 0)
		return loop(argv, argv[7]);
	if (argc == 3 && strcmp(argv[1], "maps") == 0)
		return maps(argv[2]);
	return 2;
}
