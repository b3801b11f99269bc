/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/rebind.h"

#include <errno.h>

#include "daemon/kernel.h"

/* How often a cgroup could not be bound. */
static __u64 n_unbound(struct kernel *kernel)
{
	__u64 full = 0, no_scratch = 0;

	(void)kernel_stat_get(kernel, BAILIFF_STAT_BINDINGS_FULL, &full);
	(void)kernel_stat_get(kernel, BAILIFF_REASON_NO_SCRATCH, &no_scratch);
	return full + no_scratch;
}

/* Labels have slots from before: they are to look again. */
static void raise_serial(struct bailiff_control *control)
{
	__u32 serial = control->bindings_serial + 1;

	__atomic_store_n(&control->bindings_serial, serial ?: 1, __ATOMIC_SEQ_CST);
}

int rebind_all(struct kernel *kernel)
{
	struct bailiff_control *control = kernel_control(kernel);
	__u64 before = n_unbound(kernel);
	int r = kernel_bind_all(kernel);

	raise_serial(control);
	if (r < 0)
		return r;
	if (n_unbound(kernel) != before)
		return 0;
	/* every cgroup is bound; but one made meanwhile may have met the table while it was full */
	control->bindings_full = 0;
	if (n_unbound(kernel) != before)
		control->bindings_full = 1;
	return 0;
}
