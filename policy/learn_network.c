// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/learn_parts.h"

/* What was seen of [network]: who is connected to, and what is listened on. */

static const struct word {
	const char *name;
	char letter;
} operations[] =
	{
		{"create", BAILIFF_NETWORK_CREATE},
		{"connect", BAILIFF_NETWORK_CONNECT},
		{"listen", BAILIFF_NETWORK_LISTEN},
		{"accept", BAILIFF_NETWORK_ACCEPT},
},
  protocols[] = {
	  {"tcp", BAILIFF_PROTOCOL_TCP},	 {"udp", BAILIFF_PROTOCOL_UDP},
	  {"icmp", BAILIFF_PROTOCOL_ICMP},	 {"sctp", BAILIFF_PROTOCOL_SCTP},
	  {"raw", BAILIFF_PROTOCOL_RAW},	 {"unix", BAILIFF_PROTOCOL_UNIX},
	  {"netlink", BAILIFF_PROTOCOL_NETLINK}, {"packet", BAILIFF_PROTOCOL_PACKET},
	  {"vsock", BAILIFF_PROTOCOL_VSOCK},	 {"other", BAILIFF_PROTOCOL_OTHER},
};

#define N_OPERATIONS (sizeof(operations) / sizeof(operations[0]))
#define N_PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

/* Takes a word off the text. Returns its letter, or 0. */
static char take_word(const char **text, const struct word *words, size_t n_words)
{
	size_t n = strcspn(*text, " ");

	for (size_t i = 0; i < n_words; i++) {
		if (strlen(words[i].name) != n || strncmp(words[i].name, *text, n) != 0)
			continue;
		*text += n + ((*text)[n] == ' ');
		return words[i].letter;
	}
	return 0;
}

static const char *name_of(char letter, const struct word *words, size_t n_words)
{
	for (size_t i = 0; i < n_words; i++)
		if (words[i].letter == letter)
			return words[i].name;
	return "";
}

struct endpoint learn_endpoint(const char *text)
{
	struct endpoint end = {.port = -1};
	char address[INET6_ADDRSTRLEN];
	const char *colon = strrchr(text, ':');

	end.operation = take_word(&text, operations, N_OPERATIONS);
	end.protocol = take_word(&text, protocols, N_PROTOCOLS);
	if (!end.operation || !end.protocol)
		return (struct endpoint){};
	if (!*text)
		return end;
	end.address = text;
	end.n_address = strlen(text);
	if (end.protocol == BAILIFF_PROTOCOL_UNIX)
		return end;
	end.v6 = *text == '[';
	if (!colon || colon < text + 2 * end.v6)
		return (struct endpoint){};
	if (colon[1] != '*')
		end.port = atoi(colon + 1);
	end.address += end.v6;
	end.n_address = (size_t)(colon - end.address) - end.v6;
	if (end.n_address >= sizeof(address))
		return (struct endpoint){};
	memcpy(address, end.address, end.n_address);
	address[end.n_address] = '\0';
	if (inet_pton(end.v6 ? AF_INET6 : AF_INET, address, end.bytes) != 1)
		return (struct endpoint){};
	return end;
}

/* Ports that the kernel takes for who does not say one: net.ipv4.ip_local_port_range. */
#define EPHEMERAL_FIRST 32768
#define EPHEMERAL_LAST 60999
#define EPHEMERAL "32768-60999"

/* From how many on addresses, and ports, stand for all of their kind. */
#define MANY_ADDRESSES 8
#define MANY_PORTS 2

struct seen {
	struct endpoint end;
	struct tally tally;
};

struct network {
	struct seen *of;
	size_t n;
};

static bool is_ephemeral(int port)
{
	return port >= EPHEMERAL_FIRST && port <= EPHEMERAL_LAST;
}

static bool is_any(const struct endpoint *end)
{
	static const unsigned char zero[16];

	return memcmp(end->bytes, zero, sizeof(zero)) == 0;
}

static bool same_act(const struct endpoint *a, const struct endpoint *b)
{
	return a->operation == b->operation && a->protocol == b->protocol;
}

static bool same_address(const struct endpoint *a, const struct endpoint *b)
{
	return a->v6 == b->v6 && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* Whether the same was seen with other ports of the kernel's choice: the next will be another. */
static bool has_chosen_ports(const struct network *all, const struct endpoint *end)
{
	size_t n = 0;

	if (!is_ephemeral(end->port))
		return false;
	for (size_t i = 0; i < all->n; i++)
		n += same_act(&all->of[i].end, end) && same_address(&all->of[i].end, end) &&
		     is_ephemeral(all->of[i].end.port);
	return n >= MANY_PORTS;
}

/* Whether so many addresses were seen with the port that it is about the port. */
static bool is_any_peer(const struct network *all, const struct endpoint *end)
{
	size_t n = 0;

	if (end->operation != BAILIFF_NETWORK_CONNECT)
		return false;
	for (size_t i = 0; i < all->n; i++)
		n += same_act(&all->of[i].end, end) &&
		     (all->of[i].end.port == end->port ||
		      (is_ephemeral(all->of[i].end.port) && is_ephemeral(end->port)));
	return n >= MANY_ADDRESSES;
}

/* The address as a rule has it, with a blank before it; nothing where the rule names none. */
static void write_address(const struct network *all, const struct endpoint *end, bool exact,
			  char *text, size_t size)
{
	bool ports = end->protocol == BAILIFF_PROTOCOL_TCP ||
		     end->protocol == BAILIFF_PROTOCOL_UDP ||
		     end->protocol == BAILIFF_PROTOCOL_SCTP;
	bool peers = !exact && is_any_peer(all, end);
	bool any = peers || (!exact && end->operation != BAILIFF_NETWORK_CONNECT && is_any(end));
	char address[INET6_ADDRSTRLEN + 4], port[16] = "";

	*text = '\0';
	if (!end->address)
		return;
	snprintf(address, sizeof(address), end->v6 ? "[%.*s]" : "%.*s", (int)end->n_address,
		 end->address);
	if (ports && end->port < 0)
		strcpy(port, ":*");
	else if (ports && !exact &&
		 (has_chosen_ports(all, end) || (peers && is_ephemeral(end->port))))
		strcpy(port, ":" EPHEMERAL);
	else if (ports)
		snprintf(port, sizeof(port), ":%d", end->port);
	snprintf(text, size, " %s%s", any ? "*" : address, port);
}

/* A socket's path, or its abstract name: a component of a path has no '/', a name may. */
static char *socket_pattern(const struct endpoint *end, bool exact)
{
	_cleanup_(free_text) char *text = NULL;

	if (!end->address)
		return strdup("");
	text = learn_pattern(end->address, true, 0, exact);
	return text ? learn_format(" %s", text + (*end->address == '@')) : NULL;
}

/* The same with other verbs is one line. */
static int add_verb(struct items *items, const char *verb, const char *rest,
		    const struct tally *tally)
{
	_cleanup_(free_text) char *text = NULL;

	for (size_t i = 0; i < items->n; i++) {
		struct item *item = &items->items[i];
		size_t n = strlen(item->text), n_rest = strlen(rest);

		if (n <= n_rest || item->text[n - n_rest - 1] != ' ' ||
		    strcmp(item->text + n - n_rest, rest) != 0)
			continue;
		tally_add(&item->tally, tally);
		if (memmem(item->text, n - n_rest, verb, strlen(verb)))
			return 0;
		text = learn_format("%.*s%s %s", (int)(n - n_rest), item->text, verb, rest);
		if (!text)
			return -ENOMEM;
		free(item->text);
		item->text = text;
		text = NULL;
		return 0;
	}
	text = learn_format("%s %s", verb, rest);
	return text ? items_add(items, text, LEARN_LOOK, tally) : -ENOMEM;
}

static int add_seen(const struct network *all, const struct seen *seen, bool exact,
		    struct items *items)
{
	const struct endpoint *end = &seen->end;
	const char *verb = name_of(end->operation, operations, N_OPERATIONS);
	const char *protocol = name_of(end->protocol, protocols, N_PROTOCOLS);
	_cleanup_(free_text) char *path = NULL, *rest = NULL;
	char address[80];

	switch (end->protocol) {
	case BAILIFF_PROTOCOL_OTHER:
		return 0; /* no rule can name it */
	case BAILIFF_PROTOCOL_NETLINK:
	case BAILIFF_PROTOCOL_PACKET:
	case BAILIFF_PROTOCOL_VSOCK:
		return items_add(items, protocol, LEARN_LOOK, &seen->tally);
	case BAILIFF_PROTOCOL_UNIX:
		path = socket_pattern(end, exact);
		rest = path ? learn_format("%s%s", protocol, path) : NULL;
		break;
	default:
		write_address(all, end, exact, address, sizeof(address));
		rest = learn_format("%s%s", protocol, address);
	}
	return rest ? add_verb(items, verb, rest, &seen->tally) : -ENOMEM;
}

/*
 * A socket that is made, and used for nothing that is asked about: who accepts without listening
 * gets nothing, and may make the socket.
 */
static int add_made(const struct network *all, const struct seen *made, struct items *items)
{
	_cleanup_(free_text) char *text = NULL;

	if (made->end.protocol == BAILIFF_PROTOCOL_OTHER)
		return 0;
	for (size_t i = 0; i < all->n; i++)
		if (all->of[i].end.protocol == made->end.protocol &&
		    all->of[i].end.operation != BAILIFF_NETWORK_CREATE)
			return 0;
	text = learn_format("accept %s", name_of(made->end.protocol, protocols, N_PROTOCOLS));
	return text ? items_add(items, text, LEARN_LOOK, &made->tally) : -ENOMEM;
}

/* Adds what was seen; the same of another executable is there already. */
static void add_endpoint(struct network *all, const struct endpoint *end, const struct tally *tally)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct endpoint *other = &all->of[i].end;

		if (!same_act(other, end) || !same_address(other, end) ||
		    other->port != end->port || other->n_address != end->n_address ||
		    (end->address && memcmp(other->address, end->address, end->n_address) != 0))
			continue;
		tally_add(&all->of[i].tally, tally);
		return;
	}
	all->of[all->n++] = (struct seen){*end, *tally};
}

int learn_network(const struct learn *learn, bool exact, const uint64_t *exes, struct items *items,
		  bool *ret_other)
{
	struct network all = {calloc(learn->n_facts + 1, sizeof(*all.of)), 0};
	int r = all.of ? 0 : -ENOMEM;

	*ret_other = false;
	for (size_t i = 0; i < learn->n_facts && r == 0; i++) {
		const struct learn_fact *fact = &learn->facts[i];
		struct endpoint end = {};

		if (fact->kind == LEARN_NETWORK)
			end = learn_endpoint(fact->what);
		if (!end.operation)
			continue;
		*ret_other = *ret_other || end.protocol == BAILIFF_PROTOCOL_OTHER;
		add_endpoint(&all, &end, &(struct tally){fact->count, exes[i]});
	}
	for (size_t i = 0; i < all.n && r == 0; i++)
		if (all.of[i].end.operation != BAILIFF_NETWORK_CREATE ||
		    all.of[i].end.protocol == BAILIFF_PROTOCOL_NETLINK ||
		    all.of[i].end.protocol == BAILIFF_PROTOCOL_PACKET ||
		    all.of[i].end.protocol == BAILIFF_PROTOCOL_VSOCK)
			r = add_seen(&all, &all.of[i], exact, items);
	for (size_t i = 0; i < all.n && r == 0; i++)
		if (all.of[i].end.operation == BAILIFF_NETWORK_CREATE)
			r = add_made(&all, &all.of[i], items);
	free(all.of);
	return r;
}
