/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Does one act and answers with its exit status: 0 it worked, 1 denied with EACCES (bailiff's
 * errno), 2 it could not be tried, 3 denied by something else.
 *
 *	act read|read32|write|truncate PATH	opens, and for read reads a byte
 *	act list PATH			opens a folder
 *	act exec PATH [ARGUMENT]...	executes in a child, which must end with status 0
 *	act now PATH [ARGUMENT]...	executes in place
 *	act use FD			reads a byte from a descriptor that it has already
 *	act map FD			the same by a mapping that is made readable later
 *	act load PATH			maps it executable
 *	act memfd PATH [ARGUMENT]...	executes an anonymous copy of PATH
 *	act bind|connect|send @NAME	of unix sockets by an abstract name, perhaps of no byte
 *	act serve @NAME			waits, for those
 *
 * and, in the words of "bailiff try", whose answers they are held against,
 *	act connect|bind|listen tcp:HOST:PORT, udp:HOST:PORT, PATH
 *	act socket PROTOCOL
 *	act capability|process NAME	one call that needs it, or is it
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int verdict(const char *what, const char *path, int error)
{
	fprintf(stderr, "%s %s: %s\n", what, path, strerror(error));
	return error == EACCES ? 1 : error == EPERM ? 3 : 2;
}

/* As a 32-bit program asks for it. */
static int act_open_32bit(const char *what, const char *path)
{
#ifdef __x86_64__
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int r;

	if (low == MAP_FAILED)
		return verdict(what, path, errno);
	snprintf(low, 4096, "%s", path);
	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(5), "b"(low), "c"(O_RDONLY), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return r < 0 ? verdict(what, path, -r) : 0;
#else
	fprintf(stderr, "%s %s: not on this machine\n", what, path);
	return 4;
#endif
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

/* A socket of a protocol, by the name that policies have for it. */
static int make_socket(const char *protocol)
{
	static const struct {
		const char *name;
		int family, type, protocol;
	} sockets[] = {
		{"tcp", AF_INET, SOCK_STREAM, 0},	  {"udp", AF_INET, SOCK_DGRAM, 0},
		{"raw", AF_INET, SOCK_RAW, IPPROTO_ICMP}, {"unix", AF_UNIX, SOCK_STREAM, 0},
		{"tcp6", AF_INET6, SOCK_STREAM, 0},	  {"udp6", AF_INET6, SOCK_DGRAM, 0},
		{"netlink", AF_NETLINK, SOCK_RAW, 0},	  {"packet", AF_PACKET, SOCK_RAW, 0},
	};

	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
		if (strcmp(protocol, sockets[i].name) == 0)
			return socket(sockets[i].family, sockets[i].type | SOCK_CLOEXEC,
				      sockets[i].protocol);
	errno = EINVAL;
	return -1;
}

/* Takes "tcp:127.0.0.1:80", "tcp:[::1]:80" or a path apart. Returns the address's length, 0 where
 * it is none. */
static socklen_t take_address(const char *text, char protocol[static 8],
			      struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_un *path = (struct sockaddr_un *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	char host[INET6_ADDRSTRLEN];
	unsigned port;

	memset(address, 0, sizeof(*address));
	if (*text == '/') {
		strcpy(protocol, "unix");
		path->sun_family = AF_UNIX;
		snprintf(path->sun_path, sizeof(path->sun_path), "%s", text);
		return sizeof(*path);
	}
	if (sscanf(text, "%6[a-z]:[%45[0-9a-f:]]:%u", protocol, host, &port) == 3) {
		strcat(protocol, "6");
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 ? sizeof(*v6) : 0;
	}
	if (sscanf(text, "%7[a-z]:%15[0-9.]:%u", protocol, host, &port) != 3)
		return 0;
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &v4->sin_addr) == 1 ? sizeof(*v4) : 0;
}

/* That nobody listens there is no denial. */
static int act_network(const char *what, const char *text)
{
	struct sockaddr_storage address;
	char protocol[8];
	socklen_t n = take_address(text, protocol, &address);
	int fd = n ? make_socket(protocol) : -1, r;

	if (fd < 0)
		return verdict("socket", text, n ? errno : EINVAL);
	if (strcmp(what, "connect") == 0)
		r = connect(fd, (struct sockaddr *)&address, n);
	else
		r = bind(fd, (struct sockaddr *)&address, n);
	if (r == 0 && strcmp(what, "listen") == 0)
		r = listen(fd, 1);
	if (r == 0 && *text == '/' && strcmp(what, "connect") != 0)
		unlink(text);
	if (r < 0 && (errno == ECONNREFUSED || errno == ENETUNREACH))
		return 0;
	return r < 0 ? verdict(what, text, errno) : 0;
}

static long do_bpf(void)
{
	union bpf_attr attr = {.start_id = 0};
	long r = syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attr, sizeof(attr));

	return r < 0 && errno == ENOENT ? 0 : r;
}

static long do_perf(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static long do_io_uring(void)
{
	struct io_uring_params p = {.flags = 0};

	return syscall(SYS_io_uring_setup, 1, &p);
}

static long do_setns(void)
{
	return setns(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC), CLONE_NEWUTS);
}

/* The time that it is already. */
static long do_sys_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return clock_settime(CLOCK_REALTIME, &now);
}

static long do_mknod(void)
{
	char name[64];
	long r;

	snprintf(name, sizeof(name), "/tmp/act-%d", getpid());
	r = mknod(name, S_IFCHR | 0600, makedev(1, 3));
	if (r == 0)
		unlink(name);
	return r;
}

static long do_chown(void)
{
	return fchown(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), 1, 1);
}

static long do_net_bind_service(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(79)};

	return bind(make_socket("tcp"), (struct sockaddr *)&address, sizeof(address));
}

/* Numbers that mean nothing: who may not even try hears that first. */
static long do_sys_boot(void)
{
	long r = syscall(SYS_reboot, 1, 2, 3, NULL);

	return r < 0 && errno == EINVAL ? 0 : r;
}

#define CALL(name, call)                                                                           \
	static long do_##name(void)                                                                \
	{                                                                                          \
		return call;                                                                       \
	}

CALL(ptrace, ptrace(PTRACE_TRACEME, 0, NULL, NULL))
CALL(signal_out, kill(1, 0))
CALL(mount, mount("none", "/tmp", "tmpfs", MS_REMOUNT | MS_NOATIME, NULL))
CALL(chroot, chroot("/"))
CALL(keyctl, syscall(SYS_add_key, "user", "act", "x", 1, KEY_SPEC_PROCESS_KEYRING))
CALL(userns, unshare(CLONE_NEWUSER))
CALL(userfaultfd, syscall(SYS_userfaultfd, O_CLOEXEC))
CALL(sys_admin, sethostname("act", 3))
CALL(setuid, setuid(1))
CALL(setgid, setgid(1))
CALL(net_raw, make_socket("packet"))
CALL(sys_nice, setpriority(PRIO_PROCESS, 0, -5))
CALL(sys_resource, prlimit(0, RLIMIT_NOFILE, &(struct rlimit){1 << 19, 1 << 20}, NULL))

static const struct {
	const char *kind, *name;
	long (*call)(void);
} calls[] = {
	{"process", "ptrace", do_ptrace},
	{"process", "signal-out", do_signal_out},
	{"process", "mount", do_mount},
	{"process", "chroot", do_chroot},
	{"process", "bpf", do_bpf},
	{"process", "perf", do_perf},
	{"process", "keyctl", do_keyctl},
	{"process", "userns", do_userns},
	{"process", "io_uring", do_io_uring},
	{"process", "userfaultfd", do_userfaultfd},
	{"process", "setns", do_setns},
	{"capability", "sys_chroot", do_chroot},
	{"capability", "sys_time", do_sys_time},
	{"capability", "sys_admin", do_sys_admin},
	{"capability", "mknod", do_mknod},
	{"capability", "chown", do_chown},
	{"capability", "setuid", do_setuid},
	{"capability", "setgid", do_setgid},
	{"capability", "net_bind_service", do_net_bind_service},
	{"capability", "net_raw", do_net_raw},
	{"capability", "sys_boot", do_sys_boot},
	{"capability", "sys_nice", do_sys_nice},
	{"capability", "sys_resource", do_sys_resource},
};

static int act_call(const char *kind, const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(kind, calls[i].kind) == 0 && strcmp(name, calls[i].name) == 0)
			return calls[i].call() < 0 ? verdict(kind, name, errno) : 0;
	return verdict(kind, name, EINVAL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "", *path = argc > 2 ? argv[2] : "";

	if (strcmp(what, "read") == 0)
		return act_open(what, path, O_RDONLY);
	if (strcmp(what, "read32") == 0)
		return act_open_32bit(what, path);
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
	if (strcmp(what, "capability") == 0 || strcmp(what, "process") == 0)
		return act_call(what, path);
	if (strcmp(what, "socket") == 0)
		return make_socket(path) < 0 ? verdict(what, path, errno) : 0;
	if (*path != '@' && (strcmp(what, "bind") == 0 || strcmp(what, "connect") == 0 ||
			     strcmp(what, "listen") == 0))
		return act_network(what, path);
	if (strcmp(what, "bind") == 0 || strcmp(what, "connect") == 0 || strcmp(what, "send") == 0)
		return act_unix(what, path);
	if (strcmp(what, "serve") == 0)
		return act_serve(path);
	fputs("usage: act "
	      "read|read32|write|truncate|list|use|map|load|exec|now|memfd|bind|connect|send|"
	      "serve|listen|socket|capability|process PATH [ARGUMENT]...\n",
	      stderr);
	return 2;
}
