/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * Whether enforcement must go on because this service will be started again: "systemctl restart",
 * an upgrade, or a signal that no job of systemd's sent. Also true where it cannot be told. False
 * for "systemctl stop", and for a daemon that is no service.
 */
bool restarting(void);
