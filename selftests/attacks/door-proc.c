/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Acts that have no path: on other processes, mounts, the kernel, memory that is written and then
 * executed; and uses of capabilities ("cap-", under another policy, whose refusal is EPERM). See
 * door.h; the policy's lines: attacks_policies_proc() in selftests/vm/suite/attacks-lib.sh.
 */

#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "selftests/attacks/door.h"

#define CAPABILITY (EPERM_TOO | OTHER_CGROUP)

/* A word of the helper's memory, at the same place there as here. */
static volatile long word = 4242;

static int prepare(void)
{
	TRY(mkdir("free", 0755));
	TRY(mkdir("free/folder", 0755));
	TRY(put_text("free/file", "file\n"));
	return 0;
}

static void wait_stopped(pid_t pid)
{
	int status;

	waitpid(pid, &status, __WALL);
}

/* Other processes' memory and registers */

static int do_ptrace_attach(void)
{
	pid_t pid = helper_pid();

	TRY(ptrace(PTRACE_ATTACH, pid, NULL, NULL));
	wait_stopped(pid);
	TRY(ptrace(PTRACE_DETACH, pid, NULL, NULL));
	return WORKED;
}

static int do_ptrace_seize(void)
{
	pid_t pid = helper_pid();

	TRY(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	TRY(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL));
	wait_stopped(pid);
	TRY(ptrace(PTRACE_DETACH, pid, NULL, NULL));
	return WORKED;
}

static int trace_me(void)
{
	TRY(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	return WORKED;
}

static int do_ptrace_traceme(void)
{
	return in_child(trace_me);
}

static int do_ptrace_child(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	status = ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 ? refused("PTRACE_SEIZE") : WORKED;
	kill(pid, SIGKILL);
	return status;
}

static int do_ptrace_thread(void)
{
	return in_thread(do_ptrace_attach);
}

static int do_ptrace_pid_namespace(void)
{
	pid_t pid = helper_pid();

	TRY(unshare(CLONE_NEWPID));
	TRY(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	return WORKED;
}

static int do_ptrace_leave(void)
{
	TRY(leave_cgroup());
	return do_ptrace_attach();
}

static int vm_access(int write_it)
{
	long value = 17;
	struct iovec here = {&value, sizeof(value)}, there = {(void *)&word, sizeof(word)};
	pid_t pid = helper_pid();

	TRY(write_it ? process_vm_writev(pid, &here, 1, &there, 1, 0)
		     : process_vm_readv(pid, &here, 1, &there, 1, 0));
	return write_it || value == 4242 ? WORKED : says(OTHERWISE, "another value");
}

static int do_vm_readv(void)
{
	return vm_access(0);
}

static int do_vm_writev(void)
{
	return vm_access(1);
}

static int open_of_helper(const char *form, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), form, helper_pid());
	return open(path, flags);
}

static int do_proc_mem_read(void)
{
	long value = 0;
	int fd = open_of_helper("/proc/%d/mem", O_RDONLY);

	TRY(fd);
	TRY(pread(fd, &value, sizeof(value), (off_t)(uintptr_t)&word));
	return value == 4242 ? WORKED : says(OTHERWISE, "another value");
}

static int do_proc_mem_write(void)
{
	long value = 17;
	int fd = open_of_helper("/proc/%d/mem", O_RDWR);

	TRY(fd);
	TRY(pwrite(fd, &value, sizeof(value), (off_t)(uintptr_t)&word));
	return WORKED;
}

static int do_proc_task_mem(void)
{
	char path[80];
	pid_t pid = helper_pid();

	snprintf(path, sizeof(path), "/proc/%d/task/%d/mem", pid, pid);
	TRY(open(path, O_RDWR));
	return WORKED;
}

static int do_pidfd_getfd(void)
{
	int fd = take_from_helper('r', "free/file");

	TRY(fd);
	return WORKED;
}

/* Signals to what is outside */

static int do_kill(void)
{
	TRY(kill(helper_pid(), SIGURG));
	return WORKED;
}

static int do_kill_continue(void)
{
	TRY(kill(helper_pid(), SIGCONT));
	return WORKED;
}

static int do_tgkill(void)
{
	pid_t pid = helper_pid();

	TRY(syscall(SYS_tgkill, pid, pid, SIGURG));
	return WORKED;
}

static int do_tkill(void)
{
	TRY(syscall(SYS_tkill, helper_pid(), SIGURG));
	return WORKED;
}

static int do_pidfd_send_signal(void)
{
	int fd = (int)syscall(SYS_pidfd_open, helper_pid(), 0);

	TRY(syscall(SYS_pidfd_send_signal, fd, SIGURG, NULL, 0));
	return WORKED;
}

static int do_proc_send_signal(void)
{
	int fd = open_of_helper("/proc/%d", O_RDONLY | O_DIRECTORY);

	TRY(syscall(SYS_pidfd_send_signal, fd, SIGURG, NULL, 0));
	return WORKED;
}

static int do_sigqueue(void)
{
	siginfo_t info = {.si_code = SI_QUEUE, .si_pid = getpid()};

	TRY(syscall(SYS_rt_sigqueueinfo, helper_pid(), SIGURG, &info));
	return WORKED;
}

static int do_tgsigqueue(void)
{
	siginfo_t info = {.si_code = SI_QUEUE, .si_pid = getpid()};
	pid_t pid = helper_pid();

	TRY(syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGURG, &info));
	return WORKED;
}

static int do_kill_group(void)
{
	TRY(kill(-getpgid(helper_pid()), SIGURG));
	return WORKED;
}

static int do_kill_leave(void)
{
	TRY(leave_cgroup());
	return do_kill();
}

/* The kernel sends it, when there is something to be read. */
static int do_set_owner(void)
{
	int ends[2];

	TRY(pipe2(ends, O_CLOEXEC));
	TRY(fcntl(ends[0], F_SETOWN, helper_pid()));
	TRY(fcntl(ends[0], F_SETSIG, SIGURG));
	TRY(fcntl(ends[0], F_SETFL, O_ASYNC));
	TRY(write(ends[1], "x", 1));
	return WORKED;
}

static int do_set_owner_ex(void)
{
	struct f_owner_ex owner = {.type = F_OWNER_PID, .pid = helper_pid()};
	int ends[2];

	TRY(pipe2(ends, O_CLOEXEC));
	TRY(fcntl(ends[0], F_SETOWN_EX, &owner));
	return WORKED;
}

static int do_set_owner_socket(void)
{
	int pid = helper_pid(), ends[2];

	TRY(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	TRY(ioctl(ends[0], FIOSETOWN, &pid));
	return WORKED;
}

/* Above a limit of its time a process gets SIGXCPU. */
static int do_limit(void)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	TRY(prlimit(helper_pid(), RLIMIT_CPU, &limit, NULL));
	return WORKED;
}

static int do_kill_root(void)
{
	TRY(put_text("/sys/fs/cgroup/cgroup.procs", "0"));
	return do_kill();
}

static int do_kill_child(void)
{
	return in_child(do_kill);
}

/* Mounts */

static int do_mount(void)
{
	TRY(mount("tmpfs", "free/folder", "tmpfs", 0, NULL));
	return WORKED;
}

static int do_mount_bind(void)
{
	TRY(bind_mount("free", "free/folder"));
	return WORKED;
}

static int do_mount_proc(void)
{
	TRY(mount("proc", "free/folder", "proc", 0, NULL));
	return WORKED;
}

static int do_mount_sysfs(void)
{
	TRY(mount("sysfs", "free/folder", "sysfs", 0, NULL));
	return WORKED;
}

static int do_mount_cgroup(void)
{
	TRY(mount("cgroup2", "free/folder", "cgroup2", 0, NULL));
	return WORKED;
}

static int do_mount_devtmpfs(void)
{
	TRY(mount("devtmpfs", "free/folder", "devtmpfs", 0, NULL));
	return WORKED;
}

static int arrange_mount(void)
{
	return do_mount();
}

static int do_umount(void)
{
	TRY(umount2("free/folder", 0));
	return WORKED;
}

static int do_umount_detach(void)
{
	TRY(umount2("free/folder", MNT_DETACH));
	return WORKED;
}

static int do_remount(void)
{
	TRY(mount(NULL, "free/folder", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	return WORKED;
}

static int do_remount_bind(void)
{
	TRY(mount(NULL, "free/folder", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	return WORKED;
}

static int do_propagation(void)
{
	TRY(mount(NULL, "free/folder", NULL, MS_SHARED, NULL));
	return WORKED;
}

static int do_move_mount(void)
{
	TRY(mkdir("free/other", 0755));
	TRY(mount("free/folder", "free/other", NULL, MS_MOVE, NULL));
	return WORKED;
}

static int do_move_mount_new(void)
{
	TRY(mkdir("free/other", 0755));
	TRY(syscall(SYS_move_mount, AT_FDCWD, "free/folder", AT_FDCWD, "free/other", 0));
	return WORKED;
}

static int do_new_mount_attach(void)
{
	int fd = new_mount("tmpfs", NULL, NULL);

	TRY(fd);
	TRY(attach_tree(fd, "free/folder"));
	return WORKED;
}

/* Never attached: used by its descriptor. */
static int do_new_mount_used(void)
{
	int fd = new_mount("tmpfs", NULL, NULL);

	TRY(fd);
	TRY(mkdirat(fd, "folder", 0755));
	return WORKED;
}

static int do_mount_setattr(void)
{
	struct {
		uint64_t set, clear, propagation, userns;
	} attributes = {.set = 1 /* MOUNT_ATTR_RDONLY */};

	TRY(syscall(SYS_mount_setattr, AT_FDCWD, "free/folder", 0, &attributes,
		    sizeof(attributes)));
	return WORKED;
}

static int do_open_tree_attach(void)
{
	int fd = clone_tree("free");

	TRY(fd);
	TRY(attach_tree(fd, "free/folder"));
	return WORKED;
}

static int do_pivot_root(void)
{
	TRY(chdir("free/folder"));
	TRY(syscall(SYS_pivot_root, ".", "."));
	return WORKED;
}

static int do_mount_newns(void)
{
	TRY(unshare(CLONE_NEWNS));
	return do_mount();
}

static int do_mount_thread(void)
{
	return in_thread(do_mount);
}

static int do_chroot(void)
{
	TRY(chroot("free"));
	return WORKED;
}

static int do_chroot_same(void)
{
	TRY(chroot("/"));
	return WORKED;
}

/* The kernel */

static int bpf_call(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int do_bpf_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	TRY(bpf_call(BPF_MAP_CREATE, &attr));
	return WORKED;
}

static int do_bpf_program(void)
{
	struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K},
				  {.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
			       .insns = (uintptr_t)code,
			       .insn_cnt = 2,
			       .license = (uintptr_t) "GPL"};

	TRY(bpf_call(BPF_PROG_LOAD, &attr));
	return WORKED;
}

static int do_bpf_iterate(void)
{
	union bpf_attr attr = {};

	if (bpf_call(BPF_PROG_GET_NEXT_ID, &attr) < 0 && errno != ENOENT)
		return refused("BPF_PROG_GET_NEXT_ID");
	return WORKED;
}

static int do_bpf_thread(void)
{
	return in_thread(do_bpf_map);
}

static int perf_open(unsigned type, unsigned long long config, pid_t pid, int cpu)
{
	struct perf_event_attr attr = {.type = type, .size = sizeof(attr), .config = config};

	return (int)syscall(SYS_perf_event_open, &attr, pid, cpu, -1, 0);
}

static int do_perf_software(void)
{
	TRY(perf_open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, 0, -1));
	return WORKED;
}

static int do_perf_cpu(void)
{
	TRY(perf_open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES, -1, 0));
	return WORKED;
}

/* What is not a module: the kernel asks for leave before it looks at it. */
static int module_result(long result, const char *step)
{
	if (result < 0 && (errno == ENOEXEC || errno == EINVAL || errno == EBADMSG))
		return WORKED;
	return result < 0 ? refused(step) : WORKED;
}

static int do_init_module(void)
{
	static char bytes[128];

	return module_result(syscall(SYS_init_module, bytes, sizeof(bytes), ""), "init_module");
}

static int do_finit_module(void)
{
	int fd = open("free/file", O_RDONLY);

	return module_result(syscall(SYS_finit_module, fd, "", 0), "finit_module");
}

static int do_finit_module_memfd(void)
{
	int fd = memfd_create("module", 0);

	TRY(write(fd, "not a module, but some bytes of text", 36));
	return module_result(syscall(SYS_finit_module, fd, "", 3), "finit_module");
}

static int do_add_key(void)
{
	TRY(syscall(SYS_add_key, "user", "door", "x", 1, KEY_SPEC_PROCESS_KEYRING));
	return WORKED;
}

static int do_keyctl_join(void)
{
	TRY(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "door"));
	return WORKED;
}

static int do_keyctl_describe(void)
{
	char text[128];

	TRY(syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof(text)));
	return WORKED;
}

static int do_request_key(void)
{
	long key = syscall(SYS_add_key, "user", "door-wanted", "x", 1, KEY_SPEC_PROCESS_KEYRING);

	TRY(key);
	TRY(syscall(SYS_request_key, "user", "door-wanted", NULL, 0));
	return WORKED;
}

static int do_unshare_userns(void)
{
	TRY(unshare(CLONE_NEWUSER));
	return WORKED;
}

static int clone_with(unsigned long long flags)
{
	struct clone_args arguments = {.flags = flags, .exit_signal = SIGCHLD};
	pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));

	TRY(pid);
	if (pid == 0)
		_exit(0);
	wait_stopped(pid);
	return WORKED;
}

static int do_clone3_userns(void)
{
	return clone_with(CLONE_NEWUSER);
}

static int do_clone3_userns_all(void)
{
	return clone_with(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID);
}

static int do_clone_userns(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

	TRY(pid);
	if (pid == 0)
		_exit(0);
	wait_stopped(pid);
	return WORKED;
}

static int do_userns_user(void)
{
	TRY(setresuid(1000, 1000, 1000));
	return do_unshare_userns();
}

static int do_io_uring(void)
{
	struct io_uring_params p = {};

	TRY(syscall(SYS_io_uring_setup, 1, &p));
	return WORKED;
}

static int do_io_uring_sqpoll(void)
{
	struct io_uring_params p = {.flags = IORING_SETUP_SQPOLL};

	TRY(syscall(SYS_io_uring_setup, 1, &p));
	return WORKED;
}

static int do_io_uring_disabled(void)
{
	struct io_uring_params p = {.flags = IORING_SETUP_R_DISABLED};

	TRY(syscall(SYS_io_uring_setup, 1, &p));
	return WORKED;
}

static int do_userfaultfd(void)
{
	TRY(syscall(SYS_userfaultfd, O_CLOEXEC));
	return WORKED;
}

static int do_userfaultfd_user(void)
{
	TRY(syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY));
	return WORKED;
}

static int do_userfaultfd_device(void)
{
	int fd = open("/dev/userfaultfd", O_RDWR);

	if (fd < 0 && errno == ENOENT)
		return says(UNTRIED, "no such device");
	TRY(fd);
	TRY(ioctl(fd, _IO(0xAA, 0), O_CLOEXEC));
	return WORKED;
}

/* Programs that the kernel runs for others: the same value is written back. */
static int write_back(const char *path)
{
	char value[256];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, value, sizeof(value));

	if (n < 0 && errno == ENOENT)
		return says(UNTRIED, "the kernel has no such file");
	TRY(n);
	close(fd);
	fd = open(path, O_WRONLY);
	TRY(fd);
	TRY(write(fd, value, n > 0 ? (size_t)n : 1));
	return WORKED;
}

static int do_core_pattern(void)
{
	return write_back("/proc/sys/kernel/core_pattern");
}

static int do_modprobe(void)
{
	return write_back("/proc/sys/kernel/modprobe");
}

static int do_hotplug(void)
{
	return write_back("/proc/sys/kernel/hotplug");
}

static int do_uevent_helper(void)
{
	return write_back("/sys/kernel/uevent_helper");
}

static int do_core_pattern_self_root(void)
{
	return write_back("/proc/self/root/proc/sys/kernel/core_pattern");
}

static int do_core_pattern_new_proc(void)
{
	TRY(mount("proc", "free/folder", "proc", 0, NULL));
	return write_back("free/folder/sys/kernel/core_pattern");
}

static int do_core_pattern_bind(void)
{
	TRY(bind_mount("/proc/sys", "free/folder"));
	return write_back("free/folder/kernel/core_pattern");
}

static int do_release_agent(void)
{
	if (mount("none", "free/folder", "cgroup", 0, "none,name=door") < 0)
		return errno == EINVAL || errno == EBUSY ? says(UNTRIED, "no cgroup v1 here")
							 : refused("mount");
	return write_back("free/folder/release_agent");
}

/* Memory that is written, then executed */

#ifdef __x86_64__
static const unsigned char answers[] = {0xb8, 77, 0, 0, 0, 0xc3};
#else
static const unsigned char answers[] = {0xa0, 0x09, 0x80, 0xd2, 0xc0, 0x03, 0x5f, 0xd6};
#endif

static int call_code(void *code)
{
	int (*function)(void) = (int (*)(void))code;

	__builtin___clear_cache(code, (char *)code + sizeof(answers));
	return function() == 77 ? WORKED : says(OTHERWISE, "it answered something else");
}

static char *anonymous(int protection)
{
	return mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int do_wx_mmap(void)
{
	char *code = anonymous(PROT_READ | PROT_WRITE | PROT_EXEC);

	TRY(code == MAP_FAILED ? -1 : 0);
	memcpy(code, answers, sizeof(answers));
	return call_code(code);
}

static int do_wx_mmap_shared(void)
{
	char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	TRY(code == MAP_FAILED ? -1 : 0);
	memcpy(code, answers, sizeof(answers));
	return call_code(code);
}

static int protect_and_call(char *code, int protection)
{
	TRY(code == MAP_FAILED ? -1 : 0);
	memcpy(code, answers, sizeof(answers));
	TRY(mprotect(code, 4096, protection));
	return call_code(code);
}

static int do_wx_mprotect(void)
{
	return protect_and_call(anonymous(PROT_READ | PROT_WRITE), PROT_READ | PROT_EXEC);
}

static int do_wx_mprotect_all(void)
{
	return protect_and_call(anonymous(PROT_READ | PROT_WRITE),
				PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int do_wx_pkey_mprotect(void)
{
	char *code = anonymous(PROT_READ | PROT_WRITE);

	memcpy(code, answers, sizeof(answers));
	TRY(syscall(SYS_pkey_mprotect, code, 4096, PROT_READ | PROT_EXEC, -1));
	return call_code(code);
}

static int do_wx_heap(void)
{
	char *code = aligned_alloc(4096, 8192);

	return code ? protect_and_call(code, PROT_READ | PROT_WRITE | PROT_EXEC) : UNTRIED;
}

static int do_wx_stack(void)
{
	static char *code;
	char room[3 * 4096];

	code = (char *)(((uintptr_t)room + 4095) & ~4095ul);
	return protect_and_call(code, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int do_wx_data(void)
{
	static char code[8192] __attribute__((aligned(4096)));

	return protect_and_call(code, PROT_READ | PROT_WRITE | PROT_EXEC);
}

/* Executable first, then writable. */
static int do_wx_exec_then_write(void)
{
	char *code = anonymous(PROT_READ | PROT_EXEC);

	TRY(code == MAP_FAILED ? -1 : 0);
	TRY(mprotect(code, 4096, PROT_READ | PROT_WRITE));
	return protect_and_call(code, PROT_READ | PROT_EXEC);
}

/* Two mappings of the same memory. */
static int map_twice(int fd)
{
	char *data, *code;

	TRY(fd);
	TRY(ftruncate(fd, 4096));
	data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	TRY(data == MAP_FAILED || code == MAP_FAILED ? -1 : 0);
	memcpy(data, answers, sizeof(answers));
	return call_code(code);
}

static int do_wx_memfd(void)
{
	return map_twice(memfd_create("code", 0));
}

/* Executable first, then writable as well. */
static int do_wx_rx_all(void)
{
	char *code = anonymous(PROT_READ | PROT_EXEC);

	TRY(code == MAP_FAILED ? -1 : 0);
	TRY(mprotect(code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
	memcpy(code, answers, sizeof(answers));
	return call_code(code);
}

static int write_shared(int fd, int flags, int protection)
{
	char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | flags, fd, 0);

	return protect_and_call(code, protection);
}

static int do_wx_shared_mprotect(void)
{
	return write_shared(-1, MAP_ANONYMOUS, PROT_READ | PROT_EXEC);
}

static int do_wx_memfd_mprotect(void)
{
	int fd = memfd_create("code", 0);

	TRY(fd);
	TRY(ftruncate(fd, 4096));
	return write_shared(fd, 0, PROT_READ | PROT_EXEC);
}

static int do_wx_shared_file(void)
{
	int fd = open("free/code", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	TRY(fd);
	TRY(ftruncate(fd, 4096));
	return write_shared(fd, 0, PROT_READ | PROT_EXEC);
}

/* The kernel writes for a process where its own page may not be written to. */
static int do_wx_self_mem(void)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), fd;
	char *code;

	TRY(self);
	code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, self, 0);
	TRY(code == MAP_FAILED ? -1 : 0);
	fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	TRY(fd);
	TRY(pwrite(fd, answers, sizeof(answers), (off_t)code));
	return call_code(code);
}

static int do_wx_text(void)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char *code;

	TRY(self);
	code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, self, 0);
	TRY(code == MAP_FAILED ? -1 : 0);
	TRY(mprotect(code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
	memcpy(code, answers, sizeof(answers));
	return call_code(code);
}

static int do_wx_personality(void)
{
	TRY(syscall(SYS_personality, 0x0400000 /* READ_IMPLIES_EXEC */));
	char *code = anonymous(PROT_READ | PROT_WRITE);

	TRY(code == MAP_FAILED ? -1 : 0);
	memcpy(code, answers, sizeof(answers));
	return call_code(code);
}

static int do_wx_mremap(void)
{
	char *code = anonymous(PROT_READ | PROT_WRITE);

	memcpy(code, answers, sizeof(answers));
	code = mremap(code, 4096, 8192, MREMAP_MAYMOVE);
	TRY(code == MAP_FAILED ? -1 : 0);
	TRY(mprotect(code, 4096, PROT_READ | PROT_EXEC));
	return call_code(code);
}

static int do_wx_private_file(void)
{
	char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			  open("free/file", O_RDONLY), 0);

	return protect_and_call(code, PROT_READ | PROT_EXEC);
}

/* Uses of capabilities */

static int do_cap_net_raw(void)
{
	TRY(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	return WORKED;
}

static int do_cap_net_raw_packet(void)
{
	TRY(socket(AF_PACKET, SOCK_RAW, 0));
	return WORKED;
}

static int do_cap_net_admin(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	TRY(ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &request));
	return WORKED;
}

static int do_cap_net_bind(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(81)};

	TRY(bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address)));
	return WORKED;
}

static int do_cap_sys_admin_mount(void)
{
	return do_mount();
}

static int do_cap_sys_admin_umount(void)
{
	return do_umount();
}

static int do_cap_sys_admin_hostname(void)
{
	char name[65];

	TRY(gethostname(name, sizeof(name)));
	TRY(sethostname(name, strlen(name)));
	return WORKED;
}

static int do_cap_sys_admin_unshare(void)
{
	TRY(unshare(CLONE_NEWNS));
	return WORKED;
}

static int do_cap_sys_admin_setns(void)
{
	TRY(setns(open_of_helper("/proc/%d/ns/mnt", O_RDONLY), CLONE_NEWNS));
	return WORKED;
}

static int do_setns_pidfd(void)
{
	int pidfd = (int)syscall(SYS_pidfd_open, helper_pid(), 0);

	TRY(pidfd);
	TRY(setns(pidfd, CLONE_NEWNS | CLONE_NEWUTS));
	return WORKED;
}

static int do_setns_network(void)
{
	TRY(setns(open_of_helper("/proc/%d/ns/net", O_RDONLY), CLONE_NEWNET));
	return WORKED;
}

static int do_setns_any(void)
{
	TRY(setns(open_of_helper("/proc/%d/ns/cgroup", O_RDONLY), 0));
	return WORKED;
}

static int do_setns_child(void)
{
	return in_child(do_cap_sys_admin_setns);
}

static int do_cap_sys_admin_trusted(void)
{
	TRY(setxattr("free/file", "trusted.door", "1", 1, 0));
	return WORKED;
}

/* In a user namespace of its own it has them all again, of that namespace. */
static int do_cap_userns_mount(void)
{
	TRY(enter_user_namespace());
	return do_mount();
}

static int do_cap_userns_raw(void)
{
	TRY(unshare(CLONE_NEWUSER | CLONE_NEWNET));
	return do_cap_net_raw();
}

static int do_cap_sys_time(void)
{
	struct timespec now;

	TRY(clock_gettime(CLOCK_REALTIME, &now));
	TRY(clock_settime(CLOCK_REALTIME, &now));
	return WORKED;
}

static int do_cap_sys_time_of_day(void)
{
	struct timeval now;

	TRY(gettimeofday(&now, NULL));
	TRY(settimeofday(&now, NULL));
	return WORKED;
}

static int do_cap_mknod(void)
{
	TRY(mknod("free/null", S_IFCHR | 0666, makedev(1, 3)));
	return WORKED;
}

static int do_cap_mknod_block(void)
{
	TRY(mknod("free/loop", S_IFBLK | 0666, makedev(7, 0)));
	return WORKED;
}

static int do_cap_chown(void)
{
	TRY(chown("free/file", 1, 1));
	return WORKED;
}

static int do_cap_fchown(void)
{
	TRY(fchown(open("free/file", O_RDONLY), 1, 1));
	return WORKED;
}

static int do_cap_setuid(void)
{
	TRY(syscall(SYS_setresuid, 1, 1, 1));
	return WORKED;
}

static int do_cap_setcap(void)
{
	uint32_t capability[5] = {0x02000001, 1 << 21, 0, 0, 0};

	TRY(setxattr("free/file", "security.capability", capability, sizeof(capability), 0));
	return WORKED;
}

static int do_cap_setpcap(void)
{
	TRY(prctl(PR_CAPBSET_DROP, CAP_SYS_PACCT, 0, 0, 0));
	return WORKED;
}

static int do_cap_sys_chroot(void)
{
	return do_chroot();
}

static int do_cap_sys_nice(void)
{
	TRY(setpriority(PRIO_PROCESS, 0, -5));
	return WORKED;
}

static int do_cap_sys_resource(void)
{
	struct rlimit limit;

	TRY(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_max += 1;
	TRY(setrlimit(RLIMIT_NOFILE, &limit));
	return WORKED;
}

static int arrange_other_owner(void)
{
	TRY(chown("free/file", 1, 1));
	TRY(chmod("free/file", 0));
	return 0;
}

static int do_cap_dac_override(void)
{
	TRY(open("free/file", O_RDWR));
	return WORKED;
}

static int do_cap_fowner(void)
{
	TRY(chmod("free/file", 0600));
	return WORKED;
}

static int do_cap_dac_read_search(void)
{
	union {
		struct file_handle head;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handle = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
	int mount_id;

	TRY(name_to_handle_at(AT_FDCWD, "free/file", &handle.head, &mount_id, 0));
	TRY(open_by_handle_at(open(".", O_RDONLY), &handle.head, O_PATH));
	return WORKED;
}

/*
 * Through an overlay, which acts on its layers as who mounted it. On a tmpfs, as an overlay is no
 * upper layer of another.
 */
static int arrange_overlay(void)
{
	char options[PATH_MAX * 8];

	TRY(mount("tmpfs", "free/folder", "tmpfs", 0, NULL));
	TRY(mkdir("free/folder/lower", 0755));
	TRY(mkdir("free/folder/upper", 0755));
	TRY(mkdir("free/folder/work", 0755));
	TRY(mkdir("free/folder/all", 0755));
	TRY(put("free/folder/lower/file", "lower", 5, 0644));
	TRY(put("free/folder/lower/other", "other", 5, 0644));
	TRY(chown("free/folder/lower/other", 1, 1));
	TRY(chmod("free/folder/lower/other", 0));
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s",
		 at("free/folder/lower"), at("free/folder/upper"), at("free/folder/work"));
	TRY(mount("overlay", "free/folder/all", "overlay", 0, options));
	return 0;
}

static int do_cap_overlay_chown(void)
{
	TRY(chown("free/folder/all/file", 1, 1));
	return WORKED;
}

static int do_cap_overlay_mknod(void)
{
	TRY(mknod("free/folder/all/null", S_IFCHR | 0666, makedev(1, 3)));
	return WORKED;
}

static int do_cap_overlay_trusted(void)
{
	TRY(setxattr("free/folder/all/file", "trusted.door", "1", 1, 0));
	return WORKED;
}

static int do_cap_overlay_setcap(void)
{
	uint32_t capability[5] = {0x02000001, 1 << 21, 0, 0, 0};

	TRY(setxattr("free/folder/all/file", "security.capability", capability, sizeof(capability),
		     0));
	return WORKED;
}

static int do_cap_overlay_dac(void)
{
	TRY(open("free/folder/all/other", O_RDONLY));
	return WORKED;
}

static int do_cap_overlay_fowner(void)
{
	TRY(chmod("free/folder/all/other", 0666));
	return WORKED;
}

/* What a file system asks for below is done in the same task: of it nothing remains. */
static int do_cap_overlay_then(void)
{
	TRY(open("free/folder/all/file", O_WRONLY));
	TRY(chown("free/folder/all/file", 1, 1));
	return WORKED;
}

static int do_cap_sys_rawio(void)
{
#ifdef SYS_iopl
	TRY(syscall(SYS_iopl, 3));
	return WORKED;
#else
	return says(UNTRIED, "not on this architecture");
#endif
}

static int do_cap_sys_boot(void)
{
	/* what the kernel refuses after it has asked for the capability */
	TRY(syscall(SYS_reboot, 0xfee1dead, 672274793, 0 /* CAD_OFF */, NULL));
	return WORKED;
}

static int do_cap_leave(void)
{
	TRY(leave_cgroup());
	return do_cap_net_raw();
}

static int do_cap_thread(void)
{
	return in_thread(do_cap_net_raw);
}

static int do_cap_child(void)
{
	return in_child(do_cap_chown);
}

static int do_cap_born_outside(void)
{
	return in_child_outside(do_cap_mknod);
}

static const struct technique techniques[] = {
	ROAD("ptrace-attach", do_ptrace_attach, "PTRACE_ATTACH to the helper",
	     .plain = do_ptrace_attach),
	ROAD("ptrace-seize", do_ptrace_seize, "PTRACE_SEIZE", .plain = do_ptrace_attach),
	ROAD("ptrace-traceme", do_ptrace_traceme, "PTRACE_TRACEME", .plain = do_ptrace_attach),
	ROAD("ptrace-child", do_ptrace_child, "PTRACE_SEIZE of a child", .plain = do_ptrace_attach),
	ROAD("ptrace-thread", do_ptrace_thread, "in a thread", .plain = do_ptrace_attach),
	ROAD("ptrace-pid-namespace", do_ptrace_pid_namespace, "after unshare of PIDs",
	     .plain = do_ptrace_attach),
	ROAD("ptrace-leave", do_ptrace_leave, "after a move to a cgroup without policy",
	     .plain = do_ptrace_attach),
	ROAD("vm-readv", do_vm_readv, "process_vm_readv", .flags = EPERM_TOO,
	     .plain = do_ptrace_attach),
	ROAD("vm-writev", do_vm_writev, "process_vm_writev", .flags = EPERM_TOO,
	     .plain = do_ptrace_attach),
	ROAD("proc-mem-read", do_proc_mem_read, "/proc/PID/mem, read", .plain = do_ptrace_attach),
	ROAD("proc-mem-write", do_proc_mem_write, "/proc/PID/mem, written",
	     .plain = do_ptrace_attach),
	ROAD("proc-task-mem", do_proc_task_mem, "/proc/PID/task/TID/mem",
	     .plain = do_ptrace_attach),
	ROAD("pidfd-getfd", do_pidfd_getfd, "a descriptor taken by pidfd_getfd", .flags = EPERM_TOO,
	     .plain = do_ptrace_attach),
	ROAD("kill", do_kill, "kill of the helper", .plain = do_kill),
	ROAD("kill-continue", do_kill_continue, "SIGCONT", .plain = do_kill),
	ROAD("kill-group", do_kill_group, "its process group", .plain = do_kill),
	ROAD("kill-child", do_kill_child, "by a child", .plain = do_kill),
	ROAD("kill-leave", do_kill_leave, "after a move to a cgroup without policy",
	     .plain = do_kill),
	ROAD("kill-root", do_kill_root, "after a move to the root cgroup", .plain = do_kill),
	ROAD("set-owner", do_set_owner, "F_SETOWN and F_SETSIG", .plain = do_kill),
	ROAD("set-owner-ex", do_set_owner_ex, "F_SETOWN_EX", .plain = do_kill),
	ROAD("set-owner-socket", do_set_owner_socket, "FIOSETOWN", .plain = do_kill),
	ROAD("limit", do_limit, "prlimit of its time", .plain = do_kill),
	ROAD("tgkill", do_tgkill, "tgkill", .plain = do_kill),
	ROAD("tkill", do_tkill, "tkill", .plain = do_kill),
	ROAD("pidfd-send-signal", do_pidfd_send_signal, "pidfd_send_signal", .plain = do_kill),
	ROAD("proc-send-signal", do_proc_send_signal, "the same by /proc/PID", .plain = do_kill),
	ROAD("sigqueue", do_sigqueue, "rt_sigqueueinfo", .plain = do_kill),
	ROAD("tgsigqueue", do_tgsigqueue, "rt_tgsigqueueinfo", .plain = do_kill),
	ROAD("mount", do_mount, "a tmpfs", .plain = do_mount),
	ROAD("mount-bind", do_mount_bind, "a bind mount", .plain = do_mount),
	ROAD("mount-proc", do_mount_proc, "proc", .plain = do_mount),
	ROAD("mount-sysfs", do_mount_sysfs, "sysfs", .plain = do_mount),
	ROAD("mount-cgroup", do_mount_cgroup, "cgroup2", .plain = do_mount),
	ROAD("mount-devtmpfs", do_mount_devtmpfs, "devtmpfs", .plain = do_mount),
	ROAD("umount", do_umount, "umount", .arrange = arrange_mount, .plain = do_mount),
	ROAD("umount-detach", do_umount_detach, "umount -l", .arrange = arrange_mount,
	     .plain = do_mount),
	ROAD("remount", do_remount, "MS_REMOUNT", .arrange = arrange_mount, .plain = do_mount),
	ROAD("remount-bind", do_remount_bind, "MS_REMOUNT and MS_BIND", .arrange = arrange_mount,
	     .plain = do_mount),
	ROAD("propagation", do_propagation, "MS_SHARED", .arrange = arrange_mount,
	     .plain = do_mount),
	ROAD("move-mount", do_move_mount, "MS_MOVE", .arrange = arrange_mount, .plain = do_mount),
	ROAD("move-mount-new", do_move_mount_new, "move_mount(2)", .arrange = arrange_mount,
	     .plain = do_mount),
	ROAD("new-mount-attach", do_new_mount_attach, "fsopen, fsmount, move_mount",
	     .flags = EPERM_TOO, .plain = do_mount),
	ROAD("new-mount-used", do_new_mount_used, "fsopen and fsmount", .flags = EPERM_TOO,
	     .plain = do_mount),
	ROAD("mount-setattr", do_mount_setattr, "mount_setattr", .flags = EPERM_TOO,
	     .arrange = arrange_mount, .plain = do_mount),
	ROAD("open-tree-attach", do_open_tree_attach, "open_tree, move_mount", .flags = EPERM_TOO,
	     .plain = do_mount),
	ROAD("pivot-root", do_pivot_root, "pivot_root", .arrange = arrange_mount,
	     .plain = do_mount),
	ROAD("mount-newns", do_mount_newns, "in a mount namespace of its own", .plain = do_mount),
	ROAD("mount-thread", do_mount_thread, "in a thread", .plain = do_mount),
	ROAD("chroot", do_chroot, "chroot", .plain = do_chroot),
	ROAD("chroot-same", do_chroot_same, "chroot to /", .plain = do_chroot),
	ROAD("bpf-map", do_bpf_map, "BPF_MAP_CREATE", .plain = do_bpf_map),
	ROAD("bpf-program", do_bpf_program, "BPF_PROG_LOAD", .plain = do_bpf_map),
	ROAD("bpf-iterate", do_bpf_iterate, "BPF_PROG_GET_NEXT_ID", .plain = do_bpf_map),
	ROAD("bpf-thread", do_bpf_thread, "in a thread", .plain = do_bpf_map),
	ROAD("perf-software", do_perf_software, "perf_event_open of itself",
	     .plain = do_perf_software),
	ROAD("perf-cpu", do_perf_cpu, "of a processor", .plain = do_perf_software),
	ROAD("init-module", do_init_module, "init_module", .plain = do_init_module),
	ROAD("finit-module", do_finit_module, "finit_module", .plain = do_init_module),
	ROAD("finit-module-memfd", do_finit_module_memfd, "the same, of an anonymous file",
	     .plain = do_init_module),
	ROAD("add-key", do_add_key, "add_key", .plain = do_add_key),
	ROAD("keyctl-join", do_keyctl_join, "KEYCTL_JOIN_SESSION_KEYRING", .plain = do_add_key),
	ROAD("keyctl-describe", do_keyctl_describe, "KEYCTL_DESCRIBE", .arrange = do_keyctl_join,
	     .plain = do_add_key),
	ROAD("request-key", do_request_key, "request_key", .plain = do_add_key),
	ROAD("unshare-userns", do_unshare_userns, "unshare of the user namespace",
	     .plain = do_unshare_userns),
	ROAD("clone-userns", do_clone_userns, "clone", .plain = do_unshare_userns),
	ROAD("clone3-userns", do_clone3_userns, "clone3", .plain = do_unshare_userns),
	ROAD("clone3-userns-all", do_clone3_userns_all, "clone3, with other namespaces",
	     .plain = do_unshare_userns),
	ROAD("userns-user", do_userns_user, "unshare by another user", .plain = do_unshare_userns),
	ROAD("io-uring", do_io_uring, "io_uring_setup", .plain = do_io_uring),
	ROAD("io-uring-sqpoll", do_io_uring_sqpoll, "with a polling thread", .plain = do_io_uring),
	ROAD("io-uring-disabled", do_io_uring_disabled, "disabled at first", .plain = do_io_uring),
	ROAD("userfaultfd", do_userfaultfd, "userfaultfd", .plain = do_userfaultfd),
	ROAD("userfaultfd-user", do_userfaultfd_user, "of user mode only", .plain = do_userfaultfd),
	ROAD("userfaultfd-device", do_userfaultfd_device, "by /dev/userfaultfd",
	     .plain = do_userfaultfd),
	ROAD("core-pattern", do_core_pattern, "core_pattern", .plain = do_core_pattern),
	ROAD("core-pattern-self-root", do_core_pattern_self_root, "the same below /proc/self/root",
	     .plain = do_core_pattern),
	ROAD("core-pattern-new-proc", do_core_pattern_new_proc, "the same in another proc",
	     .plain = do_core_pattern),
	ROAD("core-pattern-bind", do_core_pattern_bind, "the same in a bind mount",
	     .plain = do_core_pattern),
	ROAD("modprobe", do_modprobe, "kernel.modprobe"),
	ROAD("hotplug", do_hotplug, "kernel.hotplug"),
	ROAD("uevent-helper", do_uevent_helper, "/sys/kernel/uevent_helper"),
	ROAD("release-agent", do_release_agent, "release_agent of a cgroup v1"),
	ROAD("wx-mmap", do_wx_mmap, "memory that may be all", .plain = do_wx_mmap),
	ROAD("wx-mmap-shared", do_wx_mmap_shared, "the same, shared", .plain = do_wx_mmap),
	ROAD("wx-mprotect", do_wx_mprotect, "written, then executable", .plain = do_wx_mmap),
	ROAD("wx-mprotect-all", do_wx_mprotect_all, "made all", .plain = do_wx_mmap),
	ROAD("wx-pkey-mprotect", do_wx_pkey_mprotect, "by pkey_mprotect", .plain = do_wx_mmap),
	ROAD("wx-heap", do_wx_heap, "the heap", .plain = do_wx_mmap),
	ROAD("wx-stack", do_wx_stack, "the stack", .plain = do_wx_mmap),
	ROAD("wx-data", do_wx_data, "the program's data", .plain = do_wx_mmap),
	ROAD("wx-exec-then-write", do_wx_exec_then_write, "executable, writable, executable",
	     .plain = do_wx_mmap),
	ROAD("wx-memfd", do_wx_memfd, "two mappings of an anonymous file", .plain = do_wx_mmap),
	ROAD("wx-personality", do_wx_personality, "READ_IMPLIES_EXEC", .plain = do_wx_mmap),
	ROAD("wx-mremap", do_wx_mremap, "moved between", .plain = do_wx_mmap),
	ROAD("wx-rx-all", do_wx_rx_all, "executable, then all", .plain = do_wx_mmap),
	ROAD("wx-shared-mprotect", do_wx_shared_mprotect, "shared, written, then executable",
	     .plain = do_wx_mmap),
	ROAD("wx-memfd-mprotect", do_wx_memfd_mprotect, "the same of an anonymous file",
	     .plain = do_wx_mmap),
	ROAD("wx-shared-file", do_wx_shared_file, "the same of a file", .plain = do_wx_mmap),
	ROAD("wx-self-mem", do_wx_self_mem, "written by /proc/self/mem", .plain = do_wx_mmap),
	ROAD("wx-text", do_wx_text, "its own text made writable", .plain = do_wx_mmap),
	ROAD("wx-private-file", do_wx_private_file, "a private mapping of a file",
	     .plain = do_wx_mmap),
	ROAD("setns", do_cap_sys_admin_setns, "join a mount namespace", .flags = EPERM_TOO,
	     .plain = do_cap_sys_admin_setns),
	ROAD("setns-pidfd", do_setns_pidfd, "several, by a pidfd", .flags = EPERM_TOO,
	     .plain = do_cap_sys_admin_setns),
	ROAD("setns-network", do_setns_network, "join a network namespace", .flags = EPERM_TOO,
	     .plain = do_cap_sys_admin_setns),
	ROAD("setns-any", do_setns_any, "join one without saying of what kind", .flags = EPERM_TOO,
	     .plain = do_cap_sys_admin_setns),
	ROAD("setns-child", do_setns_child, "in a child", .flags = EPERM_TOO,
	     .plain = do_cap_sys_admin_setns),
	ROAD("cap-net-raw", do_cap_net_raw, "a raw socket", .flags = CAPABILITY),
	ROAD("cap-net-raw-packet", do_cap_net_raw_packet, "a packet socket", .flags = CAPABILITY),
	ROAD("cap-net-admin", do_cap_net_admin, "an interface up", .flags = CAPABILITY),
	ROAD("cap-net-bind", do_cap_net_bind, "a port below 1024", .flags = CAPABILITY),
	ROAD("cap-sys-admin-mount", do_cap_sys_admin_mount, "mount", .flags = CAPABILITY),
	ROAD("cap-sys-admin-umount", do_cap_sys_admin_umount, "umount", .flags = CAPABILITY,
	     .arrange = arrange_mount),
	ROAD("cap-sys-admin-hostname", do_cap_sys_admin_hostname, "sethostname",
	     .flags = CAPABILITY),
	ROAD("cap-sys-admin-unshare", do_cap_sys_admin_unshare, "unshare", .flags = CAPABILITY),
	ROAD("cap-sys-admin-setns", do_cap_sys_admin_setns, "setns", .flags = CAPABILITY),
	ROAD("cap-sys-admin-trusted", do_cap_sys_admin_trusted, "trusted.*", .flags = CAPABILITY),
	ROAD("cap-userns-mount", do_cap_userns_mount, "mount in a user namespace of its own",
	     .flags = CAPABILITY),
	ROAD("cap-userns-raw", do_cap_userns_raw, "a raw socket in one", .flags = CAPABILITY),
	ROAD("cap-sys-time", do_cap_sys_time, "clock_settime", .flags = CAPABILITY),
	ROAD("cap-sys-time-of-day", do_cap_sys_time_of_day, "settimeofday", .flags = CAPABILITY),
	ROAD("cap-mknod", do_cap_mknod, "a character device", .flags = CAPABILITY),
	ROAD("cap-mknod-block", do_cap_mknod_block, "a block device", .flags = CAPABILITY),
	ROAD("cap-chown", do_cap_chown, "chown", .flags = CAPABILITY),
	ROAD("cap-fchown", do_cap_fchown, "fchown", .flags = CAPABILITY),
	ROAD("cap-setuid", do_cap_setuid, "setresuid", .flags = CAPABILITY),
	ROAD("cap-setcap", do_cap_setcap, "a file capability", .flags = CAPABILITY),
	ROAD("cap-setpcap", do_cap_setpcap, "a smaller bounding set", .flags = CAPABILITY),
	ROAD("cap-sys-chroot", do_cap_sys_chroot, "chroot", .flags = CAPABILITY),
	ROAD("cap-sys-nice", do_cap_sys_nice, "a higher priority", .flags = CAPABILITY),
	ROAD("cap-sys-resource", do_cap_sys_resource, "a higher limit", .flags = CAPABILITY),
	ROAD("cap-dac-override", do_cap_dac_override, "another's file without rights",
	     .flags = CAPABILITY, .arrange = arrange_other_owner),
	ROAD("cap-fowner", do_cap_fowner, "chmod of another's file", .flags = CAPABILITY,
	     .arrange = arrange_other_owner),
	ROAD("cap-dac-read-search", do_cap_dac_read_search, "open_by_handle_at",
	     .flags = CAPABILITY),
	ROAD("cap-overlay-chown", do_cap_overlay_chown, "chown through an overlay",
	     .flags = CAPABILITY, .arrange = arrange_overlay),
	ROAD("cap-overlay-mknod", do_cap_overlay_mknod, "a device through an overlay",
	     .flags = CAPABILITY, .arrange = arrange_overlay),
	ROAD("cap-overlay-trusted", do_cap_overlay_trusted, "trusted.* through an overlay",
	     .flags = CAPABILITY, .arrange = arrange_overlay),
	ROAD("cap-overlay-setcap", do_cap_overlay_setcap, "a file capability through an overlay",
	     .flags = CAPABILITY, .arrange = arrange_overlay),
	ROAD("cap-overlay-dac", do_cap_overlay_dac, "another's file through an overlay",
	     .flags = CAPABILITY, .arrange = arrange_overlay),
	ROAD("cap-overlay-fowner", do_cap_overlay_fowner, "chmod of another's through an overlay",
	     .flags = CAPABILITY, .arrange = arrange_overlay),
	ROAD("cap-overlay-then", do_cap_overlay_then, "chown after the overlay copied a file up",
	     .flags = CAPABILITY, .arrange = arrange_overlay),
	ROAD("cap-sys-rawio", do_cap_sys_rawio, "iopl", .flags = CAPABILITY),
	ROAD("cap-sys-boot", do_cap_sys_boot, "reboot(CAD_OFF)", .flags = CAPABILITY),
	ROAD("cap-leave", do_cap_leave, "after a move to a cgroup without policy",
	     .flags = CAPABILITY),
	ROAD("cap-thread", do_cap_thread, "in a thread", .flags = CAPABILITY),
	ROAD("cap-child", do_cap_child, "in a child", .flags = CAPABILITY),
	ROAD("cap-born-outside", do_cap_born_outside, "in a child born in a cgroup without policy",
	     .flags = CAPABILITY),
	{},
};

const struct family family = {.techniques = techniques,
			      .prepare = prepare,
			      .watched = (const char *const[]){"free/folder", NULL}};
