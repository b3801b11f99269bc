/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli-check.h"
#include "daemon/cli-files.h"
#include "daemon/cli-json.h"
#include "daemon/cli.h"
#include "daemon/status-files.h"
#include "daemon/store.h"
#include "daemon/trial-files.h"
#include "daemon/trial.h"

static const char help[] =
	"usage: bailiff apply FILE... [--confirm=TIME] [--json]\n"
	"       bailiff apply --confirmed | --cancel\n"
	"\n"
	"Puts policies into force: checks them, hands them to bailiffd, waits until it\n"
	"says that they are, and only then writes them to " STORE_FOLDER_ETC ",\n"
	"in the place of those of the same names. What is refused changes nothing.\n"
	"\n"
	"With --confirm they are on trial: bailiffd goes back to what was before when the\n"
	"time is over, unless it was confirmed: by Enter where a terminal is asked, or by\n"
	"\"bailiff apply --confirmed\" from anywhere. For that it needs neither this\n"
	"command nor the terminal. A restart of the machine goes back as well.\n"
	"\n"
	"      --confirm=TIME  for so long: 60s, 5m, 1h\n"
	"      --confirmed     keep what is on trial\n"
	"      --cancel        go back now\n"
	"      --json          one object: state, trial, seconds_left, files, errors\n"
	"  -h, --help          this\n"
	"\n"
	"Exit status: 0 in force (--cancel: gone back), 1 refused, or gone back\n"
	"(--confirmed: nothing is on trial), 2 wrong usage, 3 it could not be done.\n";

enum { OPTION_CONFIRM = 256, OPTION_CONFIRMED, OPTION_CANCEL };

#define SECOND 1000000ull
#define TRIAL_MAX (7 * 24 * 3600 * SECOND)
#define WAIT_MAX (300 * SECOND) /* that bailiffd puts them into force */
#define KEPT_MAX (60 * SECOND)	/* that it looks at them again */
#define LOOK_AGAIN_USEC 20000

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{"confirm", required_argument, NULL, OPTION_CONFIRM},
	{"confirmed", no_argument, NULL, OPTION_CONFIRMED},
	{"cancel", no_argument, NULL, OPTION_CANCEL},
	{},
};

struct asked {
	bool json, confirmed, cancel;
	unsigned long long trial; /* microseconds; 0: for good */
};

/* What is said in the end, with the files that it is about. */
static enum cli_status answer(const struct asked *asked, enum cli_status status, const char *state,
			      const struct cli_files *files)
{
	_cleanup_(json_freep) struct json_object *object = NULL;
	__u64 deadline, now = trial_now();

	if (!asked->json) {
		if (status == CLI_OK)
			printf("%s\n", state);
		return status;
	}
	object = json_object_new_object();
	json_add_text(object, "state", state);
	json_add_bool(object, "trial", trial_deadline(&deadline) >= 0);
	if (trial_deadline(&deadline) >= 0)
		json_add_number(object, "seconds_left",
				deadline > now ? (deadline - now) / SECOND : 0);
	if (files)
		json_object_object_add(object, "files", status_files_json(files));
	return json_print(object, status);
}

static enum cli_status cannot(const char *what, int r)
{
	return cli_error(CLI_FAILED, "apply: cannot %s: %s%s", what, strerror(-r),
			 r == -EPERM || r == -EACCES
				 ? "; with \"protect = yes\" only while bailiffd is stopped"
			 : r == -EEXIST ? ": another trial is not over; end it with --confirmed or "
					  "--cancel"
					: "");
}

static bool daemon_runs(void)
{
	return cli_daemon() == CLI_DAEMON_RUNS;
}

static enum cli_status cancel(const struct asked *asked)
{
	_cleanup_(cli_files_clear) struct cli_files files = {};
	__u64 deadline;
	int r;

	if (trial_deadline(&deadline) < 0)
		return cli_error(CLI_NO, "apply: nothing is on trial");
	r = trial_end();
	if (r < 0)
		return cannot("go back", r);
	/* what the trial hid is looked at again */
	if (daemon_runs() && cli_files_wait(daemon_runs, KEPT_MAX, &files) >= 0 && files.n_waiting)
		return cli_error(CLI_FAILED, "apply: the trial is over, and bailiffd does not say "
					     "that what was before is in force: bailiff status");
	return answer(asked, CLI_OK, "gone back to what was before", NULL);
}

/* Of the files, those that are on trial. */
static void only_trial(struct cli_files *files)
{
	size_t n = 0;

	files->n_waiting = files->n_refused = 0;
	for (size_t i = 0; i < files->n_files; i++) {
		struct cli_file file = files->files[i];

		if (strncmp(file.file, TRIAL_FOLDER "/", strlen(TRIAL_FOLDER "/")) != 0) {
			free(file.file);
			free(file.message);
			continue;
		}
		files->n_waiting += file.state == CLI_FILE_WAITING;
		files->n_refused += file.state == CLI_FILE_REFUSED;
		files->files[n++] = file;
	}
	files->n_files = n;
}

/* Whether all of the names that @kept has in another folder are in force in the administrator's. */
static bool are_kept(const struct cli_files *kept, const struct cli_files *files)
{
	size_t n = 0;

	for (size_t i = 0; i < kept->n_files; i++)
		for (size_t j = 0; j < files->n_files; j++)
			n += files->files[j].state == CLI_FILE_IN_FORCE &&
			     strncmp(files->files[j].file, STORE_FOLDER_ETC "/",
				     strlen(STORE_FOLDER_ETC "/")) == 0 &&
			     strcmp(strrchr(files->files[j].file, '/'),
				    strrchr(kept->files[i].file, '/')) == 0;
	return n == kept->n_files;
}

/* Waits until the daemon has seen that what was on trial is the administrator's now. */
static enum cli_status wait_for_kept(const struct cli_files *kept, struct cli_files *ret)
{
	for (__u64 until = trial_now() + KEPT_MAX;;) {
		int r;

		cli_files_clear(ret);
		r = cli_files_look(true, ret);
		if (r < 0)
			return cannot("look at the files of policies", r);
		if (are_kept(kept, ret))
			return CLI_OK;
		if (trial_now() >= until)
			return cli_error(CLI_FAILED,
					 "apply: they are in " STORE_FOLDER_ETC
					 ", and bailiffd does not say that they are in force: "
					 "bailiff status");
		usleep(LOOK_AGAIN_USEC);
	}
}

static enum cli_status keep(const struct asked *asked, const char *said)
{
	_cleanup_(cli_files_clear) struct cli_files kept = {}, files = {};
	enum cli_status status;
	int r = cli_files_look(true, &kept);

	if (r < 0)
		return cannot("look at the files of policies", r);
	only_trial(&kept);
	r = trial_keep();
	if (r == -ENOENT || r == -ETIME)
		return cli_error(CLI_NO, "apply: nothing is on trial: its time is over, and what "
					 "was before is in force");
	if (r < 0)
		return cannot("write to " STORE_FOLDER_ETC, r);
	status = wait_for_kept(&kept, &files);
	return status == CLI_OK ? answer(asked, CLI_OK, said, &files) : status;
}

/* Reads the files and checks them. Answers CLI_OK where they may be tried. */
static enum cli_status check(const struct asked *asked, char **arguments, struct cli_policies *ret)
{
	_cleanup_(json_freep) struct json_object *object = NULL;
	int r;

	for (char **argument = arguments; *argument; argument++) {
		const char *slash = strrchr(*argument, '/');

		if (!store_is_policy(slash ? slash + 1 : *argument))
			return cli_error(
				CLI_USAGE,
				"apply: %s: a policy's file is named NAME.ini, and NAME is "
				"what it is called",
				*argument);
		if (cli_policies_add(ret, *argument) < 0)
			return CLI_FAILED;
	}
	for (size_t i = 0; i < ret->n_policies; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(ret->policies[i]->name, ret->policies[j]->name) == 0)
				return cli_error(CLI_USAGE, "apply: two files are named %s.ini",
						 ret->policies[i]->name);
	r = cli_check_compile(ret);
	if (r == 0)
		r = cli_policies_fill(ret);
	if (r < 0)
		return cli_error(CLI_FAILED, "apply: cannot compile: %s", strerror(-r));
	if (ret->diag.n_errors && asked->json) {
		object = json_object_new_object();
		json_add_text(object, "state", "refused");
		json_object_object_add(object, "errors", cli_check_json(&ret->diag));
		return json_print(object, CLI_NO);
	}
	if (!asked->json && cli_diag_print(stderr, &ret->diag) < 0)
		return cli_error(CLI_FAILED, "apply: out of memory");
	if (ret->diag.n_errors)
		return cli_error(CLI_NO, "apply: nothing was changed");
	return CLI_OK;
}

/* Waits until the daemon has answered to all that is on trial. */
static enum cli_status wait_for(const struct asked *asked, __u64 deadline, size_t n,
				struct cli_files *ret)
{
	for (;;) {
		_cleanup_(cli_files_clear) struct cli_files files = {};
		int r = cli_files_look(true, &files);

		if (r < 0)
			return cannot("look at the files of policies", r);
		only_trial(&files);
		if (files.n_refused || (!files.n_waiting && files.n_files == n) ||
		    files.n_files != n || trial_now() >= deadline) {
			*ret = files;
			files = (struct cli_files){};
			break;
		}
		usleep(LOOK_AGAIN_USEC);
	}
	if (ret->n_files == n && !ret->n_refused && !ret->n_waiting)
		return CLI_OK;
	if (!asked->json) {
		fflush(stdout);
		status_files_print(ret);
	}
	(void)trial_end();
	if (ret->n_refused) {
		(void)answer(asked, CLI_NO, "refused", ret);
		return cli_error(CLI_NO, "apply: refused; nothing was changed");
	}
	(void)answer(asked, CLI_FAILED, "waiting", ret);
	return cli_error(CLI_FAILED,
			 "apply: bailiffd did not put them into force in time; nothing was changed "
			 "(see: journalctl -u bailiffd)");
}

/* On a terminal: waits for Enter as long as the trial lasts. */
static enum cli_status ask(const struct asked *asked, __u64 deadline)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[16] = "";
	__u64 now = trial_now();
	int r = 0;

	if (now < deadline) {
		printf("in force, on trial for %" PRIu64 " s. Keep it? [Enter: yes, n: no] ",
		       (uint64_t)((deadline - now) / SECOND));
		fflush(stdout);
		r = poll(&input, 1, (int)((deadline - now) / 1000));
	}
	if (r <= 0) {
		puts("\nnobody confirmed: gone back to what was before");
		return CLI_NO;
	}
	if (!fgets(line, sizeof(line), stdin) || strchr("nN", line[0]))
		return cancel(asked) == CLI_OK ? CLI_NO : CLI_FAILED;
	return keep(asked, "in force, and kept");
}

static enum cli_status apply(const struct asked *asked, char **arguments)
{
	_cleanup_(cli_policies_clear) struct cli_policies policies = {};
	_cleanup_(cli_files_clear) struct cli_files files = {};
	enum cli_status status = check(asked, arguments, &policies);
	__u64 deadline = trial_now() + (asked->trial ? asked->trial : WAIT_MAX);
	char said[96];
	int r;

	if (status != CLI_OK)
		return status;
	if (!daemon_runs())
		return cli_error(CLI_FAILED, "apply: bailiffd does not run, and nothing was "
					     "changed: systemctl start bailiffd");
	r = trial_lay(&policies, deadline);
	if (r < 0)
		return cannot("write to " TRIAL_FOLDER, r);
	status = wait_for(asked, deadline, policies.n_policies, &files);
	if (status != CLI_OK)
		return status;
	if (!asked->trial) {
		status = keep(asked, "in force");
		/* what could not be written is not to stay in force for a while */
		if (status != CLI_OK)
			(void)trial_end();
		return status;
	}
	if (!asked->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return ask(asked, deadline);
	snprintf(said, sizeof(said),
		 asked->json ? "in force"
			     : "in force, on trial: keep it with \"bailiff apply --confirmed\" "
			       "within %" PRIu64 " s",
		 (uint64_t)((deadline - trial_now()) / SECOND));
	return answer(asked, CLI_OK, said, &files);
}

static enum cli_status parse(int argc, char **argv, struct asked *asked)
{
	int option;

	while ((option = cli_option(&cmd_apply, argc, argv)) != CLI_END) {
		if (option == 'j')
			asked->json = true;
		else if (option == OPTION_CONFIRMED)
			asked->confirmed = true;
		else if (option == OPTION_CANCEL)
			asked->cancel = true;
		else if (option != OPTION_CONFIRM)
			return option == CLI_HELPED ? CLI_HELPED : CLI_USAGE;
		else if (cli_span_parse(optarg, &asked->trial) < 0 || asked->trial > TRIAL_MAX)
			return cli_error(
				CLI_USAGE,
				"apply: --confirm takes a time as 60s, 5m or 1h, up to 7d, "
				"and not \"%s\"",
				optarg);
	}
	if (asked->confirmed + asked->cancel + (optind < argc) != 1)
		return cli_error(CLI_USAGE,
				 "apply: takes files, or --confirmed, or --cancel; see \"bailiff "
				 "apply --help\"");
	return CLI_OK;
}

static enum cli_status run(int argc, char **argv)
{
	struct asked asked = {};
	enum cli_status status = parse(argc, argv, &asked);

	if (status != CLI_OK)
		return (int)status == CLI_HELPED ? CLI_OK : status;
	if (geteuid() != 0)
		return cli_error(CLI_FAILED, "apply: only root can");
	if (asked.cancel)
		return cancel(&asked);
	if (asked.confirmed)
		return keep(&asked, "in force, and kept");
	return apply(&asked, argv + optind);
}

const struct cli_command cmd_apply = {"apply", help, "", options, run};
