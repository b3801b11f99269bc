/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "act.bpf.h"

/* What makes and takes away names. All are a write of the name itself. */
static __always_inline int decide_name(const struct path *dir, struct dentry *dentry)
{
	struct object object = {.mnt = dir->mnt, .dentry = dentry};
	struct subject subject;

	if (!subject_current(&subject) || !decide_used(&subject, VERB(WRITE)))
		return 0;
	return decide(&subject, VERB(WRITE), &object);
}

/*
 * A name of a file that has others, which rules hold for because of this one: they would hold no
 * more as soon as the daemon finds it gone. So nobody takes it away for whom it is restricted.
 */
static __always_inline int decide_last_name(struct subject *subject, struct object *object)
{
	__u32 verbs = VERBS_OF_PATHS << BAILIFF_VERB_OTHER;

	if (!decide_used(subject, verbs) || !inode_is_known(object))
		return 0;
	return decide(subject, verbs, object);
}

SEC("lsm/path_unlink")
int BPF_PROG(bailiff_path_unlink, const struct path *dir, struct dentry *dentry, int ret)
{
	struct object object = {.mnt = dir->mnt, .dentry = dentry};
	struct subject subject;
	int r = 0;

	if (ret)
		return ret;
	if (!subject_current(&subject))
		return 0;
	if (decide_used(&subject, VERB(WRITE)))
		r = decide(&subject, VERB(WRITE), &object);
	return r ? r : decide_last_name(&subject, &object);
}

SEC("lsm/path_rmdir")
int BPF_PROG(bailiff_path_rmdir, const struct path *dir, struct dentry *dentry, int ret)
{
	return ret ? ret : decide_name(dir, dentry);
}

SEC("lsm/path_mkdir")
int BPF_PROG(bailiff_path_mkdir, const struct path *dir, struct dentry *dentry, __u16 mode, int ret)
{
	return ret ? ret : decide_name(dir, dentry);
}

/* Regular files too, where open() creates one; and the sockets that bind() makes. */
SEC("lsm/path_mknod")
int BPF_PROG(bailiff_path_mknod, const struct path *dir, struct dentry *dentry, __u16 mode,
	     unsigned int dev, int ret)
{
	return ret ? ret : decide_name(dir, dentry);
}

SEC("lsm/path_symlink")
int BPF_PROG(bailiff_path_symlink, const struct path *dir, struct dentry *dentry,
	     const char *old_name, int ret)
{
	struct object object = {.mnt = dir->mnt, .dentry = dentry};
	struct subject subject;
	int r;

	if (ret)
		return ret;
	if (!subject_current(&subject) || !decide_used(&subject, VERB(WRITE)))
		return 0;
	r = decide(&subject, VERB(WRITE), &object);
	return r ? r : decide_symlink(&subject, &object);
}

/* A write of both names, and a move that leaves the first one where it is. */
static __always_inline int decide_two(struct object *from, struct object *to, bool exchange)
{
	struct subject subject;
	int r = 0;

	if (!subject_current(&subject))
		return 0;
	/* a socket's file is known to [network] by its name, too */
	if (!decide_used(&subject, VERBS_OF_PATHS) && !(network_used(&subject) & 2))
		return 0;
	if (decide_used(&subject, VERB(WRITE))) {
		r = decide(&subject, VERB(WRITE), from);
		if (!r)
			r = decide(&subject, VERB(WRITE), to);
	}
	if (!r)
		r = decide_move(&subject, from, to);
	if (!r && exchange)
		r = decide_move(&subject, to, from);
	else if (!r)
		r = decide_last_name(&subject, to);
	return r;
}

SEC("lsm/path_link")
int BPF_PROG(bailiff_path_link, struct dentry *old_dentry, const struct path *new_dir,
	     struct dentry *new_dentry, int ret)
{
	/* the kernel makes links within one mount alone */
	struct object from = {.mnt = new_dir->mnt, .dentry = old_dentry};
	struct object to = {.mnt = new_dir->mnt, .dentry = new_dentry};

	if (ret)
		return ret;
	return decide_two(&from, &to, false);
}

SEC("lsm/path_rename")
int BPF_PROG(bailiff_path_rename, const struct path *old_dir, struct dentry *old_dentry,
	     const struct path *new_dir, struct dentry *new_dentry, unsigned int flags, int ret)
{
	struct object from = {.mnt = old_dir->mnt, .dentry = old_dentry};
	struct object to = {.mnt = new_dir->mnt, .dentry = new_dentry};

	if (ret)
		return ret;
	return decide_two(&from, &to, flags & RENAME_EXCHANGE);
}

/*
 * A file of an overlay's lower layer becomes another when it is changed: by all its names but the
 * one that is used it is what it was, and nothing tells that both are the same. So what has a
 * restricted name stays as it is.
 */
SEC("lsm/inode_copy_up")
int BPF_PROG(bailiff_copy_up, struct dentry *dentry, void *new, int ret)
{
	__u32 verbs = VERBS_OF_PATHS << BAILIFF_VERB_OTHER;
	struct object object = {.dentry = dentry};
	struct subject subject;

	if (ret)
		return ret;
	if (!subject_current(&subject) || !decide_used(&subject, verbs) || !inode_is_known(&object))
		return 0;
	return judge_dentry(&subject, verbs, &object) ? -EACCES : 0;
}
