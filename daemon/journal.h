/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "bpf-lsm/abi-event.h"

/*
 * Events in the journal: one structured entry each, with a MESSAGE_ID that the catalog
 * (systemd/bailiff.catalog) explains. The ids never change. REFUSED and TAMPERED are of protect =
 * yes: an attempt on the daemon itself, and one that could not be stopped.
 */
#define JOURNAL_ID_DENIED "5f2a1c7e90b84d63a1d0c5be7f3e8a11"
#define JOURNAL_ID_AUDITED "b8e47d0a6c3f4f1e9d25708c41f6ab22"
#define JOURNAL_ID_WOULD_DENY "c91f3b52e87a4c0db46e1f9a03d7c533"
#define JOURNAL_ID_DROPPED "e06d95a3174b4b8f8c2ad1e57b90f644"
#define JOURNAL_ID_POLICY "2d7b8ec4f1564a9ea07c63d9b5128e55" /* policies put into force */
#define JOURNAL_ID_REFUSED "71c0d4f29ab64e5d8b3e6f1a0c95d7e2"
#define JOURNAL_ID_TAMPERED "a4e2907bd13c4f6c92f85b7de0316c48"

#define JOURNAL_ID_OLDER                                                                           \
	"74c0a9e15d3b48f2b6e8f20d91ac3766" /* a descriptor from before the policy */

struct container;

/* What the policy's file adds to an event; NULL where it is not known any more. */
struct journal_policy {
	const char *file;
	const char *message;
	char *const *tags;
	size_t n_tags;
};

/*
 * Writes one event (with its texts, as the ring gives it) to the journal, and wherever else events
 * go. @policy and @container: NULL where nothing is known of them. Returns 0; 1 where the journal
 * takes nothing now, and has it later; or a negative errno.
 */
int journal_event(const struct bailiff_event *event, const struct journal_policy *policy,
		  const struct container *container);
