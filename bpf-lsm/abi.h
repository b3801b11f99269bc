/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#ifndef __bpf__
#include <linux/types.h> /* the programs have them from kernel.bpf.h */
#endif

/*
 * What kernel and user space share, and nothing else: the layout of a compiled image in the arena,
 * the values of the maps. The event and what counts decisions are in abi-event.h.
 *
 * Everything is little-endian and naturally aligned. A change of any layout raises
 * BAILIFF_ABI_VERSION: a daemon takes over only pins of its own version.
 */

#define BAILIFF_ABI_VERSION 11

/*
 * What a process wants to do. Indexes the words of a label. The first three are what a policy says
 * about paths; the others are worked out from them when it is compiled:
 *
 *	INVOKED	exec under the name that the caller gave, which may be a link (sh -> busybox): only
 *		denies that a pattern says count there, not defaults
 *	MAP	mapping a file executable: as INVOKED; as EXEC in a policy with libraries = yes
 *	ACT	what has no path: the network, capabilities and the like, under names of their own
 *		(struct bailiff_act)
 *	OTHER	what another name of the thing that is asked about adds (OTHER + verb, of the first
 *		three): what a pattern says, and no default. An allow has the number of the rule
 *		that it is an exception to: that does not count for what has this name as well
 *	BELOW	the strictest decision of EXEC, READ, WRITE (BELOW + verb), of ACT and of MAP
 *		(BELOW + BAILIFF_BELOW_*) on what may lie beneath the path: that decides whether
 *		a directory may be renamed or mounted over, and what a port may be that is not
 *		known yet
 */
enum bailiff_verb {
	BAILIFF_VERB_EXEC,
	BAILIFF_VERB_READ,
	BAILIFF_VERB_WRITE,
	BAILIFF_N_VERBS,
	BAILIFF_VERB_INVOKED = BAILIFF_N_VERBS,
	BAILIFF_VERB_MAP,
	BAILIFF_VERB_ACT,
	BAILIFF_VERB_OTHER,
	BAILIFF_VERB_BELOW = BAILIFF_VERB_OTHER + BAILIFF_N_VERBS,
	BAILIFF_N_DECISIONS = BAILIFF_VERB_BELOW + BAILIFF_N_VERBS + 2,
};

#define BAILIFF_BELOW_ACT BAILIFF_N_VERBS
#define BAILIFF_BELOW_MAP (BAILIFF_N_VERBS + 1)
#define BAILIFF_N_BELOW (BAILIFF_N_VERBS + 2)

/*
 * The word of a label behind its decisions: the laxest verdict on what may lie beneath the path,
 * two bits for each of the BELOW decisions.
 */
#define BAILIFF_WORD_LEAST BAILIFF_N_DECISIONS
#define BAILIFF_LEAST(word, verb) ((word) >> 2 * (verb)&3u)

/* And one more word: which subjects' executables the path is, 1 << the subject's number. */
#define BAILIFF_WORD_SUBJECTS (BAILIFF_WORD_LEAST + 1)

/* By strictness: the greater one stands. WOULD_DENY is a deny of a policy with mode = audit. */
enum bailiff_verdict {
	BAILIFF_ALLOW,
	BAILIFF_AUDIT,
	BAILIFF_WOULD_DENY,
	BAILIFF_DENY,
};

/*
 * A decision is one word: the verdict in the low bits, above it the index of the rule in its image.
 * Rule 0 is none: a decision of 0 is an allow that no rule made.
 */
#define BAILIFF_VERDICT_MASK 3u
#define BAILIFF_RULE_SHIFT 2
#define BAILIFF_VERDICT(decision) ((decision)&BAILIFF_VERDICT_MASK)
#define BAILIFF_RULE(decision) ((decision) >> BAILIFF_RULE_SHIFT)

/*
 * The arena is an array of cells; an image is a run of them, and all indexes within an image are
 * counted in cells from its first one. A state of the automaton is an index s, counted from
 * header.states:
 *
 *	cell[s]			the state's head: check = BAILIFF_HEAD | label, next = default
 *target cell[s + 1 + class]	the target for a byte of that class if its check is s; the default
 *				target otherwise (row displacement: rows of several states
 *interleave)
 *
 * State 0 is dead: no byte leads out of it. Class 0 is byte 0 alone, which no path contains: it
 * pads a path at the front, and leads from the start state to itself.
 */
struct bailiff_cell {
	__u32 check;
	__u32 next;
};

#define BAILIFF_HEAD 0x80000000u

/*
 * One label: the decision for each verb, BAILIFF_WORD_LEAST and BAILIFF_WORD_SUBJECTS. In a
 * selector image, word 0 is the slot (0: none).
 */
#define BAILIFF_LABEL_WORDS 16

/*
 * What has no path is asked of the same automaton under a name of its own, which begins with a byte
 * that no path begins with:
 *
 *	BAILIFF_ACT_CAPABILITY, 0x20 + number of the capability
 *	BAILIFF_ACT_PROCESS, 0x20 + enum bailiff_process
 *	BAILIFF_ACT_NETWORK, enum bailiff_network, enum bailiff_protocol, and what follows from it:
 *		CREATE: nothing
 *		tcp, udp, icmp, sctp, raw: '4' or '6', the address, '/' and the port, both in
 *			hexadecimal digits (8 or 32, and 4), so that ports lie beneath an address;
 *			IPv6's mapped addresses are those of IPv4
 *		unix: the socket's path, or '@' and its abstract name; nothing where it has no name
 *		others: nothing
 */
#define BAILIFF_ACT_NETWORK 1
#define BAILIFF_ACT_CAPABILITY 2
#define BAILIFF_ACT_PROCESS 3
#define BAILIFF_ACT_BASE 0x20

#define BAILIFF_N_CAPABILITIES 41

enum bailiff_process {
	BAILIFF_PROCESS_PTRACE, /* attach to, or write into, another process; or be its tracee */
	BAILIFF_PROCESS_SIGNAL_OUT, /* a signal to a process outside of the own container */
	BAILIFF_PROCESS_MOUNT,	    /* mount, unmount, remount, move a mount, pivot_root */
	BAILIFF_PROCESS_CHROOT,
	BAILIFF_PROCESS_BPF,
	BAILIFF_PROCESS_PERF,
	BAILIFF_PROCESS_MODULE,
	BAILIFF_PROCESS_KEYCTL,
	BAILIFF_PROCESS_USERNS,	     /* make a user namespace */
	BAILIFF_PROCESS_IO_URING,    /* make a ring */
	BAILIFF_PROCESS_USERFAULTFD, /* make one */
	BAILIFF_PROCESS_SETNS,	     /* join a namespace */
	/* not by these names, but keys and patterns of [exec]: */
	BAILIFF_PROCESS_WX,	    /* wx = deny: memory that is written and then executed */
	BAILIFF_PROCESS_DRIFT,	    /* deny = drift: to execute what was not in the image */
	BAILIFF_PROCESS_DRIFT_READ, /* with scripts: an interpreter that reads such a file */
	BAILIFF_N_PROCESS,
};

enum bailiff_network {
	BAILIFF_NETWORK_CREATE = 's',  /* a socket */
	BAILIFF_NETWORK_CONNECT = 'c', /* or send, to an address */
	BAILIFF_NETWORK_LISTEN = 'l',  /* bind to a local address */
	BAILIFF_NETWORK_ACCEPT = 'a',  /* on a local address */
};

enum bailiff_protocol {
	BAILIFF_PROTOCOL_TCP = 't',
	BAILIFF_PROTOCOL_UDP = 'u',
	BAILIFF_PROTOCOL_ICMP = 'i',
	BAILIFF_PROTOCOL_SCTP = 's',
	BAILIFF_PROTOCOL_RAW = 'r',
	BAILIFF_PROTOCOL_UNIX = 'x',
	BAILIFF_PROTOCOL_NETLINK = 'n',
	BAILIFF_PROTOCOL_PACKET = 'p',
	BAILIFF_PROTOCOL_VSOCK = 'v',
	BAILIFF_PROTOCOL_OTHER = 'o',
};

/* Longest name of a policy with its final NUL: a file's name without .ini. */
#define BAILIFF_NAME_MAX 64

struct bailiff_rule {
	__u64 key;     /* of (policy, section, verdict, verbs, pattern): the same after a reload */
	__u32 counter; /* index into the counters; set when the image is published */
	__u32 policy;  /* index into the image's policies */
	__u32 line;    /* in the policy's file, from 1 */
	__u32 column;  /* from 1 */
};

struct bailiff_policy {
	char name[BAILIFF_NAME_MAX];
	__u32 severity;
	__u32 audit; /* 1: mode = audit */
};

/*
 * Some rules hold for some executables alone. A task is of those subjects whose executable it runs
 * (and of those that it inherited): that set is its class, and each class has a start of its own,
 * from where those rules count that are for it. Class 0 is of no subject. Where the executable
 * cannot be told, the start is header.unknown: every subject's denies and audits count there, and
 * no subject's allows.
 */
#define BAILIFF_SUBJECTS 32
#define BAILIFF_CLASSES 256

struct bailiff_class {
	__u32 subjects; /* 1 << number */
	__u32 start;
};

/* A subject, by its number in this image. Its key is the same in every image, so that what tasks
 * are outlives them. */
struct bailiff_subject {
	__u64 key; /* of its pattern; never 0, and odd where children inherit it */
};

/* Of how many a task can be at once. */
#define BAILIFF_SUBJECTS_OF_TASK 8

#define BAILIFF_IMAGE_MAGIC 0x6961620au

struct bailiff_image {
	__u32 magic;
	__u32 n_cells; /* of the whole image, this header included */
	__u32 start;   /* the start state */
	__u32 used;    /* 1 << verb for every decision of which some label is other than allow */
	/* where each table begins, in cells, and how many entries it has */
	__u32 labels; /* __u32[BAILIFF_LABEL_WORDS] each; label 0 is "no pattern matched" */
	__u32 n_labels;
	__u32 rules; /* struct bailiff_rule */
	__u32 n_rules;
	__u32 policies; /* struct bailiff_policy */
	__u32 n_policies;
	__u32 states;
	__u32 n_states; /* the table's cells, of which a state takes one or more */
	__u32 classes;	/* struct bailiff_class; none where no rule is for a subject */
	__u32 n_classes;
	__u32 subjects; /* struct bailiff_subject, by number */
	__u32 n_subjects;
	__u32 unknown; /* a start */
	__u32 revoke;  /* 1: descriptors are asked about at each use */
	/* greater than that of any image before; set when it is published */
	__u64 serial;
	/* what answers where the path cannot be told: the strictest decision of each verb */
	__u32 strictest[BAILIFF_LABEL_WORDS];
	/* which acts have an answer other than allow */
	__u32 process; /* 1 << enum bailiff_process */
	__u32 network; /* 1: some; 2: to connect to some path of a unix socket */
	__u64 capabilities;
	__u8 class_of[256];
};

/*
 * A slot is a set of policies that holds for some cgroups. Cgroups are bound to slots and slots
 * lead to images, so that a new image is published by one store. A slot that is used again for
 * another set gets another cookie, which makes labels of the old one void.
 */
#define BAILIFF_SLOTS 4096
struct bailiff_slot {
	__u32 image; /* first cell in the arena; 0: nothing is enforced */
	__u32 cookie;
};

#define BAILIFF_BINDINGS                                                                           \
	65536 /* cgroups under policy; beyond them paths are matched at each hook */

/* What a task carries, wherever it is moved to. */
struct bailiff_label {
	__u64 cgroup; /* where it came under policy; BAILIFF_LAUNCHER: it starts containers */
	__u32 slot;   /* what held there last: stands when that cgroup is gone */
	__u32 cookie;
	__u32 bindings; /* 0, or the count of bindings' changes by which .slot is .cgroup's */
	__u32 pad;
	/* what the task executed last, so that no other file is taken for it; 0: not known */
	__u64 inode;
	__u32 device;
	__u32 subjects_lost; /* 1: it was of more subjects than there is room for */
	/* the keys of the subjects that it is of, under whichever policies; 0: none */
	__u64 subjects[BAILIFF_SUBJECTS_OF_TASK];
	/* its class under the policies of its cgroup, and of the one where the label was given */
	struct bailiff_classified {
		__u64 serial; /* of the image by which it was classified; 0: never */
		__u32 slot;   /* whose image that was */
		__u32 start;  /* one more than the start; 0: to be worked out */
	} of[2];
};

#define BAILIFF_LAUNCHER 0 /* no cgroup has this id */

/* The object behind a name. */
struct bailiff_inode {
	__u64 inode;
	__u32 device; /* as the kernel has it: major << 20 | minor */
	__u32 pad;
};

#define BAILIFF_LAUNCHERS 64

/* What a launcher's executable is; its label has it in place of the cookie. */
enum bailiff_launcher {
	BAILIFF_LAUNCHER_MANAGER = 1, /* systemd */
	BAILIFF_LAUNCHER_EXECUTOR,    /* systemd-executor, which every child of it executes first */
	BAILIFF_LAUNCHER_RUNTIME,     /* runc, crun */
	BAILIFF_LAUNCHER_MONITOR,     /* conmon */
};

#define BAILIFF_BOUND (1u << 17)

/* One entry, shared with the daemon. */
struct bailiff_control {
	__u32 version;
	__u32 selector;	       /* the image over cgroup paths; 0: none */
	__u32 mount_ns;	       /* inode number of the host's mount namespace */
	__u32 bindings_full;   /* a cgroup could not be bound: ask the selector at each hook */
	__u32 bindings_serial; /* raised when cgroups that were there are bound otherwise; never 0
				*/
	__u32 tell_made; /* 1: cgroups that are bound as they are made are told (map "made") */
	__u64 build;	 /* digest of the programs: others are replaced, not taken over */
	__u32 known, known_serial; /* 1: abi-names.h has some; raised when they change */
	/* addresses of the kernel's own, found by bailiff_locks; 0: no decision is remembered */
	__u64 rename_lock, mount_lock;
	/* At least as many as cgroups whose id has these low bits are bound: up before, down after.
	 */
	__u32 bound[BAILIFF_BOUND];
};

/* Rules that can be counted (abi-event.h); as a counter: none. */
#define BAILIFF_COUNTERS 131072

/* Why a decision is not what a rule's pattern says. One counter for each. */
enum bailiff_reason {
	BAILIFF_REASON_RULE,		/* none: a pattern or a default says so */
	BAILIFF_REASON_NO_NAMESPACE,	/* the path hangs on no mount namespace */
	BAILIFF_REASON_OTHER_NAMESPACE, /* ... on another than the task's */
	BAILIFF_REASON_TOO_LONG,	/* longer than BAILIFF_PATH_MAX, or too many components */
	BAILIFF_REASON_UNREADABLE,	/* the kernel's memory could not be read */
	BAILIFF_REASON_NO_SCRATCH,	/* no scratch slot was free on this processor */
	BAILIFF_REASON_INVOKED_NAME,	/* the name as invoked is denied, not the file's own */
	BAILIFF_REASON_SECOND_NAME,	/* what is denied would get another name */
	BAILIFF_REASON_DRIFT,		/* the file was not in the image, whatever its name */
	BAILIFF_REASON_SPELLING,   /* the file system takes several spellings of a name for one */
	BAILIFF_REASON_OTHER_NAME, /* the file has another name as well, and that is denied */
	BAILIFF_N_REASONS,
};

/* What else is counted, behind the reasons and room for more of them. */
enum bailiff_stat {
	BAILIFF_STAT_BOUND = 32, /* cgroups bound in cgroup_mkdir */
	BAILIFF_STAT_BINDINGS_FULL,
	BAILIFF_STAT_LABEL_FAILED, /* task storage could not be had */
	BAILIFF_STAT_DROPPED,	   /* events, of all rules */
	BAILIFF_STAT_QUIET,	   /* capabilities refused where the kernel wants no entry of it */
	BAILIFF_N_STATS,
};

#define BAILIFF_PATH_MAX 4080 /* bytes; longer: BAILIFF_REASON_TOO_LONG */
#define BAILIFF_DEPTH_MAX 512 /* components and mounts crossed; more: the same */

/* A descriptor, or a mapping, of a task under policy; the path of its file follows. */
struct bailiff_older {
	__u32 tgid;
	__u32 slot;
	__u32 mode; /* what it is open for, or mapped */
	__u32 n_path;
};

#define BAILIFF_OLDER_READ 1
#define BAILIFF_OLDER_WRITE 2
#define BAILIFF_OLDER_EXEC 4
#define BAILIFF_OLDER_MAPPED 8 /* it is a mapping */

_Static_assert(sizeof(struct bailiff_cell) == 8, "a cell is read with one load");
_Static_assert(sizeof(struct bailiff_rule) % sizeof(struct bailiff_cell) == 0,
	       "tables are whole cells");
_Static_assert(sizeof(struct bailiff_class) == sizeof(struct bailiff_cell) &&
		       sizeof(struct bailiff_subject) % sizeof(struct bailiff_cell) == 0,
	       "tables are whole cells");
_Static_assert(sizeof(struct bailiff_policy) % sizeof(struct bailiff_cell) == 0,
	       "tables are whole cells");
_Static_assert((int)BAILIFF_N_REASONS <= (int)BAILIFF_STAT_BOUND, "stats keep their numbers");
_Static_assert(sizeof(struct bailiff_image) == 416, "the image header's layout");
_Static_assert(sizeof(struct bailiff_label) == 136 && sizeof(struct bailiff_inode) == 16,
	       "no holes");
