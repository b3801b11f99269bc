/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>
#include <time.h>

/* What the host tells of bailiffd and of what it put into force. */

/*
 * When a policy was put into force as it is now, in microseconds since 1970: bailiffd keeps a copy
 * of each, and writes it then. 0 where that is not known.
 */
uint64_t host_policy_since(const char *name);

/* When bailiff's maps and programs came into the kernel; 0 where that is not known. */
uint64_t host_loaded_since(void);

/* What bailiffd has in memory, in bytes; 0 where it does not run, or that is not known. */
uint64_t host_daemon_resident(void);
