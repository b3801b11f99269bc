/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "cache.bpf.h"
#include "drift.bpf.h"
#include "told.bpf.h"

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

/* Which kind of launcher the executable is (enum bailiff_launcher), 0 for none. */
static __always_inline __u32 launcher_kind(struct file *file)
{
	struct bailiff_inode key = {
		.inode = file->f_inode->i_ino,
		.device = file->f_inode->i_sb->s_dev,
	};
	__u32 *kind = bpf_map_lookup_elem(&launchers, &key);

	return kind && in_host_mount_ns(bpf_get_current_task_btf()) ? *kind : 0;
}

/*
 * Inside a bound cgroup a launcher executes a launcher in two cases: the service manager's child
 * its executor, once, and a runtime itself. Anything else, a service whose program is crun or
 * systemd too, is the first exec of what was launched.
 */
static __always_inline bool goes_on_inside(__u32 from, __u32 to)
{
	return (from == BAILIFF_LAUNCHER_MANAGER && to == BAILIFF_LAUNCHER_EXECUTOR) ||
	       (from == BAILIFF_LAUNCHER_RUNTIME && to == BAILIFF_LAUNCHER_RUNTIME);
}

/* runc and crun run from a sealed copy of themselves, a memfd: a dentry that is its own parent. */
static __always_inline bool is_anonymous_copy(struct file *file)
{
	struct dentry *dentry = file->f_path.dentry;

	return dentry->d_parent == dentry && in_host_mount_ns(bpf_get_current_task_btf());
}

/* An exec by a launcher. Returns whether that is all: no policy holds for it. */
static __always_inline bool launcher_execs(struct subject *subject, struct file *file)
{
	__u32 kind = launcher_kind(file);

	if (!subject->slot) {
		if (kind)
			subject_make_launcher(kind);
		else if (!is_anonymous_copy(file))
			subject_drop_label();
		return true;
	}
	if (goes_on_inside(subject->label->cookie, kind)) {
		subject_make_launcher(kind);
		return true;
	}
	/* the container's first exec: decided by its policy, and under it from here on */
	subject_confine(subject);
	subject_of_cgroup(subject);
	return false;
}

static __always_inline int decide_exec(struct subject *subject, struct linux_binprm *bprm)
{
	struct cache_place place = {};
	struct object object;
	int r;

	class_find_all(subject);
	/* what is not of the image can become so: that is asked each time */
	if (!drift_used(subject) && cache_find(subject, bprm->file, VERB(EXEC), &place)) {
		object = object_of(&bprm->file->f_path);
		object.bprm = bprm;
		return decide_invoked(subject, &object);
	}
	object = object_of_file(bprm->file);
	object.bprm = bprm;
	r = decide(subject, VERB(EXEC), &object);
	cache_keep(&place, !r && object.may_be_kept);
	return r;
}

SEC("lsm/bprm_check_security")
int BPF_PROG(bailiff_exec, struct linux_binprm *bprm, int ret)
{
	struct subject subject;
	__u32 kind;

	if (ret)
		return ret;
	if (!subject_find(&subject)) {
		if (subject_is_launcher(&subject)) {
			if (launcher_execs(&subject, bprm->file))
				return 0;
		} else {
			kind = subject.slot || subject.label ? 0 : launcher_kind(bprm->file);
			if (kind)
				subject_make_launcher(kind);
			return 0;
		}
	}

	/* what it was until now may be inherited */
	class_find_all(&subject);
	if (!decide_used(&subject, VERB(EXEC)) && !drift_used(&subject))
		return 0;
	return decide_exec(&subject, bprm);
}
