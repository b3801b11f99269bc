/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "class.bpf.h"
#include "path.bpf.h"
#include "subject.bpf.h"

#define VERB(name) (1u << BAILIFF_VERB_##name)
#define VERBS_OF_PATHS (VERB(EXEC) | VERB(READ) | VERB(WRITE))
#define VERB_BELOW_ACT (VERB(BELOW) << BAILIFF_BELOW_ACT)

/* Beside verbs: only a deny counts. What is less is told by a later hook, and not twice. */
#define DENY_ALONE (1u << 31)

/* What was decided, and by whom. Zero is: allow, nobody. */
struct decision {
	__u32 word;  /* abi.h */
	__u32 image; /* the cell where the deciding image begins */
	__u8 verb;
	__u8 reason;
	bool named; /* the name that was decided on is in the scratch space */
};

/*
 * Returns whether any image of @subject has an answer other than allow for one of @verbs (1 <<
 * verb).
 */
bool decide_used(struct subject *subject, __u32 verbs);

/*
 * What judges is a function of its own to the verifier too (not __hidden): it looks at each once a
 * program, not once a call. So these take numbers and memory alone, kernel objects in memory, and
 * answer NULL with a deny. Their wrappers below say what the verifier cannot know of them: that the
 * answer is 0 or -EACCES.
 */
/*
 * Asks every image about what is in the scratch space of that number, or about what cannot be told
 * (0, or a @reason): the strictest of the words for @verbs goes to @best.
 */
int ask(struct subject *subject, __u32 number, __u32 verbs, __u32 reason, struct decision *best);
/* The same about one more name of what was asked about before: it can only add to @best. */
int ask_other(struct subject *subject, __u32 number, __u32 verbs, __u32 reason,
	      struct decision *best);
/*
 * ... and about all names that it has on other mounts of the namespace, and that are known of its
 * inode (abi-names.h). Nothing where the answer is a deny already.
 */
int ask_others(struct subject *subject, __u32 number, __u32 verbs, struct object *object,
	       struct decision *best);
int ask_known(struct subject *subject, __u32 number, __u32 verbs, struct object *object,
	      struct decision *best);
/* The same about the name that the program was invoked by (object->bprm). */
int ask_invoked(struct subject *subject, __u32 number, struct object *object,
		struct decision *best);
/* The same about rules for what was not in the image, if the object was not; @verb is for the
 * event. */
int ask_drift(struct subject *subject, __u32 number, struct object *object, __u32 verb,
	      struct decision *best);
/* Whether a file's inode is among those that have several names, one of which rules are about. */
int inode_is_known(struct object *object);
int judge(struct subject *subject, __u32 verbs, struct object *object);
int judge_dentry(struct subject *subject, __u32 verbs, struct object *object);
int judge_socket(struct subject *subject, struct object *object, __u32 operation);
int judge_strictest(struct subject *subject, __u32 verbs, struct object *object, __u8 reason);
int judge_move(struct subject *subject, struct object *from, struct object *to);
int judge_move_others(struct subject *subject, struct object *from, struct object *to);
int judge_leading(struct subject *subject, struct object *from, struct object *to);
int judge_invoked(struct subject *subject, struct object *object);
int judge_act(struct subject *subject, __u32 scratch, __u32 verbs);
int judge_act_short(struct subject *subject, __u8 kind, __u8 which, bool silent);

/*
 * Decides on an object for @verbs, strictest answer of all; with an event and counts for all but
 * allow.
 */
static __always_inline int decide(struct subject *subject, __u32 verbs, struct object *object)
{
	return judge(subject, verbs, object) ? -EACCES : 0;
}

/* Decides on the name that a program was invoked by, where nothing is against its own. */
static __always_inline int decide_invoked(struct subject *subject, struct object *object)
{
	if (!decide_used(subject, VERB(INVOKED)))
		return 0;
	return judge_invoked(subject, object) ? -EACCES : 0;
}

/*
 * The same for @dentry alone, of which the hook does not say on which mount it is: it may have
 * several names in the task's mount namespace.
 */
static __always_inline int decide_dentry(struct subject *subject, __u32 verbs,
					 struct dentry *dentry)
{
	struct object object = {.dentry = dentry};

	return judge_dentry(subject, verbs, &object) ? -EACCES : 0;
}

/* The same for a unix socket's file; @operation is what is done to it (enum bailiff_network). */
static __always_inline int decide_socket(struct subject *subject, struct dentry *dentry,
					 char operation)
{
	struct object object = {.dentry = dentry};

	return judge_socket(subject, &object, operation) ? -EACCES : 0;
}

/* Answers the strictest that there is for @verbs, because of @reason. */
static __always_inline int decide_strictest(struct subject *subject, __u32 verbs,
					    struct object *object, __u8 reason)
{
	return judge_strictest(subject, verbs, object, reason) ? -EACCES : 0;
}

/*
 * Decides whether what is at @from may be at @to as well, or instead: not where that would loosen
 * what holds for it, or for anything that may be beneath it.
 */
static __always_inline int decide_move(struct subject *subject, struct object *from,
				       struct object *to)
{
	class_find_all(subject); /* here: further down the stack is too small for it */
	if (decide_used(subject, VERB(WRITE)) && judge_leading(subject, from, to))
		return -EACCES;
	if (judge_move(subject, from, to))
		return -EACCES;
	if (!decide_used(subject, VERBS_OF_PATHS << BAILIFF_VERB_OTHER))
		return 0;
	return judge_move_others(subject, from, to) ? -EACCES : 0;
}

/* Decides whether a symbolic link may be made, its name apart. */
static __always_inline int decide_symlink(struct subject *subject, struct object *object)
{
	class_find_all(subject);
	return judge_leading(subject, NULL, object) ? -EACCES : 0;
}

/* Decides on an act whose name cannot be told, for @reason. */
static __always_inline int decide_act_untold(struct subject *subject, __u8 reason)
{
	struct object none = {};

	return decide_strictest(subject, VERB(ACT), &none, reason);
}

/*
 * Decides on the act whose name (abi.h) the scratch space holds, and releases that, for a @subject
 * whose classes are found: VERB(ACT), or VERB_BELOW_ACT for the strictest that may follow behind
 * the name and a '/'.
 */
static __always_inline int decide_act(struct subject *subject, struct scratch *scratch, __u32 verbs)
{
	return judge_act(subject, scratch->index, verbs) ? -EACCES : 0;
}

/*
 * The act of a name of two bytes: BAILIFF_ACT_CAPABILITY or _PROCESS, and which. @silent: neither
 * counted nor logged.
 */
static __always_inline int decide_act_short(struct subject *subject, __u8 kind, __u8 which,
					    bool silent)
{
	return judge_act_short(subject, kind, which, silent) ? -EACCES : 0;
}

static __always_inline bool is_directory(struct dentry *dentry)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);

	return inode && (BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFDIR;
}

/*
 * An overlay opens the file below once more, behind the one that was asked for. Before 6.5 that
 * file says the same path, which was decided already, with another inode. From then on its path is
 * on a mount of the overlay's own, which path_build() tells. (The mode has a bit for it, which is
 * in no BTF and has moved.)
 */
static __always_inline bool file_is_backing(struct file *file)
{
	return file->f_inode != file->f_path.dentry->d_inode;
}
