/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

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

/* The folders that the executables are in, NULL-terminated: to be watched. */
extern const char *const launchers_folders[];
