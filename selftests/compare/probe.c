// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "selftests/compare/compare.h"

struct probe {
	struct act act;
	int result;
	int ask[2], answer[2];
	pid_t pid;
};

static void enter(pid_t pid, const char *cgroup)
{
	char path[256], text[32];
	int fd, n = snprintf(text, sizeof(text), "%d", pid);

	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		die(path);
	close(fd);
}

static void say(int fd)
{
	if (write(fd, "x", 1) != 1)
		_exit(3);
}

static void hear(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		_exit(0);
}

/* A child: whoever is under a policy has its label by then at the latest. */
static void be_labelled(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void serve(struct probe *probe)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	hear(probe->ask[0]);
	be_labelled();
	say(probe->answer[1]);
	for (;;) {
		hear(probe->ask[0]);
		probe->result = act_do(&probe->act);
		say(probe->answer[1]);
	}
}

struct probe *probe_start(const char *cgroup, const char *next_cgroup)
{
	struct probe *probe = mmap(NULL, sizeof(*probe), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (probe == MAP_FAILED || pipe2(probe->ask, O_CLOEXEC) < 0 ||
	    pipe2(probe->answer, O_CLOEXEC) < 0)
		die("a probe");
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		close(probe->ask[1]);
		close(probe->answer[0]);
		serve(probe);
	}
	close(probe->ask[0]);
	close(probe->answer[1]);
	probe->pid = pid;
	enter(pid, cgroup);
	say(probe->ask[1]);
	hear(probe->answer[0]);
	if (next_cgroup)
		enter(pid, next_cgroup);
	return probe;
}

int probe_do(struct probe *probe, const struct act *act)
{
	char byte;

	probe->act = *act;
	say(probe->ask[1]);
	if (read(probe->answer[0], &byte, 1) != 1)
		die("the probe has died");
	return probe->result;
}

void probe_stop(struct probe *probe)
{
	kill(probe->pid, SIGKILL);
	waitpid(probe->pid, NULL, 0);
	close(probe->ask[1]);
	close(probe->answer[0]);
	munmap(probe, sizeof(*probe));
}
