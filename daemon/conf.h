/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CONF_FILE "/etc/bailiff/bailiff.conf"

#define CONF_PATH_MAX 200 /* more than a line of the file holds */

/* Where events go: events, events-size, events-keep. An empty path: not there. */
struct conf_events {
	bool no_journal;
	char file[CONF_PATH_MAX];   /* json:PATH */
	char socket[CONF_PATH_MAX]; /* json-socket:PATH */
	unsigned long long size;    /* of the file, in bytes, before another one is begun */
	unsigned keep;		    /* former files */
};

/* What the [daemon] section of /etc/bailiff/bailiff.conf says. */
struct conf {
	bool keep_on_stop; /* on-stop = keep: enforcement outlives "systemctl stop" */
	bool protect;	   /* protect = yes: nobody but PID 1 reaches the daemon, or what is its */
	bool unknown;	   /* unknown = deny: a container that is not known executes nothing */
	unsigned unknown_line; /* where the file says it */
	struct conf_events events;
	char metrics[CONF_PATH_MAX]; /* the file that they are written to; empty: none */
};

/*
 * Reads the file; without one all is as by default. Returns 0, 1 where it has errors, which are
 * logged, or a negative errno.
 */
int conf_load(const char *file, struct conf *ret_conf);

/* The values of keys that are no switches (conf-values.c). */

#define CONF_VALUES "events events-size events-keep metrics"

void conf_values_default(struct conf *conf);

/*
 * Takes the value of a key. Returns 0 where there is no such key, 1, or -EINVAL and, in *ret_right,
 * what would be right.
 */
int conf_value_take(struct conf *conf, const char *name, const char *value, const char **ret_right);
