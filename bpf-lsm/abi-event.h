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

#define BAILIFF_ARGS_MAX 1024 /* bytes of arguments that are told, and how many */
#define BAILIFF_ARGS_N 64
#define BAILIFF_SHORT_MAX 512 /* of other texts that only explain: of longer ones the end */
#define BAILIFF_ANCESTORS 8

/* A process that a task descends from: the parent, its parent, and so on. */
struct bailiff_ancestor {
	__u32 pid;
	char comm[16];
};

/* Texts that were longer than what is told of them, and what is said beside. */
#define BAILIFF_CUT_ARGS 1
#define BAILIFF_CUT_CWD 2
#define BAILIFF_CUT_PARENT 4

/*
 * One decision, self-contained: a reader needs neither the image nor the task any more. The texts
 * follow it.
 */
struct bailiff_event {
	__u64 time;    /* CLOCK_BOOTTIME, ns */
	__u32 pid;     /* the thread */
	__u32 repeats; /* 0; where the daemon tells a fold: how many decisions that stands for */
	/*
	 * Lengths of the texts, without NULs, in this order: path (n_path is below), executable,
	 * cgroup; and, 0 in a fold: the working directory, the parent's executable, the arguments
	 * (each with a NUL at its end) and n_ancestors times struct bailiff_ancestor.
	 */
	__u16 n_exe, n_cgroup, n_cwd, n_parent, n_args;
	__u8 n_ancestors;
	__u8 cut; /* BAILIFF_CUT_... */
	__u32 pad;
	/* from here on all is the same in a repeat (struct bailiff_fold) */
	__u64 cgroup;	    /* id of the task's cgroup */
	__u64 capabilities; /* effective ones */
	__u32 user_ns;	    /* the user namespace that these are of; 0: the machine's own */
	__u32 login;	    /* the user who logged in; BAILIFF_NO_LOGIN: nobody did */
	__u32 tgid, ppid, uid, gid;
	__s32 syscall; /* number in the table of the machine, or of 32-bit calls; -1: none */
	__u32 counter;
	__u32 line, column, severity;
	__u8 verb;
	__u8 verdict;
	__u8 reason;
	__u8 audit; /* the policy is in audit mode */
	__u16 n_path;
	__u8 is_32bit; /* the call */
	__u8 pads[5];
	char comm[16];
	char policy[BAILIFF_NAME_MAX];
};

#define BAILIFF_NO_LOGIN 0xffffffffu

#define BAILIFF_EVENT_SAME __builtin_offsetof(struct bailiff_event, cgroup)

#define BAILIFF_FOLD_WAYS 4   /* places where one event may be */
#define BAILIFF_FOLD_SETS 128 /* of such places, for denials, and as many for the rest */
#define BAILIFF_FOLD_PATH 384 /* bytes; what has longer texts is not folded */
#define BAILIFF_FOLD_TEXTS 408
#define BAILIFF_FOLDS (2 * BAILIFF_FOLD_SETS * BAILIFF_FOLD_WAYS)

/*
 * An event that was told, and how often its like came after it. A repeat is an event of which all
 * is the same but the time and the thread: rule, verdict and reason, the path byte by byte, user,
 * capabilities, system call and cgroup, and the process, which has not executed anything in
 * between. What an event says besides (arguments, working directory, ancestors) is not compared,
 * and not told of repeats. No hash makes two events one. A fold is open until the daemon closes it,
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

_Static_assert(sizeof(struct bailiff_event) == 184 && BAILIFF_EVENT_SAME % 8 == 0,
	       "the event's layout");
_Static_assert(sizeof(struct bailiff_fold) == 1024 && BAILIFF_FOLD_PATH % 8 == 0,
	       "the fold's layout");
