/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "ioctl.bpf.h"
#include "protect.bpf.h"

/* What changes modes, owners, times, attributes and flags of what is guarded (protect-file.bpf.c).
 */

static __always_inline int refuse_attribute(struct dentry *dentry)
{
	return refuse(dentry_guard(dentry, dentry_device(dentry))) ? -EACCES : 0;
}

SEC("lsm/inode_setattr")
int BPF_PROG(bailiff_protect_attr, void *idmap, struct dentry *dentry, struct iattr *attr, int ret)
{
	return ret ? ret : refuse_attribute(dentry);
}

/* Before 6.8. */
SEC("?lsm/inode_setattr")
int BPF_PROG(bailiff_protect_attr_2, struct dentry *dentry, struct iattr *attr, int ret)
{
	return ret ? ret : refuse_attribute(dentry);
}

SEC("lsm/inode_setxattr")
int BPF_PROG(bailiff_protect_xattr, void *idmap, struct dentry *dentry, const char *name,
	     const void *value, __u64 size, int flags, int ret)
{
	return ret ? ret : refuse_attribute(dentry);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(bailiff_protect_no_xattr, void *idmap, struct dentry *dentry, const char *name,
	     int ret)
{
	return ret ? ret : refuse_attribute(dentry);
}

/* Access control lists are extended attributes as well until 6.2. */
SEC("lsm/inode_set_acl")
int BPF_PROG(bailiff_protect_acl, void *idmap, struct dentry *dentry, const char *name, void *acl,
	     int ret)
{
	return ret ? ret : refuse_attribute(dentry);
}

SEC("lsm/inode_remove_acl")
int BPF_PROG(bailiff_protect_no_acl, void *idmap, struct dentry *dentry, const char *name, int ret)
{
	return ret ? ret : refuse_attribute(dentry);
}

static __always_inline int refuse_flags(struct file *file, unsigned int cmd)
{
	if (!sets_attribute(file, cmd))
		return 0;
	return refuse_attribute(BPF_CORE_READ(file, f_path.dentry));
}

SEC("lsm/file_ioctl")
int BPF_PROG(bailiff_protect_ioctl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ret ? ret : refuse_flags(file, cmd);
}

/* Where the kernel has a hook of its own for calls of 32-bit programs. */
SEC("lsm/file_ioctl_compat")
int BPF_PROG(bailiff_protect_ioctl_32, struct file *file, unsigned int cmd, unsigned long arg,
	     int ret)
{
	return ret ? ret : refuse_flags(file, cmd);
}
