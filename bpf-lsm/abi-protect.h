/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "abi.h"

/*
 * What kernel and user space share for the daemon's own protection (protect = yes): who is trusted,
 * what is guarded, and who tried. See docs/decisions/0005-self-protection.md.
 */

/* The ways in. Each counts the attempts that it refused. */
enum bailiff_door {
	BAILIFF_DOOR_MAP,     /* open one of bailiff's maps */
	BAILIFF_DOOR_PROGRAM, /* ... programs */
	BAILIFF_DOOR_LINK,    /* ... links, by id */
	BAILIFF_DOOR_PIN,     /* change what is pinned */
	BAILIFF_DOOR_FILE,    /* change the daemon's files */
	BAILIFF_DOOR_CGROUP,  /* write to its cgroup */
	BAILIFF_DOOR_MOUNT,   /* mount over any of them, or unmount */
	BAILIFF_DOOR_SIGNAL,
	BAILIFF_DOOR_TRACE,
	BAILIFF_DOOR_LIMIT, /* its resource limits and scheduling */
	BAILIFF_N_DOORS,
};

/* Refused so far, and who was the last. */
struct bailiff_attempt {
	__u64 count;
	__u32 tgid, uid;
	char comm[16];
};

/* What a struct bailiff_inode stands for, in its field "pad": an object of a file system, or: */
enum bailiff_guarded {
	BAILIFF_GUARDED_INODE,
	BAILIFF_GUARDED_MAP, /* inode: its id */
	BAILIFF_GUARDED_PROGRAM,
	BAILIFF_GUARDED_LINK,
	BAILIFF_GUARDED_MOUNT, /* a mount of the host's, on the way to something guarded */
};

/* How an object is guarded. The door that counts stands above these bits. */
#define BAILIFF_GUARD_SELF 1u  /* not changed, renamed, removed, linked or mounted over */
#define BAILIFF_GUARD_TREE 2u  /* the same for what lies beneath, this many levels: */
#define BAILIFF_GUARD_ABOVE 4u /* not renamed, removed or mounted over: something is beneath it */
#define BAILIFF_GUARD_SHIFT 8
#define BAILIFF_GUARD_LEVELS 3

#define BAILIFF_GUARDS 1024

/* A name in a directory, whether something has it or not. It is not made, replaced or removed. */
struct bailiff_name {
	__u64 inode; /* the directory's */
	__u32 device;
	__u32 pad;
	char name[48]; /* the rest is 0 */
};

/* What a task is, in task storage. The daemon itself is in struct bailiff_protect. */
enum bailiff_trust {
	BAILIFF_TRUST_NONE,
	BAILIFF_TRUST_MANAGER, /* forked by PID 1, and runs its code still */
	BAILIFF_TRUST_COMMAND, /* executed bailiff(1): may open maps for reading */
};

/* The unit's cgroup is known by its path, of at most so many names. */
#define BAILIFF_UNIT_DEPTH 4
#define BAILIFF_UNIT_NAME 64

/* One entry. The programs write the daemon's process to it when PID 1 starts a new one. */
struct bailiff_protect {
	struct bailiff_inode daemon, command; /* executables */
	__u64 start;			      /* of the daemon: hundredths of a second since boot */
	__u32 tgid;
	__u32 mount_ns;	     /* of the daemon: inode number */
	__u32 host_mount_ns; /* of PID 1 */
	__u32 ended;	     /* the daemon ended in order */
	__u32 n_unit;
	__u32 cgroup_device;				  /* of the file system of cgroups */
	__u64 told[BAILIFF_N_DOORS];			  /* attempts that are in the journal */
	char unit[BAILIFF_UNIT_DEPTH][BAILIFF_UNIT_NAME]; /* the last name of the path first */
};

_Static_assert(sizeof(struct bailiff_attempt) == 32, "no holes");
_Static_assert(sizeof(struct bailiff_name) == 64, "no holes");
_Static_assert(sizeof(struct bailiff_protect) ==
		       64 + 8 * BAILIFF_N_DOORS + BAILIFF_UNIT_DEPTH * BAILIFF_UNIT_NAME,
	       "no holes");
