/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "daemon/cli-events.h"
#include "daemon/cli-filter.h"
#include "daemon/cli-journal.h"
#include "daemon/cli-look.h"
#include "daemon/cli.h"
#include "daemon/folders.h"
#include "daemon/util.h"

static const char help[] =
	"usage: bailiff events [OPTION]...\n"
	"\n"
	"Shows from the journal what policies denied or audited, and what was tried\n"
	"against bailiffd: root can, and group systemd-journal. The word behind the time\n"
	"is the event's name, for \"bailiff why\".\n"
	"  -f, --follow        go on with what comes, after the last 10\n"
	"  -n, --lines=N       the last N\n"
	"      --since=TIME    10m (ago; s m h d w), today, yesterday, HH:MM[:SS], or\n"
	"                      \"YYYY-MM-DD[ HH:MM[:SS]]\"\n"
	"      --until=TIME    the same\n"
	"      --policy=NAME   of this policy\n"
	"      --verdict=WORD  deny, audit or would-deny\n"
	"      --reason=WORD   drift, second-name and so on: see bailiff(1)\n"
	"      --unit=NAME     of this systemd unit\n"
	"      --cgroup=PATH   of this cgroup and what lies beneath; a pattern\n"
	"      --path=PATTERN  of what was asked for, as in policies: \"/etc/**\"\n"
	"      --exe=PATTERN   of the executable that asked\n"
	"      --any-sender    also what others than bailiffd.service wrote: whoever can\n"
	"                      write to the journal can forge that\n"
	"      --json          one object a line\n"
	"  -h, --help          this\n"
	"Options that take a name, a word or a pattern can be repeated: any of them.\n";

enum {
	OPTION_SINCE = 256,
	OPTION_UNTIL,
	OPTION_POLICY,
	OPTION_VERDICT,
	OPTION_REASON,
	OPTION_UNIT,
	OPTION_ANY_SENDER,
	OPTION_CGROUP, /* from here on filters, in their order */
	OPTION_PATH,
	OPTION_EXE,
	OPTION_FILTERS_END,
};

#define N_FILTERS (OPTION_FILTERS_END - OPTION_CGROUP)

static const char *const filter_fields[N_FILTERS] = {
	[OPTION_CGROUP - OPTION_CGROUP] = "BAILIFF_CGROUP",
	[OPTION_PATH - OPTION_CGROUP] = "BAILIFF_PATH",
	[OPTION_EXE - OPTION_CGROUP] = "BAILIFF_EXE",
};

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{"follow", no_argument, NULL, 'f'},
	{"lines", required_argument, NULL, 'n'},
	{"since", required_argument, NULL, OPTION_SINCE},
	{"until", required_argument, NULL, OPTION_UNTIL},
	{"policy", required_argument, NULL, OPTION_POLICY},
	{"verdict", required_argument, NULL, OPTION_VERDICT},
	{"reason", required_argument, NULL, OPTION_REASON},
	{"unit", required_argument, NULL, OPTION_UNIT},
	{"cgroup", required_argument, NULL, OPTION_CGROUP},
	{"path", required_argument, NULL, OPTION_PATH},
	{"exe", required_argument, NULL, OPTION_EXE},
	{"any-sender", no_argument, NULL, OPTION_ANY_SENDER},
	{},
};

struct query {
	sd_journal *journal;
	bool follow, json, any_sender;
	long lines;			 /* -1: all */
	unsigned long long since, until; /* 0: no bound */
	struct cli_filter filters[N_FILTERS];
	const char **policies; /* that were asked for */
	size_t n_policies;
	bool filtered;
	unsigned long long n_shown;
};

static void query_clear(struct query *query)
{
	sd_journal_close(query->journal);
	free(query->policies);
	for (int i = 0; i < N_FILTERS; i++)
		cli_filter_release(&query->filters[i]);
}

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

static enum cli_status add_match(struct query *query, const char *field, const char *value)
{
	return cli_journal_match(query->journal, field, value) < 0 ? CLI_FAILED : CLI_OK;
}

static enum cli_status add_policy(struct query *query, const char *name)
{
	const char **policies =
		reallocarray(query->policies, query->n_policies + 1, sizeof(*policies));

	if (!policies)
		return CLI_FAILED;
	query->policies = policies;
	policies[query->n_policies++] = name;
	return add_match(query, "BAILIFF_POLICY", name);
}

static enum cli_status add_verdict(struct query *query, const char *verdict)
{
	static const char *const verdicts[] = {"deny", "audit", "would-deny", NULL};

	for (size_t i = 0; verdicts[i]; i++)
		if (strcmp(verdict, verdicts[i]) == 0)
			return add_match(query, "BAILIFF_VERDICT", verdict);
	return cli_unknown("verdict", verdict, verdicts);
}

static enum cli_status add_reason(struct query *query, const char *reason)
{
	const char *names[BAILIFF_N_REASONS + 1] = {};

	/* the first is that of every plain rule, and stands in no entry */
	for (size_t i = 1; i < BAILIFF_N_REASONS; i++) {
		names[i - 1] = look_stat_names[i];
		if (strcmp(reason, look_stat_names[i]) == 0)
			return add_match(query, "BAILIFF_REASON", reason);
	}
	names[BAILIFF_N_REASONS - 1] = EVENT_REASON_UNKNOWN;
	if (strcmp(reason, EVENT_REASON_UNKNOWN) == 0)
		return add_match(query, "BAILIFF_REASON", reason);
	return cli_unknown("reason", reason, names);
}

/* A unit may be given without ".service", as systemctl takes it. */
static enum cli_status add_unit(struct query *query, const char *unit)
{
	_cleanup_(freep) char *name = NULL;

	if (asprintf(&name, "%s%s", unit, strchr(unit, '.') ? "" : ".service") < 0) {
		name = NULL;
		return CLI_FAILED;
	}
	return add_match(query, "BAILIFF_UNIT", name);
}

static enum cli_status add_filter(struct query *query, int option, const char *pattern)
{
	const char *reason;
	int r = cli_filter_add(&query->filters[option - OPTION_CGROUP], pattern,
			       option == OPTION_CGROUP, &reason);

	if (r == -EINVAL)
		return cli_error(CLI_USAGE, "events: pattern \"%s\": %s", pattern, reason);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

static enum cli_status set_lines(struct query *query, const char *text)
{
	char *end;

	errno = 0;
	query->lines = strtol(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || query->lines > INT_MAX)
		return cli_error(CLI_USAGE, "events: --lines takes a number, and \"%s\" is none",
				 text);
	return CLI_OK;
}

static enum cli_status set_time(unsigned long long *to, const char *option, const char *text)
{
	unsigned long long now = (unsigned long long)time(NULL) * 1000000;

	if (cli_time_parse(text, now, to) < 0)
		return cli_error(CLI_USAGE,
				 "events: %s takes a time as 10m, today, 14:30 or "
				 "2024-12-31 14:30, and not \"%s\"",
				 option, text);
	return CLI_OK;
}

static enum cli_status take_option(struct query *query, int option)
{
	query->filtered |= option != 'j' && option != 'f' && option != 'n';
	switch (option) {
	case 'j':
		query->json = true;
		return CLI_OK;
	case 'f':
		query->follow = true;
		return CLI_OK;
	case 'n':
		return set_lines(query, optarg);
	case OPTION_SINCE:
		return set_time(&query->since, "--since", optarg);
	case OPTION_UNTIL:
		return set_time(&query->until, "--until", optarg);
	case OPTION_POLICY:
		return add_policy(query, optarg);
	case OPTION_VERDICT:
		return add_verdict(query, optarg);
	case OPTION_REASON:
		return add_reason(query, optarg);
	case OPTION_UNIT:
		return add_unit(query, optarg);
	case OPTION_ANY_SENDER:
		query->any_sender = true;
		return CLI_OK;
	case OPTION_CGROUP:
	case OPTION_PATH:
	case OPTION_EXE:
		return add_filter(query, option, optarg);
	default:
		return CLI_USAGE;
	}
}

/* Whether the current entry is to be shown. */
static bool passes(const struct query *query, uint64_t when)
{
	if (when < query->since || (query->until && when > query->until))
		return false;
	for (int i = 0; i < N_FILTERS; i++)
		if (query->filters[i].automaton &&
		    !cli_filter_passes(&query->filters[i],
				       cli_journal_field(query->journal, filter_fields[i])))
			return false;
	return true;
}

/*
 * Goes back over the last entries that are to be shown, and one more: reading begins with a step
 * ahead. Where there are not so many it begins at the first.
 */
static int seek_last(struct query *query)
{
	int r = sd_journal_seek_tail(query->journal);

	for (long n = 0; r >= 0 && n <= query->lines;) {
		uint64_t when;

		r = sd_journal_previous(query->journal);
		if (r == 0)
			return sd_journal_seek_head(query->journal);
		if (r > 0)
			r = sd_journal_get_realtime_usec(query->journal, &when);
		if (r >= 0)
			n += query->lines == 0 || passes(query, when);
	}
	return r;
}

/* Goes to before the first entry to show. */
static int seek(struct query *query)
{
	if (query->lines >= 0)
		return seek_last(query);
	return query->since ? sd_journal_seek_realtime_usec(query->journal, query->since)
			    : sd_journal_seek_head(query->journal);
}

/* Prints what is there. Answers 0, or a negative errno; -EPIPE where nobody reads any more. */
static int print_entries(struct query *query)
{
	int r = 0;

	while (!interrupted && (r = sd_journal_next(query->journal)) > 0) {
		uint64_t when;

		r = sd_journal_get_realtime_usec(query->journal, &when);
		if (r < 0)
			return r;
		if (!passes(query, when))
			continue;
		r = query->json ? event_print_json(query->journal, when)
				: event_print_line(query->journal, when);
		if (r < 0)
			return r;
		if (ferror(stdout))
			return -EPIPE;
		query->n_shown++;
	}
	return fflush(stdout) != 0 ? -EPIPE : r;
}

/*
 * Waits for entries, or a signal, which only comes in here. Answers -EPIPE where whoever reads has
 * gone.
 */
static int wait_for_entries(struct query *query, const sigset_t *mask)
{
	/* of standard output, only that its reader has gone is asked for */
	struct pollfd fds[] = {{.fd = sd_journal_get_fd(query->journal)}, {.fd = STDOUT_FILENO}};
	struct timespec timeout, *limit = NULL;
	uint64_t until, now;
	int r;

	if (fds[0].fd < 0)
		return fds[0].fd;
	r = sd_journal_get_events(query->journal);
	if (r < 0)
		return r;
	fds[0].events = (short)r;
	r = sd_journal_get_timeout(query->journal, &until);
	if (r < 0)
		return r;
	if (until != UINT64_MAX) {
		clock_gettime(CLOCK_MONOTONIC, &timeout);
		now = (uint64_t)timeout.tv_sec * 1000000 + (uint64_t)timeout.tv_nsec / 1000;
		now = until > now ? until - now : 0;
		timeout = (struct timespec){(time_t)(now / 1000000), (long)(now % 1000000) * 1000};
		limit = &timeout;
	}
	if (ppoll(fds, ELEMENTS(fds), limit, mask) < 0 && errno != EINTR)
		return -errno;
	if (fds[1].revents & (POLLERR | POLLHUP))
		return -EPIPE;
	return sd_journal_process(query->journal);
}

static int follow(struct query *query)
{
	const struct sigaction action = {.sa_handler = on_signal};
	sigset_t blocked, before;
	int r;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* from here on the journal tells of what is added; what is there already is read after it
	 */
	r = sd_journal_get_fd(query->journal);
	while (r >= 0 && !interrupted) {
		r = print_entries(query);
		if (r >= 0)
			r = wait_for_entries(query, &before);
	}
	return r;
}

/* Whether there is a policy of that name, or was one that the journal has events of. */
static bool is_policy(struct query *query, const char *name)
{
	static const char field[] = "BAILIFF_POLICY=";
	const char *data;
	size_t n;

	for (size_t i = 0; folders_of_policies[i]; i++) {
		char file[PATH_MAX];

		snprintf(file, sizeof(file), "%s/%s.ini", folders_of_policies[i], name);
		if (access(file, F_OK) == 0)
			return true;
	}
	if (sd_journal_query_unique(query->journal, "BAILIFF_POLICY") < 0)
		return true; /* not known */
	while (sd_journal_enumerate_unique(query->journal, (const void **)&data, &n) > 0)
		if (n == strlen(field) + strlen(name) &&
		    memcmp(data + strlen(field), name, strlen(name)) == 0)
			return true;
	return false;
}

/* A name that is mistyped looks as if nothing had happened. */
static void tell_unknown(struct query *query)
{
	for (size_t i = 0; i < query->n_policies; i++)
		if (!is_policy(query, query->policies[i]))
			(void)cli_error(CLI_OK,
					"events: there is no policy \"%s\", and the journal has no "
					"event of one",
					query->policies[i]);
}

static enum cli_status show(struct query *query)
{
	int r = cli_journal_events(query->journal, true);

	signal(SIGPIPE, SIG_IGN);
	if (r >= 0 && !query->any_sender)
		r = cli_journal_trusted(query->journal);
	for (int i = 0; i < N_FILTERS && r >= 0; i++)
		r = cli_filter_compile(&query->filters[i]);
	if (r == -E2BIG)
		return cli_error(CLI_USAGE,
				 "events: the patterns have too many wildcards together");
	if (r >= 0)
		tell_unknown(query);
	if (r >= 0)
		r = seek(query);
	if (r >= 0)
		r = query->follow ? follow(query) : print_entries(query);
	if (r == -EPIPE) {
		/* who reads has seen enough; the rest has nowhere to go */
		clearerr(stdout);
		_exit(CLI_OK);
	}
	if (r < 0)
		return cli_error(CLI_FAILED, "events: cannot read the journal: %s", strerror(-r));
	if (!query->n_shown && !query->follow && query->lines != 0)
		(void)cli_error(CLI_OK, query->filtered ? "events: no event matches"
							: "events: there is none");
	return CLI_OK;
}

/* What is wrong with options does not depend on whether the journal can be read. */
static enum cli_status take_options(struct query *query, int argc, char **argv, bool *ret_helped)
{
	enum cli_status status = CLI_OK;
	int option;

	while ((option = cli_option(&cmd_events, argc, argv)) != CLI_END && status == CLI_OK) {
		*ret_helped = option == CLI_HELPED;
		if (option == CLI_HELPED || option == CLI_UNKNOWN)
			return *ret_helped ? CLI_OK : CLI_USAGE;
		status = take_option(query, option);
	}
	if (status == CLI_FAILED)
		return cli_error(CLI_FAILED, "events: out of memory");
	if (status == CLI_OK && optind < argc)
		return cli_error(CLI_USAGE, "events: takes no argument, and \"%s\" is one",
				 argv[optind]);
	if (status == CLI_OK && query->follow && query->until)
		return cli_error(CLI_USAGE, "events: --follow has no end, and --until is one");
	return status;
}

static enum cli_status run(int argc, char **argv)
{
	_cleanup_(query_clear) struct query query = {.lines = -1};
	bool helped = false;
	enum cli_status status = cli_journal_open("events", &query.journal);

	if (status == CLI_OK)
		status = take_options(&query, argc, argv, &helped);
	if (status == CLI_OK && !helped)
		status = cli_journal_check("events", query.journal);
	if (status != CLI_OK || helped)
		return status;
	if (query.follow && query.lines < 0 && !query.since)
		query.lines = 10;
	return show(&query);
}

const struct cli_command cmd_events = {"events", help, "fn:", options, run};
