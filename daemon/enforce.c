/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/enforce.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "daemon/arena.h"
#include "daemon/counters.h"
#include "daemon/kernel.h"
#include "daemon/launchers.h"
#include "daemon/limits.h"
#include "daemon/rebind.h"
#include "policy/image.h"

/* A slot, and what is to become of it in the publication that is being prepared. */
struct slot {
	char *key; /* the policies' names, each with a final newline; NULL: the slot is free */
	__u64 digest;
	__u32 image; /* what the kernel's slot says */
	bool wanted;
	__u64 next_digest;
	__u32 next; /* the image to publish, or that a plan that came to nothing left; 0: none */
};

struct enforce {
	struct kernel *kernel;
	struct arena arena;
	struct counters counters;
	struct slot slots[BAILIFF_SLOTS]; /* 0 is never used */
	__u32 next_slot;
	bool unbound; /* some cgroups may be bound by another selector than the one in force */
};

/* What one publication is made of. */
struct plan {
	const struct policy **policies;
	const struct store_entry **entries; /* of each policy */
	size_t n_policies;
	struct selector *selector;
	__u32 *slot_of_set;
	__u32 selector_start; /* 0: the selector in force is the same */
};

static void plan_clear(struct plan *plan)
{
	free(plan->policies);
	free(plan->entries);
	selector_free(plan->selector);
	free(plan->slot_of_set);
}

struct enforce *enforce_free(struct enforce *enforce)
{
	if (!enforce)
		return NULL;
	for (size_t i = 0; i < BAILIFF_SLOTS; i++)
		free(enforce->slots[i].key);
	counters_clear(&enforce->counters);
	arena_clear(&enforce->arena);
	free(enforce);
	return NULL;
}

size_t enforce_arena_used(const struct enforce *enforce)
{
	return arena_used(&enforce->arena);
}

static struct bailiff_cell *cells_at(struct enforce *enforce, __u32 start)
{
	size_t n_cells;

	return kernel_arena(enforce->kernel, &n_cells) + start;
}

int enforce_each_rule(struct enforce *enforce,
		      int (*visit)(void *userdata, const char *policy,
				   const struct bailiff_rule *rule),
		      void *userdata)
{
	int r = 0;

	for (size_t i = 1; i < BAILIFF_SLOTS && r >= 0; i++) {
		const struct bailiff_policy *policies;
		const struct bailiff_image *header;
		const struct bailiff_cell *image;
		const struct bailiff_rule *rules;

		if (!enforce->slots[i].image)
			continue;
		image = cells_at(enforce, enforce->slots[i].image);
		header = image_header(image);
		policies = (const void *)(image + header->policies);
		rules = (const void *)(image + header->rules);
		for (size_t k = 0; k < header->n_rules && r >= 0; k++)
			r = visit(userdata, policies[rules[k].policy].name, &rules[k]);
	}
	return r;
}

/* The key of a set of policies that are in an image already. */
static int key_of_image(const struct bailiff_cell *image, char **ret_key)
{
	const struct bailiff_image *header = image_header(image);
	const struct bailiff_policy *policies =
		(const struct bailiff_policy *)(image + header->policies);
	char *key = calloc(header->n_policies + 1, BAILIFF_NAME_MAX + 1), *end = key;

	if (!key)
		return -ENOMEM;
	for (size_t i = 0; i < header->n_policies; i++)
		end += sprintf(end, "%.*s\n", BAILIFF_NAME_MAX - 1, policies[i].name);
	*ret_key = key;
	return 0;
}

/* Takes over one image of a former daemon. */
static int adopt_image(struct enforce *enforce, __u32 start)
{
	size_t n_cells;
	struct bailiff_cell *cells = kernel_arena(enforce->kernel, &n_cells);
	int r;

	if (start >= n_cells)
		return -EBADMSG;
	r = image_verify(cells + start, n_cells - start);
	if (r < 0)
		return r;
	r = arena_take_at(&enforce->arena, start, image_header(cells + start)->n_cells);
	return r == -EEXIST ? -EBADMSG : r;
}

static int adopt_slot(struct enforce *enforce, size_t index)
{
	__u32 image = kernel_slots(enforce->kernel)[index].image;
	int r;

	if (!image)
		return 0;
	r = adopt_image(enforce, image);
	if (r >= 0)
		r = key_of_image(cells_at(enforce, image), &enforce->slots[index].key);
	enforce->slots[index].image = image;
	return r;
}

int enforce_new(struct kernel *kernel, struct enforce **ret_enforce)
{
	_cleanup_(enforce_freep) struct enforce *enforce = calloc(1, sizeof(*enforce));
	__u32 selector = kernel_control(kernel)->selector;
	int r = 0;

	if (!enforce)
		return -ENOMEM;
	enforce->kernel = kernel;
	enforce->next_slot = 1;
	enforce->unbound = selector; /* a former daemon may have died over it */
	(void)kernel_arena(kernel, &enforce->arena.n_cells);
	r = counters_adopt(&enforce->counters, kernel);
	for (size_t i = 1; i < BAILIFF_SLOTS && r >= 0; i++)
		r = adopt_slot(enforce, i);
	if (r >= 0 && selector)
		r = adopt_image(enforce, selector);
	if (r < 0)
		return r;
	*ret_enforce = TAKE_PTR(enforce);
	return 0;
}

void enforce_each_policy(const struct enforce *enforce, __u32 slot,
			 void (*visit)(void *userdata, const char *policy), void *userdata)
{
	const char *at = slot < BAILIFF_SLOTS ? enforce->slots[slot].key : NULL, *end;
	char name[BAILIFF_NAME_MAX];

	for (; at && *at; at = end + 1) {
		end = strchr(at, '\n');
		snprintf(name, sizeof(name), "%.*s", (int)(end - at), at);
		visit(userdata, name);
	}
}

/* The key and the digest of a set. */
static int describe_set(const struct plan *plan, const struct selector_set *set, char **ret_key,
			__u64 *ret_digest)
{
	char *key = calloc(set->n_policies + 1, BAILIFF_NAME_MAX + 1), *end = key;
	__u64 digest = 1;

	if (!key)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_policies; i++) {
		const struct store_entry *entry = plan->entries[set->policies[i]];

		end += sprintf(end, "%s\n", entry->name);
		digest = (digest ^ entry->text->digest) * 0x100000001b3;
	}
	*ret_key = key;
	*ret_digest = digest;
	return 0;
}

/* The slot of that key, or a free one. Returns 0 where all are taken. */
static __u32 find_slot(struct enforce *enforce, const char *key)
{
	for (__u32 i = 1; i < BAILIFF_SLOTS; i++)
		if (enforce->slots[i].key && strcmp(enforce->slots[i].key, key) == 0)
			return i;
	/* the one that was free for longest: what still refers to it had most time to end */
	for (__u32 tried = 1; tried < BAILIFF_SLOTS; tried++) {
		__u32 i = enforce->next_slot;

		enforce->next_slot = i + 1 < BAILIFF_SLOTS ? i + 1 : 1;
		if (!enforce->slots[i].key)
			return i;
	}
	return 0;
}

/* Takes back what was compiled and is not, or not yet, part of a plan. Returns whether it was any.
 */
static bool sweep(struct enforce *enforce)
{
	bool any = false;

	for (size_t i = 1; i < BAILIFF_SLOTS; i++) {
		struct slot *slot = &enforce->slots[i];

		if (slot->wanted)
			continue;
		any |= slot->next != 0;
		arena_give(&enforce->arena, slot->next);
		slot->next = 0;
		if (!slot->image) {
			free(slot->key);
			slot->key = NULL;
		}
	}
	return any;
}

/* Writes an image into a free part of the arena. */
static int place_image(struct enforce *enforce, struct image *image, __u32 *ret_start)
{
	int r = arena_take(&enforce->arena, image->n_cells, ret_start);

	if (r == -ENOSPC && sweep(enforce))
		r = arena_take(&enforce->arena, image->n_cells, ret_start);
	if (r >= 0)
		memcpy(cells_at(enforce, *ret_start), image->cells,
		       image->n_cells * sizeof(*image->cells));
	return r;
}

/* Later images have greater serials, whichever daemon compiles them. */
static __u64 serial_now(void)
{
	struct timespec now = {};

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (__u64)now.tv_sec * 1000000000 + (__u64)now.tv_nsec;
}

static int compile_set(struct enforce *enforce, const struct plan *plan,
		       const struct selector_set *set, const struct slot *slot, struct diag *diag,
		       __u32 *ret_start)
{
	_cleanup_(freep) const struct policy **policies = NULL;
	struct image *image = NULL;
	int r;

	policies = calloc(set->n_policies, sizeof(*policies));
	if (!policies)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_policies; i++)
		policies[i] = plan->policies[set->policies[i]];
	r = image_compile(policies, set->n_policies, serial_now(), diag, &image);
	/* the time that systemd gives is for one of them */
	sd_notify(false, "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=180000000");
	if (r)
		return r;
	r = counters_assign(&enforce->counters, enforce->kernel, image->cells);
	if (r >= 0)
		r = place_image(enforce, image, ret_start);
	if ((r == -EXFULL && enforce->counters.n >= BAILIFF_COUNTERS) ||
	    (r == -ENOSPC && enforce->arena.n_cells >= ENFORCE_CELLS_MAX))
		r = limits_no_room(policies, set->n_policies, diag, r);
	image_free(image);
	return r;
}

static int plan_set(struct enforce *enforce, struct plan *plan, size_t index, struct diag *diag)
{
	const struct selector_set *set = &plan->selector->sets[index];
	_cleanup_(freep) char *key = NULL;
	struct slot *slot;
	__u64 digest;
	__u32 number;
	int r = describe_set(plan, set, &key, &digest);

	if (r < 0)
		return r;
	number = find_slot(enforce, key);
	if (!number && sweep(enforce))
		number = find_slot(enforce, key);
	if (!number)
		return diag_add(diag, DIAG_ERROR, plan->policies[set->policies[0]]->file, 0, 0,
				NULL,
				"there are more than %d different sets of policies for a container",
				BAILIFF_SLOTS - 1)
			       ?: 1;
	slot = &enforce->slots[number];
	plan->slot_of_set[index] = number;
	slot->wanted = true;
	if (!slot->key)
		slot->key = TAKE_PTR(key);
	if (slot->next && slot->next_digest == digest && !(slot->image && slot->digest == digest)) {
		counters_keep(&enforce->counters, cells_at(enforce, slot->next));
		return 0;
	}
	arena_give(&enforce->arena, slot->next);
	slot->next = 0;
	if (slot->image && slot->digest == digest) {
		counters_keep(&enforce->counters, cells_at(enforce, slot->image));
		return 0;
	}
	slot->next_digest = digest;
	return compile_set(enforce, plan, set, slot, diag, &slot->next);
}

/* Places the selector, unless the one in force is the same. */
static int plan_selector(struct enforce *enforce, struct plan *plan)
{
	__u32 current = kernel_control(enforce->kernel)->selector;
	struct image *image = plan->selector->image;

	selector_assign(plan->selector, plan->slot_of_set);
	if (current && image_header(cells_at(enforce, current))->n_cells == image->n_cells &&
	    memcmp(cells_at(enforce, current), image->cells,
		   image->n_cells * sizeof(*image->cells)) == 0)
		return 0;
	return place_image(enforce, image, &plan->selector_start);
}

static int plan_make(struct enforce *enforce, const struct store *store, struct diag *diag,
		     struct plan *plan)
{
	size_t n = store->n_entries;
	int r;

	plan->n_policies = n;
	plan->policies = calloc(n + 1, sizeof(*plan->policies));
	plan->entries = calloc(n + 1, sizeof(*plan->entries));
	if (!plan->policies || !plan->entries)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		plan->entries[i] = &store->entries[i];
		plan->policies[i] = store->entries[i].text->policy;
	}
	if (n == 0)
		return 0;
	r = selector_compile_known(plan->policies, n, &store->containers, diag, &plan->selector);
	if (r)
		return r;
	plan->slot_of_set = calloc(plan->selector->n_sets, sizeof(*plan->slot_of_set));
	if (!plan->slot_of_set)
		return -ENOMEM;
	for (size_t i = 1; i < plan->selector->n_sets && r == 0; i++)
		r = plan_set(enforce, plan, i, diag);
	return r ? r : plan_selector(enforce, plan);
}

/*
 * Takes back what plan_make() prepared. @keep: but the images, for the next plan: it will be the
 * same but for the policy that is to blame.
 */
static void plan_abandon(struct enforce *enforce, struct plan *plan, bool keep)
{
	arena_give(&enforce->arena, plan->selector_start);
	for (size_t i = 1; i < BAILIFF_SLOTS; i++)
		enforce->slots[i].wanted = false;
	if (!keep)
		(void)sweep(enforce);
	/* what was taken for these rules is there for others */
	counters_begin(&enforce->counters);
	for (size_t i = 1; i < BAILIFF_SLOTS; i++) {
		const struct slot *slot = &enforce->slots[i];

		if (slot->image)
			counters_keep(&enforce->counters, cells_at(enforce, slot->image));
		if (slot->next)
			counters_keep(&enforce->counters, cells_at(enforce, slot->next));
	}
	counters_end(&enforce->counters);
}

/* What the images that will be in force ask of the kernel. */
static struct kernel_needs find_needs(struct enforce *enforce)
{
	struct kernel_needs needs = {};

	for (size_t i = 1; i < BAILIFF_SLOTS; i++) {
		struct slot *slot = &enforce->slots[i];

		if (slot->wanted)
			kernel_needs_add(&needs, cells_at(enforce, slot->next ?: slot->image));
	}
	return needs;
}

static int attach_hooks(struct enforce *enforce, const struct kernel_needs *needs,
			struct diag *diag, const struct plan *plan)
{
	bool was = kernel_attached(enforce->kernel, KERNEL_HOOK_EXEC);
	int r = kernel_load_programs(enforce->kernel, needs);

	for (int i = 0; i < KERNEL_N_HOOKS && r >= 0; i++) {
		if (kernel_hook_needed((enum kernel_hook)i, needs))
			r = kernel_attach(enforce->kernel, (enum kernel_hook)i);
		if (r == -EOPNOTSUPP)
			return diag_add(diag, DIAG_ERROR,
					plan->n_policies && plan->policies ? plan->policies[0]->file
									   : STORE_FOLDER_ETC,
					0, 0, NULL,
					"this kernel has no hook \"%s\", which the policies need%s",
					kernel_hook_name((enum kernel_hook)i),
					kernel_hook_is_of_paths((enum kernel_hook)i)
						? ": it was built without CONFIG_SECURITY_PATH"
						: "")
				       ?: 1;
	}
	if (r >= 0 && !was && needs->any)
		r = launchers_label_init(enforce->kernel);
	return r;
}

static int detach_hooks(struct enforce *enforce, const struct kernel_needs *needs)
{
	int failed = 0;

	for (int i = KERNEL_N_HOOKS - 1; i >= 0; i--) {
		int r = 0;

		if (!kernel_hook_needed((enum kernel_hook)i, needs))
			r = kernel_detach(enforce->kernel, (enum kernel_hook)i);
		if (r < 0)
			failed = r;
	}
	return failed;
}

/* Publishes the new images, one store each: from here on, every container has the new rules. */
static void publish_images(struct enforce *enforce, struct enforce_report *report)
{
	struct bailiff_slot *slots = kernel_slots(enforce->kernel);

	for (size_t i = 1; i < BAILIFF_SLOTS; i++) {
		struct slot *slot = &enforce->slots[i];
		__u32 old = slot->image;

		if (!slot->next)
			continue;
		if (!old)
			__atomic_add_fetch(&slots[i].cookie, 1, __ATOMIC_SEQ_CST);
		__atomic_store_n(&slots[i].image, slot->next, __ATOMIC_SEQ_CST);
		slot->image = slot->next;
		slot->next = old; /* to be given back */
		slot->digest = slot->next_digest;
		report->n_images_new++;
	}
}

/* Gives back what others have replaced, when no reader can have it any more. */
static void give_back(struct enforce *enforce, __u32 old_selector)
{
	for (size_t i = 1; i < BAILIFF_SLOTS; i++) {
		arena_give(&enforce->arena, enforce->slots[i].next);
		enforce->slots[i].next = 0;
		enforce->slots[i].wanted = false;
	}
	arena_give(&enforce->arena, old_selector);
}

/* Takes what no policy selects any more out of force, and gives it back with the rest. */
static void retire(struct enforce *enforce, __u32 old_selector)
{
	struct bailiff_slot *slots = kernel_slots(enforce->kernel);
	bool vanished = false;

	for (size_t i = 1; i < BAILIFF_SLOTS; i++) {
		struct slot *slot = &enforce->slots[i];

		if (!slot->key || slot->wanted)
			continue;
		__atomic_store_n(&slots[i].image, 0, __ATOMIC_SEQ_CST);
		slot->next = slot->image;
		slot->image = 0;
		slot->digest = 0;
		free(slot->key);
		slot->key = NULL;
		vanished = true;
	}
	if (vanished)
		(void)kernel_wait_for_readers();
	give_back(enforce, old_selector);
	counters_end(&enforce->counters);
}

/* Whether somebody has to look at cgroups as they are made. */
static bool waits_for_cgroups(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_policies; i++)
		if (plan->policies[i]->unknown)
			return true;
	return false;
}

/* Publishes the selector: first for cgroups to come, then for those that are there. */
static int publish_selector(struct enforce *enforce, struct plan *plan,
			    struct enforce_report *report, __u32 *ret_old)
{
	struct bailiff_control *control = kernel_control(enforce->kernel);
	bool same = plan->selector ? !plan->selector_start : !control->selector;
	int r;

	*ret_old = 0;
	control->tell_made = waits_for_cgroups(plan);
	if (same && !enforce->unbound)
		return 0;
	if (!same) {
		*ret_old = control->selector;
		__atomic_store_n(&control->selector, plan->selector_start, __ATOMIC_SEQ_CST);
	}
	enforce->unbound = true;
	/* a cgroup that is being made with the old one must be there before the walk */
	(void)kernel_wait_for_readers();
	report->rebound = true;
	r = rebind_all(enforce->kernel);
	if (r >= 0 && plan->selector)
		r = launchers_label_running(enforce->kernel);
	if (r >= 0 && plan->selector)
		r = kernel_label_older(enforce->kernel);
	if (r < 0)
		return r;
	enforce->unbound = false;
	return 0;
}

int enforce_apply(struct enforce *enforce, const struct store *store, struct diag *diag,
		  struct enforce_report *ret_report)
{
	struct enforce_report report = {};
	_cleanup_(plan_clear) struct plan plan = {};
	struct kernel_needs needs = {};
	__u32 old_selector = 0;
	int r;

	for (size_t i = 0; i < store->n_entries; i++)
		report.n_policies += !store->entries[i].text->policy->unknown;
	counters_begin(&enforce->counters);
	r = plan_make(enforce, store, diag, &plan);
	if (r == 0) {
		needs = find_needs(enforce);
		needs.any = needs.any || plan.n_policies;
		needs.protect = kernel_protects(enforce->kernel);
		r = attach_hooks(enforce, &needs, diag, &plan);
	}
	if (r) {
		plan_abandon(enforce, &plan, r > 0);
		return r;
	}
	(void)sweep(enforce);
	publish_images(enforce, &report);
	r = publish_selector(enforce, &plan, &report, &old_selector);
	if (r < 0) {
		/* what no policy selects is kept: some cgroups may still need it */
		give_back(enforce, old_selector);
		return r;
	}
	if (!report.rebound && report.n_images_new)
		(void)kernel_wait_for_readers();
	retire(enforce, old_selector);
	r = detach_hooks(enforce, &needs);
	if (r < 0)
		return r;
	*ret_report = report;
	return 0;
}
