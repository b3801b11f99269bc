/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "daemon/boot-audit.h"
#include "daemon/cli-files.h"
#include "daemon/cli-json.h"
#include "daemon/cli-look.h"
#include "daemon/cli.h"
#include "daemon/kernel-events.h"
#include "daemon/status-files.h"
#include "policy/policy.h"

static const char help[] =
	"usage: bailiff status [--rules] [--wait[=TIME]] [--json]\n"
	"\n"
	"Shows what the kernel enforces: which policies, since when, in which cgroups,\n"
	"how often their rules decided otherwise than \"allow\", and how many of these\n"
	"decisions are in the journal. It is read from the kernel itself: bailiffd need\n"
	"not run. Files of policies that wait, or were refused, are named at the end.\n"
	"\n"
	"      --rules        a line for each rule that can deny or audit\n"
	"      --wait[=TIME]  wait until no file waits, for TIME at most (60s)\n"
	"      --json         one object\n"
	"  -h, --help         this\n"
	"\n"
	"  DENIED    or would have been, where the mode is audit\n"
	"  AUDITED   allowed, by a rule that says so\n"
	"  LOGGED    handed to bailiffd for the journal\n"
	"  FOLDED    repeats by the same process, told together in one entry\n"
	"  DROPPED   there was no room (DENIED + AUDITED = LOGGED + FOLDED + DROPPED)\n"
	"\n"
	"Exit status: 0 in force, 1 not (nothing is loaded, a part is missing, a file was\n"
	"refused, or with --wait still waits), 3 not known (only root can look).\n";

#define OPTION_RULES 256
#define OPTION_WAIT 257
#define WAIT_USEC 60000000ull
#define TIME_SIZE 24
#define PATH_WIDTH_MAX 60 /* longer ones push what follows aside */

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{"rules", no_argument, NULL, OPTION_RULES},
	{"wait", optional_argument, NULL, OPTION_WAIT},
	{},
};

/* What was asked for, and what was found beside the kernel's own tables. */
struct asked {
	bool json, rules;
	unsigned long long wait; /* microseconds; 0: not at all */
	struct cli_files files;
};

static enum cli_status judge(const struct look *look, const struct asked *asked)
{
	return look_is_whole(look) && !asked->files.n_refused && !asked->files.failure &&
			       !(asked->wait && asked->files.n_waiting)
		       ? CLI_OK
		       : CLI_NO;
}

static const char *daemon_state(void)
{
	static const char *const states[] = {
		[CLI_DAEMON_RUNS] = "running",
		[CLI_DAEMON_STOPPED] = "stopped",
		[CLI_DAEMON_UNKNOWN] = "unknown",
	};

	return states[cli_daemon()];
}

/* One word of a list that begins in column 11, and goes on in the next line where it would be wide.
 */
static void print_word(size_t *column, const char *word, const char *note)
{
	size_t n = strlen(word) + strlen(note);

	if (*column + 1 + n > 100) {
		printf("\n%11s", "");
		*column = 11;
	}
	printf(" %s%s%s%s", *note ? cli_colour(CLI_BAD) : "", word, note,
	       *note ? cli_colour(CLI_PLAIN) : "");
	*column += 1 + n;
}

static void print_hooks(const struct look *look)
{
	size_t column = 11;
	int protects = 0; /* those of protect = yes are one */

	printf("hooks:     ");
	for (int i = 0; i < KERNEL_N_HOOKS; i++) {
		const char *name = kernel_hook_name((enum kernel_hook)i);

		if (look->missing[i])
			print_word(&column, name, "(MISSING)");
		else if (look->attached[i] && !kernel_hook_protects((enum kernel_hook)i))
			print_word(&column, name, "");
		else if (look->attached[i] && !protects++)
			print_word(&column, "protect", "");
	}
	puts(column > 11 ? "" : " none attached");
}

/* "2026-11-22 14:30", or "?". */
static const char *show_time(uint64_t when, char text[static TIME_SIZE])
{
	time_t seconds = (time_t)(when / 1000000);
	struct tm tm;

	if (!when || !localtime_r(&seconds, &tm) ||
	    !strftime(text, TIME_SIZE, "%Y-%m-%d %H:%M", &tm))
		(void)snprintf(text, TIME_SIZE, "?");
	return text;
}

static void print_memory(const struct look *look)
{
	printf("memory:     %" PRIu64 " KiB in the kernel", (uint64_t)look->map_bytes / 1024);
	if (look->daemon_bytes)
		printf(", %" PRIu64 " KiB of bailiffd", look->daemon_bytes / 1024);
	printf("; table: %zu of %zu KiB\n", look->n_cells_used * sizeof(struct bailiff_cell) / 1024,
	       look->n_cells * sizeof(struct bailiff_cell) / 1024);
}

static void print_drops(const struct look *look)
{
	__u64 dropped = look->stats[BAILIFF_STAT_DROPPED];

	printf("dropped:    %s%" PRIu64 " event%s%s\n", dropped ? cli_colour(CLI_DOUBTFUL) : "",
	       (uint64_t)dropped, dropped == 1 ? "" : "s", dropped ? cli_colour(CLI_PLAIN) : "");
}

/* unknown = deny, where it is on: that policy is in a set as long as some policy asks. */
static bool look_holds(const struct look *look)
{
	for (size_t i = 0; i < look->n_policies; i++)
		if (strcmp(look->policies[i].name, POLICY_UNKNOWN) == 0)
			return true;
	return false;
}

static void print_held(const struct look *look)
{
	size_t n = look_n_held(look);

	if (!look_holds(look))
		return;
	printf("unknown:    deny: %s%zu container%s held%s\n", n ? cli_colour(CLI_DOUBTFUL) : "", n,
	       n == 1 ? " is" : "s are", n ? cli_colour(CLI_PLAIN) : "");
}

static void print_head(const struct look *look)
{
	const char *daemon = daemon_state();
	char since[TIME_SIZE];

	printf("bailiffd:   %s%s\n", daemon,
	       strcmp(daemon, "stopped") == 0 && look->n_slots
		       ? " (what is in force stays so; events are logged once it runs again)"
		       : "");
	if (!look_is_whole(look))
		printf("enforcing:  %sNOT AS IT SHOULD%s: restart bailiffd\n", cli_colour(CLI_BAD),
		       cli_colour(CLI_PLAIN));
	else if (look->n_slots)
		printf("enforcing:  %syes%s\n", cli_colour(CLI_GOOD), cli_colour(CLI_PLAIN));
	else
		puts("enforcing:  nothing: no policy is in force");
	if (boot_audit() > 0)
		printf("mode:       %sAUDIT: NOTHING IS BLOCKED%s (" BOOT_AUDIT
		       " is on the kernel's command line)\n",
		       cli_colour(CLI_BAD), cli_colour(CLI_PLAIN));
	print_hooks(look);
	printf("policies:   %zu in %zu cgroup%s\n", look->n_policies, look->n_cgroups,
	       look->n_cgroups == 1 ? "" : "s");
	print_held(look);
	printf("loaded:     since %s\n", show_time(look->since, since));
	print_memory(look);
	print_drops(look);
}

static void print_count(uint64_t denied, uint64_t audited, const struct bailiff_count *count)
{
	printf(" %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %s%8" PRIu64 "%s\n", denied,
	       audited, (uint64_t)count->logged, (uint64_t)count->folded,
	       count->dropped ? cli_colour(CLI_DOUBTFUL) : "", (uint64_t)count->dropped,
	       count->dropped ? cli_colour(CLI_PLAIN) : "");
}

static void print_rule(const struct look_rule *rule, int width)
{
	bool denies = rule->verdict >= BAILIFF_WOULD_DENY;
	uint64_t decided = kernel_count_decided(&rule->count);
	char place[32];

	snprintf(place, sizeof(place), "  line %u:%u", rule->line, rule->column);
	printf("%-*s", width, place);
	print_count(denies ? decided : 0, denies ? 0 : decided, &rule->count);
}

static void print_policies(const struct look *look, bool rules)
{
	int width = 6;

	if (look->n_policies == 0)
		return;
	for (size_t i = 0; i < look->n_policies; i++)
		if ((int)strlen(look->policies[i].name) > width)
			width = (int)strlen(look->policies[i].name);
	printf("\n%-*s  MODE    SEV CGROUPS  SINCE              DENIED  AUDITED   LOGGED   "
	       "FOLDED  DROPPED\n",
	       width, "POLICY");
	for (size_t i = 0; i < look->n_policies; i++) {
		const struct look_policy *policy = &look->policies[i];
		char since[TIME_SIZE];

		printf("%-*s  %-7s %3u %7zu  %-16s", width, policy->name,
		       policy->audit ? "audit" : "enforce", policy->severity, policy->n_cgroups,
		       show_time(policy->since, since));
		print_count(policy->denied, policy->audited, &policy->count);
		for (size_t j = 0; j < policy->n_rules && rules; j++)
			print_rule(&policy->rules[j], width + 39);
	}
}

/* The name of a policy that a file in force says, if no set in the kernel has it; or NULL. */
static char *name_without_container(const struct look *look, const struct cli_file *file)
{
	const char *base = strrchr(file->file, '/') + 1;
	char *name;

	if (file->state != CLI_FILE_IN_FORCE && !file->before)
		return NULL;
	name = strndup(base, strlen(base) - strlen(".ini"));
	for (size_t i = 0; name && i < look->n_policies; i++)
		if (strcmp(look->policies[i].name, name) == 0) {
			free(name);
			return NULL;
		}
	return name;
}

/* Those that select containers by name are in no set of the kernel's while there is none. */
static void print_without_container(const struct look *look, const struct cli_files *files)
{
	bool any = false;

	for (size_t i = 0; i < files->n_files; i++) {
		_cleanup_(freep) char *name = name_without_container(look, &files->files[i]);

		if (!name)
			continue;
		printf("%s  ", any ? "" : "\nNO CONTAINER that they select is there\n");
		cli_print(stdout, name);
		putchar('\n');
		any = true;
	}
}

static struct json_object *json_without_container(const struct look *look,
						  const struct cli_files *files)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < files->n_files; i++) {
		_cleanup_(freep) char *name = name_without_container(look, &files->files[i]);

		if (name)
			json_object_array_add(list, json_text(name, strlen(name)));
	}
	return list;
}

static int path_width(const struct look *look)
{
	int width = 0;

	for (size_t i = 0; i < look->n_cgroups; i++)
		if (look->cgroups[i].path && (int)strlen(look->cgroups[i].path) > width)
			width = (int)strlen(look->cgroups[i].path);
	return width < PATH_WIDTH_MAX ? width : PATH_WIDTH_MAX;
}

static void print_cgroups(const struct look *look)
{
	int width = path_width(look);

	if (look->n_cgroups)
		puts("\nCGROUPS");
	for (size_t i = 0; i < look->n_cgroups; i++) {
		const struct look_cgroup *cgroup = &look->cgroups[i];
		int n = cgroup->path ? (int)strlen(cgroup->path) : 0;

		printf("  ");
		if (cgroup->path)
			cli_print(stdout, cgroup->path);
		else
			n = printf("(id %" PRIu64 ", not below /sys/fs/cgroup)",
				   (uint64_t)cgroup->id);
		printf("%*s %s", n < width ? width - n : 0, "", cli_colour(CLI_FAINT));
		for (size_t j = 0; cgroup->slot && j < cgroup->slot->n_policies; j++) {
			const struct look_policy *policy =
				&look->policies[cgroup->slot->policies[j]];

			printf(" %s%s", policy->name, policy->audit ? " (audit)" : "");
		}
		printf("%s%s\n", cgroup->slot ? "" : " (none)", cli_colour(CLI_PLAIN));
	}
}

static void print_faults(const struct look *look)
{
	bool any = look->bindings_full || look->n_slots_damaged;

	for (size_t i = 0; i < BAILIFF_N_STATS; i++)
		any = any || (look_stat_is_fault(i) && look->stats[i]);
	if (!any)
		return;
	puts("\nCOUNTED SINCE THE LOAD");
	for (size_t i = 0; i < BAILIFF_N_STATS; i++)
		if (look_stat_is_fault(i) && look->stats[i])
			printf("  %10" PRIu64 "  %s\n", (uint64_t)look->stats[i],
			       look_stat_texts[i]);
	if (look->bindings_full)
		puts("  not every cgroup could be bound: paths are matched at each hook, which is "
		     "slower");
	if (look->n_slots_damaged)
		printf("  %10zu  images that are damaged\n", look->n_slots_damaged);
}

static void json_add_count(struct json_object *object, const struct bailiff_count *count)
{
	json_add_number(object, "decided", kernel_count_decided(count));
	json_add_number(object, "logged", count->logged);
	json_add_number(object, "folded", count->folded);
	json_add_number(object, "dropped", count->dropped);
}

static struct json_object *json_rules(const struct look_policy *policy)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < policy->n_rules; i++) {
		struct json_object *rule = json_object_new_object();

		json_add_number(rule, "line", policy->rules[i].line);
		json_add_number(rule, "column", policy->rules[i].column);
		json_add_text(rule, "verdict",
			      policy->rules[i].verdict == BAILIFF_AUDIT	       ? "audit"
			      : policy->rules[i].verdict == BAILIFF_WOULD_DENY ? "would-deny"
			      : policy->rules[i].verdict == BAILIFF_DENY       ? "deny"
									       : NULL);
		json_add_count(rule, &policy->rules[i].count);
		json_object_array_add(list, rule);
	}
	return list;
}

static struct json_object *json_policies(const struct look *look, bool rules)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < look->n_policies; i++) {
		const struct look_policy *policy = &look->policies[i];
		struct json_object *object = json_object_new_object();

		json_add_text(object, "name", policy->name);
		json_add_text(object, "mode", policy->audit ? "audit" : "enforce");
		json_add_number(object, "severity", policy->severity);
		json_add_number(object, "cgroups", policy->n_cgroups);
		if (policy->since)
			json_add_number(object, "since_us", policy->since);
		json_add_number(object, "denied", policy->denied);
		json_add_number(object, "audited", policy->audited);
		json_add_count(object, &policy->count);
		if (rules)
			json_object_object_add(object, "rules", json_rules(policy));
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *json_cgroups(const struct look *look)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < look->n_cgroups; i++) {
		const struct look_cgroup *cgroup = &look->cgroups[i];
		struct json_object *object = json_object_new_object();
		struct json_object *policies = json_object_new_array();

		json_add_number(object, "id", cgroup->id);
		json_add_text(object, "path", cgroup->path);
		for (size_t j = 0; cgroup->slot && j < cgroup->slot->n_policies; j++) {
			const char *name = look->policies[cgroup->slot->policies[j]].name;

			json_object_array_add(policies, json_text(name, strlen(name)));
		}
		json_object_object_add(object, "policies", policies);
		json_object_array_add(list, object);
	}
	return list;
}

/* The names of the hooks for which @which says yes. */
static struct json_object *json_hooks(const bool *which)
{
	struct json_object *list = json_object_new_array();

	for (int i = 0; i < KERNEL_N_HOOKS; i++) {
		const char *name = kernel_hook_name((enum kernel_hook)i);

		if (which[i])
			json_object_array_add(list, json_text(name, strlen(name)));
	}
	return list;
}

static enum cli_status print_json(const struct look *look, const struct asked *asked)
{
	_cleanup_(json_freep) struct json_object *object = json_object_new_object();
	struct json_object *stats;

	json_add_text(object, "daemon", daemon_state());
	json_add_bool(object, "loaded", look);
	json_add_bool(object, "enforcing", look && look_is_whole(look) && look->n_slots);
	json_add_bool(object, "boot_audit", boot_audit() > 0);
	json_object_object_add(object, "files", status_files_json(&asked->files));
	if (asked->files.failure)
		json_add_text(object, "failure", asked->files.failure);
	if (!look)
		return json_print(object, CLI_NO);
	stats = json_object_new_object();
	for (size_t i = 0; i < BAILIFF_N_STATS; i++)
		if (look_stat_texts[i])
			json_add_number(stats, look_stat_names[i], look->stats[i]);
	json_object_object_add(object, "hooks", json_hooks(look->attached));
	json_object_object_add(object, "hooks_missing", json_hooks(look->missing));
	json_object_object_add(object, "policies", json_policies(look, asked->rules));
	json_object_object_add(object, "without_container",
			       json_without_container(look, &asked->files));
	json_object_object_add(object, "cgroups", json_cgroups(look));
	json_object_object_add(object, "stats", stats);
	json_add_bool(object, "unknown_denied", look_holds(look));
	json_add_number(object, "held", look_n_held(look));
	json_add_bool(object, "bindings_full", look->bindings_full);
	json_add_number(object, "images_damaged", look->n_slots_damaged);
	if (look->since)
		json_add_number(object, "loaded_since_us", look->since);
	json_add_number(object, "kernel_bytes", look->map_bytes);
	if (look->daemon_bytes)
		json_add_number(object, "daemon_bytes", look->daemon_bytes);
	json_add_number(object, "dropped", look->stats[BAILIFF_STAT_DROPPED]);
	json_add_number(object, "table_bytes", look->n_cells * sizeof(struct bailiff_cell));
	json_add_number(object, "table_bytes_used",
			look->n_cells_used * sizeof(struct bailiff_cell));
	return json_print(object, judge(look, asked));
}

static enum cli_status print_text(const struct look *look, const struct asked *asked)
{
	if (!look) {
		const char *daemon = daemon_state();

		printf("bailiffd:   %s\n", daemon);
		puts("enforcing:  nothing: bailiff's programs are not in the kernel");
		if (strcmp(daemon, "running") != 0)
			puts("            (systemctl start bailiffd; if that fails: bailiff "
			     "doctor)");
		status_files_print(&asked->files);
		return CLI_NO;
	}
	print_head(look);
	print_policies(look, asked->rules);
	print_without_container(look, &asked->files);
	print_cgroups(look);
	print_faults(look);
	status_files_print(&asked->files);
	return judge(look, asked);
}

static bool is_loaded(void)
{
	return access(KERNEL_PINS, F_OK) == 0;
}

static enum cli_status parse(int argc, char **argv, struct asked *asked)
{
	int option;

	while ((option = cli_option(&cmd_status, argc, argv)) != CLI_END) {
		if (option == 'j')
			asked->json = true;
		else if (option == OPTION_RULES)
			asked->rules = true;
		else if (option != OPTION_WAIT)
			return option == CLI_HELPED ? CLI_OK : CLI_USAGE;
		else if (!optarg)
			asked->wait = WAIT_USEC;
		else if (cli_span_parse(optarg, &asked->wait) < 0)
			return cli_error(CLI_USAGE,
					 "status: --wait takes a time as 30s or 2m, and not \"%s\"",
					 optarg);
	}
	if (optind < argc)
		return cli_error(CLI_USAGE, "status: takes no argument, and \"%s\" is one",
				 argv[optind]);
	return CLI_NO; /* go on */
}

static void asked_clear(struct asked *asked)
{
	cli_files_clear(&asked->files);
}

static enum cli_status run(int argc, char **argv)
{
	_cleanup_(look_freep) struct look *look = NULL;
	_cleanup_(asked_clear) struct asked asked = {};
	enum cli_status status = parse(argc, argv, &asked);
	int r;

	if (status != CLI_NO)
		return status;
	if (geteuid() != 0)
		return cli_error(CLI_FAILED, "status: only root can look at what is in force");
	r = cli_files_wait(is_loaded, asked.wait, &asked.files);
	if (r < 0)
		return cli_error(CLI_FAILED, "status: cannot look at the files of policies: %s",
				 strerror(-r));
	r = look_new(&look);
	if (r == -ESTALE)
		return cli_error(CLI_FAILED,
				 "status: what is in force is of another version of bailiff; "
				 "restart bailiffd, which replaces it");
	if (r < 0 && r != -ENOENT)
		return cli_error(CLI_FAILED, "status: cannot look at what is in force: %s",
				 strerror(-r));
	return asked.json ? print_json(look, &asked) : print_text(look, &asked);
}

const struct cli_command cmd_status = {"status", help, "", options, run};
