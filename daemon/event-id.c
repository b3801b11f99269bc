/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/event-id.h"

#include <stddef.h>

/* 64-bit FNV-1a, as in draft-eastlake-fnv. */
static __u64 hash_bytes(__u64 hash, const void *bytes, size_t n)
{
	for (const unsigned char *at = bytes; n; at++, n--)
		hash = (hash ^ *at) * 0x100000001b3ull;
	return hash;
}

void event_id(const struct bailiff_event *event, sd_id128_t boot, char id[static EVENT_ID_SIZE])
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* Crockford's */
	__u64 hash = 0xcbf29ce484222325ull;

	hash = hash_bytes(hash, &boot, sizeof(boot));
	hash = hash_bytes(hash, &event->time, sizeof(event->time));
	hash = hash_bytes(hash, &event->pid, sizeof(event->pid));
	hash = hash_bytes(hash, &event->counter, sizeof(event->counter));
	hash ^= hash >> 50; /* FNV's own way to fewer bits */
	for (int i = 0; i < EVENT_ID_SIZE - 1; i++, hash >>= 5)
		id[i] = digits[hash & 31];
	id[EVENT_ID_SIZE - 1] = '\0';
}
