/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-journal.h>

#include "daemon/cli-policies.h"
#include "policy/exceptions.h"
#include "policy/mend.h"
#include "policy/try.h"

/*
 * An event explained: what the journal has of it, and what the policies' files, as they are now,
 * answer to the same act.
 */

/* An event as the journal has it. Texts are the entry's own; NULL: it has no such field. */
struct why_event {
	uint64_t when; /* microseconds since 1970 */
	char *id, *verdict, *action, *path, *reason, *policy, *rule, *mode;
	char *exe, *comm, *pid, *uid, *cgroup, *line, *column, *repeats;
	char *args, *cwd, *parent_exe, *ancestors, *login_uid, *capabilities, *container_name,
		*image;
};

/* Reads the journal's current entry. Returns 0 or -ENOMEM; to be released also on failure. */
int why_event_read(sd_journal *journal, struct why_event *event);
void why_event_release(struct why_event *event);

/* The file of the event's rule. */
enum why_file {
	WHY_FILE_SAME,
	WHY_FILE_CHANGED, /* after the event */
	WHY_FILE_GONE,	  /* no policy of that name is there, or it has errors */
};

#define WHY_EXCEPTIONS_MAX 3

struct why_mend {
	bool found;
	struct mend mend;
};

struct why {
	const struct why_event *event;
	struct cli_policies given;
	/* the policies that hold for the event's cgroup, or, where none does, the event's own */
	const struct policy **policies;
	size_t *chosen; /* indexes of these among those given */
	size_t n_chosen;
	bool selected; /* the event's policy holds for the cgroup */
	long own;      /* index of the event's policy among these; -1: it is not there */
	enum why_file file;
	/* asked anew; not where the event's reason is another than the path's name */
	bool asked;
	struct question question;
	const char *asked_text; /* the path, or the act in words */
	const char *executables[2];
	struct asker asker;
	struct trial trial;
	struct answer *each, whole;
	bool same; /* the same rule answers now */
	struct exception exceptions[WHY_EXCEPTIONS_MAX];
	size_t n_exceptions;
	struct why_mend for_all, for_exe;
};

/* Explains @event; the policies in @why->given are there. Returns 0, 1 and what is wrong in
 * given.diag, or a negative errno. To be released also on failure. */
int why_find(const struct why_event *event, struct why *why);
void why_release(struct why *why);

/* What an event's reason (BAILIFF_REASON) means for who wants to allow it. */
const char *why_reason(const char *reason);

/* Prints it, for people and programs. Return 0 or -ENOMEM; the object is NULL without memory. */
int why_show(const struct why *why);
struct json_object *why_object(const struct why *why);
