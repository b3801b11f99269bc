/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct kernel;

/* What the daemon counts of its own work, and the files that metrics are written to. */

/* Now, in microseconds of CLOCK_MONOTONIC. */
uint64_t metrics_clock(void);

/* The policies were put into force, or could not be; that was begun at @begin. */
void metrics_published(uint64_t begin, bool ok);

/*
 * Once a second. @file: the configured one, which is written every 15 seconds; empty: none. What
 * cannot be written is logged, once until it can be.
 */
void metrics_tick(const char *file, struct kernel *kernel);
