/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "daemon/event-text.h"
#include "policy/containers.h"

/*
 * What the hook told of the container of that id (containers.h), which an event's cgroup is of.
 * Valid until the next call; NULL where nothing is known. One that was known stays so when its file
 * is gone, so that its last events have its name.
 */
const struct container *event_container(const struct bailiff_event *event, struct text id);
