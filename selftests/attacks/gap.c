/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes denied and allowed acts as fast as it can while others kill, restart and replace what
 * enforces the policy: none of the first may succeed, none of the second be denied.
 *
 *	gap lay FOLDER			makes the files below
 *	gap inside FOLDER STOP ROUNDS	acts in the cgroup that it runs in
 *	gap born FOLDER STOP ROUNDS CGROUP	acts by a new process each time, born into a new
 *				cgroup: CGROUP-0.service and so on
 *	gap nothing			is what is executed
 *
 * Goes on for ROUNDS of acts at least, and until there is a file STOP. The policy denies
 *FOLDER/denied, but for FOLDER/denied/open, netlink sockets, and chroot. Prints a line for each
 *act: "NAME: N tries, N wrong", and for the first that went wrong when and how. Exits with 0 if
 *none was wrong, 1 if some was, 2 if it could not be tried.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_OF_STOP 16 /* how often it is looked for */

static char denied_file[256], open_file[256], denied_program[256], open_program[256];

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "gap: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Acts return 0 or a negative errno. */
static int try_open(const char *file, int flags)
{
	int fd = open(file, flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int read_denied(void)
{
	return try_open(denied_file, O_RDONLY);
}

static int write_denied(void)
{
	return try_open(denied_file, O_WRONLY);
}

static int read_open(void)
{
	return try_open(open_file, O_RDONLY);
}

static int write_open(void)
{
	return try_open(open_file, O_WRONLY);
}

static int try_exec(char *program)
{
	char *arguments[] = {program, "nothing", NULL};
	volatile int error = 0;
	int status;
	pid_t pid = vfork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		execv(program, arguments);
		error = errno; /* the parent's memory */
		_exit(2);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return error ? -error : status ? -EIO : 0;
}

static int exec_denied(void)
{
	return try_exec(denied_program);
}

static int exec_open(void)
{
	return try_exec(open_program);
}

static int try_socket(int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int netlink_denied(void)
{
	return try_socket(AF_NETLINK, SOCK_RAW);
}

static int unix_open(void)
{
	return try_socket(AF_UNIX, SOCK_DGRAM);
}

static int chroot_denied(void)
{
	return chroot("/") < 0 ? -errno : 0;
}

static const struct act {
	const char *name;
	int (*try)(void);
	bool denied;
	unsigned every; /* so many rounds */
} acts[] = {
	{"read", read_denied, true, 1},		{"read allowed", read_open, false, 1},
	{"write", write_denied, true, 1},	{"write allowed", write_open, false, 1},
	{"netlink", netlink_denied, true, 4},	{"unix allowed", unix_open, false, 4},
	{"chroot", chroot_denied, true, 4},	{"exec", exec_denied, true, 16},
	{"exec allowed", exec_open, false, 16},
};

#define N_ACTS (sizeof(acts) / sizeof(*acts))

/* Shared with the processes that are born. */
struct counts {
	long tries, wrong;
	int answer; /* the first that was wrong, */
	time_t when;
};

static struct counts *counts;

static void act_all(unsigned long round)
{
	for (size_t i = 0; i < N_ACTS; i++) {
		int answer;

		if (round % acts[i].every)
			continue;
		answer = acts[i].try();
		counts[i].tries++;
		if (answer == (acts[i].denied ? -EACCES : 0))
			continue;
		if (counts[i].wrong++ == 0) {
			counts[i].answer = answer;
			counts[i].when = time(NULL);
		}
	}
}

static int report(void)
{
	int status = 0;

	for (size_t i = 0; i < N_ACTS; i++) {
		const struct counts *count = &counts[i];

		printf("%s: %ld tries, %ld wrong", acts[i].name, count->tries, count->wrong);
		if (count->wrong)
			printf(" (first at @%lld: %s)", (long long)count->when,
			       count->answer ? strerror(-count->answer) : "it succeeded");
		putchar('\n');
		if (count->wrong || !count->tries)
			status = 1;
	}
	return status;
}

/* A child that is in the cgroup of that descriptor from its first instruction on. */
static pid_t born_into(int cgroup)
{
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)cgroup};

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

static void act_born(const char *cgroup, unsigned long round)
{
	char path[300];
	int fd, status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s-%lu.service", cgroup, round);
	if (mkdir(path, 0755) < 0)
		die(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	pid = born_into(fd);
	if (pid < 0)
		die("clone3");
	if (pid == 0) {
		act_all(0);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("a child that was born");
	close(fd);
	while (rmdir(path) < 0)
		if (errno != EBUSY)
			die(path);
}

static void copy_self(const char *to)
{
	int from = open("/proc/self/exe", O_RDONLY), fd = open(to, O_WRONLY | O_CREAT, 0755);
	char buffer[65536];
	ssize_t n = 0;

	if (from < 0 || fd < 0)
		die(to);
	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		if (write(fd, buffer, (size_t)n) != n)
			die(to);
	close(from);
	if (n < 0 || close(fd) < 0)
		die(to);
}

static int lay(const char *folder)
{
	char path[256];

	mkdir(folder, 0755);
	snprintf(path, sizeof(path), "%s/denied", folder);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/denied/open", folder);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		die(path);
	close(open(denied_file, O_WRONLY | O_CREAT, 0644));
	close(open(open_file, O_WRONLY | O_CREAT, 0644));
	copy_self(denied_program);
	copy_self(open_program);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long round = 0, rounds;
	bool born;

	if (argc == 2 && strcmp(argv[1], "nothing") == 0)
		return 0;
	if (argc < 3)
		return 2;
	snprintf(denied_file, sizeof(denied_file), "%s/denied/file", argv[2]);
	snprintf(open_file, sizeof(open_file), "%s/denied/open/file", argv[2]);
	snprintf(denied_program, sizeof(denied_program), "%s/denied/program", argv[2]);
	snprintf(open_program, sizeof(open_program), "%s/denied/open/program", argv[2]);
	if (argc == 3 && strcmp(argv[1], "lay") == 0)
		return lay(argv[2]);
	born = argc == 6 && strcmp(argv[1], "born") == 0;
	if (!born && !(argc == 5 && strcmp(argv[1], "inside") == 0))
		return 2;
	rounds = strtoul(argv[4], NULL, 10);
	counts = mmap(NULL, N_ACTS * sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		die("mmap");
	do {
		if (born)
			act_born(argv[5], round);
		else
			act_all(round);
		round++;
	} while (round < rounds || round % ROUNDS_OF_STOP || access(argv[3], F_OK) < 0);
	return report();
}
