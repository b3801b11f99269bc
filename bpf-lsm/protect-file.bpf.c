/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "protect.bpf.h"

/*
 * Pins, policies, programs, unit files, the files of the daemon's cgroup: by device and inode, so
 * by whatever name; and names that nothing has yet, by the directory that they would be in.
 */

/* The guard of a name in a directory, whether something has it or not. */
static __always_inline __u32 name_guard(struct inode *dir, struct dentry *dentry)
{
	struct bailiff_name key = {};
	__u32 *guard;

	key.inode = BPF_CORE_READ(dir, i_ino);
	key.device = BPF_CORE_READ(dir, i_sb, s_dev);
	/* what does not fit is not guarded: no guarded name is that long */
	if (bpf_probe_read_kernel_str(key.name, sizeof(key.name),
				      BPF_CORE_READ(dentry, d_name.name)) < 0)
		return 0;
	guard = bpf_map_lookup_elem(&guarded_names, &key);
	return guard ? *guard : 0;
}

/* A name that is made: for what lies in a tree its directory counts, since it is nothing itself. */
static __always_inline __u32 new_guard(struct inode *dir, struct dentry *dentry)
{
	__u32 guard = name_guard(dir, dentry);

	return guard ? guard : tree_guard(dentry, dentry_device(dentry));
}

/* A name that is taken away, or gets something else. */
static __always_inline __u32 old_guard(struct inode *dir, struct dentry *dentry)
{
	__u32 guard = inode_guard(BPF_CORE_READ(dentry, d_inode));

	return guard ? guard : new_guard(dir, dentry);
}

/*
 * The unit's cgroup is another after each start, and until the daemon has said which, it goes by
 * the name that it has.
 */
static __always_inline __u32 cgroup_guard(struct dentry *dentry, __u32 device)
{
	struct bailiff_protect *state = protect_state();
	struct dentry *folder;

	if (!state || device != state->cgroup_device)
		return 0;
	folder = BPF_CORE_READ(dentry, d_parent);
	return name_guard(BPF_CORE_READ(folder, d_parent, d_inode), folder);
}

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
};

#pragma clang attribute pop

/*
 * Whether a file is one of those that /proc has of the daemon: oom_score_adj and the like say how
 * it is treated. Each has the process's number in the daemon's own namespaces, the first of which
 * is the host's.
 */
static __always_inline bool is_of_daemon(struct dentry *dentry)
{
	struct bailiff_protect *state = protect_state();
	void *inode = BPF_CORE_READ(dentry, d_inode);
	struct proc_inode *of = inode - bpf_core_field_offset(struct proc_inode, vfs_inode);

	if (!state || !state->tgid || BPF_CORE_READ(dentry, d_sb, s_magic) != PROC_SUPER_MAGIC)
		return false;
	return BPF_CORE_READ(of, pid, numbers[0].nr) == state->tgid;
}

SEC("lsm/file_open")
int BPF_PROG(bailiff_protect_open, struct file *file, int ret)
{
	struct dentry *dentry;
	__u32 device, guard;

	if (ret)
		return ret;
	if (!(file->f_mode & FMODE_WRITE))
		return 0;
	dentry = BPF_CORE_READ(file, f_path.dentry);
	device = dentry_device(dentry);
	if (is_of_daemon(dentry))
		return protect_refuses(BAILIFF_DOOR_LIMIT, 0) ? -EACCES : 0;
	guard = dentry_guard(dentry, device);
	return refuse(guard ? guard : cgroup_guard(dentry, device)) ? -EACCES : 0;
}

SEC("lsm/inode_create")
int BPF_PROG(bailiff_protect_create, struct inode *dir, struct dentry *dentry, __u16 mode, int ret)
{
	if (ret)
		return ret;
	return refuse(new_guard(dir, dentry)) ? -EACCES : 0;
}

SEC("lsm/inode_mkdir")
int BPF_PROG(bailiff_protect_mkdir, struct inode *dir, struct dentry *dentry, __u16 mode, int ret)
{
	if (ret)
		return ret;
	return refuse(new_guard(dir, dentry)) ? -EACCES : 0;
}

SEC("lsm/inode_mknod")
int BPF_PROG(bailiff_protect_mknod, struct inode *dir, struct dentry *dentry, __u16 mode,
	     __u32 device, int ret)
{
	if (ret)
		return ret;
	return refuse(new_guard(dir, dentry)) ? -EACCES : 0;
}

SEC("lsm/inode_symlink")
int BPF_PROG(bailiff_protect_symlink, struct inode *dir, struct dentry *dentry, const char *target,
	     int ret)
{
	if (ret)
		return ret;
	return refuse(new_guard(dir, dentry)) ? -EACCES : 0;
}

SEC("lsm/inode_link")
int BPF_PROG(bailiff_protect_link, struct dentry *old, struct inode *dir, struct dentry *dentry,
	     int ret)
{
	__u32 guard;

	if (ret)
		return ret;
	guard = dentry_guard(old, dentry_device(old));
	return refuse(guard ? guard : new_guard(dir, dentry)) ? -EACCES : 0;
}

SEC("lsm/inode_unlink")
int BPF_PROG(bailiff_protect_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	if (ret)
		return ret;
	return refuse(old_guard(dir, dentry)) ? -EACCES : 0;
}

SEC("lsm/inode_rmdir")
int BPF_PROG(bailiff_protect_rmdir, struct inode *dir, struct dentry *dentry, int ret)
{
	if (ret)
		return ret;
	return refuse(old_guard(dir, dentry)) ? -EACCES : 0;
}

/* An exchange of two names is asked twice, once each way. */
SEC("lsm/inode_rename")
int BPF_PROG(bailiff_protect_rename, struct inode *old_dir, struct dentry *old,
	     struct inode *new_dir, struct dentry *new, int ret)
{
	__u32 guard;

	if (ret)
		return ret;
	guard = old_guard(old_dir, old);
	return refuse(guard ? guard : old_guard(new_dir, new)) ? -EACCES : 0;
}
