/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "path.bpf.h"
#include "subject.bpf.h"

/* What was decided, and by whom. Zero is: allow, nobody. */
struct decision {
	__u32 word;  /* abi.h */
	__u32 image; /* the cell where the deciding image begins */
	__u8 verb;
	__u8 reason;
};

/* The file that is asked for. */
struct object {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

/* Returns whether any image of @subject has an answer other than allow for one of @verbs (1 <<
 * verb). */
bool decide_used(struct subject *subject, __u32 verbs);

/*
 * Decides on an object for @verbs, strictest answer of all; with an event and counts for all but
 * allow. @bprm is given for exec, and NULL otherwise.
 * Returns 0 or -EACCES.
 */
int decide(struct subject *subject, __u32 verbs, struct object *object, struct linux_binprm *bprm);
