// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>

#include "selftests/unit/policy/act_test.h"
#include "selftests/unit/policy/oracle.h"

/*
 * Said a second time, and slowly: a rule is operations of one protocol, or of all, on networks and
 * ports. It lies inside another if each of these does.
 */
struct network {
	bool any; /* whether there is one of this family */
	unsigned char address[16];
	unsigned bits;
};

struct model {
	unsigned verdict, line;
	const char *operations;
	char protocol; /* 0: all */
	struct network of[2];
	unsigned first, last; /* ports */
	bool served;	      /* 0.0.0.0 and :: are ways to serve these */
};

#define RULES_MAX 64

struct models {
	struct model rules[RULES_MAX];
	size_t n;
	char text[8192];
};

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

static bool network_inside(const struct network *a, const struct network *b)
{
	return !a->any ||
	       (b->any && a->bits >= b->bits && same_bits(a->address, b->address, b->bits));
}

static const unsigned char all_addresses[16];

/* Whether a rule is about 0.0.0.0 (of[0]) or :: (of[1]) besides its networks. */
static bool has_all(const struct model *m, size_t family)
{
	return m->served && (m->of[0].any || (family && m->of[1].any));
}

static bool all_inside(const struct model *a, const struct model *b, size_t family)
{
	const struct network *network = &b->of[family];

	return !has_all(a, family) || has_all(b, family) ||
	       (network->any && same_bits(network->address, all_addresses, network->bits));
}

static bool model_inside(const struct model *a, const struct model *b)
{
	if (!all_inside(a, b, 0) || !all_inside(a, b, 1))
		return false;
	return strspn(a->operations, b->operations) == strlen(a->operations) &&
	       (!b->protocol || a->protocol == b->protocol) &&
	       network_inside(&a->of[0], &b->of[0]) && network_inside(&a->of[1], &b->of[1]) &&
	       a->first >= b->first && a->last <= b->last;
}

static bool model_matches(const struct model *m, const struct query *q)
{
	const struct network *network = &m->of[q->family == '6'];

	if (!strchr(m->operations, q->operation) || (m->protocol && m->protocol != q->protocol))
		return false;
	if (!q->family)
		return true;
	if (q->port < m->first || q->port > m->last)
		return false;
	if (has_all(m, q->family == '6') &&
	    same_bits(q->address, all_addresses, q->family == '6' ? 128 : 32))
		return true;
	return network->any && same_bits(network->address, q->address, network->bits);
}

static const struct model *model_decide(const struct models *m, const struct query *q)
{
	const struct model *best = NULL;

	for (const struct model *rule = m->rules; rule < m->rules + m->n; rule++) {
		bool excepted = false;

		for (const struct model *other = m->rules; other < m->rules + m->n; other++)
			excepted |= model_matches(other, q) && model_inside(other, rule) &&
				    !model_inside(rule, other);
		if (model_matches(rule, q) && !excepted && (!best || rule->verdict > best->verdict))
			best = rule;
	}
	return best;
}

static const struct {
	const char *name;
	unsigned verdict;
} verdicts[] = {{"allow", BAILIFF_ALLOW}, {"audit", BAILIFF_AUDIT}, {"deny", BAILIFF_DENY}};

static const struct {
	const char *name, *byte;
} verbs[] = {{"connect", "c"}, {"listen", "l"}, {"accept", "a"}},
  protocols[] = {{"tcp", "t"}, {"udp", "u"}, {"sctp", "s"}};

static const struct {
	const char *host;
	unsigned bits;
} networks[] = {
	{"0.0.0.0", 0},	    {"10.0.0.0", 8},	 {"10.1.0.0", 16},    {"10.1.2.0", 23},
	{"10.8.0.0", 13},   {"10.1.2.3", 32},	 {"::", 0},	      {"fd00::", 8},
	{"fd00::", 13},	    {"fd00:1::", 32},	 {"fd00::1", 128},    {"8000::", 1},
	{"255.128.0.0", 9}, {"fd00::fff0", 124}, {"192.0.2.254", 31}, {"*", 0},
};

static unsigned random_port(void)
{
	static const unsigned edges[] = {0,    1,    79,   80,	 255,	256,   4095,
					 4096, 8000, 8080, 8191, 61439, 65534, 65535};

	return random_below(2) ? edges[random_below(LENGTH(edges))] : random_below(65536);
}

/* Writes an address to @text, and what it says to @model. */
static void random_address(char *text, struct model *model)
{
	size_t i = random_below(LENGTH(networks));
	unsigned bits = networks[i].bits;
	bool v6 = strchr(networks[i].host, ':');

	model->of[0] = model->of[1] = (struct network){.any = false};
	model->first = 0;
	model->last = 65535;
	if (networks[i].host[0] == '*') {
		model->of[0].any = model->of[1].any = true;
		text += sprintf(text, " *");
	} else {
		model->of[v6].any = true;
		model->of[v6].bits = bits;
		assert_int_equal(
			inet_pton(v6 ? AF_INET6 : AF_INET, networks[i].host, model->of[v6].address),
			1);
		text += sprintf(text, v6 ? " [%s]" : " %s", networks[i].host);
		if (bits != (v6 ? 128 : 32) || random_below(2))
			text += sprintf(text, "/%u", bits);
	}
	if (random_below(3) == 0)
		return;
	model->first = random_port();
	model->last = random_below(3) ? random_port() : model->first;
	if (model->last < model->first) {
		unsigned last = model->first;

		model->first = model->last;
		model->last = last;
	}
	if (model->first == model->last)
		sprintf(text, ":%u", model->first);
	else
		sprintf(text, ":%u-%u", model->first, model->last);
}

static void model_add(struct models *m, const struct model *model)
{
	assert_true(m->n < RULES_MAX);
	m->rules[m->n++] = *model;
}

/* The rules of one address, or of none: those of each verb. */
static void models_add(struct models *m, struct model *model, unsigned chosen, bool address)
{
	bool served = address && model->verdict != BAILIFF_ALLOW;

	if (!chosen && model->verdict == BAILIFF_ALLOW)
		chosen = (1u << LENGTH(verbs)) - 1;
	model->served = served;
	if (!chosen) {
		model->operations = address ? "cla" : "scla";
		if (served)
			model_add(m, model);
		model->served = false;
		model_add(m, model);
	}
	for (size_t i = 0; i < LENGTH(verbs); i++) {
		if (!(chosen >> i & 1))
			continue;
		model->operations = verbs[i].byte;
		model->served = served && i > 0;
		if (model->served)
			model_add(m, model);
		model->served = false;
		model_add(m, model);
	}
}

static void random_line(struct models *m, unsigned line)
{
	size_t verdict = random_below(LENGTH(verdicts));
	unsigned chosen = random_below(1u << LENGTH(verbs)), n = random_below(3);
	struct model model = {.line = line, .verdict = verdicts[verdict].verdict, .last = 65535};
	char *text = m->text + strlen(m->text);
	size_t protocol = random_below(LENGTH(protocols));

	text += sprintf(text, "%s =", verdicts[verdict].name);
	for (size_t i = 0; i < LENGTH(verbs); i++)
		if (chosen >> i & 1)
			text += sprintf(text, " %s", verbs[i].name);
	text += sprintf(text, " %s", protocols[protocol].name);
	model.protocol = protocols[protocol].byte[0];
	for (unsigned i = 0; i < n; i++) {
		random_address(text, &model);
		text += strlen(text);
		models_add(m, &model, chosen, true);
	}
	strcpy(text, "\n");
	model.of[0] = model.of[1] = (struct network){.any = true};
	model.first = 0;
	model.last = 65535;
	if (!n)
		models_add(m, &model, chosen, false);
	model.operations = "s";
	model.served = false;
	if (model.verdict == BAILIFF_DENY || (model.verdict == BAILIFF_AUDIT && !n && !chosen))
		return;
	model.verdict = BAILIFF_ALLOW; /* to make it, which is not worth an entry */
	model_add(m, &model);
}

static void random_networks(struct models *m)
{
	m->n = 0;
	strcpy(m->text, "[network]\n");
	if (random_below(2)) {
		struct model all = {.line = 2, .operations = "scla", .last = 65535};
		size_t verdict = 1 + random_below(2);

		all.of[0].any = all.of[1].any = true;
		all.verdict = verdicts[verdict].verdict;
		sprintf(m->text + strlen(m->text), "default = %s\n", verdicts[verdict].name);
		model_add(m, &all);
	}
	for (unsigned i = 0, first = m->n ? 3 : 2, n = 1 + random_below(5); i < n; i++)
		random_line(m, first + i);
}

/* At an edge of some rule, or a step beside it. */
static void random_query(const struct models *m, struct query *q)
{
	const struct model *rule = &m->rules[random_below((unsigned)m->n)];
	unsigned v6 = random_below(2), n_bytes = v6 ? 16 : 4;
	bool end = random_below(2);

	*q = (struct query){.operation = "scla"[random_below(4)],
			    .protocol = protocols[random_below(LENGTH(protocols))].byte[0]};
	if (q->operation == 's')
		return;
	v6 = rule->of[v6].any ? v6 : !v6;
	n_bytes = v6 ? 16 : 4;
	q->family = v6 ? '6' : '4';
	memcpy(q->address, rule->of[v6].address, sizeof(q->address));
	for (unsigned i = rule->of[v6].bits; end && i < n_bytes * 8; i++)
		q->address[i / 8] |= (unsigned char)(0x80 >> i % 8);
	if (random_below(3) == 0) {
		/* one less than the first, or one more than the last */
		unsigned i = n_bytes;

		while (i-- && (end ? ++q->address[i] == 0 : q->address[i]-- == 0))
			;
	}
	q->port = random_below(2) ? rule->first : rule->last;
	q->port += random_below(3) == 0 ? 1 : random_below(3) == 0 ? 65535 : 0;
	q->port &= 65535;
}

static void random_networks_decide_as_said(void **state)
{
	static struct models m;

	(void)state;
	random_seed(8);
	for (unsigned round = 0; round < 400; round++) {
		struct image *image;

		random_networks(&m);
		image = compile(m.text);
		for (unsigned i = 0; i < 400; i++) {
			const struct model *right;
			struct query q;
			char name[256];
			size_t n;

			random_query(&m, &q);
			right = model_decide(&m, &q);
			n = query_name(&q, name);
			name[n] = '\0';
			if (BAILIFF_VERDICT(image_decide(image->cells, ACT, name, n)) !=
			    (right ? right->verdict : 0))
				print_error("%s", m.text);
			name_is(image, name, n, name + 1, right ? right->verdict : 0,
				right ? right->line : 0);
		}
		image_free(image);
	}
}

/* All ports, against ranges whose edges stand on and beside those of digits. */
static void ranges_of_ports_end_where_they_say(void **state)
{
	static const unsigned edges[] = {0,    1,    15,   16,	 17,	 255,	 256,	4095,
					 4096, 4097, 8000, 8080, 0xfff0, 0xfffe, 0xffff};

	(void)state;
	for (size_t a = 0; a < LENGTH(edges); a++) {
		for (size_t b = a; b < LENGTH(edges); b++) {
			struct query q = {.operation = 'c', .protocol = 't', .family = '4'};
			char text[128], name[256];
			struct image *image;

			sprintf(text, "[network]\ndeny = connect tcp *:%u-%u\n", edges[a],
				edges[b]);
			image = compile(text);
			for (q.port = 0; q.port <= 65535; q.port++) {
				bool inside = q.port >= edges[a] && q.port <= edges[b];

				name_is(image, name, query_name(&q, name), text,
					inside ? BAILIFF_DENY : BAILIFF_ALLOW, inside ? 2 : 0);
				/* every port near the edges, and some of the others */
				if (q.port > 300 && q.port < 65000 && q.port % 16 == 2)
					q.port += 11;
			}
			image_free(image);
		}
	}
}

/* The strictest of all ports of an address, for one that the kernel has still to choose. */
static void any_port_is(const struct image *image, const struct query *q, unsigned verdict)
{
	char name[256];
	/* without '/' and the port */
	size_t n = query_name(q, name) - 5;
	uint32_t word = image_decide(image->cells, BAILIFF_VERB_BELOW + BAILIFF_BELOW_ACT, name, n);

	if (BAILIFF_VERDICT(word) != verdict)
		fail_msg("%.*s: verdict %u, not %u", (int)n - 1, name + 1, BAILIFF_VERDICT(word),
			 verdict);
}

static void a_port_to_be_chosen_has_the_strictest_answer(void **state)
{
	struct query here = {.operation = 'l', .protocol = 'u', .family = '4', .address = {10}};
	struct query there = {.operation = 'l', .protocol = 'u', .family = '4', .address = {11}};
	struct image *image = compile("[network]\n"
				      "deny = listen udp 10.0.0.0/8:4000-5000\n"
				      "audit = listen udp *:6000\n");

	(void)state;
	any_port_is(image, &here, BAILIFF_DENY);
	any_port_is(image, &there, BAILIFF_AUDIT);
	here.operation = there.protocol = 't';
	any_port_is(image, &here, BAILIFF_ALLOW);
	any_port_is(image, &there, BAILIFF_ALLOW);
	image_free(image);

	image = compile("[network]\n"
			"default = deny\n"
			"allow = listen udp 10.0.0.0/8 11.0.0.0/8:53\n");
	here.operation = 'l';
	there.protocol = 'u';
	any_port_is(image, &here, BAILIFF_ALLOW);
	any_port_is(image, &there, BAILIFF_DENY);
	image_free(image);
}

/* Only a policy about the paths of sockets makes renames a matter of the network. */
static void paths_of_sockets_are_told_in_the_header(void **state)
{
	static const struct {
		const char *rules;
		unsigned network;
	} cases[] = {
		{"deny = connect tcp *:80", 1},	    {"deny = connect unix @x", 1},
		{"deny = connect unix /run/x", 3},  {"audit = unix /**", 3},
		{"allow = connect unix /run/x", 0}, {"deny = unix", 3},
		{"deny = listen unix /run/x", 1},   {"deny = raw", 1},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char text[128];
		struct image *image;

		snprintf(text, sizeof(text), "[network]\n%s\n", cases[i].rules);
		image = compile(text);
		if (image_header(image->cells)->network != cases[i].network)
			fail_msg("%s: %u, not %u", cases[i].rules,
				 image_header(image->cells)->network, cases[i].network);
		image_free(image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_networks_decide_as_said),
		cmocka_unit_test(ranges_of_ports_end_where_they_say),
		cmocka_unit_test(a_port_to_be_chosen_has_the_strictest_answer),
		cmocka_unit_test(paths_of_sockets_are_told_in_the_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
