/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/cli-look.h"

#include <errno.h>
#include <string.h>

#include "daemon/cgroups.h"
#include "daemon/cli-host.h"
#include "daemon/kernel-events.h"
#include "policy/image.h"
#include "policy/policy.h"

/* An image that is replaced while it is copied is copied anew, so often. */
#define TRIES 16

const char *const look_stat_names[BAILIFF_N_STATS] = {
	[BAILIFF_REASON_RULE] = "rule",
	[BAILIFF_REASON_NO_NAMESPACE] = "no-namespace",
	[BAILIFF_REASON_OTHER_NAMESPACE] = "other-namespace",
	[BAILIFF_REASON_TOO_LONG] = "too-long",
	[BAILIFF_REASON_UNREADABLE] = "unreadable",
	[BAILIFF_REASON_NO_SCRATCH] = "no-scratch",
	[BAILIFF_REASON_INVOKED_NAME] = "invoked-name",
	[BAILIFF_REASON_SECOND_NAME] = "second-name",
	[BAILIFF_REASON_DRIFT] = "drift",
	[BAILIFF_REASON_SPELLING] = "spelling",
	[BAILIFF_REASON_OTHER_NAME] = "other-name",
	[BAILIFF_STAT_BOUND] = "bound",
	[BAILIFF_STAT_BINDINGS_FULL] = "bindings-full",
	[BAILIFF_STAT_LABEL_FAILED] = "label-failed",
	[BAILIFF_STAT_DROPPED] = "dropped",
	[BAILIFF_STAT_QUIET] = "quietly-refused",
};

const char *const look_stat_texts[BAILIFF_N_STATS] = {
	[BAILIFF_REASON_NO_NAMESPACE] = "paths that hang on no mount namespace",
	[BAILIFF_REASON_OTHER_NAMESPACE] = "paths of another mount namespace",
	[BAILIFF_REASON_TOO_LONG] = "paths that are too long",
	[BAILIFF_REASON_UNREADABLE] = "paths that could not be read",
	[BAILIFF_REASON_NO_SCRATCH] = "decisions without memory for the path",
	[BAILIFF_REASON_SPELLING] = "paths on file systems where a name has several spellings",
	[BAILIFF_STAT_BOUND] = "cgroups that came under policy as they were made",
	[BAILIFF_STAT_BINDINGS_FULL] = "cgroups for which no binding was free",
	[BAILIFF_STAT_LABEL_FAILED] = "processes that could not be labelled",
	[BAILIFF_STAT_DROPPED] = "events that were dropped, because they came too fast",
	[BAILIFF_STAT_QUIET] = "capabilities refused where the kernel wants no entry of it",
};

bool look_stat_is_fault(size_t stat)
{
	return look_stat_names[stat] && stat != BAILIFF_REASON_RULE &&
	       stat != BAILIFF_REASON_INVOKED_NAME && stat != BAILIFF_REASON_SECOND_NAME &&
	       stat != BAILIFF_REASON_DRIFT && stat != BAILIFF_REASON_OTHER_NAME &&
	       stat != BAILIFF_STAT_BOUND;
}

bool look_is_whole(const struct look *look)
{
	for (size_t i = 0; i < KERNEL_N_HOOKS; i++)
		if (look->missing[i])
			return false;
	return look->n_slots_damaged == 0;
}

static bool is_held(const struct look *look, const struct look_cgroup *cgroup)
{
	for (size_t i = 0; cgroup->slot && i < cgroup->slot->n_policies; i++)
		if (strcmp(look->policies[cgroup->slot->policies[i]].name, POLICY_UNKNOWN) == 0)
			return true;
	return false;
}

/* Whether a path lies beneath another. */
static bool is_beneath(const char *path, const char *other)
{
	size_t n = strlen(other);

	return strncmp(path, other, n) == 0 && path[n] == '/';
}

size_t look_n_held(const struct look *look)
{
	size_t n_held = 0;

	for (size_t i = 0; i < look->n_cgroups; i++) {
		const char *path = look->cgroups[i].path;
		bool held = path && is_held(look, &look->cgroups[i]);

		/* what is in a container is that container */
		for (size_t k = 0; k < look->n_cgroups && held; k++)
			held = !look->cgroups[k].path || !is_beneath(path, look->cgroups[k].path) ||
			       !is_held(look, &look->cgroups[k]);
		n_held += held;
	}
	return n_held;
}

struct look *look_free(struct look *look)
{
	if (!look)
		return NULL;
	for (size_t i = 0; i < look->n_policies; i++)
		free(look->policies[i].rules);
	for (size_t i = 0; i < look->n_slots; i++)
		free(look->slots[i].policies);
	for (size_t i = 0; i < look->n_cgroups; i++)
		free(look->cgroups[i].path);
	free(look->policies);
	free(look->slots);
	free(look->cgroups);
	free(look);
	return NULL;
}

/*
 * Copies the image at @start out of the arena, since the daemon may write there at any time.
 * Answers -EBADMSG where there is no whole one.
 */
static int copy_image(struct kernel *kernel, __u32 start, struct bailiff_cell **ret_cells)
{
	_cleanup_(freep) struct bailiff_cell *cells = NULL;
	const struct bailiff_cell *arena;
	size_t n_arena;
	__u32 n;

	arena = kernel_arena(kernel, &n_arena);
	if (start >= n_arena || n_arena - start < sizeof(struct bailiff_image) / sizeof(*arena))
		return -EBADMSG;
	n = __atomic_load_n(&image_header(arena + start)->n_cells, __ATOMIC_RELAXED);
	if (n > n_arena - start)
		return -EBADMSG;
	cells = calloc((size_t)n + 1, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	memcpy(cells, arena + start, n * sizeof(*cells));
	/* the copy's own header may say more than was copied */
	if (image_verify(cells, n) < 0)
		return -EBADMSG;
	*ret_cells = TAKE_PTR(cells);
	return 0;
}

/* Answers 0 and the image that @place points to, 1 where it points to none, or a negative errno. */
static int copy_image_of(struct kernel *kernel, const __u32 *place, struct bailiff_cell **ret_cells)
{
	int r = -EBADMSG;

	for (int i = 0; i < TRIES; i++) {
		__u32 start = __atomic_load_n(place, __ATOMIC_SEQ_CST);
		_cleanup_(freep) struct bailiff_cell *cells = NULL;

		if (!start)
			return 1;
		r = copy_image(kernel, start, &cells);
		if (r < 0 && r != -EBADMSG)
			return r;
		if (__atomic_load_n(place, __ATOMIC_SEQ_CST) != start)
			continue;
		if (r >= 0)
			*ret_cells = TAKE_PTR(cells);
		return r;
	}
	return r;
}

/* The index of a policy, by name; a new one where it was not met yet. Or a negative errno. */
static long find_policy(struct look *look, const struct bailiff_policy *policy)
{
	struct look_policy *policies, *new;

	for (size_t i = 0; i < look->n_policies; i++)
		if (strncmp(look->policies[i].name, policy->name, BAILIFF_NAME_MAX - 1) == 0)
			return (long)i;
	policies = reallocarray(look->policies, look->n_policies + 1, sizeof(*policies));
	if (!policies)
		return -ENOMEM;
	look->policies = policies;
	new = &policies[look->n_policies];
	*new = (struct look_policy){.severity = policy->severity, .audit = policy->audit};
	memcpy(new->name, policy->name, BAILIFF_NAME_MAX - 1);
	return (long)look->n_policies++;
}

/* What the rules of an image say, by what its labels say: a rule has one verdict. */
static void find_verdicts(const struct bailiff_cell *cells, unsigned char *verdicts)
{
	const struct bailiff_image *header = image_header(cells);
	const __u32 *words = (const void *)(cells + header->labels);

	for (size_t i = 0; i < header->n_labels; i++, words += BAILIFF_LABEL_WORDS)
		for (unsigned k = 0; k < BAILIFF_N_DECISIONS; k++)
			if (BAILIFF_VERDICT(words[k]) != BAILIFF_ALLOW)
				verdicts[BAILIFF_RULE(words[k])] = BAILIFF_VERDICT(words[k]);
}

static int add_rule(struct look_policy *policy, const struct look_rule *rule)
{
	/* as many as a power of two: then there is no more room */
	if (!(policy->n_rules & (policy->n_rules - 1))) {
		size_t room = policy->n_rules ? 2 * policy->n_rules : 1;
		struct look_rule *more = reallocarray(policy->rules, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		policy->rules = more;
	}
	policy->rules[policy->n_rules++] = *rule;
	return 0;
}

/* Adds the rules of an image that are not @seen by their counters: a rule is in every image of its
 * policy, and two equal rules share a counter. */
static int add_rules(struct look *look, const struct look_slot *slot,
		     const struct bailiff_cell *cells, bool *seen)
{
	const struct bailiff_image *header = image_header(cells);
	const struct bailiff_rule *rules = (const void *)(cells + header->rules);
	_cleanup_(freep) unsigned char *verdicts = calloc(header->n_rules + 1, 1);

	if (!verdicts)
		return -ENOMEM;
	find_verdicts(cells, verdicts);
	for (size_t i = 0; i < header->n_rules; i++) {
		const struct bailiff_rule *rule = &rules[i];
		int r;

		if (rule->policy >= slot->n_policies || rule->counter >= BAILIFF_COUNTERS ||
		    seen[rule->counter])
			continue;
		seen[rule->counter] = true;
		r = add_rule(&look->policies[slot->policies[rule->policy]],
			     &(struct look_rule){
				     .line = rule->line,
				     .column = rule->column,
				     .counter = rule->counter,
				     .verdict = verdicts[i],
			     });
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_slot(struct look *look, __u32 number, const struct bailiff_cell *cells, bool *seen)
{
	const struct bailiff_image *header = image_header(cells);
	const struct bailiff_policy *policies = (const void *)(cells + header->policies);
	struct look_slot *slots, *slot;

	slots = reallocarray(look->slots, look->n_slots + 1, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	look->slots = slots;
	slot = &slots[look->n_slots++];
	*slot = (struct look_slot){.slot = number, .n_cells = header->n_cells};
	kernel_needs_add(&look->needs, cells);
	slot->policies = calloc(header->n_policies + 1, sizeof(*slot->policies));
	if (!slot->policies)
		return -ENOMEM;
	for (size_t i = 0; i < header->n_policies; i++) {
		long index = find_policy(look, &policies[i]);

		if (index < 0)
			return (int)index;
		slot->policies[slot->n_policies++] = (size_t)index;
	}
	return add_rules(look, slot, cells, seen);
}

static int look_at_images(struct look *look, struct kernel *kernel)
{
	_cleanup_(freep) bool *seen = calloc(BAILIFF_COUNTERS, sizeof(*seen));
	_cleanup_(freep) struct bailiff_cell *selector = NULL;
	const struct bailiff_slot *slots = kernel_slots(kernel);
	int r;

	if (!seen)
		return -ENOMEM;

	for (__u32 i = 1; i < BAILIFF_SLOTS; i++) {
		_cleanup_(freep) struct bailiff_cell *cells = NULL;

		r = copy_image_of(kernel, &slots[i].image, &cells);
		if (r == -EBADMSG)
			look->n_slots_damaged++;
		if (r != 0 && r != 1 && r != -EBADMSG)
			return r;
		if (r == 0)
			r = add_slot(look, i, cells, seen);
		if (r == -ENOMEM)
			return r;
	}
	r = copy_image_of(kernel, &kernel_control(kernel)->selector, &selector);
	if (r == -EBADMSG)
		look->n_slots_damaged++;
	look->n_cells_used = selector ? image_header(selector)->n_cells : 0;
	for (size_t i = 0; i < look->n_slots; i++)
		look->n_cells_used += look->slots[i].n_cells;
	(void)kernel_arena(kernel, &look->n_cells);
	return r == -EBADMSG || r > 0 ? 0 : r;
}

static int compare_places(const void *a, const void *b)
{
	const struct look_rule *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->column < y->column ? -1 : x->column > y->column;
}

static int count_policy(struct look_policy *policy, struct kernel *kernel)
{
	struct look_rule *rules = policy->rules;
	size_t n = policy->n_rules;

	if (n == 0)
		return 0;
	qsort(rules, n, sizeof(*rules), compare_places);
	for (size_t i = 0; i < n; i++) {
		int r = kernel_count_get(kernel, rules[i].counter, &rules[i].count);
		__u64 decided;

		if (r < 0)
			return r;
		decided = kernel_count_decided(&rules[i].count);
		policy->count.logged += rules[i].count.logged;
		policy->count.folded += rules[i].count.folded;
		policy->count.dropped += rules[i].count.dropped;
		if (rules[i].verdict >= BAILIFF_WOULD_DENY)
			policy->denied += decided;
		else
			policy->audited += decided;
	}
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	const struct look_cgroup *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int compare_slot_number(const void *number, const void *slot)
{
	__u32 x = *(const __u32 *)number, y = ((const struct look_slot *)slot)->slot;

	return x < y ? -1 : x > y;
}

static void *search(const void *key, const void *base, size_t n, size_t size,
		    int (*compare)(const void *, const void *))
{
	return n ? bsearch(key, base, n, size, compare) : NULL;
}

static int on_cgroup(void *userdata, const char *path, size_t n_path, __u64 id)
{
	struct look *look = userdata;
	struct look_cgroup *cgroup = search(&(struct look_cgroup){.id = id}, look->cgroups,
					    look->n_cgroups, sizeof(*cgroup), compare_ids);

	if (!cgroup || cgroup->path)
		return 0;
	cgroup->path = strndup(path, n_path);
	return cgroup->path ? 0 : -ENOMEM;
}

/* The ids of all cgroups under policy, each once. */
static int list_bindings(struct look *look, struct kernel *kernel)
{
	size_t n = 0, room = 0;
	__u64 id = 0;

	/* the walk begins anew where its place is removed meanwhile: so it has an end of its own */
	while (n < 2 * (size_t)BAILIFF_BINDINGS && kernel_binding_next(kernel, id, &id) >= 0) {
		if (n == room) {
			struct look_cgroup *more;

			room = room ? 2 * room : 64;
			more = reallocarray(look->cgroups, room, sizeof(*more));
			if (!more)
				return -ENOMEM;
			look->cgroups = more;
		}
		look->cgroups[n++] = (struct look_cgroup){.id = id};
	}
	if (n)
		qsort(look->cgroups, n, sizeof(*look->cgroups), compare_ids);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || look->cgroups[i].id != look->cgroups[i - 1].id)
			look->cgroups[look->n_cgroups++] = look->cgroups[i];
	return 0;
}

static int compare_paths(const void *a, const void *b)
{
	const struct look_cgroup *x = a, *y = b;

	if (!x->path || !y->path)
		return !x->path - !y->path;
	return strcmp(x->path, y->path);
}

static int look_at_cgroups(struct look *look, struct kernel *kernel, bool paths)
{
	int r = list_bindings(look, kernel);

	if (r < 0)
		return r;
	for (size_t i = 0; i < look->n_cgroups; i++) {
		struct look_cgroup *cgroup = &look->cgroups[i];
		__u32 number = 0;

		if (kernel_binding_get(kernel, cgroup->id, &number) < 0)
			continue; /* gone meanwhile */
		cgroup->slot = search(&number, look->slots, look->n_slots, sizeof(*look->slots),
				      compare_slot_number);
		for (size_t j = 0; cgroup->slot && j < cgroup->slot->n_policies; j++)
			look->policies[cgroup->slot->policies[j]].n_cgroups++;
	}
	r = paths && look->n_cgroups ? cgroups_walk(on_cgroup, look) : 0;
	if (look->n_cgroups)
		qsort(look->cgroups, look->n_cgroups, sizeof(*look->cgroups), compare_paths);
	return r == -ENOMEM ? r : 0;
}

static void look_at_hooks(struct look *look, struct kernel *kernel)
{
	struct kernel_needs needs = look->needs;

	needs.any = look->n_slots > 0;
	needs.protect = kernel_protect_pinned();
	for (int i = 0; i < KERNEL_N_HOOKS; i++) {
		enum kernel_hook hook = (enum kernel_hook)i;

		look->attached[i] = kernel_attached(kernel, hook);
		look->missing[i] = !look->attached[i] && kernel_hook_needed(hook, &needs) &&
				   !kernel_hook_replaced(kernel, hook);
		if (look->attached[i] && kernel_run_get(kernel, hook, &look->runs[i]) < 0)
			look->runs[i] = (struct kernel_run){};
	}
}

static int compare_policies(const void *a, const void *b)
{
	return strcmp(((const struct look_policy *)a)->name, ((const struct look_policy *)b)->name);
}

/* Puts the policies in the order of their names, and the slots' indexes with them. */
static int sort_policies(struct look *look)
{
	_cleanup_(freep) size_t *moved = calloc(look->n_policies + 1, sizeof(*moved));

	if (!moved)
		return -ENOMEM;
	/* where each is now, in a field that is filled only later */
	for (size_t i = 0; i < look->n_policies; i++)
		look->policies[i].n_cgroups = i;
	if (look->n_policies)
		qsort(look->policies, look->n_policies, sizeof(*look->policies), compare_policies);
	for (size_t i = 0; i < look->n_policies; i++) {
		moved[look->policies[i].n_cgroups] = i;
		look->policies[i].n_cgroups = 0;
	}
	for (size_t i = 0; i < look->n_slots; i++)
		for (size_t j = 0; j < look->slots[i].n_policies; j++)
			look->slots[i].policies[j] = moved[look->slots[i].policies[j]];
	return 0;
}

int look_new(struct look **ret_look)
{
	_cleanup_(kernel_freep) struct kernel *kernel = NULL;
	int r = kernel_look(&kernel);

	return r < 0 ? r : look_at(kernel, true, ret_look);
}

int look_at(struct kernel *kernel, bool paths, struct look **ret_look)
{
	_cleanup_(look_freep) struct look *look = calloc(1, sizeof(*look));
	int r;

	if (!look)
		return -ENOMEM;
	r = look_at_images(look, kernel);
	if (r >= 0)
		r = sort_policies(look);
	for (size_t i = 0; i < look->n_policies && r >= 0; i++)
		r = count_policy(&look->policies[i], kernel);
	if (r >= 0)
		r = look_at_cgroups(look, kernel, paths);
	for (__u32 i = 0; i < BAILIFF_N_STATS && r >= 0; i++)
		r = kernel_stat_get(kernel, i, &look->stats[i]);
	if (r < 0)
		return r;
	look_at_hooks(look, kernel);
	/* a kernel that does not tell is no failure */
	if (kernel_memory_get(kernel, &look->map_bytes) < 0)
		look->map_bytes = 0;
	for (size_t i = 0; i < look->n_policies; i++)
		look->policies[i].since = host_policy_since(look->policies[i].name);
	look->since = host_loaded_since();
	look->daemon_bytes = host_daemon_resident();
	look->bindings_full = kernel_control(kernel)->bindings_full;
	*ret_look = TAKE_PTR(look);
	return 0;
}
