// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/policy/parse_test.h"

/*
 * Nonsense: random bytes, random words of the language, and random changes of a good policy. What
 * matters is that nothing crashes, hangs or leaks (run with sanitizers), and that what is answered
 * hangs together. BAILIFF_SEED=N repeats a run.
 */

#define ROUNDS 15000
#define TEXT_MAX 4096

static uint64_t seed;

/* xorshift64* (Vigna 2016), enough to be different each time. */
static uint32_t below(uint32_t n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * 0x2545f4914f6cdd1dull) >> 32) % n;
}

struct text {
	char bytes[TEXT_MAX];
	size_t n;
};

static const char good[] =
	"[policy]\nmode = audit\nseverity = 7\nmessage = a b ; c\ntags = a b\n"
	"[select]\nunit = nginx.service x@*.service\n  y.scope\nhost = no\n"
	"cgroup = /a/** **/b\n[exec]\ndefault = deny\nallow = /usr/sbin/nginx\n"
	"deny = /{a,b}/[c-d]?/*\\ x memfd:*\n[file]\ndeny = read write /etc/shadow\n"
	"\t/root/ ; comment\nallow = read /etc/x\ndefault = audit\n"
	"[network]\ndefault = deny\nallow = connect tcp 10.0.0.0/8:443\n  [fd00::]/8:1-2\n"
	"deny = listen accept udp raw\naudit = unix /run/x @y\n[capability]\n"
	"deny = sys_admin cap_net_raw\nallow = all\n[process]\ndefault = audit\n"
	"deny = ptrace usermode-helper\n[exec]\nwx = deny\nlibraries = yes\n";

static const char *const words[] = {
	"[policy]\n",
	"[select]\n",
	"[exec]\n",
	"[file]\n",
	"[file \"/x\"]",
	"mode",
	"severity",
	"message",
	"tags",
	"unit",
	"cgroup",
	"host",
	"allow",
	"audit",
	"deny",
	"default",
	"read",
	"write",
	"drift",
	"wx",
	" = ",
	"=",
	":",
	"\n",
	"\r\n",
	"\n\t",
	" ",
	";",
	" ;",
	"#",
	"/",
	"//",
	"/../",
	"/a/b",
	"**",
	"[a",
	"]",
	"{",
	"}",
	",",
	"\\",
	"\"",
	"memfd:",
	"a.service",
	"x.timer",
	"yes",
	"11",
	"\x7f",
	"\xef\xbb\xbf",
	"\xc3\xa9",
	"\xe9",
	"[network]\n",
	"[capability]\n",
	"[process]\n",
	"connect",
	"listen",
	"tcp",
	"unix",
	"raw",
	" 10.0.0.0/8:80-90",
	" [fd00::]/8:443",
	" *:80",
	"/0",
	":1-",
	"@x",
	"net_raw",
	"cap_",
	"all",
	"mount",
	"usermode-helper",
	"libraries",
	"[daemon]",
	"[",
	"=\n /x",
	"[select",
};

static void append(struct text *text, const char *bytes, size_t n)
{
	if (n > TEXT_MAX - text->n)
		n = TEXT_MAX - text->n;
	memcpy(text->bytes + text->n, bytes, n);
	text->n += n;
}

static void random_bytes(struct text *text)
{
	text->n = below(TEXT_MAX + 1);
	for (size_t i = 0; i < text->n; i++)
		text->bytes[i] = below(16) ? (char)(' ' + below(95)) : (char)below(256);
}

static void random_words(struct text *text)
{
	text->n = 0;
	for (uint32_t n = below(200); n > 0; n--) {
		const char *word = words[below(sizeof(words) / sizeof(words[0]))];

		append(text, word, strlen(word));
		/* Sometimes long: lines that inih cannot hold. */
		while (below(40) == 0)
			append(text, good, below(sizeof(good)));
	}
}

/* Replaces, inserts, takes out or doubles a piece, a few times. */
static void changed_policy(struct text *text)
{
	text->n = 0;
	append(text, good, sizeof(good) - 1);
	for (uint32_t n = 1 + below(8); n > 0; n--) {
		size_t at = below(text->n + 1), take = below(2) ? below(12) : 0;
		const char *word = words[below(sizeof(words) / sizeof(words[0]))];
		struct text tail = {.n = 0};

		if (take > text->n - at)
			take = text->n - at;
		append(&tail, text->bytes + at + take, text->n - at - take);
		text->n = at;
		if (below(3) == 0)
			append(text, word, strlen(word));
		else if (below(3) == 0)
			append(text, good, below(sizeof(good)));
		else if (below(3) == 0)
			append(text, &(char){(char)below(256)}, 1);
		append(text, tail.bytes, tail.n);
	}
}

/* Whether the answer hangs together: see policy.h and diag.h. */
static bool hangs_together(int r, const struct diag *diag, const struct policy *policy)
{
	const struct diag_item *before = NULL;

	if (r != (diag->n_errors > 0) || (policy != NULL) != (r == 0))
		return false;
	if (policy && (policy->n_selects == 0 || policy->severity < 1 || policy->severity > 10))
		return false;
	for (size_t i = 0; policy && i < policy->n_rules; i++)
		if (!policy->rules[i].verbs || !policy->rules[i].glob)
			return false;
	for (size_t i = 0; i < diag->n_items; i++) {
		const struct diag_item *item = &diag->items[i];

		/* An item about a line shows it; the one past its end may be meant. */
		if (item->line &&
		    (!item->source || item->column < 1 || item->column > strlen(item->source) + 1))
			return false;
		if (before && before->line && item->line &&
		    (before->line > item->line ||
		     (before->line == item->line && before->column > item->column)))
			return false;
		if (strpbrk(item->message, "\n\r\x1b") ||
		    (item->source && strpbrk(item->source, "\n\r\x1b")))
			return false;
		before = item;
	}
	return true;
}

static void nonsense_is_survived(void **state)
{
	static void (*const makes[])(struct text *) = {random_bytes, random_words, changed_policy,
						       changed_policy};
	const char *given = getenv("BAILIFF_SEED");
	uint64_t first = given ? strtoull(given, NULL, 0) : 20220401;
	unsigned n_right = 0;

	(void)state;
	seed = first ? first : 1; /* 0 stays 0 */
	print_message("BAILIFF_SEED=%llu\n", (unsigned long long)seed);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct text text = {.n = 0};
		struct policy *policy = NULL;
		struct diag diag = {};
		int r;

		makes[below(sizeof(makes) / sizeof(makes[0]))](&text);
		r = policy_parse_text("x", text.bytes, text.n, &diag, &policy);
		n_right += r == 0;
		if (!hangs_together(r, &diag, policy))
			fail_msg("round %u, answer %d, for:\n%.*s\n%s", round, r, (int)text.n,
				 text.bytes, diag_text(&diag));
		policy_free(policy);
		diag_clear(&diag);
	}
	/* Otherwise only the first lines of the parser were tried. */
	assert_in_range(n_right, ROUNDS / 100, ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nonsense_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
