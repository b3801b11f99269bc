// SPDX-License-Identifier: Apache-2.0
#include "policy/image.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "policy/compile.h"

#define CELL_SIZE sizeof(struct bailiff_cell)
#define CELLS_OF(type) ((uint32_t)(sizeof(type) / CELL_SIZE))

#define HEADER_CELLS CELLS_OF(struct bailiff_image)
#define LABEL_CELLS ((uint32_t)(BAILIFF_LABEL_WORDS * sizeof(uint32_t) / CELL_SIZE))
#define RULE_CELLS CELLS_OF(struct bailiff_rule)
#define POLICY_CELLS CELLS_OF(struct bailiff_policy)
#define CLASS_CELLS CELLS_OF(struct bailiff_class)
#define SUBJECT_CELLS CELLS_OF(struct bailiff_subject)

/* Looks like a head, and is none: abi.h's cells that nothing is in. */
#define CELL_UNUSED 0xffffffffu

static void table_free(struct automaton_table *table)
{
	free(table->memory);
	free(table->starts);
}

static void table_put(struct bailiff_cell *to, const void *from, size_t n_cells)
{
	if (n_cells)
		memcpy(to, from, n_cells * CELL_SIZE);
}

static void classes_fill(struct image *image, const struct subjects *subjects,
			 const uint32_t *starts)
{
	struct bailiff_image *header = (struct bailiff_image *)image->cells;
	struct bailiff_class *classes = (struct bailiff_class *)(image->cells + header->classes);

	table_put(image->cells + header->subjects, subjects->of,
		  (size_t)SUBJECT_CELLS * header->n_subjects);
	for (uint32_t i = 0; i < header->n_classes; i++)
		classes[i] = (struct bailiff_class){subjects->classes[i].subjects, starts[i]};
	header->unknown = starts[header->n_classes];
}

/* Fills in all but the table of states, which is there. */
static void image_fill(struct image *image, const struct image_parts *parts,
		       const struct automaton *automaton, const struct automaton_table *table)
{
	struct bailiff_image *header = (struct bailiff_image *)image->cells;
	struct bailiff_cell *cells = image->cells;

	*header = (struct bailiff_image){
		.magic = BAILIFF_IMAGE_MAGIC,
		.n_cells = (uint32_t)image->n_cells,
		.start = table->starts[0],
		.unknown = table->starts[0],
		.used = parts->used,
		.labels = HEADER_CELLS,
		.n_labels = parts->n_labels,
		.n_rules = parts->n_rules,
		.n_policies = parts->n_policies,
		.n_states = table->n_cells,
		.n_classes = parts->subjects ? parts->subjects->n_classes : 0,
		.n_subjects = parts->subjects ? parts->subjects->n : 0,
		.serial = parts->serial,
	};
	header->rules = header->labels + LABEL_CELLS * header->n_labels;
	header->policies = header->rules + RULE_CELLS * header->n_rules;
	header->classes = header->policies + POLICY_CELLS * header->n_policies;
	header->subjects = header->classes + CLASS_CELLS * header->n_classes;
	header->states = header->subjects + SUBJECT_CELLS * header->n_subjects;
	memcpy(header->strictest, parts->strictest, sizeof(header->strictest));
	memcpy(header->class_of, automaton->class_of, sizeof(header->class_of));
	table_put(cells + header->labels, parts->labels, (size_t)LABEL_CELLS * header->n_labels);
	table_put(cells + header->rules, parts->rules, (size_t)RULE_CELLS * header->n_rules);
	table_put(cells + header->policies, parts->policies,
		  (size_t)POLICY_CELLS * header->n_policies);
	if (parts->subjects)
		classes_fill(image, parts->subjects, table->starts);
}

int image_assemble(const struct image_parts *parts, struct automaton *automaton,
		   struct image **ret_image)
{
	__attribute__((cleanup(table_free))) struct automaton_table table = {.memory = NULL};
	struct image *image;
	size_t n_before;
	int r;

	r = automaton_minimise(automaton);
	if (r < 0)
		return r;
	n_before = HEADER_CELLS + (size_t)LABEL_CELLS * parts->n_labels +
		   (size_t)RULE_CELLS * parts->n_rules + (size_t)POLICY_CELLS * parts->n_policies;
	if (parts->subjects)
		n_before += (size_t)CLASS_CELLS * parts->subjects->n_classes +
			    (size_t)SUBJECT_CELLS * parts->subjects->n;
	r = automaton_pack(automaton, n_before, &table);
	if (r < 0)
		return r;
	image = calloc(1, sizeof(*image));
	if (!image)
		return -ENOMEM;
	image->cells = table.memory;
	image->n_cells = n_before + table.n_cells;
	table.memory = NULL;
	image_fill(image, parts, automaton, &table);
	*ret_image = image;
	return 0;
}

struct image *image_free(struct image *image)
{
	if (!image)
		return NULL;
	free(image->cells);
	free(image);
	return NULL;
}

__u32 image_match(const struct bailiff_cell *cells, __u32 start, const char *path, size_t n)
{
	const struct bailiff_image *header = image_header(cells);
	const struct bailiff_cell *states = cells + header->states;
	__u32 state = start;

	for (size_t i = 0; i < n; i++) {
		__u32 class = header->class_of[(unsigned char)path[i]];
		const struct bailiff_cell *cell = &states[state + 1 + class];

		state = cell->check == state ? cell->next : states[state].next;
	}
	return states[state].check & ~BAILIFF_HEAD;
}

static const __u32 *label_words(const struct bailiff_cell *cells, __u32 label)
{
	return (const __u32 *)(cells + image_header(cells)->labels) +
	       (size_t)label * BAILIFF_LABEL_WORDS;
}

__u32 image_decide_from(const struct bailiff_cell *cells, __u32 start, unsigned word,
			const char *path, size_t n)
{
	return label_words(cells, image_match(cells, start, path, n))[word];
}

__u32 image_decide(const struct bailiff_cell *cells, unsigned word, const char *path, size_t n)
{
	return image_decide_from(cells, image_header(cells)->start, word, path, n);
}

static const struct bailiff_class *image_classes(const struct bailiff_cell *cells)
{
	return (const struct bailiff_class *)(cells + image_header(cells)->classes);
}

__u32 image_start(const struct bailiff_cell *cells, __u32 subjects)
{
	const struct bailiff_image *header = image_header(cells);

	if (subjects == 0)
		return header->start;
	for (__u32 i = 0; i < header->n_classes; i++)
		if (image_classes(cells)[i].subjects == subjects)
			return image_classes(cells)[i].start;
	return header->unknown;
}

/* The tables follow one another without a gap, as image_fill() lays them out. */
static bool layout_good(const struct bailiff_image *header, size_t n_cells)
{
	uint64_t rules = HEADER_CELLS + (uint64_t)LABEL_CELLS * header->n_labels;
	uint64_t policies = rules + (uint64_t)RULE_CELLS * header->n_rules;
	uint64_t classes = policies + (uint64_t)POLICY_CELLS * header->n_policies;
	uint64_t subjects = classes + (uint64_t)CLASS_CELLS * header->n_classes;
	uint64_t states = subjects + (uint64_t)SUBJECT_CELLS * header->n_subjects;

	return header->magic == BAILIFF_IMAGE_MAGIC && header->n_cells <= n_cells &&
	       header->labels == HEADER_CELLS && header->rules == rules &&
	       header->policies == policies && header->classes == classes &&
	       header->subjects == subjects && header->states == states &&
	       header->n_classes <= BAILIFF_CLASSES && header->n_subjects <= BAILIFF_SUBJECTS &&
	       states + header->n_states == header->n_cells && header->n_labels > 0 &&
	       header->n_states > 0 && header->n_states < BAILIFF_HEAD;
}

/* Whether a state's number is one: where there is a head, with room for all its classes behind. */
static bool state_good(const struct bailiff_cell *states, __u32 n_states, __u32 max_class,
		       __u32 state)
{
	return state < n_states && n_states - state > max_class + 1 &&
	       states[state].check & BAILIFF_HEAD && states[state].check != CELL_UNUSED;
}

static bool states_good(const struct bailiff_cell *cells)
{
	const struct bailiff_image *header = image_header(cells);
	const struct bailiff_cell *states = cells + header->states;
	__u32 n = header->n_states, max_class = 0;

	for (unsigned byte = 0; byte < 256; byte++)
		if (header->class_of[byte] > max_class)
			max_class = header->class_of[byte];
	if (header->class_of[0] != 0 || !state_good(states, n, max_class, header->start) ||
	    !state_good(states, n, max_class, header->unknown) || states[0].check != BAILIFF_HEAD ||
	    states[0].next != 0)
		return false;
	for (__u32 i = 0; i < header->n_classes; i++)
		if (!state_good(states, n, max_class, image_classes(cells)[i].start))
			return false;
	for (__u32 i = 0; i < n; i++) {
		const struct bailiff_cell *cell = &states[i];

		if (cell->check == CELL_UNUSED)
			continue;
		if (!state_good(states, n, max_class, cell->next))
			return false;
		if (cell->check & BAILIFF_HEAD && (cell->check & ~BAILIFF_HEAD) >= header->n_labels)
			return false;
	}
	return true;
}

/* Whether the words of a label say what can be: see abi.h. */
static bool words_good(const __u32 *words, const struct bailiff_image *header)
{
	for (unsigned i = 0; i < BAILIFF_N_DECISIONS; i++)
		if (BAILIFF_RULE(words[i]) >= header->n_rules)
			return false;
	for (unsigned i = BAILIFF_WORD_SUBJECTS + 1; i < BAILIFF_LABEL_WORDS; i++)
		if (words[i])
			return false;
	return words[BAILIFF_WORD_LEAST] < 1u << 2 * BAILIFF_N_BELOW &&
	       !((__u64)words[BAILIFF_WORD_SUBJECTS] >> header->n_subjects);
}

static bool masks_good(const struct bailiff_image *header)
{
	return !(header->used >> BAILIFF_N_DECISIONS) && !(header->process >> BAILIFF_N_PROCESS) &&
	       header->network <= 3 && header->revoke <= 1 &&
	       !(header->capabilities >> BAILIFF_N_CAPABILITIES);
}

/* A selector's image has no rules, and slots for decisions, which only its owner can judge. */
static bool rules_good(const struct bailiff_cell *cells)
{
	const struct bailiff_image *header = image_header(cells);
	const struct bailiff_rule *rules = (const struct bailiff_rule *)(cells + header->rules);
	const struct bailiff_policy *policies =
		(const struct bailiff_policy *)(cells + header->policies);

	if (!masks_good(header))
		return false;
	if (header->n_rules == 0)
		return header->n_policies == 0;
	/* Rule 0 is none, and of no policy. */
	for (__u32 i = 1; i < header->n_rules; i++)
		if (rules[i].policy >= header->n_policies)
			return false;
	if (rules[0].policy != 0)
		return false;
	for (__u32 i = 0; i < header->n_policies; i++)
		if (!memchr(policies[i].name, 0, sizeof(policies[i].name)))
			return false;
	for (__u32 label = 0; label < header->n_labels; label++)
		if (!words_good(label_words(cells, label), header))
			return false;
	return words_good(header->strictest, header);
}

int image_verify(const struct bailiff_cell *cells, size_t n_cells)
{
	if (n_cells < HEADER_CELLS || !layout_good(image_header(cells), n_cells) ||
	    !states_good(cells) || !rules_good(cells))
		return -EBADMSG;
	return 0;
}
