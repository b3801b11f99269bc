/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * Whether this service is being stopped in order to be started again ("systemctl restart", an
 * upgrade), so that enforcement must go on. Also true where it cannot be told.
 */
bool restarting(void);
