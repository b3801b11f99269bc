/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "daemon/cli.h"

/*
 * Looks for the containers that run, and tells bailiffd of those of which it knows nothing, by what
 * their engines have written. Says once in the journal why nothing is known of one. Answers CLI_OK,
 * CLI_NO where there are such, or CLI_FAILED.
 */
enum cli_status container_look(void);
