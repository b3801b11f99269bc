// SPDX-License-Identifier: Apache-2.0
#include "policy/question.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/act.h"
#include "policy/nearest.h"

const char *const question_kinds[QUESTION_N_KINDS + 1] = {
	[QUESTION_EXEC] = "exec",	[QUESTION_READ] = "read",
	[QUESTION_WRITE] = "write",	[QUESTION_MAP] = "map",
	[QUESTION_SOCKET] = "socket",	[QUESTION_CONNECT] = "connect",
	[QUESTION_LISTEN] = "listen",	[QUESTION_BIND] = "bind",
	[QUESTION_ACCEPT] = "accept",	[QUESTION_CAPABILITY] = "capability",
	[QUESTION_PROCESS] = "process",
};

#define MEMFD "memfd:"

#define wrong(error, ...) (snprintf(error, QUESTION_ERROR_MAX, __VA_ARGS__), -EINVAL)

int question_path_check(const char *path, bool memfd, char error[static QUESTION_ERROR_MAX])
{
	const char *part = path;

	if (strlen(path) >= BAILIFF_PATH_MAX)
		return wrong(error,
			     "a path of %zu bytes: what is longer than %d has the strictest "
			     "answer of all",
			     strlen(path), BAILIFF_PATH_MAX - 1);
	if (memfd && strncmp(path, MEMFD, strlen(MEMFD)) == 0)
		return 0;
	if (*path != '/')
		return wrong(error, "\"%.200s\" does not begin with \"/\": give the whole path",
			     path);
	if (strcmp(path, "/") == 0)
		return 0;
	while (part) {
		size_t n = strcspn(++part, "/");

		if (n == 0)
			return wrong(
				error,
				"\"%.200s\": no path has a \"/\" at its end or two in a row; take "
				"it out",
				path);
		if ((n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
			return wrong(
				error,
				"\"%.200s\": no path that the kernel decides on has \"%.*s\" in "
				"it; write where it leads to",
				path, (int)n, part);
		part = strchr(part, '/');
	}
	return 0;
}

static void name_put(struct question *q, const char *bytes, size_t n)
{
	memcpy(q->name + q->n, bytes, n);
	q->n += n;
}

static int take_path(const char *text, struct question *q, char *error)
{
	static const unsigned words[] = {
		[QUESTION_EXEC] = BAILIFF_VERB_EXEC,
		[QUESTION_READ] = BAILIFF_VERB_READ,
		[QUESTION_WRITE] = BAILIFF_VERB_WRITE,
		[QUESTION_MAP] = BAILIFF_VERB_MAP,
	};
	bool memfd = q->kind == QUESTION_EXEC || q->kind == QUESTION_MAP;
	int r = question_path_check(text, memfd, error);

	if (r < 0)
		return r;
	q->word = words[q->kind];
	name_put(q, text, strlen(text));
	return 0;
}

/* An act of a name of two bytes. */
static int take_short(const char *text, struct question *q, char *error)
{
	bool process = q->kind == QUESTION_PROCESS;
	const char *const *names = process ? act_process_names() : act_capability_names();
	int number = process ? act_process_find(text) : act_capability_find(text);
	const char *near = nearest(text, strlen(text), names);
	char section = process ? BAILIFF_ACT_PROCESS : BAILIFF_ACT_CAPABILITY;

	if (process && strcmp(text, "usermode-helper") == 0)
		return wrong(
			error,
			"\"%.200s\" stands for files: ask \"write\" about one of them, such as "
			"/proc/sys/kernel/core_pattern",
			text);
	if (number < 0)
		return wrong(error, "unknown %s \"%.200s\"%s%s%s", process ? "act" : "capability",
			     text, near ? "; did you mean \"" : "", near ? near : "",
			     near ? "\"?" : "");
	name_put(q, &section, 1);
	name_put(q, (char[]){(char)(BAILIFF_ACT_BASE + number)}, 1);
	return 0;
}

/* What follows a protocol, taken apart. */
struct endpoint {
	unsigned char address[16];
	bool v6, any_port;
	unsigned port;
};

static bool is_zero(const unsigned char *bytes, size_t n)
{
	while (n && !bytes[n - 1])
		n--;
	return n == 0;
}

/* As the kernel's half does (net-address.bpf.h): IPv6's form of IPv4's addresses is that. */
static void unmap(struct endpoint *end)
{
	static const unsigned char prefix[12] = {[10] = 0xff, [11] = 0xff};

	if (!end->v6 || memcmp(end->address, prefix, sizeof(prefix)) != 0)
		return;
	memmove(end->address, end->address + 12, 4);
	end->v6 = false;
}

/* ... and no address at all to connect to is this machine. */
static void no_address_is_here(struct endpoint *end)
{
	if (!is_zero(end->address, end->v6 ? 16 : 4))
		return;
	end->address[end->v6 ? 15 : 3] = 1;
	if (!end->v6)
		end->address[0] = 127;
}

static bool take_port(const char *text, struct endpoint *end)
{
	char *rest;
	unsigned long port = strtoul(text, &rest, 10);

	end->any_port = strcmp(text, "*") == 0;
	if (end->any_port)
		return true;
	end->port = (unsigned)port;
	return *text >= '0' && *text <= '9' && !*rest && port <= 0xffff;
}

/* "10.0.0.1:443" or "[fd00::1]:443"; no port where the protocol has none. */
static int take_endpoint(const char *text, bool ports, struct endpoint *end, char *error)
{
	bool v6 = *text == '[';
	size_t n = strcspn(text, v6 ? "]" : ":");
	const char *rest = text + n + (v6 && text[n] == ']');
	char host[INET6_ADDRSTRLEN + 1];

	snprintf(host, sizeof(host), "%.*s", (int)(n - v6), text + v6);
	end->v6 = v6;
	if (n - v6 >= sizeof(host) || (v6 && text[n] != ']') ||
	    inet_pton(v6 ? AF_INET6 : AF_INET, host, end->address) != 1)
		return wrong(error, "\"%.200s\" is no address; write one as 10.1.2.3:443 or %s",
			     text, "[fd00::1]:443");
	if (!ports && *rest)
		return wrong(error, "\"%.200s\": this protocol has no ports; take \"%.200s\" out",
			     text, rest);
	if (ports && *rest != ':')
		return wrong(error, "\"%.200s\" needs a port: a number, or * for any", text);
	if (ports && !take_port(rest + 1, end))
		return wrong(error, "\"%.200s\": a port is a number from 0 to 65535, or *", text);
	unmap(end);
	return 0;
}

static void put_endpoint(struct question *q, const struct endpoint *end)
{
	char text[8];

	name_put(q, end->v6 ? "6" : "4", 1);
	for (int i = 0; i < (end->v6 ? 16 : 4); i++) {
		snprintf(text, sizeof(text), "%02x", end->address[i]);
		name_put(q, text, 2);
	}
	if (end->any_port) {
		q->word = BAILIFF_VERB_BELOW + BAILIFF_BELOW_ACT;
		return;
	}
	snprintf(text, sizeof(text), "/%04x", end->port);
	name_put(q, text, 5);
}

static int take_address(const char *text, char protocol, enum act_address kind, struct question *q,
			char *error)
{
	struct endpoint end = {.port = 0};
	int r;

	if (kind == ACT_ADDRESS_NONE)
		return *text ? wrong(error, "\"%.200s\": this protocol has no addresses", text) : 0;
	if (kind == ACT_ADDRESS_SOCKET) {
		r = *text == '@' ? 0 : question_path_check(text, false, error);
		if (r == 0 && strlen(text) >= BAILIFF_PATH_MAX)
			return wrong(error, "a name of %zu bytes is too long", strlen(text));
		if (r == 0)
			name_put(q, text, strlen(text));
		return r;
	}
	r = take_endpoint(text, kind == ACT_ADDRESS_PORTS, &end, error);
	if (r < 0)
		return r;
	if (q->kind == QUESTION_CONNECT)
		no_address_is_here(&end);
	/* TCP and SCTP are asked again when they listen; then the port is there */
	if (!end.port && kind == ACT_ADDRESS_PORTS)
		end.any_port |= q->kind == QUESTION_LISTEN ||
				(q->kind == QUESTION_BIND && protocol == BAILIFF_PROTOCOL_UDP);
	put_endpoint(q, &end);
	return 0;
}

/* How many bytes of @text are the name of a protocol; where it has none, it is told by its form. */
static size_t protocol_find(const char *text, char *ret_letter, enum act_address *ret_address)
{
	size_t n = strcspn(text, ": ");
	const char *said = *text == '/' || *text == '@' ? "unix" : "tcp";

	if (act_protocol_find(text, n, ret_letter, ret_address))
		return n + (text[n] != '\0');
	if (n == strlen("other") && strncmp(text, "other", n) == 0) {
		*ret_letter = BAILIFF_PROTOCOL_OTHER;
		*ret_address = ACT_ADDRESS_NONE;
		return n + (text[n] != '\0');
	}
	act_protocol_find(said, strlen(said), ret_letter, ret_address);
	return 0;
}

static int take_network(const char *text, struct question *q, char *error)
{
	static const char operations[] = {
		[QUESTION_SOCKET] = BAILIFF_NETWORK_CREATE,
		[QUESTION_CONNECT] = BAILIFF_NETWORK_CONNECT,
		[QUESTION_LISTEN] = BAILIFF_NETWORK_LISTEN,
		[QUESTION_BIND] = BAILIFF_NETWORK_LISTEN,
		[QUESTION_ACCEPT] = BAILIFF_NETWORK_ACCEPT,
	};
	const char *near = nearest(text, strcspn(text, ": "), act_protocol_names());
	enum act_address address;
	char protocol;
	size_t n = protocol_find(text, &protocol, &address);

	if (n == 0 && (q->kind == QUESTION_SOCKET || !strpbrk(text, "/@.[")))
		return wrong(error, "unknown protocol \"%.200s\"%s%s%s", text,
			     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	name_put(q, (char[]){BAILIFF_ACT_NETWORK, operations[q->kind], protocol}, 3);
	if (q->kind == QUESTION_SOCKET)
		return text[n] ? wrong(error, "\"%.200s\": a socket is made without an address",
				       text)
			       : 0;
	return take_address(text + n, protocol, address, q, error);
}

int question_parse(enum question_kind kind, const char *text, struct question *ret,
		   char error[static QUESTION_ERROR_MAX])
{
	ret->kind = kind;
	ret->word = BAILIFF_VERB_ACT;
	ret->n = 0;
	if (kind <= QUESTION_MAP)
		return take_path(text, ret, error);
	if (kind == QUESTION_CAPABILITY || kind == QUESTION_PROCESS)
		return take_short(text, ret, error);
	return take_network(text, ret, error);
}
