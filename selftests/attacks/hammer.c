/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two tasks on one processor open files as fast as they can: one a denied file, the other allowed
 * ones of many path lengths, so that each is preempted in the middle of the other's decision.
 *
 *	hammer DENIED ALLOWED-FOLDER N
 *
 * Prints how many of N opens of DENIED succeeded, were denied, or failed otherwise, and how many
 * opens of allowed files were denied. Exits with 0 if none went wrong.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_FILES 16

struct counts {
	volatile long done, wrong;
};

static void open_allowed(const char *folder, struct counts *counts)
{
	char path[N_FILES][512];

	for (int i = 0; i < N_FILES; i++) {
		snprintf(path[i], sizeof(path[i]), "%s/%.*s", folder, 1 + i * 15,
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			 "aaaaaaa"
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			 "aaaaaaa"
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			 "aaaaaaa");
		close(open(path[i], O_RDWR | O_CREAT, 0600));
	}
	for (long i = 0;; i++) {
		int fd = open(path[i % N_FILES], O_RDONLY);

		counts->done++;
		if (fd < 0)
			counts->wrong++;
		else
			close(fd);
	}
}

int main(int argc, char **argv)
{
	long n = argc == 4 ? atol(argv[3]) : 0, succeeded = 0, denied = 0, other = 0;
	struct counts *counts;
	cpu_set_t one;
	pid_t pid;

	if (n <= 0)
		return 2;
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	pid = fork();
	if (pid == 0)
		open_allowed(argv[2], counts);
	for (long i = 0; i < n; i++) {
		int fd = open(argv[1], O_RDONLY);

		if (fd >= 0) {
			succeeded++;
			close(fd);
		} else if (errno == EACCES) {
			denied++;
		} else {
			other++;
		}
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	printf("denied file: %ld opens, %ld succeeded, %ld denied, %ld failed otherwise; allowed "
	       "files: %ld opens, %ld failed\n",
	       n, succeeded, denied, other, counts->done, counts->wrong);
	return succeeded || other || counts->wrong || !counts->done;
}
