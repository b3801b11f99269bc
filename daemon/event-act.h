/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#include "daemon/event-text.h"

/* Longest text of an act: a unix socket's path, and the words before it. */
#define EVENT_ACT_MAX sizeof(((struct event_texts *)0)->act)

/*
 * Writes what an act's name (abi.h) stands for, as a policy says it: "sys_admin", "ptrace",
 * "connect tcp 10.0.0.1:443", "create raw", "listen unix @name". Returns its length; what cannot be
 * read is "unknown".
 */
size_t event_act(struct text name, char text[static EVENT_ACT_MAX]);

/* The section that an act belongs to: network, capability or process. */
const char *event_act_section(struct text name);
