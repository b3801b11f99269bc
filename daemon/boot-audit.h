/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * The way in where a policy keeps everybody out: the machine is started with "bailiff.audit=1" on
 * the kernel's command line, and every policy is in audit mode until the next start.
 */
#define BOOT_AUDIT "bailiff.audit=1"

/*
 * Whether it is there. It is asked of procfs itself, at its root, so that nothing that is mounted
 * over it answers. Returns 1 or 0, or a negative errno where it cannot be told.
 */
int boot_audit(void);

/* Whether a command line has it: a word of its own, outside of quotes, and before a lone "--". */
bool boot_audit_in(const char *line);
