/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <syslog.h>

#include "policy/diag.h"

/*
 * The daemon's own messages, to standard error: with a priority that systemd's journal understands
 * where that is what is behind it, plain on a terminal.
 */
void log_print(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Logs and returns @error, a negative errno, whose text is appended. */
int log_errno(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Logs what is wrong in policies. */
void log_diag(const struct diag *diag);

/* Whether messages of LOG_DEBUG are shown. */
extern int log_verbose;
