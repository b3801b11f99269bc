/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>

#include "daemon/util.h"

/* Events that neither a ring nor the table of folds had room for: counted, and told in sum. */
struct losses;

struct enforce;
struct kernel;

/* Returns NULL without memory. */
struct losses *losses_new(void);
struct losses *losses_free(struct losses *losses);
DEFINE_FREEP(struct losses, losses_free)

/* From here on it is about @kernel: what was lost there before was told. */
void losses_begin(struct losses *losses, struct kernel *kernel, struct enforce *enforce);

/*
 * Says in the journal how many were lost since it said so last, how many in all, and of which rule
 * most are. Nothing where none was.
 */
void losses_tell(struct losses *losses, struct kernel *kernel, struct enforce *enforce);
