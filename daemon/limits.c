/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/limits.h"

#include <errno.h>

#include "bpf-lsm/abi.h"
#include "daemon/enforce.h"
#include "policy/diag.h"
#include "policy/policy.h"

int limits_no_room(const struct policy *const *policies, size_t n, struct diag *diag, int failure)
{
	const struct policy *largest = policies[0];
	int r;

	for (size_t i = 1; i < n; i++)
		if (policies[i]->n_rules > largest->n_rules)
			largest = policies[i];
	if (failure == -EXFULL)
		r = diag_add(diag, DIAG_ERROR, largest->file, 0, 0, NULL,
			     "all policies together have more than %d rules that deny or audit",
			     BAILIFF_COUNTERS);
	else
		r = diag_add(diag, DIAG_ERROR, largest->file, 0, 0, NULL,
			     "all policies together are too large for the kernel's table, %zu MiB: "
			     "use fewer rules, or in [select] fewer \"**\", so that fewer sets of "
			     "policies are possible",
			     ENFORCE_CELLS_MAX * sizeof(struct bailiff_cell) >> 20);
	return r ?: 1;
}
