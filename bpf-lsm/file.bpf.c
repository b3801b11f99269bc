/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "decide.bpf.h"

/* What a file is opened for, as 1 << verb. */
static __always_inline __u32 file_verbs(struct file *file)
{
	__u32 verbs = 0, mode = file->f_mode, flags = file->f_flags;

	if (flags & FMODE_EXEC) /* only the kernel can set it; the exec hook decides */
		return 0;
	if (mode & FMODE_READ)
		verbs |= 1u << BAILIFF_VERB_READ;
	if (mode & FMODE_WRITE || flags & O_TRUNC)
		verbs |= 1u << BAILIFF_VERB_WRITE;
	return verbs;
}

/*
 * An overlay opens the file below once more, behind the one that was asked for. Before 6.5 that
 * file says the same path, which was decided already, with another inode. From then on its path is
 * on a mount of the overlay's own, which path_build() tells. (The mode has a bit for it, which is
 * in no BTF and has moved.)
 */
static __always_inline bool is_backing(struct file *file)
{
	return file->f_inode != file->f_path.dentry->d_inode;
}

SEC("lsm/file_open")
int BPF_PROG(bailiff_file_open, struct file *file, int ret)
{
	struct subject subject;
	struct object object;
	__u32 verbs;

	if (ret)
		return ret;
	if (!subject_current(&subject))
		return 0;
	verbs = file_verbs(file);
	if (!verbs || !decide_used(&subject, verbs) || is_backing(file))
		return 0;
	object.mnt = file->f_path.mnt;
	object.dentry = file->f_path.dentry;
	return decide(&subject, verbs, &object, NULL);
}
