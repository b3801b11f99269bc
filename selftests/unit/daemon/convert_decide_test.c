/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Random objects: what the written policy answers is what KubeArmor's precedence says of the
 * object, worked out here path by path, from the rules as they stand in the YAML.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/convert.h"
#include "daemon/util.h"
#include "policy/image.h"
#include "policy/policy.h"

enum action {
	ALLOW,
	AUDIT,
	BLOCK,
};

/* What a rule names: one path, what is in a folder, or all beneath it. */
enum kind {
	PATH,
	CHILDREN,
	TREE,
};

struct rule {
	enum action action;
	enum kind kind;
	const char *path;   /* without a '/' at its end */
	const char *source; /* NULL: all */
	unsigned verb;
	bool weak; /* the write half of Allow with readOnly */
};

#define RULES_MAX 64

struct object {
	char text[8192];
	struct rule rules[RULES_MAX];
	size_t n;
	bool whitelist[2]; /* process, file */
	bool block;	   /* the default posture */
};

static unsigned long long seed = 1;

static unsigned below(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % n;
}

/* --- KubeArmor --- */

static bool matches(const struct rule *rule, const char *path)
{
	size_t n = strlen(rule->path);

	if (rule->kind == PATH)
		return strcmp(rule->path, path) == 0;
	if (strncmp(rule->path, path, n) != 0 || path[n] != '/')
		return false;
	return rule->kind == TREE || !strchr(path + n + 1, '/');
}

/* Whether all that @a names is named by @b. */
static bool inside(const struct rule *a, const struct rule *b)
{
	size_t n = strlen(b->path);
	bool same = strcmp(a->path, b->path) == 0;

	if (a->kind == PATH)
		return matches(b, a->path);
	if (b->kind == PATH)
		return false;
	if (b->kind == CHILDREN)
		return same && a->kind == CHILDREN;
	return same || (strncmp(a->path, b->path, n) == 0 && a->path[n] == '/');
}

static bool is_for(const struct rule *rule, const char *source)
{
	return !rule->source || (source && strcmp(rule->source, source) == 0);
}

/* Whether an Allow of a source is worth nothing, because a Block is around it. */
static bool is_void(const struct object *o, const struct rule *allow)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct rule *b = &o->rules[i];

		if (b->action != BLOCK || b->weak || b->verb != allow->verb ||
		    !is_for(b, allow->source) || !inside(allow, b))
			continue;
		if (b->source || !allow->source || !inside(b, allow))
			return true;
	}
	return false;
}

/* Whether something about what a Block names is blocked that an Allow around it does not reach. */
static bool is_held(const struct object *o, const struct rule *allow, const struct rule *block)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct rule *b = &o->rules[i];

		if (b->action == BLOCK && b != block && b->verb == allow->verb &&
		    is_for(b, allow->source) && inside(block, b) &&
		    (b->source || !inside(b, allow)))
			return true;
	}
	return false;
}

/* Whether an Allow that matches takes a path out of a Block. */
static bool exempts(const struct object *o, const struct rule *allow, const struct rule *block)
{
	bool same = !allow->source == !block->source;

	if (is_void(o, allow))
		return false;
	if (same)
		return block->weak && inside(allow, block) && !inside(block, allow);
	if (!allow->source)
		return false; /* a rule for all is none for a source's */
	if (inside(block, allow))
		return inside(allow, block) || !is_held(o, allow, block);
	return block->weak && inside(allow, block);
}

static bool is_blocked(const struct object *o, const char *source, unsigned verb, const char *path)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct rule *b = &o->rules[i];
		bool exempt = false;

		if (b->action != BLOCK || b->verb != verb || !is_for(b, source) ||
		    !matches(b, path))
			continue;
		for (size_t k = 0; k < o->n && !exempt; k++) {
			const struct rule *a = &o->rules[k];

			exempt = a->action == ALLOW && a->verb == verb && is_for(a, source) &&
				 matches(a, path) && exempts(o, a, b);
		}
		if (!exempt)
			return true;
	}
	return false;
}

static bool any(const struct object *o, enum action action, const char *source, unsigned verb,
		const char *path)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->rules[i].action == action && o->rules[i].verb == verb &&
		    is_for(&o->rules[i], source) && matches(&o->rules[i], path))
			return true;
	return false;
}

static unsigned answer(const struct object *o, const char *source, unsigned verb, const char *path)
{
	bool file = verb != BAILIFF_VERB_EXEC;

	if (is_blocked(o, source, verb, path))
		return BAILIFF_DENY;
	if (o->whitelist[file] && !any(o, ALLOW, source, verb, path))
		return o->block ? BAILIFF_DENY : BAILIFF_AUDIT;
	return any(o, AUDIT, source, verb, path) ? BAILIFF_AUDIT : BAILIFF_ALLOW;
}

/* --- random objects --- */

static const char *const sources[] = {"/s/one", "/s/two"};

static void add(struct object *o, const struct rule *rule, bool file, bool read_only)
{
	struct rule read = *rule, write = *rule;

	read.verb = file ? BAILIFF_VERB_READ : BAILIFF_VERB_EXEC;
	write.verb = BAILIFF_VERB_WRITE;
	if (read_only && rule->action == ALLOW)
		write.weak = true;
	if (read_only && rule->action != AUDIT) {
		read.action = ALLOW;
		write.action = BLOCK;
	}
	assert_in_range(o->n + 2, 0, RULES_MAX);
	if (!read_only || rule->action != AUDIT)
		o->rules[o->n++] = read;
	if (file)
		o->rules[o->n++] = write;
}

static void print(struct object *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void print(struct object *o, const char *format, ...)
{
	size_t n = strlen(o->text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(o->text + n, sizeof(o->text) - n, format, arguments);
	va_end(arguments);
}

static void random_rule(struct object *o, bool file, bool directory)
{
	static const char *const words[] = {"Allow", "Audit", "Block"};
	static const char *const paths[] = {"/a", "/a/x", "/a/b", "/a/b/x", "/b", "/b/x"};
	static const char *const folders[] = {"", "/a", "/a/b", "/b"};
	struct rule rule = {.action = (enum action)below(3), .kind = PATH};
	bool read_only = file && below(4) == 0;

	rule.source = below(3) ? NULL : sources[below(2)];
	rule.path = directory ? folders[below(4)] : paths[below(6)];
	if (directory)
		rule.kind = below(2) ? TREE : CHILDREN;
	print(o, "    - %s: %s%s\n      action: %s\n", directory ? "dir" : "path", rule.path,
	      directory ? "/" : "", words[rule.action]);
	if (directory)
		print(o, "      recursive: %s\n", rule.kind == TREE ? "true" : "false");
	if (file)
		print(o, "      readOnly: %s\n", read_only ? "true" : "false");
	if (rule.source)
		print(o, "      fromSource: [{path: %s}]\n", rule.source);
	o->whitelist[file] |= rule.action == ALLOW;
	add(o, &rule, file, read_only);
	if (directory && file && rule.path[0]) {
		rule.kind = PATH; /* the folder itself */
		add(o, &rule, file, read_only);
	}
}

static void random_object(struct object *o)
{
	*o = (struct object){.block = below(2)};
	print(o, "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\n"
		 "metadata: {name: random}\nspec:\n");
	for (unsigned file = 0; file < 2; file++) {
		print(o, "  %s:\n    matchPaths:\n", file ? "file" : "process");
		for (unsigned n = 1 + below(4); n; n--)
			random_rule(o, file, false);
		print(o, "    matchDirectories:\n");
		for (unsigned n = 1 + below(4); n; n--)
			random_rule(o, file, true);
	}
}

/* --- the comparison --- */

static struct image *compile(const char *text)
{
	struct policy *policy = NULL;
	const struct policy *policies;
	struct image *image = NULL;
	struct diag diag = {};

	assert_int_equal(policy_parse_text("a.ini", text, strlen(text), &diag, &policy), 0);
	assert_int_equal(diag.n_items, 0);
	policies = policy;
	assert_int_equal(image_compile(&policies, 1, 1, &diag, &image), 0);
	policy_free(policy);
	return image;
}

static void compare(const struct object *o, const struct image *image, const char *text)
{
	static const unsigned verbs[] = {BAILIFF_VERB_EXEC, BAILIFF_VERB_READ, BAILIFF_VERB_WRITE};
	static const char *const paths[] = {"/a",     "/a/x",	"/a/y",	    "/a/b", "/a/b/x",
					    "/a/b/y", "/a/b/c", "/a/b/c/x", "/b",   "/b/x",
					    "/b/c",   "/b/c/x", "/c",	    "/c/x"};

	for (size_t s = 0; s < 3; s++) {
		const char *source = s < 2 ? sources[s] : NULL, *exe = source ? source : "/s/three";
		__u32 start =
			image_start(image->cells, image_decide(image->cells, BAILIFF_WORD_SUBJECTS,
							       exe, strlen(exe)));

		for (size_t v = 0; v < ELEMENTS(verbs); v++)
			for (size_t p = 0; p < ELEMENTS(paths); p++) {
				unsigned said = BAILIFF_VERDICT(image_decide_from(
					image->cells, start, verbs[v], paths[p], strlen(paths[p])));
				unsigned expected = answer(o, source, verbs[v], paths[p]);

				if (said == expected)
					continue;
				fprintf(stderr, "of\n%s\nwritten as\n%s\n", o->text, text);
				fail_msg("%s, verb %u by %s: %u and not %u, posture %s", paths[p],
					 verbs[v], exe, said, expected,
					 o->block ? "block" : "audit");
			}
	}
}

static void random_objects(void **state)
{
	static const char *const selects[] = {"unit = a.service"};
	unsigned n = getenv("BAILIFF_TEST_SHORT") ? 300 : 3000, n_refused = 0;

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		_cleanup_(convert_result_clear) struct convert_result result = {};
		struct convert_options options = {.selects = selects, .n_selects = 1};
		_cleanup_(diag_clear) struct diag diag = {};
		struct image *image;
		struct object o;
		int r;

		random_object(&o);
		options.posture = o.block ? CONVERT_POSTURE_BLOCK : CONVERT_POSTURE_AUDIT;
		r = convert_kubearmor("random.yaml", o.text, strlen(o.text), &options, &diag,
				      &result);
		assert_in_range(r, 0, 1);
		if (r) {
			/* an Audit of which a part is allowed */
			if (!strstr(diag.items[0].message, "only a part of this Audit"))
				fail_msg("%s\n%s", o.text, diag.items[0].message);
			n_refused++;
			continue;
		}
		image = compile(result.policies[0].text);
		compare(&o, image, result.policies[0].text);
		image_free(image);
	}
	assert_in_range(n_refused, 0, n / 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_objects)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
