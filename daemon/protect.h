/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

struct kernel;
struct protect;

/*
 * The daemon's own protection, "protect = yes": who is trusted, what is guarded, what is noticed.
 * Functions log what goes wrong, and return 0 or a negative errno unless they say otherwise.
 */

/* Refuses, with a reason in the log, where the daemon is not a service that PID 1 started. */
int protect_new(struct protect **ret_protect);
struct protect *protect_free(struct protect *protect);

/* For maps that were made or taken over, before programs are attached: the daemon is trusted. */
int protect_begin(struct protect *protect, struct kernel *kernel);

/* After a publication: what was attached and pinned by it is guarded, too. */
int protect_published(struct protect *protect, struct kernel *kernel);

/*
 * Once a second: tells what was refused, and what could not be; pins again what is not pinned any
 * more. Returns 1 where the daemon has to be started anew.
 */
int protect_tick(struct protect *protect, struct kernel *kernel);

/* The daemon ends in order; with @stay, the protection stays, for the next to take over. */
int protect_end(struct protect *protect, struct kernel *kernel, bool stay);
