/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli-journal.h"
#include "daemon/cli-json.h"
#include "daemon/cli.h"
#include "daemon/event-id.h"
#include "daemon/store.h"
#include "daemon/util.h"
#include "daemon/why.h"

static const char help[] =
	"usage: bailiff why EVENT|--last [OPTION]... [FILE|FOLDER]...\n"
	"\n"
	"Explains an event: what was asked, which line answered, which allow lines are\n"
	"near and do not apply, which other policies deny it too, and the smallest edit\n"
	"that would allow it, tried before it is shown. It is a patch: patch(1) takes it.\n"
	"\n"
	"EVENT is the name that \"bailiff events\" shows. The policies are those given, or\n"
	"those of bailiffd, as their files are now. The journal is read: root can, and\n"
	"group systemd-journal.\n"
	"\n"
	"      --last        the last denial, also of a policy with mode = audit\n"
	"      --any-sender  also of what others than bailiffd.service wrote: whoever can\n"
	"                    write to the journal can forge that\n"
	"      --json        one object\n"
	"  -h, --help        this\n"
	"\n"
	"Exit status: 0 explained, 1 there is no such event, 2 wrong usage, 3 the journal\n"
	"or a policy cannot be read.\n";

#define OPTION_LAST 256
#define OPTION_ANY_SENDER 257

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{"last", no_argument, NULL, OPTION_LAST},
	{"any-sender", no_argument, NULL, OPTION_ANY_SENDER},
	{},
};

struct wanted {
	bool json, last, any_sender;
	const char *id; /* NULL: the last */
};

static bool is_id(const char *text)
{
	return strlen(text) == EVENT_ID_SIZE - 1 &&
	       text[strspn(text, "0123456789abcdefghjkmnpqrstvwxyz")] == '\0';
}

/* What "bailiff learn" noted was nobody's denial: its policy has its process's number behind its
 * name. */
static bool is_learnt(const struct why_event *event)
{
	const char *dot = event->policy ? strrchr(event->policy, '.') : NULL;

	return dot && strncmp(event->policy, "learn-", strlen("learn-")) == 0 && dot[1] &&
	       dot[1 + strspn(dot + 1, "0123456789")] == '\0';
}

/* Reads the newest entry that is wanted. Answers 1, 0 where there is none, or a negative errno. */
static int find(sd_journal *journal, const struct wanted *wanted, struct why_event *ret)
{
	int r = cli_journal_events(journal, false);

	if (r >= 0 && !wanted->any_sender)
		r = cli_journal_trusted(journal);
	if (r >= 0 && wanted->id)
		r = cli_journal_match(journal, "BAILIFF_ID", wanted->id);
	if (r >= 0 && !wanted->id)
		r = cli_journal_match(journal, "BAILIFF_VERDICT", "deny");
	if (r >= 0 && !wanted->id)
		r = cli_journal_match(journal, "BAILIFF_VERDICT", "would-deny");
	if (r >= 0)
		r = sd_journal_seek_tail(journal);
	if (r >= 0)
		r = sd_journal_previous(journal);
	while (r > 0) {
		r = why_event_read(journal, ret);
		if (r < 0)
			return r;
		if (wanted->id || !is_learnt(ret))
			return 1;
		why_event_release(ret);
		*ret = (struct why_event){};
		r = sd_journal_previous(journal);
	}
	return r;
}

static enum cli_status find_event(const struct wanted *wanted, struct why_event *ret)
{
	_cleanup_(cli_journal_closep) sd_journal *journal = NULL;
	enum cli_status status = cli_journal_open("why", &journal);
	int r;

	if (status == CLI_OK)
		status = cli_journal_check("why", journal);
	if (status != CLI_OK)
		return status;
	r = find(journal, wanted, ret);
	if (r < 0)
		return cli_error(CLI_FAILED, "why: cannot read the journal: %s", strerror(-r));
	if (r > 0)
		return CLI_OK;
	if (wanted->id)
		return cli_error(CLI_NO,
				 "why: there is no event %s in the journal; \"bailiff events\" "
				 "shows their names",
				 wanted->id);
	return cli_error(CLI_NO, "why: no denial is in the journal");
}

/* The policies that were given, or bailiffd's own: a folder of these need not be there. */
static enum cli_status read_policies(char **arguments, struct cli_policies *policies)
{
	static const char *const folders[] = {STORE_FOLDER_ETC, STORE_FOLDER_RUN};

	for (char **argument = arguments; *argument; argument++)
		if (cli_policies_add(policies, *argument) < 0)
			return CLI_FAILED;
	for (size_t i = 0; i < ELEMENTS(folders) && !*arguments; i++)
		if ((access(folders[i], F_OK) == 0 || errno != ENOENT) &&
		    cli_policies_add(policies, folders[i]) < 0)
			return CLI_FAILED;
	return CLI_OK;
}

static enum cli_status explain(const struct wanted *wanted, char **arguments)
{
	_cleanup_(why_event_release) struct why_event event = {};
	_cleanup_(why_release) struct why why = {};
	_cleanup_(json_freep) struct json_object *object = NULL;
	enum cli_status status = find_event(wanted, &event);
	int r;

	if (status == CLI_OK)
		status = read_policies(arguments, &why.given);
	if (status != CLI_OK)
		return status;
	r = why_find(&event, &why);
	if (r > 0) {
		(void)cli_diag_print(stderr, &why.given.diag);
		return cli_error(CLI_FAILED, "why: the policies cannot be compiled");
	}
	if (r == 0 && wanted->json) {
		object = why_object(&why);
		return json_print(object, CLI_OK);
	}
	if (r == 0)
		r = why_show(&why);
	return r < 0 ? cli_error(CLI_FAILED, "why: %s", strerror(-r)) : CLI_OK;
}

static enum cli_status run(int argc, char **argv)
{
	struct wanted wanted = {};
	int option;

	while ((option = cli_option(&cmd_why, argc, argv)) != CLI_END) {
		if (option == CLI_HELPED || option == CLI_UNKNOWN)
			return option == CLI_HELPED ? CLI_OK : CLI_USAGE;
		wanted.json |= option == 'j';
		wanted.last |= option == OPTION_LAST;
		wanted.any_sender |= option == OPTION_ANY_SENDER;
	}
	if (!wanted.last) {
		if (optind == argc)
			return cli_error(CLI_USAGE, "why: which event? Its name, as \"bailiff "
						    "events\" shows it, or --last");
		if (!is_id(argv[optind]))
			return cli_error(CLI_USAGE,
					 "why: \"%s\" is no event's name; \"bailiff events\" shows "
					 "them, such as 7k3q9x2m4c",
					 argv[optind]);
		wanted.id = argv[optind++];
	}
	return explain(&wanted, argv + optind);
}

const struct cli_command cmd_why = {"why", help, "", options, run};
