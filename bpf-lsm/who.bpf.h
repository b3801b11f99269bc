/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "scratch.bpf.h"

/*
 * What an event says of the current task besides what decided: nothing here has a part in a
 * verdict, and arguments are what the process has in its memory for them.
 */

/* Into the event: user, login, capabilities. */
void who_credentials(struct bailiff_event *event, struct task_struct *task);

/*
 * Functions of their own to the verifier. Each puts its text behind the first @at bytes of the
 * event's in the scratch space of that number, sets its length in the event, and returns the
 * length of all texts.
 *
 * who_args(): the arguments: for an exec, those that the call has for what is to be executed; else
 * those that the process was called with.
 * who_ancestors(): the parent, its parent and so on.
 */
int who_args(__u32 number, __u32 at);
int who_ancestors(__u32 number, __u32 at);
