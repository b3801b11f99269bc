/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/beside.h"

#include <errno.h>
#include <stdbool.h>

#include "bpf-lsm/abi-record.h"
#include "daemon/kernel.h"
#include "daemon/log.h"
#include "daemon/store.h"
#include "daemon/util.h"
#include "policy/policy.h"

/* Room for some 30,000 rules twice. */
#define CELLS_FIRST ((size_t)1 << 20)

void beside_clear(struct beside *beside)
{
	enforce_free(beside->enforce);
	kernel_free(beside->kernel);
	*beside = (struct beside){};
}

/* Makes room for what there was none for. Returns whether there is more to be had. */
static bool enlarge(struct beside *beside, int failure)
{
	if (failure == -ENOSPC && beside->n_cells < ENFORCE_CELLS_MAX)
		beside->n_cells *= 2;
	else if (failure == -EXFULL && beside->n_counters < BAILIFF_COUNTERS)
		beside->n_counters *= 2;
	else
		return false;
	return true;
}

/* How many rules can be counted, at most. */
static size_t count_rules(const struct store *store)
{
	size_t n = 0;

	for (size_t i = 0; i < store->n_entries; i++) {
		const struct policy *policy = store->entries[i].text->policy;

		for (size_t k = 0; k < policy->n_rules; k++)
			n += policy->rules[k].verdict != BAILIFF_ALLOW;
	}
	return n;
}

void beside_begin(struct beside *beside, const struct store *store)
{
	size_t n_rules = count_rules(store);

	beside->n_cells = CELLS_FIRST;
	beside->n_counters = BAILIFF_COUNTERS_FIRST;
	while (beside->n_counters < n_rules && beside->n_counters < BAILIFF_COUNTERS)
		beside->n_counters *= 2;
}

static int load(struct beside *beside, const struct kernel *former, beside_prepare prepare,
		void *userdata)
{
	int r;

	beside->enforce = enforce_free(beside->enforce);
	beside->kernel = kernel_free(beside->kernel);
	r = kernel_load(beside->n_cells, beside->n_counters, former, &beside->kernel);
	if (r >= 0)
		r = prepare(userdata, beside->kernel);
	if (r >= 0)
		r = enforce_new(beside->kernel, &beside->enforce);
	return r < 0 ? log_errno(r, "cannot load the programs into the kernel") : 0;
}

int beside_apply(struct beside *beside, const struct kernel *former, beside_prepare prepare,
		 void *userdata, const struct store *store, struct diag *diag,
		 struct enforce_report *ret_report)
{
	int r;

	do {
		r = beside->enforce ? 0 : load(beside, former, prepare, userdata);
		if (r < 0)
			return r;
		r = enforce_apply(beside->enforce, store, diag, ret_report);
		if (r < 0)
			beside->enforce = enforce_free(beside->enforce);
	} while (r < 0 && enlarge(beside, r));
	if (r != -ENOSPC)
		return r;
	/* not even the selectors alone, or enforce_apply() would have said whose policy it is */
	return diag_add(diag, DIAG_ERROR, STORE_FOLDER_ETC, 0, 0, NULL,
			"the selectors of all policies together are too large for the kernel's "
			"table, %zu MiB",
			ENFORCE_CELLS_MAX * sizeof(struct bailiff_cell) >> 20)
		       ?: 1;
}
