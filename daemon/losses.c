/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/losses.h"

#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include "daemon/enforce.h"
#include "daemon/journal-note.h"
#include "daemon/journal.h"
#include "daemon/kernel.h"

struct losses {
	__u64 n;	   /* of all rules, as last told */
	__u64 *by_counter; /* the same of each; where nothing is noted its pages are not used */
};

/* The rule that lost most since it was looked at last. */
struct worst {
	struct losses *losses;
	struct kernel *kernel;
	__u64 n;
	__u32 line;
	char policy[BAILIFF_NAME_MAX];
};

struct losses *losses_new(void)
{
	struct losses *losses = calloc(1, sizeof(*losses));

	if (losses)
		losses->by_counter = calloc(BAILIFF_COUNTERS, sizeof(*losses->by_counter));
	return losses && losses->by_counter ? losses : losses_free(losses);
}

struct losses *losses_free(struct losses *losses)
{
	if (losses)
		free(losses->by_counter);
	free(losses);
	return NULL;
}

static int visit(void *userdata, const char *policy, const struct bailiff_rule *rule)
{
	struct worst *worst = userdata;
	struct bailiff_count count;
	__u64 *told, n;
	int r;

	if (rule->counter >= BAILIFF_COUNTERS)
		return 0;
	r = kernel_count_get(worst->kernel, rule->counter, &count);
	if (r < 0)
		return r;
	told = &worst->losses->by_counter[rule->counter];
	/* a counter that was another rule's before began anew */
	n = count.dropped - (*told <= count.dropped ? *told : 0);
	if (*told != count.dropped)
		*told = count.dropped;
	if (n <= worst->n)
		return 0;
	worst->n = n;
	worst->line = rule->line;
	snprintf(worst->policy, sizeof(worst->policy), "%s", policy);
	return 0;
}

void losses_begin(struct losses *losses, struct kernel *kernel, struct enforce *enforce)
{
	struct worst worst = {.losses = losses, .kernel = kernel};

	for (size_t i = 0; i < BAILIFF_COUNTERS; i++)
		if (losses->by_counter[i])
			losses->by_counter[i] = 0;
	if (kernel_stat_get(kernel, BAILIFF_STAT_DROPPED, &losses->n) >= 0 && losses->n)
		(void)enforce_each_rule(enforce, visit, &worst);
}

void losses_tell(struct losses *losses, struct kernel *kernel, struct enforce *enforce)
{
	struct worst worst = {.losses = losses, .kernel = kernel};
	char most[BAILIFF_NAME_MAX + 80] = "";
	__u64 n = 0, more;

	if (kernel_stat_get(kernel, BAILIFF_STAT_DROPPED, &n) < 0 || n <= losses->n)
		return;
	more = n - losses->n;
	losses->n = n;
	if (enforce)
		(void)enforce_each_rule(enforce, visit, &worst);
	if (worst.n) {
		snprintf(most, sizeof(most), "; most of these, %llu, of policy %s line %u", worst.n,
			 worst.policy, worst.line);
	}
	journal_note(LOG_WARNING, JOURNAL_ID_DROPPED,
		     (struct journal_field[]){
			     {.name = "BAILIFF_COUNT", .number = more},
			     {.name = "BAILIFF_DROPPED", .number = n},
			     /* the list ends here where there is none */
			     {.name = worst.n ? "BAILIFF_POLICY" : NULL, .text = worst.policy},
			     {}},
		     "%llu events were dropped, %llu in all: they came faster than they could be "
		     "written%s",
		     more, n, most);
}
