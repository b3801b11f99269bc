/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Roads to changing top/mid/target, top/mid/absent (which is not there) and all in top/mid/tree,
 * which may not be written: see door.h. The policy's line:
 * deny = write FOLDER/top/mid/target FOLDER/top/mid/absent FOLDER/top/mid/tree/
 */

#include <linux/fs.h>
#include <sys/ioctl.h>

#include "selftests/attacks/door.h"

#define TARGET "top/mid/target"
#define ABSENT "top/mid/absent"
#define TREE "top/mid/tree"
#define CHANGED "was here\n"
#define LENGTH (sizeof(CHANGED) - 1)

/* An access list: version 2, and entries of tag, rights, id. */
static int set_acl(uint16_t rights)
{
	struct entry {
		uint16_t tag, rights;
		uint32_t id;
	};
	struct {
		uint32_t version;
		struct entry entries[5];
	} list = {2, {{1, 6, ~0u}, {2, rights, 1}, {4, 4, ~0u}, {16, 4, ~0u}, {32, 4, ~0u}}};

	return setxattr(TARGET, "system.posix_acl_access", &list, sizeof(list), 0);
}

static int prepare(void)
{
	TRY(mkdir("top", 0755));
	TRY(mkdir("top/mid", 0755));
	TRY(mkdir(TREE, 0755));
	TRY(mkdir(TREE "/empty", 0755));
	TRY(mkdir("free", 0755));
	TRY(mkdir("free/folder", 0755));
	TRY(mkdir("free/empty", 0755));
	TRY(mkdir("fresh", 0755));
	TRY(mkdir("late", 0755));
	TRY(put_text("late/file", "late\n"));
	TRY(put_text("free/file", CHANGED));
	TRY(put_text(TARGET, "the target\n"));
	TRY(put_text(TREE "/file", "the tree's file\n"));
	setxattr(TARGET, "user.door", "1", 1, 0);
	setxattr(TARGET, "trusted.door", "1", 1, 0);
	set_acl(4);
	return 0;
}

/* Whether the file's first bytes are those that attacks write. */
static int changed(const char *path)
{
	char content[LENGTH + 1] = {};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	TRY(fd);
	TRY(pread(fd, content, LENGTH, 0));
	close(fd);
	return strcmp(content, CHANGED) == 0 ? WORKED : says(OTHERWISE, "it is as it was");
}

static int write_descriptor(int fd, const char *path)
{
	TRY(fd);
	TRY(pwrite(fd, CHANGED, LENGTH, 0));
	return changed(path);
}

static int write_path(const char *path)
{
	return write_descriptor(open(path, O_WRONLY | O_CLOEXEC), path);
}

static int write_target(void)
{
	return write_path(TARGET);
}

static int is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? WORKED : says(OTHERWISE, "it is not there");
}

static int is_gone(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? WORKED : says(OTHERWISE, "it is still there");
}

/* Content */

static int do_open_wronly(void)
{
	return write_target();
}

static int do_open_rdwr(void)
{
	return write_descriptor(open(TARGET, O_RDWR), TARGET);
}

static int do_open_append(void)
{
	int fd = open(TARGET, O_WRONLY | O_APPEND);

	TRY(fd);
	TRY(write(fd, CHANGED, LENGTH));
	return WORKED;
}

static int size_is(off_t size)
{
	struct stat st;

	TRY(stat(TARGET, &st));
	return st.st_size == size ? WORKED : says(OTHERWISE, "its size is as it was");
}

static int do_open_trunc(void)
{
	TRY(open(TARGET, O_RDONLY | O_TRUNC));
	return size_is(0);
}

static int do_creat(void)
{
	TRY(creat(TARGET, 0644));
	return size_is(0);
}

static int do_o_path(void)
{
	char path[64];
	int fd = open(TARGET, O_PATH);

	TRY(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return write_path(path);
}

static int do_reopen_read(void)
{
	char path[64];
	int fd = open(TARGET, O_RDONLY);

	TRY(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return write_path(path);
}

static int do_truncate(void)
{
	TRY(truncate(TARGET, 3));
	return size_is(3);
}

static int do_truncate_proc_fd(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", open(TARGET, O_PATH));
	TRY(truncate(path, 3));
	return size_is(3);
}

static int do_truncate_extend(void)
{
	TRY(truncate(TARGET, 5000));
	return size_is(5000);
}

/* Opened under a name that may be written, then given the one that may not. */
static int do_ftruncate_renamed(void)
{
	int fd = open("free/file", O_RDWR);

	TRY(fd);
	TRY(rename("free/file", TARGET));
	TRY(ftruncate(fd, 3));
	return size_is(3);
}

static int do_write_renamed(void)
{
	int fd = open("free/file", O_RDWR);

	TRY(fd);
	TRY(renameat2(AT_FDCWD, TARGET, AT_FDCWD, "free/file", RENAME_EXCHANGE));
	return write_descriptor(fd, TARGET);
}

static int do_fallocate(void)
{
	int fd = open(TARGET, O_WRONLY);

	TRY(fd);
	TRY(fallocate(fd, 0, 0, 5000));
	return size_is(5000);
}

static int do_mmap(void)
{
	int fd = open(TARGET, O_RDWR);
	char *content;

	TRY(fd);
	content = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	TRY(content == MAP_FAILED ? -1 : 0);
	memcpy(content, CHANGED, LENGTH);
	return changed(TARGET);
}

static int do_copy_file_range(void)
{
	int in = open("free/file", O_RDONLY), out = open(TARGET, O_WRONLY);

	TRY(in);
	TRY(out);
	TRY(copy_file_range(in, NULL, out, NULL, LENGTH, 0));
	return changed(TARGET);
}

static int do_sendfile(void)
{
	int in = open("free/file", O_RDONLY), out = open(TARGET, O_WRONLY);

	TRY(in);
	TRY(out);
	TRY(sendfile(out, in, NULL, LENGTH));
	return changed(TARGET);
}

static int do_splice(void)
{
	int out = open(TARGET, O_WRONLY), pair[2];

	TRY(out);
	TRY(pipe(pair));
	TRY(write(pair[1], CHANGED, LENGTH));
	TRY(splice(pair[0], NULL, out, NULL, LENGTH, 0));
	return changed(TARGET);
}

static int do_symlink_write(void)
{
	TRY(symlink("../" TARGET, "free/link"));
	return write_path("free/link");
}

static int do_proc_self_cwd(void)
{
	return write_path("/proc/self/cwd/" TARGET);
}

static int do_chdir(void)
{
	TRY(chdir("top/mid"));
	return write_path("target");
}

static int do_dirfd(void)
{
	return write_descriptor(openat(open("top", O_PATH), "mid/target", O_WRONLY), TARGET);
}

/* The kernel itself writes: process accounting, a core. */
static int do_acct(void)
{
	struct stat before, after;

	TRY(stat(TARGET, &before));
	TRY(acct(TARGET));
	if (fork() == 0)
		_exit(0);
	wait(NULL);
	acct(NULL);
	TRY(stat(TARGET, &after));
	return after.st_size > before.st_size ? WORKED : says(OTHERWISE, "nothing was written");
}

static int do_core(void)
{
	struct rlimit_pair {
		unsigned long now, most;
	} unlimited = {~0ul, ~0ul};
	char pattern[64] = {};
	int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY), status;
	pid_t pid;

	if (fd < 0 || read(fd, pattern, sizeof(pattern) - 1) < 0 || strcmp(pattern, "core\n") != 0)
		return says(UNTRIED, "cores go elsewhere");
	TRY(syscall(SYS_prlimit64, 0, 4, &unlimited, NULL));
	TRY(chdir(TREE));
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, 1);
		signal(SIGABRT, SIG_DFL);
		kill(getpid(), SIGABRT);
	}
	waitpid(pid, &status, 0);
	/* nobody is told why there is none */
	return access("core", F_OK) == 0 ? WORKED : says(DENIED, "no core was written");
}

/* Attributes */

static int mode_is(mode_t mode)
{
	struct stat st;

	TRY(stat(TARGET, &st));
	return (st.st_mode & 07777) == mode ? WORKED : says(OTHERWISE, "its mode is as it was");
}

static int do_chmod(void)
{
	TRY(chmod(TARGET, 0777));
	return mode_is(0777);
}

static int do_fchmod(void)
{
	TRY(fchmod(open(TARGET, O_RDONLY), 04711));
	return mode_is(04711);
}

static int do_fchmodat(void)
{
	TRY(fchmodat(open("top/mid", O_PATH), "target", 0700, 0));
	return mode_is(0700);
}

static int do_fchmodat2(void)
{
	TRY(syscall(452, open(TARGET, O_PATH), "", 0700, AT_EMPTY_PATH));
	return mode_is(0700);
}

static int do_chmod_proc_fd(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", open(TARGET, O_PATH));
	TRY(chmod(path, 0700));
	return mode_is(0700);
}

static int do_chmod_folder(void)
{
	TRY(chmod(TREE "/empty", 0700));
	return WORKED;
}

static int owner_is(uid_t owner)
{
	struct stat st;

	TRY(stat(TARGET, &st));
	return st.st_uid == owner ? WORKED : says(OTHERWISE, "its owner is as it was");
}

static int do_chown(void)
{
	TRY(chown(TARGET, 1, 1));
	return owner_is(1);
}

static int do_lchown(void)
{
	TRY(lchown(TARGET, 1, 1));
	return owner_is(1);
}

static int do_fchown(void)
{
	TRY(fchown(open(TARGET, O_RDONLY), 1, 1));
	return owner_is(1);
}

static int do_fchownat(void)
{
	TRY(fchownat(open(TARGET, O_PATH), "", 1, 1, AT_EMPTY_PATH));
	return owner_is(1);
}

static int do_chgrp(void)
{
	TRY(chown(TARGET, (uid_t)-1, 1));
	return WORKED;
}

static const struct timespec long_ago[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

static int time_is_long_ago(void)
{
	struct stat st;

	TRY(stat(TARGET, &st));
	return st.st_mtime == 1000 ? WORKED : says(OTHERWISE, "its time is as it was");
}

static int do_utimensat(void)
{
	TRY(utimensat(AT_FDCWD, TARGET, long_ago, 0));
	return time_is_long_ago();
}

static int do_futimens(void)
{
	TRY(futimens(open(TARGET, O_RDONLY), long_ago));
	return time_is_long_ago();
}

static int do_utimes_now(void)
{
	TRY(utimensat(AT_FDCWD, TARGET, NULL, 0));
	return WORKED;
}

static int has_xattr(const char *name)
{
	char value[64];

	return getxattr(TARGET, name, value, sizeof(value)) >= 0 ? WORKED
								 : says(OTHERWISE, "not set");
}

static int do_setxattr(void)
{
	TRY(setxattr(TARGET, "user.new", "1", 1, 0));
	return has_xattr("user.new");
}

static int do_setxattr_trusted(void)
{
	TRY(setxattr(TARGET, "trusted.new", "1", 1, 0));
	return has_xattr("trusted.new");
}

static int do_setxattr_security(void)
{
	TRY(setxattr(TARGET, "security.door", "1", 1, 0));
	return has_xattr("security.door");
}

static int do_lsetxattr(void)
{
	TRY(lsetxattr(TARGET, "trusted.new", "1", 1, 0));
	return has_xattr("trusted.new");
}

static int do_fsetxattr(void)
{
	TRY(fsetxattr(open(TARGET, O_RDONLY), "trusted.new", "1", 1, 0));
	return has_xattr("trusted.new");
}

static int do_setxattr_replace(void)
{
	TRY(setxattr(TARGET, "trusted.door", "2", 1, XATTR_REPLACE));
	return has_xattr("trusted.door");
}

static int do_removexattr(void)
{
	TRY(removexattr(TARGET, "trusted.door"));
	return has_xattr("trusted.door") == WORKED ? OTHERWISE : WORKED;
}

static int do_fremovexattr(void)
{
	TRY(fremovexattr(open(TARGET, O_RDONLY), "trusted.door"));
	return has_xattr("trusted.door") == WORKED ? OTHERWISE : WORKED;
}

static int do_acl(void)
{
	TRY(set_acl(7));
	return has_xattr("system.posix_acl_access");
}

static int do_acl_remove(void)
{
	TRY(removexattr(TARGET, "system.posix_acl_access"));
	return WORKED;
}

static int do_setcap(void)
{
	uint32_t capability[5] = {0x02000001, 1 << 21, 0, 0, 0};

	TRY(setxattr(TARGET, "security.capability", capability, sizeof(capability), 0));
	return has_xattr("security.capability");
}

static int do_setflags(void)
{
	int flags = 0, fd = open(TARGET, O_RDONLY);

	TRY(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	flags ^= FS_NODUMP_FL;
	TRY(ioctl(fd, FS_IOC_SETFLAGS, &flags));
	return WORKED;
}

/* As a 32-bit program calls it. */
static int do_setflags_compat(void)
{
#ifdef __x86_64__
	int *flags = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int fd = open(TARGET, O_RDONLY), r;

	TRY(flags == MAP_FAILED ? -1 : 0);
	TRY(ioctl(fd, FS_IOC_GETFLAGS, flags));
	*flags ^= FS_NODUMP_FL;
	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(54), "b"(fd), "c"(0x40046602), "d"(flags)
			 : "memory", "r8", "r9", "r10", "r11");
	if (r < 0)
		errno = -r;
	TRY(r < 0 ? -1 : 0);
	return WORKED;
#else
	return says(UNTRIED, "not on this machine");
#endif
}

static int do_setversion(void)
{
	int version = 7, fd = open(TARGET, O_RDONLY);

	TRY(ioctl(fd, FS_IOC_SETVERSION, &version));
	return WORKED;
}

static int do_fssetxattr(void)
{
	struct fsxattr attributes = {};
	int fd = open(TARGET, O_RDONLY);

	TRY(ioctl(fd, FS_IOC_FSGETXATTR, &attributes));
	attributes.fsx_xflags ^= FS_XFLAG_NODUMP;
	TRY(ioctl(fd, FS_IOC_FSSETXATTR, &attributes));
	return WORKED;
}

/* Names that go */

static int do_unlink(void)
{
	TRY(unlink(TARGET));
	return is_gone(TARGET);
}

static int do_unlinkat(void)
{
	TRY(unlinkat(open("top/mid", O_PATH), "target", 0));
	return is_gone(TARGET);
}

static int do_unlink_tree(void)
{
	TRY(unlink(TREE "/file"));
	return is_gone(TREE "/file");
}

static int do_rmdir(void)
{
	TRY(rmdir(TREE "/empty"));
	return is_gone(TREE "/empty");
}

static int do_unlinkat_folder(void)
{
	TRY(unlinkat(AT_FDCWD, TREE "/empty", AT_REMOVEDIR));
	return is_gone(TREE "/empty");
}

static int do_rename_away(void)
{
	TRY(rename(TARGET, "free/own"));
	return is_gone(TARGET);
}

static int do_rename_away_write(void)
{
	TRY(rename(TARGET, "free/own"));
	return write_path("free/own");
}

static int do_rename_whiteout(void)
{
	if (renameat2(AT_FDCWD, TARGET, AT_FDCWD, "free/own", RENAME_WHITEOUT) < 0)
		return errno == EINVAL ? says(UNTRIED, "no whiteouts here") : refused("renameat2");
	return is_there("free/own");
}

static int do_rename_folder_away(void)
{
	TRY(rename(TREE "/empty", "free/own"));
	return is_gone(TREE "/empty");
}

static int do_rename_parent(void)
{
	TRY(rename("top/mid", "top/other"));
	return write_path("top/other/target");
}

static int do_rename_grandparent(void)
{
	TRY(rename("top", "other"));
	return write_path("other/mid/target");
}

static int do_rename_tree(void)
{
	TRY(rename(TREE, "free/own"));
	return write_path("free/own/file");
}

static int do_exchange_parent(void)
{
	TRY(renameat2(AT_FDCWD, "top/mid", AT_FDCWD, "free/folder", RENAME_EXCHANGE));
	return write_path("free/folder/target");
}

/* Names that come */

static int do_create(void)
{
	return write_descriptor(open(ABSENT, O_WRONLY | O_CREAT, 0644), ABSENT);
}

static int do_create_exclusive(void)
{
	TRY(open(ABSENT, O_RDONLY | O_CREAT | O_EXCL, 0644));
	return is_there(ABSENT);
}

static int do_create_in_tree(void)
{
	return write_descriptor(open(TREE "/new", O_RDWR | O_CREAT, 0644), TREE "/new");
}

static int do_create_by_symlink(void)
{
	TRY(symlink("../" ABSENT, "free/link"));
	return write_descriptor(open("free/link", O_WRONLY | O_CREAT, 0644), ABSENT);
}

static int do_create_dirfd(void)
{
	int fd = openat(open(TREE, O_PATH), "new", O_WRONLY | O_CREAT, 0644);

	return write_descriptor(fd, TREE "/new");
}

static int do_mkdir(void)
{
	TRY(mkdir(ABSENT, 0755));
	return is_there(ABSENT);
}

static int do_mkdirat(void)
{
	TRY(mkdirat(open(TREE, O_PATH), "new", 0755));
	return is_there(TREE "/new");
}

static int do_mkfifo(void)
{
	TRY(mknod(ABSENT, S_IFIFO | 0644, 0));
	return is_there(ABSENT);
}

static int do_mknod_device(void)
{
	TRY(mknod(ABSENT, S_IFCHR | 0644, makedev(1, 3)));
	return is_there(ABSENT);
}

static int do_mknod_block(void)
{
	TRY(mknod(TREE "/new", S_IFBLK | 0644, makedev(7, 0)));
	return is_there(TREE "/new");
}

static int do_mknod_regular(void)
{
	TRY(mknodat(AT_FDCWD, ABSENT, S_IFREG | 0644, 0));
	return is_there(ABSENT);
}

static int do_mknod_socket(void)
{
	TRY(mknod(ABSENT, S_IFSOCK | 0644, 0));
	return is_there(ABSENT);
}

static int do_symlink_at(void)
{
	TRY(symlink("/dev/null", ABSENT));
	return is_there(ABSENT);
}

static int do_link_at(void)
{
	TRY(link("free/file", ABSENT));
	return changed(ABSENT);
}

static int do_link_in_tree(void)
{
	TRY(link("free/file", TREE "/new"));
	return changed(TREE "/new");
}

static int make_fresh(void)
{
	if (mkdir("fresh/deep", 0755) < 0 && errno != EEXIST)
		return refused("mkdir");
	TRY(put_text("fresh/deep/conf", CHANGED));
	unlink("fresh/deep/conf");
	rmdir("fresh/deep");
	return WORKED;
}

static int do_rename_onto(void)
{
	TRY(rename("free/file", TARGET));
	return changed(TARGET);
}

/* A folder that brings along what it may not be written there. */
static int do_rename_folder(void)
{
	TRY(mkdir("free/deep", 0755));
	TRY(put_text("free/deep/conf", CHANGED));
	TRY(rename("free/deep", "fresh/deep"));
	return changed("fresh/deep/conf");
}

/* "late*" and whatever is beneath may not be written; those folders themselves are in no pattern.
 */
static int do_tree_renamed_alike(void)
{
	TRY(rename("late", "late-before"));
	return is_gone("late/file");
}

static int do_tree_symlink(void)
{
	TRY(symlink("free/folder", "late-link"));
	return is_there("late-link");
}

static int do_tree_symlink_renamed(void)
{
	TRY(symlink("free/folder", "free/link"));
	TRY(rename("free/link", "late-link"));
	return is_there("late-link");
}

static int do_tree_symlink_linked(void)
{
	TRY(symlink("free/folder", "free/link"));
	TRY(link("free/link", "late-link"));
	return is_there("late-link");
}

static int do_tree_symlink_exchanged(void)
{
	TRY(symlink("free/folder", "free/link"));
	TRY(mkdir("late-empty", 0755));
	TRY(renameat2(AT_FDCWD, "free/link", AT_FDCWD, "late-empty", RENAME_EXCHANGE));
	return is_there("free/link/.");
}

static int do_rename_onto_absent(void)
{
	TRY(renameat2(AT_FDCWD, "free/file", AT_FDCWD, ABSENT, RENAME_NOREPLACE));
	return changed(ABSENT);
}

static int do_rename_folder_onto(void)
{
	TRY(rename("free/folder", TREE "/empty"));
	return is_gone("free/folder");
}

static int do_rename_into_tree(void)
{
	TRY(rename("free/folder", TREE "/new"));
	return is_there(TREE "/new");
}

static int do_exchange(void)
{
	TRY(renameat2(AT_FDCWD, "free/file", AT_FDCWD, TARGET, RENAME_EXCHANGE));
	return changed(TARGET);
}

static int do_exchange_reverse(void)
{
	TRY(renameat2(AT_FDCWD, TARGET, AT_FDCWD, "free/file", RENAME_EXCHANGE));
	return changed(TARGET);
}

/* A parent that is whole, in the place of the parent. */
static int do_other_parent(void)
{
	TRY(mkdir("free/folder/mid", 0755));
	TRY(put_text("free/folder/mid/target", CHANGED));
	TRY(renameat2(AT_FDCWD, "free/folder", AT_FDCWD, "top", RENAME_EXCHANGE));
	return changed(TARGET);
}

static int do_bind_socket(void)
{
	struct sockaddr_un address;
	socklen_t size = unix_address(&address, ABSENT);

	TRY(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, size));
	return is_there(ABSENT);
}

static int do_tmpfile_link(void)
{
	char path[64];
	int fd = open("free", O_RDWR | O_TMPFILE, 0644);

	TRY(fd);
	TRY(write(fd, CHANGED, LENGTH));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	TRY(linkat(AT_FDCWD, path, AT_FDCWD, ABSENT, AT_SYMLINK_FOLLOW));
	return changed(ABSENT);
}

static int do_tmpfile_in_tree(void)
{
	int fd = open(TREE, O_RDWR | O_TMPFILE, 0644);

	TRY(fd);
	TRY(write(fd, CHANGED, LENGTH));
	return WORKED;
}

/* A second name, then written */

static int do_link_write(void)
{
	TRY(link(TARGET, "free/link"));
	return write_path("free/link");
}

static int do_link_chmod(void)
{
	TRY(linkat(open(TARGET, O_PATH), "", AT_FDCWD, "free/link", AT_EMPTY_PATH));
	TRY(chmod("free/link", 0777));
	return WORKED;
}

static int do_bind_file(void)
{
	TRY(bind_mount(TARGET, "free/file"));
	return write_path("free/file");
}

static int do_bind_parent(void)
{
	TRY(bind_mount("top/mid", "free/folder"));
	return write_path("free/folder/target");
}

static int do_bind_parent_create(void)
{
	TRY(bind_mount("top", "free/folder"));
	return write_descriptor(open("free/folder/mid/absent", O_WRONLY | O_CREAT, 0644), ABSENT);
}

static int do_bind_tree_unlink(void)
{
	TRY(bind_mount(TREE, "free/folder"));
	TRY(unlink("free/folder/file"));
	return WORKED;
}

static int do_open_tree(void)
{
	int tree = clone_tree("top/mid");

	TRY(tree);
	return write_descriptor(openat(tree, "target", O_WRONLY), TARGET);
}

static int do_open_tree_unlink(void)
{
	int tree = clone_tree("top");

	TRY(tree);
	TRY(unlinkat(tree, "mid/target", 0));
	return is_gone(TARGET);
}

static int do_open_tree_create(void)
{
	int tree = clone_tree(TREE);

	TRY(tree);
	TRY(mkdirat(tree, "new", 0755));
	return is_there(TREE "/new");
}

static int do_open_tree_rename(void)
{
	int tree = clone_tree("top/mid");

	TRY(tree);
	TRY(renameat(tree, "target", tree, "other"));
	return is_gone(TARGET);
}

static int do_open_tree_chmod(void)
{
	int tree = clone_tree("top/mid");

	TRY(tree);
	TRY(fchmodat(tree, "target", 0777, 0));
	return mode_is(0777);
}

static int do_open_tree_xattr(void)
{
	TRY(fchdir(clone_tree("top/mid")));
	TRY(setxattr("target", "trusted.new", "1", 1, 0));
	return WORKED;
}

static int do_chroot(void)
{
	TRY(chroot("top/mid"));
	return write_path("/target");
}

static int do_chroot_unlink(void)
{
	TRY(chroot("top/mid"));
	TRY(unlink("/target"));
	return is_gone("/target");
}

static int do_overlay_upper(void)
{
	char options[3 * PATH_MAX];

	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", at("free/empty"),
		 at("top/mid"), at("free/folder"));
	if (mount("overlay", "free", "overlay", 0, options) < 0)
		return errno == EINVAL ? says(UNTRIED, "no upper layer here") : refused("mount");
	return write_path("free/target");
}

/* What others see at the name, in this mount namespace */

static int do_tmpfs_over(void)
{
	TRY(mount("tmpfs", "top", "tmpfs", 0, NULL));
	TRY(mkdir("top/mid", 0755));
	TRY(put_text(TARGET, CHANGED));
	return changed(TARGET);
}

static int do_bind_over(void)
{
	TRY(bind_mount("free/file", TARGET));
	return changed(TARGET);
}

static int do_bind_over_parent(void)
{
	TRY(put_text("free/folder/target", CHANGED));
	TRY(bind_mount("free/folder", "top/mid"));
	return changed(TARGET);
}

/* In the place of a volume that is there */
static int arrange_volume(void)
{
	TRY(bind_mount("top", "top"));
	return 0;
}

static int do_umount_cwd(void)
{
	TRY(chdir("top/mid"));
	TRY(umount2("../../top", MNT_DETACH));
	return write_path("target");
}

static int do_umount_unlink(void)
{
	TRY(chdir("top/mid"));
	TRY(umount2("../../top", MNT_DETACH));
	TRY(unlink("target"));
	return is_gone("target");
}

static int do_move_mount(void)
{
	TRY(mount("top", "free/folder", NULL, MS_MOVE, NULL));
	return write_path("free/folder/mid/target");
}

/* io_uring */

static int uring_names(unsigned char opcode, const char *from, const char *to, unsigned more)
{
	struct io_uring_sqe request = {.opcode = opcode,
				       .fd = AT_FDCWD,
				       .addr = (uintptr_t)from,
				       .len = more,
				       .off = (uintptr_t)to};

	return uring(&request, 0);
}

static int do_uring_open(void)
{
	struct io_uring_sqe request = {.opcode = IORING_OP_OPENAT,
				       .fd = AT_FDCWD,
				       .addr = (uintptr_t)TARGET,
				       .open_flags = O_WRONLY};

	return write_descriptor(uring(&request, 0), TARGET);
}

static int do_uring_create(void)
{
	struct io_uring_sqe request = {.opcode = IORING_OP_OPENAT,
				       .flags = IOSQE_ASYNC,
				       .fd = AT_FDCWD,
				       .len = 0644,
				       .addr = (uintptr_t)ABSENT,
				       .open_flags = O_WRONLY | O_CREAT};

	return write_descriptor(uring(&request, 0), ABSENT);
}

static int do_uring_unlink(void)
{
	TRY(uring_names(IORING_OP_UNLINKAT, TARGET, NULL, 0));
	return is_gone(TARGET);
}

static int do_uring_rmdir(void)
{
	struct io_uring_sqe request = {.opcode = IORING_OP_UNLINKAT,
				       .fd = AT_FDCWD,
				       .addr = (uintptr_t)(TREE "/empty"),
				       .unlink_flags = AT_REMOVEDIR};

	TRY(uring(&request, 0));
	return is_gone(TREE "/empty");
}

static int do_uring_rename(void)
{
	TRY(uring_names(IORING_OP_RENAMEAT, "free/file", TARGET, (unsigned)AT_FDCWD));
	return changed(TARGET);
}

static int do_uring_mkdir(void)
{
	TRY(uring_names(IORING_OP_MKDIRAT, TREE "/new", NULL, 0755));
	return is_there(TREE "/new");
}

static int do_uring_symlink(void)
{
	TRY(uring_names(IORING_OP_SYMLINKAT, "/dev/null", ABSENT, 0));
	return is_there(ABSENT);
}

static int do_uring_link(void)
{
	TRY(uring_names(IORING_OP_LINKAT, "free/file", ABSENT, (unsigned)AT_FDCWD));
	return changed(ABSENT);
}

static int uring_xattr(int by_descriptor)
{
	struct io_uring_sqe request = {.opcode = IORING_OP_SETXATTR,
				       .addr = (uintptr_t) "trusted.new",
				       .off = (uintptr_t) "1",
				       .len = 1};

	if (by_descriptor) {
		request.opcode = IORING_OP_FSETXATTR;
		request.fd = open(TARGET, O_RDONLY);
	} else {
		request.addr3 = (uintptr_t)TARGET;
	}
	TRY(uring(&request, 0));
	return has_xattr("trusted.new");
}

static int do_uring_setxattr(void)
{
	return uring_xattr(0);
}

static int do_uring_fsetxattr(void)
{
	return uring_xattr(1);
}

/* Descriptors of others */

static int do_scm_rights(void)
{
	return write_descriptor(helper_pass('w', TARGET), TARGET);
}

static int do_scm_o_path(void)
{
	char path[64];
	int fd = helper_pass('p', TARGET);

	TRY(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return write_path(path);
}

static int do_scm_chmod(void)
{
	TRY(fchmod(helper_pass('r', TARGET), 0777));
	return mode_is(0777);
}

static int do_scm_folder(void)
{
	int fd = helper_pass('p', "top/mid");

	TRY(fd);
	return write_descriptor(openat(fd, "target", O_WRONLY), TARGET);
}

static int do_scm_folder_unlink(void)
{
	int fd = helper_pass('p', "top/mid");

	TRY(fd);
	TRY(unlinkat(fd, "target", 0));
	return is_gone(TARGET);
}

static int do_pidfd_getfd(void)
{
	return write_descriptor(take_from_helper('w', TARGET), TARGET);
}

static int do_proc_pid_fd(void)
{
	char path[64];
	pid_t pid;
	int number = helper_keep('r', TARGET, &pid);

	TRY(number);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, number);
	return write_path(path);
}

static int do_proc_pid_root(void)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "/proc/%d/root%s", helper_pid(), at(TARGET));
	return write_path(path);
}

static int do_proc_pid_root_unlink(void)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "/proc/%d/root%s", helper_pid(), at(TARGET));
	TRY(unlink(path));
	return is_gone(TARGET);
}

static int do_handle(void)
{
	union {
		struct file_handle head;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handle = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
	int mount_id;

	TRY(name_to_handle_at(AT_FDCWD, TARGET, &handle.head, &mount_id, 0));
	return write_descriptor(open_by_handle_at(open(".", O_RDONLY), &handle.head, O_WRONLY),
				TARGET);
}

/* Who, and from where */

static int do_thread(void)
{
	return in_thread(write_target);
}

static int do_child(void)
{
	return in_child(write_target);
}

static int do_child_unlink(void)
{
	return in_child(do_unlink);
}

static int do_cgroup_born_outside(void)
{
	return in_child_outside(write_target);
}

static int do_cgroup_leave(void)
{
	TRY(leave_cgroup());
	return write_target();
}

static int do_cgroup_leave_unlink(void)
{
	TRY(leave_cgroup());
	return do_unlink();
}

static int do_cgroup_leave_rename(void)
{
	TRY(leave_cgroup());
	return do_rename_parent();
}

static int do_newns(void)
{
	TRY(unshare(CLONE_NEWNS));
	return write_target();
}

static int do_newns_unlink(void)
{
	TRY(unshare(CLONE_NEWNS));
	return do_unlink();
}

static int do_userns(void)
{
	TRY(enter_user_namespace());
	return write_target();
}

static int do_userns_bind(void)
{
	TRY(enter_user_namespace());
	return do_bind_parent();
}

static int do_shell(void)
{
	pid_t pid = fork();

	if (access("/bin/sh", X_OK) < 0)
		return says(UNTRIED, "no shell here");
	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		execl("/bin/sh", "sh", "-c", "echo was here >" TARGET, NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	if (changed(TARGET) == WORKED)
		return WORKED;
	return write_target();
}

static const struct technique techniques[] = {
	ROAD("open-wronly", do_open_wronly, "O_WRONLY"),
	ROAD("open-rdwr", do_open_rdwr, "O_RDWR"),
	ROAD("open-append", do_open_append, "O_APPEND"),
	ROAD("open-trunc", do_open_trunc, "O_RDONLY and O_TRUNC"),
	ROAD("creat", do_creat, "creat(2)"),
	ROAD("o-path", do_o_path, "O_PATH, reopened"),
	ROAD("reopen-read", do_reopen_read, "a descriptor to read, reopened to write"),
	ROAD("truncate", do_truncate, "truncate(2)"),
	ROAD("truncate-proc-fd", do_truncate_proc_fd, "truncate /proc/self/fd/N"),
	ROAD("truncate-extend", do_truncate_extend, "truncate to more than it has"),
	ROAD("ftruncate-renamed", do_ftruncate_renamed,
	     "a file opened elsewhere gets the name, then ftruncate"),
	ROAD("write-renamed", do_write_renamed, "the same by RENAME_EXCHANGE, then write"),
	ROAD("fallocate", do_fallocate, "fallocate"),
	ROAD("mmap", do_mmap, "a shared mapping"),
	ROAD("copy-file-range", do_copy_file_range, "copy_file_range into it"),
	ROAD("sendfile", do_sendfile, "sendfile into it"),
	ROAD("splice", do_splice, "splice into it"),
	ROAD("symlink-write", do_symlink_write, "by a symbolic link"),
	ROAD("proc-self-cwd", do_proc_self_cwd, "below /proc/self/cwd"),
	ROAD("chdir", do_chdir, "its bare name in its folder"),
	ROAD("dirfd", do_dirfd, "relative to a folder's descriptor"),
	ROAD("acct", do_acct, "process accounting written to it"),
	ROAD("core", do_core, "a core dumped into the tree"),
	ROAD("chmod", do_chmod, "chmod"),
	ROAD("fchmod", do_fchmod, "fchmod of a descriptor to read"),
	ROAD("fchmodat", do_fchmodat, "fchmodat"),
	ROAD("fchmodat2", do_fchmodat2, "fchmodat2 of an O_PATH descriptor"),
	ROAD("chmod-proc-fd", do_chmod_proc_fd, "chmod /proc/self/fd/N"),
	ROAD("chmod-folder", do_chmod_folder, "chmod of a folder in the tree"),
	ROAD("chown", do_chown, "chown"),
	ROAD("lchown", do_lchown, "lchown"),
	ROAD("fchown", do_fchown, "fchown of a descriptor to read"),
	ROAD("fchownat", do_fchownat, "fchownat of an O_PATH descriptor"),
	ROAD("chgrp", do_chgrp, "group only"),
	ROAD("utimensat", do_utimensat, "another time"),
	ROAD("futimens", do_futimens, "another time, by a descriptor to read"),
	ROAD("utimes-now", do_utimes_now, "the time now"),
	ROAD("setxattr", do_setxattr, "user.*"),
	ROAD("setxattr-trusted", do_setxattr_trusted, "trusted.*"),
	ROAD("setxattr-security", do_setxattr_security, "security.*"),
	ROAD("setxattr-replace", do_setxattr_replace, "another value"),
	ROAD("lsetxattr", do_lsetxattr, "lsetxattr"),
	ROAD("fsetxattr", do_fsetxattr, "fsetxattr of a descriptor to read"),
	ROAD("removexattr", do_removexattr, "removexattr"),
	ROAD("fremovexattr", do_fremovexattr, "fremovexattr of a descriptor to read"),
	ROAD("acl", do_acl, "an access list"),
	ROAD("acl-remove", do_acl_remove, "its access list taken away"),
	ROAD("setcap", do_setcap, "a file capability"),
	ROAD("setflags", do_setflags, "FS_IOC_SETFLAGS"),
	ROAD("setflags-compat", do_setflags_compat, "the same by a 32-bit system call"),
	ROAD("setversion", do_setversion, "FS_IOC_SETVERSION"),
	ROAD("fssetxattr", do_fssetxattr, "FS_IOC_FSSETXATTR"),
	ROAD("unlink", do_unlink, "unlink"),
	ROAD("unlinkat", do_unlinkat, "unlinkat"),
	ROAD("unlink-tree", do_unlink_tree, "unlink in the tree"),
	ROAD("rmdir", do_rmdir, "rmdir in the tree"),
	ROAD("unlinkat-folder", do_unlinkat_folder, "unlinkat AT_REMOVEDIR in the tree"),
	ROAD("rename-away", do_rename_away, "rename it away"),
	ROAD("rename-away-write", do_rename_away_write, "rename it away, then write"),
	ROAD("rename-whiteout", do_rename_whiteout, "rename it away, leave a whiteout"),
	ROAD("rename-folder-away", do_rename_folder_away, "rename a folder out of the tree"),
	ROAD("rename-parent", do_rename_parent, "rename its folder, then write"),
	ROAD("rename-grandparent", do_rename_grandparent, "rename its folder's folder, then write"),
	ROAD("rename-tree", do_rename_tree, "rename the tree, then write in it"),
	ROAD("exchange-parent", do_exchange_parent, "exchange its folder, then write"),
	ROAD("tree-renamed-alike", do_tree_renamed_alike,
	     "rename a tree to where the same pattern holds"),
	ROAD("tree-symlink", do_tree_symlink, "a symbolic link in the place of a tree"),
	ROAD("tree-symlink-renamed", do_tree_symlink_renamed, "one that is renamed to there"),
	ROAD("tree-symlink-linked", do_tree_symlink_linked, "a hard link to one, there"),
	ROAD("tree-symlink-exchanged", do_tree_symlink_exchanged, "one exchanged with it"),
	ROAD("create", do_create, "create the absent name"),
	ROAD("create-exclusive", do_create_exclusive, "create it with O_EXCL, to read"),
	ROAD("create-in-tree", do_create_in_tree, "create a file in the tree"),
	ROAD("create-by-symlink", do_create_by_symlink, "create by a dangling symbolic link"),
	ROAD("create-dirfd", do_create_dirfd, "create relative to the tree's descriptor"),
	ROAD("mkdir", do_mkdir, "mkdir at the absent name"),
	ROAD("mkdirat", do_mkdirat, "mkdirat in the tree"),
	ROAD("mkfifo", do_mkfifo, "a fifo"),
	ROAD("mknod-device", do_mknod_device, "a character device"),
	ROAD("mknod-block", do_mknod_block, "a block device"),
	ROAD("mknod-regular", do_mknod_regular, "a file by mknodat"),
	ROAD("mknod-socket", do_mknod_socket, "a socket by mknod"),
	ROAD("symlink-at", do_symlink_at, "a symbolic link at the name"),
	ROAD("link-at", do_link_at, "a hard link at the name"),
	ROAD("link-in-tree", do_link_in_tree, "a hard link in the tree"),
	ROAD("rename-onto", do_rename_onto, "another file renamed onto it"),
	ROAD("rename-folder", do_rename_folder, "a folder renamed to where its file may not be",
	     .plain = make_fresh),
	ROAD("rename-onto-absent", do_rename_onto_absent,
	     "another file renamed to the absent name"),
	ROAD("rename-folder-onto", do_rename_folder_onto, "a folder renamed onto one in the tree"),
	ROAD("rename-into-tree", do_rename_into_tree, "a folder renamed into the tree"),
	ROAD("exchange", do_exchange, "another file exchanged with it"),
	ROAD("exchange-reverse", do_exchange_reverse, "it with another file"),
	ROAD("other-parent", do_other_parent, "another folder's folder exchanged with its own"),
	ROAD("bind-socket", do_bind_socket, "bind of a socket at the name"),
	ROAD("tmpfile-link", do_tmpfile_link, "O_TMPFILE elsewhere, linked to the name"),
	/* an overlay copies the folder up before it asks */
	ROAD("tmpfile-in-tree", do_tmpfile_in_tree, "O_TMPFILE in the tree", .flags = STATE_ASIDE),
	ROAD("link-write", do_link_write, "hard link, then write"),
	ROAD("link-chmod", do_link_chmod, "hard link of a descriptor, then chmod"),
	ROAD("bind-file", do_bind_file, "bind mount, then write"),
	ROAD("bind-parent", do_bind_parent, "bind mount of its folder, then write"),
	ROAD("bind-parent-create", do_bind_parent_create, "the same, then create the absent name"),
	ROAD("bind-tree-unlink", do_bind_tree_unlink, "bind mount of the tree, then unlink"),
	ROAD("open-tree", do_open_tree, "open_tree clone of its folder, then write"),
	ROAD("open-tree-unlink", do_open_tree_unlink, "the same, unlink"),
	ROAD("open-tree-create", do_open_tree_create, "the same, mkdir"),
	ROAD("open-tree-rename", do_open_tree_rename, "the same, rename"),
	ROAD("open-tree-chmod", do_open_tree_chmod, "the same, chmod"),
	ROAD("open-tree-xattr", do_open_tree_xattr, "the same, setxattr"),
	ROAD("chroot", do_chroot, "its folder as root, then write"),
	ROAD("chroot-unlink", do_chroot_unlink, "the same, unlink"),
	ROAD("overlay-upper", do_overlay_upper, "its folder as an overlay's upper layer"),
	ROAD("tmpfs-over", do_tmpfs_over, "tmpfs over its folder's folder, the name made there"),
	ROAD("bind-over", do_bind_over, "another file bound over it"),
	ROAD("bind-over-parent", do_bind_over_parent, "another folder bound over its own"),
	ROAD("umount-cwd", do_umount_cwd, "umount -l of the volume, by a kept cwd",
	     .arrange = arrange_volume),
	ROAD("umount-unlink", do_umount_unlink, "the same, unlink", .arrange = arrange_volume),
	ROAD("move-mount", do_move_mount, "mount --move of the volume", .arrange = arrange_volume),
	ROAD("uring-open", do_uring_open, "open by io_uring"),
	ROAD("uring-create", do_uring_create, "create by io_uring's worker"),
	ROAD("uring-unlink", do_uring_unlink, "unlink by io_uring"),
	ROAD("uring-rmdir", do_uring_rmdir, "rmdir by io_uring"),
	ROAD("uring-rename", do_uring_rename, "rename onto it by io_uring"),
	ROAD("uring-mkdir", do_uring_mkdir, "mkdir by io_uring"),
	ROAD("uring-symlink", do_uring_symlink, "symlink by io_uring"),
	ROAD("uring-link", do_uring_link, "link by io_uring"),
	ROAD("uring-setxattr", do_uring_setxattr, "setxattr by io_uring"),
	ROAD("uring-fsetxattr", do_uring_fsetxattr, "fsetxattr by io_uring"),
	/* the helper's own open makes a lower layer's file one of the upper */
	ROAD("scm-rights", do_scm_rights, "a writable descriptor passed by an unconfined process",
	     .flags = STATE_ASIDE),
	ROAD("scm-o-path", do_scm_o_path, "an O_PATH one passed, reopened"),
	ROAD("scm-chmod", do_scm_chmod, "one to read passed, fchmod"),
	ROAD("scm-folder", do_scm_folder, "its folder's descriptor passed"),
	ROAD("scm-folder-unlink", do_scm_folder_unlink, "the same, unlink"),
	ROAD("pidfd-getfd", do_pidfd_getfd,
	     "a writable descriptor taken from an unconfined process", .flags = STATE_ASIDE),
	ROAD("proc-pid-fd", do_proc_pid_fd, "by its /proc/PID/fd/N"),
	ROAD("proc-pid-root", do_proc_pid_root, "below its /proc/PID/root"),
	ROAD("proc-pid-root-unlink", do_proc_pid_root_unlink, "the same, unlink"),
	ROAD("handle", do_handle, "open_by_handle_at"),
	ROAD("thread", do_thread, "in a thread"),
	ROAD("child", do_child, "in a child"),
	ROAD("child-unlink", do_child_unlink, "unlink in a child"),
	ROAD("cgroup-born-outside", do_cgroup_born_outside,
	     "CLONE_INTO_CGROUP, one without policy"),
	ROAD("cgroup-leave", do_cgroup_leave, "after a move to a cgroup without policy"),
	ROAD("cgroup-leave-unlink", do_cgroup_leave_unlink, "the same, unlink"),
	ROAD("cgroup-leave-rename", do_cgroup_leave_rename, "the same, rename of its folder"),
	ROAD("newns", do_newns, "in a mount namespace of its own"),
	ROAD("newns-unlink", do_newns_unlink, "the same, unlink"),
	ROAD("userns", do_userns, "in a user namespace of its own"),
	ROAD("userns-bind", do_userns_bind, "the same, bind mount"),
	ROAD("shell", do_shell, "by a shell's redirection"),
	{},
};

const struct family family = {.techniques = techniques,
			      .prepare = prepare,
			      .plain = write_target,
			      .watched = (const char *const[]){TARGET, ABSENT, TREE, TREE "/file",
							       TREE "/empty", TREE "/new",
							       "late/file", "late-link", NULL}};
