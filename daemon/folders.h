/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <systemd/sd-event.h>

#include "daemon/util.h"

/* The folders of policies, watched: who is told, and when a trial's time is over. */
struct folders;

/* Of two files of one name, the first folder's stands. NULL-terminated. */
extern const char *const folders_of_policies[];

/*
 * Makes the folder of other programs' policies where it is not there, ends a trial whose time is
 * over, and calls @changed whenever policies in them may have changed, with the name of the file
 * (NULL: it is not known which). Returns 0, or a negative errno, which is logged.
 */
int folders_new(sd_event *event, void (*changed)(void *userdata, const char *name), void *userdata,
		struct folders **ret_folders);

/* What inotify says, where it does not: to be called each second. */
void folders_tick(struct folders *folders);

struct folders *folders_free(struct folders *folders);
DEFINE_FREEP(struct folders, folders_free)
