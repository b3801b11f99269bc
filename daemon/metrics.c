/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/metrics.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "daemon/cli-look.h"
#include "daemon/event-text.h"
#include "daemon/kernel-events.h"
#include "daemon/util.h"

/* What each policy counts of its events. */
static const struct {
	const char *name, *help;
	size_t offset; /* in struct bailiff_count */
} counts[] = {
	{"bailiff_events_logged_total", "Decisions handed to bailiffd to be written.",
	 offsetof(struct bailiff_count, logged)},
	{"bailiff_events_folded_total", "Repeats by the same process, told together.",
	 offsetof(struct bailiff_count, folded)},
	{"bailiff_events_dropped_total", "Decisions not written: there was no room for the event.",
	 offsetof(struct bailiff_count, dropped)},
};

void metric_begin(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metric_label_value(FILE *out, const char *value)
{
	struct text rest = {value, strlen(value)};

	while (rest.n) {
		unsigned point;
		size_t n = text_character(rest, &point);

		if (!n)
			fprintf(out, "\\\\x%02x", (unsigned char)rest.bytes[0]);
		else if (*rest.bytes == '\n')
			fputs("\\n", out);
		else if (*rest.bytes == '"' || *rest.bytes == '\\')
			fprintf(out, "\\%c", *rest.bytes);
		else
			fwrite(rest.bytes, 1, n, out);
		rest.bytes += n ?: 1;
		rest.n -= n ?: 1;
	}
}

void metric_gauge(FILE *out, const char *name, const char *help, unsigned long long value)
{
	metric_begin(out, name, "gauge", help);
	fprintf(out, "%s %llu\n", name, value);
}

/* "name{policy="...", left open. */
static void begin_sample(FILE *out, const char *name, const char *label, const char *value)
{
	fprintf(out, "%s{%s=\"", name, label);
	metric_label_value(out, value);
	fputc('"', out);
}

/* One label alone. */
static void sample(FILE *out, const char *name, const char *label, const char *text,
		   unsigned long long value)
{
	begin_sample(out, name, label, text);
	fprintf(out, "} %llu\n", value);
}

static const char *verdict_name(unsigned char verdict)
{
	return verdict == BAILIFF_AUDIT ? "audit" : verdict == BAILIFF_DENY ? "deny" : "would-deny";
}

static bool same_sample(const struct look_rule *a, const struct look_rule *b)
{
	return a->line == b->line && a->column == b->column && a->verdict == b->verdict;
}

/*
 * One pattern can be several rules, which stand together: no sample may be there twice. A rule
 * without verdict is decided by none.
 */
static void write_rules(FILE *out, const struct look_policy *policy)
{
	static const char name[] = "bailiff_decisions_total";

	for (size_t i = 0, next; i < policy->n_rules; i = next) {
		const struct look_rule *rule = &policy->rules[i];
		unsigned long long decided = 0;

		for (next = i; next < policy->n_rules && same_sample(rule, &policy->rules[next]);
		     next++)
			decided += kernel_count_decided(&policy->rules[next].count);
		if (rule->verdict == BAILIFF_ALLOW)
			continue;
		begin_sample(out, name, "policy", policy->name);
		fprintf(out, ",rule=\"%u:%u\",verdict=\"%s\"} %llu\n", rule->line, rule->column,
			verdict_name(rule->verdict), decided);
	}
}

static void write_policies(FILE *out, const struct look *look)
{
	metric_begin(out, "bailiff_decisions_total", "counter",
		     "Decisions other than allow, by the line and column of the rule.");
	for (size_t i = 0; i < look->n_policies; i++)
		write_rules(out, &look->policies[i]);
	for (size_t k = 0; k < ELEMENTS(counts); k++) {
		metric_begin(out, counts[k].name, "counter", counts[k].help);
		for (size_t i = 0; i < look->n_policies; i++) {
			const char *count = (const char *)&look->policies[i].count;

			sample(out, counts[k].name, "policy", look->policies[i].name,
			       *(const __u64 *)(count + counts[k].offset));
		}
	}
	metric_begin(out, "bailiff_policy_cgroups", "gauge", "Cgroups that a policy holds for.");
	for (size_t i = 0; i < look->n_policies; i++)
		sample(out, "bailiff_policy_cgroups", "policy", look->policies[i].name,
		       look->policies[i].n_cgroups);
	metric_begin(out, "bailiff_policy_info", "gauge", "The policies in force; always 1.");
	for (size_t i = 0; i < look->n_policies; i++) {
		begin_sample(out, "bailiff_policy_info", "policy", look->policies[i].name);
		fprintf(out, ",mode=\"%s\",severity=\"%u\"} 1\n",
			look->policies[i].audit ? "audit" : "enforce", look->policies[i].severity);
	}
}

static void write_faults(FILE *out, const struct look *look)
{
	static const char name[] = "bailiff_faults_total";

	metric_begin(out, name, "counter", "What the kernel could not do as it should.");
	for (size_t i = 0; i < BAILIFF_N_STATS; i++)
		if (look_stat_is_fault(i))
			sample(out, name, "fault", look_stat_names[i], look->stats[i]);
}

/* How full what has a limit is. */
static void write_room(FILE *out, const struct look *look)
{
	size_t n_counters = 0;

	for (size_t i = 0; i < look->n_policies; i++)
		n_counters += look->policies[i].n_rules;
	metric_gauge(out, "bailiff_bindings", "Cgroups bound to policies.", look->n_cgroups);
	metric_gauge(out, "bailiff_bindings_limit", "Cgroups that can be bound.", BAILIFF_BINDINGS);
	metric_gauge(out, "bailiff_bindings_full",
		     "1: not every cgroup could be bound, and paths are matched at each hook.",
		     look->bindings_full);
	metric_gauge(out, "bailiff_images", "Sets of policies in force.", look->n_slots);
	metric_gauge(out, "bailiff_images_limit", "Sets of policies that can be.",
		     BAILIFF_SLOTS - 1);
	metric_gauge(out, "bailiff_images_damaged", "Sets of policies that are no whole image.",
		     look->n_slots_damaged);
	metric_gauge(out, "bailiff_rule_counters", "Rules that are counted.", n_counters);
	metric_gauge(out, "bailiff_rule_counters_limit", "Rules that can be.", BAILIFF_COUNTERS);
	metric_gauge(out, "bailiff_table_used_bytes", "Bytes of the table that images take.",
		     look->n_cells_used * sizeof(struct bailiff_cell));
	metric_gauge(out, "bailiff_table_bytes", "Bytes of the table for images.",
		     look->n_cells * sizeof(struct bailiff_cell));
	if (look->map_bytes)
		metric_gauge(out, "bailiff_kernel_memory_bytes", "Memory of the kernel's maps.",
			     look->map_bytes);
	if (look->daemon_bytes)
		metric_gauge(out, "bailiff_daemon_resident_bytes", "Resident memory of bailiffd.",
			     look->daemon_bytes);
}

/* The kernel counts that only with kernel.bpf_stats_enabled = 1. */
static void write_runs(FILE *out, const struct look *look)
{
	bool any = false;

	for (int i = 0; i < KERNEL_N_HOOKS; i++)
		any = any || look->runs[i].count;
	if (!any)
		return;
	metric_begin(out, "bailiff_hook_runs_total", "counter", "How often a hook's program ran.");
	for (int i = 0; i < KERNEL_N_HOOKS; i++)
		if (look->attached[i])
			sample(out, "bailiff_hook_runs_total", "hook",
			       kernel_hook_name((enum kernel_hook)i), look->runs[i].count);
	metric_begin(out, "bailiff_hook_run_seconds_total", "counter",
		     "How long a hook's program ran.");
	for (int i = 0; i < KERNEL_N_HOOKS; i++) {
		if (!look->attached[i])
			continue;
		begin_sample(out, "bailiff_hook_run_seconds_total", "hook",
			     kernel_hook_name((enum kernel_hook)i));
		fprintf(out, "} %" PRIu64 ".%09u\n", (uint64_t)look->runs[i].ns / 1000000000,
			(unsigned)(look->runs[i].ns % 1000000000));
	}
}

static void write_hooks(FILE *out, const struct look *look)
{
	size_t attached = 0, missing = 0;

	for (size_t i = 0; i < KERNEL_N_HOOKS; i++) {
		attached += look->attached[i];
		missing += look->missing[i];
	}
	metric_gauge(out, "bailiff_hooks_attached", "Programs attached to the kernel's hooks.",
		     attached);
	metric_gauge(out, "bailiff_hooks_missing", "Programs that policies need and that are not.",
		     missing);
}

void metrics_of_kernel(FILE *out, const struct look *look)
{
	metric_begin(out, "bailiff_build_info", "gauge", "The version that tells; always 1.");
	sample(out, "bailiff_build_info", "version", BAILIFF_VERSION, 1);
	metric_gauge(out, "bailiff_enforcing",
		     "1: policies are in force, and nothing that they need is missing.",
		     look && look_is_whole(look) && look->n_slots);
	metric_gauge(out, "bailiff_policies", "Policies in force.", look ? look->n_policies : 0);
	if (!look)
		return;
	write_policies(out, look);
	write_faults(out, look);
	write_room(out, look);
	write_hooks(out, look);
	write_runs(out, look);
}
