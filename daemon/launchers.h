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
 * Labels the launchers that run already and fork without exec: the service managers. To be called
 * when the hooks were attached. Returns 0 or a negative errno.
 */
int launchers_label_running(struct kernel *kernel);

/* The folders that the executables are in, NULL-terminated: to be watched. */
extern const char *const launchers_folders[];
