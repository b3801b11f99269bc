/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "bpf-lsm/abi.h"
#include "daemon/util.h"

struct kernel;

/*
 * Reads the kernel's ring as fast as the journal takes what is in it. What it does not take stays
 * in the ring, which is the queue: nothing is waited for, and what finds no room there is counted
 * by the kernel.
 */
struct events;

/*
 * @handle gets each event with its texts, and writes it; its answer ends the reading where it is
 * negative. Returns 0 or -ENOMEM.
 */
int events_new(sd_event *loop,
	       int (*handle)(void *userdata, const struct bailiff_event *event, size_t size),
	       void *userdata, struct events **ret_events);

struct events *events_free(struct events *events);
DEFINE_FREEP(struct events, events_free)

/* Reads the ring of @kernel, which stays the caller's, from now on. 0 or a negative errno. */
int events_watch(struct events *events, struct kernel *kernel);

/*
 * Takes a kernel whose programs run no more: what is left in its ring is read, as soon as the
 * journal takes it, and then it is freed.
 */
void events_finish(struct events *events, struct kernel *kernel);

/* Once a second. */
void events_tick(struct events *events);

/*
 * At the end, waits for the journal, for some seconds where it is there. @all: reads what is in the
 * ring, to which nobody writes any more; else the next daemon does.
 */
void events_end(struct events *events, bool all);
