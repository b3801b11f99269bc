/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "daemon/kernel-events.h"
#include "daemon/util.h"

struct enforce;

/*
 * Reads the kernel's rings as fast as the journal takes what is in them, and tells what was
 * repeated and lost. What the journal does not take stays in the rings, which are the queue:
 * nothing is waited for, and what finds no room there is counted by the kernel. Denials come first,
 * and nothing keeps the loop from its other work: a few at a time are read.
 */
struct events;

/*
 * @handle gets each event with its texts, and writes it; a negative answer is counted, and told
 * once a second. Returns 0 or -ENOMEM.
 */
int events_new(sd_event *loop, kernel_event_handler handle, void *userdata,
	       struct events **ret_events);

struct events *events_free(struct events *events);
DEFINE_FREEP(struct events, events_free)

/*
 * Reads those of @kernel, which stays the caller's, from now on, and none of another one any more.
 * Returns 0 or a negative errno.
 */
int events_watch(struct events *events, struct kernel *kernel, struct enforce *enforce);

/* Once a second. */
void events_tick(struct events *events, struct enforce *enforce);

/*
 * At the end, waits for the journal, for some seconds where it is there. @all: reads all that is
 * left, to which nobody adds any more; else the next daemon does.
 */
void events_end(struct events *events, bool all);
