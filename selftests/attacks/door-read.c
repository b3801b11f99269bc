/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Roads to the content of top/mid/secret, which may not be read: see door.h.
 * The policy's line: deny = read FOLDER/top/mid/secret
 */

#include <linux/openat2.h>
#include <spawn.h>
#include <sys/fanotify.h>

#include "selftests/attacks/door.h"

#define SECRET "top/mid/secret"
#define CONTENT "the secret\n"
#define LENGTH (sizeof(CONTENT) - 1)

static int prepare(void)
{
	TRY(mkdir("top", 0755));
	TRY(mkdir("top/mid", 0755));
	TRY(mkdir("free", 0755));
	TRY(mkdir("free/folder", 0755));
	TRY(mkdir("free/empty", 0755));
	TRY(put_text("free/file", "not the secret\n"));
	TRY(put_text(SECRET, CONTENT));
	return 0;
}

static int check(const char *content)
{
	if (memcmp(content, CONTENT, LENGTH) == 0)
		return WORKED;
	return says(OTHERWISE, "what was read is not the secret");
}

/* Takes over the descriptor. */
static int read_descriptor(int fd)
{
	char content[LENGTH + 1] = {};

	TRY(fd);
	TRY(pread(fd, content, LENGTH, 0));
	close(fd);
	return check(content);
}

static int read_path(const char *path)
{
	return read_descriptor(open(path, O_RDONLY | O_CLOEXEC));
}

static int read_secret(void)
{
	return read_path(SECRET);
}

/* Plain opens, and spellings of the name */

static int do_open(void)
{
#ifdef SYS_open
	return read_descriptor((int)syscall(SYS_open, SECRET, O_RDONLY));
#else
	return UNTRIED;
#endif
}

static int do_openat(void)
{
	return read_descriptor((int)syscall(SYS_openat, AT_FDCWD, at(SECRET), O_RDONLY));
}

static int open_how(int dir, const char *path, uint64_t resolve)
{
	struct open_how how = {.flags = O_RDONLY, .resolve = resolve};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

static int do_openat2(void)
{
	return read_descriptor(open_how(AT_FDCWD, SECRET, 0));
}

static int do_openat2_in_root(void)
{
	return read_descriptor(open_how(open("top/mid", O_PATH), "/secret", RESOLVE_IN_ROOT));
}

static int do_openat2_beneath(void)
{
	return read_descriptor(open_how(open("top", O_PATH), "mid/secret", RESOLVE_BENEATH));
}

static int do_open_rdwr(void)
{
	return read_descriptor(open(SECRET, O_RDWR));
}

static int do_open_nonblock(void)
{
	return read_descriptor(open(SECRET, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOATIME));
}

static int reopen(int fd, const char *form)
{
	char path[64];

	TRY(fd);
	snprintf(path, sizeof(path), form, fd);
	return read_path(path);
}

static int do_o_path_self(void)
{
	return reopen(open(SECRET, O_PATH), "/proc/self/fd/%d");
}

static int do_o_path_thread(void)
{
	return reopen(open(SECRET, O_PATH), "/proc/thread-self/fd/%d");
}

static int do_o_path_dev_fd(void)
{
	return reopen(open(SECRET, O_PATH), "/dev/fd/%d");
}

static int do_o_path_folder(void)
{
	return reopen(open("top/mid", O_PATH), "/proc/self/fd/%d/secret");
}

static int do_dirfd(void)
{
	return read_descriptor(openat(open("top/mid", O_RDONLY | O_DIRECTORY), "secret", O_RDONLY));
}

static int do_chdir(void)
{
	TRY(chdir("top/mid"));
	return read_path("secret");
}

static int do_fchdir(void)
{
	TRY(fchdir(open("top", O_PATH)));
	return read_path("mid/secret");
}

static int do_slashes(void)
{
	return read_path("top//////mid///secret");
}

static int do_dots(void)
{
	return read_path("./top/./././mid/./secret");
}

static int do_dotdot(void)
{
	return read_path("free/../top/mid/../../top/mid/../mid/secret");
}

static int do_long_walk(void)
{
	char path[PATH_MAX] = "";

	while (strlen(path) + 40 < sizeof(path))
		strcat(path, "top/mid/../../");
	strcat(path, SECRET);
	return read_path(path);
}

static int do_proc_self_root(void)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "/proc/self/root%s", at(SECRET));
	return read_path(path);
}

static int do_proc_task_root(void)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/root%s", getpid(), getpid(), at(SECRET));
	return read_path(path);
}

static int do_proc_self_cwd(void)
{
	return read_path("/proc/self/cwd/" SECRET);
}

/* Links and renames */

static int do_symlink(void)
{
	TRY(symlink("../" SECRET, "free/link"));
	return read_path("free/link");
}

static int do_symlink_absolute(void)
{
	TRY(symlink(at(SECRET), "free/link"));
	return read_path("free/link");
}

static int do_symlink_folder(void)
{
	TRY(symlink("../top/mid", "free/link"));
	return read_path("free/link/secret");
}

static int do_symlink_chain(void)
{
	char name[32], target[32] = "../" SECRET;

	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "free/link%d", i);
		TRY(symlink(target, name));
		snprintf(target, sizeof(target), "link%d", i);
	}
	return read_path(name);
}

static int do_symlink_proc(void)
{
	TRY(symlink("/proc/self/cwd/" SECRET, "free/link"));
	return read_path("free/link");
}

static int do_link(void)
{
	TRY(link(SECRET, "free/link"));
	return read_path("free/link");
}

static int do_link_beside(void)
{
	TRY(link(SECRET, "top/mid/link"));
	return read_path("top/mid/link");
}

static int do_link_symlink(void)
{
	TRY(symlink("../" SECRET, "free/symlink"));
	TRY(linkat(AT_FDCWD, "free/symlink", AT_FDCWD, "free/link", AT_SYMLINK_FOLLOW));
	return read_path("free/link");
}

static int do_link_proc_fd(void)
{
	char path[64];
	int fd = open(SECRET, O_PATH);

	TRY(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	TRY(linkat(AT_FDCWD, path, AT_FDCWD, "free/link", AT_SYMLINK_FOLLOW));
	return read_path("free/link");
}

static int do_link_empty_path(void)
{
	int fd = open(SECRET, O_PATH);

	TRY(fd);
	TRY(linkat(fd, "", AT_FDCWD, "free/link", AT_EMPTY_PATH));
	return read_path("free/link");
}

static int do_rename(void)
{
	TRY(rename(SECRET, "free/own"));
	return read_path("free/own");
}

static int do_rename_beside(void)
{
	TRY(rename(SECRET, "top/mid/other"));
	return read_path("top/mid/other");
}

static int do_rename_parent(void)
{
	TRY(rename("top/mid", "top/other"));
	return read_path("top/other/secret");
}

static int do_rename_parent_away(void)
{
	TRY(rename("top/mid", "free/other"));
	return read_path("free/other/secret");
}

static int do_rename_grandparent(void)
{
	TRY(rename("top", "other"));
	return read_path("other/mid/secret");
}

static int do_rename_work(void)
{
	char here[PATH_MAX], there[PATH_MAX + 8];

	TRY(getcwd(here, sizeof(here)) ? 0 : -1);
	snprintf(there, sizeof(there), "%s.moved", here);
	TRY(rename(here, there));
	return read_path(SECRET);
}

static int do_rename_over(void)
{
	TRY(rename("top/mid", "free/empty"));
	return read_path("free/empty/secret");
}

static int do_exchange(void)
{
	TRY(renameat2(AT_FDCWD, SECRET, AT_FDCWD, "free/file", RENAME_EXCHANGE));
	return read_path("free/file");
}

static int do_exchange_reverse(void)
{
	TRY(renameat2(AT_FDCWD, "free/file", AT_FDCWD, SECRET, RENAME_EXCHANGE));
	return read_path("free/file");
}

static int do_exchange_parent(void)
{
	TRY(renameat2(AT_FDCWD, "free/folder", AT_FDCWD, "top/mid", RENAME_EXCHANGE));
	return read_path("free/folder/secret");
}

static int do_exchange_grandparent(void)
{
	TRY(renameat2(AT_FDCWD, "top", AT_FDCWD, "free", RENAME_EXCHANGE));
	return read_path("free/mid/secret");
}

static int do_rename_whiteout(void)
{
	/* an overlay has whiteouts of its own */
	if (renameat2(AT_FDCWD, SECRET, AT_FDCWD, "free/own", RENAME_WHITEOUT) < 0)
		return errno == EINVAL ? says(UNTRIED, "no whiteouts here") : refused("renameat2");
	return read_path("free/own");
}

static int do_uring_rename(void)
{
	struct io_uring_sqe request = {.opcode = IORING_OP_RENAMEAT,
				       .fd = AT_FDCWD,
				       .addr = (uintptr_t)SECRET,
				       .len = (unsigned)AT_FDCWD,
				       .off = (uintptr_t) "free/own"};

	TRY(uring(&request, 0));
	return read_path("free/own");
}

static int do_uring_link(void)
{
	struct io_uring_sqe request = {.opcode = IORING_OP_LINKAT,
				       .fd = AT_FDCWD,
				       .addr = (uintptr_t)SECRET,
				       .len = (unsigned)AT_FDCWD,
				       .off = (uintptr_t) "free/link"};

	TRY(uring(&request, 0));
	return read_path("free/link");
}

/* Mounts and roots */

static int do_bind_file(void)
{
	TRY(bind_mount(SECRET, "free/file"));
	return read_path("free/file");
}

static int do_bind_parent(void)
{
	TRY(bind_mount("top/mid", "free/folder"));
	return read_path("free/folder/secret");
}

static int do_bind_grandparent(void)
{
	TRY(bind_mount("top", "free/folder"));
	return read_path("free/folder/mid/secret");
}

static int do_bind_work(void)
{
	TRY(bind_mount(".", "free/folder"));
	return read_path("free/folder/" SECRET);
}

static int do_bind_root(void)
{
	char path[PATH_MAX + 32];

	TRY(mount("/", "free/folder", NULL, MS_BIND | MS_REC, NULL));
	snprintf(path, sizeof(path), "free/folder%s", at(SECRET));
	return read_path(path);
}

static int do_bind_symlink(void)
{
	TRY(symlink("../top/mid", "free/link"));
	TRY(bind_mount("free/link", "free/folder"));
	return read_path("free/folder/secret");
}

static int do_bind_proc_fd(void)
{
	char path[64];
	int fd = open("top/mid", O_PATH);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	TRY(bind_mount(path, "free/folder"));
	return read_path("free/folder/secret");
}

static int do_open_tree_file(void)
{
	return reopen(clone_tree(SECRET), "/proc/self/fd/%d");
}

static int do_open_tree_folder(void)
{
	int tree = clone_tree("top/mid");

	TRY(tree);
	return read_descriptor(openat(tree, "secret", O_RDONLY));
}

static int do_open_tree_root(void)
{
	int tree = clone_tree("/");

	TRY(tree);
	return read_descriptor(openat(tree, at(SECRET) + 1, O_RDONLY));
}

static int do_open_tree_attach(void)
{
	int tree = clone_tree("top/mid");

	TRY(tree);
	TRY(attach_tree(tree, "free/folder"));
	return read_path("free/folder/secret");
}

static int do_open_tree_fchdir(void)
{
	int tree = clone_tree("top");

	TRY(tree);
	TRY(fchdir(tree));
	return read_path("mid/secret");
}

static int do_open_tree_chroot(void)
{
	TRY(fchdir(clone_tree("top/mid")));
	TRY(chroot("."));
	return read_path("/secret");
}

/* As if the container had been started with a volume there. */
static int arrange_volume(void)
{
	TRY(bind_mount("top", "top"));
	return 0;
}

static int do_move_mount_old(void)
{
	TRY(mount("top", "free/folder", NULL, MS_MOVE, NULL));
	return read_path("free/folder/mid/secret");
}

static int do_move_mount_new(void)
{
	TRY(syscall(SYS_move_mount, AT_FDCWD, "top", AT_FDCWD, "free/folder", 0));
	return read_path("free/folder/mid/secret");
}

static int do_umount_cwd(void)
{
	TRY(chdir("top/mid"));
	TRY(umount2("../../top", MNT_DETACH));
	return read_path("secret");
}

static int do_umount_dirfd(void)
{
	int fd = open("top/mid", O_PATH);

	TRY(umount2("top", MNT_DETACH));
	return read_descriptor(openat(fd, "secret", O_RDONLY));
}

static int do_umount_o_path(void)
{
	int fd = open(SECRET, O_PATH);

	TRY(umount2("top", MNT_DETACH));
	return reopen(fd, "/proc/self/fd/%d");
}

static int do_tmpfs_over(void)
{
	TRY(mount("tmpfs", "top", "tmpfs", 0, NULL));
	TRY(umount2("top", MNT_DETACH));
	return read_secret();
}

static int do_tmpfs_over_cwd(void)
{
	const char *top = at("top");

	TRY(chdir("top/mid"));
	TRY(mount("tmpfs", "../../top", "tmpfs", 0, NULL));
	int status = read_path("secret");

	umount2(top, MNT_DETACH);
	return status;
}

static int do_tmpfs_then_bind(void)
{
	TRY(mount("tmpfs", "free/folder", "tmpfs", 0, NULL));
	TRY(mkdir("free/folder/new", 0755));
	TRY(bind_mount("top/mid", "free/folder/new"));
	return read_path("free/folder/new/secret");
}

static int do_remount(void)
{
	TRY(mount(NULL, "top", NULL, MS_REMOUNT | MS_BIND | MS_NOATIME, NULL));
	return read_secret();
}

static int do_chroot(void)
{
	TRY(chroot("top/mid"));
	return read_path("/secret");
}

static int do_chroot_cwd(void)
{
	TRY(chroot("top"));
	return read_path(SECRET);
}

static int arrange_work_mount(void)
{
	const char *work = at(".");

	TRY(bind_mount(work, work));
	TRY(chdir(work));
	return 0;
}

static int do_pivot_root(void)
{
	TRY(syscall(SYS_pivot_root, ".", "free/folder"));
	TRY(chdir("/"));
	return read_path("/" SECRET);
}

static int do_pivot_root_same(void)
{
	TRY(syscall(SYS_pivot_root, ".", "."));
	return read_path("/" SECRET);
}

static int overlay_lower(const char *lower, const char *name)
{
	char options[PATH_MAX + 64], path[PATH_MAX];

	snprintf(options, sizeof(options), "lowerdir=%s:%s", at(lower), at("free/empty"));
	TRY(mount("overlay", "free/folder", "overlay", 0, options));
	snprintf(path, sizeof(path), "free/folder/%s", name);
	return read_path(path);
}

static int do_overlay_parent(void)
{
	return overlay_lower("top/mid", "secret");
}

static int do_overlay_grandparent(void)
{
	return overlay_lower("top", "mid/secret");
}

static int do_overlay_work(void)
{
	/* another file system: layers may not lie in each other */
	TRY(mount("tmpfs", "free/empty", "tmpfs", 0, NULL));
	return overlay_lower(".", SECRET);
}

static int do_overlay_upper(void)
{
	char options[3 * PATH_MAX];

	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", at("free/empty"),
		 at("top/mid"), at("free/folder"));
	/* an overlay may not be the upper layer of another */
	if (mount("overlay", "free", "overlay", 0, options) < 0)
		return errno == EINVAL ? says(UNTRIED, "no upper layer here") : refused("mount");
	return read_path("free/secret");
}

static int do_overlay_new_api(void)
{
	char lower[PATH_MAX + 64];
	int fd;

	snprintf(lower, sizeof(lower), "%s:%s", at("top/mid"), at("free/empty"));
	fd = new_mount("overlay", "lowerdir", lower);
	TRY(fd);
	return read_descriptor(openat(fd, "secret", O_RDONLY));
}

static int do_overlay_userns(void)
{
	TRY(enter_user_namespace());
	return overlay_lower("top/mid", "secret");
}

/* The block device of the file system, mounted once more. */
static int do_mount_device(void)
{
	char line[PATH_MAX], key[32], device[256] = "", type[64];
	FILE *mounts = fopen("/proc/self/mountinfo", "r");
	struct stat st;
	int fd;

	TRY(stat(SECRET, &st));
	snprintf(key, sizeof(key), " %u:%u ", major(st.st_dev), minor(st.st_dev));
	while (mounts && fgets(line, sizeof(line), mounts)) {
		if (!strstr(line, key) ||
		    sscanf(strstr(line, " - ") ?: "", " - %63s %255s", type, device) == 2)
			continue;
	}
	if (strncmp(device, "/dev/", 5) != 0)
		return says(UNTRIED, "not on a block device");
	fd = new_mount(type, "source", device);
	TRY(fd);
	return read_descriptor(openat(fd, at(SECRET) + 1, O_RDONLY));
}

static int do_mount_proc(void)
{
	char path[PATH_MAX + 32];

	TRY(mount("proc", "free/folder", "proc", 0, NULL));
	snprintf(path, sizeof(path), "free/folder/self/root%s", at(SECRET));
	return read_path(path);
}

/* Namespaces */

static int do_newns(void)
{
	TRY(unshare(CLONE_NEWNS));
	return read_secret();
}

static int do_newns_bind(void)
{
	TRY(unshare(CLONE_NEWNS));
	TRY(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	return do_bind_parent();
}

static int do_newns_chroot(void)
{
	TRY(unshare(CLONE_NEWNS | CLONE_FS));
	return do_chroot();
}

static int do_userns(void)
{
	TRY(enter_user_namespace());
	return read_secret();
}

static int do_userns_bind(void)
{
	TRY(enter_user_namespace());
	return do_bind_parent();
}

static int do_userns_move(void)
{
	TRY(enter_user_namespace());
	TRY(mount("tmpfs", "free/folder", "tmpfs", 0, NULL));
	TRY(mkdir("free/folder/new", 0755));
	TRY(mount("top", "free/folder/new", NULL, MS_BIND | MS_REC, NULL));
	return read_path("free/folder/new/mid/secret");
}

static int do_all_namespaces(void)
{
	TRY(unshare(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS |
		    CLONE_NEWPID));
	return in_child(read_secret);
}

static int do_setns_mount(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", helper_pid());
	fd = open(path, O_RDONLY);
	TRY(fd);
	snprintf(path, sizeof(path), "%s", at(SECRET));
	TRY(setns(fd, CLONE_NEWNS));
	return read_path(path);
}

static int do_setns_pidfd(void)
{
	char path[PATH_MAX];
	int fd = (int)syscall(SYS_pidfd_open, helper_pid(), 0);

	snprintf(path, sizeof(path), "%s", at(SECRET));
	TRY(fd);
	TRY(setns(fd, CLONE_NEWNS | CLONE_NEWCGROUP));
	return read_path(path);
}

static int proc_of_helper(const char *form)
{
	char path[PATH_MAX + 64];
	pid_t pid = helper_pid();

	TRY(pid);
	snprintf(path, sizeof(path), form, pid, at(SECRET));
	return read_path(path);
}

static int do_proc_pid_root(void)
{
	return proc_of_helper("/proc/%d/root%s");
}

static int do_proc_pid_cwd(void)
{
	return proc_of_helper("/proc/%d/cwd/" SECRET);
}

static int do_chroot_pid_root(void)
{
	char path[64], secret[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/root", helper_pid());
	snprintf(secret, sizeof(secret), "%s", at(SECRET));
	TRY(chroot(path));
	return read_path(secret);
}

static int do_proc_pid_fd(void)
{
	char path[64];
	pid_t pid;
	int number = helper_keep('r', SECRET, &pid);

	TRY(number);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, number);
	return read_path(path);
}

/* Descriptors of others, and handles */

static int do_scm_rights(void)
{
	return read_descriptor(helper_pass('r', SECRET));
}

static int do_scm_write(void)
{
	return read_descriptor(helper_pass('w', SECRET));
}

static int do_scm_o_path(void)
{
	return reopen(helper_pass('p', SECRET), "/proc/self/fd/%d");
}

static int do_scm_folder(void)
{
	int fd = helper_pass('p', "top/mid");

	TRY(fd);
	return read_descriptor(openat(fd, "secret", O_RDONLY));
}

static int do_scm_folder_fchdir(void)
{
	TRY(fchdir(helper_pass('p', "top")));
	return read_path("mid/secret");
}

static int do_pidfd_getfd(void)
{
	return read_descriptor(take_from_helper('r', SECRET));
}

static int do_pidfd_getfd_o_path(void)
{
	return reopen(take_from_helper('p', SECRET), "/proc/self/fd/%d");
}

/* A file is opened for who listens, when somebody else opens it. */
static int fanotify_read(unsigned flags, const char *path)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY), status;
	struct fanotify_event_metadata event[8];
	char content[LENGTH + 1] = {};
	ssize_t n;

	TRY(fd);
	TRY(fanotify_mark(fd, FAN_MARK_ADD | flags, FAN_OPEN | FAN_EVENT_ON_CHILD, AT_FDCWD, path));
	TRY(helper_keep('r', SECRET, NULL));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	n = read(fd, event, sizeof(event));
	TRY(n);
	status = says(OTHERWISE, "no event with the secret");
	for (struct fanotify_event_metadata *one = event; FAN_EVENT_OK(one, n);
	     one = FAN_EVENT_NEXT(one, n)) {
		if (one->fd >= 0 && pread(one->fd, content, LENGTH, 0) >= 0 &&
		    memcmp(content, CONTENT, LENGTH) == 0)
			status = WORKED;
		close(one->fd);
	}
	return status;
}

static int do_fanotify_folder(void)
{
	return fanotify_read(0, "top/mid");
}

static int do_fanotify_file(void)
{
	return fanotify_read(0, SECRET);
}

static int do_fanotify_mount(void)
{
	return fanotify_read(FAN_MARK_FILESYSTEM, ".");
}

union handle {
	struct file_handle head;
	char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

static int open_by_handle(const char *path, int flags)
{
	union handle handle = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
	int mount_id;

	if (name_to_handle_at(AT_FDCWD, path, &handle.head, &mount_id, 0) < 0)
		return -1;
	return open_by_handle_at(open(".", O_RDONLY), &handle.head, flags);
}

static int do_handle(void)
{
	return read_descriptor(open_by_handle(SECRET, O_RDONLY));
}

static int do_handle_o_path(void)
{
	return reopen(open_by_handle(SECRET, O_PATH), "/proc/self/fd/%d");
}

static int do_handle_folder(void)
{
	int fd = open_by_handle("top/mid", O_PATH);

	TRY(fd);
	return read_descriptor(openat(fd, "secret", O_RDONLY));
}

/* io_uring */

static int uring_open(unsigned char opcode, unsigned flags)
{
	struct open_how how = {.flags = O_RDONLY};
	struct io_uring_sqe request = {.opcode = opcode, .fd = AT_FDCWD, .addr = (uintptr_t)SECRET};

	if (opcode == IORING_OP_OPENAT2) {
		request.len = sizeof(how);
		request.off = (uintptr_t)&how;
	}
	return uring(&request, flags);
}

static int do_uring_openat(void)
{
	return read_descriptor(uring_open(IORING_OP_OPENAT, 0));
}

static int do_uring_openat2(void)
{
	return read_descriptor(uring_open(IORING_OP_OPENAT2, 0));
}

static int do_uring_sqpoll(void)
{
	return read_descriptor(uring_open(IORING_OP_OPENAT, IORING_SETUP_SQPOLL));
}

static int do_uring_async(void)
{
	struct io_uring_sqe request = {.opcode = IORING_OP_OPENAT,
				       .flags = IOSQE_ASYNC,
				       .fd = AT_FDCWD,
				       .addr = (uintptr_t)SECRET};

	return read_descriptor(uring(&request, 0));
}

/* Who opens, and from which cgroup */

static int do_thread(void)
{
	return in_thread(read_secret);
}

static int do_child(void)
{
	return in_child(read_secret);
}

static int do_grandchild(void)
{
	return in_child(do_child);
}

static int do_thread_child(void)
{
	return in_thread(do_child);
}

/* A child that opens for its parent, in the parent's descriptor table. */
static int open_for_parent(void *fd)
{
	*(int *)fd = open(SECRET, O_RDONLY);
	return *(int *)fd < 0 ? errno : 0;
}

static int do_clone_files(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	int fd = -1, status;
	pid_t pid = clone(open_for_parent, stack + sizeof(stack), CLONE_VM | CLONE_FILES | SIGCHLD,
			  &fd);

	TRY(pid);
	waitpid(pid, &status, 0);
	if (fd < 0) {
		errno = WEXITSTATUS(status);
		return refused("clone, open");
	}
	return read_descriptor(fd);
}

static int do_vfork(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	int fd = -1, status;
	pid_t pid = clone(open_for_parent, stack + sizeof(stack),
			  CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &fd);

	TRY(pid);
	waitpid(pid, &status, 0);
	if (fd < 0)
		errno = WEXITSTATUS(status);
	return read_descriptor(fd);
}

static int do_child_passes(void)
{
	char control[CMSG_SPACE(sizeof(int))], word[16];
	struct iovec part = {.iov_base = word, .iov_len = sizeof(word)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	int pair[2], fd;

	TRY(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	if (fork() == 0) {
		fd = open(SECRET, O_RDONLY);
		snprintf(word, sizeof(word), "%d", fd < 0 ? errno : 0);
		_exit(send_fd(pair[1], word, fd));
	}
	TRY(recvmsg(pair[0], &message, 0));
	if (!CMSG_FIRSTHDR(&message)) {
		errno = atoi(word);
		return refused("open in a child");
	}
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return read_descriptor(fd);
}

/* Its parent is gone when it opens. */
static int do_orphan(void)
{
	int pair[2], status = OTHERWISE;

	TRY(pipe(pair));
	if (fork() == 0) {
		pid_t parent = getpid();

		if (fork() == 0) {
			while (getppid() == parent)
				usleep(1000);
			setsid();
			status = read_secret();
			_exit(write(pair[1], &status, sizeof(status)) < 0);
		}
		_exit(0);
	}
	close(pair[1]);
	TRY(read(pair[0], &status, sizeof(status)));
	return status;
}

static int do_cgroup_born_outside(void)
{
	return in_child_outside(read_secret);
}

static int do_cgroup_leave(void)
{
	TRY(leave_cgroup());
	return read_secret();
}

static int do_cgroup_leave_child(void)
{
	TRY(leave_cgroup());
	return in_child(read_secret);
}

static int do_cgroup_new(void)
{
	char path[PATH_MAX] = "/sys/fs/cgroup", own[PATH_MAX];
	FILE *file = fopen("/proc/self/cgroup", "r");

	if (!file || !fgets(own, sizeof(own), file))
		return says(UNTRIED, "no cgroup");
	own[strcspn(own, "\n")] = '\0';
	snprintf(path + strlen(path), sizeof(path) - 128, "%.3900s/inner", own + strlen("0::"));
	TRY(mkdir(path, 0755));
	strcat(path, "/cgroup.procs");
	TRY(put_text(path, "0"));
	int status = read_secret();

	path[strlen(path) - strlen("/inner/cgroup.procs")] = '\0';
	strcat(path, "/cgroup.procs");
	put_text(path, "0");
	strcpy(strrchr(path, '/'), "/inner");
	rmdir(path);
	return status;
}

/* Another program, or this one again */

static int output_of(char *const argv[])
{
	char content[LENGTH + 1] = {};
	int pair[2], status;
	ssize_t n;
	pid_t pid;

	if (access(argv[0], X_OK) < 0)
		return says(UNTRIED, "no such program here");
	TRY(pipe(pair));
	pid = fork();
	if (pid == 0) {
		dup2(pair[1], STDOUT_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		execv(argv[0], argv);
		_exit(errno);
	}
	close(pair[1]);
	n = read(pair[0], content, LENGTH);
	waitpid(pid, &status, 0);
	if (n == (ssize_t)LENGTH && check(content) == WORKED)
		return WORKED;
	/* it does not say why: what it was to do is what says so */
	return read_secret() == DENIED ? DENIED : says(OTHERWISE, "no output");
}

static int do_cat(void)
{
	return output_of((char *[]){"/bin/cat", SECRET, NULL});
}

static int do_shell_cat(void)
{
	return output_of((char *[]){"/bin/sh", "-c", "cat <" SECRET, NULL});
}

static int do_shell_builtin(void)
{
	return output_of((char *[]){"/bin/sh", "-c", "read -r x <" SECRET "; echo \"$x\"", NULL});
}

static int do_cat_script(void)
{
	TRY(put("free/script", "#!/bin/sh\nexec cat top/mid/secret\n", 34, 0755));
	return output_of((char *[]){"free/script", NULL});
}

static int do_shebang_cat(void)
{
	char text[PATH_MAX];

	/* the interpreter's only argument is the secret's name: it is read first */
	snprintf(text, sizeof(text), "#!/bin/cat %s\n", SECRET);
	TRY(put("free/script", text, strlen(text), 0755));
	return output_of((char *[]){"free/script", NULL});
}

static int do_dd(void)
{
	return output_of((char *[]){"/bin/dd", "if=" SECRET, NULL});
}

static int do_exec_self(void)
{
	char *argv[] = {"door", "open", NULL};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		execv("/proc/self/exe", argv);
		_exit(OTHERWISE);
	}
	TRY(waitpid(pid, &status, 0));
	return WEXITSTATUS(status) == DENIED ? says(DENIED, "open after exec")
					     : WEXITSTATUS(status);
}

/* What else moves content */

static int do_mmap(void)
{
	int fd = open(SECRET, O_RDONLY);
	char *content;

	TRY(fd);
	content = mmap(NULL, LENGTH, PROT_READ, MAP_PRIVATE, fd, 0);
	TRY(content == MAP_FAILED ? -1 : 0);
	return check(content);
}

static int do_sendfile(void)
{
	int in = open(SECRET, O_RDONLY), pair[2];
	char content[LENGTH + 1] = {};

	TRY(in);
	TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	TRY(sendfile(pair[0], in, NULL, LENGTH));
	TRY(read(pair[1], content, LENGTH));
	return check(content);
}

static int do_splice(void)
{
	int in = open(SECRET, O_RDONLY), pair[2];
	char content[LENGTH + 1] = {};

	TRY(in);
	TRY(pipe(pair));
	TRY(splice(in, NULL, pair[1], NULL, LENGTH, 0));
	TRY(read(pair[0], content, LENGTH));
	return check(content);
}

static int do_copy_file_range(void)
{
	int in = open(SECRET, O_RDONLY), out = open("free/copy", O_RDWR | O_CREAT, 0644);

	TRY(in);
	TRY(out);
	TRY(copy_file_range(in, NULL, out, NULL, LENGTH, 0));
	return read_descriptor(out);
}

static int do_acl_open(void)
{
	/* opened to be written, of which a mapping reads all the same */
	int fd = open(SECRET, O_RDWR | O_APPEND);
	char *content;

	TRY(fd);
	content = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	TRY(content == MAP_FAILED ? -1 : 0);
	return check(content);
}

static int do_swap_file(void)
{
	/* a name that is opened twice: once as another file's, once as the secret's */
	TRY(rename("free/file", "free/was"));
	TRY(symlink("../" SECRET, "free/file"));
	return read_path("free/file");
}

/* Races: another thread changes what the name means while it is being opened. */

static volatile int race_over;

static void *race_symlink(void *unused)
{
	while (!race_over) {
		unlink("free/flip");
		if (symlink("file", "free/flip") < 0)
			continue;
		if (symlink("../" SECRET, "free/new") == 0)
			rename("free/new", "free/flip");
	}
	return unused;
}

static void *race_exchange(void *unused)
{
	if (symlink("../" SECRET, "free/flip") < 0)
		return unused;
	while (!race_over)
		renameat2(AT_FDCWD, "free/flip", AT_FDCWD, "free/file", RENAME_EXCHANGE);
	return unused;
}

static void *race_folder(void *unused)
{
	if (symlink("../top", "free/flip-link") < 0 || mkdir("free/flip-top", 0755) < 0 ||
	    mkdir("free/flip-top/mid", 0755) < 0 || symlink("flip-top", "free/flip") < 0)
		return unused;
	put_text("free/flip-top/mid/secret", "not the secret\n");
	while (!race_over)
		renameat2(AT_FDCWD, "free/flip", AT_FDCWD, "free/flip-link", RENAME_EXCHANGE);
	return unused;
}

static void *race_rename_parent(void *unused)
{
	while (!race_over) {
		rename("top/mid", "free/flip");
		rename("free/flip", "top/mid");
	}
	return unused;
}

static int race(void *(*change)(void *), const char *path)
{
	int denied = 0, status = OTHERWISE, fd;
	char content[LENGTH + 1];
	pthread_t thread;

	errno = pthread_create(&thread, NULL, change, NULL);
	if (errno)
		return refused("pthread_create");
	for (int i = 0; i < 100000 && denied < 300 && status != WORKED; i++) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		denied += fd < 0 && errno == EACCES;
		if (fd >= 0) {
			memset(content, 0, sizeof(content));
			if (pread(fd, content, LENGTH, 0) > 0 &&
			    memcmp(content, CONTENT, LENGTH) == 0)
				status = WORKED;
			close(fd);
		}
	}
	race_over = 1;
	pthread_join(thread, NULL);
	if (status == WORKED)
		return WORKED;
	return denied ? says(DENIED, "each of the opens that met it")
		      : says(OTHERWISE, "never met");
}

static int do_race_symlink(void)
{
	return race(race_symlink, "free/flip");
}

static int do_race_exchange(void)
{
	return race(race_exchange, "free/file");
}

static int do_race_folder(void)
{
	return race(race_folder, "free/flip/mid/secret");
}

static int do_race_rename_parent(void)
{
	return race(race_rename_parent, SECRET);
}

static const struct technique techniques[] = {
	ROAD("open", do_open, "open(2)"),
	ROAD("openat", do_openat, "openat(2) by the absolute name"),
	ROAD("openat2", do_openat2, "openat2(2)"),
	ROAD("openat2-in-root", do_openat2_in_root, "the same, RESOLVE_IN_ROOT of the folder"),
	ROAD("openat2-beneath", do_openat2_beneath, "the same, RESOLVE_BENEATH"),
	ROAD("open-rdwr", do_open_rdwr, "O_RDWR"),
	ROAD("open-nonblock", do_open_nonblock, "O_NONBLOCK, O_NOFOLLOW, O_NOATIME"),
	ROAD("o-path", do_o_path_self, "O_PATH, reopened by /proc/self/fd"),
	ROAD("o-path-thread", do_o_path_thread, "O_PATH, reopened by /proc/thread-self/fd"),
	ROAD("o-path-dev-fd", do_o_path_dev_fd, "O_PATH, reopened by /dev/fd"),
	ROAD("o-path-folder", do_o_path_folder, "a name below /proc/self/fd/N of its folder"),
	ROAD("dirfd", do_dirfd, "relative to a descriptor of its folder"),
	ROAD("chdir", do_chdir, "its bare name in its folder"),
	ROAD("fchdir", do_fchdir, "relative, after fchdir"),
	ROAD("slashes", do_slashes, "spelled with many /"),
	ROAD("dots", do_dots, "spelled with /./"),
	ROAD("dotdot", do_dotdot, "spelled with /../"),
	ROAD("long-walk", do_long_walk, "a name of 4,000 bytes"),
	ROAD("proc-self-root", do_proc_self_root, "below /proc/self/root"),
	ROAD("proc-task-root", do_proc_task_root, "below /proc/PID/task/TID/root"),
	ROAD("proc-self-cwd", do_proc_self_cwd, "below /proc/self/cwd"),
	ROAD("symlink", do_symlink, "by a symbolic link"),
	ROAD("symlink-absolute", do_symlink_absolute, "by one with an absolute name"),
	ROAD("symlink-folder", do_symlink_folder, "by one to its folder"),
	ROAD("symlink-chain", do_symlink_chain, "by 20 in a row"),
	ROAD("symlink-proc", do_symlink_proc, "by one through /proc"),
	ROAD("link", do_link, "hard link, then read"),
	ROAD("link-beside", do_link_beside, "hard link in its own folder"),
	ROAD("link-symlink", do_link_symlink, "hard link by a symbolic one"),
	ROAD("link-proc-fd", do_link_proc_fd, "hard link of /proc/self/fd/N"),
	ROAD("link-empty-path", do_link_empty_path, "hard link of a descriptor"),
	ROAD("rename", do_rename, "another name in another folder"),
	ROAD("rename-beside", do_rename_beside, "another name in its folder"),
	ROAD("rename-parent", do_rename_parent, "another name for its folder"),
	ROAD("rename-parent-away", do_rename_parent_away, "its folder, elsewhere"),
	ROAD("rename-grandparent", do_rename_grandparent, "its folder's folder"),
	ROAD("rename-work", do_rename_work, "the folder above those, its cwd"),
	ROAD("rename-over", do_rename_over, "its folder, onto an empty one"),
	ROAD("rename-whiteout", do_rename_whiteout, "RENAME_WHITEOUT"),
	ROAD("exchange", do_exchange, "RENAME_EXCHANGE with another file"),
	ROAD("exchange-reverse", do_exchange_reverse, "the other file with it"),
	ROAD("exchange-parent", do_exchange_parent, "another folder with its own"),
	ROAD("exchange-grandparent", do_exchange_grandparent, "its folder's folder with another"),
	ROAD("uring-rename", do_uring_rename, "rename by io_uring"),
	ROAD("uring-link", do_uring_link, "hard link by io_uring"),
	ROAD("bind-file", do_bind_file, "bind mount of the file"),
	ROAD("bind-parent", do_bind_parent, "bind mount of its folder"),
	ROAD("bind-grandparent", do_bind_grandparent, "bind mount of its folder's folder"),
	ROAD("bind-work", do_bind_work, "bind mount of the folder above those"),
	ROAD("bind-root", do_bind_root, "recursive bind mount of /"),
	ROAD("bind-symlink", do_bind_symlink, "bind mount by a symbolic link"),
	ROAD("bind-proc-fd", do_bind_proc_fd, "bind mount of /proc/self/fd/N"),
	ROAD("open-tree-file", do_open_tree_file, "open_tree clone of the file"),
	ROAD("open-tree-folder", do_open_tree_folder, "open_tree clone of its folder"),
	ROAD("open-tree-root", do_open_tree_root, "open_tree clone of /"),
	ROAD("open-tree-attach", do_open_tree_attach, "the clone attached by move_mount"),
	ROAD("open-tree-fchdir", do_open_tree_fchdir, "the clone as cwd"),
	ROAD("open-tree-chroot", do_open_tree_chroot, "the clone as root"),
	ROAD("move-mount-old", do_move_mount_old, "mount --move of the volume above it",
	     .arrange = arrange_volume),
	ROAD("move-mount-new", do_move_mount_new, "move_mount(2) of that volume",
	     .arrange = arrange_volume),
	ROAD("umount-cwd", do_umount_cwd, "umount -l of that volume, by a kept cwd",
	     .arrange = arrange_volume),
	ROAD("umount-dirfd", do_umount_dirfd, "the same, by a descriptor of its folder",
	     .arrange = arrange_volume),
	ROAD("umount-o-path", do_umount_o_path, "the same, by an O_PATH descriptor",
	     .arrange = arrange_volume),
	ROAD("tmpfs-over", do_tmpfs_over, "tmpfs over its parent, taken away again"),
	ROAD("tmpfs-over-cwd", do_tmpfs_over_cwd, "by a kept cwd below that tmpfs"),
	ROAD("tmpfs-then-bind", do_tmpfs_then_bind, "bind mount of its folder in a tmpfs"),
	ROAD("remount", do_remount, "another flag for the volume above it",
	     .arrange = arrange_volume),
	ROAD("chroot", do_chroot, "its folder as root"),
	ROAD("chroot-cwd", do_chroot_cwd, "a root below cwd"),
	ROAD("pivot-root", do_pivot_root, "pivot_root", .arrange = arrange_work_mount),
	ROAD("pivot-root-same", do_pivot_root_same, "pivot_root onto itself",
	     .arrange = arrange_work_mount),
	ROAD("overlay-parent", do_overlay_parent, "its folder as lower layer"),
	ROAD("overlay-grandparent", do_overlay_grandparent, "its folder's folder as lower layer"),
	ROAD("overlay-work", do_overlay_work, "the folder above those as lower layer"),
	ROAD("overlay-upper", do_overlay_upper, "its folder as upper layer"),
	ROAD("overlay-new-api", do_overlay_new_api, "overlay by fsopen, not attached"),
	ROAD("overlay-userns", do_overlay_userns, "overlay in a user namespace"),
	ROAD("mount-device", do_mount_device, "the block device once more, by fsopen"),
	ROAD("mount-proc", do_mount_proc, "another proc, through self/root"),
	ROAD("newns", do_newns, "a mount namespace of its own"),
	ROAD("newns-bind", do_newns_bind, "the same, and bind mount of its folder"),
	ROAD("newns-chroot", do_newns_chroot, "the same, and its folder as root"),
	ROAD("userns", do_userns, "a user namespace of its own"),
	ROAD("userns-bind", do_userns_bind, "the same, and bind mount of its folder"),
	ROAD("userns-move", do_userns_move, "the same, in a tmpfs"),
	ROAD("all-namespaces", do_all_namespaces, "all namespaces of its own"),
	ROAD("setns-mount", do_setns_mount, "in another process's mount namespace"),
	ROAD("setns-pidfd", do_setns_pidfd, "the same by pidfd, with its cgroup namespace"),
	ROAD("proc-pid-root", do_proc_pid_root, "below /proc/PID/root of an unconfined process"),
	ROAD("proc-pid-cwd", do_proc_pid_cwd, "below its /proc/PID/cwd"),
	ROAD("chroot-pid-root", do_chroot_pid_root, "with its /proc/PID/root as root"),
	ROAD("proc-pid-fd", do_proc_pid_fd, "by its /proc/PID/fd/N"),
	ROAD("scm-rights", do_scm_rights, "a descriptor passed by an unconfined process"),
	/* its own open makes a lower layer's file one of the upper */
	ROAD("scm-rdwr", do_scm_write, "one open for both", .flags = STATE_ASIDE),
	ROAD("scm-o-path", do_scm_o_path, "an O_PATH descriptor passed"),
	ROAD("scm-folder", do_scm_folder,
	     "its folder's descriptor passed, of another mount namespace"),
	ROAD("scm-folder-fchdir", do_scm_folder_fchdir, "the same as cwd"),
	ROAD("pidfd-getfd", do_pidfd_getfd, "a descriptor taken from an unconfined process"),
	ROAD("pidfd-getfd-o-path", do_pidfd_getfd_o_path, "an O_PATH one taken"),
	ROAD("fanotify-folder", do_fanotify_folder, "an event on its folder brings a descriptor"),
	ROAD("fanotify-file", do_fanotify_file, "an event on the file"),
	ROAD("fanotify-filesystem", do_fanotify_mount, "an event on the file system"),
	ROAD("handle", do_handle, "open_by_handle_at"),
	ROAD("handle-o-path", do_handle_o_path, "the same, O_PATH, reopened"),
	ROAD("handle-folder", do_handle_folder, "relative to its folder by handle"),
	ROAD("uring-openat", do_uring_openat, "open by io_uring"),
	ROAD("uring-openat2", do_uring_openat2, "the same, openat2"),
	ROAD("uring-async", do_uring_async, "the same, by a worker"),
	ROAD("uring-sqpoll", do_uring_sqpoll, "the same, by the polling thread"),
	ROAD("thread", do_thread, "in a thread"),
	ROAD("child", do_child, "in a child"),
	ROAD("grandchild", do_grandchild, "in a child's child"),
	ROAD("thread-child", do_thread_child, "in a thread's child"),
	ROAD("clone-files", do_clone_files, "by a child that shares descriptors"),
	ROAD("vfork", do_vfork, "by a vforked child that does"),
	ROAD("child-passes", do_child_passes, "passed by a child"),
	ROAD("orphan", do_orphan, "by an orphan in a session of its own"),
	ROAD("cgroup-born-outside", do_cgroup_born_outside,
	     "CLONE_INTO_CGROUP, one without policy"),
	ROAD("cgroup-leave", do_cgroup_leave, "after a move to a cgroup without policy"),
	ROAD("cgroup-leave-child", do_cgroup_leave_child, "in a child after that"),
	ROAD("cgroup-new", do_cgroup_new, "in a new cgroup below its own"),
	ROAD("cat", do_cat, "by cat"),
	ROAD("dd", do_dd, "by dd"),
	ROAD("shell-cat", do_shell_cat, "by a shell's redirection"),
	ROAD("shell-builtin", do_shell_builtin, "by a shell's own command"),
	ROAD("cat-script", do_cat_script, "by a script"),
	ROAD("shebang-cat", do_shebang_cat, "as an interpreter's argument"),
	ROAD("exec-self", do_exec_self, "after executing this program again"),
	ROAD("mmap", do_mmap, "by a mapping"),
	ROAD("mmap-shared", do_acl_open, "by a shared mapping, open to append"),
	ROAD("sendfile", do_sendfile, "by sendfile"),
	ROAD("splice", do_splice, "by splice"),
	ROAD("copy-file-range", do_copy_file_range, "by copy_file_range"),
	ROAD("swap-file", do_swap_file, "in the place of an allowed file"),
	ROAD("race-symlink", do_race_symlink, "while a symbolic link changes"),
	ROAD("race-exchange", do_race_exchange, "while a link and a file change places"),
	ROAD("race-folder", do_race_folder, "while a link on the way changes"),
	ROAD("race-rename-parent", do_race_rename_parent, "while its folder moves"),
	{},
};

const struct family family = {.techniques = techniques,
			      .prepare = prepare,
			      .plain = read_secret,
			      .watched = (const char *const[]){SECRET, "top/mid", NULL}};
