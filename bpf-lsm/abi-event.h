/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "abi.h"

/*
 * What a decision other than allow leaves behind: one more in a count of its rule, and, unless it
 * repeats what was told just before, an event in a ring.
 */

/*
 * Decisions of one rule. Each is in one of these counts, and how many there were is their sum: that
 * is kept nowhere else, so it cannot be another.
 */
struct bailiff_count {
	__u64 logged;  /* written to a ring */
	__u64 folded;  /* repeats, counted in an entry of the table of folds */
	__u64 dropped; /* neither had room, or there was no scratch space to write the event in */
};

/* Denials have a ring of their own: what is only noted takes no room from them. */
#define BAILIFF_RING_BYTES (1u << 20)
#define BAILIFF_AUDIT_RING_BYTES (1u << 19)

/*
 * One decision, self-contained: a reader needs neither the image nor the task any more. The texts
 * follow it.
 */
struct bailiff_event {
	__u64 time;    /* CLOCK_BOOTTIME, ns */
	__u32 pid;     /* the thread */
	__u32 repeats; /* 0; where the daemon tells a fold: how many decisions that stands for */
	/* lengths of the texts, in the order path, exe, cgroup, without NULs; n_path is below */
	__u16 n_exe, n_cgroup;
	__u32 pad;
	/* from here on all is the same in a repeat (struct bailiff_fold) */
	__u64 cgroup; /* id of the task's cgroup */
	__u32 tgid, ppid, uid, gid;
	__s32 syscall; /* number in the machine's own table; -1: not known */
	__u32 counter;
	__u32 line, column, severity;
	__u8 verb;
	__u8 verdict;
	__u8 reason;
	__u8 audit; /* the policy is in audit mode */
	__u16 n_path;
	__u16 pads[3];
	char comm[16];
	char policy[BAILIFF_NAME_MAX];
};

#define BAILIFF_EVENT_SAME __builtin_offsetof(struct bailiff_event, cgroup)

#define BAILIFF_FOLD_WAYS 4   /* places where one event may be */
#define BAILIFF_FOLD_SETS 128 /* of such places, for denials, and as many for the rest */
#define BAILIFF_FOLD_PATH 384 /* bytes; what has longer texts is not folded */
#define BAILIFF_FOLD_TEXTS 432
#define BAILIFF_FOLDS (2 * BAILIFF_FOLD_SETS * BAILIFF_FOLD_WAYS)

/*
 * An event that was told, and how often its like came after it. A repeat is an event of which all
 * that would be told is the same but the time and the thread: rule, verdict and reason, the path
 * byte by byte, user, system call and cgroup, and the process, which has not executed anything in
 * between. No hash makes two events one. A fold is open until the daemon closes it,
 * a second or two later; there is no clock in the kernel's half.
 *
 * .state is changed by compare-and-exchange alone:
 *
 *	use << 33			free
 *	use << 33 | BAILIFF_FOLD_BUSY	a program writes it
 *	use << 33 | FOLD_OPEN | n	n repeats so far; another is an addition of 1
 *	use << 33 | n			closed: n repeats for the daemon to tell
 *
 * Each use has its own number: who compares an entry and adds to it adds to what was compared. A
 * closed fold that was not told when the daemon ended is told by the next one.
 */
struct bailiff_fold {
	__u64 state;
	__u64 hash; /* says where to look, and no more */
	/* when the process began, how often it executed, and what: inode and device */
	__u64 process[4];
	struct bailiff_event event;
	char path[BAILIFF_FOLD_PATH];	/* at the end of it, with 8 bytes 0 before */
	char texts[BAILIFF_FOLD_TEXTS]; /* exe, cgroup */
};

#define BAILIFF_FOLD_COUNT 0xffffffffull
#define BAILIFF_FOLD_BUSY BAILIFF_FOLD_COUNT
#define BAILIFF_FOLD_OPEN (1ull << 32)

_Static_assert(sizeof(struct bailiff_event) == 160 && BAILIFF_EVENT_SAME % 8 == 0,
	       "the event's layout");
_Static_assert(sizeof(struct bailiff_fold) == 1024 && BAILIFF_FOLD_PATH % 8 == 0,
	       "the fold's layout");
