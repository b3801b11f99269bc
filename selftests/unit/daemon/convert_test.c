/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The corpus in convert/: NAME.yaml becomes NAME.ini, whose answers are those that KubeArmor's
 * documents and code say of NAME.yaml: they stand in NAME.ask, a line each:
 *
 *	VERDICT exec|read|write|network|capability|process SOURCE OBJECT
 *
 * A SOURCE of "-" is an executable that no rule names. bad/NAME.yaml is said in bad/NAME.expected.
 * The first line of a YAML may be "#" and options: "posture=block", "select=KEY=VALUE",
 * "select=none" (there: unit = a.service), "host=NAME".
 */

#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/convert.h"
#include "daemon/util.h"
#include "policy/act.h"
#include "policy/image.h"
#include "policy/policy.h"

#define CORPUS "selftests/unit/daemon/convert/" /* run from the top of the tree */

static char *slurp(const char *file, size_t *ret_n)
{
	_cleanup_(fclosep) FILE *stream = fopen(file, "re");
	char *text = calloc(1, 65536);

	if (!stream || !text)
		fail_msg("%s: %s (run from the top of the tree)", file, strerror(errno));
	*ret_n = fread(text, 1, 65535, stream);
	return text;
}

/* The file beside @yaml with another suffix. */
static char *beside(const char *yaml, const char *suffix)
{
	char *name = calloc(1, strlen(yaml) + strlen(suffix) + 1);

	assert_non_null(name);
	strcpy(stpcpy(name, yaml) - strlen("yaml"), suffix);
	return name;
}

struct given {
	char line[256], select[128];
	const char *selects[1];
	struct convert_options options;
};

static void given_read(const char *text, struct given *g)
{
	*g = (struct given){.select = "unit = a.service", .options.n_selects = 1};
	snprintf(g->line, sizeof(g->line), "%.*s", (int)strcspn(text, "\n"), text);
	for (char *word = g->line[0] == '#' ? strtok(g->line + 1, " ") : NULL; word;
	     word = strtok(NULL, " ")) {
		if (strcmp(word, "posture=block") == 0)
			g->options.posture = CONVERT_POSTURE_BLOCK;
		else if (strcmp(word, "select=none") == 0)
			g->options.n_selects = 0;
		else if (strncmp(word, "select=", 7) == 0)
			snprintf(g->select, sizeof(g->select), "%s", word + 7);
		else if (strncmp(word, "host=", 5) == 0)
			g->options.host = word + 5;
	}
	g->selects[0] = g->select;
	g->options.selects = g->selects;
}

static char *diag_text(const struct diag *diag)
{
	char *text = NULL;
	size_t n = 0;
	FILE *stream = open_memstream(&text, &n);

	assert_non_null(stream);
	for (size_t i = 0; i < diag->n_items; i++) {
		_cleanup_(freep) char *line = NULL;

		assert_int_equal(diag_item_format(&diag->items[i], &line), 0);
		fprintf(stream, "%s\n", line);
	}
	fclose(stream);
	return text;
}

/* Compiles what was written; a warning would be a failure. */
static struct image *compile(const char *yaml, const char *text)
{
	struct policy *policy = NULL;
	const struct policy *policies;
	struct image *image = NULL;
	struct diag diag = {};

	if (policy_parse_text("a.ini", text, strlen(text), &diag, &policy) != 0 || diag.n_items)
		fail_msg("%s: %s", yaml, diag.n_items ? diag.items[0].message : "?");
	policies = policy;
	assert_int_equal(image_compile(&policies, 1, 1, &diag, &image), 0);
	assert_int_equal(image_verify(image->cells, image->n_cells), 0);
	policy_free(policy);
	return image;
}

/* The start of one who runs an executable. */
static __u32 start_of(const struct image *image, const char *source)
{
	__u32 subjects = image_decide(image->cells, BAILIFF_WORD_SUBJECTS, source, strlen(source));

	return image_start(image->cells, subjects);
}

struct question {
	char verdict[16], verb[16], source[256], object[256];
};

static void is_answered(const char *yaml, const struct image *image, const struct question *q,
			unsigned word, const char *name)
{
	static const char *const verdicts[] = {"allow", "audit", "deny"};
	__u32 start = start_of(image, strcmp(q->source, "-") == 0 ? "/opt/other" : q->source);
	__u32 said =
		BAILIFF_VERDICT(image_decide_from(image->cells, start, word, name, strlen(name)));
	unsigned expected = BAILIFF_ALLOW;

	_Static_assert(BAILIFF_ALLOW == 0 && BAILIFF_AUDIT == 1, "as in the array");
	while (expected < 2 && strcmp(verdicts[expected], q->verdict) != 0)
		expected++;
	assert_string_equal(verdicts[expected], q->verdict);
	if (expected == 2)
		expected = BAILIFF_DENY;
	if (said != expected)
		fail_msg("%s: %s %s %s is %u, and not %s", yaml, q->verb, q->source, q->object,
			 said, q->verdict);
}

/* All that can be done with a protocol: making a socket, and each verb with an address. */
static void ask_network(const char *yaml, const struct image *image, const struct question *q)
{
	static const char *const addressed[] = {"tcp", "udp", "icmp", "sctp", "raw"};
	static const char *const protocols[] = {"tcp",	"udp",	   "icmp",   "sctp", "raw",
						"unix", "netlink", "packet", "vsock"};
	char codes[] = "tuisrxnpv", name[64];
	size_t i = 0;

	while (i < ELEMENTS(protocols) && strcmp(protocols[i], q->object) != 0)
		i++;
	assert_in_range(i, 0, ELEMENTS(protocols) - 1);
	snprintf(name, sizeof(name), "%c%c%c", BAILIFF_ACT_NETWORK, BAILIFF_NETWORK_CREATE,
		 codes[i]);
	is_answered(yaml, image, q, BAILIFF_VERB_ACT, name);
	for (const char *verb = "cla"; *verb && i < ELEMENTS(addressed); verb++) {
		snprintf(name, sizeof(name), "%c%c%c40a000001/0050", BAILIFF_ACT_NETWORK, *verb,
			 codes[i]);
		is_answered(yaml, image, q, BAILIFF_VERB_ACT, name);
	}
}

/* A name of a list of acts, under the byte that they have. */
static void ask_act(const char *yaml, const struct image *image, const struct question *q,
		    char byte, const char *(*name_of)(unsigned))
{
	char name[3] = {byte, BAILIFF_ACT_BASE, '\0'};

	while (strcmp(name_of((unsigned)(name[1] - BAILIFF_ACT_BASE)), q->object) != 0) {
		assert_string_not_equal(name_of((unsigned)(name[1] - BAILIFF_ACT_BASE)), "unknown");
		name[1]++;
	}
	is_answered(yaml, image, q, BAILIFF_VERB_ACT, name);
}

static void ask(const char *yaml, const struct image *image, const struct question *q)
{
	if (strcmp(q->verb, "exec") == 0)
		is_answered(yaml, image, q, BAILIFF_VERB_EXEC, q->object);
	else if (strcmp(q->verb, "read") == 0)
		is_answered(yaml, image, q, BAILIFF_VERB_READ, q->object);
	else if (strcmp(q->verb, "write") == 0)
		is_answered(yaml, image, q, BAILIFF_VERB_WRITE, q->object);
	else if (strcmp(q->verb, "network") == 0)
		ask_network(yaml, image, q);
	else if (strcmp(q->verb, "capability") == 0)
		ask_act(yaml, image, q, BAILIFF_ACT_CAPABILITY, act_capability_name);
	else if (strcmp(q->verb, "process") == 0)
		ask_act(yaml, image, q, BAILIFF_ACT_PROCESS, act_process_name);
	else
		fail_msg("%s: no verb \"%s\"", yaml, q->verb);
}

/* Returns how many questions there were. */
static size_t ask_all(const char *yaml, const char *text)
{
	_cleanup_(freep) char *file = beside(yaml, "ask");
	struct image *image = compile(yaml, text);
	size_t n, n_asked = 0;
	char *questions = slurp(file, &n), *rest = questions, *line;

	while ((line = strsep(&rest, "\n"))) {
		struct question q;

		if (!line[0] || line[0] == '#')
			continue;
		if (sscanf(line, "%15s %15s %255s %255[^\n]", q.verdict, q.verb, q.source,
			   q.object) != 4)
			fail_msg("%s: %s", file, line);
		ask(yaml, image, &q);
		n_asked++;
	}
	free(questions);
	image_free(image);
	return n_asked;
}

static void converts(const char *yaml)
{
	_cleanup_(convert_result_clear) struct convert_result result = {};
	_cleanup_(freep) char *ini = beside(yaml, "ini");
	_cleanup_(diag_clear) struct diag diag = {};
	struct given g;
	size_t n, n_expected;
	_cleanup_(freep) char *text = slurp(yaml, &n), *expected = slurp(ini, &n_expected);

	given_read(text, &g);
	if (convert_kubearmor(strrchr(yaml, '/') + 1, text, n, &g.options, &diag, &result) != 0)
		fail_msg("%s: %s", yaml, diag_text(&diag));
	assert_int_equal(result.n_policies, 1);
	assert_int_equal(result.n_objects, 1);
	assert_in_range(ask_all(yaml, result.policies[0].text), 3, 1000);
	if (strcmp(result.policies[0].text, expected) != 0)
		fail_msg("%s: wrote\n%s\nand not\n%s", yaml, result.policies[0].text, expected);
}

static void each_answers_as_kubearmor(void **state)
{
	glob_t files;

	(void)state;
	assert_int_equal(glob(CORPUS "*.yaml", 0, NULL, &files), 0);
	assert_in_range(files.gl_pathc, 25, 1000);
	for (size_t i = 0; i < files.gl_pathc; i++)
		converts(files.gl_pathv[i]);
	globfree(&files);
}

static void each_mistake_is_said(void **state)
{
	glob_t files;

	(void)state;
	assert_int_equal(glob(CORPUS "bad/*.yaml", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		_cleanup_(convert_result_clear) struct convert_result result = {};
		const char *yaml = files.gl_pathv[i];
		_cleanup_(freep) char *said = beside(yaml, "expected"), *got = NULL;
		_cleanup_(diag_clear) struct diag diag = {};
		size_t n, n_expected;
		_cleanup_(freep) char *text = slurp(yaml, &n), *expected = slurp(said, &n_expected);
		struct given g;

		given_read(text, &g);
		assert_int_equal(convert_kubearmor(strrchr(yaml, '/') + 1, text, n, &g.options,
						   &diag, &result),
				 1);
		got = diag_text(&diag);
		assert_string_equal(got, expected);
		assert_int_equal(result.n_policies, 0);
	}
	globfree(&files);
}

#define HEAD                                                                                       \
	"apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\nmetadata: {name: %s}\n"     \
	"spec:\n  process: {matchPaths: [{path: %s}]}\n"

static int convert_text(const char *text, size_t n, struct diag *diag,
			struct convert_result *result)
{
	static const char *const selects[] = {"unit = a.service"};
	struct convert_options options = {.selects = selects, .n_selects = 1};

	return convert_kubearmor("a.yaml", text, n, &options, diag, result);
}

/* What is right in a file of several is converted beside what is not. */
static void documents_stand_alone(void **state)
{
	_cleanup_(convert_result_clear) struct convert_result result = {};
	_cleanup_(diag_clear) struct diag diag = {};
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), HEAD "---\n" HEAD "---\n---\n" HEAD "---\n" HEAD, "a",
		 "/bin/a", "b", "bin/b", "c", "/bin/c", "a", "/bin/d");
	assert_int_equal(convert_text(text, strlen(text), &diag, &result), 1);
	assert_int_equal(result.n_objects, 4);
	assert_int_equal(result.n_policies, 2);
	assert_string_equal(result.policies[0].name, "a");
	assert_string_equal(result.policies[1].name, "c");
	assert_int_equal(diag.n_errors, 2);
	assert_int_equal(diag.items[0].line, 11);
	assert_string_equal(diag.items[1].message, "another object before is \"a\", too");
}

static void fails_in_one_line(const char *text, size_t n, const char *message)
{
	_cleanup_(convert_result_clear) struct convert_result result = {};
	_cleanup_(diag_clear) struct diag diag = {};

	assert_int_equal(convert_text(text, n, &diag, &result), 1);
	assert_int_equal(diag.n_items, 1);
	if (!strstr(diag.items[0].message, message))
		fail_msg("said \"%s\", and not \"%s\"", diag.items[0].message, message);
	assert_int_equal(result.n_policies, 0);
}

/* What grows beyond what it is, or deeper than anybody writes. */
static void limits_hold(void **state)
{
	size_t n = CONVERT_TEXT_MAX + 1;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	memset(text, '#', n);
	fails_in_one_line(text, n, "longer than");
	memset(text, '[', n);
	fails_in_one_line(text, 100, "nested more than 32 deep");
	for (size_t i = 0; i < n; i++)
		text[i] = i % 2 ? ',' : '[';
	memset(text, '[', 1);
	for (size_t i = 1; i < n; i++)
		text[i] = i % 2 ? 'a' : ',';
	fails_in_one_line(text, 1000000, "more than 200000 values");
	free(text);
	fails_in_one_line("a: &a [1, 2]\nb: [*a, *a]\n", 25, "an alias");
	fails_in_one_line("a\0b", 3, "this is no YAML");
	fails_in_one_line("a: \"\\0\"\n", 8, "a byte 0 is no text");
	fails_in_one_line("kind: \xff\n", 8, "this is no YAML");
	fails_in_one_line("", 0, "there is no object");
}

/* Every text that is cut somewhere, or has a byte changed, ends without a crash. */
static void damaged_texts(void **state)
{
	static const char bytes[] = "\0\n \t:-[]{}*&!\"'\\#\xff";
	size_t n;
	char *text = slurp(CORPUS "shop.yaml", &n);

	(void)state;
	for (size_t i = 0; i < n; i += 3) {
		_cleanup_(convert_result_clear) struct convert_result cut = {}, changed = {};
		_cleanup_(diag_clear) struct diag diag = {};
		char byte = text[i];

		assert_in_range(convert_text(text, i, &diag, &cut), 0, 1);
		text[i] = bytes[i % (sizeof(bytes) - 1)];
		assert_in_range(convert_text(text, n, &diag, &changed), 0, 1);
		text[i] = byte;
	}
	free(text);
}

static void selects_are_checked(void **state)
{
	static const struct {
		const char *line;
		int r;
	} lines[] = {
		{"unit = nginx.service", 0},
		{"cgroup=/x.slice/**", 0},
		{"host = yes", 0},
		{"unit = nginx", 1},
		{"nonsense = x", 1},
		{"unit", 1},
		{"[exec]", 1},
		{"unit = a.service\n[exec]", 1},
		{"", 1},
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(lines); i++) {
		_cleanup_(diag_clear) struct diag diag = {};

		if (convert_check_select(lines[i].line, &diag) != lines[i].r)
			fail_msg("%s", lines[i].line);
		assert_int_equal(diag.n_errors > 0, lines[i].r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_answers_as_kubearmor),
		cmocka_unit_test(each_mistake_is_said),
		cmocka_unit_test(documents_stand_alone),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(damaged_texts),
		cmocka_unit_test(selects_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
