// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/diag.h"
#include "policy/policy.h"
#include "selftests/compare/compare.h"
#include "selftests/unit/policy/oracle.h"

#define FOLDER "/etc/bailiff/policies.d"

#define PICK(...) pick((const char *const[]){__VA_ARGS__, NULL})

static const char *pick(const char *const *words)
{
	unsigned n = 0;

	while (words[n])
		n++;
	return words[random_below(n)];
}

/* A pattern of a component. */
static char *add_component(char *text)
{
	for (unsigned n = 1 + (random_below(4) == 0); n; n--)
		text = stpcpy(text, random_below(5) < 3 ? PICK("a", "b", "c", "ab")
							: PICK("?", "*", "[ab]", "[!a]", "{a,b}",
							       "{,a}b", "{c,b/a}", "[a-b]"));
	return text;
}

static void random_pattern_here(char *text)
{
	unsigned kind = random_below(20), n = random_below(4);

	if (kind == 0)
		text = stpcpy(text, "/**");
	else if (kind == 1)
		text = stpcpy(text, "/run/*");
	else
		text = stpcpy(text, PICK(ROOT, ROOT, ROOT, "/var" ROOT));
	for (unsigned i = 0; i < n; i++) {
		*text++ = '/';
		if (random_below(4) == 0)
			text = stpcpy(text, "**");
		else
			text = add_component(text);
	}
	*text = '\0';
	if (n && random_below(10) == 0)
		strcpy(text, "/");
}

static char *add_rules(char *text, bool file, unsigned n)
{
	while (n--) {
		char pattern[128];

		text += sprintf(text, "%s =", PICK("allow", "audit", "deny", "deny"));
		if (file)
			text += sprintf(text, " %s", PICK("read", "write", "read write", "write"));
		for (unsigned i = 1 + (random_below(3) == 0); i; i--) {
			random_pattern_here(pattern);
			text += sprintf(text, " %s", pattern);
		}
		text = stpcpy(text, "\n");
	}
	return text;
}

static void random_text(char *text, bool selects[N_CGROUPS])
{
	unsigned which = 1 + random_below(3);

	if (random_below(4) == 0)
		text = stpcpy(text, "[policy]\nmode = audit\n");
	text = stpcpy(text, "[select]\n");
	for (unsigned i = 0; i < N_CGROUPS; i++) {
		selects[i] = which >> i & 1;
		if (selects[i])
			text += sprintf(text, "cgroup = /cmp%u\n", i);
	}
	text = stpcpy(text, "[file]\n");
	if (random_below(4) == 0)
		text += sprintf(text, "default = %s\n", PICK("allow", "audit", "deny"));
	text = add_rules(text, true, 1 + random_below(5));
	text = stpcpy(text, "[exec]\n");
	if (random_below(4) == 0)
		text += sprintf(text, "default = %s\n", PICK("allow", "audit", "deny"));
	*add_rules(text, false, random_below(4)) = '\0';
}

/* What the parser refuses (two patterns that make "//", for one) is made anew. */
static void random_policy(struct policies *policies, size_t i)
{
	char text[4096], file[16];
	int r;

	snprintf(file, sizeof(file), "p%zu.ini", i);
	do {
		struct diag diag = {0};

		random_text(text, policies->selects[i]);
		r = policy_parse_text(file, text, strlen(text), &diag, &policies->parsed[i]);
		diag_clear(&diag);
	} while (r == 1);
	policies->texts[i] = strdup(text);
	if (r < 0 || !policies->texts[i])
		die("a policy");
}

void policies_random(struct policies *policies)
{
	*policies = (struct policies){.n = 1 + random_below(POLICIES_MAX)};
	for (size_t i = 0; i < policies->n; i++)
		random_policy(policies, i);
}

void policy_write(const char *name, const char *text)
{
	char path[256], new[256];
	size_t n = strlen(text);
	int fd;

	snprintf(new, sizeof(new), FOLDER "/.%s.new", name);
	snprintf(path, sizeof(path), FOLDER "/%s.ini", name);
	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, n) != (ssize_t)n || close(fd) < 0 || rename(new, path) < 0)
		die(path);
}

void policies_write(const struct policies *policies)
{
	for (size_t i = 0; i < POLICIES_MAX; i++) {
		char name[16], path[256];

		snprintf(name, sizeof(name), "p%zu", i);
		snprintf(path, sizeof(path), FOLDER "/%s.ini", name);
		if (i < policies->n)
			policy_write(name, policies->texts[i]);
		else if (unlink(path) < 0 && errno != ENOENT)
			die(path);
	}
}

void policies_print(const struct policies *policies)
{
	for (size_t i = 0; i < policies->n; i++)
		printf("--- p%zu.ini\n%s", i, policies->texts[i]);
	puts("---");
}

void policies_release(struct policies *policies)
{
	for (size_t i = 0; i < policies->n; i++) {
		free(policies->texts[i]);
		policy_free(policies->parsed[i]);
	}
	policies->n = 0;
}
