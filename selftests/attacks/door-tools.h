/* SPDX-License-Identifier: Apache-2.0 */

/* What several families of techniques need: new mounts, io_uring, the helper, other cgroups. */

#ifndef DOOR_TOOLS_H
#define DOOR_TOOLS_H

#include <linux/io_uring.h>
#include <linux/sched.h>
#include <pthread.h>

#define OUTSIDE "/sys/fs/cgroup/door-outside"

static inline int clone_tree(const char *path)
{
	return (int)syscall(SYS_open_tree, AT_FDCWD, path, 1 | AT_RECURSIVE | O_CLOEXEC);
}

static inline int attach_tree(int tree, const char *to)
{
	return (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, to, 4);
}

static inline int bind_mount(const char *from, const char *to)
{
	return mount(from, to, NULL, MS_BIND, NULL);
}

/* The new mount call: a file system with up to two options, as a descriptor of its mount. */
static inline int new_mount(const char *type, const char *key, const char *value)
{
	int fd = (int)syscall(SYS_fsopen, type, 0);

	if (fd < 0 || (key && syscall(SYS_fsconfig, fd, 1, key, value, 0) < 0) ||
	    syscall(SYS_fsconfig, fd, 6, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, fd, 0, 0);
}

/* Submits one request and waits. Returns what the call returns, -1 with errno where it failed. */
static inline int uring(const struct io_uring_sqe *request, unsigned flags)
{
	struct io_uring_params p = {.flags = flags, .sq_thread_idle = 50};
	int fd = (int)syscall(SYS_io_uring_setup, 4, &p), result;
	struct io_uring_sqe *sqes;
	char *ring;

	if (fd < 0)
		return -1;
	ring = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe),
		    PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	sqes = mmap(NULL, p.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    IORING_OFF_SQES);
	if (ring == MAP_FAILED || sqes == MAP_FAILED)
		return -1;
	sqes[0] = *request;
	*(unsigned *)(ring + p.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(ring + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	result = (int)syscall(SYS_io_uring_enter, fd, 1, 1,
			      IORING_ENTER_GETEVENTS |
				      (flags & IORING_SETUP_SQPOLL ? IORING_ENTER_SQ_WAKEUP : 0),
			      NULL, 0);
	if (result >= 0)
		result = ((struct io_uring_cqe *)(ring + p.cq_off.cqes))->res;
	else
		result = -errno;
	close(fd);
	errno = result < 0 ? -result : 0;
	return result < 0 ? -1 : result;
}

/* The address of a socket by its path, or, from "@", by its abstract name. */
static inline socklen_t unix_address(struct sockaddr_un *address, const char *path)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "%s", path);
	if (path[0] == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) +
			   (path[0] == '@' ? 0 : 1));
}

/* Connects to the helper in this folder; it waits until it is there. */
static inline int helper_connect(pid_t *pid)
{
	struct sockaddr_un address;
	socklen_t size = unix_address(&address, "helper"), n = sizeof(struct ucred);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct ucred peer;

	for (int i = 0; connect(fd, (struct sockaddr *)&address, size) < 0; i++) {
		if ((errno != ENOENT && errno != ECONNREFUSED) || i == 200)
			return -1;
		usleep(5000);
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
		return -1;
	if (pid)
		*pid = peer.pid;
	return fd;
}

static inline pid_t helper_pid(void)
{
	pid_t pid = -1;

	return helper_connect(&pid) < 0 ? -1 : pid;
}

/* Sends a word, and a descriptor with it unless that is -1. */
static inline int send_fd(int to, const char *word, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec part = {.iov_base = (void *)word, .iov_len = strlen(word)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *head;

	if (fd >= 0) {
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	}
	return sendmsg(to, &message, 0) < 0 ? -1 : 0;
}

/*
 * Has the helper open a path, with the flags' letter: r, w, p (O_PATH). Returns the descriptor that
 * it passed. The kernel drops one that it may not install, without an error: that is EACCES here.
 */
static inline int helper_pass(char letter, const char *path)
{
	char request[PATH_MAX + 2], answer[16], control[CMSG_SPACE(sizeof(int))];
	struct iovec part = {.iov_base = answer, .iov_len = sizeof(answer)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	int to = helper_connect(NULL), fd;
	struct cmsghdr *head;

	snprintf(request, sizeof(request), "%c%s", letter, path);
	if (to < 0 || send_fd(to, request, -1) < 0 || recvmsg(to, &message, 0) <= 0)
		return -1;
	head = CMSG_FIRSTHDR(&message);
	if (!head) {
		errno = message.msg_flags & MSG_CTRUNC ? EACCES : EBADF;
		return -1;
	}
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

/* The same, but the helper keeps it: returns its number there. */
static inline int helper_keep(char letter, const char *path, pid_t *pid)
{
	char request[PATH_MAX + 3], answer[16] = {};
	int to = helper_connect(pid);

	snprintf(request, sizeof(request), "k%c%s", letter, path);
	if (to < 0 || send_fd(to, request, -1) < 0 || recv(to, answer, sizeof(answer) - 1, 0) <= 0)
		return -1;
	return atoi(answer);
}

static inline int take_from_helper(char letter, const char *path)
{
	pid_t pid;
	int number = helper_keep(letter, path, &pid);
	int process = number < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);

	return process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, number, 0);
}

static inline int leave_cgroup(void)
{
	return put_text(OUTSIDE "/cgroup.procs", "0");
}

/* Runs in a child that is born in the other cgroup. */
static inline int in_child_outside(int (*run)(void))
{
	struct clone_args arguments = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
	int status, cgroup = open(OUTSIDE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid;

	TRY(cgroup);
	arguments.cgroup = (unsigned)cgroup;
	pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	TRY(pid);
	if (pid == 0)
		_exit(run());
	TRY(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : OTHERWISE;
}

static inline void *thread_start(void *argument)
{
	int (*run)(void) = *(int (**)(void))argument;

	return (void *)(intptr_t)run();
}

static inline int in_thread(int (*run)(void))
{
	pthread_t thread;
	void *status;

	errno = pthread_create(&thread, NULL, thread_start, &run);
	if (errno)
		return refused("pthread_create");
	pthread_join(thread, &status);
	return (int)(intptr_t)status;
}

/* A user and a mount namespace of its own, in which it is root. */
static inline int enter_user_namespace(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return -1;
	put_text("/proc/self/setgroups", "deny");
	return put_text("/proc/self/uid_map", "0 0 1") < 0
		       ? -1
		       : put_text("/proc/self/gid_map", "0 0 1");
}

#endif
