/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/kernel-internal.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/image.h"

/*
 * The programs, and when each is needed. A hook that differs between kernels has a program a form;
 * the kernel's own types say which is the right one.
 */

#define READ (1u << BAILIFF_VERB_READ)
#define WRITE (1u << BAILIFF_VERB_WRITE)
#define EXEC (1u << BAILIFF_VERB_EXEC)
#define MAP (1u << BAILIFF_VERB_MAP)
#define PROCESS(name) (1u << BAILIFF_PROCESS_##name)

static const struct hook {
	const char *program; /* without "bailiff_" */
	const char *function;
	unsigned n_parameters; /* 0: always the same */
	/* needed where some image has an answer other than allow to one of these */
	__u32 verbs, process;
	__u32 unless;  /* verbs: where they are needed, another hook does its work */
	__u32 network; /* 1: for any answer; 2: for one about the path of a unix socket */
	bool always, capabilities, revoke;
	bool protect;  /* needed for the daemon's own protection */
	bool optional; /* another hook does its work where the kernel does not have it */
} hooks[KERNEL_N_HOOKS] = {
	[KERNEL_HOOK_CGROUP_MKDIR] = {"cgroup_mkdir", .always = true},
	[KERNEL_HOOK_CGROUP_RMDIR] = {"cgroup_rmdir", .always = true},
	[KERNEL_HOOK_TASK_ALLOC] = {"task_alloc", "task_alloc", .always = true},
	[KERNEL_HOOK_EXEC] = {"exec", "bprm_check_security", .always = true},
	[KERNEL_HOOK_EXECUTED] = {"executed", "bprm_committing_creds", .always = true},
	[KERNEL_HOOK_MMAP_FILE] = {"mmap_file", "mmap_file", .verbs = MAP,
				   .process = PROCESS(WX) | PROCESS(DRIFT)},
	[KERNEL_HOOK_FILE_MPROTECT] = {"file_mprotect", "file_mprotect", .verbs = MAP,
				       .process = PROCESS(WX) | PROCESS(DRIFT)},
	[KERNEL_HOOK_MMAP_USE] = {"mmap_use", "mmap_file", .revoke = true},
	[KERNEL_HOOK_FILE_PERMISSION] = {"file_permission", "file_permission", .revoke = true},
	[KERNEL_HOOK_FILE_OPEN] = {"file_open", "file_open", .verbs = READ | WRITE,
				   .process = PROCESS(DRIFT_READ)},
	[KERNEL_HOOK_FILE_RECEIVE] = {"file_receive", "file_receive", .verbs = READ | WRITE},
	[KERNEL_HOOK_FILE_TRUNCATE] = {"file_truncate", "file_truncate", .verbs = WRITE,
				       .optional = true},
	[KERNEL_HOOK_FILE_IOCTL] = {"file_ioctl", "file_ioctl", .verbs = EXEC | READ | WRITE,
				    .process = PROCESS(SIGNAL_OUT)},
	[KERNEL_HOOK_IOCTL_COMPAT] = {"ioctl_compat", "file_ioctl_compat",
				      .verbs = EXEC | READ | WRITE, .process = PROCESS(SIGNAL_OUT),
				      .optional = true},
	[KERNEL_HOOK_PATH_TRUNCATE] = {"path_truncate", "path_truncate", .verbs = WRITE},
	[KERNEL_HOOK_PATH_UNLINK] = {"path_unlink", "path_unlink", .verbs = EXEC | READ | WRITE},
	[KERNEL_HOOK_PATH_RMDIR] = {"path_rmdir", "path_rmdir", .verbs = WRITE},
	[KERNEL_HOOK_PATH_MKDIR] = {"path_mkdir", "path_mkdir", .verbs = WRITE},
	[KERNEL_HOOK_PATH_MKNOD] = {"path_mknod", "path_mknod", .verbs = WRITE},
	[KERNEL_HOOK_PATH_SYMLINK] = {"path_symlink", "path_symlink", .verbs = WRITE},
	[KERNEL_HOOK_PATH_LINK] = {"path_link", "path_link", .verbs = EXEC | READ | WRITE,
				   .network = 2},
	[KERNEL_HOOK_PATH_RENAME] = {"path_rename", "path_rename", .verbs = EXEC | READ | WRITE,
				     .network = 2},
	[KERNEL_HOOK_PATH_CHMOD] = {"path_chmod", "path_chmod", .verbs = WRITE},
	[KERNEL_HOOK_PATH_CHOWN] = {"path_chown", "path_chown", .verbs = WRITE},
	[KERNEL_HOOK_INODE_SETATTR] = {"inode_setattr", "inode_setattr", 3, .verbs = WRITE},
	[KERNEL_HOOK_INODE_SETATTR_2] = {"inode_setattr_2", "inode_setattr", 2, .verbs = WRITE},
	[KERNEL_HOOK_INODE_SETXATTR] = {"inode_setxattr", "inode_setxattr", .verbs = WRITE},
	[KERNEL_HOOK_INODE_REMOVEXATTR] = {"inode_removexattr", "inode_removexattr",
					   .verbs = WRITE},
	[KERNEL_HOOK_INODE_SET_ACL] = {"inode_set_acl", "inode_set_acl", .verbs = WRITE,
				       .optional = true},
	[KERNEL_HOOK_INODE_REMOVE_ACL] = {"inode_remove_acl", "inode_remove_acl", .verbs = WRITE,
					  .optional = true},
	[KERNEL_HOOK_SB_MOUNT] = {"sb_mount", "sb_mount", .verbs = EXEC | READ | WRITE,
				  .process = PROCESS(MOUNT) | PROCESS(DRIFT), .network = 2},
	[KERNEL_HOOK_SB_UMOUNT] = {"sb_umount", "sb_umount", .verbs = WRITE,
				   .process = PROCESS(MOUNT)},
	[KERNEL_HOOK_SB_REMOUNT] = {"sb_remount", "sb_remount", .process = PROCESS(MOUNT)},
	[KERNEL_HOOK_MOVE_MOUNT] = {"move_mount", "move_mount", .verbs = EXEC | READ | WRITE,
				    .process = PROCESS(MOUNT) | PROCESS(DRIFT), .network = 2},
	[KERNEL_HOOK_SB_PIVOTROOT] = {"sb_pivotroot", "sb_pivotroot", .verbs = EXEC | READ | WRITE,
				      .process = PROCESS(MOUNT), .network = 2},
	[KERNEL_HOOK_CAPABLE] = {"capable", "capable", .capabilities = true,
				 .process = PROCESS(SETNS) | PROCESS(MOUNT)},
	[KERNEL_HOOK_PTRACE] = {"ptrace", "ptrace_access_check", .process = PROCESS(PTRACE)},
	[KERNEL_HOOK_TRACEME] = {"traceme", "ptrace_traceme", .process = PROCESS(PTRACE)},
	[KERNEL_HOOK_TASK_KILL] = {"task_kill", "task_kill", .process = PROCESS(SIGNAL_OUT)},
	[KERNEL_HOOK_TASK_SETRLIMIT] = {"task_setrlimit", "task_setrlimit",
					.process = PROCESS(SIGNAL_OUT)},
	[KERNEL_HOOK_FILE_FCNTL] = {"file_fcntl", "file_fcntl", .process = PROCESS(SIGNAL_OUT)},
	[KERNEL_HOOK_PATH_CHROOT] = {"path_chroot", "path_chroot", .process = PROCESS(CHROOT)},
	[KERNEL_HOOK_BPF] = {"bpf", "bpf", .process = PROCESS(BPF)},
	[KERNEL_HOOK_PERF] = {"perf_event_open", "perf_event_open", 1, .process = PROCESS(PERF)},
	[KERNEL_HOOK_PERF_2] = {"perf_event_open_2", "perf_event_open", 2,
				.process = PROCESS(PERF)},
	[KERNEL_HOOK_LOAD_DATA] = {"load_data", "kernel_load_data", .process = PROCESS(MODULE)},
	[KERNEL_HOOK_READ_FILE] = {"read_file", "kernel_read_file", .process = PROCESS(MODULE)},
	[KERNEL_HOOK_KEY_ALLOC] = {"key_alloc", "key_alloc", .process = PROCESS(KEYCTL)},
	[KERNEL_HOOK_KEY_PERMISSION] = {"key_permission", "key_permission",
					.process = PROCESS(KEYCTL)},
	[KERNEL_HOOK_USERNS_CREATE] = {"userns_create", "userns_create",
				       .process = PROCESS(USERNS)},
	[KERNEL_HOOK_ANON_INODE] = {"anon_inode", "inode_init_security_anon",
				    .process = PROCESS(IO_URING) | PROCESS(USERFAULTFD)},
	[KERNEL_HOOK_SOCKET_CREATE] = {"socket_create", "socket_create", .network = 1},
	[KERNEL_HOOK_SOCKET_BIND] = {"socket_bind", "socket_bind", .network = 1},
	[KERNEL_HOOK_SOCKET_CONNECT] = {"socket_connect", "socket_connect", .network = 1},
	[KERNEL_HOOK_SOCKET_LISTEN] = {"socket_listen", "socket_listen", .network = 1},
	[KERNEL_HOOK_SOCKET_ACCEPT] = {"socket_accept", "socket_accept", .network = 1},
	[KERNEL_HOOK_SOCKET_SENDMSG] = {"socket_sendmsg", "socket_sendmsg", .network = 1},
	[KERNEL_HOOK_UNIX_CONNECT] = {"unix_connect", "unix_stream_connect", .network = 1},
	[KERNEL_HOOK_UNIX_SEND] = {"unix_send", "unix_may_send", .network = 1},
	[KERNEL_HOOK_UNIX_BIND] = {"unix_bind", "path_mknod", .network = 1},
	[KERNEL_HOOK_SCTP] = {"sctp_addresses", "sctp_bind_connect", .network = 1},
	[KERNEL_HOOK_OPEN_EXEC] = {"open_exec", "file_open", .verbs = MAP, .unless = READ | WRITE},
	[KERNEL_HOOK_PROTECT_ALLOC] = {"protect_alloc", "task_alloc", .protect = true},
	[KERNEL_HOOK_PROTECT_EXEC] = {"protect_exec", "bprm_check_security", .protect = true},
	[KERNEL_HOOK_PROTECT_MAP] = {"protect_map", "bpf_map", .protect = true},
	[KERNEL_HOOK_PROTECT_PROG] = {"protect_prog", "bpf_prog", .protect = true},
	[KERNEL_HOOK_PROTECT_BPF] = {"protect_bpf", "bpf", .protect = true},
	[KERNEL_HOOK_PROTECT_OPEN] = {"protect_open", "file_open", .protect = true},
	[KERNEL_HOOK_PROTECT_CREATE] = {"protect_create", "inode_create", .protect = true},
	[KERNEL_HOOK_PROTECT_MKDIR] = {"protect_mkdir", "inode_mkdir", .protect = true},
	[KERNEL_HOOK_PROTECT_MKNOD] = {"protect_mknod", "inode_mknod", .protect = true},
	[KERNEL_HOOK_PROTECT_SYMLINK] = {"protect_symlink", "inode_symlink", .protect = true},
	[KERNEL_HOOK_PROTECT_LINK] = {"protect_link", "inode_link", .protect = true},
	[KERNEL_HOOK_PROTECT_UNLINK] = {"protect_unlink", "inode_unlink", .protect = true},
	[KERNEL_HOOK_PROTECT_RMDIR] = {"protect_rmdir", "inode_rmdir", .protect = true},
	[KERNEL_HOOK_PROTECT_RENAME] = {"protect_rename", "inode_rename", .protect = true},
	[KERNEL_HOOK_PROTECT_ATTR] = {"protect_attr", "inode_setattr", 3, .protect = true},
	[KERNEL_HOOK_PROTECT_ATTR_2] = {"protect_attr_2", "inode_setattr", 2, .protect = true},
	[KERNEL_HOOK_PROTECT_XATTR] = {"protect_xattr", "inode_setxattr", .protect = true},
	[KERNEL_HOOK_PROTECT_MOUNT] = {"protect_mount", "sb_mount", .protect = true},
	[KERNEL_HOOK_PROTECT_MOVE] = {"protect_move", "move_mount", .protect = true},
	[KERNEL_HOOK_PROTECT_UMOUNT] = {"protect_umount", "sb_umount", .protect = true},
	[KERNEL_HOOK_PROTECT_PIVOT] = {"protect_pivot", "sb_pivotroot", .protect = true},
	[KERNEL_HOOK_PROTECT_REMOUNT] = {"protect_remount", "sb_remount", .protect = true},
	[KERNEL_HOOK_PROTECT_KILL] = {"protect_kill", "task_kill", .protect = true},
	[KERNEL_HOOK_PROTECT_SIGIO] = {"protect_sigio", "file_send_sigiotask", .protect = true},
	[KERNEL_HOOK_PROTECT_PTRACE] = {"protect_ptrace", "ptrace_access_check", .protect = true},
	[KERNEL_HOOK_PROTECT_LIMIT] = {"protect_limit", "task_setrlimit", .protect = true},
	[KERNEL_HOOK_PROTECT_SCHED] = {"protect_sched", "task_setscheduler", .protect = true},
	[KERNEL_HOOK_PROTECT_NICE] = {"protect_nice", "task_setnice", .protect = true},
	[KERNEL_HOOK_PROTECT_IOPRIO] = {"protect_ioprio", "task_setioprio", .protect = true},
};

const char *kernel_hook_name(enum kernel_hook hook)
{
	return hooks[hook].program;
}

bool kernel_hook_is_of_paths(enum kernel_hook hook)
{
	return hooks[hook].function && strncmp(hooks[hook].function, "path_", 5) == 0;
}

void kernel_needs_add(struct kernel_needs *needs, const struct bailiff_cell *image)
{
	const struct bailiff_image *header = image_header(image);

	needs->any = true;
	needs->verbs |= header->used;
	needs->process |= header->process;
	needs->network |= header->network;
	needs->revoke |= header->revoke;
	needs->capabilities |= header->capabilities;
}

bool kernel_hook_needed(enum kernel_hook hook, const struct kernel_needs *needs)
{
	const struct hook *h = &hooks[hook];

	if (h->unless & needs->verbs)
		return false;
	return (h->always && needs->any) || (h->verbs & needs->verbs) ||
	       (h->process & needs->process) || (h->network & needs->network) ||
	       (h->capabilities && needs->capabilities) || (h->revoke && needs->revoke) ||
	       (h->protect && needs->protect);
}

bool kernel_hook_protects(enum kernel_hook hook)
{
	return hooks[hook].protect;
}

/* How many parameters the kernel's own function of a hook has; -ENOENT where it has no such hook.
 */
static int count_parameters(const struct btf *kernel_types, const char *function)
{
	const struct btf_type *type;
	char name[64];
	int id;

	snprintf(name, sizeof(name), "bpf_lsm_%s", function);
	id = btf__find_by_name_kind(kernel_types, name, BTF_KIND_FUNC);
	if (id < 0)
		return -ENOENT;
	type = btf__type_by_id(kernel_types, btf__type_by_id(kernel_types, (__u32)id)->type);
	return btf_vlen(type);
}

bool kernel_hook_fits(enum kernel_hook hook, const struct btf *kernel_types)
{
	const struct hook *h = &hooks[hook];
	int n = h->function ? count_parameters(kernel_types, h->function) : 0;

	return n >= 0 && (!h->n_parameters || (unsigned)n == h->n_parameters);
}

int kernel_has_hooks_of_paths(void)
{
	struct btf *kernel_types = btf__load_vmlinux_btf();
	bool has;

	if (!kernel_types)
		return -errno;
	has = kernel_hook_fits(KERNEL_HOOK_PATH_UNLINK, kernel_types);
	btf__free(kernel_types);
	return has;
}

/* Whether another form of the same hook is there, or the hook's work is done by others. */
bool kernel_hook_replaced(const struct kernel *kernel, enum kernel_hook hook)
{
	if (hooks[hook].optional)
		return true;
	for (size_t i = 0; i < KERNEL_N_HOOKS; i++)
		if (i != hook && (kernel->programs[i] >= 0 || kernel->links[i] >= 0) &&
		    hooks[i].n_parameters && hooks[hook].n_parameters &&
		    hooks[i].protect == hooks[hook].protect &&
		    strcmp(hooks[i].function, hooks[hook].function) == 0)
			return true;
	return false;
}
