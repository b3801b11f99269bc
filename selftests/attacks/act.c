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
 *	act bind|connect|send @NAME	of unix sockets by an abstract name, perhaps of no byte
 *	act serve @NAME			waits, for those
 */

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

/* Makes a socket, and does one thing with an address. */
static int unix_socket(int type, int (*act)(int fd, const struct sockaddr *address, socklen_t n),
		       const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	size_t n = strlen(name);

	if (fd < 0 || *name != '@' || n > sizeof(address.sun_path)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(address.sun_path + 1, name + 1, n - 1);
	n += offsetof(struct sockaddr_un, sun_path);
	return act(fd, (struct sockaddr *)&address, (socklen_t)n) < 0 ? -1 : fd;
}

static int send_byte(int fd, const struct sockaddr *address, socklen_t n)
{
	return sendto(fd, "x", 1, 0, address, n) < 0 ? -1 : 0;
}

static int act_unix(const char *what, const char *name)
{
	int fd;

	if (strcmp(what, "send") == 0)
		fd = unix_socket(SOCK_DGRAM, send_byte, name);
	else
		fd = unix_socket(SOCK_STREAM, strcmp(what, "bind") == 0 ? bind : connect, name);
	return fd < 0 ? verdict(what, name, errno) : 0;
}

static int act_serve(const char *name)
{
	int stream = unix_socket(SOCK_STREAM, bind, name);

	if (stream < 0 || listen(stream, 64) < 0 || unix_socket(SOCK_DGRAM, bind, name) < 0)
		return verdict("serve", name, errno);
	return pause();
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
	if (strcmp(what, "bind") == 0 || strcmp(what, "connect") == 0 || strcmp(what, "send") == 0)
		return act_unix(what, path);
	if (strcmp(what, "serve") == 0)
		return act_serve(path);
	fputs("usage: act read|write|truncate|list|use|map|load|exec|now|memfd|bind|connect|send|"
	      "serve PATH [ARGUMENT]...\n",
	      stderr);
	return 2;
}
