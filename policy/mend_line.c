// SPDX-License-Identifier: Apache-2.0
#include "policy/mend_line.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/act.h"
#include "policy/lines.h"

#define _cleanup_(f) __attribute__((cleanup(f)))

static void free_charp(char **text)
{
	free(*text);
}

static const char *const verdicts[] = {
	[BAILIFF_ALLOW] = "allow",
	[BAILIFF_AUDIT] = "audit",
	[BAILIFF_WOULD_DENY] = "deny",
	[BAILIFF_DENY] = "deny",
};

enum policy_section mend_line_section(enum question_kind kind, const struct policy_rule *source)
{
	switch (kind) {
	case QUESTION_EXEC:
	case QUESTION_MAP:
		return POLICY_EXEC;
	case QUESTION_READ: /* reading what may not be executed (scripts =) */
		return source && source->section == POLICY_EXEC ? POLICY_EXEC : POLICY_FILE;
	case QUESTION_WRITE:
		return POLICY_FILE;
	case QUESTION_CAPABILITY:
		return POLICY_CAPABILITY;
	case QUESTION_PROCESS:
		return POLICY_PROCESS;
	default:
		return POLICY_NETWORK;
	}
}

unsigned mend_line_verb(enum question_kind kind)
{
	switch (kind) {
	case QUESTION_EXEC:
	case QUESTION_MAP:
		return BAILIFF_VERB_EXEC;
	case QUESTION_READ:
		return BAILIFF_VERB_READ;
	case QUESTION_WRITE:
		return BAILIFF_VERB_WRITE;
	default:
		return BAILIFF_N_VERBS;
	}
}

char *mend_quote(const char *path, size_t n)
{
	char *quoted = malloc(2 * n + 1), *to = quoted;

	if (!quoted)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		bool ends = i + 1 == n;

		/* a blank at a line's end is taken away, escaped or not */
		if (is_control(path[i]) || path[i] == '\t' || (ends && path[i] == ' ')) {
			*to++ = '?';
			continue;
		}
		if (strchr(" *?[]{}\\\"';", path[i]))
			*to++ = '\\';
		*to++ = path[i];
	}
	*to = '\0';
	return quoted;
}

__attribute__((format(printf, 2, 3))) static int print(char **ret_line, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vasprintf(ret_line, format, arguments);
	va_end(arguments);
	if (n < 0)
		*ret_line = NULL; /* vasprintf leaves it undefined */
	return n < 0 ? -ENOMEM : 0;
}

/* Making a socket goes with any line about its protocol; this one lets it be used for nothing. */
static int allow_socket(const char *protocol, char **ret_line)
{
	static const char *const nowhere[] = {
		[ACT_ADDRESS_NONE] = "",
		[ACT_ADDRESS_PLAIN] = " 127.0.0.1",
		[ACT_ADDRESS_PORTS] = " 127.0.0.1:0",
		[ACT_ADDRESS_SOCKET] = " @-",
	};
	enum act_address address;
	char letter;

	if (!act_protocol_find(protocol, strlen(protocol), &letter, &address))
		return 1;
	return print(ret_line, "allow = connect %s%s", protocol, nowhere[address]);
}

/* @asked: "connect tcp 10.0.0.1:443", as the journal has it. */
static int allow_network(const char *asked, char **ret_line)
{
	size_t n_verb = strcspn(asked, " "), n_protocol;
	const char *protocol = asked + n_verb + (asked[n_verb] == ' '), *address;
	_cleanup_(free_charp) char *quoted = NULL;
	enum act_address kind;
	char letter;

	n_protocol = strcspn(protocol, " ");
	address = protocol + n_protocol + (protocol[n_protocol] == ' ');
	if (!act_protocol_find(protocol, n_protocol, &letter, &kind))
		return 1;
	if (kind == ACT_ADDRESS_NONE || !*address)
		return print(ret_line, "allow = %.*s", (int)(n_verb + 1 + n_protocol), asked);
	if (kind == ACT_ADDRESS_PORTS)
		return print(ret_line, "allow = %s", asked);
	if (kind == ACT_ADDRESS_PLAIN) /* the journal has a port where none is */
		return print(ret_line, "allow = %.*s %.*s", (int)(n_verb + 1 + n_protocol), asked,
			     address[0] == '[' ? (int)strcspn(address, "]") + 1
					       : (int)strcspn(address, ":"),
			     address);
	quoted = mend_quote(address, strlen(address));
	return quoted ? print(ret_line, "allow = %.*s %s", (int)(n_verb + 1 + n_protocol), asked,
			      quoted)
		      : -ENOMEM;
}

int mend_line_allow(const struct mend_wish *wish, enum policy_section section, char **ret_line)
{
	_cleanup_(free_charp) char *quoted = NULL;
	enum question_kind kind = wish->question->kind;

	if (section == POLICY_CAPABILITY || section == POLICY_PROCESS)
		return print(ret_line, "allow = %s", wish->asked);
	if (kind == QUESTION_SOCKET && strchr(wish->asked, ' '))
		return allow_socket(strchr(wish->asked, ' ') + 1, ret_line);
	if (section == POLICY_NETWORK)
		return allow_network(wish->asked, ret_line);
	quoted = mend_quote(wish->asked, strlen(wish->asked));
	if (!quoted)
		return -ENOMEM;
	return print(ret_line, "allow = %s%s",
		     section == POLICY_EXEC   ? ""
		     : kind == QUESTION_WRITE ? "write "
					      : "read ",
		     quoted);
}

int mend_line_header(enum policy_section section, const char *exe, char **ret_header)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_.+-";
	static const char *const names[POLICY_N_SECTIONS] = {
		[POLICY_EXEC] = "exec",	      [POLICY_FILE] = "file",
		[POLICY_NETWORK] = "network", [POLICY_CAPABILITY] = "capability",
		[POLICY_PROCESS] = "process",
	};

	if (exe && (exe[0] != '/' || exe[strspn(exe, plain)]))
		return 1;
	return exe ? print(ret_header, "[%s \"%s\"]", names[section], exe)
		   : print(ret_header, "[%s]", names[section]);
}

bool mend_line_is_header(const struct page *page, unsigned line)
{
	for (size_t i = 0; i < page->n_lines; i++)
		if (page->lines[i].text && --line == 0)
			return page->lines[i].text[0] == '[';
	return false;
}

int mend_line_rest(const struct policy_rule *rule, bool is_source, enum question_kind kind,
		   char **ret_line)
{
	unsigned verbs = rule->verbs & (is_source ? ~(1u << mend_line_verb(kind)) : ~0u);
	bool reads = verbs >> BAILIFF_VERB_READ & 1, writes = verbs >> BAILIFF_VERB_WRITE & 1;

	if (rule->section == POLICY_NETWORK && !is_source)
		return print(ret_line, "%s = %s", verdicts[rule->verdict], rule->pattern);
	if (rule->section != POLICY_FILE || !(reads || writes))
		return 0;
	return print(ret_line, "%s = %s%s%s", verdicts[rule->verdict], reads ? "read " : "",
		     writes ? "write " : "", rule->pattern);
}

bool mend_line_is_wide(const struct policy_rule *rule)
{
	static const char *const groups[] = {"all", "drift", "wx"};

	if (!rule)
		return false;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strcmp(rule->pattern, groups[i]) == 0)
			return true;
	if (rule->section == POLICY_NETWORK && !strstr(rule->pattern, "unix "))
		return strpbrk(rule->pattern, "*/-") || !strchr(rule->pattern, ' ');
	return strpbrk(rule->pattern, "*?[{") != NULL;
}
