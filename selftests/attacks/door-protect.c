/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What root on the host may try against a bailiffd with protect = yes: each technique in the host's
 * mount namespace, in a cgroup of no interest. Without protection each works, and undoes what it
 * did. See door.h; run by selftests/vm/suite/full-protect.sh.
 */

#include <linux/bpf.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "selftests/attacks/door.h"

#define PINS "/sys/fs/bpf/bailiff"
#define CONF "/etc/bailiff/bailiff.conf"
#define POLICIES "/etc/bailiff/policies.d"
#define UNIT "/lib/systemd/system/bailiffd.service"
#define CGROUPS "/sys/fs/cgroup"
#define OWN CGROUPS "/system.slice/bailiffd.service"
#define KEEP "/run/door-keep"
#define UNIT_TREE "/etc/systemd/system"

static volatile long word = 4242;

/* The techniques act on the host's names: those of the work folder are not used. */
static int prepare(void)
{
	return 0;
}

static int host(void)
{
	int fd = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);

	mkdir(KEEP, 0755);
	return fd < 0 || setns(fd, CLONE_NEWNS) < 0 ? -1 : 0;
}

static pid_t daemon_pid(void)
{
	FILE *procs = fopen(OWN "/cgroup.procs", "re");
	int pid = -1;

	if (!procs || fscanf(procs, "%d", &pid) != 1)
		pid = -1;
	return pid;
}

/* Maps, programs, links */

static int obj_get(const char *path, unsigned flags)
{
	union bpf_attr attr = {.pathname = (uintptr_t)path, .file_flags = flags};

	return (int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
}

static int obj_pin(int fd, const char *path)
{
	union bpf_attr attr = {.pathname = (uintptr_t)path, .bpf_fd = (unsigned)fd};

	return (int)syscall(SYS_bpf, BPF_OBJ_PIN, &attr, sizeof(attr));
}

static int map_make(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1};

	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

/* Opens all that there is of a kind: works where there is some, and none is refused. */
static int open_ids(int next, int get, unsigned flags)
{
	union bpf_attr attr = {};
	int n = 0;

	while (syscall(SYS_bpf, next, &attr, sizeof(attr)) == 0) {
		union bpf_attr open = {.map_id = attr.next_id, .open_flags = flags};

		int fd = (int)syscall(SYS_bpf, get, &open, sizeof(open));
		if (fd < 0 && errno == ENOENT)
			fd = 0;
		TRY(fd);
		if (fd > 0)
			close(fd);
		n++;
		attr.start_id = attr.next_id;
	}
	return n ? WORKED : says(UNTRIED, "there are none");
}

static int do_map_pin(void)
{
	TRY(host());
	TRY(obj_get(PINS "/maps/bindings", 0));
	return WORKED;
}

static int do_map_pin_read(void)
{
	TRY(host());
	TRY(obj_get(PINS "/maps/control", BPF_F_RDONLY));
	return WORKED;
}

static int do_map_pin_bound(void)
{
	int status;

	TRY(host());
	TRY(bind_mount("/sys/fs/bpf", KEEP));
	status = obj_get(KEEP "/bailiff/maps/bindings", 0) < 0 ? refused("obj_get") : WORKED;
	umount2(KEEP, MNT_DETACH);
	return status;
}

static int do_map_id(void)
{
	return open_ids(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID, 0);
}

static int do_map_id_read(void)
{
	return open_ids(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID, BPF_F_RDONLY);
}

static int do_program_pin(void)
{
	TRY(host());
	TRY(obj_get(PINS "/programs/bailiff_exec", 0));
	return WORKED;
}

static int do_program_id(void)
{
	return open_ids(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, 0);
}

static int do_link_id(void)
{
	return open_ids(BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID, 0);
}

/* Born in the daemon's cgroup: that takes no write to a file of it, and gives nothing. */
static int in_own_cgroup(int (*run)(void))
{
	struct clone_args arguments = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
	int status, cgroup;
	pid_t pid;

	TRY(host());
	cgroup = open(OWN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	TRY(cgroup);
	arguments.cgroup = (unsigned)cgroup;
	pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	TRY(pid);
	if (pid == 0)
		_exit(run());
	TRY(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : OTHERWISE;
}

static int do_map_born_inside(void)
{
	return in_own_cgroup(do_map_pin);
}

/* The same by a child of PID 1: an orphan. */
static int do_map_orphan(void)
{
	int channel[2];
	char status = OTHERWISE;

	TRY(pipe(channel));
	if (fork() == 0) {
		if (fork() == 0) {
			while (getppid() != 1)
				usleep(1000);
			status = (char)in_own_cgroup(do_map_pin);
			if (write(channel[1], &status, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(channel[1]);
	wait(NULL);
	TRY(read(channel[0], &status, 1));
	return status;
}

/* Pins */

static int do_pin_unlink(void)
{
	int fd;

	TRY(host());
	fd = obj_get(PINS "/maps/stats", 0);
	TRY(unlink(PINS "/maps/stats"));
	TRY(obj_pin(fd, PINS "/maps/stats"));
	return WORKED;
}

static int do_pin_unlink_bound(void)
{
	int fd, status;

	TRY(host());
	TRY(bind_mount("/sys/fs/bpf", KEEP));
	fd = obj_get(PINS "/maps/stats", 0);
	status = unlink(KEEP "/bailiff/maps/stats") < 0 ? refused("unlink") : WORKED;
	obj_pin(fd, PINS "/maps/stats");
	umount2(KEEP, MNT_DETACH);
	return status;
}

static int there_and_back(const char *from, const char *to)
{
	TRY(host());
	TRY(rename(from, to));
	TRY(rename(to, from));
	return WORKED;
}

static int do_pin_rename(void)
{
	return there_and_back(PINS "/links/bailiff_exec", "/sys/fs/bpf/elsewhere");
}

static int do_pins_rename(void)
{
	return there_and_back(PINS, "/sys/fs/bpf/elsewhere");
}

static int do_pins_exchange(void)
{
	TRY(host());
	mkdir("/sys/fs/bpf/other", 0700);
	TRY(renameat2(AT_FDCWD, "/sys/fs/bpf/other", AT_FDCWD, PINS, RENAME_EXCHANGE));
	TRY(renameat2(AT_FDCWD, "/sys/fs/bpf/other", AT_FDCWD, PINS, RENAME_EXCHANGE));
	return WORKED;
}

static int do_pin_link(void)
{
	TRY(host());
	TRY(link(PINS "/maps/stats", "/sys/fs/bpf/second"));
	TRY(unlink("/sys/fs/bpf/second"));
	return WORKED;
}

static int do_pin_make(void)
{
	TRY(host());
	TRY(obj_pin(map_make(), PINS "/links/mine"));
	TRY(unlink(PINS "/links/mine"));
	return WORKED;
}

static int make_folder(const char *path)
{
	TRY(host());
	TRY(mkdir(path, 0755));
	TRY(rmdir(path));
	return WORKED;
}

static int do_pin_mkdir(void)
{
	return make_folder(PINS "/mine");
}

static int do_pin_mkdir_next(void)
{
	return make_folder(PINS "-next");
}

static int do_pin_symlink(void)
{
	TRY(host());
	TRY(symlink("/tmp", PINS "/mine"));
	TRY(unlink(PINS "/mine"));
	return WORKED;
}

static int do_pin_chmod(void)
{
	TRY(host());
	TRY(chmod(PINS "/links", 0700));
	return WORKED;
}

static int do_pin_chown(void)
{
	TRY(host());
	TRY(chown(PINS, 0, 0));
	return WORKED;
}

/* Mounts */

static int unmount_and_back(const char *path)
{
	TRY(host());
	TRY(mount(path, KEEP, NULL, MS_BIND | MS_REC, NULL));
	/* else what is beneath goes there as well */
	TRY(mount(NULL, KEEP, NULL, MS_PRIVATE | MS_REC, NULL));
	if (umount2(path, MNT_DETACH) < 0) {
		int status = refused("umount2");

		umount2(KEEP, MNT_DETACH);
		return status;
	}
	TRY(mount(KEEP, path, NULL, MS_BIND | MS_REC, NULL));
	TRY(mount(NULL, path, NULL, MS_SHARED | MS_REC, NULL));
	TRY(umount2(KEEP, MNT_DETACH));
	return WORKED;
}

static int do_unmount(void)
{
	return unmount_and_back("/sys/fs/bpf");
}

static int do_unmount_parent(void)
{
	return unmount_and_back("/sys");
}

static int unmount_shared(void)
{
	TRY(unshare(CLONE_NEWNS));
	TRY(umount2("/sys/fs/bpf", MNT_DETACH));
	return WORKED;
}

/* From another namespace, which the host's follows. */
static int do_unmount_shared(void)
{
	int status;

	TRY(host());
	TRY(bind_mount("/sys/fs/bpf", KEEP));
	status = in_child(unmount_shared);
	if (status == WORKED)
		TRY(bind_mount(KEEP, "/sys/fs/bpf"));
	TRY(umount2(KEEP, MNT_DETACH));
	return status;
}

static int mount_over(const char *path)
{
	TRY(host());
	TRY(mount("tmpfs", path, "tmpfs", 0, NULL));
	TRY(umount2(path, MNT_DETACH));
	return WORKED;
}

static int do_over_pins(void)
{
	return mount_over(PINS);
}

static int do_over_bpffs(void)
{
	return mount_over("/sys/fs/bpf");
}

static int do_over_sys(void)
{
	return mount_over("/sys/fs");
}

static int do_over_policies(void)
{
	return mount_over(POLICIES);
}

static int do_over_etc_bailiff(void)
{
	return mount_over("/etc/bailiff");
}

static int do_over_cgroup(void)
{
	return mount_over(OWN);
}

static int do_over_units(void)
{
	return mount_over(UNIT_TREE);
}

static int do_bind_program(void)
{
	TRY(host());
	TRY(bind_mount("/bin/true", "/usr/sbin/bailiffd"));
	TRY(umount2("/usr/sbin/bailiffd", MNT_DETACH));
	return WORKED;
}

static int do_over_new_mount(void)
{
	int tree;

	TRY(host());
	tree = new_mount("tmpfs", NULL, NULL);
	TRY(tree);
	TRY(attach_tree(tree, POLICIES));
	TRY(umount2(POLICIES, MNT_DETACH));
	return WORKED;
}

static int over_shared(void)
{
	TRY(unshare(CLONE_NEWNS));
	TRY(mount("tmpfs", POLICIES, "tmpfs", 0, NULL));
	TRY(umount2(POLICIES, MNT_DETACH));
	return WORKED;
}

static int do_over_shared(void)
{
	TRY(host());
	return in_child(over_shared);
}

/* In the daemon's own namespace. */
static int do_over_inside(void)
{
	char path[64];
	int fd;

	TRY(host());
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", daemon_pid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	TRY(fd);
	TRY(setns(fd, CLONE_NEWNS));
	TRY(mount("tmpfs", POLICIES, "tmpfs", 0, NULL));
	TRY(umount2(POLICIES, MNT_DETACH));
	return WORKED;
}

static int do_remount(void)
{
	TRY(host());
	TRY(mount(NULL, "/sys/fs/bpf", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	TRY(mount(NULL, "/sys/fs/bpf", NULL, MS_REMOUNT, NULL));
	return WORKED;
}

static int do_remount_bind(void)
{
	TRY(host());
	TRY(mount(NULL, "/sys/fs/bpf", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	TRY(mount(NULL, "/sys/fs/bpf", NULL, MS_REMOUNT | MS_BIND, NULL));
	return WORKED;
}

/* What is below a shared mount is not moved, so it is made private first. */
static int do_move(void)
{
	int status = WORKED;

	TRY(host());
	TRY(mount("tmpfs", KEEP, "tmpfs", 0, NULL));
	TRY(mount(NULL, KEEP, NULL, MS_PRIVATE, NULL));
	mkdir(KEEP "/to", 0755);
	TRY(mount(NULL, "/sys", NULL, MS_PRIVATE, NULL));
	if (mount("/sys/fs/bpf", KEEP "/to", NULL, MS_MOVE, NULL) < 0)
		status = refused("move");
	else if (mount(KEEP "/to", "/sys/fs/bpf", NULL, MS_MOVE, NULL) < 0)
		status = refused("move back");
	mount(NULL, "/sys", NULL, MS_SHARED, NULL);
	umount2(KEEP, MNT_DETACH);
	return status;
}

static int do_move_mount(void)
{
	int status = WORKED;

	TRY(host());
	TRY(mount("tmpfs", KEEP, "tmpfs", 0, NULL));
	TRY(mount(NULL, KEEP, NULL, MS_PRIVATE, NULL));
	mkdir(KEEP "/to", 0755);
	TRY(mount(NULL, "/sys", NULL, MS_PRIVATE, NULL));
	if (syscall(SYS_move_mount, AT_FDCWD, "/sys/fs/bpf", AT_FDCWD, KEEP "/to", 0) < 0)
		status = refused("move_mount");
	else if (syscall(SYS_move_mount, AT_FDCWD, KEEP "/to", AT_FDCWD, "/sys/fs/bpf", 0) < 0)
		status = refused("move_mount back");
	mount(NULL, "/sys", NULL, MS_SHARED, NULL);
	umount2(KEEP, MNT_DETACH);
	return status;
}

/* The process. What stops it lets it go on at once. */

static int do_stop(void)
{
	pid_t pid = daemon_pid();

	TRY(kill(pid, SIGSTOP));
	TRY(kill(pid, SIGCONT));
	return WORKED;
}

static int do_signal_harmless(int sig)
{
	TRY(kill(daemon_pid(), sig));
	return WORKED;
}

/* The daemon blocks it and reads none: it stays pending. */
static int do_signal_user(void)
{
	return do_signal_harmless(SIGURG);
}

static int do_stop_group(void)
{
	pid_t pid = daemon_pid();

	TRY(kill(-pid, SIGSTOP));
	TRY(kill(-pid, SIGCONT));
	return WORKED;
}

static int do_stop_thread(void)
{
	pid_t pid = daemon_pid();

	TRY(syscall(SYS_tgkill, pid, pid, SIGSTOP));
	TRY(kill(pid, SIGCONT));
	return WORKED;
}

static int do_stop_pidfd(void)
{
	int fd = (int)syscall(SYS_pidfd_open, daemon_pid(), 0);

	TRY(fd);
	TRY(syscall(SYS_pidfd_send_signal, fd, SIGSTOP, NULL, 0));
	TRY(kill(daemon_pid(), SIGCONT));
	return WORKED;
}

static int do_stop_queued(void)
{
	union sigval value = {};

	TRY(sigqueue(daemon_pid(), SIGSTOP, value));
	TRY(kill(daemon_pid(), SIGCONT));
	return WORKED;
}

static bool is_stopped(pid_t pid)
{
	char path[64], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(file);
	return state == 'T';
}

/* A pipe that signals somebody else. The kernel tells nobody that it is refused. */
static int do_stop_by_pipe(void)
{
	pid_t pid = daemon_pid();
	int channel[2];

	TRY(pipe(channel));
	TRY(fcntl(channel[0], F_SETSIG, SIGSTOP));
	TRY(fcntl(channel[0], F_SETOWN, pid));
	TRY(fcntl(channel[0], F_SETFL, O_ASYNC));
	TRY(write(channel[1], "x", 1));
	for (int i = 0; i < 100; i++) {
		if (is_stopped(pid)) {
			TRY(kill(pid, SIGCONT));
			return WORKED;
		}
		usleep(2000);
	}
	errno = EACCES;
	return refused("SIGIO");
}

static int seize(pid_t pid)
{
	int status;

	TRY(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	TRY(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL));
	waitpid(pid, &status, __WALL);
	TRY(ptrace(PTRACE_DETACH, pid, NULL, NULL));
	return WORKED;
}

static int do_trace(void)
{
	return seize(daemon_pid());
}

static int do_trace_manager(void)
{
	return seize(1);
}

static int open_memory(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	TRY(open(path, O_RDWR | O_CLOEXEC));
	return WORKED;
}

static int do_memory(void)
{
	return open_memory(daemon_pid());
}

static int do_memory_manager(void)
{
	return open_memory(1);
}

/* A mapping of the daemon's that can be written: its stack. */
static unsigned long find_stack(pid_t pid)
{
	char path[64], line[512];
	unsigned long start = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps))
		if (strstr(line, "[stack]"))
			start = strtoul(strchr(line, '-') + 1, NULL, 16) - sizeof(long);
	if (maps)
		fclose(maps);
	return start;
}

static int do_write_memory(void)
{
	pid_t pid = daemon_pid();
	struct iovec here = {(void *)&word, sizeof(word)};
	struct iovec there = {(void *)find_stack(pid), sizeof(word)};

	TRY(process_vm_readv(pid, &here, 1, &there, 1, 0));
	TRY(process_vm_writev(pid, &here, 1, &there, 1, 0));
	return WORKED;
}

static int do_take_descriptor(void)
{
	int fd = (int)syscall(SYS_pidfd_open, daemon_pid(), 0);

	TRY(fd);
	TRY(syscall(SYS_pidfd_getfd, fd, 3, 0));
	return WORKED;
}

static int do_limit(void)
{
	pid_t pid = daemon_pid();
	struct rlimit limit;

	TRY(prlimit(pid, RLIMIT_CPU, NULL, &limit));
	TRY(prlimit(pid, RLIMIT_CPU, &limit, NULL));
	return WORKED;
}

static int do_schedule(void)
{
	struct sched_param none = {};

	TRY(sched_setscheduler(daemon_pid(), SCHED_OTHER, &none));
	return WORKED;
}

/* Its cgroup */

static int write_open(const char *path)
{
	TRY(host());
	TRY(open(path, O_WRONLY | O_CLOEXEC));
	return WORKED;
}

static int do_cgroup_kill(void)
{
	return write_open(OWN "/cgroup.kill");
}

static int do_cgroup_freeze(void)
{
	return write_open(OWN "/cgroup.freeze");
}

static int do_cgroup_join(void)
{
	return write_open(OWN "/cgroup.procs");
}

static int do_cgroup_parent_kill(void)
{
	return write_open(CGROUPS "/system.slice/cgroup.kill");
}

static int do_cgroup_parent_freeze(void)
{
	return write_open(CGROUPS "/system.slice/cgroup.freeze");
}

static int do_cgroup_manager(void)
{
	return write_open(CGROUPS "/init.scope/cgroup.procs");
}

static int do_cgroup_mkdir(void)
{
	return make_folder(OWN "/mine");
}

static int do_cgroup_mounted(void)
{
	int fd, status;

	TRY(host());
	TRY(mount("cgroup2", KEEP, "cgroup2", 0, NULL));
	fd = open(KEEP "/system.slice/bailiffd.service/cgroup.kill", O_WRONLY | O_CLOEXEC);
	status = fd < 0 ? refused("open") : WORKED;
	close(fd);
	umount2(KEEP, MNT_DETACH);
	return status;
}

/* Its files */

static int do_conf_write(void)
{
	return write_open(CONF);
}

static int do_conf_uring(void)
{
	struct io_uring_sqe request = {
		.opcode = IORING_OP_OPENAT,
		.fd = AT_FDCWD,
		.addr = (uintptr_t)CONF,
		.open_flags = O_WRONLY,
	};

	TRY(host());
	TRY(uring(&request, 0));
	return WORKED;
}

static int do_conf_truncate(void)
{
	struct stat st;

	TRY(host());
	TRY(stat(CONF, &st));
	TRY(truncate(CONF, st.st_size));
	return WORKED;
}

static int do_conf_chmod(void)
{
	TRY(host());
	TRY(chmod(CONF, 0644));
	return WORKED;
}

static int do_conf_times(void)
{
	TRY(host());
	TRY(utimensat(AT_FDCWD, CONF, NULL, 0));
	return WORKED;
}

static int do_conf_xattr(void)
{
	TRY(host());
	TRY(setxattr(CONF, "user.door", "x", 1, 0));
	return WORKED;
}

static int do_conf_rename(void)
{
	return there_and_back(CONF, "/etc/bailiff/other");
}

static int do_conf_away(void)
{
	return there_and_back(CONF, "/etc/other-conf");
}

/* It is replaced by a copy, so there is nothing to be undone. */
static int do_conf_replace(void)
{
	char text[256] = {};
	FILE *conf;

	TRY(host());
	conf = fopen(CONF, "re");
	if (!conf || !fread(text, 1, sizeof(text) - 1, conf))
		return says(UNTRIED, "no configuration");
	TRY(put_text("/etc/door-conf", text));
	TRY(rename("/etc/door-conf", CONF));
	return WORKED;
}

static int do_conf_link(void)
{
	TRY(host());
	TRY(link(CONF, "/etc/door-link"));
	TRY(unlink("/etc/door-link"));
	return WORKED;
}

static int do_conf_bound(void)
{
	int fd, status;

	TRY(host());
	TRY(bind_mount("/etc", KEEP));
	fd = open(KEEP "/bailiff/bailiff.conf", O_WRONLY | O_CLOEXEC);
	status = fd < 0 ? refused("open") : WORKED;
	umount2(KEEP, MNT_DETACH);
	return status;
}

static int do_conf_namespace(void)
{
	TRY(host());
	TRY(unshare(CLONE_NEWNS));
	TRY(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	TRY(open(CONF, O_WRONLY | O_CLOEXEC));
	return WORKED;
}

static int make_file(const char *path)
{
	TRY(host());
	TRY(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
	TRY(unlink(path));
	return WORKED;
}

static int do_policy_make(void)
{
	return make_file(POLICIES "/door.txt");
}

static int do_policy_unlink(void)
{
	TRY(host());
	TRY(rename(POLICIES "/probe.ini", "/etc/door-policy"));
	TRY(rename("/etc/door-policy", POLICIES "/probe.ini"));
	return WORKED;
}

static int do_policy_make_run(void)
{
	return make_file("/run/bailiff/policies.d/door.txt");
}

static int do_policy_last(void)
{
	return make_file("/var/lib/bailiff/policies.d/door.txt");
}

static int do_policies_rename(void)
{
	return there_and_back("/etc/bailiff", "/etc/door-bailiff");
}

static int do_policies_folder_rename(void)
{
	return there_and_back(POLICIES, "/etc/bailiff/other");
}

static int do_parent_rename(void)
{
	return there_and_back("/var/lib", "/var/door-lib");
}

static int do_lock(void)
{
	return there_and_back("/run/bailiff/lock", "/run/door-lock");
}

static int do_program_rename(void)
{
	return there_and_back("/usr/sbin/bailiffd", "/usr/sbin/door-bailiffd");
}

static int do_command_write(void)
{
	return write_open("/usr/bin/bailiff");
}

static int do_unit_write(void)
{
	return write_open(UNIT);
}

static int do_unit_override(void)
{
	return make_file(UNIT_TREE "/bailiffd.service");
}

static int do_unit_symlink(void)
{
	TRY(host());
	TRY(symlink("/dev/null", UNIT_TREE "/bailiffd.service"));
	TRY(unlink(UNIT_TREE "/bailiffd.service"));
	return WORKED;
}

static int do_dropin(void)
{
	return make_folder(UNIT_TREE "/bailiffd.service.d");
}

static int do_dropin_run(void)
{
	return make_folder("/run/systemd/system/bailiffd.service.d");
}

static int do_dropin_all(void)
{
	return make_folder(UNIT_TREE "/service.d");
}

static int do_dropin_parent(void)
{
	return make_folder("/run/systemd/system.control");
}

/* The link that has it started at boot is there already. */
static int do_disable(void)
{
	return there_and_back(UNIT_TREE "/multi-user.target.wants/bailiffd.service",
			      UNIT_TREE "/multi-user.target.wants/door.service");
}

static int do_preload(void)
{
	return make_file("/etc/ld.so.preload");
}

static const struct technique techniques[] = {
	ROAD("map-pin", do_map_pin, "BPF_OBJ_GET of a map"),
	ROAD("map-pin-read", do_map_pin_read, "for reading"),
	ROAD("map-pin-bound", do_map_pin_bound, "by a bind mount of the BPF file system"),
	ROAD("map-id", do_map_id, "BPF_MAP_GET_FD_BY_ID"),
	ROAD("map-id-read", do_map_id_read, "for reading"),
	ROAD("map-born-inside", do_map_born_inside, "in the daemon's cgroup"),
	ROAD("map-orphan", do_map_orphan, "the same, as a child of PID 1"),
	ROAD("program-pin", do_program_pin, "BPF_OBJ_GET of a program"),
	ROAD("program-id", do_program_id, "BPF_PROG_GET_FD_BY_ID"),
	ROAD("link-id", do_link_id, "BPF_LINK_GET_FD_BY_ID"),
	ROAD("pin-unlink", do_pin_unlink, "unlink of a pin"),
	ROAD("pin-unlink-bound", do_pin_unlink_bound, "in a bind mount"),
	ROAD("pin-rename", do_pin_rename, "rename of a pin"),
	ROAD("pins-rename", do_pins_rename, "rename of their folder"),
	ROAD("pins-exchange", do_pins_exchange, "RENAME_EXCHANGE of it"),
	ROAD("pin-link", do_pin_link, "a second name"),
	ROAD("pin-make", do_pin_make, "a pin among them"),
	ROAD("pin-mkdir", do_pin_mkdir, "a folder among them"),
	ROAD("pin-mkdir-next", do_pin_mkdir_next, "the name that new pins get at first"),
	ROAD("pin-symlink", do_pin_symlink, "a symbolic link among them"),
	ROAD("pin-chmod", do_pin_chmod, "chmod"),
	ROAD("pin-chown", do_pin_chown, "chown"),
	ROAD("umount", do_unmount, "umount -l of the BPF file system"),
	ROAD("umount-shared", do_unmount_shared, "in another namespace, that the host's follows"),
	ROAD("over-pins", do_over_pins, "mount over the pins"),
	ROAD("over-bpffs", do_over_bpffs, "over the BPF file system"),
	ROAD("over-sys", do_over_sys, "over a parent of it"),
	ROAD("over-policies", do_over_policies, "over the policies"),
	ROAD("over-etc-bailiff", do_over_etc_bailiff, "over their parent"),
	ROAD("over-cgroup", do_over_cgroup, "over the daemon's cgroup"),
	ROAD("over-units", do_over_units, "over a folder of units"),
	ROAD("over-program", do_bind_program, "another program over the daemon's"),
	ROAD("over-new-mount", do_over_new_mount, "by fsmount and move_mount"),
	ROAD("over-shared", do_over_shared, "in another namespace, that the host's follows"),
	ROAD("over-inside", do_over_inside, "in the daemon's own namespace"),
	ROAD("remount", do_remount, "the BPF file system read-only"),
	ROAD("remount-bind", do_remount_bind, "its mount read-only"),
	ROAD("stop", do_stop, "kill"),
	ROAD("signal-ignored", do_signal_user, "a signal that does nothing"),
	ROAD("stop-group", do_stop_group, "its process group"),
	ROAD("stop-thread", do_stop_thread, "tgkill"),
	ROAD("stop-pidfd", do_stop_pidfd, "pidfd_send_signal"),
	ROAD("stop-queued", do_stop_queued, "rt_sigqueueinfo"),
	ROAD("stop-by-pipe", do_stop_by_pipe, "F_SETOWN and F_SETSIG"),
	ROAD("trace", do_trace, "PTRACE_SEIZE"),
	ROAD("trace-manager", do_trace_manager, "the same of PID 1"),
	ROAD("memory", do_memory, "/proc/PID/mem"),
	ROAD("memory-manager", do_memory_manager, "the same of PID 1"),
	ROAD("memory-write", do_write_memory, "process_vm_writev", .flags = EPERM_TOO),
	ROAD("take-descriptor", do_take_descriptor, "pidfd_getfd", .flags = EPERM_TOO),
	ROAD("limit", do_limit, "prlimit"),
	ROAD("schedule", do_schedule, "sched_setscheduler"),
	ROAD("cgroup-kill", do_cgroup_kill, "cgroup.kill"),
	ROAD("cgroup-freeze", do_cgroup_freeze, "cgroup.freeze"),
	ROAD("cgroup-join", do_cgroup_join, "cgroup.procs"),
	ROAD("cgroup-parent-kill", do_cgroup_parent_kill, "cgroup.kill of the slice"),
	ROAD("cgroup-parent-freeze", do_cgroup_parent_freeze, "cgroup.freeze of the slice"),
	ROAD("cgroup-manager", do_cgroup_manager, "join PID 1's"),
	ROAD("cgroup-mkdir", do_cgroup_mkdir, "a cgroup beneath"),
	ROAD("cgroup-mounted", do_cgroup_mounted, "cgroup.kill in another mount of cgroup2"),
	ROAD("conf-write", do_conf_write, "open the configuration to write"),
	ROAD("conf-uring", do_conf_uring, "by io_uring"),
	ROAD("conf-truncate", do_conf_truncate, "truncate"),
	ROAD("conf-chmod", do_conf_chmod, "chmod"),
	ROAD("conf-times", do_conf_times, "utimensat"),
	ROAD("conf-xattr", do_conf_xattr, "setxattr"),
	ROAD("conf-rename", do_conf_rename, "rename"),
	ROAD("conf-away", do_conf_away, "rename to another folder"),
	ROAD("conf-replace", do_conf_replace, "another file in its place"),
	ROAD("conf-link", do_conf_link, "a hard link"),
	ROAD("conf-bound", do_conf_bound, "in a bind mount"),
	ROAD("conf-namespace", do_conf_namespace, "in a mount namespace of its own"),
	ROAD("policy-make", do_policy_make, "a policy more"),
	ROAD("policy-away", do_policy_unlink, "a policy less"),
	ROAD("policy-make-run", do_policy_make_run, "the same in /run"),
	ROAD("policy-last", do_policy_last, "the copies of what was in force"),
	ROAD("policies-rename", do_policies_rename, "rename of /etc/bailiff"),
	ROAD("policies-folder-rename", do_policies_folder_rename, "rename of the folder"),
	ROAD("parent-rename", do_parent_rename, "rename of /var/lib"),
	ROAD("lock", do_lock, "rename of the lock"),
	ROAD("program-rename", do_program_rename, "rename of bailiffd"),
	ROAD("command-write", do_command_write, "open bailiff to write"),
	ROAD("unit-write", do_unit_write, "open the unit to write"),
	ROAD("unit-override", do_unit_override, "a unit that comes first"),
	ROAD("unit-mask", do_unit_symlink, "a link to /dev/null"),
	ROAD("dropin", do_dropin, "a drop-in"),
	ROAD("dropin-run", do_dropin_run, "in /run"),
	ROAD("dropin-all", do_dropin_all, "for all services"),
	ROAD("dropin-parent", do_dropin_parent, "a folder that could hold one"),
	ROAD("disable", do_disable, "not started at boot"),
	ROAD("preload", do_preload, "/etc/ld.so.preload"),
	/* the last: they part /sys from the namespaces that follow it */
	ROAD("move", do_move, "mount --move"),
	ROAD("move-mount", do_move_mount, "move_mount"),
	ROAD("umount-parent", do_unmount_parent, "umount -l of /sys"),
	{},
};

const struct family family = {
	.techniques = techniques,
	.prepare = prepare,
	.plain = do_conf_write,
	.alone = 1,
	.watched = (const char *const[]){"/etc/bailiff", CONF, POLICIES, "/run/bailiff/policies.d",
					 "/usr/sbin/bailiffd", "/usr/bin/bailiff", UNIT, UNIT_TREE,
					 PINS, PINS "/links", PINS "/maps", NULL},
};
