/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "daemon/util.h"

/* The daemon: owns everything that lives as long as it does. */
struct manager;

/*
 * Takes over what is in force, or loads it anew, puts the policies into force, and is ready to run.
 * @early: it will not run, and so protects nothing. What goes wrong is logged. Returns 0 or a
 * negative errno.
 */
int manager_new(bool early, struct manager **ret_manager);

/* Runs until it is told to stop. Returns 0 or a negative errno. */
int manager_run(struct manager *manager);

/* Closes everything. What is pinned stays in force. NULL is none. Returns NULL. */
struct manager *manager_free(struct manager *manager);
DEFINE_FREEP(struct manager, manager_free)
