/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Does one act and answers with its exit status: 0 it worked, 1 denied with EACCES (bailiff's
 *errno), 2 it could not be tried, 3 denied by something else.
 *
 *	act read|write|truncate PATH	opens, and for read reads a byte
 *	act list PATH			opens a folder
 *	act exec PATH [ARGUMENT]...	executes in a child, which must end with status 0
 *	act now PATH [ARGUMENT]...	executes in place
 *	act use FD			reads a byte from a descriptor that it has already
 *	act map FD			the same by a mapping that is made readable later
 *	act load PATH			maps it executable
 *	act memfd PATH [ARGUMENT]...	executes an anonymous copy of PATH
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int verdict(const char *what, const char *path, int error)
{
	fprintf(stderr, "%s %s: %s\n", what, path, strerror(error));
	return error == EACCES ? 1 : error == EPERM ? 3 : 2;
}

static int act_open(const char *what, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	char byte;

	if (fd < 0)
		return verdict(what, path, errno);
	if (flags == O_RDONLY && read(fd, &byte, 1) < 0 && errno != EISDIR)
		return verdict(what, path, errno);
	close(fd);
	return 0;
}

static int act_use(const char *number)
{
	char byte;

	return read(atoi(number), &byte, 1) < 0 ? verdict("use", number, errno) : 0;
}

/* Reads a byte of a descriptor's file by memory that was mapped for nothing at first. */
static int act_map(const char *number)
{
	volatile char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE, atoi(number), 0);

	if (page == MAP_FAILED || mprotect((void *)page, 4096, PROT_READ) < 0)
		return verdict("map", number, errno);
	return *page ? 0 : 2;
}

/* Maps a file as a loader maps a library. */
static int act_load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		return verdict("load", path, errno);
	return 0;
}

static int act_now(const char *path, char **argv)
{
	execv(path, argv);
	return verdict("exec", path, errno);
}

static int act_memfd(const char *path, char **argv)
{
	int in = open(path, O_RDONLY | O_CLOEXEC), fd = memfd_create("copy", MFD_CLOEXEC);
	struct stat st;

	if (in < 0 || fd < 0 || fstat(in, &st) < 0 ||
	    sendfile(fd, in, NULL, st.st_size) != st.st_size)
		return verdict("copy", path, errno == EACCES ? EIO : errno);
	fexecve(fd, argv, environ);
	return verdict("exec", "memfd", errno);
}

static int act_in_child(int (*act)(const char *path, char **argv), const char *path, char **argv)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int out = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (out >= 0)
			dup2(out, STDOUT_FILENO);
		_exit(act(path, argv));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 2;
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "", *path = argc > 2 ? argv[2] : "";

	if (strcmp(what, "read") == 0)
		return act_open(what, path, O_RDONLY);
	if (strcmp(what, "write") == 0)
		return act_open(what, path, O_WRONLY);
	if (strcmp(what, "truncate") == 0)
		return act_open(what, path, O_RDONLY | O_TRUNC);
	if (strcmp(what, "list") == 0)
		return act_open(what, path, O_RDONLY | O_DIRECTORY);
	if (strcmp(what, "use") == 0)
		return act_use(path);
	if (strcmp(what, "map") == 0)
		return act_map(path);
	if (strcmp(what, "load") == 0)
		return act_load(path);
	if (strcmp(what, "exec") == 0)
		return act_in_child(act_now, path, argv + 2);
	if (strcmp(what, "now") == 0)
		return act_now(path, argv + 2);
	if (strcmp(what, "memfd") == 0)
		return act_in_child(act_memfd, path, argv + 2);
	fputs("usage: act read|write|truncate|list|use|map|load|exec|now|memfd PATH "
	      "[ARGUMENT]...\n",
	      stderr);
	return 2;
}
