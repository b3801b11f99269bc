/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/rebind.h"

#include <errno.h>
#include <stdbool.h>

#include "daemon/cgroups.h"
#include "daemon/kernel.h"
#include "policy/image.h"

struct rebind {
	struct kernel *kernel;
	const struct bailiff_cell *selector;
	size_t n;
	bool full;
};

static __u32 slot_of(const struct bailiff_cell *selector, const char *path, size_t n_path)
{
	const __u32 *words = (const __u32 *)(selector + image_header(selector)->labels);

	return words[(size_t)image_match(selector, image_header(selector)->start, path, n_path) *
		     BAILIFF_LABEL_WORDS];
}

static int bind_one(void *userdata, const char *path, size_t n_path, __u64 id)
{
	struct rebind *rebind = userdata;
	__u32 wanted = slot_of(rebind->selector, path, n_path), bound = 0;
	int r = kernel_binding_get(rebind->kernel, id, &bound);

	if (r < 0 && r != -ENOENT)
		return r;
	if (wanted)
		rebind->n++;
	if (wanted == bound)
		return 0;
	if (!wanted)
		return kernel_unbind(rebind->kernel, id);
	r = kernel_bind(rebind->kernel, id, wanted);
	if (r == -E2BIG || r == -ENOSPC || r == -ENOMEM) {
		/* no room: its path is matched at each hook instead, until there is */
		kernel_control(rebind->kernel)->bindings_full = 1;
		rebind->full = true;
		r = kernel_unbind(rebind->kernel, id);
	}
	return r;
}

static int unbind_all(struct kernel *kernel)
{
	__u64 id;
	int r;

	while ((r = kernel_binding_next(kernel, 0, &id)) >= 0) {
		r = kernel_unbind(kernel, id);
		if (r < 0)
			return r;
	}
	return r == -ENOENT ? 0 : r;
}

/* How often a cgroup could not be bound when it was made. */
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

int rebind_all(struct kernel *kernel, const struct bailiff_cell *selector, size_t *ret_n)
{
	struct rebind rebind = {.kernel = kernel, .selector = selector};
	struct bailiff_control *control = kernel_control(kernel);
	__u64 before = n_unbound(kernel);
	int r;

	*ret_n = 0;
	r = selector ? cgroups_walk(bind_one, &rebind) : unbind_all(kernel);
	raise_serial(control);
	if (r < 0)
		return r;
	*ret_n = rebind.n;
	if (rebind.full)
		return 0;
	/* every cgroup is bound; but one made meanwhile may have met the table while it was full */
	control->bindings_full = 0;
	if (n_unbound(kernel) != before)
		control->bindings_full = 1;
	return 0;
}
