/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/cli-events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cli-journal.h"
#include "daemon/cli.h"
#include "daemon/event-id.h"
#include "daemon/event-json.h"
#include "daemon/event-text.h"
#include "daemon/util.h"

/* How much of a container's id is shown to people: as much as other tools show. */
#define CONTAINER_SHOWN 12

/* Prints a field between two texts, or nothing where there is none. */
static int print_field(sd_journal *journal, const char *before, const char *name,
		       const char *behind)
{
	struct text value = cli_journal_field(journal, name);
	_cleanup_(freep) char *shown = NULL;

	if (value.n == 0)
		return 0;
	shown = text_printable(value);
	if (!shown)
		return -ENOMEM;
	printf("%s%s%s", before, shown, behind);
	return 0;
}

static int print_verdict(sd_journal *journal)
{
	struct text value = cli_journal_field(journal, "BAILIFF_VERDICT");
	_cleanup_(freep) char *verdict = text_printable(value);
	enum cli_colour colour = CLI_GOOD;

	if (!verdict)
		return -ENOMEM;
	if (strcmp(verdict, "deny") == 0)
		colour = CLI_BAD;
	else if (strcmp(verdict, "would-deny") == 0)
		colour = CLI_DOUBTFUL;
	/* as wide as the longest, "would-deny" */
	printf("%s%-10s%s", cli_colour(colour), verdict, cli_colour(CLI_PLAIN));
	return 0;
}

static int print_container(sd_journal *journal)
{
	struct text value = cli_journal_field(journal, "BAILIFF_CONTAINER");
	_cleanup_(freep) char *container = NULL;

	if (value.n == 0)
		return 0;
	container = text_printable(value);
	if (!container)
		return -ENOMEM;
	printf(" container %.*s", CONTAINER_SHOWN, container);
	return 0;
}

/* As wide where there is none, so that what follows stands in one column. */
static int print_id(sd_journal *journal)
{
	struct text value = cli_journal_field(journal, "BAILIFF_ID");
	_cleanup_(freep) char *id = value.n ? text_printable(value) : NULL;

	if (value.n && !id)
		return -ENOMEM;
	printf("%s%-*s%s ", cli_colour(CLI_FAINT), EVENT_ID_SIZE - 1, id ? id : "",
	       cli_colour(CLI_PLAIN));
	return 0;
}

int event_print_line(sd_journal *journal, uint64_t when)
{
	static const struct {
		const char *before, *name, *behind;
	} what[] = {
		{" ", "BAILIFF_ACTION", ""},   {" ", "BAILIFF_PATH", ""},
		{" by ", "BAILIFF_EXE", ""},   {"[", "BAILIFF_PID", "]"},
		{" ", "BAILIFF_POLICY", ""},   {":", "BAILIFF_LINE", ""},
		{" (", "BAILIFF_REASON", ")"}, {", ", "BAILIFF_REPEATS", " times, told together"},
	};
	time_t seconds = (time_t)(when / 1000000);
	const char *note;
	char date[32] = "";
	struct tm tm;
	int r;

	if (localtime_r(&seconds, &tm))
		strftime(date, sizeof(date), "%b %d %H:%M:%S", &tm);
	printf("%s ", date);
	r = print_id(journal);
	if (r < 0)
		return r;
	note = event_note(cli_journal_field(journal, "MESSAGE_ID"));
	if (note) {
		/* descriptors from before the policy are nobody's fault */
		printf("%s%-10s%s", cli_colour(strcmp(note, "older") == 0 ? CLI_DOUBTFUL : CLI_BAD),
		       note, cli_colour(CLI_PLAIN));
		return print_field(journal, " ", "MESSAGE", "\n");
	}
	r = print_verdict(journal);
	for (size_t i = 0; i < ELEMENTS(what) && r >= 0; i++)
		r = print_field(journal, what[i].before, what[i].name, what[i].behind);
	fputs(cli_colour(CLI_FAINT), stdout);
	if (r >= 0)
		r = print_field(journal, " ", "BAILIFF_UNIT", "");
	if (r >= 0)
		r = print_container(journal);
	if (r >= 0)
		r = print_field(journal, " pod ", "BAILIFF_POD", "");
	puts(cli_colour(CLI_PLAIN));
	return r;
}

static struct text field_of(void *journal, const char *name)
{
	return cli_journal_field(journal, name);
}

int event_print_json(sd_journal *journal, uint64_t when)
{
	_cleanup_(freep) char *line = NULL;
	size_t n;
	int r = event_json(field_of, journal, when, &line, &n);

	if (r >= 0)
		puts(line);
	return r;
}
