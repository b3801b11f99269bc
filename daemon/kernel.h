/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "bpf-lsm/abi.h"
#include "bpf-lsm/abi-event.h"
#include "bpf-lsm/abi-protect.h"
#include "daemon/util.h"

/*
 * The kernel's half: maps, programs and links, pinned under KERNEL_PINS so that they outlive the
 * daemon. kernel.c is the only file that knows libbpf. All functions return 0 or more, or a
 * negative errno.
 */

#define KERNEL_PINS "/sys/fs/bpf/bailiff"

/* In the order of attaching: who binds and labels comes before who decides. */
enum kernel_hook {
	KERNEL_HOOK_CGROUP_MKDIR,
	KERNEL_HOOK_CGROUP_RMDIR,
	KERNEL_HOOK_TASK_ALLOC,
	KERNEL_HOOK_EXEC,
	KERNEL_HOOK_EXECUTED,
	KERNEL_HOOK_MMAP_FILE,
	KERNEL_HOOK_FILE_MPROTECT,
	KERNEL_HOOK_MMAP_USE,
	KERNEL_HOOK_FILE_PERMISSION,
	KERNEL_HOOK_FILE_OPEN,
	KERNEL_HOOK_FILE_RECEIVE,
	KERNEL_HOOK_FILE_TRUNCATE,
	KERNEL_HOOK_FILE_IOCTL,
	KERNEL_HOOK_IOCTL_COMPAT,
	KERNEL_HOOK_PATH_TRUNCATE,
	KERNEL_HOOK_PATH_UNLINK,
	KERNEL_HOOK_PATH_RMDIR,
	KERNEL_HOOK_PATH_MKDIR,
	KERNEL_HOOK_PATH_MKNOD,
	KERNEL_HOOK_PATH_SYMLINK,
	KERNEL_HOOK_PATH_LINK,
	KERNEL_HOOK_PATH_RENAME,
	KERNEL_HOOK_COPY_UP,
	KERNEL_HOOK_PATH_CHMOD,
	KERNEL_HOOK_PATH_CHOWN,
	KERNEL_HOOK_INODE_SETATTR,
	KERNEL_HOOK_INODE_SETATTR_2,
	KERNEL_HOOK_INODE_SETXATTR,
	KERNEL_HOOK_INODE_REMOVEXATTR,
	KERNEL_HOOK_INODE_SET_ACL,
	KERNEL_HOOK_INODE_REMOVE_ACL,
	KERNEL_HOOK_SB_MOUNT,
	KERNEL_HOOK_SB_UMOUNT,
	KERNEL_HOOK_SB_REMOUNT,
	KERNEL_HOOK_MOVE_MOUNT,
	KERNEL_HOOK_SB_PIVOTROOT,
	KERNEL_HOOK_CAPABLE,
	KERNEL_HOOK_PTRACE,
	KERNEL_HOOK_TRACEME,
	KERNEL_HOOK_TASK_KILL,
	KERNEL_HOOK_TASK_SETRLIMIT,
	KERNEL_HOOK_FILE_FCNTL,
	KERNEL_HOOK_PATH_CHROOT,
	KERNEL_HOOK_BPF,
	KERNEL_HOOK_PERF,
	KERNEL_HOOK_PERF_2,
	KERNEL_HOOK_LOAD_DATA,
	KERNEL_HOOK_READ_FILE,
	KERNEL_HOOK_KEY_ALLOC,
	KERNEL_HOOK_KEY_PERMISSION,
	KERNEL_HOOK_USERNS_CREATE,
	KERNEL_HOOK_ANON_INODE,
	KERNEL_HOOK_SOCKET_CREATE,
	KERNEL_HOOK_SOCKET_BIND,
	KERNEL_HOOK_SOCKET_CONNECT,
	KERNEL_HOOK_SOCKET_LISTEN,
	KERNEL_HOOK_SOCKET_ACCEPT,
	KERNEL_HOOK_SOCKET_SENDMSG,
	KERNEL_HOOK_UNIX_CONNECT,
	KERNEL_HOOK_UNIX_SEND,
	KERNEL_HOOK_UNIX_BIND,
	KERNEL_HOOK_SCTP,
	KERNEL_HOOK_OPEN_EXEC,
	KERNEL_HOOK_CGROUP_SIGNAL,
	KERNEL_HOOK_MODULE_REQUEST,
	/* the daemon's own protection: who is trusted comes before what is guarded */
	KERNEL_HOOK_PROTECT_ALLOC,
	KERNEL_HOOK_PROTECT_EXEC,
	KERNEL_HOOK_PROTECT_MAP,
	KERNEL_HOOK_PROTECT_PROG,
	KERNEL_HOOK_PROTECT_BPF,
	KERNEL_HOOK_PROTECT_OPEN,
	KERNEL_HOOK_PROTECT_CREATE,
	KERNEL_HOOK_PROTECT_MKDIR,
	KERNEL_HOOK_PROTECT_MKNOD,
	KERNEL_HOOK_PROTECT_SYMLINK,
	KERNEL_HOOK_PROTECT_LINK,
	KERNEL_HOOK_PROTECT_UNLINK,
	KERNEL_HOOK_PROTECT_RMDIR,
	KERNEL_HOOK_PROTECT_RENAME,
	KERNEL_HOOK_PROTECT_ATTR,
	KERNEL_HOOK_PROTECT_ATTR_2,
	KERNEL_HOOK_PROTECT_XATTR,
	KERNEL_HOOK_PROTECT_NO_XATTR,
	KERNEL_HOOK_PROTECT_ACL,
	KERNEL_HOOK_PROTECT_NO_ACL,
	KERNEL_HOOK_PROTECT_IOCTL,
	KERNEL_HOOK_PROTECT_IOCTL_32,
	KERNEL_HOOK_PROTECT_MOUNT,
	KERNEL_HOOK_PROTECT_MOVE,
	KERNEL_HOOK_PROTECT_UMOUNT,
	KERNEL_HOOK_PROTECT_PIVOT,
	KERNEL_HOOK_PROTECT_REMOUNT,
	KERNEL_HOOK_PROTECT_KILL,
	KERNEL_HOOK_PROTECT_SIGIO,
	KERNEL_HOOK_PROTECT_PTRACE,
	KERNEL_HOOK_PROTECT_LIMIT,
	KERNEL_HOOK_PROTECT_SCHED,
	KERNEL_HOOK_PROTECT_NICE,
	KERNEL_HOOK_PROTECT_IOPRIO,
	KERNEL_N_HOOKS,
};

struct kernel;

/* libbpf's own messages; @debug: all of them, else warnings. Without a call they are dropped. */
void kernel_log_to(void (*log)(int priority, const char *text), bool debug);

/*
 * Takes over what is pinned if it is of this build; -ENOENT where nothing is pinned, -ESTALE where
 * it is another build's, or somebody's (the caller loads its own beside it). Then *ret_kernel is
 * what can be used of it, for kernel_load() and kernel_succeed() alone, or NULL.
 */
int kernel_take_over(struct kernel **ret_kernel);

/* As kernel_take_over(), for looking only: of any build with this ABI; maps are not writable. */
int kernel_look(struct kernel **ret_kernel);

/*
 * Makes the maps anew, unpinned, with an arena for at least @n_cells, and counters for @n_counters
 * rules; programs come as they are needed. Of @former (NULL: none) what was counted and what was
 * not read yet goes on (abi-record.h), and tasks keep their labels, if it is of this ABI.
 */
int kernel_load(size_t n_cells, __u32 n_counters, const struct kernel *former,
		struct kernel **ret_kernel);

/*
 * Pins everything, in the place of what was pinned before: what is attached stays so until the new
 * is attached.
 */
int kernel_pin(struct kernel *kernel);

/* Unpins everything that is pinned: nothing is enforced any more. 0 also where nothing was. */
int kernel_release(void);

/* What some images ask of the kernel: all zero is nothing. */
struct kernel_needs {
	bool any, revoke;
	bool protect; /* the daemon's own protection */
	__u32 verbs, process, network;
	__u64 capabilities;
};

void kernel_needs_add(struct kernel_needs *needs, const struct bailiff_cell *image);
bool kernel_hook_needed(enum kernel_hook hook, const struct kernel_needs *needs);

/* Loads the programs that are needed and not there yet. */
int kernel_load_programs(struct kernel *kernel, const struct kernel_needs *needs);

/* Binds all cgroups as the selector in force says. Returns 0 or a negative errno. */
int kernel_bind_all(struct kernel *kernel);

/*
 * Gives all tasks in bound cgroups that have no label the one that they would get at their first
 * act. Launchers have theirs before.
 */
int kernel_label_older(struct kernel *kernel);

/* Gives back memory that only compiling and loading need, which is many times what stays in use. */
void kernel_trim(void);

/* Closes descriptors; what is pinned stays in force. NULL is none. Returns NULL. */
struct kernel *kernel_free(struct kernel *kernel);
DEFINE_FREEP(struct kernel, kernel_free)

/* Lets go of what is attached, where other pins have taken its place: its programs run no more. */
void kernel_let_go(struct kernel *kernel);

/* -EOPNOTSUPP where the kernel has no such hook, and none that does its work. */
int kernel_attach(struct kernel *kernel, enum kernel_hook hook);
int kernel_detach(struct kernel *kernel, enum kernel_hook hook);
bool kernel_attached(const struct kernel *kernel, enum kernel_hook hook);
/* Whether other hooks do the work of one that this kernel does not have. */
bool kernel_hook_replaced(const struct kernel *kernel, enum kernel_hook hook);
const char *kernel_hook_name(enum kernel_hook hook);
/* Whether a kernel has it only with CONFIG_SECURITY_PATH. */
bool kernel_hook_is_of_paths(enum kernel_hook hook);
/* Whether this kernel has those. A negative errno where it does not describe its types. */
int kernel_has_hooks_of_paths(void);
/* Whether it is one of the daemon's own protection. */
bool kernel_hook_protects(enum kernel_hook hook);

/* The shared memory. Of a kernel_look() it is read-only. */
struct bailiff_control *kernel_control(struct kernel *kernel);
struct bailiff_slot *kernel_slots(struct kernel *kernel);
struct bailiff_cell *kernel_arena(struct kernel *kernel, size_t *ret_n_cells);

/*
 * Calls @handle for each descriptor of a file or folder that a task in a bound cgroup has, and for
 * each mapping of a file; @path has older->n_path bytes, no NUL. Both return 0 or a negative errno.
 */
int kernel_older_walk(struct kernel *kernel,
		      int (*handle)(void *userdata, const struct bailiff_older *older,
				    const char *path),
		      void *userdata);

/* cgroup bindings. kernel_binding_next() gives the id after @id (0: the first), or -ENOENT. */
int kernel_binding_get(struct kernel *kernel, __u64 cgroup, __u32 *ret_slot);
int kernel_binding_next(struct kernel *kernel, __u64 id, __u64 *ret_id);

/* An executable that starts containers, and what it is (enum bailiff_launcher). */
struct kernel_launcher {
	struct bailiff_inode inode;
	__u32 kind;
};

/* Replaces all that were known. */
int kernel_set_launchers(struct kernel *kernel, const struct kernel_launcher *launchers, size_t n);

/*
 * Files with names that rules are about (abi-names.h): @names in the order of their keys. Replaces
 * all that were known.
 */
struct known_name;
int kernel_set_known(struct kernel *kernel, const struct known_name *names, size_t n);

/* Gives a running process (its descriptor) the label of a service manager. */
int kernel_label_manager(struct kernel *kernel, int pidfd);

/* A rule's counts, and what else is counted, summed over the processors. */
int kernel_count_get(struct kernel *kernel, __u32 counter, struct bailiff_count *ret_count);
int kernel_count_clear(struct kernel *kernel, __u32 counter);
int kernel_stat_get(struct kernel *kernel, __u32 index, __u64 *ret_value);

/* What all maps take of the kernel's memory, in bytes. Returns 0 or a negative errno. */
int kernel_memory_get(const struct kernel *kernel, __u64 *ret_bytes);

/*
 * The daemon's own protection (kernel-protect.c). Its programs are loaded and attached from the
 * next publication on after kernel_protect(kernel, true), and detached after false.
 */
void kernel_protect(struct kernel *kernel, bool on);
bool kernel_protects(const struct kernel *kernel);

/* Whether the programs of some daemon's protection are pinned; needs no right to open them. */
bool kernel_protect_pinned(void);

/* Who is trusted. */
int kernel_protect_get(struct kernel *kernel, struct bailiff_protect *ret_state);
int kernel_protect_set(struct kernel *kernel, const struct bailiff_protect *state);

/* What is guarded: its flags, and the door that counts. */
struct kernel_guard {
	struct bailiff_inode object;
	__u32 flags, pad;
};

struct kernel_guarded_name {
	struct bailiff_name name;
	__u32 flags, pad;
};

/* Replaces all guards. The kernel's own objects, its maps, programs and links, are added. */
int kernel_set_guards(struct kernel *kernel, const struct kernel_guard *guards, size_t n_guards,
		      const struct kernel_guarded_name *names, size_t n_names);

/* What was refused at a door so far. */
int kernel_attempts_get(struct kernel *kernel, enum bailiff_door door,
			struct bailiff_attempt *ret_attempt);

/* Pins again what is not pinned any more. Returns how many that were, or a negative errno. */
int kernel_pin_missing(struct kernel *kernel);

/* Detaches the protection's programs alone. */
int kernel_unprotect(struct kernel *kernel);

/* Waits until no program runs that began before the call. */
int kernel_wait_for_readers(void);

/*
 * Loads and attaches a program as the real ones are, and takes it away again. Returns 0, or the
 * errno of what the kernel refused.
 */
int kernel_probe(void);
