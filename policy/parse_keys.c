// SPDX-License-Identifier: Apache-2.0
#include "policy/parse_subject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/nearest.h"

bool span_is(const struct span *span, const char *text)
{
	return span->n == strlen(text) && memcmp(span->text, text, span->n) == 0;
}

int span_find(const struct span *span, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (span_is(span, names[i]))
			return i;
	return -1;
}

bool parse_word(struct span *rest, bool escapes, struct span *ret_word)
{
	size_t skipped = skip_blanks(rest->text, rest->n), n = skipped;

	while (n < rest->n && !is_blank(rest->text[n]))
		n += escapes && rest->text[n] == '\\' && n + 1 < rest->n ? 2 : 1;
	*ret_word = (struct span){rest->text + skipped, n - skipped, rest->column + skipped};
	*rest = (struct span){rest->text + n, rest->n - n, rest->column + n};
	return ret_word->n > 0;
}

int parse_unknown(struct parser *p, const char *what, const struct span *name, const char *quotes,
		  const char *where, const char *const *names)
{
	const char *near = nearest(name->text, name->n, names);
	char all[256] = "";
	size_t n = 0;

	if (near)
		return parse_error_near(p, name->column, near,
					"unknown %s %c%.*s%c%s; did you mean %c%s%c?", what,
					quotes[0], (int)name->n, name->text, quotes[1], where,
					quotes[0], near, quotes[1]);
	for (size_t i = 0; names[i] && n < sizeof(all); i++)
		n += snprintf(all + n, sizeof(all) - n, "%s%s", i ? ", " : "", names[i]);
	return parse_error(p, name->column, "unknown %s %c%.*s%c%s; there are %s", what, quotes[0],
			   (int)name->n, name->text, quotes[1], where, all);
}

bool parse_single_word(struct parser *p, const struct span *value, struct span *ret_word, int *ret)
{
	struct span rest = *value, more;

	*ret = 0;
	if (!parse_word(&rest, false, ret_word))
		*ret = parse_error(p, p->key_place.column,
				   "\"%s\" has no value; write one after \"=\"", p->key->name);
	else if (parse_word(&rest, false, &more))
		*ret = parse_error(p, more.column, "\"%s\" takes one word; \"%.*s\" is too many",
				   p->key->name, (int)more.n, more.text);
	else
		return true;
	return false;
}

int parse_single_name(struct parser *p, const struct span *value, const char *what,
		      const char *const *names, int *ret)
{
	struct span word;
	int i;

	if (!parse_single_word(p, value, &word, ret))
		return -1;
	i = span_find(&word, names);
	if (i < 0)
		*ret = parse_unknown(p, what, &word, "\"\"", "", names);
	return i;
}

static int parse_mode(struct parser *p, const struct span *value)
{
	static const char *const modes[] = {"enforce", "audit", NULL};
	int r, i = parse_single_name(p, value, "mode", modes, &r);

	if (i >= 0)
		p->policy->audit = i == 1;
	return r;
}

static int parse_severity(struct parser *p, const struct span *value)
{
	static const char *const severities[] = {"1", "2", "3", "4",  "5", "6",
						 "7", "8", "9", "10", NULL};
	struct span word;
	int i, r;

	if (!parse_single_word(p, value, &word, &r))
		return r;
	i = span_find(&word, severities);
	if (i < 0)
		return parse_error(p, word.column,
				   "severity \"%.*s\" is not a number from 1 (least) to 10 (most)",
				   (int)word.n, word.text);
	p->policy->severity = i + 1;
	return 0;
}

/*
 * Length of the UTF-8 sequence of a character that can be shown (RFC 3629: shortest form, no
 * surrogates; no C1 controls); 0 where there is none.
 */
static size_t utf8_length(const unsigned char *s, size_t n)
{
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	unsigned code;

	if (length < 2)
		return length;
	if (s[0] > 0xf4 || length > n)
		return 0;
	code = s[0] & (0xffu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return code < 0xa0 ? 0 : length;
}

static int parse_message(struct parser *p, const struct span *value)
{
	size_t i, n;

	if (value->n == 0)
		return parse_error(p, p->key_place.column,
				   "\"message\" has no value; write one after \"=\"");
	if (value->n > POLICY_MESSAGE_MAX)
		return parse_error_bytes(p, value->column + POLICY_MESSAGE_MAX,
					 value->n - POLICY_MESSAGE_MAX,
					 "message is %zu bytes long; the longest is %u", value->n,
					 POLICY_MESSAGE_MAX);
	for (i = 0; i < value->n; i += n) {
		n = utf8_length((const unsigned char *)value->text + i, value->n - i);
		if (n == 0)
			return parse_error_bytes(
				p, value->column + i, 1,
				"byte 0x%02x is no UTF-8 text; write the message in UTF-8",
				(unsigned char)value->text[i]);
	}
	p->policy->message = span_copy(value);
	return p->policy->message ? 0 : -ENOMEM;
}

/* Takes the tag over, also on failure. */
static int add_tag(struct parser *p, char *tag)
{
	struct policy *policy = p->policy;
	char **tags = parse_grow(policy->tags, policy->n_tags, sizeof(*tags));

	if (!tags) {
		free(tag);
		return -ENOMEM;
	}
	policy->tags = tags;
	tags[policy->n_tags++] = tag;
	return tag ? 0 : -ENOMEM;
}

static bool is_tag_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("_.:-", c));
}

static int parse_tags(struct parser *p, const struct span *value)
{
	struct span rest = *value, word;
	int r = 0;

	while (r == 0 && parse_word(&rest, false, &word)) {
		size_t i = 0;

		p->n_items++;
		while (i < word.n && is_tag_byte(word.text[i]))
			i++;
		if (i < word.n)
			r = parse_error_bytes(
				p, word.column + i, 1,
				"tag \"%.*s\" may hold A-Z a-z 0-9 _ . : - only; white space "
				"separates tags",
				(int)word.n, word.text);
		else if (p->policy->n_tags < POLICY_TAGS_MAX)
			r = add_tag(p, span_copy(&word));
		else if (!p->tags_told) {
			p->tags_told = true;
			r = parse_error(p, word.column, "more than %u tags; leave some out",
					POLICY_TAGS_MAX);
		}
	}
	return r;
}

int parse_answer(struct parser *p, const struct span *value, int *ret)
{
	static const char *const answers[] = {"no", "yes", NULL};
	static const char *const others[] = {"false", "true", "off", "on", "0", "1", NULL};
	struct span word;
	int i, other;

	if (!parse_single_word(p, value, &word, ret))
		return -1;
	i = span_find(&word, answers);
	other = span_find(&word, others);
	if (other >= 0)
		*ret = parse_error_near(p, word.column, answers[other % 2],
					"unknown value of %s \"%s\"; write \"%s\"", p->key->name,
					others[other], answers[other % 2]);
	else if (i < 0)
		*ret = parse_error(p, word.column,
				   "unknown value of %s \"%.*s\"; there are no, yes", p->key->name,
				   (int)word.n, word.text);
	return i;
}

static int parse_host(struct parser *p, const struct span *value)
{
	int r, i = parse_answer(p, value, &r);

	if (i >= 0)
		p->policy->host = i == 1;
	return r;
}

static int parse_libraries(struct parser *p, const struct span *value)
{
	int r, i = parse_answer(p, value, &r);

	if (i >= 0)
		p->policy->libraries = i == 1;
	return r;
}

static int parse_revoke(struct parser *p, const struct span *value)
{
	int r, i = parse_answer(p, value, &r);

	if (i >= 0)
		p->policy->revoke = i == 1;
	return r;
}

int parse_verdict(struct parser *p, const struct span *value, int *ret)
{
	static const char *const names[] = {"allow", "audit", "deny", NULL};
	static const enum bailiff_verdict verdicts[] = {BAILIFF_ALLOW, BAILIFF_AUDIT, BAILIFF_DENY};
	int i = parse_single_name(p, value, "verdict", names, ret);

	return i < 0 ? -1 : (int)verdicts[i];
}

static int parse_default(struct parser *p, const struct span *value)
{
	int r, verdict = parse_verdict(p, value, &r);

	if (verdict < 0)
		return r;
	if (p->subject)
		return parse_subject_default(p, (enum bailiff_verdict)verdict);
	for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++)
		if (p->section->verbs & 1u << verb)
			p->policy->defaults[verb] = (struct policy_default){
				.verdict = (enum bailiff_verdict)verdict,
				.line = p->key_place.line.number,
				.column = p->key_place.column,
			};
	return 0;
}

static const struct key policy_keys[KEYS_MAX] = {
	{.name = "mode", .parse = parse_mode},
	{.name = "severity", .parse = parse_severity},
	{.name = "message", .parse = parse_message},
	{.name = "tags", .parse = parse_tags, .item = "tag"},
};

static const struct key select_keys[KEYS_MAX] = {
	{.name = "unit", .parse = parse_select, .item = "pattern", .value = POLICY_SELECT_UNIT},
	{.name = "cgroup", .parse = parse_select, .item = "pattern", .value = POLICY_SELECT_CGROUP},
	{.name = "container",
	 .parse = parse_select,
	 .item = "pattern",
	 .value = POLICY_SELECT_CONTAINER},
	{.name = "image", .parse = parse_select, .item = "pattern", .value = POLICY_SELECT_IMAGE},
	{.name = "host", .parse = parse_host},
	{.name = "namespace"},
	{.name = "pod"},
	{.name = "label"},
};

static const struct key exec_keys[KEYS_MAX] = {
	{.name = "default", .parse = parse_default},
	{.name = "allow", .parse = parse_rule, .item = "pattern", .value = BAILIFF_ALLOW},
	{.name = "audit", .parse = parse_rule, .item = "pattern", .value = BAILIFF_AUDIT},
	{.name = "deny", .parse = parse_rule, .item = "pattern", .value = BAILIFF_DENY},
	{.name = "libraries", .parse = parse_libraries, .for_all = true},
	{.name = "wx", .parse = parse_wx},
	{.name = "inherit", .parse = parse_inherit},
	{.name = "scripts", .parse = parse_scripts, .for_all = true},
};

static const struct key file_keys[KEYS_MAX] = {
	{.name = "default", .parse = parse_default},
	{.name = "allow", .parse = parse_rule, .item = "pattern", .value = BAILIFF_ALLOW},
	{.name = "audit", .parse = parse_rule, .item = "pattern", .value = BAILIFF_AUDIT},
	{.name = "deny", .parse = parse_rule, .item = "pattern", .value = BAILIFF_DENY},
	{.name = "inherit", .parse = parse_inherit},
	{.name = "revoke", .parse = parse_revoke, .for_all = true},
};

#define NETWORK_KEY(verdict)                                                                       \
	.parse = parse_network, .item = "protocol", .value = (verdict), .end = parse_network_end

static const struct key network_keys[KEYS_MAX] = {
	{.name = "default", .parse = parse_act_default},
	{.name = "allow", NETWORK_KEY(BAILIFF_ALLOW)},
	{.name = "audit", NETWORK_KEY(BAILIFF_AUDIT)},
	{.name = "deny", NETWORK_KEY(BAILIFF_DENY)},
	{.name = "inherit", .parse = parse_inherit},
};

static const struct key capability_keys[KEYS_MAX] = {
	{.name = "default", .parse = parse_act_default},
	{.name = "allow", .parse = parse_capability, .item = "capability", .value = BAILIFF_ALLOW},
	{.name = "audit", .parse = parse_capability, .item = "capability", .value = BAILIFF_AUDIT},
	{.name = "deny", .parse = parse_capability, .item = "capability", .value = BAILIFF_DENY},
	{.name = "inherit", .parse = parse_inherit},
};

static const struct key process_keys[KEYS_MAX] = {
	{.name = "default", .parse = parse_act_default},
	{.name = "allow", .parse = parse_process, .item = "act", .value = BAILIFF_ALLOW},
	{.name = "audit", .parse = parse_process, .item = "act", .value = BAILIFF_AUDIT},
	{.name = "deny", .parse = parse_process, .item = "act", .value = BAILIFF_DENY},
	{.name = "inherit", .parse = parse_inherit},
};

#define RULES(of, keys_of, verbs_of) .keys = (keys_of), .rules = (of), .verbs = (verbs_of)

const struct section parse_sections[N_SECTIONS] = {
	[SECTION_POLICY] = {.name = "policy", .keys = policy_keys},
	[SECTION_SELECT] = {.name = "select", .keys = select_keys},
	[SECTION_EXEC] = {.name = "exec", RULES(POLICY_EXEC, exec_keys, 1u << BAILIFF_VERB_EXEC)},
	[SECTION_FILE] = {.name = "file",
			  RULES(POLICY_FILE, file_keys,
				1u << BAILIFF_VERB_READ | 1u << BAILIFF_VERB_WRITE)},
	[SECTION_NETWORK] = {.name = "network",
			     RULES(POLICY_NETWORK, network_keys, 1u << BAILIFF_VERB_ACT)},
	[SECTION_CAPABILITY] = {.name = "capability",
				RULES(POLICY_CAPABILITY, capability_keys, 1u << BAILIFF_VERB_ACT)},
	[SECTION_PROCESS] = {.name = "process",
			     RULES(POLICY_PROCESS, process_keys, 1u << BAILIFF_VERB_ACT)},
	[SECTION_DAEMON] = {.name = "daemon",
			    .refusal =
				    "[daemon] is known, but this version does not enforce it in a "
				    "policy: it belongs in /etc/bailiff/bailiff.conf"},
};

const struct section *parse_section_find(const struct span *name)
{
	for (size_t i = 0; i < N_SECTIONS; i++)
		if (span_is(name, parse_sections[i].name))
			return &parse_sections[i];
	return NULL;
}

const struct key *parse_key_find(const struct section *section, const struct span *name)
{
	for (const struct key *key = section->keys; key->name; key++)
		if (span_is(name, key->name))
			return key;
	return NULL;
}

int parse_section_unknown(struct parser *p, const struct span *name)
{
	const char *names[N_SECTIONS + 1] = {};

	p->select_tried = true; /* it may have been meant for [select] */
	for (size_t i = 0; i < N_SECTIONS; i++)
		names[i] = parse_sections[i].name;
	if (nearest(name->text, name->n, names))
		return parse_unknown(p, "section", name, "[]", "", names);
	for (size_t i = 0, n = 0; i < N_SECTIONS; i++) {
		names[i] = NULL;
		if (!parse_sections[i].refusal)
			names[n++] = parse_sections[i].name;
	}
	return parse_unknown(p, "section", name, "[]", "", names);
}

int parse_key_unknown(struct parser *p, const struct span *name)
{
	const char *names[KEYS_MAX] = {};
	const struct key *key;
	char where[64];
	size_t n = 0;

	snprintf(where, sizeof(where), " in [%s]", p->section->name);
	for (key = p->section->keys; key->name; key++)
		names[n++] = key->name;
	if (nearest(name->text, name->n, names))
		return parse_unknown(p, "key", name, "\"\"", where, names);
	n = 0;
	for (key = p->section->keys; key->name; key++)
		if (key->parse)
			names[n++] = key->name;
	names[n] = NULL;
	return parse_unknown(p, "key", name, "\"\"", where, names);
}
