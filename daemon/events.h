/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <systemd/sd-event.h>

#include "daemon/enforce.h"
#include "daemon/kernel.h"
#include "daemon/util.h"

/*
 * From the kernel to the journal. Denials are read before all else that events tell, and nothing of
 * it keeps the loop from its other work: a few at a time are read.
 */
struct events;

/* @store: where its owner keeps the policies in force. Returns 0 or a negative errno. */
int events_new(sd_event *loop, struct store *const *store, struct events **ret_events);
struct events *events_free(struct events *events);
DEFINE_FREEP(struct events, events_free)

/* From here on those of @kernel, which stays the caller's. Returns 0 or a negative errno. */
int events_watch(struct events *events, struct kernel *kernel, struct enforce *enforce);

/* All that is left of @kernel, for one that nothing is written to any more. */
void events_drain(struct events *events, struct kernel *kernel);

/* To be called once a second: tells repeats and losses, and looks whether there is a journal. */
void events_tick(struct events *events, struct enforce *enforce);
