/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/names.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>

#include "daemon/event-text.h"
#include "daemon/journal.h"
#include "daemon/store.h"
#include "daemon/util.h"
#include "policy/glob.h"
#include "policy/policy.h"

/* The host's root: the daemon's own has other folders for /tmp and /home. */
#define HOST_ROOT "/proc/1/root"

/* Files looked at a report, and those that were told. */
#define LOOKED_MAX 10000
#define TOLD_MAX 256

static struct told {
	dev_t device;
	ino_t inode;
	nlink_t n;
} told[TOLD_MAX];
static size_t n_told;

static bool was_told(const struct stat *st)
{
	for (size_t i = 0; i < n_told; i++) {
		bool same = told[i].device == st->st_dev && told[i].inode == st->st_ino;

		if (same && told[i].n == st->st_nlink)
			return true;
		if (same) {
			told[i].n = st->st_nlink;
			return false;
		}
	}
	if (n_told == TOLD_MAX)
		return true;
	told[n_told++] = (struct told){st->st_dev, st->st_ino, st->st_nlink};
	return false;
}

/* The one path that a rule denies or audits, or NULL. */
static const struct glob *exact_path(const struct policy_rule *rule)
{
	const struct glob *text = glob_exact(rule->glob);

	return rule->verdict != BAILIFF_ALLOW && text && text->bytes[0] == '/' ? text : NULL;
}

static void look(const struct policy *policy, const struct policy_rule *rule,
		 const struct glob *text)
{
	_cleanup_(freep) char *path = NULL, *shown = NULL;
	struct stat st;

	if (asprintf(&path, HOST_ROOT "%.*s", (int)text->n_bytes, text->bytes) < 0) {
		path = NULL;
		return;
	}
	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink < 2 || was_told(&st))
		return;
	shown = text_printable((struct text){text->bytes, text->n_bytes});
	if (!shown)
		return;
	sd_journal_send("MESSAGE=%s has %ju names: policy %s, line %u, is about this one; find the "
			"others with find -samefile, and name them too",
			shown, (uintmax_t)st.st_nlink, policy->name, rule->line, "PRIORITY=4",
			"MESSAGE_ID=" JOURNAL_ID_NAMES, "BAILIFF_POLICY=%s", policy->name,
			"BAILIFF_PATH=%s", path + strlen(HOST_ROOT), NULL);
}

void names_report(const struct store *store)
{
	size_t n = 0;

	for (size_t i = 0; i < store->n_entries; i++) {
		const struct policy *policy = store->entries[i].text->policy;

		for (size_t k = 0; k < policy->n_rules && n < LOOKED_MAX; k++) {
			const struct glob *text = exact_path(&policy->rules[k]);

			if (text) {
				look(policy, &policy->rules[k], text);
				n++;
			}
		}
	}
}
