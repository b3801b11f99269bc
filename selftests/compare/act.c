// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "bpf-lsm/abi.h"
#include "selftests/compare/compare.h"
#include "selftests/unit/policy/oracle.h"

#define XATTR "trusted.compare"

/* How many scripts the kernel goes through, the one that it was given included. */
#define INTERPRETERS_MAX 6

static const char *const act_names[N_KINDS] = {
	[ACT_OPEN] = "open",	     [ACT_UNLINK] = "unlink",
	[ACT_RMDIR] = "rmdir",	     [ACT_MKDIR] = "mkdir",
	[ACT_MKNOD] = "mknod",	     [ACT_SYMLINK] = "symlink",
	[ACT_LINK] = "link",	     [ACT_RENAME] = "rename",
	[ACT_TRUNCATE] = "truncate", [ACT_CHMOD] = "chmod",
	[ACT_CHOWN] = "chown",	     [ACT_UTIMES] = "utimes",
	[ACT_SETXATTR] = "setxattr", [ACT_REMOVEXATTR] = "removexattr",
	[ACT_EXEC] = "exec",
};

const char *act_name(enum kind kind)
{
	return act_names[kind];
}

void act_print(const struct act *act)
{
	printf("%s %s %s flags %#x mode %#o\n", act_names[act->kind], act->path, act->other,
	       (unsigned)act->flags, act->mode);
}

static int pick(const int *flags, unsigned n)
{
	return flags[random_below(n)];
}

#define PICK(...) pick((const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

/* A file that is executed has a text, which is no program; or names an interpreter. */
static void lay_program(const char *path)
{
	char text[300] = "text\n", name[PATH_MAX], interpreter[256];
	struct stat st;
	int fd;

	if (!tree_resolve(path, true, name) || lstat(name, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	tree_name(interpreter, sizeof(interpreter));
	if (random_below(3) == 0)
		snprintf(text, sizeof(text), "#!%s\n", interpreter);
	fd = open(name, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, text, strlen(text));
	close(fd);
}

static void random_flags(struct act *act)
{
	act->mode = random_below(4) ? 0755 : 0644;
	switch (act->kind) {
	case ACT_OPEN:
		act->flags = PICK(O_RDONLY, O_WRONLY, O_RDWR) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
			     PICK(0, 0, O_CREAT, O_CREAT, O_TRUNC, O_CREAT | O_TRUNC,
				  O_CREAT | O_EXCL, O_DIRECTORY) |
			     PICK(0, 0, 0, 0, O_NOFOLLOW, O_PATH);
		break;
	case ACT_MKNOD:
		act->mode = (unsigned)PICK(S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR) | 0644;
		break;
	case ACT_LINK:
		act->flags = PICK(0, AT_SYMLINK_FOLLOW);
		break;
	case ACT_RENAME:
		act->flags = PICK(0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_EXCHANGE,
				  RENAME_WHITEOUT);
		break;
	case ACT_CHOWN:
	case ACT_UTIMES:
	case ACT_SETXATTR:
	case ACT_REMOVEXATTR:
		act->flags = PICK(0, AT_SYMLINK_NOFOLLOW);
		break;
	default:
		break;
	}
}

/* Most acts are about what is there, or could be: the others prove little. */
static void likely_name(char *path, size_t size, bool there)
{
	char name[PATH_MAX];
	struct stat st;

	for (unsigned tries = 0; tries < 12; tries++) {
		tree_name(path, size);
		if (tree_resolve(path, false, name) && (lstat(name, &st) == 0) == there)
			return;
	}
}

static bool makes(const struct act *act)
{
	return act->kind == ACT_MKDIR || act->kind == ACT_MKNOD || act->kind == ACT_SYMLINK ||
	       (act->kind == ACT_OPEN && act->flags & O_CREAT && random_below(2));
}

void act_random(struct act *act)
{
	static const unsigned char weights[N_KINDS] = {
		[ACT_OPEN] = 30,    [ACT_UNLINK] = 3,	   [ACT_RMDIR] = 3, [ACT_MKDIR] = 6,
		[ACT_MKNOD] = 4,    [ACT_SYMLINK] = 4,	   [ACT_LINK] = 6,  [ACT_RENAME] = 16,
		[ACT_TRUNCATE] = 4, [ACT_CHMOD] = 3,	   [ACT_CHOWN] = 3, [ACT_UTIMES] = 4,
		[ACT_SETXATTR] = 2, [ACT_REMOVEXATTR] = 2, [ACT_EXEC] = 10,
	};
	unsigned at = random_below(100);

	memset(act, 0, sizeof(*act));
	while (at >= weights[act->kind] && act->kind + 1 < N_KINDS)
		at -= weights[act->kind++];
	random_flags(act);
	likely_name(act->path, sizeof(act->path), !makes(act));
	if (act->kind == ACT_SYMLINK)
		tree_name(act->other, sizeof(act->other));
	if (act->kind == ACT_LINK || act->kind == ACT_RENAME)
		likely_name(act->other, sizeof(act->other),
			    act->kind == ACT_RENAME &&
				    (act->flags & RENAME_EXCHANGE || random_below(3) == 0));
	if (act->kind == ACT_EXEC)
		lay_program(act->path);
}

static int do_open(const struct act *act)
{
	int fd = open(act->path, act->flags, act->mode);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static int do_times(const struct act *act)
{
	return utimensat(AT_FDCWD, act->path, NULL, act->flags);
}

static int do_set_xattr(const struct act *act)
{
	return act->flags ? lsetxattr(act->path, XATTR, "x", 1, 0)
			  : setxattr(act->path, XATTR, "x", 1, 0);
}

static int do_exec(const struct act *act)
{
	char *argv[] = {(char *)act->path, NULL}, *environment[] = {NULL};

	execve(act->path, argv, environment);
	return errno == ENOEXEC ? 0 : -1;
}

static int do_one(const struct act *act)
{
	switch (act->kind) {
	case ACT_OPEN:
		return do_open(act);
	case ACT_UNLINK:
		return unlink(act->path);
	case ACT_RMDIR:
		return rmdir(act->path);
	case ACT_MKDIR:
		return mkdir(act->path, act->mode);
	case ACT_MKNOD:
		return mknod(act->path, act->mode, makedev(1, 3));
	case ACT_SYMLINK:
		return symlink(act->other, act->path);
	case ACT_LINK:
		return linkat(AT_FDCWD, act->path, AT_FDCWD, act->other, act->flags);
	case ACT_RENAME:
		return (int)syscall(SYS_renameat2, AT_FDCWD, act->path, AT_FDCWD, act->other,
				    act->flags);
	case ACT_TRUNCATE:
		return truncate(act->path, act->mode & 7);
	case ACT_CHMOD:
		return chmod(act->path, act->mode);
	case ACT_CHOWN:
		return fchownat(AT_FDCWD, act->path, 0, 0, act->flags);
	case ACT_UTIMES:
		return do_times(act);
	case ACT_SETXATTR:
		return do_set_xattr(act);
	case ACT_REMOVEXATTR:
		return act->flags ? lremovexattr(act->path, XATTR) : removexattr(act->path, XATTR);
	case ACT_EXEC:
		return do_exec(act);
	default:
		die("an act");
	}
}

int act_do(const struct act *act)
{
	return do_one(act) < 0 ? errno : 0;
}

/* Notes that @verb on @name is asked. */
static void asks(struct verdicts *v, struct foretold *f, unsigned verb, const char *name)
{
	static const char *const verbs[] = {"exec", "read", "write", "exec as invoked"};

	if (f->deny || !verdict_denies(v, verb, name))
		return;
	f->deny = true;
	snprintf(f->why, sizeof(f->why), "%s %s", verbs[verb], name);
}

static void writes(struct verdicts *v, struct foretold *f, const char *path, bool follow)
{
	char name[PATH_MAX];

	f->deny_changes = true;
	if (tree_resolve(path, follow, name))
		asks(v, f, BAILIFF_VERB_WRITE, name);
}

static void foretell_open(const struct act *act, struct verdicts *v, struct foretold *f)
{
	bool exclusive = (act->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
	bool follow = !(act->flags & O_NOFOLLOW) && !exclusive;
	int mode = act->flags & O_ACCMODE;
	char name[PATH_MAX];
	struct stat st;
	bool is_new;

	if (act->flags & O_PATH || !tree_resolve(act->path, follow, name))
		return;
	is_new = lstat(name, &st) < 0;
	if (mode != O_RDONLY || act->flags & O_TRUNC || (is_new && act->flags & O_CREAT))
		asks(v, f, BAILIFF_VERB_WRITE, name);
	/* a new file that may be made and not read is there afterwards */
	f->deny_changes = f->deny;
	if (mode != O_WRONLY)
		asks(v, f, BAILIFF_VERB_READ, name);
}

static bool is_directory(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0 && S_ISDIR(st.st_mode);
}

static void moves(struct verdicts *v, struct foretold *f, const char *from, const char *to)
{
	if (f->deny)
		return;
	f->beneath = verdict_loosens(v, from, to);
	f->deny = verdict_denies_move(v, from, to, is_directory(from)) || f->beneath;
	if (f->deny)
		snprintf(f->why, sizeof(f->why), "%s would have another name", from);
}

static void foretell_two(const struct act *act, struct verdicts *v, struct foretold *f)
{
	bool follow = act->kind == ACT_LINK && act->flags & AT_SYMLINK_FOLLOW;
	char from[PATH_MAX], to[PATH_MAX];

	if (!tree_resolve(act->path, follow, from) || !tree_resolve(act->other, false, to))
		return;
	f->deny_changes = true;
	asks(v, f, BAILIFF_VERB_WRITE, from);
	asks(v, f, BAILIFF_VERB_WRITE, to);
	moves(v, f, from, to);
	if (act->kind == ACT_RENAME && act->flags & RENAME_EXCHANGE)
		moves(v, f, to, from);
}

/* The interpreter that a file names, or false. */
static bool interpreter_of(const char *name, char ret_path[256])
{
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret_path, 255);

	if (fd >= 0)
		close(fd);
	if (n < 3 || memcmp(ret_path, "#!", 2) != 0)
		return false;
	ret_path[n] = '\0';
	ret_path[strcspn(ret_path, "\n")] = '\0';
	memmove(ret_path, ret_path + 2, strlen(ret_path + 2) + 1);
	return true;
}

static void foretell_exec(const struct act *act, struct verdicts *v, struct foretold *f)
{
	char path[256], invoked[PATH_MAX], name[PATH_MAX];

	strcpy(path, act->path);
	for (unsigned i = 0; i < INTERPRETERS_MAX && tree_resolve(path, true, name); i++) {
		const char *said = path;

		if (is_directory(name))
			return;
		asks(v, f, BAILIFF_VERB_EXEC, name);
		while (strncmp(said, "./", 2) == 0)
			said += 2;
		snprintf(invoked, sizeof(invoked), "%s%s", *said == '/' ? "" : ROOT "/", said);
		asks(v, f, BAILIFF_VERB_INVOKED, invoked);
		if (!interpreter_of(name, path))
			return;
	}
}

void act_foretell(const struct act *act, struct verdicts *v, struct foretold *f)
{
	memset(f, 0, sizeof(*f));
	switch (act->kind) {
	case ACT_OPEN:
		foretell_open(act, v, f);
		return;
	case ACT_LINK:
	case ACT_RENAME:
		foretell_two(act, v, f);
		return;
	case ACT_EXEC:
		foretell_exec(act, v, f);
		return;
	case ACT_TRUNCATE:
	case ACT_CHMOD:
		writes(v, f, act->path, true);
		return;
	case ACT_CHOWN:
	case ACT_UTIMES:
	case ACT_SETXATTR:
	case ACT_REMOVEXATTR:
		writes(v, f, act->path, !act->flags);
		return;
	default:
		writes(v, f, act->path, false);
	}
}
