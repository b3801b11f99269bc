// SPDX-License-Identifier: Apache-2.0
#include "policy/parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * ADDRESS[/BITS][:PORT[-PORT]] to a glob over abi.h's name of it: '4' or '6', the address and the
 * port in hexadecimal digits. A digit that may be any is '?', so that what lies inside another
 * network lies inside its glob.
 */

#define WORD_MAX 200
#define PORT_MAX 0xffffu
#define PORT_DIGITS 4

struct address {
	char family; /* '4', '6', or '*' for both */
	unsigned char bytes[16];
	unsigned bits; /* of the prefix */
	unsigned first_port, last_port;
};

/* Where a word is being taken apart. */
struct words {
	struct parser *p;
	const struct span *word;
	char host[WORD_MAX]; /* without brackets */
	char rest[WORD_MAX]; /* from "/" or ":" on, or empty */
};

#define wrong(w, ...) wrong_result(parse_error((w)->p, (w)->word->column, __VA_ARGS__))
#define SHOWN(w) (int)(w)->word->n, (w)->word->text

static int wrong_result(int r)
{
	return r < 0 ? r : 1;
}

static unsigned address_bits(const struct address *a)
{
	return a->family == '4' ? 32 : 128;
}

/* A decimal number up to @max at *@text, and *@text behind it. */
static bool take_number(const char **text, unsigned max, unsigned *ret)
{
	unsigned n = 0;
	const char *at = *text;

	for (; *at >= '0' && *at <= '9'; at++) {
		n = n * 10 + (unsigned)(*at - '0');
		if (n > max)
			return false;
	}
	if (at == *text)
		return false;
	*text = at;
	*ret = n;
	return true;
}

/* Splits the word into host and rest; an address of IPv6 stands in brackets. */
static int split(struct words *w)
{
	const char *text = w->word->text, *end = text + w->word->n, *host = text, *host_end;

	if (w->word->n >= WORD_MAX)
		return wrong(w, "\"%.*s\" is no address", SHOWN(w));
	if (*text == '[') {
		host = text + 1;
		host_end = memchr(text, ']', w->word->n);
		if (!host_end)
			return wrong(w, "\"]\" is missing in \"%.*s\"", SHOWN(w));
		snprintf(w->rest, sizeof(w->rest), "%.*s", (int)(end - host_end - 1), host_end + 1);
	} else {
		const char *colon = memchr(text, ':', w->word->n);

		if (colon && memchr(colon + 1, ':', (size_t)(end - colon - 1)))
			return wrong(w,
				     "\"%.*s\": an IPv6 address stands in brackets, as in "
				     "[fd00::]/8:443",
				     SHOWN(w));
		host_end = text;
		while (host_end < end && *host_end != ':' && *host_end != '/')
			host_end++;
		snprintf(w->rest, sizeof(w->rest), "%.*s", (int)(end - host_end), host_end);
	}
	snprintf(w->host, sizeof(w->host), "%.*s", (int)(host_end - host), host);
	return 0;
}

static int take_host(struct words *w, struct address *a)
{
	a->family = w->word->text[0] == '[' ? '6' : '4';
	if (strcmp(w->host, "*") == 0 && a->family == '4') {
		a->family = '*';
		return 0;
	}
	if (inet_pton(a->family == '4' ? AF_INET : AF_INET6, w->host, a->bytes) == 1)
		return 0;
	return wrong(w,
		     "\"%.*s\" is no address; write one as 10.1.2.3, 10.0.0.0/8:443, [fd00::]/8 or "
		     "*:8000-8080",
		     SHOWN(w));
}

/* Clears the bits behind the prefix. Returns whether there were any. */
static bool mask(struct address *a)
{
	bool any = false;

	for (unsigned bit = a->bits; bit < address_bits(a); bit++) {
		unsigned char one = (unsigned char)(0x80u >> bit % 8);

		any |= a->bytes[bit / 8] & one;
		a->bytes[bit / 8] &= (unsigned char)~one;
	}
	return any;
}

/* IPv6's form of IPv4's addresses: RFC 4291, 2.5.5.2. */
static bool is_mapped(const struct address *a)
{
	static const unsigned char prefix[12] = {[10] = 0xff, [11] = 0xff};

	return a->family == '6' && a->bits >= 96 && memcmp(a->bytes, prefix, sizeof(prefix)) == 0;
}

static int check_network(struct words *w, struct address *a, const char *ports)
{
	char shown[INET6_ADDRSTRLEN];

	if (a->family == '*')
		return 0;
	if (mask(a)) {
		inet_ntop(a->family == '4' ? AF_INET : AF_INET6, a->bytes, shown, sizeof(shown));
		return wrong(w,
			     "\"%.*s\" has bits behind its prefix of %u; the network is "
			     "%s%s%s/%u%s",
			     SHOWN(w), a->bits, a->family == '6' ? "[" : "", shown,
			     a->family == '6' ? "]" : "", a->bits, ports);
	}
	if (!is_mapped(a))
		return 0;
	inet_ntop(AF_INET, a->bytes + 12, shown, sizeof(shown));
	return wrong(w, "\"%.*s\" is IPv4 in the form of IPv6; write %s/%u%s", SHOWN(w), shown,
		     a->bits - 96, ports);
}

static int take_bits(struct words *w, struct address *a, const char **rest)
{
	a->bits = address_bits(a);
	if (**rest != '/')
		return 0;
	(*rest)++;
	if (a->family == '*')
		return wrong(w, "\"%.*s\": \"*\" is any address and has no prefix", SHOWN(w));
	if (take_number(rest, a->bits, &a->bits))
		return 0;
	return wrong(w, "\"%.*s\": a prefix is a number from 0 to %u", SHOWN(w), a->bits);
}

static int take_ports(struct words *w, struct address *a, const char *portless, const char *rest)
{
	a->first_port = 0;
	a->last_port = PORT_MAX;
	if (strcmp(rest, "") == 0 || strcmp(rest, ":*") == 0)
		return 0;
	if (*rest++ != ':')
		return wrong(w, "\"%.*s\": only a prefix and a port follow an address", SHOWN(w));
	if (portless)
		return wrong(w, "\"%.*s\": \"%s\" has no ports; take \":%s\" out", SHOWN(w),
			     portless, rest);
	if (!take_number(&rest, PORT_MAX, &a->first_port))
		return wrong(w, "\"%.*s\": a port is a number from 0 to 65535, 8000-8080 or *",
			     SHOWN(w));
	a->last_port = a->first_port;
	if (*rest == '-') {
		rest++;
		if (!take_number(&rest, PORT_MAX, &a->last_port))
			a->last_port = PORT_MAX + 1;
	}
	if (*rest || a->last_port > PORT_MAX)
		return wrong(w, "\"%.*s\": a port is a number from 0 to 65535, 8000-8080 or *",
			     SHOWN(w));
	if (a->last_port < a->first_port)
		return wrong(w, "\"%.*s\": the range is reversed; write %u-%u", SHOWN(w),
			     a->last_port, a->first_port);
	return 0;
}

/* A digit of a set, as a glob. */
static char *put_digit(char *to, unsigned first, unsigned last)
{
	static const char digits[] = "0123456789abcdef";

	if (first == 0 && last == 15) {
		*to++ = '?';
		return to;
	}
	if (first < last)
		*to++ = '[';
	for (unsigned digit = first; digit <= last; digit++)
		*to++ = digits[digit];
	if (first < last)
		*to++ = ']';
	return to;
}

static char *put_network(char *to, const struct address *a)
{
	*to++ = a->family;
	for (unsigned bit = 0; bit < address_bits(a); bit += 4) {
		unsigned digit = a->bytes[bit / 8] >> (bit % 8 ? 0 : 4) & 15;
		/* how many bits of the digit are free */
		unsigned free = bit + 4 <= a->bits ? 0 : bit >= a->bits ? 4 : bit + 4 - a->bits;

		to = put_digit(to, digit, digit | ((1u << free) - 1));
	}
	return to;
}

static char *put_ports(char *to, const char *prefix, unsigned n_digits, unsigned first,
		       unsigned last);

/* Ports that have one more digit in common. */
static char *put_ports_of(char *to, const char *prefix, unsigned digit, unsigned n_digits,
			  unsigned first, unsigned last)
{
	char longer[PORT_DIGITS + 1];

	snprintf(longer, sizeof(longer), "%s%x", prefix, digit & 15);
	return put_ports(to, longer, n_digits - 1, first, last);
}

/*
 * Ports of @n_digits digits behind a prefix, by as few patterns as there can be, a comma behind
 * each: what is no whole run of the first digit and of the last, and whole runs between.
 */
static char *put_ports(char *to, const char *prefix, unsigned n_digits, unsigned first,
		       unsigned last)
{
	unsigned size = 1u << 4 * (n_digits - 1);
	unsigned from = first / size, up_to = last / size;
	bool cut_first = first % size, cut_last = last % size != size - 1;

	if (from == up_to && (cut_first || cut_last))
		return put_ports_of(to, prefix, from, n_digits, first % size, last % size);
	if (cut_first)
		to = put_ports_of(to, prefix, from++, n_digits, first % size, size - 1);
	if (cut_last)
		to = put_ports_of(to, prefix, up_to--, n_digits, 0, last % size);
	if (from > up_to)
		return to;
	to = put_digit(stpcpy(to, prefix), from, up_to);
	while (--n_digits)
		*to++ = '?';
	*to++ = ',';
	return to;
}

/* With @served, the addresses that stand for all of a machine's, this one among them. */
static char *put_networks(char *to, const struct address *a, bool served)
{
	static const struct address every[] = {{.family = '4'}, {.family = '6'}};
	static const struct address all[] = {{.family = '4', .bits = 32},
					     {.family = '6', .bits = 128}};

	if (a->family != '*' && !served)
		return put_network(to, a);
	*to++ = '{';
	to = put_network(to, a->family == '*' ? &every[0] : a);
	if (a->family == '4') {
		*to++ = ',';
		to = put_network(to, &all[0]);
	}
	*to++ = ',';
	to = put_network(to, a->family == '*' ? &every[1] : &all[1]);
	*to++ = '}';
	return to;
}

static void put_address(char *to, const struct address *a, bool served)
{
	bool any_port = a->first_port == 0 && a->last_port == PORT_MAX;

	if (a->family != '*' || !any_port)
		to = put_networks(to, a, served);
	if (any_port) {
		memcpy(to, "**", sizeof("**"));
		return;
	}
	*to++ = '/';
	*to++ = '{';
	to = put_ports(to, "", PORT_DIGITS, a->first_port, a->last_port);
	to[-1] = '}'; /* in place of the last comma */
	*to = '\0';
}

int parse_address(struct parser *p, const struct span *word, const char *portless, bool served,
		  char text[static ADDRESS_TEXT_MAX])
{
	struct words w = {.p = p, .word = word};
	struct address a = {.family = 0};
	const char *rest = w.rest;
	int r;

	r = split(&w);
	if (r == 0)
		r = take_host(&w, &a);
	if (r == 0)
		r = take_bits(&w, &a, &rest);
	if (r == 0)
		r = take_ports(&w, &a, portless, rest);
	if (r == 0)
		r = check_network(&w, &a, rest);
	if (r == 0)
		put_address(text, &a, served);
	return r;
}
