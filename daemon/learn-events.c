/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "daemon/event-text.h"
#include "daemon/journal.h"
#include "daemon/learn.h"
#include "daemon/util.h"
#include "policy/image.h"

/* What the journal says that the policy would have denied. */

static int add_match(sd_journal *journal, const char *field, const char *value)
{
	char match[128];

	snprintf(match, sizeof(match), "%s=%s", field, value);
	return sd_journal_add_match(journal, match, 0);
}

enum cli_status learn_events_open(struct learning *l)
{
	static const char *const ids[] = {JOURNAL_ID_DENIED, JOURNAL_ID_AUDITED,
					  JOURNAL_ID_WOULD_DENY};
	int r = sd_journal_open(&l->journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);

	for (size_t i = 0; i < ELEMENTS(ids) && r >= 0; i++)
		r = add_match(l->journal, "MESSAGE_ID", ids[i]);
	/* whoever can write to the journal could put words into the policy otherwise */
	if (r >= 0)
		r = add_match(l->journal, "_SYSTEMD_UNIT", "bailiffd.service");
	if (r >= 0)
		r = sd_journal_get_fd(l->journal);
	if (r >= 0)
		r = sd_journal_seek_realtime_usec(l->journal, (uint64_t)time(NULL) * 1000000);
	if (r < 0)
		return cli_error(CLI_FAILED, "learn: cannot read the journal: %s", strerror(-r));
	return CLI_OK;
}

/* A new string with a field's value, which the caller frees; empty where there is none. NULL
 * without memory. */
static char *field(sd_journal *journal, const char *name)
{
	size_t n_name = strlen(name), n;
	const void *data;

	if (sd_journal_get_data(journal, name, &data, &n) < 0 || n <= n_name + 1)
		return strdup("");
	return strndup((const char *)data + n_name + 1, n - n_name - 1);
}

struct entry {
	char *action, *path, *exe, *policy, *reason, *verdict, *cgroup, *pid, *count;
};

static void entry_clear(struct entry *entry)
{
	char **fields = (char **)entry;

	for (size_t i = 0; i < sizeof(*entry) / sizeof(*fields); i++)
		free(fields[i]);
}

static int entry_read(sd_journal *journal, struct entry *entry)
{
	static const char *const names[] = {"BAILIFF_ACTION", "BAILIFF_PATH",	"BAILIFF_EXE",
					    "BAILIFF_POLICY", "BAILIFF_REASON", "BAILIFF_VERDICT",
					    "BAILIFF_CGROUP", "BAILIFF_PID",	"BAILIFF_COUNT"};
	char **fields = (char **)entry;

	_Static_assert(ELEMENTS(names) == sizeof(*entry) / sizeof(*fields), "one name each");
	for (size_t i = 0; i < ELEMENTS(names); i++) {
		fields[i] = field(journal, names[i]);
		if (!fields[i])
			return -ENOMEM;
	}
	return 0;
}

/* Whether the reason is that the path could not be told: then no pattern decides. */
static bool is_untold(const char *reason)
{
	static const char *const reasons[] = {"no-namespace", "other-namespace", "too-long",
					      "unreadable",   "no-scratch",	 "spelling"};

	for (size_t i = 0; i < ELEMENTS(reasons); i++)
		if (strcmp(reason, reasons[i]) == 0)
			return true;
	return false;
}

/* Whether a policy to which is added denies it in earnest: that is what it may have to learn. */
static bool is_of_merged(const struct learning *l, const char *policy)
{
	const char *name = l->merge ? strrchr(l->merge, '/') : NULL;
	size_t n = strlen(policy);

	name = name ? name + 1 : l->merge;
	return name && strncmp(name, policy, n) == 0 && strcmp(name + n, ".ini") == 0;
}

static int take(struct learning *l, const struct entry *entry)
{
	enum learn_kind kind = learn_kind(entry->action);
	bool own = strcmp(entry->policy, l->name) == 0;
	int r;

	/* an entry may stand for repeats */
	if (own)
		l->n_own += strtoull(entry->count, NULL, 10);
	if (!image_decide(l->selector->image->cells, 0, entry->cgroup, strlen(entry->cgroup)))
		return 0;
	if (strcmp(entry->verdict, "deny") == 0 && !is_of_merged(l, entry->policy))
		return 0; /* another policy forbids it, and stays */
	l->n_events++;
	if (kind == LEARN_N_KINDS || is_untold(entry->reason)) {
		if (l->n_untold++ == 0 &&
		    asprintf(&l->untold, "%s %s (%s)", entry->action, entry->path,
			     *entry->reason ? entry->reason : "unknown") < 0)
			l->untold = NULL;
		return 0;
	}
	r = learn_add(&l->learn, kind, entry->path, entry->exe,
		      (unsigned)strtoul(entry->pid, NULL, 10));
	if (r == -E2BIG)
		l->too_many = true;
	return r == -ENOMEM ? r : 0;
}

#define ENTRIES_MAX 2000 /* at once: then time and signals are looked at */

static int wait_for(sd_journal *journal, int milliseconds, const sigset_t *mask)
{
	struct pollfd fd = {.fd = sd_journal_get_fd(journal)};
	struct timespec limit = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
	int r = sd_journal_get_events(journal);

	if (r < 0)
		return r;
	fd.events = (short)r;
	if (ppoll(&fd, 1, &limit, mask) < 0 && errno != EINTR)
		return -errno;
	return sd_journal_process(journal);
}

long learn_events_take(struct learning *l, int milliseconds, const sigset_t *mask)
{
	int r = wait_for(l->journal, milliseconds, mask);
	long n = 0;

	while (r >= 0 && n < ENTRIES_MAX && (r = sd_journal_next(l->journal)) > 0) {
		_cleanup_(entry_clear) struct entry entry = {};

		r = entry_read(l->journal, &entry);
		if (r >= 0)
			r = take(l, &entry);
		n++;
	}
	return r < 0 ? r : n;
}
