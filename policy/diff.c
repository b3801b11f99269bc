// SPDX-License-Identifier: Apache-2.0
#include "policy/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/automaton_alias.h"
#include "policy/automaton_intern.h"
#include "policy/product.h"

/* Whom a process can be taken for: of which subjects in both images, and by what it executed. */
struct class
{
	uint32_t before, after;
	uint32_t node;	 /* of the executable's name; PRODUCT_NONE: none */
	uint32_t parent; /* the class that executed it */
};

struct comparing {
	const struct trial *before, *after;
	struct product *product;
	struct diff *diff;
	bool classing;	    /* nobody's walk: its names are those of executables, too */
	struct class *runs; /* what executables there are */
	size_t n_runs, runs_capacity;
	struct class *classes; /* by number of the walk; the first is nobody's */
	size_t n_classes, classes_capacity;
};

static void comparing_release(struct comparing *c)
{
	product_free(c->product);
	free(c->runs);
	free(c->classes);
}

static int class_add(struct class **list, size_t *n, size_t *capacity, const struct class *class)
{
	int r;

	for (size_t i = 0; i < *n; i++)
		if ((*list)[i].before == class->before && (*list)[i].after == class->after)
			return 0;
	if (*n == DIFF_CLASSES_MAX)
		return -E2BIG;
	r = array_reserve(list, capacity, *n + 1, sizeof(**list));
	if (r == 0)
		(*list)[(*n)++] = *class;
	return r;
}

/* A path as people write it: /usr/bin, of which /bin is another spelling, and the shorter one. */
static char *path_name(const struct product *product, uint32_t node, size_t *ret_n)
{
	static const char usr[] = "/usr";
	char *name = product_name(product, node, ret_n), *longer;

	for (unsigned i = 0; name && i < n_alias_groups; i++) {
		const char *plain = alias_groups[i][0];
		size_t n = strlen(plain);

		if (strncmp(alias_groups[i][1], usr, strlen(usr)) != 0 ||
		    strncmp(name, plain, n) != 0 || (name[n] && name[n] != '/'))
			continue;
		longer = malloc(*ret_n + sizeof(usr));
		if (longer) {
			memcpy(longer, usr, strlen(usr));
			memcpy(longer + strlen(usr), name, *ret_n + 1);
			*ret_n += strlen(usr);
		}
		free(name);
		return longer;
	}
	return name;
}

static int executables_fill(const struct comparing *c, uint32_t number, struct diff_change *change)
{
	uint32_t at;
	size_t n = 0, length;

	for (at = number; c->classes[at].node != PRODUCT_NONE; at = c->classes[at].parent)
		n++;
	change->executables = calloc(n + 1, sizeof(*change->executables));
	if (!change->executables)
		return -ENOMEM;
	change->n_executables = n;
	for (at = number; n > 0; at = c->classes[at].parent) {
		change->executables[--n] = path_name(c->product, c->classes[at].node, &length);
		if (!change->executables[n])
			return -ENOMEM;
	}
	return 0;
}

static void answer_fill(const struct trial *trial, uint32_t word, struct answer *answer)
{
	*answer = (struct answer){.verdict = BAILIFF_VERDICT(word)};
	image_source(trial->whole, trial->policies, trial->n_policies, BAILIFF_RULE(word), answer);
}

static int change_add(struct comparing *c, uint32_t node, unsigned word, uint32_t before,
		      uint32_t after)
{
	struct diff *diff = c->diff;
	struct diff_change *change;
	int r;

	/* the newest is found first: names that follow one another mostly have the same */
	for (size_t i = diff->n_changes; i > 0; i--) {
		change = &diff->changes[i - 1];
		if (change->word == word && change->before.rule == BAILIFF_RULE(before) &&
		    change->after.rule == BAILIFF_RULE(after) &&
		    change->before.verdict == BAILIFF_VERDICT(before) &&
		    change->after.verdict == BAILIFF_VERDICT(after))
			return 0;
	}
	r = array_reserve(&diff->changes, &diff->capacity, diff->n_changes + 1,
			  sizeof(*diff->changes));
	if (r < 0)
		return r;
	change = &diff->changes[diff->n_changes++];
	*change = (struct diff_change){.word = word};
	answer_fill(c->before, before, &change->before);
	answer_fill(c->after, after, &change->after);
	change->name = path_name(c->product, node, &change->n);
	return change->name ? executables_fill(c, product_walk_of(c->product, node), change)
			    : -ENOMEM;
}

/* Compares one word; returns 1 where the verdicts differ. */
static int word_see(struct comparing *c, uint32_t node, unsigned word, const uint32_t *before,
		    const uint32_t *after)
{
	int r;

	if (BAILIFF_VERDICT(before[word]) == BAILIFF_VERDICT(after[word]))
		return 0;
	r = change_add(c, node, word, before[word], after[word]);
	return r < 0 ? r : 1;
}

/* A path, or what is executed from memory: a verb, and what else follows from its rules. */
static int path_see(struct comparing *c, uint32_t node, enum names_end end, const uint32_t *before,
		    const uint32_t *after)
{
	unsigned n_verbs = end == NAMES_PATH ? BAILIFF_N_VERBS : BAILIFF_VERB_EXEC + 1;
	int r = 0;

	for (unsigned verb = 0; r >= 0 && verb < n_verbs; verb++) {
		r = word_see(c, node, verb, before, after);
		if (r == 0 && verb == BAILIFF_VERB_EXEC)
			r = word_see(c, node, BAILIFF_VERB_MAP, before, after);
		if (r == 0 && end == NAMES_PATH)
			r = word_see(c, node, BAILIFF_VERB_OTHER + verb, before, after);
	}
	return r < 0 ? r : 0;
}

static int name_see(void *userdata, uint32_t node, enum names_end end, const uint32_t *before,
		    const uint32_t *after)
{
	struct comparing *c = userdata;
	const struct class run = {
		.before = before[BAILIFF_WORD_SUBJECTS],
		.after = after[BAILIFF_WORD_SUBJECTS],
		.node = node,
	};
	int r;

	if (end == NAMES_ACT) {
		r = word_see(c, node, BAILIFF_VERB_ACT, before, after);
		return r < 0 ? r : 0;
	}
	r = path_see(c, node, end, before, after);
	if (r == 0 && c->classing)
		r = class_add(&c->runs, &c->n_runs, &c->runs_capacity, &run);
	return r;
}

static uint32_t inherited(const struct image *image)
{
	const struct bailiff_image *header = image_header(image->cells);
	const struct bailiff_subject *of =
		(const struct bailiff_subject *)(image->cells + header->subjects);
	uint32_t mask = 0;

	for (uint32_t i = 0; i < header->n_subjects; i++)
		mask |= (uint32_t)(of[i].key & 1) << i;
	return mask;
}

/* All that a process can come to be by executing one after the other. */
static int classes_find(struct comparing *c)
{
	uint32_t kept_before = inherited(c->before->whole), kept_after = inherited(c->after->whole);
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < c->n_classes; i++)
		for (size_t k = 0; r == 0 && k < c->n_runs; k++) {
			const struct class class = {
				.before = (c->classes[i].before & kept_before) | c->runs[k].before,
				.after = (c->classes[i].after & kept_after) | c->runs[k].after,
				.node = c->runs[k].node,
				.parent = i,
			};

			r = class_add(&c->classes, &c->n_classes, &c->classes_capacity, &class);
		}
	return r;
}

int diff_compute(const struct trial *before, const struct trial *after, struct diff *diff)
{
	__attribute__((cleanup(comparing_release))) struct comparing c = {
		.before = before, .after = after, .diff = diff, .classing = true};
	const struct bailiff_cell *a = before->whole->cells, *b = after->whole->cells;
	const struct class nobody = {.node = PRODUCT_NONE};
	int r;

	c.product = product_new(a, b);
	if (!c.product)
		return -ENOMEM;
	r = class_add(&c.classes, &c.n_classes, &c.classes_capacity, &nobody);
	if (r == 0)
		r = product_walk(c.product, image_start(a, 0), image_start(b, 0), name_see, &c);
	if (r == 0)
		r = classes_find(&c);
	c.classing = false;
	for (size_t i = 1; r == 0 && i < c.n_classes; i++)
		r = product_walk(c.product, image_start(a, c.classes[i].before),
				 image_start(b, c.classes[i].after), name_see, &c);
	return r;
}

void diff_release(struct diff *diff)
{
	for (size_t i = 0; i < diff->n_changes; i++) {
		for (size_t k = 0; k < diff->changes[i].n_executables; k++)
			free(diff->changes[i].executables[k]);
		free(diff->changes[i].executables);
		free(diff->changes[i].name);
	}
	free(diff->changes);
}

struct selecting {
	struct product *product;
	uint32_t before_alone, after_alone; /* nodes */
};

static int cgroup_see(void *userdata, uint32_t node, enum names_end end, const uint32_t *before,
		      const uint32_t *after)
{
	struct selecting *s = userdata;

	if (end != NAMES_PATH || (before[0] != 0) == (after[0] != 0))
		return 0;
	if (before[0] && s->before_alone == PRODUCT_NONE)
		s->before_alone = node;
	if (after[0] && s->after_alone == PRODUCT_NONE)
		s->after_alone = node;
	return 0;
}

static int name_take(const struct product *product, uint32_t node, char **ret_name)
{
	size_t n;

	*ret_name = node == PRODUCT_NONE ? NULL : product_name(product, node, &n);
	return node == PRODUCT_NONE || *ret_name ? 0 : -ENOMEM;
}

int diff_select(const struct selector *before, const struct selector *after,
		char **ret_before_alone, char **ret_after_alone)
{
	const struct bailiff_cell *a = before->image->cells, *b = after->image->cells;
	struct selecting s = {product_new(a, b), PRODUCT_NONE, PRODUCT_NONE};
	int r = s.product ? product_walk(s.product, image_header(a)->start, image_header(b)->start,
					 cgroup_see, &s)
			  : -ENOMEM;

	*ret_before_alone = *ret_after_alone = NULL;
	if (r == 0)
		r = name_take(s.product, s.before_alone, ret_before_alone);
	if (r == 0)
		r = name_take(s.product, s.after_alone, ret_after_alone);
	product_free(s.product);
	return r;
}
