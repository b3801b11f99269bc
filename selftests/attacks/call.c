/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One call that goes by no name, or is rare; the exit status is as act's: 0 it worked, 1 denied
 *with EACCES, 2 it could not be tried, 3 denied by something else.
 *
 *	call touch|attribute|acl PATH		times, a trusted attribute, an access control list
 *	call connect PATH			to a unix socket
 *	call serve PATH				listens on one
 *	call tcp ADDRESS PORT			connects
 *	call make PATH				a file, and removes it
 *	call link|rename FROM TO			and back
|rename FROM TO
 *	call flags PATH				FS_IOC_SETFLAGS of what there is, by a descriptor to
 *read call terminal FLAGS			TIOCGPTPEER with these flags call queue NAME FLAGS
 *mq_open call encrypt FOLDER			FS_IOC_SET_ENCRYPTION_POLICY call handle-open FOLDER
 *PATH FLAGS	XFS's opening by handle, by a descriptor of FOLDER call handle-attribute FOLDER PATH
 *... setting an attribute call socket FAMILY
 *	call watches SECONDS			takes all instances of inotify that it gets
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/* fs/xfs/libxfs/xfs_fs.h */
struct handle_request {
	__u32 fd;
	void *path;
	__u32 open_flags;
	void *handle;
	__u32 handle_size;
	void *ret_handle;
	__u32 *ret_handle_size;
};

struct attribute_operation {
	__u32 operation;
	__s32 error;
	const void *name, *value;
	__u32 length, flags;
};

struct attribute_request {
	struct handle_request handle;
	__u32 n_operations;
	struct attribute_operation *operations;
};

#define PATH_TO_HANDLE _IOWR('X', 105, struct handle_request)
#define OPEN_BY_HANDLE _IOWR('X', 107, struct handle_request)
#define ATTRMULTI_BY_HANDLE _IOW('X', 123, struct attribute_request)
#define OPERATION_SET 2

static int verdict(long result)
{
	int error = errno;

	if (result >= 0)
		return 0;
	perror("call");
	return error == EACCES ? 1 : error == EPERM ? 3 : 2;
}

static int call_acl(const char *path)
{
	/* version 2: user::rw-, group::r--, other::r-- */
	static const struct {
		__u32 version;
		struct {
			__u16 tag, permissions;
			__u32 id;
		} entries[3];
	} acl = {2, {{1, 6, -1u}, {4, 4, -1u}, {0x20, 4, -1u}}};

	return verdict(setxattr(path, "system.posix_acl_access", &acl, sizeof(acl), 0));
}

static int call_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return verdict(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

/* IPv4 in IPv6 is an address of IPv6. */
static int call_tcp(const char *host, const char *port)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(atoi(port))};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = v6.sin6_port};
	bool is_v4 = inet_pton(AF_INET, host, &v4.sin_addr) == 1;
	int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);

	if (fd < 0 || (!is_v4 && inet_pton(AF_INET6, host, &v6.sin6_addr) != 1))
		return 2;
	if (is_v4)
		return verdict(connect(fd, (struct sockaddr *)&v4, sizeof(v4)));
	return verdict(connect(fd, (struct sockaddr *)&v6, sizeof(v6)));
}

static int call_serve(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 64) < 0)
		return verdict(-1);
	return pause();
}

static int call_make(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	return verdict(fd < 0 ? -1 : unlink(path));
}

static int call_flags(const char *path)
{
	int fd = open(path, O_RDONLY), flags = 0;

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return 2;
	return verdict(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

static int call_terminal(const char *flags)
{
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY), unlocked = 0;

	if (fd < 0 || ioctl(fd, TIOCSPTLCK, &unlocked) < 0)
		return 2;
	return verdict(ioctl(fd, TIOCGPTPEER, (int)strtol(flags, NULL, 0)));
}

static int call_encrypt(const char *folder)
{
	struct fscrypt_policy_v1 policy = {
		.contents_encryption_mode = FSCRYPT_MODE_AES_256_XTS,
		.filenames_encryption_mode = FSCRYPT_MODE_AES_256_CTS,
		.master_key_descriptor = "attack",
	};
	int fd = open(folder, O_RDONLY | O_DIRECTORY);

	return fd < 0 ? 2 : verdict(ioctl(fd, FS_IOC_SET_ENCRYPTION_POLICY, &policy));
}

static int call_handle(const char *folder, char *path, const char *flags)
{
	struct attribute_operation set = {OPERATION_SET, 0, "attack", "x", 1, 0};
	char handle[64];
	__u32 size = sizeof(handle);
	struct handle_request request = {
		.path = path, .ret_handle = handle, .ret_handle_size = &size};
	struct attribute_request attribute = {.n_operations = 1, .operations = &set};
	int fd = open(folder, O_RDONLY | O_DIRECTORY);

	if (fd < 0 || ioctl(fd, PATH_TO_HANDLE, &request) < 0)
		return 2;
	request = (struct handle_request){.handle = handle, .handle_size = size};
	if (flags) {
		request.open_flags = (__u32)strtol(flags, NULL, 0);
		return verdict(ioctl(fd, OPEN_BY_HANDLE, &request));
	}
	attribute.handle = request;
	if (ioctl(fd, ATTRMULTI_BY_HANDLE, &attribute) < 0)
		return verdict(-1);
	errno = abs(set.error);
	return verdict(errno ? -1 : 0);
}

static int call_watches(const char *seconds)
{
	time_t end = time(NULL) + atoi(seconds);
	int n = 0;

	while (time(NULL) < end)
		if (inotify_init1(IN_CLOEXEC) < 0)
			usleep(2000);
		else
			n++;
	return n ? 0 : 2;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "", *path = argv[2];

	if (strcmp(what, "touch") == 0)
		return verdict(utimensat(AT_FDCWD, path, (struct timespec[2]){{1, 0}, {1, 0}}, 0));
	if (strcmp(what, "attribute") == 0)
		return verdict(setxattr(path, "trusted.attack", "x", 1, 0));
	if (strcmp(what, "acl") == 0)
		return call_acl(path);
	if (strcmp(what, "connect") == 0)
		return call_connect(path);
	if (strcmp(what, "tcp") == 0 && argc == 4)
		return call_tcp(path, argv[3]);
	if (strcmp(what, "serve") == 0)
		return call_serve(path);
	if (strcmp(what, "make") == 0)
		return call_make(path);
	if (strcmp(what, "link") == 0 && argc == 4)
		return verdict(link(path, argv[3]) < 0 ? -1 : unlink(argv[3]));
	if (strcmp(what, "rename") == 0 && argc == 4)
		return verdict(rename(path, argv[3]) < 0 ? -1 : rename(argv[3], path));
	if (strcmp(what, "flags") == 0)
		return call_flags(path);
	if (strcmp(what, "terminal") == 0)
		return call_terminal(path);
	if (strcmp(what, "queue") == 0 && argc == 4)
		return verdict(
			syscall(SYS_mq_open, path, (int)strtol(argv[3], NULL, 0), 0600, NULL));
	if (strcmp(what, "encrypt") == 0)
		return call_encrypt(path);
	if (strcmp(what, "handle-open") == 0 && argc == 5)
		return call_handle(path, argv[3], argv[4]);
	if (strcmp(what, "handle-attribute") == 0 && argc == 4)
		return call_handle(path, argv[3], NULL);
	if (strcmp(what, "socket") == 0)
		return verdict(socket(atoi(path), SOCK_STREAM, 0));
	if (strcmp(what, "watches") == 0)
		return call_watches(path);
	fprintf(stderr, "call: see the source for what can be called\n");
	return 2;
}
