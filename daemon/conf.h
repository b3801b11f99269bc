/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#define CONF_FILE "/etc/bailiff/bailiff.conf"

/* What the [daemon] section of /etc/bailiff/bailiff.conf says. */
struct conf {
	bool keep_on_stop; /* on-stop = keep: enforcement outlives "systemctl stop" */
	bool protect;	   /* protect = yes: nobody but PID 1 reaches the daemon, or what is its */
};

/*
 * Reads the file; without one all is as by default. Returns 0, 1 where it has errors, which are
 * logged, or a negative errno.
 */
int conf_load(const char *file, struct conf *ret_conf);
