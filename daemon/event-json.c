/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/event-json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/journal.h"
#include "daemon/util.h"

/*
 * Flat objects of texts and numbers are all that is written, so that bailiffd has no JSON library,
 * and no JSON parser, in it.
 */

static const struct {
	const char *id, *word;
} notes[] = {
	{JOURNAL_ID_REFUSED, "refused"},
	{JOURNAL_ID_TAMPERED, "tampered"},
	{JOURNAL_ID_DROPPED, "dropped"},
	{JOURNAL_ID_OLDER, "older"},
};

/* The fields of an event, and whether they hold a number. */
static const struct {
	const char *name, *key;
	bool number;
} keys[] = {
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
	{"BAILIFF_LOGIN_UID", "login_uid", true},
	{"BAILIFF_CAPABILITIES", "capabilities", false},
	{"BAILIFF_USER_NS", "user_ns", true},
	{"BAILIFF_ARGS", "args", false},
	{"BAILIFF_CWD", "cwd", false},
	{"BAILIFF_PARENT_EXE", "parent_exe", false},
	{"BAILIFF_ANCESTORS", "ancestors", false},
	{"BAILIFF_SYSCALL", "syscall", false},
	{"BAILIFF_CGROUP", "cgroup", false},
	{"BAILIFF_CGROUP_ID", "cgroup_id", true},
	{"BAILIFF_UNIT", "unit", false},
	{"BAILIFF_CONTAINER", "container", false},
	{"BAILIFF_CONTAINER_NAME", "container_name", false},
	{"BAILIFF_IMAGE", "image", false},
	{"BAILIFF_POD", "pod", false},
	{"BAILIFF_TIME", "boot_time_ns", true},
	{"BAILIFF_COUNT", "count", true},
	{"BAILIFF_REPEATS", "repeats", true},
	{"BAILIFF_DROPPED", "dropped_in_all", true},
};

const char *event_note(struct text message_id)
{
	for (size_t i = 0; i < ELEMENTS(notes); i++)
		if (message_id.n == strlen(notes[i].id) &&
		    memcmp(message_id.bytes, notes[i].id, message_id.n) == 0)
			return notes[i].word;
	return NULL;
}

/* RFC 8259, 7: what must be escaped. */
static void put_string(FILE *line, struct text text)
{
	static const char letters[] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r',
				       ['\t'] = 't', ['"'] = '"',  ['\\'] = '\\'};

	fputc('"', line);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.bytes[i];

		if (c < sizeof(letters) && letters[c])
			fprintf(line, "\\%c", letters[c]);
		else if (c < 0x20)
			fprintf(line, "\\u%04x", c);
		else
			fputc(c, line);
	}
	fputc('"', line);
}

/* What is no UTF-8 becomes an array of its bytes, as with "journalctl -o json". */
static void put_text(FILE *line, struct text text)
{
	if (text_is_utf8(text)) {
		put_string(line, text);
		return;
	}
	for (size_t i = 0; i < text.n; i++)
		fprintf(line, "%c%u", i ? ',' : '[', (unsigned char)text.bytes[i]);
	fputc(']', line);
}

/* JSON knows no 007. */
static bool is_number(struct text text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.bytes[i] < '0' || text.bytes[i] > '9')
			return false;
	return text.n < 20 && (text.n == 1 || text.bytes[0] != '0');
}

static void put_member(FILE *line, const char *key, struct text value, bool number)
{
	fprintf(line, ",\"%s\":", key);
	if (number && is_number(value))
		fwrite(value.bytes, 1, value.n, line);
	else
		put_text(line, value);
}

static void put_time(FILE *line, uint64_t when)
{
	time_t seconds = (time_t)(when / 1000000);
	char date[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(line, "\"time\":\"%s.%06uZ\"", date, (unsigned)(when % 1000000));
}

int event_json(event_field field, void *userdata, uint64_t when, char **ret_line, size_t *ret_n)
{
	_cleanup_(freep) char *text = NULL;
	FILE *line = open_memstream(&text, ret_n);
	const char *note;
	bool failed;

	if (!line)
		return -ENOMEM;
	fputc('{', line);
	put_time(line, when);
	note = event_note(field(userdata, "MESSAGE_ID"));
	if (note) {
		put_member(line, "note", (struct text){note, strlen(note)}, false);
		put_member(line, "text", field(userdata, "MESSAGE"), false);
	}
	for (size_t i = 0; i < ELEMENTS(keys); i++) {
		struct text value = field(userdata, keys[i].name);

		if (value.n)
			put_member(line, keys[i].key, value, keys[i].number);
	}
	fputc('}', line);
	failed = ferror(line);
	if (fclose(line) != 0 || failed)
		return -ENOMEM;
	*ret_line = TAKE_PTR(text);
	return 0;
}
