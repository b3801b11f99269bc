/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "daemon/store.h"

/* What store.c and store-load.c share. Nobody else includes this. */

#define STORE_SUFFIX ".ini"

/* Adds a policy, of which the store is one more owner; its name is copied. Returns 0 or -ENOMEM. */
int store_add_entry(struct store *store, const char *name, struct store_text *text, bool stale);

/* Notes that a file is not in force as it is (struct store_refusal). Returns 0 or -ENOMEM. */
int store_add_refusal(struct store *store, const char *file, __u64 digest, bool written);

/* Whether what is in force of a policy is from a file in that folder. */
bool store_is_from(const struct store_entry *entry, const char *folder);

/* For scandir(): policies, by their names. */
struct dirent;
int store_filter(const struct dirent *entry);

/* One owner less; the last one frees it. */
void store_text_release(struct store_text *text);
DEFINE_FREEP(struct store_text, store_text_release)
