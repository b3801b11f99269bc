/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Roads to running code of top/mid/prog, which may not be executed: see door.h. It is a small ELF
 * that ends with status 77, built here: a program, an interpreter and a library at once.
 * The policy's line: deny = FOLDER/top/mid/prog
 * Where only what is named may run ("CGROUP-other"): default = deny, allow = this program.
 * $DOOR_DYNAMIC is a program that takes libraries, else /mnt/bash or /bin/true.
 */

#include <elf.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/personality.h>

#include "selftests/attacks/door.h"

#define PROG "top/mid/prog"
#define RAN 77
#define CODE 0x200 /* of the code in the file */

extern char **environ;

#ifdef __x86_64__
#define MACHINE EM_X86_64
/* mov $77,%edi; mov $60,%eax; syscall; and mov $77,%eax; ret */
static const unsigned char ends[] = {0xbf, RAN, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05};
static const unsigned char answers[] = {0xb8, RAN, 0, 0, 0, 0xc3};
#else
#define MACHINE EM_AARCH64
/* mov x0,#77; mov x8,#93; svc #0; and mov x0,#77; ret */
static const unsigned char ends[] = {0xa0, 0x09, 0x80, 0xd2, 0xa8, 0x0b,
				     0x80, 0xd2, 0x01, 0,    0,	   0xd4};
static const unsigned char answers[] = {0xa0, 0x09, 0x80, 0xd2, 0xc0, 0x03, 0x5f, 0xd6};
#endif

struct image {
	Elf64_Ehdr head;
	Elf64_Phdr parts[3];
	Elf64_Dyn dynamic[6];
	Elf64_Sym symbol;
	char strings[8];
};

/* Position-independent, in one segment. With an interpreter it is another's road to that. */
static int put_program(const char *path, const char *interpreter)
{
	char file[0x1000] = {}; /* whole pages: Linux 6.1 clears the rest of the last */
	struct image image = {
		.head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			 .e_type = ET_DYN,
			 .e_machine = MACHINE,
			 .e_version = EV_CURRENT,
			 .e_entry = CODE,
			 .e_phoff = offsetof(struct image, parts),
			 .e_ehsize = sizeof(Elf64_Ehdr),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = interpreter ? 3 : 2},
		.parts = {{.p_type = PT_LOAD,
			   .p_flags = PF_R | PF_X,
			   .p_filesz = sizeof(file),
			   .p_memsz = sizeof(file),
			   .p_align = 0x1000},
			  {.p_type = PT_DYNAMIC,
			   .p_flags = PF_R,
			   .p_offset = offsetof(struct image, dynamic),
			   .p_vaddr = offsetof(struct image, dynamic),
			   .p_filesz = sizeof(image.dynamic),
			   .p_memsz = sizeof(image.dynamic),
			   .p_align = 8},
			  {.p_type = PT_INTERP,
			   .p_flags = PF_R,
			   .p_offset = 0x300,
			   .p_vaddr = 0x300}},
		.dynamic = {{DT_STRTAB, {offsetof(struct image, strings)}},
			    {DT_SYMTAB, {offsetof(struct image, symbol)}},
			    {DT_STRSZ, {8}},
			    {DT_SYMENT, {sizeof(Elf64_Sym)}},
			    {DT_INIT, {CODE}}},
	};

	if (interpreter) {
		image.parts[2].p_filesz = image.parts[2].p_memsz = strlen(interpreter) + 1;
		snprintf(file + 0x300, 0x100, "%s", interpreter);
	}
	memcpy(file, &image, sizeof(image));
	memcpy(file + CODE, ends, sizeof(ends));
	memcpy(file + CODE + 0x80, answers, sizeof(answers));
	return put(path, file, sizeof(file), 0755);
}

static int prepare(void)
{
	TRY(mkdir("top", 0755));
	TRY(mkdir("top/mid", 0755));
	TRY(mkdir("free", 0755));
	TRY(mkdir("free/folder", 0755));
	TRY(mkdir("free/empty", 0755));
	TRY(put("free/file", "#!/bin/false\n", 13, 0755));
	TRY(put_program(PROG, NULL));
	return 0;
}

/* What a child that was to become another program ended with: 77, or an errno. */
static int ended(pid_t pid)
{
	int status;

	TRY(pid);
	TRY(waitpid(pid, &status, 0));
	if (!WIFEXITED(status)) {
		snprintf(door_said, 200, "killed by signal %d", WTERMSIG(status));
		return OTHERWISE;
	}
	if (WEXITSTATUS(status) == RAN)
		return WORKED;
	errno = WEXITSTATUS(status);
	return refused("exec");
}

static char *const arguments[] = {(char *)"prog", NULL};

static int run_path(const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		execve(path, arguments, environ);
		_exit(errno);
	}
	return ended(pid);
}

static int run_at(int dir, const char *path, int flags)
{
	pid_t pid = dir == -1 ? -1 : fork();

	if (pid == 0) {
		syscall(SYS_execveat, dir, path, arguments, environ, flags);
		_exit(errno);
	}
	return ended(pid);
}

static int run_prog(void)
{
	return run_path(PROG);
}

/* The call and the name */

static int do_execve(void)
{
	return run_prog();
}

static int do_execve_absolute(void)
{
	return run_path(at(PROG));
}

static int do_execveat(void)
{
	return run_at(AT_FDCWD, PROG, 0);
}

static int do_execveat_dirfd(void)
{
	return run_at(open("top/mid", O_PATH), "prog", AT_SYMLINK_NOFOLLOW);
}

static int do_execveat_fd(void)
{
	return run_at(open(PROG, O_RDONLY | O_CLOEXEC), "", AT_EMPTY_PATH);
}

static int do_execveat_o_path(void)
{
	return run_at(open(PROG, O_PATH), "", AT_EMPTY_PATH);
}

static int do_fexecve(void)
{
	int fd = open(PROG, O_RDONLY);
	pid_t pid = fork();

	if (pid == 0) {
		fexecve(fd, arguments, environ);
		_exit(errno);
	}
	return ended(pid);
}

static int run_fd(int fd, const char *form)
{
	char path[64];

	TRY(fd);
	snprintf(path, sizeof(path), form, fd);
	return run_path(path);
}

static int do_proc_self_fd(void)
{
	return run_fd(open(PROG, O_RDONLY), "/proc/self/fd/%d");
}

static int do_proc_o_path(void)
{
	return run_fd(open(PROG, O_PATH), "/proc/self/fd/%d");
}

static int do_dev_fd(void)
{
	return run_fd(open(PROG, O_RDONLY), "/dev/fd/%d");
}

static int do_proc_folder(void)
{
	return run_fd(open("top/mid", O_PATH), "/proc/self/fd/%d/prog");
}

static int do_proc_self_cwd(void)
{
	return run_path("/proc/self/cwd/" PROG);
}

static int do_proc_self_root(void)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "/proc/self/root%s", at(PROG));
	return run_path(path);
}

static int do_chdir(void)
{
	TRY(chdir("top/mid"));
	return run_path("./prog");
}

static int do_path_variable(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		setenv("PATH", "top/mid", 1);
		execvp("prog", arguments);
		_exit(errno);
	}
	return ended(pid);
}

static int do_dots(void)
{
	return run_path(".//free/../top/./mid//prog");
}

/* Other names */

static int do_symlink(void)
{
	TRY(symlink("../" PROG, "free/link"));
	return run_path("free/link");
}

static int do_symlink_folder(void)
{
	TRY(symlink("../top", "free/link"));
	return run_path("free/link/mid/prog");
}

static int do_link(void)
{
	TRY(link(PROG, "free/link"));
	return run_path("free/link");
}

static int do_link_beside(void)
{
	TRY(link(PROG, "top/mid/other"));
	return run_path("top/mid/other");
}

static int do_link_fd(void)
{
	TRY(linkat(open(PROG, O_PATH), "", AT_FDCWD, "free/link", AT_EMPTY_PATH));
	return run_path("free/link");
}

static int do_rename(void)
{
	TRY(rename(PROG, "free/own"));
	return run_path("free/own");
}

static int do_rename_parent(void)
{
	TRY(rename("top/mid", "top/other"));
	return run_path("top/other/prog");
}

static int do_rename_grandparent(void)
{
	TRY(rename("top", "other"));
	return run_path("other/mid/prog");
}

static int do_exchange(void)
{
	TRY(renameat2(AT_FDCWD, PROG, AT_FDCWD, "free/file", RENAME_EXCHANGE));
	return run_path("free/file");
}

static int do_exchange_parent(void)
{
	TRY(renameat2(AT_FDCWD, "free/folder", AT_FDCWD, "top/mid", RENAME_EXCHANGE));
	return run_path("free/folder/prog");
}

static int do_unlinked(void)
{
	int fd = open(PROG, O_RDONLY | O_CLOEXEC), status;

	TRY(fd);
	TRY(unlink(PROG));
	status = run_at(fd, "", AT_EMPTY_PATH);
	put_program(PROG, NULL);
	return status;
}

/* Mounts and roots */

static int do_bind_file(void)
{
	TRY(bind_mount(PROG, "free/file"));
	return run_path("free/file");
}

static int do_bind_parent(void)
{
	TRY(bind_mount("top/mid", "free/folder"));
	return run_path("free/folder/prog");
}

static int do_bind_root(void)
{
	char path[PATH_MAX + 32];

	TRY(mount("/", "free/folder", NULL, MS_BIND | MS_REC, NULL));
	snprintf(path, sizeof(path), "free/folder%s", at(PROG));
	return run_path(path);
}

static int do_open_tree(void)
{
	return run_at(clone_tree("top/mid"), "prog", 0);
}

static int do_open_tree_file(void)
{
	return run_at(clone_tree(PROG), "", AT_EMPTY_PATH);
}

static int do_open_tree_attach(void)
{
	int tree = clone_tree("top");

	TRY(tree);
	TRY(attach_tree(tree, "free/folder"));
	return run_path("free/folder/mid/prog");
}

static int arrange_volume(void)
{
	TRY(bind_mount("top", "top"));
	return 0;
}

static int do_move_mount(void)
{
	TRY(mount("top", "free/folder", NULL, MS_MOVE, NULL));
	return run_path("free/folder/mid/prog");
}

static int do_umount_cwd(void)
{
	TRY(chdir("top/mid"));
	TRY(umount2("../../top", MNT_DETACH));
	return run_path("./prog");
}

static int do_chroot(void)
{
	TRY(chroot("top/mid"));
	return run_path("/prog");
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
	return run_path("/" PROG);
}

static int do_overlay_lower(void)
{
	char options[2 * PATH_MAX];

	snprintf(options, sizeof(options), "lowerdir=%s:%s", at("top/mid"), at("free/empty"));
	TRY(mount("overlay", "free/folder", "overlay", 0, options));
	return run_path("free/folder/prog");
}

static int do_overlay_detached(void)
{
	char lower[2 * PATH_MAX];

	snprintf(lower, sizeof(lower), "%s:%s", at("top/mid"), at("free/empty"));
	return run_at(new_mount("overlay", "lowerdir", lower), "prog", 0);
}

static int do_newns(void)
{
	TRY(unshare(CLONE_NEWNS));
	return run_prog();
}

static int do_newns_bind(void)
{
	TRY(unshare(CLONE_NEWNS));
	return do_bind_parent();
}

static int do_userns(void)
{
	TRY(enter_user_namespace());
	return run_prog();
}

static int do_userns_bind(void)
{
	TRY(enter_user_namespace());
	return do_bind_parent();
}

static int do_setns_mount(void)
{
	char path[PATH_MAX], prog[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", helper_pid());
	snprintf(prog, sizeof(prog), "%s", at(PROG));
	fd = open(path, O_RDONLY);
	TRY(fd);
	TRY(setns(fd, CLONE_NEWNS));
	return run_path(prog);
}

static int do_proc_pid_root(void)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "/proc/%d/root%s", helper_pid(), at(PROG));
	return run_path(path);
}

static int do_scm_rights(void)
{
	return run_at(helper_pass('r', PROG), "", AT_EMPTY_PATH);
}

static int do_scm_o_path(void)
{
	return run_at(helper_pass('p', PROG), "", AT_EMPTY_PATH);
}

static int do_scm_folder(void)
{
	return run_at(helper_pass('p', "top/mid"), "prog", 0);
}

static int do_pidfd_getfd(void)
{
	return run_at(take_from_helper('r', PROG), "", AT_EMPTY_PATH);
}

static int do_proc_pid_fd(void)
{
	char path[64];
	pid_t pid;
	int number = helper_keep('r', PROG, &pid);

	TRY(number);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, number);
	return run_path(path);
}

static int do_handle(void)
{
	union {
		struct file_handle head;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handle = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
	int mount_id;

	TRY(name_to_handle_at(AT_FDCWD, PROG, &handle.head, &mount_id, 0));
	return run_at(open_by_handle_at(open(".", O_RDONLY), &handle.head, O_RDONLY | O_CLOEXEC),
		      "", AT_EMPTY_PATH);
}

/* Programs that take it along */

static int do_shebang(void)
{
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "#!%s\n", at(PROG));
	TRY(put("free/script", text, strlen(text), 0755));
	return run_path("free/script");
}

static int do_shebang_argument(void)
{
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "#! \t%s -x -y\n", at(PROG));
	TRY(put("free/script", text, strlen(text), 0755));
	return run_path("free/script");
}

static int do_shebang_relative(void)
{
	TRY(put("free/script", "#!" PROG "\n", strlen("#!" PROG "\n"), 0755));
	return run_path("free/script");
}

static int do_shebang_nested(void)
{
	char text[PATH_MAX];

	TRY(do_shebang() == OTHERWISE ? -1 : 0);
	snprintf(text, sizeof(text), "#!%s\n", at("free/script"));
	TRY(put("free/second", text, strlen(text), 0755));
	return run_path("free/second");
}

static int do_shebang_symlink(void)
{
	TRY(symlink("../" PROG, "free/link"));
	TRY(put("free/script", "#!free/link\n", 12, 0755));
	return run_path("free/script");
}

static int do_memfd_shebang(void)
{
	char text[PATH_MAX];
	int fd = memfd_create("script", 0);

	TRY(fd);
	snprintf(text, sizeof(text), "#!%s\n", at(PROG));
	TRY(write(fd, text, strlen(text)));
	return run_at(fd, "", AT_EMPTY_PATH);
}

static int do_pt_interp(void)
{
	TRY(put_program("free/elf", at(PROG)));
	return run_path("free/elf");
}

static int do_pt_interp_relative(void)
{
	TRY(put_program("free/elf", PROG));
	return run_path("free/elf");
}

static int do_pt_interp_symlink(void)
{
	TRY(symlink("../" PROG, "free/link"));
	TRY(put_program("free/elf", "free/link"));
	return run_path("free/elf");
}

static int do_pt_interp_memfd(void)
{
	char path[64];
	int fd = memfd_create("elf", 0);

	TRY(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	TRY(put_program(path, at(PROG)));
	return run_path(path);
}

static const char *first_of(const char *const *paths)
{
	for (; *paths; paths++) {
		if (access(*paths, X_OK) == 0)
			return *paths;
	}
	return NULL;
}

static const char *loader(void)
{
	return first_of((const char *const[]){"/lib64/ld-linux-x86-64.so.2",
					      "/lib/ld-linux-aarch64.so.1", NULL});
}

static const char *dynamic(void)
{
	return getenv("DOOR_DYNAMIC")
		       ?: first_of((const char *const[]){"/mnt/bash", "/bin/true", NULL});
}

/* The loader tells a refusal in words only, and ends with 127; a preloaded library it goes without.
 */
static int run_loading(const char *const argv[], const char *variable)
{
	char said[512] = {}, *name = NULL, value[PATH_MAX];
	int pair[2], status;
	pid_t pid;

	if (!argv[0])
		return says(UNTRIED, "no loader, or no program that it loads");
	TRY(pipe(pair));
	pid = fork();
	if (pid == 0) {
		dup2(pair[1], STDERR_FILENO);
		dup2(pair[1], STDOUT_FILENO);
		snprintf(value, sizeof(value), "%s=%s", variable ?: "NONE", at(PROG));
		name = value;
		execve(argv[0], (char *const *)argv, (char *[]){name, NULL});
		_exit(errno);
	}
	close(pair[1]);
	for (size_t n = 0; n < sizeof(said) - 1;) {
		ssize_t more = read(pair[0], said + n, sizeof(said) - 1 - n);

		if (more <= 0)
			break;
		n += (size_t)more;
	}
	TRY(waitpid(pid, &status, 0));
	if (WIFEXITED(status) && WEXITSTATUS(status) == RAN)
		return WORKED;
	if (strstr(said, "Permission denied") || strstr(said, "failed to map segment"))
		return says(DENIED, "the loader may not map it");
	said[strcspn(said, "\n")] = '\0';
	snprintf(door_said, 200, "the loader ended with %d: %.150s", status, said);
	return strstr(said, "cannot be preloaded") ? DENIED : OTHERWISE;
}

static int do_loader(void)
{
	return run_loading((const char *[]){loader(), at(PROG), NULL}, NULL);
}

static int do_loader_relative(void)
{
	return run_loading((const char *[]){loader(), "./" PROG, NULL}, NULL);
}

static int do_loader_preload(void)
{
	return run_loading(
		(const char *[]){loader(), "--preload", at(PROG), dynamic(), "--version", NULL},
		NULL);
}

static int do_ld_preload(void)
{
	return run_loading((const char *[]){dynamic(), "--version", NULL}, "LD_PRELOAD");
}

/* Code of the file, called in this process. */
static int call_code(char *code)
{
	int (*function)(void) = (int (*)(void))(void *)(code + CODE + 0x80);

	__builtin___clear_cache(code, code + 0x400);
	return function() == RAN ? WORKED : says(OTHERWISE, "it answered something else");
}

static int map_and_call(int flags, int at_first, int then)
{
	int fd = open(PROG, O_RDONLY);
	char *code;

	TRY(fd);
	code = mmap(NULL, 0x400, at_first, flags, fd, 0);
	TRY(code == MAP_FAILED ? -1 : 0);
	if (then != at_first)
		TRY(mprotect(code, 0x400, then));
	return call_code(code);
}

static int do_mmap_exec(void)
{
	return map_and_call(MAP_PRIVATE, PROT_READ | PROT_EXEC, PROT_READ | PROT_EXEC);
}

static int do_mmap_shared(void)
{
	return map_and_call(MAP_SHARED, PROT_READ | PROT_EXEC, PROT_READ | PROT_EXEC);
}

static int do_mmap_exec_only(void)
{
	return map_and_call(MAP_PRIVATE, PROT_EXEC, PROT_EXEC);
}

static int do_mmap_write_exec(void)
{
	int all = PROT_READ | PROT_WRITE | PROT_EXEC;

	return map_and_call(MAP_PRIVATE, all, all);
}

static int do_mprotect(void)
{
	return map_and_call(MAP_PRIVATE, PROT_READ, PROT_READ | PROT_EXEC);
}

static int do_mprotect_none(void)
{
	return map_and_call(MAP_PRIVATE, PROT_NONE, PROT_READ | PROT_EXEC);
}

static int do_mprotect_shared(void)
{
	return map_and_call(MAP_SHARED, PROT_READ, PROT_EXEC | PROT_READ);
}

/* Reading is executing. */
static int do_personality(void)
{
	TRY(personality(READ_IMPLIES_EXEC));
	return map_and_call(MAP_PRIVATE, PROT_READ, PROT_READ);
}

static int do_personality_mprotect(void)
{
	int fd = open(PROG, O_RDONLY);
	char *code;

	TRY(fd);
	code = mmap(NULL, 0x400, PROT_NONE, MAP_PRIVATE, fd, 0);
	TRY(code == MAP_FAILED ? -1 : 0);
	TRY(personality(READ_IMPLIES_EXEC));
	TRY(mprotect(code, 0x400, PROT_READ));
	return call_code(code);
}

static int do_pkey_mprotect(void)
{
	int fd = open(PROG, O_RDONLY);
	char *code;

	TRY(fd);
	code = mmap(NULL, 0x400, PROT_READ, MAP_PRIVATE, fd, 0);
	TRY(code == MAP_FAILED ? -1 : 0);
	TRY(syscall(SYS_pkey_mprotect, code, 0x400, PROT_READ | PROT_EXEC, -1));
	return call_code(code);
}

static int do_mmap_scm(void)
{
	int fd = helper_pass('r', PROG);
	char *code;

	TRY(fd);
	code = mmap(NULL, 0x400, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	TRY(code == MAP_FAILED ? -1 : 0);
	return call_code(code);
}

static int do_mmap_link(void)
{
	TRY(link(PROG, "free/link"));
	int fd = open("free/link", O_RDONLY);
	char *code = mmap(NULL, 0x400, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	TRY(code == MAP_FAILED ? -1 : 0);
	return call_code(code);
}

static int do_mmap_thread(void)
{
	return in_thread(do_mmap_exec);
}

static int do_binfmt_misc(void)
{
	char rule[PATH_MAX + 64];
	int status;

	TRY(mount("binfmt_misc", "free/folder", "binfmt_misc", 0, NULL));
	snprintf(rule, sizeof(rule), ":door:E::door::%s:", at(PROG));
	TRY(put_text("free/folder/register", rule));
	TRY(put("free/file.door", "x", 1, 0755));
	status = run_path("free/file.door");
	put_text("free/folder/door", "-1");
	return status;
}

/* Who, and from where */

static int do_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve(PROG, arguments, environ);
		_exit(errno);
	}
	return ended(pid);
}

static int do_posix_spawn(void)
{
	pid_t pid;

	errno = posix_spawn(&pid, PROG, NULL, NULL, arguments, environ);
	return errno ? refused("posix_spawn") : ended(pid);
}

static int do_thread_child(void)
{
	return in_thread(run_prog);
}

static int exec_here(void)
{
	execve(PROG, arguments, environ);
	_exit(errno);
}

/* The thread that executes is not the first of its process. */
static int do_thread_exec(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(in_thread(exec_here));
	return ended(pid);
}

static int do_grandchild(void)
{
	return in_child(run_prog);
}

static int do_cgroup_born_outside(void)
{
	return in_child_outside(run_prog);
}

static int do_cgroup_leave(void)
{
	TRY(leave_cgroup());
	return run_prog();
}

static int do_cgroup_leave_child(void)
{
	TRY(leave_cgroup());
	return in_child(run_prog);
}

static int do_shell(void)
{
	pid_t pid;

	if (access("/bin/sh", X_OK) < 0)
		return says(UNTRIED, "no shell here");
	pid = fork();
	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		execl("/bin/sh", "sh", "-c", "top/mid/prog; s=$?; [ $s = 126 ] && exit 13; exit $s",
		      NULL);
		_exit(errno);
	}
	return ended(pid);
}

static int do_pid_namespace(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		unshare(CLONE_NEWPID | CLONE_NEWNS);
		_exit(in_child(run_prog));
	}
	int status;

	TRY(waitpid(pid, &status, 0));
	return WEXITSTATUS(status);
}

/* Copies, where nothing may run that is not named */

static int run_copy(int fd)
{
	char from[64];

	TRY(fd);
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	TRY(put_program(from, NULL));
	return run_path(from);
}

static int do_memfd(void)
{
	return run_copy(memfd_create("copy", 0));
}

static int do_memfd_sealed(void)
{
	char path[64];
	int fd = memfd_create("copy", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	TRY(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	TRY(put_program(path, NULL));
	TRY(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL));
	return run_at(fd, "", AT_EMPTY_PATH);
}

static int do_copy(void)
{
	TRY(put_program("free/copy", NULL));
	return run_path("free/copy");
}

static int do_copy_shm(void)
{
	int status;

	if (put_program("/dev/shm/door-copy", NULL) < 0 && errno == ENOENT)
		return says(UNTRIED, "no /dev/shm here");
	TRY(put_program("/dev/shm/door-copy", NULL));
	status = run_path("/dev/shm/door-copy");
	unlink("/dev/shm/door-copy");
	return status;
}

static int do_copy_tmpfs(void)
{
	TRY(mount("tmpfs", "free/folder", "tmpfs", 0, NULL));
	TRY(put_program("free/folder/copy", NULL));
	return run_path("free/folder/copy");
}

static int do_copy_over(void)
{
	/* what may run is this program, by its name: another file at that name, in a root of its
	 * own */
	char path[PATH_MAX] = {}, folder[PATH_MAX + 16] = "free/folder";

	TRY(readlink("/proc/self/exe", path, sizeof(path) - 1));
	for (char *end = strchr(path + 1, '/'); end; end = strchr(end + 1, '/')) {
		snprintf(folder, sizeof(folder), "free/folder%.*s", (int)(end - path), path);
		mkdir(folder, 0755);
	}
	snprintf(folder, sizeof(folder), "free/folder%s", path);
	TRY(put_program(folder, NULL));
	TRY(chroot("free/folder"));
	return run_path(path);
}

static int do_copy_symlink(void)
{
	TRY(put_program("free/copy", NULL));
	TRY(symlink("copy", "free/link"));
	return run_path("free/link");
}

static int do_copy_deleted(void)
{
	int fd;

	TRY(put_program("free/copy", NULL));
	fd = open("free/copy", O_RDONLY | O_CLOEXEC);
	TRY(unlink("free/copy"));
	return run_at(fd, "", AT_EMPTY_PATH);
}

static int do_tmpfile(void)
{
	char path[64];
	int fd = open("free", O_RDWR | O_TMPFILE, 0755);

	TRY(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	TRY(put_program(path, NULL));
	/* a file that is open to be written cannot be executed */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (int i = 3; i < fd; i++)
		close(i);
	return run_at(fd, "", AT_EMPTY_PATH);
}

static int do_copy_mmap(void)
{
	char *code;

	TRY(put_program("free/copy", NULL));
	code = mmap(NULL, 0x400, PROT_READ | PROT_EXEC, MAP_PRIVATE, open("free/copy", O_RDONLY),
		    0);
	TRY(code == MAP_FAILED ? -1 : 0);
	return call_code(code);
}

static int do_copy_mprotect(void)
{
	char *code;

	TRY(put_program("free/copy", NULL));
	code = mmap(NULL, 0x400, PROT_READ, MAP_PRIVATE, open("free/copy", O_RDONLY), 0);
	TRY(code == MAP_FAILED ? -1 : 0);
	TRY(mprotect(code, 0x400, PROT_READ | PROT_EXEC));
	return call_code(code);
}

static int do_memfd_mmap(void)
{
	char path[64], *code;
	int fd = memfd_create("copy", 0);

	TRY(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	TRY(put_program(path, NULL));
	code = mmap(NULL, 0x400, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	TRY(code == MAP_FAILED ? -1 : 0);
	return call_code(code);
}

static int do_copy_pt_interp(void)
{
	TRY(put_program("free/copy", NULL));
	TRY(put_program("free/elf", at("free/copy")));
	return run_path("free/elf");
}

static int do_copy_shebang(void)
{
	TRY(put_program("free/copy", NULL));
	TRY(put("free/script", "#!free/copy\n", 12, 0755));
	return run_path("free/script");
}

static const struct technique techniques[] = {
	ROAD("execve", do_execve, "execve(2)"),
	ROAD("execve-absolute", do_execve_absolute, "by the absolute name"),
	ROAD("execveat", do_execveat, "execveat(2)"),
	ROAD("execveat-dirfd", do_execveat_dirfd, "relative to a descriptor of its folder"),
	ROAD("execveat-fd", do_execveat_fd, "a descriptor, AT_EMPTY_PATH"),
	ROAD("execveat-o-path", do_execveat_o_path, "an O_PATH descriptor, AT_EMPTY_PATH"),
	ROAD("fexecve", do_fexecve, "fexecve(3)"),
	ROAD("proc-self-fd", do_proc_self_fd, "by /proc/self/fd/N"),
	ROAD("proc-o-path", do_proc_o_path, "the same of an O_PATH descriptor"),
	ROAD("dev-fd", do_dev_fd, "by /dev/fd/N"),
	ROAD("proc-folder", do_proc_folder, "below /proc/self/fd/N of its folder"),
	ROAD("proc-self-cwd", do_proc_self_cwd, "below /proc/self/cwd"),
	ROAD("proc-self-root", do_proc_self_root, "below /proc/self/root"),
	ROAD("chdir", do_chdir, "./prog in its folder"),
	ROAD("path-variable", do_path_variable, "found by PATH"),
	ROAD("dots", do_dots, "spelled with // /./ /../"),
	ROAD("symlink", do_symlink, "by a symbolic link"),
	ROAD("symlink-folder", do_symlink_folder, "by one on the way"),
	ROAD("link", do_link, "by a hard link"),
	ROAD("link-beside", do_link_beside, "by one in its folder"),
	ROAD("link-fd", do_link_fd, "by one of a descriptor"),
	ROAD("rename", do_rename, "after rename"),
	ROAD("rename-parent", do_rename_parent, "after rename of its folder"),
	ROAD("rename-grandparent", do_rename_grandparent, "after rename of its folder's folder"),
	ROAD("exchange", do_exchange, "after RENAME_EXCHANGE"),
	ROAD("exchange-parent", do_exchange_parent, "after that of its folder"),
	ROAD("unlinked", do_unlinked, "by a descriptor, its name gone", .flags = STATE_ASIDE),
	ROAD("bind-file", do_bind_file, "by a bind mount"),
	ROAD("bind-parent", do_bind_parent, "by one of its folder"),
	ROAD("bind-root", do_bind_root, "by one of /"),
	ROAD("open-tree", do_open_tree, "in an open_tree clone of its folder"),
	ROAD("open-tree-file", do_open_tree_file, "the clone of the file itself"),
	ROAD("open-tree-attach", do_open_tree_attach, "in a clone attached by move_mount"),
	ROAD("move-mount", do_move_mount, "after mount --move of the volume",
	     .arrange = arrange_volume),
	ROAD("umount-cwd", do_umount_cwd, "after umount -l of the volume, by a kept cwd",
	     .arrange = arrange_volume),
	ROAD("chroot", do_chroot, "its folder as root"),
	ROAD("pivot-root", do_pivot_root, "after pivot_root", .arrange = arrange_work_mount),
	ROAD("overlay-lower", do_overlay_lower, "in an overlay of its folder"),
	ROAD("overlay-detached", do_overlay_detached, "in one that is not attached"),
	ROAD("newns", do_newns, "in a mount namespace of its own"),
	ROAD("newns-bind", do_newns_bind, "the same, by a bind mount"),
	ROAD("userns", do_userns, "in a user namespace of its own"),
	ROAD("userns-bind", do_userns_bind, "the same, by a bind mount"),
	ROAD("setns-mount", do_setns_mount, "in another process's mount namespace"),
	ROAD("proc-pid-root", do_proc_pid_root, "below /proc/PID/root of an unconfined process"),
	ROAD("proc-pid-fd", do_proc_pid_fd, "by its /proc/PID/fd/N"),
	ROAD("scm-rights", do_scm_rights, "by a descriptor passed by an unconfined process"),
	ROAD("scm-o-path", do_scm_o_path, "by an O_PATH one"),
	ROAD("scm-folder", do_scm_folder, "relative to its folder's"),
	ROAD("pidfd-getfd", do_pidfd_getfd, "by a descriptor taken from an unconfined process"),
	ROAD("handle", do_handle, "by open_by_handle_at"),
	ROAD("shebang", do_shebang, "as a script's interpreter"),
	ROAD("shebang-argument", do_shebang_argument, "the same, with arguments"),
	ROAD("shebang-relative", do_shebang_relative, "the same, by a relative name"),
	ROAD("shebang-nested", do_shebang_nested, "as the interpreter of an interpreter"),
	ROAD("shebang-symlink", do_shebang_symlink, "by a symbolic link as interpreter"),
	ROAD("memfd-shebang", do_memfd_shebang, "as the interpreter of an anonymous script"),
	ROAD("pt-interp", do_pt_interp, "as the interpreter of an ELF"),
	ROAD("pt-interp-relative", do_pt_interp_relative, "the same, by a relative name"),
	ROAD("pt-interp-symlink", do_pt_interp_symlink, "the same, by a symbolic link"),
	ROAD("pt-interp-memfd", do_pt_interp_memfd, "the same, of an anonymous ELF"),
	ROAD("loader", do_loader, "as an argument of the dynamic loader"),
	ROAD("loader-relative", do_loader_relative, "the same, by a relative name"),
	ROAD("loader-preload", do_loader_preload, "as a library, by the loader's --preload"),
	ROAD("ld-preload", do_ld_preload, "as a library, by LD_PRELOAD"),
	ROAD("mmap-exec", do_mmap_exec, "its code mapped and called"),
	ROAD("mmap-shared", do_mmap_shared, "the same, shared"),
	ROAD("mmap-exec-only", do_mmap_exec_only, "the same, PROT_EXEC alone"),
	ROAD("mmap-write-exec", do_mmap_write_exec, "the same, writable too"),
	ROAD("mprotect", do_mprotect, "mapped to be read, then made executable"),
	ROAD("mprotect-none", do_mprotect_none, "mapped for nothing, then made executable"),
	ROAD("mprotect-shared", do_mprotect_shared, "shared, then made executable"),
	ROAD("pkey-mprotect", do_pkey_mprotect, "made executable by pkey_mprotect"),
	ROAD("personality", do_personality, "mapped to be read where that is executing"),
	ROAD("personality-mprotect", do_personality_mprotect,
	     "made readable where that is executing"),
	ROAD("mmap-scm", do_mmap_scm, "a passed descriptor mapped"),
	ROAD("mmap-link", do_mmap_link, "a hard link mapped"),
	ROAD("mmap-thread", do_mmap_thread, "mapped in a thread"),
	ROAD("binfmt-misc", do_binfmt_misc, "as the interpreter of a kind of file"),
	ROAD("vfork", do_vfork, "by a vforked child"),
	ROAD("posix-spawn", do_posix_spawn, "by posix_spawn"),
	ROAD("thread-child", do_thread_child, "by a thread's child"),
	ROAD("thread-exec", do_thread_exec, "by a thread that is not the first"),
	ROAD("grandchild", do_grandchild, "by a child's child"),
	ROAD("cgroup-born-outside", do_cgroup_born_outside,
	     "by a child born in a cgroup without policy"),
	ROAD("cgroup-leave", do_cgroup_leave, "after a move to a cgroup without policy"),
	ROAD("cgroup-leave-child", do_cgroup_leave_child, "by a child after that"),
	ROAD("shell", do_shell, "by a shell"),
	ROAD("pid-namespace", do_pid_namespace, "in a PID namespace of its own"),
	ROAD("memfd", do_memfd, "an anonymous copy", .flags = OTHER_CGROUP, .plain = do_copy),
	ROAD("memfd-sealed", do_memfd_sealed, "a sealed anonymous copy", .flags = OTHER_CGROUP,
	     .plain = do_copy),
	ROAD("copy", do_copy, "a copy of another name", .flags = OTHER_CGROUP, .plain = do_copy),
	ROAD("copy-shm", do_copy_shm, "a copy in /dev/shm", .flags = OTHER_CGROUP,
	     .plain = do_copy),
	ROAD("copy-tmpfs", do_copy_tmpfs, "a copy in a tmpfs of its own", .flags = OTHER_CGROUP,
	     .plain = do_copy),
	ROAD("copy-over", do_copy_over, "a copy by the name of what may run, in a root of its own",
	     .flags = OTHER_CGROUP, .plain = do_copy),
	ROAD("copy-symlink", do_copy_symlink, "a copy by a symbolic link", .flags = OTHER_CGROUP,
	     .plain = do_copy),
	ROAD("copy-deleted", do_copy_deleted, "a copy by a descriptor, its name gone",
	     .flags = OTHER_CGROUP, .plain = do_copy),
	ROAD("tmpfile", do_tmpfile, "a copy that never had a name", .flags = OTHER_CGROUP,
	     .plain = do_copy),
	ROAD("copy-mmap", do_copy_mmap, "a copy's code mapped and called", .flags = OTHER_CGROUP,
	     .plain = do_copy),
	ROAD("copy-mprotect", do_copy_mprotect, "the same, made executable later",
	     .flags = OTHER_CGROUP, .plain = do_copy),
	ROAD("memfd-mmap", do_memfd_mmap, "an anonymous copy's code mapped", .flags = OTHER_CGROUP,
	     .plain = do_copy),
	ROAD("copy-pt-interp", do_copy_pt_interp, "a copy as the interpreter of an ELF",
	     .flags = OTHER_CGROUP, .plain = do_copy),
	ROAD("copy-shebang", do_copy_shebang, "a copy as a script's interpreter",
	     .flags = OTHER_CGROUP, .plain = do_copy),
	{},
};

const struct family family = {.techniques = techniques,
			      .prepare = prepare,
			      .plain = run_prog,
			      .watched = (const char *const[]){PROG, "top/mid", "top", NULL}};
