// SPDX-License-Identifier: Apache-2.0
#include "policy/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/act.h"
#include "policy/glob.h"

/* Verbs, then protocols, then addresses: each verb and protocol makes rules of its own. */

static const char *const verb_names[] = {"connect", "listen", "accept", NULL};
static const char verb_bytes[] = {BAILIFF_NETWORK_CONNECT, BAILIFF_NETWORK_LISTEN,
				  BAILIFF_NETWORK_ACCEPT};
#define N_VERBS (sizeof(verb_bytes))
#define CONNECT 0 /* the index of that verb */

static const char *const protocol_names[] = {"tcp",  "udp",	"icmp",	  "sctp",  "raw",
					     "unix", "netlink", "packet", "vsock", NULL};
static const struct {
	char byte;
	enum act_address kind;
} protocols[] = {
	{BAILIFF_PROTOCOL_TCP, ACT_ADDRESS_PORTS},    {BAILIFF_PROTOCOL_UDP, ACT_ADDRESS_PORTS},
	{BAILIFF_PROTOCOL_ICMP, ACT_ADDRESS_PLAIN},   {BAILIFF_PROTOCOL_SCTP, ACT_ADDRESS_PORTS},
	{BAILIFF_PROTOCOL_RAW, ACT_ADDRESS_PLAIN},    {BAILIFF_PROTOCOL_UNIX, ACT_ADDRESS_SOCKET},
	{BAILIFF_PROTOCOL_NETLINK, ACT_ADDRESS_NONE}, {BAILIFF_PROTOCOL_PACKET, ACT_ADDRESS_NONE},
	{BAILIFF_PROTOCOL_VSOCK, ACT_ADDRESS_NONE},
};
#define N_PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

bool act_protocol_find(const char *name, size_t n, char *ret_letter, enum act_address *ret_address)
{
	for (size_t i = 0; i < N_PROTOCOLS; i++)
		if (strlen(protocol_names[i]) == n && memcmp(protocol_names[i], name, n) == 0) {
			*ret_letter = protocols[i].byte;
			*ret_address = protocols[i].kind;
			return true;
		}
	return false;
}

const char *const *act_protocol_names(void)
{
	return protocol_names;
}

_Static_assert(N_PROTOCOLS <= PROTOCOLS_MAX, "struct network has a place for each");

/* Verb, protocol and address as people write them, and a glob over the act's name. */
#define PATTERN_SIZE 256
#define GLOB_SIZE (ADDRESS_TEXT_MAX + 16)

/*
 * One rule. @verb is the index of one, or none where the line names none: then all operations that
 * have an address, and where none is given, making a socket as well.
 */
static int add_one(struct parser *p, const struct place *place, size_t verb, size_t protocol,
		   const char *address, const char *text)
{
	char pattern[PATTERN_SIZE], glob[GLOB_SIZE], operation[8] = "[cla]";
	bool named = verb < N_VERBS;

	if (named)
		snprintf(operation, sizeof(operation), "%c", verb_bytes[verb]);
	else if (!address)
		snprintf(operation, sizeof(operation), "?");
	snprintf(pattern, sizeof(pattern), "%s%s%s%s%s", named ? verb_names[verb] : "",
		 named ? " " : "", protocol_names[protocol], address ? " " : "",
		 address ? address : "");
	snprintf(glob, sizeof(glob), "%c%s%c%s", BAILIFF_ACT_NETWORK, operation,
		 protocols[protocol].byte, text);
	/* A socket's path that ends with '/' means what is in the directory, as any path does. */
	return parse_act_add(p, place, p->key->value, pattern, glob,
			     protocols[protocol].kind == ACT_ADDRESS_SOCKET ? 0 : GLOB_SLASH_PLAIN);
}

/*
 * Of the verbs of a line, those of which @chosen has the byte. Without verbs an allow is a rule of
 * each, so that it is an exception to whichever denies; anything else is one rule, to which an
 * allow of one verb is an exception.
 */
static int add_verbs(struct parser *p, const struct place *place, size_t protocol,
		     const char *address, const char *text, const char *chosen)
{
	unsigned verbs = p->network.verbs;
	int r = 0;

	if (!verbs && p->key->value == BAILIFF_ALLOW)
		verbs = (1u << N_VERBS) - 1;
	if (!verbs)
		return add_one(p, place, N_VERBS, protocol, address, text);
	for (size_t verb = 0; r == 0 && verb < N_VERBS; verb++)
		if (verbs >> verb & 1 && strchr(chosen, verb_bytes[verb]))
			r = add_one(p, place, verb, protocol, address, text);
	return r;
}

static const char every_verb[] = {BAILIFF_NETWORK_CONNECT, BAILIFF_NETWORK_LISTEN,
				  BAILIFF_NETWORK_ACCEPT, '\0'};
static const char local_verbs[] = {BAILIFF_NETWORK_LISTEN, BAILIFF_NETWORK_ACCEPT, '\0'};

/*
 * One word of addresses. Who may not serve it may not serve all addresses either: @served is these,
 * and a rule beside what is written, so that an allow of the very same is no exception to that.
 * Without a verb it is about peers as well, who have no such address: the kernel connects to this
 * machine then, and that is what it asks.
 */
static int add_address(struct parser *p, const struct place *place, size_t protocol,
		       const char *address, const char *text, const char *served)
{
	size_t n_before = p->policy->n_rules;
	char all[PATTERN_SIZE];
	int r = 0;

	snprintf(all, sizeof(all), "%s (or all)", address);
	if (p->key->value != BAILIFF_ALLOW && strcmp(text, served) != 0)
		r = add_verbs(p, place, protocol, all, served, local_verbs);
	for (size_t i = n_before; i < p->policy->n_rules; i++)
		p->policy->rules[i].is_implied = true;
	return r ?: add_verbs(p, place, protocol, address, text, every_verb);
}

/*
 * What may be used may be made, or the line would be in vain under a default that denies. Once for
 * each protocol of a section: more rules would say no more, and all lie beside each other.
 */
static int add_create(struct parser *p, size_t protocol)
{
	char pattern[PATTERN_SIZE];
	const char glob[] = {BAILIFF_ACT_NETWORK, BAILIFF_NETWORK_CREATE, protocols[protocol].byte,
			     '\0'};
	int r;

	if (p->creates_subject != p->subject)
		p->creates = 0;
	p->creates_subject = p->subject;
	if (p->creates >> protocol & 1)
		return 0;
	p->creates |= 1u << protocol;
	snprintf(pattern, sizeof(pattern), "create %s", protocol_names[protocol]);
	r = parse_act_add(p, &p->network.places[protocol], BAILIFF_ALLOW, pattern, glob,
			  GLOB_SLASH_PLAIN);
	if (r == 0 && p->policy->n_rules > 0)
		p->policy->rules[p->policy->n_rules - 1].is_implied = true;
	return r;
}

/* A protocol of the line of that kind, or N_PROTOCOLS. */
static size_t protocol_of(const struct parser *p, enum act_address kind)
{
	size_t i = 0;

	while (i < N_PROTOCOLS && !(p->network.protocols >> i & 1 && protocols[i].kind == kind))
		i++;
	return i;
}

/* A path stands under both names of its directory, which a link makes one. */
static int socket_text(struct parser *p, const struct span *word, char text[static GLOB_SIZE])
{
	static const char *const runs[] = {"/run/", "/var/run/"};
	_cleanup_(free_charp) char *pattern = NULL;
	struct glob *glob = NULL;
	int r = parse_pattern(p, PATTERN_SOCKET, word, &glob, &pattern);

	if (r != 0)
		return r;
	glob_free(glob);
	snprintf(text, GLOB_SIZE, "%s", pattern);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		if (strncmp(pattern, runs[i], strlen(runs[i])) == 0)
			snprintf(text, GLOB_SIZE, "/{run,var/run}/%s", pattern + strlen(runs[i]));
	return 0;
}

/* The glob of an address for all protocols of the line; 1 where it is wrong. */
static int address_text(struct parser *p, const struct span *word, bool served,
			char text[static GLOB_SIZE])
{
	size_t none = protocol_of(p, ACT_ADDRESS_NONE), socket = protocol_of(p, ACT_ADDRESS_SOCKET);
	size_t plain = protocol_of(p, ACT_ADDRESS_PLAIN), ports = protocol_of(p, ACT_ADDRESS_PORTS);
	int r;

	if (none < N_PROTOCOLS) {
		r = parse_error(
			p, word->column, "\"%s\" takes no address; take \"%.*s\" out, or \"%s\"",
			protocol_names[none], (int)word->n, word->text, protocol_names[none]);
		return r < 0 ? r : 1;
	}
	if (socket == N_PROTOCOLS)
		return parse_address(p, word, plain < N_PROTOCOLS ? protocol_names[plain] : NULL,
				     served, text);
	if (plain == N_PROTOCOLS && ports == N_PROTOCOLS)
		return socket_text(p, word, text);
	r = parse_error(p, word->column,
			"\"unix\" and \"%s\" have no addresses in common; give each a line",
			protocol_names[ports < N_PROTOCOLS ? ports : plain]);
	return r < 0 ? r : 1;
}

/* No peer has the address that stands for all: the kernel connects to this machine instead. */
static int check_peer(struct parser *p, const struct span *word)
{
	static const char *const all[] = {"0.0.0.0", "[::]"};

	if (p->network.verbs != 1u << CONNECT)
		return 0;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		size_t n = strlen(all[i]);
		int r;

		if (word->n < n || memcmp(word->text, all[i], n) != 0 ||
		    (word->n > n && word->text[n] != ':'))
			continue;
		r = parse_error(p, word->column,
				"\"%.*s\" is no address of a peer: any is \"*\", and to connect "
				"to %s is to connect to this machine, \"%s\"",
				(int)word->n, word->text, all[i], i ? "[::1]" : "127.0.0.1");
		return r < 0 ? r : 1;
	}
	return 0;
}

static int take_address(struct parser *p, const struct span *word)
{
	_cleanup_(free_charp) char *shown = span_copy(word);
	struct place place = {p->line, word->column};
	char text[GLOB_SIZE], served[GLOB_SIZE];
	int r;

	if (!shown)
		return -ENOMEM;
	p->network.any_address = true;
	if (!p->network.protocols) {
		if (p->verbs_told)
			return 0;
		p->verbs_told = true;
		p->n_items++; /* that there is none is said */
		return parse_error(
			p, word->column,
			"\"%s\" in [network] needs a protocol before its addresses, such "
			"as tcp",
			p->key->name);
	}
	r = address_text(p, word, false, text);
	if (r == 0)
		r = address_text(p, word, true, served);
	if (r == 0)
		r = check_peer(p, word);
	if (r != 0)
		return r < 0 ? r : 0;
	for (size_t i = 0; r == 0 && i < N_PROTOCOLS; i++)
		if (p->network.protocols >> i & 1)
			r = add_address(p, &place, i, shown, text, served);
	return r;
}

/* A verb or a protocol that does not stand in its place. */
static int misplaced(struct parser *p, const struct span *word, const char *what, const char *after)
{
	/* after another mistake this is no news */
	if (p->verbs_told)
		return 0;
	p->verbs_told = true;
	return parse_error(p, word->column,
			   "%s \"%.*s\" after %s; verbs come first, then protocols, then "
			   "addresses: begin a new line with \"%s =\"",
			   what, (int)word->n, word->text, after, p->key->name);
}

static int take_verb(struct parser *p, const struct span *word, unsigned verb)
{
	if (p->network.protocols)
		return misplaced(p, word, "verb", "a protocol");
	p->network.verbs |= 1u << verb;
	return 0;
}

static int take_protocol(struct parser *p, const struct span *word, unsigned protocol)
{
	if (p->network.any_address)
		return misplaced(p, word, "protocol", "an address");
	p->n_items++;
	if (!(p->network.protocols >> protocol & 1))
		p->network.places[protocol] = (struct place){p->line, word->column};
	p->network.protocols |= 1u << protocol;
	return 0;
}

/* What can only be meant as an address, well written or not. */
static bool looks_like_address(const struct span *word)
{
	if (memchr(word->text, ',', word->n) && !strchr("/@", word->text[0]))
		return false; /* only in the name of a socket, which may have braces */
	for (size_t i = 0; i < word->n; i++)
		if (strchr("/*?[]{}\\@.:0123456789", word->text[i]))
			return true;
	return false;
}

static int take_unknown(struct parser *p, const struct span *word)
{
	const char *names[N_VERBS + N_PROTOCOLS + 1] = {};
	const char *comma = memchr(word->text, ',', word->n);
	size_t n = 0;

	p->verbs_told = true;
	p->n_items++;
	if (comma)
		return parse_error_bytes(p, word->column + (comma - word->text), 1,
					 "\",\" in [network]; white space separates its words");
	for (size_t i = 0; !p->network.protocols && i < N_VERBS; i++)
		names[n++] = verb_names[i];
	for (size_t i = 0; i < N_PROTOCOLS; i++)
		names[n++] = protocol_names[i];
	return parse_unknown(p, p->network.protocols ? "protocol" : "verb or protocol", word,
			     "\"\"", " in [network]", names);
}

int parse_network(struct parser *p, const struct span *value)
{
	struct span rest = *value, word;
	bool foreign = false;
	int r = 0;

	while (r == 0 && !foreign && parse_word(&rest, true, &word)) {
		int verb = span_find(&word, verb_names);
		int protocol = span_find(&word, protocol_names);

		r = parse_foreign(p, &word, &foreign);
		if (r < 0 || foreign)
			p->n_items++;
		else if (verb >= 0)
			r = take_verb(p, &word, (unsigned)verb);
		else if (protocol >= 0)
			r = take_protocol(p, &word, (unsigned)protocol);
		else if (looks_like_address(&word))
			r = take_address(p, &word);
		else
			r = take_unknown(p, &word);
	}
	return r;
}

int parse_network_end(struct parser *p)
{
	bool creates = p->network.any_address || p->network.verbs || p->key->value == BAILIFF_ALLOW;
	int r = 0;

	for (size_t i = 0; r == 0 && i < N_PROTOCOLS; i++) {
		if (!(p->network.protocols >> i & 1))
			continue;
		if (!p->network.any_address)
			r = add_verbs(p, &p->network.places[i], i, NULL, "**", every_verb);
		if (r == 0 && creates && p->key->value != BAILIFF_DENY)
			r = add_create(p, i);
	}
	return r;
}
