// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/diag.h"
#include "policy/glob.h"
#include "policy/image.h"
#include "policy/policy.h"
#include "selftests/unit/policy/oracle.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define POLICIES_MAX 3

#define EXEC BAILIFF_VERB_EXEC
#define READ BAILIFF_VERB_READ
#define WRITE BAILIFF_VERB_WRITE
#define INVOKED BAILIFF_VERB_INVOKED
#define MAP BAILIFF_VERB_MAP
#define OTHER BAILIFF_VERB_OTHER
#define BELOW BAILIFF_VERB_BELOW

/*
 * What a path may say, its parent may say of what is beneath; and what a pattern restricts, it
 * restricts by other names.
 */
#define USED(verbs) ((verbs) | (verbs) << BELOW)
#define OTHERS(verbs) ((verbs) << OTHER)

static struct policy *parse(const char *name, const char *text)
{
	struct policy *policy = NULL;
	struct diag diag = {0};
	char file[64], whole[4096];

	snprintf(file, sizeof(file), "%s.ini", name);
	snprintf(whole, sizeof(whole), "%s\n[select]\nunit = x.service\n", text);
	if (policy_parse_text(file, whole, strlen(whole), &diag, &policy) != 0)
		fail_msg("%s: %s", text, diag.n_items ? diag.items[0].message : "?");
	diag_clear(&diag);
	return policy;
}

/* An image of up to three policies, named a, b and c. */
static struct image *compile(const char *a, const char *b, const char *c)
{
	struct policy *policies[POLICIES_MAX];
	struct diag diag = {0};
	struct image *image = NULL;
	size_t n = 0;

	policies[n++] = parse("a", a);
	if (b)
		policies[n++] = parse("b", b);
	if (c)
		policies[n++] = parse("c", c);
	assert_int_equal(image_compile((const struct policy *const *)policies, n, 1, &diag, &image),
			 0);
	assert_int_equal(image_verify(image->cells, image->n_cells), 0);
	while (n)
		policy_free(policies[--n]);
	return image;
}

static uint32_t decide(const struct image *image, unsigned verb, const char *path)
{
	return image_decide(image->cells, verb, path, strlen(path));
}

/* The verdict, and the line of the rule that made it; 0 is none. */
static void is(const struct image *image, unsigned verb, const char *path, unsigned verdict,
	       unsigned line)
{
	const struct bailiff_image *header = image_header(image->cells);
	const struct bailiff_rule *rules =
		(const struct bailiff_rule *)(image->cells + header->rules);
	uint32_t word = decide(image, verb, path);

	if (BAILIFF_VERDICT(word) != verdict || rules[BAILIFF_RULE(word)].line != line)
		fail_msg("verb %u on %s: verdict %u by line %u, not %u by %u", verb, path,
			 BAILIFF_VERDICT(word), rules[BAILIFF_RULE(word)].line, verdict, line);
}

static void a_rule_inside_another_is_an_exception(void **state)
{
	struct image *image = compile("[file]\n"
				      "allow = write /etc/nginx/cache/**\n"
				      "deny = write /etc/**\n"
				      "allow = write /var/**\n"
				      "deny = write /var/log/**\n"
				      "audit = write /var/log/x/y\n",
				      NULL, NULL);

	(void)state;
	is(image, WRITE, "/etc/passwd", BAILIFF_DENY, 3);
	is(image, WRITE, "/etc/nginx/cache/a", BAILIFF_ALLOW, 2);
	is(image, WRITE, "/etc/nginx/cache", BAILIFF_DENY, 3);
	is(image, WRITE, "/var/x", BAILIFF_ALLOW, 4);
	is(image, WRITE, "/var/log/x", BAILIFF_DENY, 5);
	is(image, WRITE, "/var/log/x/y", BAILIFF_AUDIT, 6);
	is(image, READ, "/etc/passwd", BAILIFF_ALLOW, 0);
	is(image, WRITE, "/srv", BAILIFF_ALLOW, 0);
	image_free(image);
}

static void rules_that_cross_are_decided_by_strictness(void **state)
{
	struct image *image = compile("[file]\n"
				      "allow = read write /home/**\n"
				      "deny = read /**/id_rsa\n"
				      "audit = read /home/**/id_rsa*\n",
				      NULL, NULL);

	(void)state;
	is(image, READ, "/home/a/id_rsa", BAILIFF_DENY, 3);
	is(image, READ, "/home/a/id_rsa.pub", BAILIFF_AUDIT, 4);
	is(image, READ, "/root/id_rsa", BAILIFF_DENY, 3);
	is(image, READ, "/home/a/x", BAILIFF_ALLOW, 2);
	/* Another verb's rule is no exception. */
	is(image, WRITE, "/home/a/id_rsa", BAILIFF_ALLOW, 2);
	image_free(image);
}

/* Written otherwise, the same; neither is inside the other in the strict sense. */
static void equal_rules_are_no_exceptions(void **state)
{
	struct image *image = compile("[file]\n"
				      "allow = read /a/{b,c}\n"
				      "deny = read /a/[bc]\n"
				      "allow = write /d/\n"
				      "audit = write /d/**\n"
				      "allow = write /**\n",
				      NULL, NULL);

	(void)state;
	is(image, READ, "/a/b", BAILIFF_DENY, 3);
	is(image, WRITE, "/d/x", BAILIFF_AUDIT, 5);
	is(image, WRITE, "/x", BAILIFF_ALLOW, 6);
	image_free(image);
}

/* c is inside b and b inside a: b overrides a although c overrides b. */
static void exceptions_of_exceptions(void **state)
{
	struct image *image = compile("[exec]\n"
				      "deny = /usr/**\n"
				      "allow = /usr/lib/**\n"
				      "deny = /usr/lib/evil/**\n"
				      "allow = /usr/lib/evil/good\n",
				      NULL, NULL);

	(void)state;
	is(image, EXEC, "/usr/x", BAILIFF_DENY, 2);
	is(image, EXEC, "/usr/lib/x", BAILIFF_ALLOW, 3);
	is(image, EXEC, "/usr/lib/evil/x", BAILIFF_DENY, 4);
	is(image, EXEC, "/lib/evil/x", BAILIFF_DENY, 4);
	is(image, EXEC, "/usr/lib/evil/good", BAILIFF_ALLOW, 5);
	image_free(image);
}

/* Containment counts on what aliases make of the patterns. */
static void exceptions_hold_under_aliases(void **state)
{
	struct image *image = compile("[exec]\n"
				      "deny = /usr/bin/**\n"
				      "allow = /bin/true\n"
				      "deny = /sbin/*\n"
				      "allow = /usr/sbin/[n]ginx\n",
				      NULL, NULL);

	(void)state;
	is(image, EXEC, "/usr/bin/true", BAILIFF_ALLOW, 3);
	is(image, EXEC, "/bin/true", BAILIFF_ALLOW, 3);
	is(image, EXEC, "/bin/false", BAILIFF_DENY, 2);
	is(image, EXEC, "/sbin/nginx", BAILIFF_ALLOW, 5);
	is(image, EXEC, "/usr/sbin/init", BAILIFF_DENY, 4);
	image_free(image);
}

static void defaults_answer_what_no_rule_names(void **state)
{
	struct image *image = compile("[exec]\n"
				      "default = deny\n"
				      "allow = /usr/bin/x\n"
				      "[file]\n"
				      "default = audit\n"
				      "deny = read /s\n",
				      NULL, NULL);

	(void)state;
	is(image, EXEC, "/usr/bin/x", BAILIFF_ALLOW, 3);
	is(image, EXEC, "/usr/bin/y", BAILIFF_DENY, 2);
	is(image, READ, "/s", BAILIFF_DENY, 6);
	is(image, WRITE, "/s", BAILIFF_AUDIT, 5);
	is(image, EXEC, "/s", BAILIFF_DENY, 2);
	assert_int_equal(image_header(image->cells)->used,
			 USED(1u << EXEC | 1u << READ | 1u << WRITE) | OTHERS(1u << READ));
	image_free(image);
}

static void names_as_invoked_obey_patterns_only(void **state)
{
	struct image *image = compile("[exec]\n"
				      "default = deny\n"
				      "allow = /bin/busybox /bin/ls\n"
				      "deny = /bin/l?\n"
				      "audit = /bin/date\n",
				      "[policy]\nmode = audit\n[exec]\ndeny = /bin/date\n", NULL);

	(void)state;
	is(image, INVOKED, "/bin/x", BAILIFF_ALLOW, 0);
	is(image, INVOKED, "/bin/busybox", BAILIFF_ALLOW, 0);
	is(image, INVOKED, "/bin/ln", BAILIFF_DENY, 4);
	is(image, INVOKED, "/bin/ls", BAILIFF_ALLOW, 0);
	is(image, INVOKED, "/usr/bin/date", BAILIFF_WOULD_DENY, 4);
	assert_int_equal(image_header(image->cells)->used,
			 USED(1u << EXEC) | OTHERS(1u << EXEC) | 1u << INVOKED | 1u << MAP |
				 1u << (BELOW + BAILIFF_BELOW_MAP));
	image_free(image);
}

static void what_other_names_add(void **state)
{
	struct image *image = compile("[exec]\ndefault = deny\ndeny = /a/b\nallow = /u/**\n"
				      "[file]\ndeny = read /d/**\ndeny = read /d/e/**\n"
				      "allow = read /d/e/f/** /x/**\naudit = write /d/**\n",
				      NULL, NULL);

	(void)state;
	is(image, OTHER + EXEC, "/a/b", BAILIFF_DENY, 3);
	is(image, EXEC, "/n", BAILIFF_DENY, 2);
	is(image, OTHER + EXEC, "/n", BAILIFF_ALLOW, 0);
	is(image, OTHER + EXEC, "/u/x", BAILIFF_ALLOW, 0);
	is(image, OTHER + READ, "/d/x", BAILIFF_DENY, 6);
	is(image, OTHER + READ, "/d/e/x", BAILIFF_DENY, 7);
	is(image, OTHER + READ, "/x/x", BAILIFF_ALLOW, 0);
	is(image, OTHER + WRITE, "/d/x", BAILIFF_AUDIT, 9);
	/* an allow with what it is an exception to */
	is(image, READ, "/d/e/f/x", BAILIFF_ALLOW, 8);
	is(image, OTHER + READ, "/d/e/f/x", BAILIFF_ALLOW, 7);
	image_free(image);
}

static void the_strictest_policy_stands(void **state)
{
	struct image *image = compile("[file]\nallow = read /a /b /c\naudit = read /d\n",
				      "[policy]\nmode = audit\n"
				      "[file]\ndeny = read /a /b /d\naudit = read /c /e\n",
				      "[file]\n\n\n\n\n\n\ndeny = read /b /e\n");

	(void)state;
	is(image, READ, "/a", BAILIFF_WOULD_DENY, 4);
	is(image, READ, "/b", BAILIFF_DENY, 8);
	is(image, READ, "/c", BAILIFF_AUDIT, 5);
	is(image, READ, "/d", BAILIFF_WOULD_DENY, 4);
	is(image, READ, "/e", BAILIFF_DENY, 8);
	is(image, READ, "/f", BAILIFF_ALLOW, 0);
	assert_int_equal(image_header(image->cells)->n_policies, 3);
	image_free(image);
}

/* A rule of one policy is no exception to another policy's. */
static void policies_make_no_exceptions_to_each_other(void **state)
{
	struct image *image =
		compile("[file]\ndeny = write /etc/**\n", "[file]\nallow = write /etc/x\n", NULL);

	(void)state;
	is(image, WRITE, "/etc/x", BAILIFF_DENY, 2);
	image_free(image);
}

static void the_header_tells_what_is_used_and_strictest(void **state)
{
	struct image *image =
		compile("[file]\naudit = read /a\ndeny = read /b\nallow = write /c\n", NULL, NULL);
	const struct bailiff_image *header = image_header(image->cells);

	(void)state;
	assert_int_equal(header->used, USED(1u << READ) | OTHERS(1u << READ));
	assert_int_equal(header->strictest[READ], decide(image, READ, "/b"));
	assert_int_equal(header->strictest[WRITE], 0);
	assert_int_equal(header->strictest[EXEC], 0);
	image_free(image);

	image = compile("[exec]\ndeny = /x\n", "[exec]\ndefault = deny\n", NULL);
	header = image_header(image->cells);
	assert_int_equal(BAILIFF_VERDICT(header->strictest[EXEC]), BAILIFF_DENY);
	assert_int_equal(header->strictest[INVOKED], decide(image, EXEC, "/x"));
	image_free(image);

	image = compile("[file]\nallow = read /a\n", NULL, NULL);
	assert_int_equal(image_header(image->cells)->used, 0);
	assert_int_equal(image_header(image->cells)->strictest[READ], 0);
	image_free(image);
}

static void rules_keep_their_keys(void **state)
{
	struct image *one = compile("[file]\ndeny = read /a\ndeny = read /b\n", NULL, NULL);
	struct image *two = compile("[file]\n\ndeny = write /a\ndeny = read /b\n", NULL, NULL);
	const struct bailiff_rule *a =
		(const struct bailiff_rule *)(one->cells + image_header(one->cells)->rules);
	const struct bailiff_rule *b =
		(const struct bailiff_rule *)(two->cells + image_header(two->cells)->rules);
	const struct bailiff_policy *policies =
		(const struct bailiff_policy *)(one->cells + image_header(one->cells)->policies);

	(void)state;
	assert_int_equal(image_header(one->cells)->n_rules, 3);
	assert_int_equal(a[0].key, 0);
	assert_int_equal(a[2].key, b[2].key);
	assert_int_not_equal(a[1].key, b[1].key);
	assert_int_equal(a[1].column, 13);
	assert_int_equal(a[1].policy, 0);
	assert_string_equal(policies[0].name, "a");
	assert_int_equal(policies[0].severity, 5);
	image_free(one);
	image_free(two);
}

static void long_paths_are_matched_whole(void **state)
{
	char path[4096], wild[] = "/**/xxx*";
	struct policy_rule rules[2] = {
		{.verdict = BAILIFF_DENY, .verbs = 1u << READ, .pattern = path, .line = 1},
		{.verdict = BAILIFF_AUDIT, .verbs = 1u << WRITE, .pattern = wild, .line = 2},
	};
	struct policy policy = {.name = "a", .file = "a.ini", .rules = rules, .n_rules = 2};
	const struct policy *policies = &policy;
	struct diag diag = {0};
	struct glob_error error;
	struct image *image;

	(void)state;
	for (size_t i = 0; i < sizeof(path) - 1; i++)
		path[i] = i % 16 ? 'x' : '/';
	path[sizeof(path) - 1] = '\0';
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(glob_parse(rules[i].pattern, 0, &rules[i].glob, &error), 0);
	assert_int_equal(image_compile(&policies, 1, 1, &diag, &image), 0);
	is(image, READ, path, BAILIFF_DENY, 1);
	is(image, WRITE, path, BAILIFF_AUDIT, 2);
	path[4094]++;
	is(image, READ, path, BAILIFF_ALLOW, 0);
	path[4094] = '\0';
	is(image, READ, path, BAILIFF_ALLOW, 0);
	image_free(image);
	glob_free(rules[0].glob);
	glob_free(rules[1].glob);
}

static void what_has_no_path_gets_the_strictest(void **state)
{
	struct image *image = compile("[exec]\ndeny = /bin/sh\n", NULL, NULL);

	(void)state;
	is(image, EXEC, "memfd:x", BAILIFF_DENY, 2);
	is(image, EXEC, "/memfd:x", BAILIFF_ALLOW, 0);
	image_free(image);

	/* one policy names it, the other does not: the strictest of the two stands */
	image = compile("[exec]\ndeny = /bin/sh\nallow = memfd:a*\n", "[exec]\naudit = /x\n", NULL);
	is(image, EXEC, "memfd:ab", BAILIFF_AUDIT, 2);
	is(image, EXEC, "memfd:b", BAILIFF_DENY, 2);
	image_free(image);
}

/* The strictest verdict and line below a path, and the laxest. */
static void below_is(const struct image *image, unsigned verb, const char *path, unsigned verdict,
		     unsigned line, unsigned least)
{
	uint32_t word = decide(image, BAILIFF_WORD_LEAST, path);

	is(image, BELOW + verb, path, verdict, line);
	if (BAILIFF_LEAST(word, verb) != least)
		fail_msg("below %s verb %u is %u at least, not %u", path, verb,
			 BAILIFF_LEAST(word, verb), least);
}

static void what_lies_beneath_is_known(void **state)
{
	struct image *image = compile("[file]\n"
				      "deny = read /etc/shadow /usr/bin/su\n"
				      "audit = read /etc/ssl/**\n"
				      "deny = write /srv/**\n"
				      "allow = write /srv/data/**\n",
				      NULL, NULL);

	(void)state;
	below_is(image, READ, "/etc", BAILIFF_DENY, 2, BAILIFF_ALLOW);
	below_is(image, READ, "/", BAILIFF_DENY, 2, BAILIFF_ALLOW);
	below_is(image, READ, "", BAILIFF_DENY, 2, BAILIFF_ALLOW);
	below_is(image, READ, "/usr", BAILIFF_DENY, 2, BAILIFF_ALLOW);
	below_is(image, READ, "/bin", BAILIFF_DENY, 2, BAILIFF_ALLOW);
	below_is(image, READ, "/et", BAILIFF_ALLOW, 0, BAILIFF_ALLOW);
	below_is(image, READ, "/etc/ssl", BAILIFF_AUDIT, 3, BAILIFF_AUDIT);
	below_is(image, READ, "/etc/shadow", BAILIFF_ALLOW, 0, BAILIFF_ALLOW);
	below_is(image, READ, "/opt", BAILIFF_ALLOW, 0, BAILIFF_ALLOW);
	below_is(image, WRITE, "/srv", BAILIFF_DENY, 4, BAILIFF_ALLOW);
	below_is(image, WRITE, "/srv/x", BAILIFF_DENY, 4, BAILIFF_DENY);
	below_is(image, WRITE, "/srv/data", BAILIFF_ALLOW, 5, BAILIFF_ALLOW);
	below_is(image, WRITE, "/etc", BAILIFF_ALLOW, 0, BAILIFF_ALLOW);
	assert_int_equal(image_match(image->cells, image_header(image->cells)->start, "/opt", 4),
			 0);
	image_free(image);

	image = compile("[file]\ndefault = audit\nallow = read write /tmp/**\n", NULL, NULL);
	below_is(image, READ, "/opt/x", BAILIFF_AUDIT, 2, BAILIFF_AUDIT);
	below_is(image, READ, "/tmp", BAILIFF_ALLOW, 3, BAILIFF_ALLOW);
	below_is(image, READ, "/", BAILIFF_AUDIT, 2, BAILIFF_ALLOW);
	image_free(image);
}

/* "/" has a state of its own: what is beneath it is not beneath another "/". */
static void beneath_the_root_is_everything(void **state)
{
	struct image *image = compile("[file]\ndeny = write /*y\n", NULL, NULL);

	(void)state;
	below_is(image, WRITE, "/", BAILIFF_DENY, 2, BAILIFF_ALLOW);
	below_is(image, WRITE, "/x", BAILIFF_ALLOW, 0, BAILIFF_ALLOW);
	image_free(image);
}

static void libraries_are_mapped_as_executed(void **state)
{
	static const char without[] = "[exec]\ndefault = deny\nallow = /lib/**\ndeny = /lib/x\n";
	static const char with[] =
		"[exec]\ndefault = deny\nallow = /lib/**\ndeny = /lib/x\nlibraries = yes\n";
	struct image *image = compile(without, NULL, NULL);

	(void)state;
	is(image, MAP, "/lib/y", BAILIFF_ALLOW, 0);
	is(image, MAP, "/lib/x", BAILIFF_DENY, 4);
	is(image, MAP, "/srv/y", BAILIFF_ALLOW, 0);
	image_free(image);
	image = compile(with, NULL, NULL);
	is(image, MAP, "/lib/y", BAILIFF_ALLOW, 3);
	is(image, MAP, "/lib/x", BAILIFF_DENY, 4);
	is(image, MAP, "/srv/y", BAILIFF_DENY, 2);
	is(image, INVOKED, "/srv/y", BAILIFF_ALLOW, 0);
	image_free(image);
}

static void no_policy_allows_all(void **state)
{
	struct diag diag = {0};
	struct image *image;

	(void)state;
	assert_int_equal(image_compile(NULL, 0, 1, &diag, &image), 0);
	assert_int_equal(image_verify(image->cells, image->n_cells), 0);
	assert_int_equal(decide(image, READ, "/x"), 0);
	image_free(image);
}

static void what_is_too_large_is_an_error_at_the_pattern(void **state)
{
	struct policy *policy =
		parse("a", "[file]\ndeny = read /etc/** /**a???????????????????b\n");
	const struct policy *policies = policy;
	struct diag diag = {0};
	struct image *image;

	(void)state;
	assert_int_equal(image_compile(&policies, 1, 1, &diag, &image), 1);
	assert_int_equal(diag.n_errors, 1);
	assert_string_equal(diag.items[0].file, "a.ini");
	assert_int_equal(diag.items[0].line, 2);
	assert_int_equal(diag.items[0].column, 21);
	assert_non_null(strstr(diag.items[0].message, "split the policy"));
	diag_clear(&diag);
	policy_free(policy);
}

/* All paths of '/' and up to five of four letters, one of which no pattern names. */
#define LETTERS 4
#define DEPTH 6
#define UNIVERSE_MAX 1400

static size_t universe_fill(char paths[][DEPTH + 1], const char **universe)
{
	size_t n = 1, done = 0;

	strcpy(paths[0], "/");
	while (done < n && strlen(paths[done]) < DEPTH) {
		for (unsigned i = 0; i < LETTERS; i++)
			snprintf(paths[n++], DEPTH + 1, "%.*s%c", DEPTH - 1, paths[done],
				 "/abc"[i]);
		done++;
	}
	for (size_t i = 0; i < n; i++)
		universe[i] = paths[i];
	return n;
}

#define RULES_MAX 8

static void random_policy(struct policy *policy, struct policy_rule *rules)
{
	static const enum bailiff_verdict verdicts[] = {BAILIFF_ALLOW, BAILIFF_AUDIT, BAILIFF_DENY};
	struct glob_error error;

	*policy = (struct policy){.name = "p", .file = "p.ini", .rules = rules};
	policy->audit = random_below(3) == 0;
	policy->libraries = random_below(3) == 0;
	policy->n_rules = random_below(RULES_MAX + 1);
	for (size_t i = 0; i < policy->n_rules; i++) {
		char text[256];

		random_pattern(text, "ab", random_below(4));
		rules[i] = (struct policy_rule){
			.verdict = verdicts[random_below(3)],
			.verbs = random_below(3) ? 1u << READ | 1u << WRITE : 1u << EXEC,
			.pattern = strdup(text),
			.line = (unsigned)i + 1,
		};
		assert_int_equal(glob_parse(text, 0, &rules[i].glob, &error), 0);
	}
	policy->defaults[EXEC].verdict = verdicts[random_below(3)];
	policy->defaults[READ].verdict = verdicts[random_below(3)];
	policy->defaults[WRITE].verdict = policy->defaults[READ].verdict;
}

/* What a single policy says of other names; of allows see what_other_names_add(). */
static uint32_t other(const struct image *image, size_t n, uint32_t word, unsigned verb,
		      const char *path)
{
	uint32_t said = decide(image, BAILIFF_VERB_OTHER + verb, path);
	const struct bailiff_rule *rules =
		(const struct bailiff_rule *)(image->cells + image_header(image->cells)->rules);

	if (n > 1 || BAILIFF_VERDICT(said | word) == BAILIFF_ALLOW)
		return said;
	return rules[BAILIFF_RULE(word)].line ? word : BAILIFF_ALLOW; /* a default has no line */
}

static void compare(const struct policy *const *policies, size_t n, const char *const *universe,
		    size_t n_universe)
{
	struct oracle *oracle = oracle_new(policies, n, universe, n_universe);
	struct diag diag = {0};
	struct image *image;

	assert_int_equal(image_compile(policies, n, 1, &diag, &image), 0);
	assert_int_equal(image_verify(image->cells, image->n_cells), 0);
	for (size_t i = 0; i < n_universe; i++) {
		uint32_t right[BAILIFF_LABEL_WORDS] = {0};

		oracle_below(image->cells, universe[i], strlen(universe[i]), right);
		for (unsigned verb = 0; verb < BAILIFF_VERB_ACT; verb++)
			right[verb] = oracle_decide(oracle, verb, i);
		for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++)
			right[BAILIFF_VERB_OTHER + verb] =
				other(image, n, right[verb], verb, universe[i]);
		for (unsigned verb = 0; verb < BAILIFF_LABEL_WORDS; verb++) {
			uint32_t word = decide(image, verb, universe[i]);

			if (word == right[verb])
				continue;
			for (size_t p = 0; p < n; p++)
				for (size_t r = 0; r < policies[p]->n_rules; r++)
					print_error("%zu: verdict %u verbs %u %s\n", p,
						    policies[p]->rules[r].verdict,
						    policies[p]->rules[r].verbs,
						    policies[p]->rules[r].pattern);
			fail_msg("word %u on %s: %x, not %x", verb, universe[i], word, right[verb]);
		}
	}
	image_free(image);
	oracle_delete(oracle);
}

static void random_policies_decide_as_the_oracle_says(void **state)
{
	static char paths[UNIVERSE_MAX][DEPTH + 1];
	static const char *universe[UNIVERSE_MAX];
	struct policy_rule rules[POLICIES_MAX][RULES_MAX];
	struct policy policies[POLICIES_MAX];
	const struct policy *pointers[POLICIES_MAX] = {&policies[0], &policies[1], &policies[2]};
	size_t n_universe = universe_fill(paths, universe);

	(void)state;
	random_seed(6);
	for (unsigned round = 0; round < 250; round++) {
		size_t n = 1 + random_below(POLICIES_MAX);

		for (size_t p = 0; p < n; p++)
			random_policy(&policies[p], rules[p]);
		compare(pointers, n, universe, n_universe);
		for (size_t p = 0; p < n; p++) {
			for (size_t r = 0; r < policies[p].n_rules; r++) {
				glob_free(rules[p][r].glob);
				free(rules[p][r].pattern);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_inside_another_is_an_exception),
		cmocka_unit_test(rules_that_cross_are_decided_by_strictness),
		cmocka_unit_test(equal_rules_are_no_exceptions),
		cmocka_unit_test(exceptions_of_exceptions),
		cmocka_unit_test(exceptions_hold_under_aliases),
		cmocka_unit_test(defaults_answer_what_no_rule_names),
		cmocka_unit_test(names_as_invoked_obey_patterns_only),
		cmocka_unit_test(what_other_names_add),
		cmocka_unit_test(the_strictest_policy_stands),
		cmocka_unit_test(policies_make_no_exceptions_to_each_other),
		cmocka_unit_test(the_header_tells_what_is_used_and_strictest),
		cmocka_unit_test(rules_keep_their_keys),
		cmocka_unit_test(long_paths_are_matched_whole),
		cmocka_unit_test(what_has_no_path_gets_the_strictest),
		cmocka_unit_test(what_lies_beneath_is_known),
		cmocka_unit_test(beneath_the_root_is_everything),
		cmocka_unit_test(libraries_are_mapped_as_executed),
		cmocka_unit_test(no_policy_allows_all),
		cmocka_unit_test(what_is_too_large_is_an_error_at_the_pattern),
		cmocka_unit_test(random_policies_decide_as_the_oracle_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
