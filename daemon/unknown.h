/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <systemd/sd-event.h>

#include "daemon/conf.h"
#include "daemon/store.h"
#include "daemon/util.h"

/*
 * [daemon] unknown = deny: what is in a container's cgroup and is not known executes nothing, as
 * long as some policy selects by what is to be known (docs/decisions/0017). Each time that a cgroup
 * is made, "bailiff container-hook --look" is called to find out what container that is.
 */
struct unknown;
struct kernel;

/* Returns 0 or -ENOMEM. */
int unknown_new(sd_event *event, const struct conf *conf, struct unknown **ret_unknown);

struct unknown *unknown_free(struct unknown *unknown);
DEFINE_FREEP(struct unknown, unknown_free)

/* Waits for cgroups that @kernel tells of, which stays the caller's. 0 or a negative errno. */
int unknown_watch(struct unknown *unknown, struct kernel *kernel);

/*
 * Before policies are put into force, and before what is known is read: adds to @store the policy
 * that holds containers, if one of its policies asks; the first time when what runs was looked at.
 * Returns 0 or -ENOMEM.
 */
int unknown_begin(struct unknown *unknown, struct store *store, const struct store *previous);

/* When they are in force: what came meanwhile is looked for. */
void unknown_settle(struct unknown *unknown);

/* Once a second: what is held is looked at again. */
void unknown_tick(struct unknown *unknown);
