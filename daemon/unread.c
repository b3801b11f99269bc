/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/unread.h"

#include <errno.h>
#include <stdlib.h>
#include <syslog.h>

#include "daemon/enforce.h"
#include "daemon/journal-note.h"
#include "daemon/journal.h"
#include "daemon/kernel-record.h"
#include "daemon/kernel.h"

#define RULES_MAX 64 /* that are told each for itself */

struct unread {
	__u64 *by_counter;
	__u64 others; /* of rules that are not in force, or of none that is known */
	unsigned n_told;
};

static void count(void *userdata, __u32 counter, __u64 n)
{
	struct unread *unread = userdata;

	if (counter < BAILIFF_COUNTERS)
		unread->by_counter[counter] += n;
	else
		unread->others += n;
}

static int tell_rule(void *userdata, const char *policy, const struct bailiff_rule *rule)
{
	struct unread *unread = userdata;
	__u64 n = rule->counter < BAILIFF_COUNTERS ? unread->by_counter[rule->counter] : 0;

	if (!n || unread->n_told == RULES_MAX)
		return 0;
	/* a rule can be in several sets */
	unread->by_counter[rule->counter] = 0;
	unread->n_told++;
	journal_note(LOG_WARNING, JOURNAL_ID_DROPPED,
		     (struct journal_field[]){{.name = "BAILIFF_COUNT", .number = n},
					      {.name = "BAILIFF_POLICY", .text = policy},
					      {}},
		     "%llu events of policy %s line %u are told in sum alone: another version has "
		     "written them, in another layout",
		     n, policy, rule->line);
	return 0;
}

static void tell_others(struct unread *unread)
{
	for (__u32 i = 0; i < BAILIFF_COUNTERS; i++)
		unread->others += unread->by_counter[i];
	if (unread->others)
		journal_note(LOG_WARNING, JOURNAL_ID_DROPPED,
			     (struct journal_field[]){
				     {.name = "BAILIFF_COUNT", .number = unread->others}, {}},
			     "%llu events of %s are told in sum alone: another version has written "
			     "them, in another layout",
			     unread->others,
			     unread->n_told == RULES_MAX ? "other rules"
							 : "rules that are not in force any more");
}

int unread_tell(struct kernel *kernel, struct kernel *former, struct enforce *enforce)
{
	struct unread unread = {.by_counter = calloc(BAILIFF_COUNTERS, sizeof(__u64))};
	int r;

	if (!unread.by_counter)
		return -ENOMEM;
	r = kernel_succeed(kernel, former, count, &unread);
	(void)enforce_each_rule(enforce, tell_rule, &unread);
	tell_others(&unread);
	free(unread.by_counter);
	return r;
}
