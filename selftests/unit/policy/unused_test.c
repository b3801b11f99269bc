// SPDX-License-Identifier: Apache-2.0
#include "policy/unused.h"

#include "policy/image.h"
#include "policy/lines.h"
#include "selftests/unit/policy/parse_test.h"

/*
 * What a warning promises: that the line can be taken out, and no answer changes. Random policies
 * over few names are compiled with and without the line, and asked about all paths over these
 * names, about acts, and by whoever asks.
 */

#define ROUNDS 1500
#define TEXT_MAX 4096

static uint64_t seed;

/* xorshift64* (Vigna 2016), enough to be different each time. */
static uint32_t below(uint32_t n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * 0x2545f4914f6cdd1dull) >> 32) % n;
}

#define PICK(list) list[below(sizeof(list) / sizeof((list)[0]))]

static const char *const components[] = {"a", "b", "bin", "x"};
#define N_COMPONENTS (sizeof(components) / sizeof(components[0]))

static const char *const patterns[] = {
	"/**",	    "/a",     "/a/**",	    "/a/",	  "/a/b",    "/a/*",	"/*",
	"/**/b",    "/**/x",  "/*/b",	    "/{a,b}/b",	  "/b/**/x", "/b/**",	"/[ab]/x",
	"/[!a]/**", "/a/b/x", "/a/{b,x}",   "/usr/bin/x", "/bin/x",  "/bin/**", "/**/{a,b}",
	"/x",	    "/x/**",  "/a/{b/,}/x", "/usr/**",	  "/*/*",    "/a?",	"/[a-x]",
};
/* These overlap in every way, so that many rules match the same. */
static const char *const dense[] = {"/a/*", "/b/*", "/*/b",	"/{a,b}/b",
				    "/**",  "/a/b", "/{a,b}/*", "/*/x"};
static const char *const verdicts[] = {"allow", "audit", "deny"};
static const char *const verbs[] = {"read", "write", "read write"};
static const char *const addresses[] = {"10.0.0.0/8:80", "10.0.0.1:80", "10.0.0.1", "*:80",
					"*:*",		 "10.0.0.0/8",	"*:80-443"};
static const char *const capabilities[] = {"all", "chown", "kill", "net_raw"};
static const char *const operations[] = {"connect", "listen", "connect listen", ""};
static const char *const protocols[] = {"tcp", "udp", "tcp udp"};
static const char *const subjects[] = {"", "", "", " \"/a/b\"", " \"/b/**\""};
static const char *const acts[] = {
	"\x02\x40",
	"\x02\x45",
	"\x02\x4d",
	"\x01"
	"ct40a000001/0050",
	"\x01"
	"ct40a000002/0050",
	"\x01"
	"ct4c0000001/0050",
	"\x01"
	"lt40a000001/01bb",
	"\x01"
	"lt40a000001/0050",
	"\x01"
	"at40a000001/0050",
	"\x01"
	"st",
	"\x01"
	"su",
	"\x01"
	"cu40a000001/0050",
	"\x01"
	"ct",
	"\x01"
	"cu",
};

static void write_line(FILE *text)
{
	const char *verdict = PICK(verdicts);

	switch (below(6)) {
	case 0:
	case 1:
		fprintf(text, "[exec%s]\n%s = %s\n", PICK(subjects), verdict, PICK(patterns));
		break;
	case 2:
	case 3:
		fprintf(text, "[file%s]\n%s = %s %s\n", PICK(subjects), verdict, PICK(verbs),
			PICK(patterns));
		break;
	case 4:
		fprintf(text, "[network%s]\n%s = %s %s %s\n", PICK(subjects), verdict,
			PICK(operations), PICK(protocols), below(4) ? PICK(addresses) : "");
		break;
	default:
		fprintf(text, "[capability%s]\n%s = %s\n", PICK(subjects), verdict,
			PICK(capabilities));
	}
}

static char *dense_text(size_t *ret_n)
{
	char *bytes = NULL;
	FILE *text = open_memstream(&bytes, ret_n);

	assert_non_null(text);
	fputs(SELECT "[exec]\n", text);
	for (unsigned n = 4 + below(5); n > 0; n--)
		fprintf(text, "%s = %s\n", PICK(verdicts), PICK(dense));
	fclose(text);
	return bytes;
}

static char *random_text(size_t *ret_n)
{
	char *bytes = NULL;
	FILE *text = open_memstream(&bytes, ret_n);
	unsigned n = 1 + below(9);

	assert_non_null(text);
	fputs(SELECT, text);
	if (below(3) == 0)
		fprintf(text, "[file]\ndefault = %s\n", PICK(verdicts));
	if (below(3) == 0)
		fprintf(text, "[exec]\ndefault = %s\n", PICK(verdicts));
	if (below(4) == 0)
		fprintf(text, "[exec]\nscripts = yes\nlibraries = yes\n");
	if (below(4) == 0)
		fprintf(text, "[policy]\nmode = audit\n");
	while (n--)
		write_line(text);
	fclose(text);
	return bytes;
}

/* The image of a text that is right. */
static struct image *compiled(const char *text, size_t n)
{
	struct policy *policy = NULL;
	const struct policy *one;
	struct image *image = NULL;
	struct diag diag = {};

	if (policy_parse_text("x.ini", text, n, &diag, &policy) != 0)
		fail_msg("wrong:\n%s\n%s", text, diag_text(&diag));
	one = policy;
	assert_int_equal(image_compile(&one, 1, 1, &diag, &image), 0);
	policy_free(policy);
	diag_clear(&diag);
	return image;
}

struct pair {
	const struct image *with, *without;
	const char *text;
	unsigned line;
	bool paths_only;
};

static void same_answers_from(const struct pair *pair, uint32_t subjects_of, const char *name,
			      size_t n)
{
	const struct bailiff_cell *with = pair->with->cells, *without = pair->without->cells;
	unsigned n_words = pair->paths_only ? BAILIFF_VERB_BELOW : BAILIFF_N_DECISIONS;
	uint32_t one = image_start(with, subjects_of), two = image_start(without, subjects_of);

	for (unsigned word = 0; word < n_words; word++) {
		uint32_t a = image_decide_from(with, one, word, name, n);
		uint32_t b = image_decide_from(without, two, word, name, n);

		/* of one who is known, an allow that is an exception holds for this name of a thing
		 */
		if (BAILIFF_VERDICT(a) != BAILIFF_VERDICT(b) ||
		    (one != image_header(with)->unknown && word >= BAILIFF_VERB_OTHER &&
		     word < BAILIFF_VERB_BELOW && !BAILIFF_RULE(a) != !BAILIFF_RULE(b)))
			fail_msg("line %u matters: word %u of %s (subjects %x) is %u with, %u "
				 "without it\n%s",
				 pair->line, word, name, subjects_of, BAILIFF_VERDICT(a),
				 BAILIFF_VERDICT(b), pair->text);
	}
}

static void same_answers(const struct pair *pair, const char *name)
{
	/* nobody, either, both, and one who is not known */
	static const uint32_t who[] = {0, 1, 2, 3, UINT32_MAX};

	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++)
		same_answers_from(pair, who[i], name, strlen(name));
}

/* All paths of up to three components, below /usr as well; acts; and what has no path. */
static void all_same(const struct pair *pair)
{
	size_t n = N_COMPONENTS + 1;
	char path[64];

	for (size_t i = 0; i < 2 * n * n * n; i++) {
		size_t first = i % n, second = i / n % n, third = i / n / n % n;

		snprintf(path, sizeof(path), "%s%s%s%s%s%s%s", i >= n * n * n ? "/usr" : "",
			 first ? "/" : "", first ? components[first - 1] : "", second ? "/" : "",
			 second ? components[second - 1] : "", third ? "/" : "",
			 third ? components[third - 1] : "");
		if (path[0])
			same_answers(pair, path);
	}
	same_answers(pair, "/ab");
	same_answers(pair, "/");
	if (pair->paths_only)
		return;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		same_answers(pair, acts[i]);
	same_answers(pair, "memfd:x");
}

static bool is_right(const char *text, size_t n)
{
	struct policy *policy = NULL;
	struct diag diag = {};
	int r = policy_parse_text("x.ini", text, n, &diag, &policy);

	diag_clear(&diag);
	policy_free(policy);
	return r == 0;
}

/* The text with blanks in place of the word, or of the line where it cannot do without. */
static char *without_word(const char *text, size_t n, const struct diag_item *item)
{
	char *copy = malloc(n + 1);
	struct line line;
	size_t start, end;

	assert_non_null(copy);
	memcpy(copy, text, n);
	copy[n] = '\0';
	assert_true(lines_find(text, n, item->line, &line));
	start = (size_t)(line.text - text);
	end = line_word_end(&line, item->column);
	memset(copy + start + item->column - 1, ' ', end - item->column);
	/* an address alone cannot go: without one, all are meant */
	if (!is_right(copy, n) || strchr("*0123456789", line.text[item->column - 1]))
		memset(copy + start, ' ', line.n);
	return copy;
}

static unsigned check_text(const char *text, size_t n)
{
	struct policy *policy = NULL;
	struct diag diag = {};
	struct image *image;
	unsigned n_items;

	assert_int_equal(policy_parse_text("x.ini", text, n, &diag, &policy), 0);
	diag_clear(&diag);
	assert_int_equal(policy_unused(policy, &diag), 0);
	image = compiled(text, n);
	for (size_t i = 0; i < diag.n_items; i++) {
		char *less = without_word(text, n, &diag.items[i]);
		struct image *smaller = compiled(less, n);

		/* what no path is like counts nevertheless for what may lie beneath, or has no path
		 */
		all_same(&(struct pair){image, smaller, text, diag.items[i].line,
					strstr(diag.items[i].message, "can never match")});
		image_free(smaller);
		free(less);
	}
	n_items = (unsigned)diag.n_items;
	image_free(image);
	policy_free(policy);
	diag_clear(&diag);
	return n_items;
}

static void lines_that_are_warned_of_change_nothing(void **state)
{
	const char *given = getenv("BAILIFF_SEED");
	unsigned n_warned = 0;

	(void)state;
	seed = given ? strtoull(given, NULL, 0) : 0x9e3779b97f4a7c15ull;
	for (unsigned i = 0; i < ROUNDS; i++) {
		size_t n = 0;
		char *text = i % 2 ? random_text(&n) : dense_text(&n);

		n_warned += check_text(text, n);
		free(text);
	}
	/* or nothing was tried */
	assert_in_range(n_warned, ROUNDS / 10, ROUNDS * 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_that_are_warned_of_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
