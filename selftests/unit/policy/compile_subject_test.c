// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/policy/act_test.h"
#include "selftests/unit/policy/oracle.h"

#define EXEC BAILIFF_VERB_EXEC
#define READ BAILIFF_VERB_READ
#define WRITE BAILIFF_VERB_WRITE

/* The start of one who has executed these, one after the other, as the kernel works it out. */
static __u32 start_after(const struct image *image, const char *const *executables)
{
	const struct bailiff_image *header = image_header(image->cells);
	const struct bailiff_subject *of =
		(const struct bailiff_subject *)(image->cells + header->subjects);
	__u32 subjects = 0, inherited = 0;

	for (__u32 i = 0; i < header->n_subjects; i++)
		inherited |= (__u32)(of[i].key & 1) << i;
	for (; *executables; executables++)
		subjects =
			(subjects & inherited) | image_decide(image->cells, BAILIFF_WORD_SUBJECTS,
							      *executables, strlen(*executables));
	return image_start(image->cells, subjects);
}

static void from_is(const struct image *image, __u32 start, unsigned verb, const char *path,
		    unsigned verdict, unsigned line)
{
	const struct bailiff_image *header = image_header(image->cells);
	const struct bailiff_rule *rules =
		(const struct bailiff_rule *)(image->cells + header->rules);
	uint32_t word = image_decide_from(image->cells, start, verb, path, strlen(path));
	unsigned found = rules[BAILIFF_RULE(word)].line;

	if (BAILIFF_VERDICT(word) != verdict || found != line)
		fail_msg("%s: verdict %u by line %u, not %u by %u", path, BAILIFF_VERDICT(word),
			 found, verdict, line);
}

#define after_is(image, verb, path, verdict, line, ...)                                            \
	from_is(image, start_after(image, (const char *const[]){__VA_ARGS__, NULL}), verb, path,   \
		verdict, line)

static void rules_of_one_executable(void **state)
{
	struct image *image = compile("[file]\n"
				      "deny = read /etc/ssl/**\n"
				      "[file \"/usr/sbin/nginx\"]\n"
				      "allow = read /etc/ssl/private/**\n"
				      "deny = read /home/**\n");
	__u32 unknown = image_header(image->cells)->unknown;

	(void)state;
	after_is(image, READ, "/etc/ssl/private/key", BAILIFF_DENY, 2, "/bin/cat");
	after_is(image, READ, "/etc/ssl/private/key", BAILIFF_ALLOW, 4, "/usr/sbin/nginx");
	after_is(image, READ, "/etc/ssl/private/key", BAILIFF_ALLOW, 4, "/sbin/nginx");
	after_is(image, READ, "/etc/ssl/other", BAILIFF_DENY, 2, "/usr/sbin/nginx");
	after_is(image, READ, "/home/a", BAILIFF_DENY, 5, "/usr/sbin/nginx");
	after_is(image, READ, "/home/a", BAILIFF_ALLOW, 0, "/bin/cat");
	/* not inherited */
	after_is(image, READ, "/home/a", BAILIFF_ALLOW, 0, "/usr/sbin/nginx", "/bin/cat");
	/* who cannot be told has every deny, and no allow */
	from_is(image, unknown, READ, "/home/a", BAILIFF_DENY, 5);
	from_is(image, unknown, READ, "/etc/ssl/private/key", BAILIFF_DENY, 2);
	/* whoever could write it could be it */
	after_is(image, WRITE, "/usr/sbin/nginx", BAILIFF_DENY, 3, "/bin/cat");
	image_free(image);
}

static void what_is_inherited(void **state)
{
	struct image *image = compile("[file \"/usr/sbin/sshd\"]\n"
				      "inherit = yes\n"
				      "deny = write /srv/**\n"
				      "[network \"/bin/nc\"]\n"
				      "deny = connect tcp *:*\n");

	(void)state;
	after_is(image, WRITE, "/srv/a", BAILIFF_DENY, 3, "/usr/sbin/sshd", "/bin/sh", "/bin/ls");
	after_is(image, WRITE, "/srv/a", BAILIFF_DENY, 3, "/usr/sbin/sshd", "/usr/bin/nc");
	after_is(image, ACT,
		 "\x01"
		 "ct40a0000010050",
		 BAILIFF_DENY, 5, "/usr/sbin/sshd", "/usr/bin/nc");
	after_is(image, ACT,
		 "\x01"
		 "ct40a0000010050",
		 BAILIFF_ALLOW, 0, "/usr/sbin/sshd");
	/* nothing is allowed to it that others may not, so it may be replaced */
	after_is(image, WRITE, "/usr/sbin/sshd", BAILIFF_ALLOW, 0, "/bin/cp");
	image_free(image);
}

static void what_one_may_connect_all_may_not_make(void **state)
{
	struct image *image = compile("[network \"/usr/bin/curl\"]\n"
				      "allow = connect tcp *:443\n"
				      "[network]\n"
				      "default = deny\n"
				      "allow = listen tcp udp *:80\n"
				      "[network \"/usr/bin/dig\"]\n"
				      "allow = connect sctp *:53\n");

	(void)state;
	after_is(image, ACT, "\x01st", BAILIFF_ALLOW, 5, "/usr/bin/nginx");
	after_is(image, ACT, "\x01su", BAILIFF_ALLOW, 5, "/usr/bin/nginx");
	after_is(image, ACT, "\x01ss", BAILIFF_DENY, 4, "/usr/bin/nginx");
	after_is(image, ACT, "\x01ss", BAILIFF_DENY, 4, "/usr/bin/curl");
	image_free(image);
}

static void defaults_of_one_executable(void **state)
{
	struct image *image = compile("[exec]\n"
				      "allow = /usr/bin/**\n"
				      "[exec \"/usr/bin/worker\"]\n"
				      "default = deny\n"
				      "allow = /usr/bin/ls\n"
				      "[capability \"/usr/bin/worker\"]\n"
				      "default = deny\n"
				      "allow = chown\n");
	const char chown[] = {BAILIFF_ACT_CAPABILITY, BAILIFF_ACT_BASE, '\0'};
	const char kill[] = {BAILIFF_ACT_CAPABILITY, BAILIFF_ACT_BASE + 5, '\0'};

	(void)state;
	after_is(image, EXEC, "/usr/bin/ls", BAILIFF_ALLOW, 5, "/usr/bin/worker");
	after_is(image, EXEC, "/usr/bin/id", BAILIFF_DENY, 4, "/usr/bin/worker");
	after_is(image, EXEC, "/opt/id", BAILIFF_DENY, 4, "/usr/bin/worker");
	after_is(image, EXEC, "/opt/id", BAILIFF_ALLOW, 0, "/usr/bin/id");
	after_is(image, BAILIFF_VERB_INVOKED, "/opt/id", BAILIFF_ALLOW, 0, "/usr/bin/worker");
	after_is(image, ACT, chown, BAILIFF_ALLOW, 8, "/usr/bin/worker");
	after_is(image, ACT, kill, BAILIFF_DENY, 7, "/usr/bin/worker");
	after_is(image, ACT, kill, BAILIFF_ALLOW, 0, "/usr/bin/ls");
	assert_int_equal(image_header(image->cells)->capabilities,
			 (1ull << BAILIFF_N_CAPABILITIES) - 1);
	image_free(image);
}

static void scripts_are_executed_by_being_read(void **state)
{
	struct image *image = compile("[exec]\n"
				      "default = deny\n"
				      "allow = /usr/bin/** /srv/app/**\n"
				      "deny = /tmp/**\n"
				      "scripts = yes\n");

	(void)state;
	after_is(image, READ, "/tmp/a.sh", BAILIFF_DENY, 4, "/usr/bin/sh");
	after_is(image, READ, "/tmp/a.py", BAILIFF_DENY, 4, "/usr/local/bin/python3.11");
	after_is(image, READ, "/tmp/a.sh", BAILIFF_ALLOW, 0, "/usr/bin/cat");
	after_is(image, READ, "/etc/passwd", BAILIFF_ALLOW, 0, "/usr/bin/sh");
	image_free(image);
	image = compile("[exec]\n"
			"default = deny\n"
			"allow = /usr/bin/** /srv/app/**\n"
			"scripts = strict\n");
	after_is(image, READ, "/srv/app/a.sh", BAILIFF_ALLOW, 3, "/usr/bin/sh");
	after_is(image, READ, "/etc/passwd", BAILIFF_DENY, 2, "/usr/bin/sh");
	after_is(image, READ, "/etc/passwd", BAILIFF_ALLOW, 0, "/usr/bin/cat");
	image_free(image);
}

static struct policy *policy_of(const char *text)
{
	struct policy *policy = NULL;
	struct diag diag = {0};
	char whole[8192 + 64];

	snprintf(whole, sizeof(whole), "%s" SELECT, text);
	assert_int_equal(policy_parse_text("a.ini", whole, strlen(whole), &diag, &policy), 0);
	diag_clear(&diag);
	return policy;
}

/* The key of the only subject whose executable is at @path. */
static uint64_t key_of(const struct image *image, const char *path)
{
	const struct bailiff_image *header = image_header(image->cells);
	uint32_t word = image_decide(image->cells, BAILIFF_WORD_SUBJECTS, path, strlen(path));

	assert_int_equal(__builtin_popcount(word), 1);
	return ((const struct bailiff_subject *)(image->cells +
						 header->subjects))[__builtin_ctz(word)]
		.key;
}

/* From image to image, wherever they stand; and not those of others. */
static void subjects_keep_their_keys(void **state)
{
	struct image *first = compile("[file \"/a\"]\ndeny = read /x\n"
				      "[file \"/b\"]\ndeny = read /x\n");
	struct image *second = compile("[file \"/c\"]\ndeny = read /x\n"
				       "[file \"/b\"]\ndeny = read /y\n");
	struct image *third = compile("[file \"/b\"]\ninherit = yes\ndeny = read /x\n");

	(void)state;
	assert_true(key_of(first, "/b") == key_of(second, "/b"));
	assert_true(key_of(first, "/a") != key_of(second, "/c"));
	assert_true(key_of(first, "/b") != key_of(third, "/b"));
	assert_false(key_of(first, "/b") & 1);
	assert_true(key_of(third, "/b") & 1);
	image_free(first);
	image_free(second);
	image_free(third);
}

/* One executable, by as many names as a process can be of at once, and by one more. */
static void too_many_of_one(void **state)
{
	char text[8192] = "";
	struct policy *policy;
	const struct policy *policies;
	struct diag diag = {0};
	struct image *image = NULL;

	(void)state;
	for (unsigned i = 0; i < BAILIFF_SUBJECTS_OF_TASK; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "[file \"/**/{s,%u}\"]\ndeny = read /x/%u\n", i, i);
	image = compile(text);
	after_is(image, READ, "/x/7", BAILIFF_DENY, 16, "/bin/s");
	image_free(image);
	strcat(text, "[file \"/**/{s,more}\"]\ndeny = read /x/more\n");
	policy = policy_of(text);
	policies = policy;
	assert_int_equal(image_compile(&policies, 1, 1, &diag, &image), 1);
	diag_clear(&diag);
	policy_free(policy);
}

static void the_last_number_and_one_more(void **state)
{
	char text[8192] = "";
	struct policy *policy;
	const struct policy *policies;
	struct diag diag = {0};
	struct image *image = NULL;

	(void)state;
	for (unsigned i = 0; i < BAILIFF_SUBJECTS; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "[file \"/bin/%u\"]\ndeny = read /x/%u\n", i, i);
	image = compile(text);
	after_is(image, READ, "/x/31", BAILIFF_DENY, 64, "/bin/31");
	after_is(image, READ, "/x/30", BAILIFF_ALLOW, 0, "/bin/31");
	image_free(image);
	strcat(text, "[file \"/bin/more\"]\ndeny = read /x/more\n");
	policy = policy_of(text);
	policies = policy;
	assert_int_equal(image_compile(&policies, 1, 1, &diag, &image), 1);
	assert_int_equal(diag.items[0].line, 65);
	diag_clear(&diag);
	policy_free(policy);
}

/* Nine that are inherited, in any mixture, are 512 classes. */
static void too_many_mixtures(void **state)
{
	char text[8192] = "";
	struct policy *policy;
	const struct policy *policies;
	struct diag diag = {0};
	struct image *image = NULL;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "[file \"/bin/%u\"]\ninherit = yes\ndeny = read /x/%u\n", i, i);
	image = compile(text);
	assert_int_equal(image_header(image->cells)->n_classes, 256);
	image_free(image);
	strcat(text, "[file \"/bin/8\"]\ninherit = yes\ndeny = read /x/8\n");
	policy = policy_of(text);
	policies = policy;
	assert_int_equal(image_compile(&policies, 1, 1, &diag, &image), 1);
	diag_clear(&diag);
	policy_free(policy);
}

/*
 * Random rules for two executables and for all, against the meaning: one rule lies inside another
 * if it does on every path and for every class.
 */
#define RULES 7
#define CLASSES 4
#define PATHS_MAX 1400

struct random_rules {
	char text[2048];
	struct {
		char pattern[64];
		unsigned subject, verdict, line;
		bool matches[PATHS_MAX];
	} of[RULES];
	bool inside[RULES][RULES]; /* the first lies inside the second */
	char paths[PATHS_MAX][8];
	size_t n_paths;
};

/* "//" is in no path, and in the languages of patterns all the same; "c" is in none of their texts.
 */
static void paths_fill(struct random_rules *r, const char *begin, unsigned depth)
{
	for (const char *c = "abc/"; *c; c++) {
		snprintf(r->paths[r->n_paths], sizeof(r->paths[0]), "%s%c", begin, *c);
		r->n_paths++;
		if (depth)
			paths_fill(r, r->paths[r->n_paths - 1], depth - 1);
	}
}

static void rules_fill(struct random_rules *r)
{
	static const char *const headers[] = {"[file]", "[file \"/s1\"]", "[file \"/s2\"]"};
	static const char *const verdicts[] = {"allow", "audit", NULL, "deny"};
	static const unsigned some[] = {BAILIFF_ALLOW, BAILIFF_AUDIT, BAILIFF_DENY};
	unsigned line = 0;

	r->text[0] = '\0';
	for (unsigned i = 0; i < RULES; i++) {
		struct oracle_pattern *pattern;
		char *text = r->of[i].pattern;

		do
			random_pattern(text, "ab", 3);
		while (strstr(text, "//"));
		r->of[i].subject = random_below(3);
		r->of[i].verdict = some[random_below(3)];
		r->of[i].line = line += 2;
		snprintf(r->text + strlen(r->text), sizeof(r->text) - strlen(r->text),
			 "%s\n%s = read %s\n", headers[r->of[i].subject],
			 verdicts[r->of[i].verdict], text);
		pattern = oracle_parse(text, 0);
		for (size_t p = 0; p < r->n_paths; p++)
			r->of[i].matches[p] =
				oracle_match(pattern, r->paths[p], strlen(r->paths[p]));
		oracle_free(pattern);
	}
}

static bool counts_in(const struct random_rules *r, unsigned rule, unsigned class)
{
	return r->of[rule].subject == 0 || class >> (r->of[rule].subject - 1) & 1;
}

static bool inside(const struct random_rules *r, unsigned rule, unsigned other)
{
	for (unsigned class = 0; class < CLASSES; class ++)
		for (size_t p = 0; p < r->n_paths; p++)
			if (counts_in(r, rule, class) && r->of[rule].matches[p] &&
			    !(counts_in(r, other, class) && r->of[other].matches[p]))
				return false;
	return true;
}

static unsigned expected(const struct random_rules *r, unsigned class, size_t path)
{
	unsigned verdict = BAILIFF_ALLOW;

	for (unsigned i = 0; i < RULES; i++) {
		bool stands = counts_in(r, i, class) && r->of[i].matches[path];

		for (unsigned k = 0; k < RULES && stands; k++)
			stands = !(counts_in(r, k, class) && r->of[k].matches[path] &&
				   r->inside[k][i] && !r->inside[i][k]);
		if (stands && r->of[i].verdict > verdict)
			verdict = r->of[i].verdict;
	}
	return verdict;
}

static void random_rules_of_two(void **state)
{
	static struct random_rules r;

	(void)state;
	random_seed(5);
	paths_fill(&r, "/", 4);
	for (unsigned round = 0; round < 300; round++) {
		struct image *image;

		rules_fill(&r);
		for (unsigned i = 0; i < RULES * RULES; i++)
			r.inside[i / RULES][i % RULES] = inside(&r, i / RULES, i % RULES);
		image = compile(r.text);
		for (unsigned class = 0; class < CLASSES; class ++) {
			__u32 mask = (class & 1 ? image_decide(image->cells, BAILIFF_WORD_SUBJECTS,
							       "/s1", 3)
						: 0) |
				     (class & 2 ? image_decide(image->cells, BAILIFF_WORD_SUBJECTS,
							       "/s2", 3)
						: 0);
			__u32 start = image_start(image->cells, mask);

			/* both at once is no class: neither is inherited */
			if (start == image_header(image->cells)->unknown && class == 3)
				continue;
			for (size_t p = 0; p < r.n_paths; p++) {
				size_t n = strlen(r.paths[p]);
				uint32_t word =
					image_decide_from(image->cells, start, READ, r.paths[p], n);
				uint32_t strict = image_decide_from(
					image->cells, image_header(image->cells)->unknown, READ,
					r.paths[p], n);

				if (BAILIFF_VERDICT(strict) < expected(&r, class, p))
					fail_msg(
						"%s of the unknown: %u, and %u of class %u, by\n%s",
						r.paths[p], BAILIFF_VERDICT(strict),
						expected(&r, class, p), class, r.text);

				if (BAILIFF_VERDICT(word) != expected(&r, class, p))
					fail_msg("%s of class %u: %u, not %u, by\n%s", r.paths[p],
						 class, BAILIFF_VERDICT(word),
						 expected(&r, class, p), r.text);
			}
		}
		image_free(image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_of_one_executable),
		cmocka_unit_test(what_is_inherited),
		cmocka_unit_test(what_one_may_connect_all_may_not_make),
		cmocka_unit_test(defaults_of_one_executable),
		cmocka_unit_test(scripts_are_executed_by_being_read),
		cmocka_unit_test(subjects_keep_their_keys),
		cmocka_unit_test(too_many_of_one),
		cmocka_unit_test(the_last_number_and_one_more),
		cmocka_unit_test(too_many_mixtures),
		cmocka_unit_test(random_rules_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
