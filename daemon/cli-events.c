/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/cli-events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cli-journal.h"
#include "daemon/cli-json.h"
#include "daemon/cli.h"
#include "daemon/event-id.h"
#include "daemon/event-text.h"
#include "daemon/journal.h"
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

/* Entries that are about bailiffd itself, and say it in their message. */
static const struct note {
	const char *id, *word;
	enum cli_colour colour;
} notes[] = {
	{JOURNAL_ID_REFUSED, "refused", CLI_BAD},
	{JOURNAL_ID_TAMPERED, "tampered", CLI_BAD},
	{JOURNAL_ID_DROPPED, "dropped", CLI_BAD},
	{JOURNAL_ID_OLDER, "older", CLI_DOUBTFUL},
};

/* Which of these the entry is, or NULL. */
static const struct note *note_of(sd_journal *journal)
{
	struct text id = cli_journal_field(journal, "MESSAGE_ID");

	for (size_t i = 0; i < ELEMENTS(notes) && id.n; i++)
		if (id.n == strlen(notes[i].id) && memcmp(id.bytes, notes[i].id, id.n) == 0)
			return &notes[i];
	return NULL;
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
	const struct note *note;
	char date[32] = "";
	struct tm tm;
	int r;

	if (localtime_r(&seconds, &tm))
		strftime(date, sizeof(date), "%b %d %H:%M:%S", &tm);
	printf("%s ", date);
	r = print_id(journal);
	if (r < 0)
		return r;
	note = note_of(journal);
	if (note) {
		printf("%s%-10s%s", cli_colour(note->colour), note->word, cli_colour(CLI_PLAIN));
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

/* The fields of an event, and whether they hold a number. */
static const struct {
	const char *name, *key;
	bool number;
} fields[] = {
	{"BAILIFF_ID", "id", false},
	{"BAILIFF_VERDICT", "verdict", false},
	{"BAILIFF_ACTION", "action", false},
	{"BAILIFF_PATH", "path", false},
	{"BAILIFF_REASON", "reason", false},
	{"BAILIFF_POLICY", "policy", false},
	{"BAILIFF_RULE", "rule", false},
	{"BAILIFF_LINE", "line", true},
	{"BAILIFF_COLUMN", "column", true},
	{"BAILIFF_MODE", "mode", false},
	{"BAILIFF_SEVERITY", "severity", true},
	{"BAILIFF_MESSAGE", "message", false},
	{"BAILIFF_TAGS", "tags", false},
	{"BAILIFF_EXE", "exe", false},
	{"BAILIFF_COMM", "comm", false},
	{"BAILIFF_PID", "pid", true},
	{"BAILIFF_TID", "tid", true},
	{"BAILIFF_PPID", "ppid", true},
	{"BAILIFF_UID", "uid", true},
	{"BAILIFF_GID", "gid", true},
	{"BAILIFF_SYSCALL", "syscall", false},
	{"BAILIFF_CGROUP", "cgroup", false},
	{"BAILIFF_CGROUP_ID", "cgroup_id", true},
	{"BAILIFF_UNIT", "unit", false},
	{"BAILIFF_CONTAINER", "container", false},
	{"BAILIFF_POD", "pod", false},
	{"BAILIFF_TIME", "boot_time_ns", true},
	{"BAILIFF_COUNT", "count", true},
	{"BAILIFF_REPEATS", "repeats", true},
	{"BAILIFF_DROPPED", "dropped_in_all", true},
};

static void json_add_field(struct json_object *object, const char *key, struct text value,
			   bool number)
{
	char digits[24] = "", *end = digits;
	unsigned long long n;

	if (number && value.n < sizeof(digits)) {
		memcpy(digits, value.bytes, value.n);
		n = strtoull(digits, &end, 10);
	}
	if (end != digits && !*end)
		json_add_number(object, key, n);
	else
		json_object_object_add(object, key, json_text(value.bytes, value.n));
}

int event_print_json(sd_journal *journal, uint64_t when)
{
	_cleanup_(json_freep) struct json_object *object = json_object_new_object();
	time_t seconds = (time_t)(when / 1000000);
	const struct note *note;
	char date[32] = "", text[48];
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%06uZ", date, (unsigned)(when % 1000000));
	json_add_text(object, "time", text);
	note = note_of(journal);
	if (note) {
		struct text message = cli_journal_field(journal, "MESSAGE");

		json_add_text(object, "note", note->word);
		json_add_field(object, "text", message, false);
	}
	for (size_t i = 0; i < ELEMENTS(fields); i++) {
		struct text value = cli_journal_field(journal, fields[i].name);

		if (value.n)
			json_add_field(object, fields[i].key, value, fields[i].number);
	}
	return json_print(object, CLI_OK) == CLI_OK ? 0 : -ENOMEM;
}
