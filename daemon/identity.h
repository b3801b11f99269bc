/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "daemon/util.h"

/*
 * Hard links: tells the kernel which files have the names that rules deny or audit, so that these
 * rules hold by their other names too. A file can be replaced, so it is looked again and again.
 */

struct enforce;
struct identity;
struct kernel;
struct store;

struct identity *identity_new(void);
struct identity *identity_free(struct identity *identity);
DEFINE_FREEP(struct identity, identity_free)

/* Other maps are in force than before: what was told was told to the old ones. */
void identity_forget(struct identity *identity);

/*
 * To be called once a second, and with @changed when policies came into force. What cannot be known
 * is logged.
 */
void identity_look(struct identity *identity, struct kernel *kernel, const struct enforce *enforce,
		   const struct store *store, bool changed);
