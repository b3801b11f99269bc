/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/why.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "daemon/cli-journal.h"
#include "daemon/util.h"

static const struct {
	const char *name;
	size_t at;
} fields[] = {
	{"BAILIFF_ID", offsetof(struct why_event, id)},
	{"BAILIFF_VERDICT", offsetof(struct why_event, verdict)},
	{"BAILIFF_ACTION", offsetof(struct why_event, action)},
	{"BAILIFF_PATH", offsetof(struct why_event, path)},
	{"BAILIFF_REASON", offsetof(struct why_event, reason)},
	{"BAILIFF_POLICY", offsetof(struct why_event, policy)},
	{"BAILIFF_RULE", offsetof(struct why_event, rule)},
	{"BAILIFF_MODE", offsetof(struct why_event, mode)},
	{"BAILIFF_EXE", offsetof(struct why_event, exe)},
	{"BAILIFF_COMM", offsetof(struct why_event, comm)},
	{"BAILIFF_PID", offsetof(struct why_event, pid)},
	{"BAILIFF_UID", offsetof(struct why_event, uid)},
	{"BAILIFF_CGROUP", offsetof(struct why_event, cgroup)},
	{"BAILIFF_LINE", offsetof(struct why_event, line)},
	{"BAILIFF_COLUMN", offsetof(struct why_event, column)},
	{"BAILIFF_REPEATS", offsetof(struct why_event, repeats)},
	{"BAILIFF_ARGS", offsetof(struct why_event, args)},
	{"BAILIFF_CWD", offsetof(struct why_event, cwd)},
	{"BAILIFF_PARENT_EXE", offsetof(struct why_event, parent_exe)},
	{"BAILIFF_ANCESTORS", offsetof(struct why_event, ancestors)},
	{"BAILIFF_LOGIN_UID", offsetof(struct why_event, login_uid)},
	{"BAILIFF_CAPABILITIES", offsetof(struct why_event, capabilities)},
	{"BAILIFF_CONTAINER_NAME", offsetof(struct why_event, container_name)},
	{"BAILIFF_IMAGE", offsetof(struct why_event, image)},
};

static char **member(struct why_event *event, size_t i)
{
	return (char **)((char *)event + fields[i].at);
}

int why_event_read(sd_journal *journal, struct why_event *event)
{
	int r = sd_journal_get_realtime_usec(journal, &event->when);

	for (size_t i = 0; r >= 0 && i < ELEMENTS(fields); i++) {
		struct text value = cli_journal_field(journal, fields[i].name);

		if (!value.n)
			continue;
		*member(event, i) = strndup(value.bytes, value.n);
		if (!*member(event, i))
			r = -ENOMEM;
	}
	return r;
}

void why_event_release(struct why_event *event)
{
	for (size_t i = 0; i < ELEMENTS(fields); i++)
		free(*member(event, i));
}
