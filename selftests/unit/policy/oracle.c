// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/policy/oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"
#include "policy/policy.h"

enum kind { BYTE, SET, STAR, GLOBSTAR };

struct token {
	enum kind kind;
	unsigned char byte;
	bool set[256];
};

/* One of the patterns that braces stand for. */
struct branch {
	struct token *tokens;
	size_t n;
};

struct oracle_pattern {
	struct branch *branches;
	size_t n;
	bool unit; /* slices and users' managers may stand before */
};

static void *grow(void *array, size_t n, size_t size)
{
	array = realloc(array, n * size);
	if (!array)
		abort();
	return array;
}

static void branch_add(struct branch *b, const struct token *token)
{
	b->tokens = grow(b->tokens, b->n + 1, sizeof(*b->tokens));
	b->tokens[b->n++] = *token;
}

static void byte_add(struct branch *b, char byte)
{
	branch_add(b, &(struct token){.kind = BYTE, .byte = (unsigned char)byte});
}

static void globstar_add(struct branch *b)
{
	/* "**" after "**" says nothing more. */
	if (b->n == 0 || b->tokens[b->n - 1].kind != GLOBSTAR)
		branch_add(b, &(struct token){.kind = GLOBSTAR});
}

static void branches_add(struct oracle_pattern *p, const struct branch *b)
{
	struct branch copy = {0};

	for (size_t i = 0; i < b->n; i++)
		branch_add(&copy, &b->tokens[i]);
	p->branches = grow(p->branches, p->n + 1, sizeof(*p->branches));
	p->branches[p->n++] = copy;
}

static bool quoted(const char *text, unsigned flags)
{
	return text[0] == '\\' && !(flags & GLOB_BACKSLASH_PLAIN);
}

/* The length of the class that @text begins with. */
static size_t class_length(const char *text, unsigned flags)
{
	size_t n = 1;

	n += text[n] == '!' || text[n] == '^';
	while (text[n] != ']')
		n += quoted(text + n, flags) ? 2 : 1;
	return n + 1;
}

static size_t class_parse(const char *text, unsigned flags, struct token *token)
{
	size_t n = class_length(text, flags), at = 1;
	bool invert = text[1] == '!' || text[1] == '^';

	token->kind = SET;
	for (at += invert; at + 1 < n; at++) {
		unsigned first, last;

		at += quoted(text + at, flags);
		first = last = (unsigned char)text[at];
		if (text[at + 1] == '-' && at + 2 < n - 1) {
			at += 2;
			at += quoted(text + at, flags);
			last = (unsigned char)text[at];
		}
		for (unsigned byte = first; byte <= last; byte++)
			token->set[byte] = true;
	}
	for (unsigned byte = 0; invert && byte < 256; byte++)
		token->set[byte] = !token->set[byte];
	token->set['/'] = token->set[0] = false;
	return n;
}

/* Reads one token of @text, which begins no braces. */
static size_t token_parse(const char *text, unsigned flags, struct token *token)
{
	*token = (struct token){.kind = BYTE, .byte = (unsigned char)text[0]};
	if (quoted(text, flags)) {
		token->byte = (unsigned char)text[1];
		return 2;
	}
	if (text[0] == '*') {
		size_t n = strspn(text, "*");

		token->kind = n > 1 && !(flags & GLOB_UNIT) ? GLOBSTAR : STAR;
		return n;
	}
	if (text[0] == '[')
		return class_parse(text, flags, token);
	if (text[0] == '?') {
		token->kind = SET;
		memset(token->set, true, sizeof(token->set));
		token->set['/'] = token->set[0] = false;
	}
	return 1;
}

/* Where the braces' part that @text begins with ends: at its ',' or '}'. */
static const char *part_end(const char *text, unsigned flags)
{
	unsigned depth = 0;

	for (;; text++) {
		if (quoted(text, flags))
			text++;
		else if (text[0] == '[')
			text += class_length(text, flags) - 1;
		else if (text[0] == '{')
			depth++;
		else if ((text[0] == ',' || text[0] == '}') && depth == 0)
			return text;
		else if (text[0] == '}')
			depth--;
	}
}

/*
 * Writes all braces out: @before is what has been read, @text is what comes, and after it @rest, a
 * list of further texts, each read up to its end.
 */
struct text {
	const char *begin, *end;
	const struct text *rest;
};

static void expand(struct oracle_pattern *p, const struct branch *before, struct text text,
		   unsigned flags)
{
	struct branch b = {0};

	for (size_t i = 0; i < before->n; i++)
		branch_add(&b, &before->tokens[i]);
	while (text.begin != text.end && *text.begin != '{') {
		struct token token;

		text.begin += token_parse(text.begin, flags, &token);
		if (token.kind == GLOBSTAR)
			globstar_add(&b);
		else
			branch_add(&b, &token);
	}
	if (text.begin != text.end) {
		const char *part = text.begin, *close = part;

		do
			close = part_end(close + 1, flags);
		while (*close == ',');
		text.begin = close + 1;
		while (part != close) {
			struct text one = {.begin = part + 1, .rest = &text};

			part = one.end = part_end(one.begin, flags);
			expand(p, &b, one, flags);
		}
	} else if (text.rest) {
		expand(p, &b, *text.rest, flags);
	} else {
		branches_add(p, &b);
	}
	free(b.tokens);
}

struct oracle_pattern *oracle_parse(const char *text, unsigned flags)
{
	struct oracle_pattern *p = calloc(1, sizeof(*p));
	struct branch begin = {0};
	size_t n;

	if (!p)
		abort();
	p->unit = flags & GLOB_UNIT;
	if (p->unit)
		byte_add(&begin, '/');
	expand(p, &begin, (struct text){text, text + strlen(text), NULL}, flags);
	if (p->unit) {
		byte_add(&begin, '_');
		expand(p, &begin, (struct text){text, text + strlen(text), NULL}, flags);
	}
	free(begin.tokens);
	n = p->n;
	for (size_t i = 0; i < n; i++) {
		struct branch *b = &p->branches[i];

		if (b->n && b->tokens[b->n - 1].kind == BYTE && b->tokens[b->n - 1].byte == '/' &&
		    !(flags & GLOB_SLASH_PLAIN))
			globstar_add(b);
		if (flags & GLOB_BENEATH) {
			branches_add(p, b);
			byte_add(&p->branches[p->n - 1], '/');
			globstar_add(&p->branches[p->n - 1]);
		}
	}
	return p;
}

void oracle_free(struct oracle_pattern *pattern)
{
	for (size_t i = 0; i < pattern->n; i++)
		free(pattern->branches[i].tokens);
	free(pattern->branches);
	free(pattern);
}

struct matching {
	const struct branch *branch;
	const char *path;
	size_t n;
	char *failed; /* of each token and byte: they were tried, and did not match */
};

static bool is_slash(const struct branch *b, size_t at)
{
	return at < b->n && b->tokens[at].kind == BYTE && b->tokens[at].byte == '/';
}

static bool match_from(const struct matching *m, size_t token, size_t at)
{
	const struct token *t = token < m->branch->n ? &m->branch->tokens[token] : NULL;
	char *failed = &m->failed[token * (m->n + 1) + at];
	bool matched = false;

	if (token == m->branch->n)
		return at == m->n;
	if (*failed)
		return false;
	if (t->kind == BYTE || t->kind == SET) {
		unsigned char byte = at < m->n ? (unsigned char)m->path[at] : 0;

		matched = at < m->n && (t->kind == BYTE ? byte == t->byte : t->set[byte]) &&
			  match_from(m, token + 1, at + 1);
	} else {
		matched = match_from(m, token + 1, at);
		if (!matched && at < m->n && (t->kind == GLOBSTAR || m->path[at] != '/'))
			matched = match_from(m, token, at + 1);
		/* "/" "**" "/" is also a single "/". */
		if (!matched && t->kind == GLOBSTAR && token > 0 &&
		    is_slash(m->branch, token - 1) && is_slash(m->branch, token + 1) && at > 0 &&
		    m->path[at - 1] == '/')
			matched = match_from(m, token + 2, at);
	}
	*failed = !matched;
	return matched;
}

static bool branch_match(const struct branch *branch, const char *path, size_t n)
{
	struct matching m = {.branch = branch, .path = path, .n = n};
	bool matched;

	m.failed = calloc(branch->n + 1, n + 1);
	if (!m.failed)
		abort();
	matched = match_from(&m, 0, 0);
	free(m.failed);
	return matched;
}

/* The length of the slice or user's manager that @path begins with, with its '/'; or 0. */
static size_t manager_length(const char *path, size_t n)
{
	static const char slice[] = ".slice", user[] = "/user@", service[] = ".service";
	size_t at = 1;

	if (n == 0 || path[0] != '/')
		return 0;
	while (at < n && path[at] != '/')
		at++;
	if (at >= 1 + strlen(slice) && memcmp(path + at - strlen(slice), slice, strlen(slice)) == 0)
		return at;
	if (at >= strlen(user) + strlen(service) && memcmp(path, user, strlen(user)) == 0 &&
	    memcmp(path + at - strlen(service), service, strlen(service)) == 0)
		return at;
	return 0;
}

bool oracle_match(const struct oracle_pattern *pattern, const char *path, size_t n)
{
	size_t n_manager;

	for (size_t i = 0; i < pattern->n; i++)
		if (branch_match(&pattern->branches[i], path, n))
			return true;
	n_manager = pattern->unit ? manager_length(path, n) : 0;
	return n_manager && oracle_match(pattern, path + n_manager, n - n_manager);
}

static bool match_respelled(const struct oracle_pattern *pattern, const char *path, size_t n,
			    const char *from, const char *to)
{
	size_t n_from = strlen(from), n_to = strlen(to), n_all;
	char *all;
	bool matched;

	if (n < n_from || memcmp(path, from, n_from) != 0 || (n > n_from && path[n_from] != '/'))
		return false;
	n_all = n_to + n - n_from;
	all = grow(NULL, n_all + 1, 1);
	memcpy(all, to, n_to);
	memcpy(all + n_to, path + n_from, n - n_from);
	matched = oracle_match(pattern, all, n_all);
	free(all);
	return matched;
}

bool oracle_match_alias(const struct oracle_pattern *pattern, const char *path, size_t n)
{
	static const char *const merged[] = {"/bin",   "/sbin",	 "/lib",
					     "/lib32", "/lib64", "/libx32"};
	char usr[16];

	if (oracle_match(pattern, path, n) ||
	    match_respelled(pattern, path, n, "/run", "/var/run") ||
	    match_respelled(pattern, path, n, "/var/run", "/run"))
		return true;
	for (size_t i = 0; i < sizeof(merged) / sizeof(merged[0]); i++) {
		snprintf(usr, sizeof(usr), "/usr%s", merged[i]);
		if (match_respelled(pattern, path, n, merged[i], usr) ||
		    match_respelled(pattern, path, n, usr, merged[i]))
			return true;
	}
	return false;
}

struct oracle {
	const struct policy *const *policies;
	size_t n_policies;
	size_t n_universe;
	size_t n_paths; /* those of the universe, and what was added */
	size_t n_rules;
	struct oracle_pattern **patterns;
	bool **matches; /* of each rule and path */
	bool **inside;	/* of each rule and rule */
};

/* Whether all that @rule matches @other matches too. */
static bool lies_inside(const struct oracle *o, size_t rule, size_t other)
{
	for (size_t path = 0; path < o->n_universe; path++)
		if (o->matches[rule][path] && !o->matches[other][path])
			return false;
	return true;
}

struct oracle *oracle_new(const struct policy *const *policies, size_t n_policies,
			  const char *const *universe, size_t n_universe)
{
	struct oracle *o = grow(NULL, 1, sizeof(*o));

	*o = (struct oracle){
		.policies = policies,
		.n_policies = n_policies,
		.n_universe = n_universe,
		.n_paths = n_universe,
	};
	for (size_t p = 0; p < n_policies; p++) {
		for (size_t r = 0; r < policies[p]->n_rules; r++) {
			struct oracle_pattern *pattern =
				oracle_parse(policies[p]->rules[r].pattern, 0);
			bool *matches = grow(NULL, n_universe, sizeof(*matches));

			for (size_t i = 0; i < n_universe; i++)
				matches[i] = oracle_match_alias(pattern, universe[i],
								strlen(universe[i]));
			o->matches = grow(o->matches, o->n_rules + 1, sizeof(*o->matches));
			o->patterns = grow(o->patterns, o->n_rules + 1, sizeof(*o->patterns));
			o->patterns[o->n_rules] = pattern;
			o->matches[o->n_rules++] = matches;
		}
	}
	o->inside = grow(NULL, o->n_rules + 1, sizeof(*o->inside));
	for (size_t rule = 0; rule < o->n_rules; rule++) {
		o->inside[rule] = grow(NULL, o->n_rules, sizeof(bool));
		for (size_t other = 0; other < o->n_rules; other++)
			o->inside[rule][other] = lies_inside(o, rule, other);
	}
	return o;
}

void oracle_delete(struct oracle *o)
{
	for (size_t i = 0; i < o->n_rules; i++) {
		oracle_free(o->patterns[i]);
		free(o->matches[i]);
		free(o->inside[i]);
	}
	free(o->patterns);
	free(o->matches);
	free(o->inside);
	free(o);
}

size_t oracle_add(struct oracle *o, const char *path, size_t n)
{
	for (size_t rule = 0; rule < o->n_rules; rule++) {
		o->matches[rule] = grow(o->matches[rule], o->n_paths + 1, sizeof(bool));
		o->matches[rule][o->n_paths] = oracle_match_alias(o->patterns[rule], path, n);
	}
	return o->n_paths++;
}

/* Whether a rule is there for a verb on a path. */
static bool counts(const struct oracle *o, const struct policy *policy, size_t base, size_t rule,
		   unsigned verb, size_t path)
{
	return policy->rules[rule].verbs >> verb & 1 && o->matches[base + rule][path];
}

static bool has_exception(const struct oracle *o, const struct policy *policy, size_t base,
			  size_t rule, unsigned verb, size_t path)
{
	for (size_t i = 0; i < policy->n_rules; i++)
		if (counts(o, policy, base, i, verb, path) && o->inside[base + i][base + rule] &&
		    !o->inside[base + rule][base + i])
			return true;
	return false;
}

/* The rule of a policy that decides, or its number of rules. */
static size_t deciding(const struct oracle *o, const struct policy *policy, size_t base,
		       unsigned verb, size_t path)
{
	static const enum bailiff_verdict order[] = {BAILIFF_DENY, BAILIFF_AUDIT, BAILIFF_ALLOW};

	for (size_t v = 0; v < 3; v++)
		for (size_t i = 0; i < policy->n_rules; i++)
			if (policy->rules[i].verdict == order[v] &&
			    counts(o, policy, base, i, verb, path) &&
			    !has_exception(o, policy, base, i, verb, path))
				return i;
	return policy->n_rules;
}

/* Rules for defaults come after all others: for each policy [exec]'s, then [file]'s. */
static __u32 default_number(const struct oracle *o, size_t policy, unsigned verb)
{
	__u32 n = (__u32)o->n_rules + 1;

	for (size_t p = 0; p <= policy; p++) {
		bool exec = o->policies[p]->defaults[BAILIFF_VERB_EXEC].verdict != BAILIFF_ALLOW;
		bool file = o->policies[p]->defaults[BAILIFF_VERB_READ].verdict != BAILIFF_ALLOW;

		if (p == policy)
			return n + (verb != BAILIFF_VERB_EXEC && exec);
		n += exec + file;
	}
	return n;
}

__u32 oracle_decide(const struct oracle *o, unsigned verb, size_t index)
{
	unsigned asked = verb < BAILIFF_N_VERBS ? verb : BAILIFF_VERB_EXEC;
	size_t base = 0;
	__u32 best = 0;

	for (size_t p = 0; p < o->n_policies; p++) {
		const struct policy *policy = o->policies[p];
		size_t rule = deciding(o, policy, base, asked, index);
		bool is_default = rule == policy->n_rules;
		__u32 verdict =
			is_default ? policy->defaults[asked].verdict : policy->rules[rule].verdict;
		__u32 number = is_default ? (verdict ? default_number(o, p, asked) : 0)
					  : (__u32)(base + rule + 1);

		bool patterns_only = verb == BAILIFF_VERB_INVOKED ||
				     (verb == BAILIFF_VERB_MAP && !policy->libraries);

		base += policy->n_rules;
		if (patterns_only && (is_default || verdict != BAILIFF_DENY))
			continue;
		if (verdict == BAILIFF_DENY && policy->audit)
			verdict = BAILIFF_WOULD_DENY;
		if (verdict > BAILIFF_VERDICT(best) || best == 0)
			best = verdict | number << BAILIFF_RULE_SHIFT;
	}
	return best;
}

static __u64 random_state;

void random_start(unsigned long seed)
{
	random_state = seed * 0x9e3779b97f4a7c15ull + 1;
	for (int i = 0; i < 8; i++)
		random_below(2);
}

void random_seed(unsigned long seed)
{
	const char *given = getenv("BAILIFF_SEED");

	if (given)
		seed = strtoul(given, NULL, 0);
	printf("BAILIFF_SEED=%lu\n", seed);
	random_start(seed);
}

/* xorshift64 by Marsaglia */
unsigned random_below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 33) % n;
}

static char random_letter(const char *letters)
{
	return letters[random_below((unsigned)strlen(letters))];
}

static char *random_class(char *text, const char *letters)
{
	*text++ = '[';
	if (random_below(2))
		*text++ = random_below(2) ? '!' : '^';
	for (unsigned n = 1 + random_below(2); n; n--) {
		char letter = random_letter(letters);

		*text++ = letter;
		if (random_below(4) == 0) {
			*text++ = '-';
			*text++ = letter;
		}
	}
	*text++ = ']';
	return text;
}

static char *random_tokens(char *text, const char *letters, unsigned n, unsigned depth);

static char *random_braces(char *text, const char *letters, unsigned depth)
{
	unsigned n = 1 + random_below(3);

	*text++ = '{';
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			*text++ = ',';
		text = random_tokens(text, letters, random_below(3), depth + 1);
	}
	*text++ = '}';
	return text;
}

static char *random_tokens(char *text, const char *letters, unsigned n, unsigned depth)
{
	while (n--) {
		unsigned kind = random_below(16);

		if (kind < 6)
			*text++ = random_letter(letters);
		else if (kind < 10)
			*text++ = '/';
		else if (kind < 11)
			*text++ = '?';
		else if (kind < 13)
			*text++ = '*';
		else if (kind < 14)
			text = stpcpy(text, "/**/");
		else if (kind < 15)
			text = random_class(text, letters);
		else if (depth < 2)
			text = random_braces(text, letters, depth);
		else
			text = stpcpy(text, "**");
	}
	return text;
}

void random_pattern(char *text, const char *letters, unsigned n_tokens)
{
	*text++ = '/';
	*random_tokens(text, letters, n_tokens, 0) = '\0';
}

static char random_byte(const char *letters)
{
	return random_below(4) ? random_letter(letters) : '/';
}

static size_t random_managers(char *path, size_t max)
{
	static const char *const managers[] = {
		"/.slice", "/a.slice",	"/user@a.service", "/user@.service",
		"/slice",  "/a.slicea", "/user@.slice",	   "/auser@a.service",
	};
	size_t n = 0;

	for (unsigned times = random_below(4); times; times--) {
		/* mostly those that are some */
		const char *manager = managers[random_below(random_below(4) ? 4 : 8)];

		if (n + strlen(manager) > max)
			break;
		memcpy(path + n, manager, strlen(manager));
		n += strlen(manager);
	}
	return n;
}

size_t random_path(const struct oracle_pattern *pattern, const char *letters, char *path,
		   size_t max)
{
	const struct branch *b = &pattern->branches[random_below((unsigned)pattern->n)];
	size_t n = pattern->unit ? random_managers(path, max / 2) : 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct token *t = &b->tokens[i];
		unsigned times = t->kind >= STAR ? random_below(4) : 1;

		for (; times && n < max; times--) {
			unsigned char byte = (unsigned char)random_letter(letters);

			if (t->kind == BYTE)
				byte = t->byte;
			else if (t->kind == GLOBSTAR)
				byte = (unsigned char)random_byte(letters);
			for (unsigned tries = 0; t->kind == SET && !t->set[byte] && tries < 300;
			     tries++)
				byte = (unsigned char)(1 + random_below(255));
			path[n++] = (char)byte;
		}
	}
	if (n && random_below(3) == 0)
		path[random_below((unsigned)n)] = random_byte(letters);
	return n;
}
