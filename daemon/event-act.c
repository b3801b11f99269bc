/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/event-act.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "daemon/util.h"
#include "policy/act.h"

static const struct {
	char letter;
	const char *name;
} operations[] =
	{
		{BAILIFF_NETWORK_CREATE, "create"},
		{BAILIFF_NETWORK_CONNECT, "connect"},
		{BAILIFF_NETWORK_LISTEN, "listen"},
		{BAILIFF_NETWORK_ACCEPT, "accept"},
},
  protocols[] = {
	  {BAILIFF_PROTOCOL_TCP, "tcp"},	 {BAILIFF_PROTOCOL_UDP, "udp"},
	  {BAILIFF_PROTOCOL_ICMP, "icmp"},	 {BAILIFF_PROTOCOL_SCTP, "sctp"},
	  {BAILIFF_PROTOCOL_RAW, "raw"},	 {BAILIFF_PROTOCOL_UNIX, "unix"},
	  {BAILIFF_PROTOCOL_NETLINK, "netlink"}, {BAILIFF_PROTOCOL_PACKET, "packet"},
	  {BAILIFF_PROTOCOL_VSOCK, "vsock"},	 {BAILIFF_PROTOCOL_OTHER, "other"},
};

const char *event_act_section(struct text name)
{
	switch (name.n ? name.bytes[0] : 0) {
	case '/': /* a unix socket that is connected to, by its file: the name that it has there */
	case BAILIFF_ACT_NETWORK:
		return "network";
	case BAILIFF_ACT_CAPABILITY:
		return "capability";
	case BAILIFF_ACT_PROCESS:
		return "process";
	default:
		return "act";
	}
}

static const char *operation_name(char letter)
{
	for (size_t i = 0; i < ELEMENTS(operations); i++)
		if (operations[i].letter == letter)
			return operations[i].name;
	return "unknown";
}

static const char *protocol_name(char letter)
{
	for (size_t i = 0; i < ELEMENTS(protocols); i++)
		if (protocols[i].letter == letter)
			return protocols[i].name;
	return "unknown";
}

/* Reads @n bytes that are written as hexadecimal digits. */
static bool read_bytes(const char *digits, unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < 2 * n; i++) {
		const char *all = "0123456789abcdef", *at = strchr(all, digits[i]);

		if (!at || !*at)
			return false;
		bytes[i / 2] = (unsigned char)(bytes[i / 2] << 4 | (at - all));
	}
	return true;
}

/*
 * "10.0.0.1:443" or "[fd00::1]:443"; nothing where @name is no address and port. "10.0.0.1:*"
 * stands for a port that the kernel has still to choose.
 */
static void print_endpoint(struct text name, char *text, size_t size)
{
	unsigned char bytes[18] = {};
	char address[INET6_ADDRSTRLEN];
	bool v6 = name.n && name.bytes[0] == '6';
	size_t n = v6 ? 16 : 4, n_address = 1 + 2 * n;
	char port[8] = "*";

	text[0] = '\0';
	if (name.n != n_address && name.n != n_address + 5)
		return;
	if ((!v6 && name.bytes[0] != '4') || !read_bytes(name.bytes + 1, bytes, n) ||
	    !inet_ntop(v6 ? AF_INET6 : AF_INET, bytes, address, sizeof(address)))
		return;
	if (name.n > n_address) {
		if (!read_bytes(name.bytes + n_address + 1, bytes + n, 2))
			return;
		snprintf(port, sizeof(port), "%u", (unsigned)bytes[n] << 8 | bytes[n + 1]);
	}
	snprintf(text, size, v6 ? " [%s]:%s" : " %s:%s", address, port);
}

static size_t print_socket(struct text path, char text[static EVENT_ACT_MAX])
{
	size_t n = (size_t)sprintf(text, "connect unix ");

	if (path.n > BAILIFF_PATH_MAX)
		path.n = BAILIFF_PATH_MAX;
	memcpy(text + n, path.bytes, path.n);
	return n + path.n;
}

static size_t print_network(struct text name, char text[static EVENT_ACT_MAX])
{
	struct text rest = {name.bytes + 3, name.n - 3};
	char endpoint[80];
	size_t n;

	n = (size_t)sprintf(text, "%s %s", operation_name(name.bytes[1]),
			    protocol_name(name.bytes[2]));
	if (name.bytes[2] != BAILIFF_PROTOCOL_UNIX) {
		print_endpoint(rest, endpoint, sizeof(endpoint));
		return n + (size_t)sprintf(text + n, "%s", endpoint);
	}
	if (rest.n == 0 || rest.n > BAILIFF_PATH_MAX)
		return n;
	text[n++] = ' ';
	memcpy(text + n, rest.bytes, rest.n);
	return n + rest.n;
}

size_t event_act(struct text name, char text[static EVENT_ACT_MAX])
{
	const char *kind = event_act_section(name);

	if (name.n && name.bytes[0] == '/')
		return print_socket(name, text);
	if (name.n == 2 && strcmp(kind, "capability") == 0)
		return (size_t)sprintf(
			text, "%s",
			act_capability_name((unsigned char)name.bytes[1] - BAILIFF_ACT_BASE));
	if (name.n == 2 && strcmp(kind, "process") == 0)
		return (size_t)sprintf(
			text, "%s",
			act_process_name((unsigned char)name.bytes[1] - BAILIFF_ACT_BASE));
	if (name.n >= 3 && strcmp(kind, "network") == 0)
		return print_network(name, text);
	return (size_t)sprintf(text, "unknown");
}
