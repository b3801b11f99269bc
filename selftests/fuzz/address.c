// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/diag.h"
#include "policy/image.h"
#include "policy/policy.h"
#include "selftests/fuzz/fuzz.h"

/*
 * A network and its ports, as [network] has them: any bytes. What is accepted is read a second
 * time, and the image must say the same at the network's and the ports' edges and beyond them.
 */

struct network {
	bool any[2]; /* of IPv4, of IPv6 */
	unsigned char bytes[16];
	unsigned bits, first, last;
};

/* Reads ADDRESS[/BITS][:PORT[-PORT]] that is known to be right. */
static void network_read(char *word, struct network *net)
{
	char *host = word, *rest = word + strcspn(word, "/:");

	*net = (struct network){.last = 65535};
	if (*word == '[') {
		host = word + 1;
		rest = strchr(word, ']');
		must(rest, "\"%s\"", word);
		*rest++ = '\0';
	}
	net->any[1] = host != word || *host == '*';
	net->any[0] = host == word;
	net->bits = *host == '*' ? 0 : host != word ? 128 : 32;
	if (*rest == '/')
		net->bits = (unsigned)strtoul(rest + 1, &rest, 10);
	if (*rest == ':' && rest[1] != '*') {
		char *end;

		net->first = net->last = (unsigned)strtoul(rest + 1, &end, 10);
		if (*end == '-')
			net->last = (unsigned)strtoul(end + 1, NULL, 10);
	}
	*(host == word ? word + strcspn(word, "/:") : rest) = '\0';
	must(*host == '*' || inet_pton(host == word ? AF_INET : AF_INET6, host, net->bytes) == 1,
	     "\"%s\"", host);
}

static bool denied(const struct image *image, bool six, const unsigned char *bytes, unsigned port)
{
	char name[64];
	int n = snprintf(name, sizeof(name), "%c%c%c%c", BAILIFF_ACT_NETWORK,
			 BAILIFF_NETWORK_CONNECT, BAILIFF_PROTOCOL_TCP, six ? '6' : '4');

	for (int i = 0; i < (six ? 16 : 4); i++)
		n += snprintf(name + n, sizeof(name) - n, "%02x", bytes[i]);
	n += snprintf(name + n, sizeof(name) - n, "/%04x", port);
	return BAILIFF_VERDICT(image_decide(image->cells, BAILIFF_VERB_ACT, name, n)) ==
	       BAILIFF_DENY;
}

/* One address, inside the network or not, at all ports that matter. */
static void ports_check(const struct image *image, const struct network *net, bool six,
			const unsigned char *bytes, bool inside)
{
	const unsigned ports[] = {
		0,	   net->first - 1, net->first, (net->first + net->last) / 2,
		net->last, net->last + 1,  65535};

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (ports[i] <= 65535)
			must(denied(image, six, bytes, ports[i]) ==
				     (inside && ports[i] >= net->first && ports[i] <= net->last),
			     "port %u of 4 or 6 (%d), inside: %d", ports[i], six, inside);
}

static void network_check(const struct image *image, const struct network *net)
{
	for (int six = 0; six < 2; six++) {
		unsigned char bytes[16];

		memcpy(bytes, net->bytes, sizeof(bytes));
		ports_check(image, net, six, bytes, net->any[six]);
		/* Each bit turned: in the prefix that leads out, behind it not. */
		for (unsigned bit = 0; bit < (six ? 128 : 32); bit++) {
			bytes[bit / 8] ^= 0x80u >> bit % 8;
			ports_check(image, net, six, bytes, net->any[six] && bit >= net->bits);
			bytes[bit / 8] ^= 0x80u >> bit % 8;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char before[] = "[select]\nunit = a.service\n[network]\ndeny = connect tcp ";
	char text[sizeof(before) + 1024];
	struct diag diag = {0};
	struct policy *policy;
	struct image *image;
	char *word;

	if (size == 0 || size >= 1024 || memchr(data, '\n', size))
		return 0;
	memcpy(text, before, sizeof(before) - 1);
	memcpy(text + sizeof(before) - 1, data, size);
	if (policy_parse_text("fuzz.ini", text, sizeof(before) - 1 + size, &diag, &policy) == 0) {
		const struct policy *policies = policy;

		must(image_compile(&policies, 1, 1, &diag, &image) == 0, "no image");
		word = fuzz_string((const char *)data, size);
		/* one word, and nothing that is of the file's own language */
		if (strspn(word, "0123456789abcdefABCDEF.:/[]-*") == size) {
			struct network net;

			network_read(word, &net);
			network_check(image, &net);
		}
		free(word);
		image_free(image);
		policy_free(policy);
	}
	diag_clear(&diag);
	return 0;
}
