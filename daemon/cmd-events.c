/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "daemon/cli-events.h"
#include "daemon/cli.h"
#include "daemon/journal.h"
#include "daemon/util.h"

static const char help[] =
	"usage: bailiff events [OPTION]...\n"
	"\n"
	"Shows what policies denied or audited, and what was tried against bailiffd, from\n"
	"the journal: root can, and group systemd-journal. Whole records: journalctl\n"
	"-o verbose -u bailiffd.\n"
	"\n"
	"  -f, --follow        go on with what comes, after the last 10\n"
	"  -n, --lines=N       the last N\n"
	"      --since=TIME    10m (ago; s m h d w), today, yesterday, HH:MM[:SS], or\n"
	"                      \"YYYY-MM-DD[ HH:MM[:SS]]\"\n"
	"      --policy=NAME   of this policy\n"
	"      --verdict=WORD  deny, audit or would-deny\n"
	"      --unit=NAME     of this systemd unit\n"
	"      --any-sender    also what others than bailiffd.service wrote: whoever can\n"
	"                      write to the journal can forge that\n"
	"      --json          one object a line\n"
	"  -h, --help          this\n"
	"\n"
	"--policy, --verdict and --unit can be given several times: any of them.\n";

enum {
	OPTION_SINCE = 256,
	OPTION_POLICY,
	OPTION_VERDICT,
	OPTION_UNIT,
	OPTION_ANY_SENDER,
};

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{"follow", no_argument, NULL, 'f'},
	{"lines", required_argument, NULL, 'n'},
	{"since", required_argument, NULL, OPTION_SINCE},
	{"policy", required_argument, NULL, OPTION_POLICY},
	{"verdict", required_argument, NULL, OPTION_VERDICT},
	{"unit", required_argument, NULL, OPTION_UNIT},
	{"any-sender", no_argument, NULL, OPTION_ANY_SENDER},
	{},
};

struct query {
	sd_journal *journal;
	bool follow, json, any_sender;
	long lines; /* -1: all */
	unsigned long long since;
};

static void query_clear(struct query *query)
{
	sd_journal_close(query->journal);
}

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* Matches of one field are alternatives, those of different fields must all hold. */
static int add_match(struct query *query, const char *field, const char *value)
{
	_cleanup_(freep) char *match = NULL;

	if (asprintf(&match, "%s=%s", field, value) < 0) {
		match = NULL;
		return -ENOMEM;
	}
	return sd_journal_add_match(query->journal, match, 0);
}

static enum cli_status add_verdict(struct query *query, const char *verdict)
{
	static const char *const verdicts[] = {"deny", "audit", "would-deny", NULL};

	for (size_t i = 0; verdicts[i]; i++)
		if (strcmp(verdict, verdicts[i]) == 0)
			return add_match(query, "BAILIFF_VERDICT", verdict) < 0 ? CLI_FAILED
										: CLI_OK;
	return cli_unknown("verdict", verdict, verdicts);
}

/* A unit may be given without ".service", as systemctl takes it. */
static enum cli_status add_unit(struct query *query, const char *unit)
{
	_cleanup_(freep) char *name = NULL;

	if (asprintf(&name, "%s%s", unit, strchr(unit, '.') ? "" : ".service") < 0) {
		name = NULL;
		return CLI_FAILED;
	}
	return add_match(query, "BAILIFF_UNIT", name) < 0 ? CLI_FAILED : CLI_OK;
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

static enum cli_status set_since(struct query *query, const char *text)
{
	unsigned long long now = (unsigned long long)time(NULL) * 1000000;

	if (cli_time_parse(text, now, &query->since) < 0)
		return cli_error(CLI_USAGE,
				 "events: --since takes a time as 10m, today, 14:30 or "
				 "2024-12-31 14:30, and not \"%s\"",
				 text);
	return CLI_OK;
}

static enum cli_status take_option(struct query *query, int option)
{
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
		return set_since(query, optarg);
	case OPTION_POLICY:
		return add_match(query, "BAILIFF_POLICY", optarg) < 0 ? CLI_FAILED : CLI_OK;
	case OPTION_VERDICT:
		return add_verdict(query, optarg);
	case OPTION_UNIT:
		return add_unit(query, optarg);
	case OPTION_ANY_SENDER:
		query->any_sender = true;
		return CLI_OK;
	default:
		return CLI_USAGE;
	}
}

static int match_events(struct query *query)
{
	static const char *const ids[] = {
		JOURNAL_ID_DENIED,   JOURNAL_ID_AUDITED, JOURNAL_ID_WOULD_DENY, JOURNAL_ID_REFUSED,
		JOURNAL_ID_TAMPERED, JOURNAL_ID_DROPPED, JOURNAL_ID_OLDER,
	};
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(ids) && r >= 0; i++)
		r = add_match(query, "MESSAGE_ID", ids[i]);
	/* who sent an entry is journald's own word: anybody can write the fields without '_' */
	if (r >= 0 && !query->any_sender)
		r = add_match(query, "_SYSTEMD_UNIT", "bailiffd.service");
	return r;
}

/* Goes to before the first entry to show. */
static int seek(struct query *query)
{
	int r;

	if (query->lines < 0)
		return query->since ? sd_journal_seek_realtime_usec(query->journal, query->since)
				    : sd_journal_seek_head(query->journal);
	r = sd_journal_seek_tail(query->journal);
	/* one more: the loop begins with a step ahead */
	if (r >= 0)
		r = sd_journal_previous_skip(query->journal, (uint64_t)query->lines + 1);
	/* so few there are: from the first one; with none at all, what comes is the first */
	if (r >= 0 && r <= query->lines)
		r = sd_journal_seek_head(query->journal);
	return r;
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
		if (when < query->since)
			continue;
		r = query->json ? event_print_json(query->journal, when)
				: event_print_line(query->journal, when);
		if (r < 0)
			return r;
		if (ferror(stdout))
			return -EPIPE;
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

static enum cli_status show(struct query *query)
{
	int r;

	/* nothing can be read, which is not the same as that nothing happened */
	if (sd_journal_has_runtime_files(query->journal) <= 0 &&
	    sd_journal_has_persistent_files(query->journal) <= 0)
		return cli_error(CLI_FAILED,
				 geteuid() == 0 ? "events: there is no journal"
						: "events: the journal cannot be read; be root, "
						  "or in group systemd-journal");
	signal(SIGPIPE, SIG_IGN);
	r = match_events(query);
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
	return CLI_OK;
}

static enum cli_status run(int argc, char **argv)
{
	_cleanup_(query_clear) struct query query = {.lines = -1};
	enum cli_status status = CLI_OK;
	int option, r;

	r = sd_journal_open(&query.journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
	while ((option = cli_option(&cmd_events, argc, argv)) != CLI_END && status == CLI_OK) {
		if (option == CLI_HELPED)
			return CLI_OK;
		if (r < 0 && option != CLI_UNKNOWN)
			break;
		status = take_option(&query, option);
	}
	if (status == CLI_FAILED)
		return cli_error(CLI_FAILED, "events: out of memory");
	if (status != CLI_OK)
		return status;
	if (optind < argc && r >= 0)
		return cli_error(CLI_USAGE, "events: takes no argument, and \"%s\" is one",
				 argv[optind]);
	if (r < 0)
		return cli_error(CLI_FAILED, "events: cannot open the journal: %s", strerror(-r));
	if (query.follow && query.lines < 0 && !query.since)
		query.lines = 10;
	return show(&query);
}

const struct cli_command cmd_events = {"events", help, "fn:", options, run};
