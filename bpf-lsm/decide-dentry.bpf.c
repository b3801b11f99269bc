/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "judge.bpf.h"

/* A superblock's mounts, one after the other: those on which a dentry has a name. */
struct names {
	struct subject *subject;
	struct scratch *scratch;
	struct dentry *dentry;
	struct mnt_namespace *mount_ns;
	struct list_head *head, *at;
	struct decision best;
	struct vfsmount *mnt; /* one of them, for the event */
	__u32 verbs;
	char operation;
	bool here, foreign, finished;
};

#define NAMES_MAX 4096

static long name_step(__u32 index, struct names *names)
{
	struct list_head *at = names->at;
	struct mount *mount = (void *)at - bpf_core_field_offset(struct mount, mnt_instance);
	int reason;

	if (at == names->head || !at) {
		names->finished = at;
		return 1;
	}
	names->at = BPF_CORE_READ(at, next);
	/* another namespace's mounts are many, and asked for only as long as none is our own */
	if (BPF_CORE_READ(mount, mnt_ns) != names->mount_ns && (names->here || names->foreign))
		return 0;
	names->scratch->off = PATH_END;
	reason = path_build_on(names->scratch, mount, names->dentry, names->mount_ns);
	if (reason >= BAILIFF_N_REASONS)
		return 0;
	if (reason == BAILIFF_REASON_OTHER_NAMESPACE) {
		names->foreign = true;
		return 0;
	}
	names->here = true;
	if (names->operation && !reason)
		reason = name_unix(names->scratch, names->operation);
	names->mnt = (void *)mount + bpf_core_field_offset(struct mount, mnt);
	ask_all(names->subject, names->scratch, names->verbs, reason, &names->best);
	return 0;
}

int judge_dentry(struct subject *subject, __u32 verbs, struct object *object, __u32 operation)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct names names = {
		.subject = subject,
		.mount_ns = current_mount_ns(),
		.verbs = verbs,
		.operation = operation,
	};
	struct super_block *sb;
	struct dentry *dentry;
	int reason = 0;

	if (!subject || !object)
		return -EACCES;
	class_find_all(subject);
	names.scratch = scratch_claim();
	dentry = object->dentry;
	names.dentry = dentry;
	sb = BPF_CORE_READ(dentry, d_inode, i_sb);
	names.head = (void *)sb + bpf_core_field_offset(struct super_block, s_mounts);
	if (!names.scratch) {
		reason = BAILIFF_REASON_NO_SCRATCH;
	} else {
		names.at = BPF_CORE_READ(sb, s_mounts.next);
		bpf_loop(NAMES_MAX, name_step, &names, 0);
		if (!names.finished)
			reason = BAILIFF_REASON_UNREADABLE;
		else if (!names.here && names.foreign &&
			 BPF_CORE_READ(task, cred) == BPF_CORE_READ(task, real_cred))
			/* with other credentials it is a file system's own work on what is below */
			reason = BAILIFF_REASON_OTHER_NAMESPACE;
	}
	if (reason) {
		ask_all(subject, NULL, verbs, reason, &names.best);
		stat_add(reason);
	}
	object->mnt = names.mnt;
	return conclude(subject, &names.best, names.scratch, object);
}
