/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "protect.bpf.h"

/*
 * Mounts, in the host's mount namespace, in the daemon's own, and where a change in another would
 * come back to the host's (shared propagation). What containers do in theirs is of no interest.
 */

/* include/uapi/linux/mount.h, include/linux/mount.h */
#define MS_REMOUNT 32
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_PROPAGATION (1 << 17 | 1 << 18 | 1 << 19 | 1 << 20)
#define MNT_SHARED 0x1000

enum place { ELSEWHERE, HOST, DAEMON };

static __always_inline enum place place_of(__u32 ns)
{
	struct bailiff_protect *state = protect_state();

	if (!state || ns == state->host_mount_ns)
		return HOST;
	return ns == state->mount_ns ? DAEMON : ELSEWHERE;
}

static __always_inline struct mount *real_mount(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

static __always_inline bool is_shared(struct mount *mount)
{
	return BPF_CORE_READ(mount, mnt.mnt_flags) & MNT_SHARED;
}

static __always_inline bool is_on_the_way(struct mount *mount)
{
	return guard_of(BPF_CORE_READ(mount, mnt_id), 0, BAILIFF_GUARDED_MOUNT);
}

/* Something that is mounted over @path hides what is guarded. */
static __always_inline int hides(const struct path *path)
{
	struct dentry *dentry = BPF_CORE_READ(path, dentry);
	struct mount *mount = real_mount(BPF_CORE_READ(path, mnt));
	enum place place = place_of(BPF_CORE_READ(mount, mnt_ns, ns.inum));

	/* systemctl bind: a helper of PID 1's mounts there */
	if (place == DAEMON)
		return protect_refuses(BAILIFF_DOOR_MOUNT, REFUSE_MANAGER);
	if (place == HOST ? !is_on_the_way(mount) : !is_shared(mount))
		return 0;
	if (!inode_guard(BPF_CORE_READ(dentry, d_inode)) &&
	    !tree_guard(dentry, dentry_device(dentry)))
		return 0;
	return protect_refuses(BAILIFF_DOOR_MOUNT, 0);
}

/* A mount that goes away takes what is guarded with it. */
static __always_inline int takes_away(struct vfsmount *mnt)
{
	struct mount *mount = real_mount(mnt);
	enum place place = place_of(BPF_CORE_READ(mount, mnt_ns, ns.inum));

	if (place == DAEMON)
		return protect_refuses(BAILIFF_DOOR_MOUNT, REFUSE_MANAGER);
	if (place == HOST ? !is_on_the_way(mount)
			  : !is_shared(BPF_CORE_READ(mount, mnt_parent)) ||
				    !inode_guard(BPF_CORE_READ(mnt, mnt_root, d_inode)))
		return 0;
	return protect_refuses(BAILIFF_DOOR_MOUNT, 0);
}

/* Whether it is the root of the file system with the pins. */
static __always_inline bool is_pins_root(struct dentry *dentry)
{
	return inode_guard(BPF_CORE_READ(dentry, d_inode)) >> BAILIFF_GUARD_SHIFT ==
	       BAILIFF_DOOR_PIN;
}

static __always_inline enum place current_place(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return place_of(BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum));
}

SEC("lsm/sb_mount")
int BPF_PROG(bailiff_protect_mount, const char *dev_name, const struct path *path, const char *type,
	     unsigned long flags, void *data, int ret)
{
	if (ret)
		return ret;
	if (flags & MS_REMOUNT)
		return is_pins_root(BPF_CORE_READ(path, dentry)) &&
				       protect_refuses(BAILIFF_DOOR_MOUNT, 0)
			       ? -EACCES
			       : 0;
	if (flags & MS_PROPAGATION && !(flags & (MS_BIND | MS_MOVE)))
		return 0;
	/* what is moved is not known here, only what its name was */
	if (flags & MS_MOVE && current_place() != ELSEWHERE)
		return protect_refuses(BAILIFF_DOOR_MOUNT, 0) ? -EACCES : 0;
	return hides(path) ? -EACCES : 0;
}

SEC("lsm/move_mount")
int BPF_PROG(bailiff_protect_move, const struct path *from, const struct path *to, int ret)
{
	struct vfsmount *mnt;

	if (ret)
		return ret;
	mnt = BPF_CORE_READ(from, mnt);
	if (BPF_CORE_READ(from, dentry) == BPF_CORE_READ(mnt, mnt_root) && takes_away(mnt))
		return -EACCES;
	return hides(to) ? -EACCES : 0;
}

SEC("lsm/sb_umount")
int BPF_PROG(bailiff_protect_umount, struct vfsmount *mnt, int flags, int ret)
{
	if (ret)
		return ret;
	return takes_away(mnt) ? -EACCES : 0;
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(bailiff_protect_pivot, const struct path *old_path, const struct path *new_path,
	     int ret)
{
	if (ret)
		return ret;
	if (current_place() == ELSEWHERE)
		return 0;
	return protect_refuses(BAILIFF_DOOR_MOUNT, 0) ? -EACCES : 0;
}

/* Read-only pins could not be changed by the daemon, either. */
SEC("lsm/sb_remount")
int BPF_PROG(bailiff_protect_remount, struct super_block *sb, void *options, int ret)
{
	if (ret)
		return ret;
	if (!is_pins_root(BPF_CORE_READ(sb, s_root)))
		return 0;
	return protect_refuses(BAILIFF_DOOR_MOUNT, 0) ? -EACCES : 0;
}
