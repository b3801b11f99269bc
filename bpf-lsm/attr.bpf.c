/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "decide.bpf.h"

/* What changes a file's mode, owner, times and attributes: a write of it. */

static __always_inline int decide_path(const struct path *path)
{
	struct object object = object_of(path);
	struct subject subject;

	if (!subject_current(&subject) || !decide_used(&subject, VERB(WRITE)))
		return 0;
	return decide(&subject, VERB(WRITE), &object);
}

SEC("lsm/path_chmod")
int BPF_PROG(bailiff_path_chmod, const struct path *path, __u16 mode, int ret)
{
	return ret ? ret : decide_path(path);
}

/* The ids are structures of one number each, which the kernel hands over as numbers. */
SEC("lsm/path_chown")
int BPF_PROG(bailiff_path_chown, const struct path *path, __u64 uid, __u64 gid, int ret)
{
	return ret ? ret : decide_path(path);
}

/* The others do not say on which mount the file was found. */
static __always_inline int decide_attribute(struct dentry *dentry)
{
	struct subject subject;

	if (!subject_current(&subject) || !decide_used(&subject, VERB(WRITE)))
		return 0;
	return decide_dentry(&subject, VERB(WRITE), dentry);
}

/* include/linux/fs.h. Mode, owner and size have been decided by the hooks of their paths. */
#define ATTR_OTHERS (1 << 0 | 1 << 1 | 1 << 2 | 1 << 3)
#define ATTR_TIMES (1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 17)

static __always_inline int decide_times(struct dentry *dentry, struct iattr *attr)
{
	unsigned int valid = attr->ia_valid;

	if (valid & ATTR_OTHERS || !(valid & ATTR_TIMES))
		return 0;
	return decide_attribute(dentry);
}

SEC("lsm/inode_setattr")
int BPF_PROG(bailiff_inode_setattr, void *idmap, struct dentry *dentry, struct iattr *attr, int ret)
{
	return ret ? ret : decide_times(dentry, attr);
}

/* Before 6.8. */
SEC("?lsm/inode_setattr")
int BPF_PROG(bailiff_inode_setattr_2, struct dentry *dentry, struct iattr *attr, int ret)
{
	return ret ? ret : decide_times(dentry, attr);
}

SEC("lsm/inode_setxattr")
int BPF_PROG(bailiff_inode_setxattr, void *idmap, struct dentry *dentry, const char *name,
	     const void *value, __u64 size, int flags, int ret)
{
	return ret ? ret : decide_attribute(dentry);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(bailiff_inode_removexattr, void *idmap, struct dentry *dentry, const char *name,
	     int ret)
{
	return ret ? ret : decide_attribute(dentry);
}

/* Access control lists are extended attributes as well until 6.2. */
SEC("lsm/inode_set_acl")
int BPF_PROG(bailiff_inode_set_acl, void *idmap, struct dentry *dentry, const char *name, void *acl,
	     int ret)
{
	return ret ? ret : decide_attribute(dentry);
}

SEC("lsm/inode_remove_acl")
int BPF_PROG(bailiff_inode_remove_acl, void *idmap, struct dentry *dentry, const char *name,
	     int ret)
{
	return ret ? ret : decide_attribute(dentry);
}
