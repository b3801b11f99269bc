/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "daemon/learn.h"
#include "daemon/util.h"
#include "policy/image.h"
#include "policy/policy.h"

static const char help[] =
	"usage: bailiff learn SELECTOR -o FILE [OPTION]...\n"
	"\n"
	"Watches a service or container, and writes the policy that allows what it does,\n"
	"and nothing else. Nothing is blocked meanwhile. Exercise all that it can do.\n"
	"\n"
	"SELECTOR is unit=NAME, or NAME alone (nginx), or cgroup=GLOB.\n"
	"\n"
	"      --for=TIME    so long: 90s, 10m (when nothing is said), 2h, 1d; Ctrl-C\n"
	"                    ends it earlier\n"
	"      --restart     have systemd restart the unit first, so that stopping and\n"
	"                    starting are learnt, too\n"
	"  -o, --output=FILE where to; \"-\" is standard output\n"
	"      --merge=FILE  add what FILE does not allow yet, at its end. Without -o,\n"
	"                    FILE itself is changed\n"
	"      --force       replace the file that -o names\n"
	"      --json        what came out, as one object\n"
	"  -h, --help        this\n"
	"\n"
	"The policy begins in audit mode. Exit status: 0 all that was done is in it, 3\n"
	"not (what is missing is told, and stands in its first lines).\n";

enum {
	OPTION_FOR = 256,
	OPTION_RESTART,
	OPTION_MERGE,
	OPTION_FORCE,
};

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{"for", required_argument, NULL, OPTION_FOR},
	{"restart", no_argument, NULL, OPTION_RESTART},
	{"output", required_argument, NULL, 'o'},
	{"merge", required_argument, NULL, OPTION_MERGE},
	{"force", no_argument, NULL, OPTION_FORCE},
	{},
};

volatile sig_atomic_t learn_interrupted;

static void on_signal(int number)
{
	(void)number;
	learn_interrupted++;
}

static void free_texts(char **texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
	free(texts);
}

static void learning_clear(struct learning *l)
{
	learn_policy_remove(l);
	learn_clear(&l->learn);
	sd_journal_close(l->journal);
	selector_free(l->selector);
	free_texts(l->conflicts, l->n_conflicts);
	free_texts(l->uncovered, l->n_uncovered);
	free(l->merge_text);
	free(l->untold);
	free(l->lock_file);
	free(l->file);
	free(l->name);
	free(l->select);
}

/* A span of time as "10m": by what cli_time_parse() takes for so long ago. */
static enum cli_status set_seconds(struct learning *l, const char *text)
{
	const unsigned long long now = 1ull << 62;
	unsigned long long then;

	if (*text < '0' || *text > '9' || strchr(text, ':') || strchr(text, '-') ||
	    cli_time_parse(text, now, &then) < 0 || then == 0 || then >= now)
		return cli_error(CLI_USAGE,
				 "learn: --for takes a time as 90s, 10m or 2h, and not \"%s\"",
				 text);
	l->seconds = (now - then) / 1000000;
	return CLI_OK;
}

static enum cli_status take_option(struct learning *l, int option)
{
	switch (option) {
	case 'j':
		l->json = true;
		return CLI_OK;
	case 'o':
		l->output = optarg;
		return CLI_OK;
	case OPTION_FOR:
		return set_seconds(l, optarg);
	case OPTION_RESTART:
		l->restart = true;
		return CLI_OK;
	case OPTION_MERGE:
		l->merge = optarg;
		return CLI_OK;
	case OPTION_FORCE:
		l->force = true;
		return CLI_OK;
	default:
		return CLI_USAGE;
	}
}

/* The selector as a line of [select]. A unit may be given without ".service". */
static enum cli_status set_selector(struct learning *l, const char *argument)
{
	const char *value = strchr(argument, '=');
	bool cgroup = strncmp(argument, "cgroup=", 7) == 0;
	int n;

	if (value && !cgroup && strncmp(argument, "unit=", 5) != 0)
		return cli_error(CLI_USAGE,
				 "learn: \"%s\" selects nothing; write unit=NAME or cgroup=GLOB",
				 argument);
	value = value ? value + 1 : argument;
	n = asprintf(&l->select, "%-9s = %s%s", cgroup ? "cgroup" : "unit", value,
		     cgroup || strchr(value, '.') ? "" : ".service");
	if (n < 0) {
		l->select = NULL;
		return cli_error(CLI_FAILED, "learn: out of memory");
	}
	l->argument = argument;
	l->unit = cgroup ? NULL : strchr(l->select, '=') + 2;
	if (l->restart && !l->unit)
		return cli_error(CLI_USAGE, "learn: --restart is for units; start the container "
					    "anew yourself, once it is watched");
	return CLI_OK;
}

/* Compiles the selector, which tells whose events are meant. */
static enum cli_status compile_selector(struct learning *l)
{
	const struct learn_text how = {.select = l->select, .exact = true};
	_cleanup_(freep) char *text = NULL;
	struct policy *policy = NULL;
	struct diag diag = {};
	int r = learn_write(&l->learn, &how, &text);

	if (r == 0)
		r = policy_parse_text("learn.ini", text, strlen(text), &diag, &policy);
	if (r == 0)
		r = selector_compile((const struct policy *const *)&policy, 1, &diag, &l->selector);
	policy_free(policy);
	if (r > 0)
		(void)cli_error(CLI_USAGE, "learn: \"%s\" selects nothing: %s", l->argument,
				diag.n_items ? diag.items[0].message : "it is wrong");
	diag_clear(&diag);
	if (r < 0)
		return cli_error(CLI_FAILED, "learn: %s", strerror(-r));
	return r > 0 ? CLI_USAGE : CLI_OK;
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static void show(const struct learning *l, time_t left, const char *doing)
{
	if (l->json || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%s: %ld s left, %llu events, %zu different \033[K", doing, (long)left,
		l->n_events, l->learn.n_facts);
}

/* More a second than this, and what is known already is allowed: it makes no events any more. */
#define EVENTS_A_SECOND 300

/*
 * Takes events for a second, at most, and looks whether they come too fast: as the kernel counts
 * them, since the journal may be far behind.
 */
static int take_a_second(struct learning *l, const sigset_t *mask)
{
	unsigned long long before = l->n_logged, dropped;
	time_t end = now() + 1;
	long n = 0;
	int r;

	do
		n = learn_events_take(l, 1000, mask);
	while (n > 0 && now() < end && !learn_interrupted);
	if (n < 0)
		return (int)n;
	r = learn_policy_count(l, &l->n_logged, &dropped);
	if (r < 0 || l->n_logged < before + EVENTS_A_SECOND || l->learn.n_facts == l->n_allowed)
		return r;
	l->narrowed = true;
	l->n_allowed = l->learn.n_facts;
	return learn_policy_write(l);
}

/* Has systemd restart the unit, and learns meanwhile. */
static enum cli_status restart(struct learning *l, const sigset_t *mask)
{
	char *const argv[] = {"systemctl", "restart", "--", (char *)l->unit, NULL};
	posix_spawnattr_t attributes;
	int status = 0, r;
	pid_t pid;

	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, mask);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	r = posix_spawnp(&pid, argv[0], NULL, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	if (r != 0)
		return cli_error(CLI_FAILED, "learn: cannot run systemctl: %s", strerror(r));
	while (waitpid(pid, &status, WNOHANG) == 0) {
		r = take_a_second(l, mask);
		if (r < 0 || learn_interrupted > 1)
			kill(pid, SIGTERM);
		show(l, (time_t)l->seconds, "restarting");
	}
	if (r < 0)
		return cli_error(CLI_FAILED, "learn: %s", strerror(-r));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return cli_error(CLI_FAILED,
				 "learn: systemd could not restart %s: see \"systemctl status\"",
				 l->unit);
	return CLI_OK;
}

/* The journal comes behind the kernel: waits for what was logged, as long as more comes. */
#define DRAIN_SECONDS 15

static int drain(struct learning *l, const sigset_t *mask)
{
	time_t last = now();

	while (l->n_own < l->n_logged && now() - last < DRAIN_SECONDS && learn_interrupted < 2) {
		long n = learn_events_take(l, 500, mask);

		if (n < 0)
			return (int)n;
		if (n > 0)
			last = now();
		show(l, 0, "reading");
	}
	l->n_missing = l->n_own < l->n_logged ? l->n_logged - l->n_own : 0;
	return 0;
}

static enum cli_status watch(struct learning *l, const sigset_t *mask)
{
	enum cli_status status;
	time_t begun, end;
	int r = 0;

	status = l->restart ? restart(l, mask) : CLI_OK;
	if (status != CLI_OK)
		return status;
	begun = now();
	end = begun + (time_t)l->seconds;
	while (r >= 0 && !learn_interrupted && now() < end) {
		show(l, end - now(), "learning");
		r = take_a_second(l, mask);
	}
	l->took = (unsigned long long)(now() - begun);
	if (r >= 0)
		r = learn_policy_count(l, &l->n_logged, &l->n_dropped);
	l->n_dropped -= l->n_dropped < l->dropped_before ? l->n_dropped : l->dropped_before;
	learn_policy_remove(l);
	if (r >= 0)
		r = drain(l, mask);
	if (!l->json && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (r < 0)
		return cli_error(CLI_FAILED, "learn: %s", strerror(-r));
	return CLI_OK;
}

/* Blocks the signals that end it: they come in while it waits, so that nothing is left behind. */
static void catch_signals(sigset_t *ret_mask)
{
	const struct sigaction action = {.sa_handler = on_signal};
	const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < ELEMENTS(numbers); i++) {
		sigaddset(&blocked, numbers[i]);
		sigaction(numbers[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, ret_mask);
}

static enum cli_status learn(struct learning *l)
{
	enum cli_status status = learn_policy_claim(l);
	unsigned long long logged;
	sigset_t mask;
	int r;

	if (status != CLI_OK)
		return status;
	catch_signals(&mask);
	r = learn_policy_count(l, &logged, &l->dropped_before);
	if (r < 0)
		return cli_error(CLI_FAILED, "learn: cannot look at what is in force: %s",
				 strerror(-r));
	status = learn_events_open(l);
	if (status != CLI_OK)
		return status;
	r = learn_policy_write(l);
	if (r < 0)
		return cli_error(CLI_FAILED, "learn: cannot write %s: %s", l->file, strerror(-r));
	status = learn_policy_wait(l);
	if (status == CLI_OK)
		status = watch(l, &mask);
	if (status == CLI_OK)
		status = learn_result_write(l);
	return status;
}

static enum cli_status run(int argc, char **argv)
{
	_cleanup_(learning_clear) struct learning l = {.lock = -1, .seconds = 600};
	enum cli_status status = CLI_OK;
	int option;

	while (status == CLI_OK && (option = cli_option(&cmd_learn, argc, argv)) != CLI_END) {
		if (option == CLI_HELPED)
			return CLI_OK;
		status = take_option(&l, option);
	}
	if (status != CLI_OK)
		return status;
	if (optind + 1 != argc)
		return cli_error(CLI_USAGE,
				 "learn: takes one selector, such as unit=nginx.service");
	if (!l.output && !l.merge)
		return cli_error(CLI_USAGE, "learn: where to? give -o FILE, or --merge=FILE");
	if (l.output && strcmp(l.output, "-") == 0 && l.json)
		return cli_error(CLI_USAGE, "learn: -o - and --json both take standard output");
	status = set_selector(&l, argv[optind]);
	if (status == CLI_OK)
		status = compile_selector(&l);
	if (status == CLI_OK)
		status = learn_result_prepare(&l);
	if (status == CLI_OK && cli_daemon() == CLI_DAEMON_STOPPED)
		status = cli_error(CLI_FAILED, "learn: bailiffd does not run; \"systemctl start "
					       "bailiffd\" first");
	return status == CLI_OK ? learn(&l) : status;
}

const struct cli_command cmd_learn = {"learn", help, "o:", options, run};
