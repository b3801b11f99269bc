/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the tests of rules about acts share. */

#include "policy/image.h"
#include "selftests/unit/policy/parse_test.h"

#define ACT BAILIFF_VERB_ACT
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Lines of a policy to an image; the caller frees it. */
static inline struct image *compile(const char *text)
{
	struct policy *policy = NULL;
	const struct policy *policies;
	struct diag diag = {0};
	struct image *image = NULL;
	char whole[8192 + 64];

	snprintf(whole, sizeof(whole), "%s" SELECT, text);
	if (policy_parse_text("a.ini", whole, strlen(whole), &diag, &policy) != 0)
		fail_msg("%s: %s", text, diag.n_items ? diag.items[0].message : "?");
	diag_clear(&diag);
	policies = policy;
	assert_int_equal(image_compile(&policies, 1, 1, &diag, &image), 0);
	assert_int_equal(image_verify(image->cells, image->n_cells), 0);
	policy_free(policy);
	return image;
}

/* The verdict on a name, and the line of the rule that made it; 0 is none. */
static inline void name_is(const struct image *image, const char *name, size_t n, const char *shown,
			   unsigned verdict, unsigned line)
{
	const struct bailiff_image *header = image_header(image->cells);
	const struct bailiff_rule *rules =
		(const struct bailiff_rule *)(image->cells + header->rules);
	uint32_t word = image_decide(image->cells, ACT, name, n);

	if (BAILIFF_VERDICT(word) != verdict || rules[BAILIFF_RULE(word)].line != line)
		fail_msg("%s: verdict %u by line %u, not %u by %u", shown, BAILIFF_VERDICT(word),
			 rules[BAILIFF_RULE(word)].line, verdict, line);
}

/* What an operation is about: '4' and '6' with an address, '@' with a text, 0 with nothing. */
struct query {
	char operation, protocol, family;
	unsigned char address[16];
	unsigned port;
	const char *text;
};

/* The act's name of abi.h; returns its length. */
static inline size_t query_name(const struct query *q, char name[static 256])
{
	int n = snprintf(name, 256, "%c%c%c", BAILIFF_ACT_NETWORK, q->operation, q->protocol);
	int n_bytes = q->family == '4' ? 4 : 16;

	if (!q->family)
		return (size_t)n;
	if (q->family == '@')
		return (size_t)(n + snprintf(name + n, 256 - (size_t)n, "%s", q->text));
	name[n++] = q->family;
	for (int i = 0; i < n_bytes; i++)
		n += snprintf(name + n, 3, "%02x", q->address[i]);
	n += snprintf(name + n, 6, "/%04x", q->port);
	return (size_t)n;
}
