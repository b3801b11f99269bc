/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/settle.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store.h"

/*
 * A change is looked at a millisecond later. Where more than one thing has changed since the look
 * before, the look after that waits four times as long, up to half a second, and so on until they
 * end (docs/decisions/0019).
 */
#define FIRST_USEC 1000
#define LAST_USEC 512000

struct settle {
	void (*look)(void *userdata);
	void *userdata;
	sd_event_source *timer;
	uint64_t usec; /* to wait */
	uint64_t name; /* of what has changed since the last look: a digest; 0: nothing has */
	bool others;   /* and something else has as well */
};

struct settle *settle_free(struct settle *settle)
{
	if (!settle)
		return NULL;
	sd_event_source_disable_unref(settle->timer);
	free(settle);
	return NULL;
}

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct settle *settle = userdata;

	(void)source;
	(void)usec;
	if (!settle->others)
		settle->usec = FIRST_USEC;
	else if (settle->usec < LAST_USEC)
		settle->usec = settle->usec * 4 < LAST_USEC ? settle->usec * 4 : LAST_USEC;
	settle->name = 0;
	settle->others = false;
	settle->look(settle->userdata);
	return 0;
}

void settle_changed(struct settle *settle, const char *name)
{
	uint64_t digest = store_digest("", name ? name : "", name ? strlen(name) : 0) | 1;
	int enabled = SD_EVENT_OFF;

	settle->others |= settle->name && settle->name != digest;
	settle->name = digest;
	(void)sd_event_source_get_enabled(settle->timer, &enabled);
	if (enabled != SD_EVENT_OFF)
		return;
	(void)sd_event_source_set_time_relative(settle->timer, settle->usec);
	(void)sd_event_source_set_enabled(settle->timer, SD_EVENT_ONESHOT);
}

int settle_new(sd_event *event, void (*look)(void *userdata), void *userdata,
	       struct settle **ret_settle)
{
	_cleanup_(settle_freep) struct settle *settle = calloc(1, sizeof(*settle));
	int r;

	if (!settle)
		return -ENOMEM;
	settle->look = look;
	settle->userdata = userdata;
	settle->usec = FIRST_USEC;
	r = sd_event_add_time_relative(event, &settle->timer, CLOCK_MONOTONIC, 0, 1, on_settled,
				       settle);
	if (r >= 0)
		r = sd_event_source_set_enabled(settle->timer, SD_EVENT_OFF);
	if (r < 0)
		return r;
	*ret_settle = TAKE_PTR(settle);
	return 0;
}
