/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <systemd/sd-event.h>

struct kernel;

/*
 * What starts services and containers on this host (see exec.bpf.c): tells the kernel the identity
 * of each such executable that is there. To be called again when one may have been replaced.
 * Returns 0 or a negative errno.
 */
int launchers_refresh(struct kernel *kernel);

/*
 * Labels the service managers that run already and fork without exec: PID 1 when the hooks are
 * attached, before anything is bound; the others, where they are under no policy themselves, when
 * all cgroups are bound. Return 0 or a negative errno.
 */
int launchers_label_init(struct kernel *kernel);
int launchers_label_running(struct kernel *kernel);

/*
 * Watches the folders that the executables are in, and tells *, whichever it is by then, what
 * is new. What cannot be watched is logged.
 */
void launchers_watch(sd_event *event, struct kernel **kernel);
