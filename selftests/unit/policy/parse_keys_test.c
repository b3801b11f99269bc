// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <errno.h>

#include "policy/act.h"
#include "policy/containers.h"
#include "policy/glob.h"
#include "policy/parse.h"
#include "selftests/unit/policy/parse_test.h"

/*
 * The grammar in docs/policy.md names exactly what the parser knows, and the manual page has the
 * same grammar. Tests run from the top of the tree.
 */

#define MARKDOWN "docs/policy.md"
#define MANUAL "docs/man/bailiff.policy.5"
#define WORDS_MAX 64

struct names {
	char *names[WORDS_MAX];
	size_t n;
};

static void names_add(struct names *names, const char *name, size_t n)
{
	for (size_t i = 0; i < names->n; i++)
		if (strlen(names->names[i]) == n && memcmp(names->names[i], name, n) == 0)
			return;
	assert_in_range(names->n, 0, WORDS_MAX - 1);
	names->names[names->n++] = strndup(name, n);
}

static void names_clear(struct names *names)
{
	while (names->n)
		free(names->names[--names->n]);
}

static char *slurp(const char *file)
{
	FILE *stream = fopen(file, "re");
	char *text = calloc(1, 1 << 17);

	if (!stream || !text)
		fail_msg("%s: %s (run from the top of the tree)", file, strerror(errno));
	(void)!fread(text, 1, (1 << 17) - 1, stream);
	fclose(stream);
	return text;
}

/* What stands between two texts of a file, or behind the first (@end: NULL). */
static char *block(const char *file, const char *begin, const char *end)
{
	char *text = slurp(file), *from = strstr(text, begin), *to, *found;

	if (!from)
		fail_msg("%s has no grammar", file);
	from += strlen(begin);
	to = end ? strstr(from, end) : from + strlen(from);
	assert_non_null(to);
	found = strndup(from, to - from);
	free(text);
	assert_non_null(found);
	return found;
}

/* The words in quotes of one production. */
static void words_of(const char *grammar, const char *production, struct names *names)
{
	char begin[64];
	const char *at;

	snprintf(begin, sizeof(begin), "\n%s ", production);
	at = strstr(grammar, begin);
	if (!at)
		fail_msg("the grammar does not say what %s is", production);
	for (at = strchr(at, '='); *at != ';'; at++) {
		const char *word = at + 1;

		if (*at != '"')
			continue;
		at = strchr(word, '"');
		assert_non_null(at);
		if (isalnum((unsigned char)*word))
			names_add(names, word, at - word);
	}
}

static int in_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void same(const char *what, struct names *said, struct names *known)
{
	qsort(said->names, said->n, sizeof(said->names[0]), in_order);
	qsort(known->names, known->n, sizeof(known->names[0]), in_order);
	for (size_t i = 0; i < said->n || i < known->n; i++)
		if (i >= said->n || i >= known->n || strcmp(said->names[i], known->names[i]) != 0)
			fail_msg("%s: the grammar has %s where the parser has %s", what,
				 i < said->n ? said->names[i] : "no more",
				 i < known->n ? known->names[i] : "no more");
	names_clear(said);
	names_clear(known);
}

/* The names that an error lists when none is near. */
static void listed(const char *text, struct names *names)
{
	struct policy *policy = NULL;
	struct diag diag = {};
	const char *at = NULL;

	assert_int_equal(policy_parse_text("x.ini", text, strlen(text), &diag, &policy), 1);
	for (size_t i = 0; !at && i < diag.n_items; i++)
		at = strstr(diag.items[i].message, "there are ");
	assert_non_null(at);
	at += strlen("there are ");
	while (*at) {
		size_t n = strcspn(at, ",");

		names_add(names, at, n);
		at += n + strspn(at + n, ", ");
	}
	diag_clear(&diag);
}

static void array_add(struct names *names, const char *const *array)
{
	for (; *array; array++)
		names_add(names, *array, strlen(*array));
}

static void sections_and_keys(void **state)
{
	char *grammar = block(MARKDOWN, "```ebnf", "```");
	struct names said = {}, known = {};

	(void)state;
	words_of(grammar, "section", &said);
	words_of(grammar, "rules-section", &said);
	for (size_t i = 0; i < N_SECTIONS; i++)
		if (!parse_sections[i].refusal)
			names_add(&known, parse_sections[i].name, strlen(parse_sections[i].name));
	same("section", &said, &known);
	for (size_t i = 0; i < N_SECTIONS; i++) {
		char production[32];

		if (parse_sections[i].refusal)
			continue;
		snprintf(production, sizeof(production), "%s-set", parse_sections[i].name);
		words_of(grammar, production, &said);
		for (const struct key *key = parse_sections[i].keys; key->name; key++)
			if (key->parse)
				names_add(&known, key->name, strlen(key->name));
		same(production, &said, &known);
	}
	free(grammar);
}

static void names_of_values(void **state)
{
	static const struct {
		const char *production, *text;
	} values[] = {
		{"mode", "[policy]\nmode = qqqqqqqq\n"},
		{"verdict", "[exec]\ndefault = qqqqqqqq\n"},
		{"yes-no", "[select]\nhost = qqqqqqqq\n"},
		{"scripts", "[exec]\nscripts = qqqqqqqq\n"},
		{"file-verb", "[file]\ndeny = qqqqqqqq /x\n"},
		{"act", "[process]\ndeny = qqqqqqqq\n"},
		{"protocol", "[network]\ndeny = tcp qqqqqqqq\n"},
	};
	char *grammar = block(MARKDOWN, "```ebnf", "```");
	struct names said = {}, known = {};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		words_of(grammar, values[i].production, &said);
		listed(values[i].text, &known);
		same(values[i].production, &said, &known);
	}
	words_of(grammar, "network-verb", &said);
	words_of(grammar, "protocol", &said);
	listed("[network]\ndeny = qqqqqqqq\n", &known);
	same("network-verb", &said, &known);
	words_of(grammar, "capability", &said);
	array_add(&known, act_capability_names());
	same("capability", &said, &known);
	free(grammar);
}

static void severities(void **state)
{
	char *grammar = block(MARKDOWN, "```ebnf", "```");
	struct names said = {};

	(void)state;
	words_of(grammar, "severity", &said);
	assert_int_equal(said.n, 10);
	for (size_t i = 0; i < said.n; i++) {
		struct policy *policy = NULL;
		struct diag diag = {};
		char text[128];

		snprintf(text, sizeof(text), RULE "[policy]\nseverity = %s\n", said.names[i]);
		assert_int_equal(policy_parse_text("x.ini", text, strlen(text), &diag, &policy), 0);
		policy_free(policy);
		diag_clear(&diag);
	}
	names_clear(&said);
	free(grammar);
}

/* What is refused until it is enforced is said to be so, and is no part of the grammar. */
static void what_is_refused_is_documented(void **state)
{
	char *text = block(MARKDOWN, "## Not in this version", NULL), quoted[64];

	(void)state;
	for (size_t i = 0; i < N_SECTIONS; i++) {
		const struct section *section = &parse_sections[i];

		snprintf(quoted, sizeof(quoted), "`[%s]`", section->name);
		if (section->refusal && !strstr(text, quoted))
			fail_msg("%s is refused, and not documented", quoted);
		for (const struct key *key = section->keys; key && key->name; key++) {
			snprintf(quoted, sizeof(quoted), "`%s`", key->name);
			if (!key->parse && !strstr(text, quoted))
				fail_msg("%s is refused, and not documented", quoted);
		}
	}
	free(text);
}

/* The limits that the documents state. */
static void limits_are_documented(void **state)
{
	static const struct {
		const char *text;
		unsigned long number, known;
	} limits[] = {
		{"| a file | 8 MiB,", 8ul << 20, POLICY_FILE_MAX},
		{"| 100,000 |", 100000, POLICY_RULES_MAX},
		{"| 10,000 |", 10000, POLICY_SELECTS_MAX},
		{"| a policy's name | 63 bytes |", 63, BAILIFF_NAME_MAX - 1},
		{"| 256 bytes, and what a line holds |", 256, POLICY_MESSAGE_MAX},
		{"| tags | 64 |", 64, POLICY_TAGS_MAX},
		{"| containers that are known on one machine | 1,024 |", 1024, CONTAINERS_MAX},
		{"| names of a container's image | 16 |", 16, CONTAINER_IMAGES_MAX},
		{"| 32, and 256 mixtures", 32, BAILIFF_SUBJECTS},
		{" 256 mixtures by `inherit` |", 256, BAILIFF_CLASSES},
		{"| 4,095 |", 4095, BAILIFF_SLOTS - 1},
		{"| braces in braces | 16 |", 16, GLOB_NESTING_MAX},
	};
	char *text = block(MARKDOWN, "## Limits", "\n## ");

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (!strstr(text, limits[i].text))
			fail_msg("not in the table of limits: %s", limits[i].text);
		assert_int_equal(limits[i].number, limits[i].known);
	}
	free(text);
}

/* The manual page has the same grammar, in roff's spelling. */
static void the_manual_has_the_grammar(void **state)
{
	char *grammar = block(MARKDOWN, "```ebnf\n", "```");
	char *manual = block(MANUAL, "more words of a value.\n.Bd -literal\n", ".Ed");
	char *to = manual;

	(void)state;
	for (const char *from = manual; *from; from++) {
		*to++ = *from;
		if (from[0] == '\\' && from[1] == 'e')
			from++;
	}
	*to = '\0';
	assert_string_equal(manual, grammar);
	free(manual);
	free(grammar);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_and_keys),
		cmocka_unit_test(names_of_values),
		cmocka_unit_test(severities),
		cmocka_unit_test(what_is_refused_is_documented),
		cmocka_unit_test(limits_are_documented),
		cmocka_unit_test(the_manual_has_the_grammar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
