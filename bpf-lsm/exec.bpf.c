/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "decide.bpf.h"

/*
 * What starts a container or a service (systemd's child, crun, runc) works inside its cgroup before
 * the container's own first instruction, and must not be confined by it. It is known by a label,
 * given when a task that is under no policy executes a launcher's binary on the host, and ended by
 * the first exec of anything else. A task that was ever under a policy never gets it.
 */

static __always_inline bool in_host_mount_ns(struct task_struct *task)
{
	__u32 zero = 0;
	struct bailiff_control *state = bpf_map_lookup_elem(&control, &zero);

	return state && BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum) == state->mount_ns;
}

static __always_inline bool is_launcher_binary(struct file *file)
{
	struct bailiff_inode key = {
		.inode = file->f_inode->i_ino,
		.device = file->f_inode->i_sb->s_dev,
	};

	return bpf_map_lookup_elem(&launchers, &key) &&
	       in_host_mount_ns(bpf_get_current_task_btf());
}

/* runc and crun run from a sealed copy of themselves, a memfd: a dentry that is its own parent. */
static __always_inline bool is_anonymous_copy(struct file *file)
{
	struct dentry *dentry = file->f_path.dentry;

	return dentry->d_parent == dentry && in_host_mount_ns(bpf_get_current_task_btf());
}

SEC("lsm/bprm_check_security")
int BPF_PROG(bailiff_exec, struct linux_binprm *bprm, int ret)
{
	struct subject subject;
	struct object object;
	bool confined;

	if (ret)
		return ret;
	confined = subject_current(&subject);
	if (subject_is_launcher(&subject)) {
		if (is_launcher_binary(bprm->file))
			return 0;
		if (!subject.slot) {
			if (!is_anonymous_copy(bprm->file))
				subject_drop_label();
			return 0;
		}
		/* the container's first exec: decided by its policy, and under it from here on */
		subject_confine(&subject);
		subject_of_cgroup(&subject);
	} else if (!confined) {
		if (!subject.slot && !subject.label && is_launcher_binary(bprm->file))
			subject_make_launcher();
		return 0;
	}

	if (!decide_used(&subject, 1u << BAILIFF_VERB_EXEC))
		return 0;
	object.mnt = bprm->file->f_path.mnt;
	object.dentry = bprm->file->f_path.dentry;
	return decide(&subject, 1u << BAILIFF_VERB_EXEC, &object, bprm);
}
