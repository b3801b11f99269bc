/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdio.h>

struct look;

/*
 * Metrics in Prometheus's text format (prometheus.io/docs/instrumenting/exposition_formats), for
 * people who scrape with node_exporter's textfile collector, or by the output of a command.
 */

/* What the daemon counts of its own work, for "bailiff metrics". */
#define METRICS_DAEMON_FILE "/run/bailiff/daemon.prom"

/* A metric's HELP and TYPE (counter, gauge, summary); its samples follow. */
void metric_begin(FILE *out, const char *name, const char *type, const char *help);

/* A label's value, without its quotes: whatever bytes it has, it ends where it ends. */
void metric_label_value(FILE *out, const char *value);

/* A metric that is one number. */
void metric_gauge(FILE *out, const char *name, const char *help, unsigned long long value);

/* What the kernel has in force. NULL: nothing is loaded. */
void metrics_of_kernel(FILE *out, const struct look *look);
