/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <systemd/sd-id128.h>

#include "bpf-lsm/abi-event.h"

/*
 * The name of an event, for people to pass on: made of what the kernel wrote into it and of the
 * boot, so that an event has the same name whoever reads it, and however often. Ten digits and
 * letters without i, l, o and u: 50 bits, of which a million events share none but by a chance of
 * one in two thousand.
 */
#define EVENT_ID_SIZE 11 /* with its NUL */

void event_id(const struct bailiff_event *event, sd_id128_t boot, char id[static EVENT_ID_SIZE]);
