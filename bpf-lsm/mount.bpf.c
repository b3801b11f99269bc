/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "drift.bpf.h"

/*
 * Mounts change what names mean. Where a rule of the task's policies denies anything about paths,
 * whatever could give a second name to something that is there already (bind mounts, moved and
 * detached mounts, overlays, a device that is mounted elsewhere too, a second proc or mqueue) gets
 * the strictest answer. A fresh and empty file system is a write of everything beneath its mount
 * point.
 */

/* include/uapi/linux/mount.h */
#define MS_REMOUNT 32
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_PROPAGATION (1 << 17 | 1 << 18 | 1 << 19 | 1 << 20)

/* Eight bytes of text as one number. (Static data in several objects is more than bpftool 7.1
 * links.) */
#define TEXT(a, b, c, d, e, f)                                                                     \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |   \
	 (__u64)(f) << 40)

static __always_inline bool is_fresh(const char *type)
{
	__u64 name = 0;

	if (bpf_probe_read_kernel_str(&name, sizeof(name), type) <= 0)
		return false;
	return name == TEXT('t', 'm', 'p', 'f', 's', 0) ||
	       name == TEXT('r', 'a', 'm', 'f', 's', 0) ||
	       name == TEXT('d', 'e', 'v', 'p', 't', 's');
}

static __always_inline int decide_over(struct subject *subject, struct object *object)
{
	__u32 verbs = VERB(WRITE) | VERB(BELOW) << BAILIFF_VERB_WRITE;

	return decide_used(subject, verbs) ? decide(subject, verbs, object) : 0;
}

static __always_inline int decide_second_name(struct subject *subject, const struct path *path)
{
	struct object object = object_of(path);
	__u32 verbs = VERBS_OF_PATHS;

	/* a socket's file is known to [network] by its name, too */
	if (network_used(subject) & 2)
		verbs |= VERB(ACT);
	if (!decide_used(subject, verbs))
		return 0;
	return decide_strictest(subject, verbs, &object, BAILIFF_REASON_SECOND_NAME);
}

/*
 * What is mounted is not of the image. Files of a fresh file system are known to be no part of it,
 * and those of a bind mount for what they are; others are not.
 */
static __always_inline int decide_drift(struct subject *subject)
{
	return drift_used(subject) ? decide_process(subject, BAILIFF_PROCESS_DRIFT) : 0;
}

SEC("lsm/sb_mount")
int BPF_PROG(bailiff_sb_mount, const char *dev_name, const struct path *path, const char *type,
	     unsigned long flags, void *data, int ret)
{
	struct object object = object_of(path);
	struct subject subject;
	int r;

	if (ret)
		return ret;
	if (!subject_current(&subject))
		return 0;
	r = decide_process(&subject, BAILIFF_PROCESS_MOUNT);
	if (r || (flags & MS_REMOUNT) || (flags & MS_PROPAGATION && !(flags & (MS_BIND | MS_MOVE))))
		return r;
	if (!(flags & (MS_BIND | MS_MOVE))) {
		if (is_fresh(type))
			return decide_over(&subject, &object);
		r = decide_drift(&subject);
	}
	return r ? r : decide_second_name(&subject, path);
}

SEC("lsm/sb_umount")
int BPF_PROG(bailiff_sb_umount, struct vfsmount *mnt, int flags, int ret)
{
	struct object object = {.mnt = mnt, .dentry = BPF_CORE_READ(mnt, mnt_root)};
	struct subject subject;
	int r;

	if (ret)
		return ret;
	if (!subject_current(&subject))
		return 0;
	r = decide_process(&subject, BAILIFF_PROCESS_MOUNT);
	return r ? r : decide_over(&subject, &object);
}

/* What is mounted already, at another place: its answers there are not known. */
static __always_inline int decide_moved(const struct path *to, bool may_be_new)
{
	struct subject subject;
	int r;

	if (!subject_current(&subject))
		return 0;
	r = decide_process(&subject, BAILIFF_PROCESS_MOUNT);
	if (!r && may_be_new)
		r = decide_drift(&subject);
	return r ? r : decide_second_name(&subject, to);
}

SEC("lsm/move_mount")
int BPF_PROG(bailiff_move_mount, const struct path *from, const struct path *to, int ret)
{
	return ret ? ret : decide_moved(to, true);
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(bailiff_sb_pivotroot, const struct path *old_path, const struct path *new_path,
	     int ret)
{
	return ret ? ret : decide_moved(new_path, false);
}

SEC("lsm/sb_remount")
int BPF_PROG(bailiff_sb_remount, void *sb, void *options, int ret)
{
	return ret ? ret : current_process(BAILIFF_PROCESS_MOUNT);
}
