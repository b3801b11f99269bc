/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/older.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/event-text.h"
#include "daemon/journal-note.h"
#include "daemon/journal.h"
#include "daemon/kernel.h"
#include "daemon/log.h"
#include "daemon/util.h"
#include "policy/image.h"

/* Entries of the journal a report; the others are counted. */
#define SHOWN_MAX 32

/* A container can have any number of descriptors; events and other policies wait meanwhile. */
#define SECONDS_MAX 5

struct report {
	struct kernel *kernel;
	unsigned n, n_revoked;
	time_t end; /* of the time that there is, by CLOCK_MONOTONIC */
	/* what was shown last: a process's descriptors of one file are one entry */
	__u32 tgid;
	char path[BAILIFF_PATH_MAX + 1];
};

/* The image in force for a slot, or NULL. */
static const struct bailiff_cell *image_of(struct kernel *kernel, __u32 slot)
{
	size_t n_cells;
	const struct bailiff_cell *arena = kernel_arena(kernel, &n_cells);
	__u32 image = slot < BAILIFF_SLOTS ? kernel_slots(kernel)[slot].image : 0;

	return image && image < n_cells ? arena + image : NULL;
}

/* What a process runs, as far as that can be told. Returns the length of its path. */
static size_t executable(__u32 tgid, char path[static PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%u/exe", tgid);
	n = readlink(link, path, PATH_MAX - 1);
	path[n < 0 ? 0 : n] = '\0';
	return n < 0 ? 0 : (size_t)n;
}

static __u32 decide(const struct bailiff_cell *image, __u32 start,
		    const struct bailiff_older *older, const char *path)
{
	static const struct {
		__u32 mode;
		enum bailiff_verb verb;
	} uses[] = {
		{BAILIFF_OLDER_READ, BAILIFF_VERB_READ},
		{BAILIFF_OLDER_WRITE, BAILIFF_VERB_WRITE},
		{BAILIFF_OLDER_EXEC, BAILIFF_VERB_MAP},
	};
	__u32 strictest = 0;

	for (size_t i = 0; i < ELEMENTS(uses); i++) {
		__u32 word = image_decide_from(image, start, uses[i].verb, path, older->n_path);

		if (older->mode & uses[i].mode &&
		    BAILIFF_VERDICT(word) > BAILIFF_VERDICT(strictest))
			strictest = word;
	}
	return strictest;
}

static void show(const struct bailiff_cell *image, __u32 word, const struct bailiff_older *older,
		 const char *path, const char *exe)
{
	const struct bailiff_image *header = image_header(image);
	const struct bailiff_rule *rule =
		(const struct bailiff_rule *)(image + header->rules) + BAILIFF_RULE(word);
	const struct bailiff_policy *policy =
		(const struct bailiff_policy *)(image + header->policies) + rule->policy;

	bool mapped = older->mode & BAILIFF_OLDER_MAPPED;
	_cleanup_(freep) char *shown_exe = text_printable((struct text){exe, strlen(exe)});
	_cleanup_(freep) char *shown_path = text_printable((struct text){path, strlen(path)});

	if (!shown_exe || !shown_path)
		return;
	journal_note(LOG_WARNING, JOURNAL_ID_OLDER,
		     (struct journal_field[]){{.name = "BAILIFF_POLICY", .text = policy->name},
					      {.name = "BAILIFF_PATH", .text = path},
					      {.name = "BAILIFF_PID", .number = older->tgid},
					      {.name = "BAILIFF_EXE", .text = exe},
					      {}},
		     "%s[%u] has %s %s since before: policy %s, line %u, would deny it now; "
		     "restart it%s",
		     *exe ? shown_exe : "a process", older->tgid, shown_path,
		     mapped ? "mapped" : "open", policy->name, rule->line,
		     mapped ? "" : ", or set revoke = yes");
}

static void hold_against(struct report *report, const struct bailiff_older *older, const char *path)
{
	const struct bailiff_cell *image = image_of(report->kernel, older->slot);
	char exe[PATH_MAX];
	size_t n_exe;
	__u32 subjects, word;

	if (!image)
		return;
	n_exe = executable(older->tgid, exe);
	subjects = image_decide(image, BAILIFF_WORD_SUBJECTS, exe, n_exe);
	word = decide(image, image_start(image, subjects), older, path);
	if (BAILIFF_VERDICT(word) < BAILIFF_WOULD_DENY)
		return;
	if (older->tgid == report->tgid && strlen(report->path) == older->n_path &&
	    memcmp(report->path, path, older->n_path) == 0)
		return;
	report->tgid = older->tgid;
	memcpy(report->path, path, older->n_path);
	report->path[older->n_path] = '\0';
	if (image_header(image)->revoke && !(older->mode & BAILIFF_OLDER_MAPPED))
		report->n_revoked++;
	else if (report->n++ < SHOWN_MAX)
		show(image, word, older, report->path, exe);
}

static time_t now(void)
{
	struct timespec time = {};

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static int on_older(void *userdata, const struct bailiff_older *older, const char *path)
{
	struct report *report = userdata;

	if (now() >= report->end)
		return -ETIME;
	hold_against(report, older, path);
	return 0;
}

void older_report(struct kernel *kernel)
{
	struct report report = {.kernel = kernel, .end = now() + SECONDS_MAX};
	int r = kernel_older_walk(kernel, on_older, &report);

	if (r == -ETIME)
		log_print(LOG_WARNING,
			  "there are too many descriptors and mappings to look at all that are "
			  "older than the policies: those that were not looked at in %d seconds "
			  "are not told",
			  SECONDS_MAX);
	else if (r < 0)
		log_errno(r, "cannot look for descriptors and mappings that are older than the "
			     "policies");
	if (report.n > SHOWN_MAX)
		log_print(LOG_WARNING,
			  "%u more descriptors and mappings are older than the policies that would "
			  "deny them",
			  report.n - SHOWN_MAX);
	if (report.n_revoked)
		log_print(LOG_INFO,
			  "%u descriptors are older than the policies that deny them: they are of "
			  "no use now",
			  report.n_revoked);
}
