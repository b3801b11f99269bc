/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "judge.bpf.h"

/* A superblock's mounts, one after the other: those on which a dentry has a name. */
struct names {
	struct subject *subject;
	struct object *object; /* on each of these mounts in turn */
	struct scratch *scratch;
	struct decision best;
	struct vfsmount *mnt; /* the one that @best is of, for the event */
	__u32 verbs;
	char operation; /* on a socket (enum bailiff_network) */
	bool here, foreign;
};

#define NAMES_MAX 4096

/*
 * Goes to the next mount. Returns 1 at the end; otherwise 0, with *ret_mnt where the dentry has a
 * name on it, which the scratch space has then, or *ret_reason for which it has not.
 */
static __always_inline long name_next(struct names *names, struct vfsmount **ret_mnt,
				      int *ret_reason)
{
	struct mounts *mounts = &names->scratch->names;
	struct list_head *at = mounts->at;
	struct mount *mount = (void *)at - bpf_core_field_offset(struct mount, mnt_instance);

	*ret_mnt = NULL;
	if (at == mounts->head || !at) {
		mounts->finished = at;
		return 1;
	}
	mounts->at = BPF_CORE_READ(at, next);
	/* another namespace's mounts are many, and asked for only as long as none is our own */
	if (BPF_CORE_READ(mount, mnt_ns) != mounts->mount_ns && (names->here || names->foreign))
		return 0;
	names->scratch->off = PATH_END;
	*ret_reason = path_build_on(names->scratch, mount, names->object->dentry, mounts->mount_ns);
	if (*ret_reason == BAILIFF_REASON_OTHER_NAMESPACE)
		names->foreign = true;
	else if (*ret_reason < BAILIFF_N_REASONS)
		*ret_mnt = (void *)mount + bpf_core_field_offset(struct mount, mnt);
	return 0;
}

/*
 * Which of its names a file is asked for by is not known, so the one counts that is best for who
 * asks; and as where it is known, what restricts another name restricts this one as well.
 */
static long file_step(__u32 index, struct names *names)
{
	__u32 number = scratch_number(names->scratch);
	struct decision one = {};
	struct vfsmount *mnt;
	int reason;
	long end = name_next(names, &mnt, &reason);

	if (!mnt)
		return end;
	ask(names->subject, number, names->verbs, reason, &one);
	if (!reason) {
		names->object->mnt = mnt;
		ask_known(names->subject, number, names->verbs, names->object, &one);
		ask_others(names->subject, number, names->verbs, names->object, &one);
	}
	if (names->here && BAILIFF_VERDICT(one.word) >= BAILIFF_VERDICT(names->best.word))
		return 0;
	names->here = true;
	names->best = one;
	names->mnt = mnt;
	names->scratch->names.finished = BAILIFF_VERDICT(one.word) == BAILIFF_ALLOW;
	return names->scratch->names.finished;
}

/* A socket is connected to, by whichever name: all count. */
static long socket_step(__u32 index, struct names *names)
{
	struct vfsmount *mnt;
	int reason;
	long end = name_next(names, &mnt, &reason);

	if (!mnt)
		return end;
	names->here = true;
	names->mnt = mnt;
	if (!reason)
		reason = name_unix(names->scratch, names->operation);
	ask_all(names->subject, names->scratch, names->verbs, reason, &names->best);
	return 0;
}

/* Readies the walk. Returns 0, or the reason for which there can be none. */
static __always_inline int names_begin(struct names *names)
{
	struct dentry *dentry = names->object->dentry;
	struct super_block *sb = BPF_CORE_READ(dentry, d_inode, i_sb);
	struct mounts *mounts;

	class_find_all(names->subject);
	names->scratch = scratch_claim();
	if (!names->scratch)
		return BAILIFF_REASON_NO_SCRATCH;
	mounts = &names->scratch->names;
	mounts->head = (void *)sb + bpf_core_field_offset(struct super_block, s_mounts);
	mounts->at = BPF_CORE_READ(sb, s_mounts.next);
	mounts->mount_ns = current_mount_ns();
	mounts->finished = false;
	return 0;
}

static __always_inline int names_end(struct names *names, int reason)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!reason && !names->scratch->names.finished)
		reason = BAILIFF_REASON_UNREADABLE;
	else if (!reason && !names->here && names->foreign &&
		 BPF_CORE_READ(task, cred) == BPF_CORE_READ(task, real_cred))
		/* with other credentials it is a file system's own work on what is below */
		reason = BAILIFF_REASON_OTHER_NAMESPACE;
	if (reason) {
		ask_all(names->subject, NULL, names->verbs, reason, &names->best);
		stat_add(reason);
	}
	names->object->mnt = names->mnt;
	return conclude(names->subject, &names->best, names->scratch, names->object);
}

int judge_dentry(struct subject *subject, __u32 verbs, struct object *object)
{
	struct names names = {.subject = subject, .object = object, .verbs = verbs};
	int reason;

	if (!subject || !object)
		return -EACCES;
	reason = names_begin(&names);
	if (!reason)
		bpf_loop(NAMES_MAX, file_step, &names, 0);
	return names_end(&names, reason);
}

int judge_socket(struct subject *subject, struct object *object, __u32 operation)
{
	struct names names = {
		.subject = subject, .object = object, .verbs = VERB(ACT), .operation = operation};
	int reason;

	if (!subject || !object)
		return -EACCES;
	reason = names_begin(&names);
	if (!reason)
		bpf_loop(NAMES_MAX, socket_step, &names, 0);
	return names_end(&names, reason);
}
