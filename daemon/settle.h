/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <systemd/sd-event.h>

#include "daemon/util.h"

/* When what has changed is looked at: at once, and a burst of changes a few times. */
struct settle;

/*
 * Makes one that calls @look a moment after a change. Returns 0 or a negative errno.
 */
int settle_new(sd_event *event, void (*look)(void *userdata), void *userdata,
	       struct settle **ret_settle);

/* Something of that name has changed (NULL: it is not known what). */
void settle_changed(struct settle *settle, const char *name);

struct settle *settle_free(struct settle *settle);
DEFINE_FREEP(struct settle, settle_free)
