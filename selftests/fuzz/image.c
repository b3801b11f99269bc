// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/diag.h"
#include "policy/image.h"
#include "policy/policy.h"
#include "selftests/fuzz/fuzz.h"

/*
 * Cells that are read back from a pinned map: what image_verify() lets through can be matched with,
 * and every index that an answer leads to is inside. The input's first byte chooses an image of
 * bases[], and what follows are changes of it; or, where it chooses none, the cells themselves.
 * AddressSanitizer sees what is read outside.
 */

static const char *const bases[] = {
	"[select]\nunit = a.service\n[file]\ndeny = read /etc/shadow /root/**\n",
	"[policy]\nmode = audit\n[select]\ncgroup = /a/**\n[exec]\ndefault = deny\n"
	"allow = /usr/bin/* memfd:*\n[file \"/bin/x\"]\ninherit = yes\nallow = write /tmp/**\n"
	"[file]\ndeny = write /**\n[process]\ndeny = ptrace mount\n[capability]\ndeny = all\n",
	"[select]\nunit = b.service\n[network]\ndefault = deny\nallow = connect unix /run/x @y\n",
};

#define N_BASES (sizeof(bases) / sizeof(bases[0]))

/* Of each base its image and its selector. */
static struct image *images[N_BASES];
static struct selector *selectors[N_BASES];

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	for (size_t i = 0; i < N_BASES; i++) {
		struct diag diag = {0};
		struct policy *policy;
		int r = policy_parse_text("base.ini", bases[i], strlen(bases[i]), &diag, &policy);
		const struct policy *policies;

		must(r == 0, "base %zu: %s", i, diag.n_items ? diag.items[0].message : "");
		policies = policy;
		must(image_compile(&policies, 1, 1, &diag, &images[i]) == 0, "base %zu", i);
		must(selector_compile(&policies, 1, &diag, &selectors[i]) == 0, "base %zu", i);
		policy_free(policy);
		diag_clear(&diag);
	}
	return 0;
}

/* One change: at which word (of the whole image; the header's are more than their share), how. */
struct change {
	uint16_t at;
	uint8_t how;
	uint8_t byte;
};

static void change_word(uint32_t *words, size_t n_words, const struct change *change)
{
	size_t n_header = sizeof(struct bailiff_image) / sizeof(*words);
	uint32_t *word = &words[change->at % (change->how & 1 ? n_words : n_header)];

	switch (change->how >> 1 & 7) {
	case 0:
		*word = change->byte;
		break;
	case 1:
		*word += change->byte;
		break;
	case 2:
		*word -= change->byte;
		break;
	case 3:
		*word ^= 1u << (change->byte & 31);
		break;
	case 4:
		*word = words[change->byte % n_words];
		break;
	case 5:
		*word = ~(uint32_t)change->byte;
		break;
	case 6:
		((uint8_t *)word)[change->byte & 3] = change->byte >> 2;
		break;
	default:
		*word = (uint32_t)change->byte << 24 | change->byte;
	}
}

/* The cells that the input stands for, which the caller frees; of their own size to the byte. */
static struct bailiff_cell *cells_make(const uint8_t *data, size_t size, size_t *ret_n)
{
	unsigned base = data[0] % (2 * N_BASES + 1);
	const struct image *image = base < N_BASES	 ? images[base]
				    : base < 2 * N_BASES ? selectors[base - N_BASES]->image
							 : NULL;
	size_t n = image ? image->n_cells : (size - 1) / sizeof(struct bailiff_cell);
	struct bailiff_cell *cells = malloc(n * sizeof(*cells) + 1);
	struct change change;

	must(cells, "no memory");
	*ret_n = n;
	memcpy(cells, image ? (const void *)image->cells : data + 1, n * sizeof(*cells));
	/* Exact: a byte too far is seen. */
	if (n)
		cells = realloc(cells, n * sizeof(*cells));
	for (size_t i = 1; image && i + sizeof(change) <= size; i += sizeof(change)) {
		memcpy(&change, data + i, sizeof(change));
		change_word((uint32_t *)cells, n * 2, &change);
	}
	return cells;
}

static void word_check(const struct bailiff_cell *cells, uint32_t word)
{
	const struct bailiff_image *header = image_header(cells);
	const struct bailiff_rule *rules = (const struct bailiff_rule *)(cells + header->rules);
	const struct bailiff_policy *policies =
		(const struct bailiff_policy *)(cells + header->policies);
	uint32_t rule = BAILIFF_RULE(word);

	/* A selector has slots in the place of decisions, and rule 0 is of no policy. */
	if (!header->n_rules)
		return;
	must(rule < header->n_rules, "rule %u", rule);
	if (rule)
		must(strlen(policies[rules[rule].policy].name) < BAILIFF_NAME_MAX, "name");
}

static void start_check(const struct bailiff_cell *cells, uint32_t start, const char *path,
			size_t n)
{
	const struct bailiff_image *header = image_header(cells);

	/* Every place that the path leads to, as the kernel stops at each byte. */
	for (size_t i = 0; i <= n && i < 64; i++)
		must(image_match(cells, start, path, i) < header->n_labels, "at %zu", i);
	for (unsigned word = 0; word < BAILIFF_LABEL_WORDS; word++) {
		uint32_t found = image_decide_from(cells, start, word, path, n);

		if (word < BAILIFF_N_DECISIONS)
			word_check(cells, found);
	}
}

static void cells_check(const struct bailiff_cell *cells, const char *path, size_t n)
{
	const struct bailiff_image *header = image_header(cells);

	start_check(cells, header->start, path, n);
	start_check(cells, header->unknown, path, n);
	for (uint32_t subjects = 0; subjects < 8; subjects++)
		start_check(cells, image_start(cells, subjects), path, n);
	for (unsigned word = 0; header->n_rules && word < BAILIFF_N_DECISIONS; word++)
		word_check(cells, header->strictest[word]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {"/etc/shadow", "/usr/bin/x", "\001ct40a0000ff/01bb",
					    "\0\0/root/a", "/a.slice/b.service/c"};
	struct bailiff_cell *cells;
	size_t n;

	if (size == 0)
		return 0;
	cells = cells_make(data, size, &n);
	if (image_verify(cells, n) == 0) {
		cells_check(cells, (const char *)data, size);
		for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
			cells_check(cells, paths[i], 2 + strlen(paths[i] + 2));
	}
	free(cells);
	return 0;
}
