/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "bpf-lsm/abi-event.h"

/*
 * What an event says, as text: its fields by name, what its cgroup tells about unit, container and
 * pod, and one readable sentence.
 */

/* A piece of an event: not terminated, may hold any byte but NUL, and was often chosen by an
 * attacker. */
struct text {
	const char *bytes;
	size_t n;
};

/* The texts of an event that is followed by them, as the ring gives it. They live as long as it. */
struct event_texts {
	struct text path, exe, cgroup, comm, policy;
	struct text cwd, parent; /* n == 0: not told */
	struct text args;	 /* each with a NUL at its end, the last perhaps without */
	const char *ancestors;	 /* n_ancestors times struct bailiff_ancestor, not aligned */
	char act[BAILIFF_PATH_MAX +
		 64]; /* where the event is of no path: what it is of, in words */
};

/*
 * Whether a record of the ring is a whole event: its texts lie inside it, and the policy's name has
 * its end. Who may write to the pinned ring could have left anything there.
 */
bool event_is_whole(const void *record, size_t size);

void event_texts(const struct bailiff_event *event, struct event_texts *ret_texts);

/* Names of an event's fields; "unknown" for a value that is none. */
/* exec, map, read, write, move; network, capability, process */
const char *event_action(const struct bailiff_event *event);
const char *event_verdict(const struct bailiff_event *event); /* deny, would-deny, audit or allow */

/* Why the decision is not what a pattern says, as a name and as a clause; NULL where it is. */
#define EVENT_REASON_UNKNOWN "unknown-container" /* and no kernel's: of policy_of_unknown() */
const char *event_reason(const struct bailiff_event *event);
const char *event_reason_clause(const struct bailiff_event *event);

/*
 * The system call's name, from the table of the machine, or of its 32-bit calls, or its number as
 * text where it has no name.
 * Returns 0 and the text, which the caller frees (NULL: the call is not known), or -ENOMEM.
 */
int event_syscall(const struct bailiff_event *event, char **ret_name);

/*
 * The systemd unit of a cgroup's path: the first component behind the slices, as systemd itself
 * tells it, else the last slice. What lies deeper is named by those who were given the subtree, and
 * says nothing. n == 0 where there is none.
 */
struct text cgroup_unit(struct text cgroup);

/*
 * The container's id (64 hexadecimal digits, mostly), of the outermost container that the path
 * names. n == 0 where there is none.
 */
struct text cgroup_container(struct text cgroup);

/*
 * The pod's UID as Kubernetes writes it. Returns its length, and 0 where the path names no pod.
 * What lies within a container is no pod of this node's kubelet.
 */
#define CGROUP_POD_MAX 37 /* with its NUL */
size_t cgroup_pod(struct text cgroup, char pod[static CGROUP_POD_MAX]);

/*
 * How many bytes the UTF-8 character at the beginning of @text has, and its code point; 0 where
 * there is none. @text is not empty.
 */
size_t text_character(struct text text, unsigned *ret_point);

bool text_is_utf8(struct text text);

/* What steers a terminal, ends a line, or makes a reader see another order than is there. */
bool text_deceives(unsigned point);

/*
 * A text for people, which the caller frees: control characters, what turns the direction of
 * writing, bytes that are no UTF-8 and '\' itself become \xNN; a text with anything in it that
 * could be taken for more than a name stands in quotes. Different texts stay different. NULL
 * without memory.
 */
char *text_printable(struct text text);

/* What happened in one sentence, which the caller frees. NULL without memory. */
char *event_sentence(const struct bailiff_event *event);
