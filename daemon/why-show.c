/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/why.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "daemon/cli.h"
#include "daemon/event-text.h"
#include "daemon/util.h"

static const char *const sections[POLICY_N_SECTIONS] = {
	[POLICY_EXEC] = "exec",	      [POLICY_FILE] = "file",
	[POLICY_NETWORK] = "network", [POLICY_CAPABILITY] = "capability",
	[POLICY_PROCESS] = "process",
};

static void print_name(const char *text)
{
	_cleanup_(freep) char *shown =
		text ? text_printable((struct text){text, strlen(text)}) : NULL;

	fputs(shown ? shown : "?", stdout);
}

/* What the event tells in printable form already, if it does. */
static void print_told(const char *label, const char *text)
{
	if (!text)
		return;
	fputs(label, stdout);
	cli_print(stdout, text);
}

static void print_head(const struct why_event *event)
{
	time_t seconds = (time_t)(event->when / 1000000);
	bool denies = event->verdict && strcmp(event->verdict, "deny") == 0;
	char date[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(date, sizeof(date), "%b %d %H:%M:%S", &tm);
	printf("event    ");
	print_name(event->id);
	printf(", %s\nasked    ", date);
	print_name(event->action);
	putchar(' ');
	print_name(event->path);
	printf("\nby       ");
	print_name(event->exe);
	printf(" (");
	print_name(event->comm);
	printf(", pid ");
	print_name(event->pid);
	printf(", uid ");
	print_name(event->uid);
	print_told(", logged in as ", event->login_uid);
	putchar(')');
	print_told("\nargs     ", event->args);
	print_told("\nfrom     ", event->cwd);
	print_told("\nbelow    ", event->ancestors);
	print_told("\ncaps     ", event->capabilities);
	printf("\nin       ");
	print_name(event->cgroup);
	print_told(", container ", event->container_name);
	print_told(" of ", event->image);
	printf("\nverdict  %s", cli_colour(denies ? CLI_BAD : CLI_DOUBTFUL));
	print_name(event->verdict);
	printf("%s by policy ", cli_colour(CLI_PLAIN));
	print_name(event->policy);
	printf(", ");
	print_name(event->rule);
	if (event->repeats) {
		printf("\ncount    ");
		print_name(event->repeats);
		printf(" times, told together");
	}
	putchar('\n');
}

/* "FILE:LINE:COLUMN:" and the line with a mark. */
static int print_line(const struct why *why, size_t policy, unsigned line, unsigned column)
{
	_cleanup_(freep) char *source = NULL, *caret = NULL;

	cli_print(stdout, why->policies[policy]->file);
	printf(":%u:%u:\n", line, column);
	source = cli_policy_line(&why->given, why->chosen[policy], line);
	if (!source)
		return 0;
	caret = cli_caret(source, column, cli_width());
	if (!caret)
		return -ENOMEM;
	fputs(caret, stdout);
	return 0;
}

/* The line that the event names, where the file is unchanged and yet nothing was asked anew. */
static int print_event_line(const struct why *why)
{
	const char *line = why->event->line, *column = why->event->column;

	if (why->own < 0 || !line || !column)
		return 0;
	return print_line(why, (size_t)why->own, (unsigned)strtoul(line, NULL, 10),
			  (unsigned)strtoul(column, NULL, 10));
}

static void print_file_state(const struct why *why)
{
	if (why->file == WHY_FILE_CHANGED)
		puts("(the file was changed after the event)");
	/* no file has that one */
	if (why->event->reason && strcmp(why->event->reason, EVENT_REASON_UNKNOWN) == 0)
		return;
	if (why->file == WHY_FILE_GONE)
		puts("(there is no such policy now, or its file has errors: see \"bailiff "
		     "check\")");
	if (why->own >= 0 && !why->selected)
		puts("(the policy does not select this cgroup now; the process came under it "
		     "elsewhere,\nor it was changed)");
}

static int print_rule(const struct why *why)
{
	const struct answer *own = why->own >= 0 ? &why->each[why->own] : NULL;
	int r = 0;

	putchar('\n');
	if (!why->asked || (why->same && own))
		r = print_event_line(why);
	print_file_state(why);
	if (!why->asked) {
		const char *reason = why_reason(why->event->reason);

		if (reason)
			printf("Why: %s.\n", reason);
		return r;
	}
	if (why->asker.n_executables == 2) {
		printf("It is a rule for ");
		cli_print(stdout, why->executables[0]);
		puts(", inherited by what that executes.");
	}
	if (why->whole.verdict == BAILIFF_ALLOW)
		puts("As the policies' files are now, the answer is allow.");
	else if (own && !why->same && own->line) {
		puts("As the file is now, this line answers:");
		r = print_line(why, (size_t)why->own, own->line, own->column);
	}
	return r;
}

/* Why an allow line did not help. */
static void print_exception(const struct why *why, const struct exception *exception)
{
	const struct policy *policy = why->policies[why->own];
	const struct policy_subject *subject = policy_rule_subject(policy, exception->rule);
	const struct policy_rule *rule = exception->rule;

	printf("  line %u: ", rule->line);
	if (subject) {
		printf("[%s \"", sections[rule->section]);
		cli_print(stdout, subject->pattern);
		printf("\"] ");
	}
	printf("allow = ");
	if (rule->section == POLICY_FILE)
		printf("%s%s", rule->verbs >> BAILIFF_VERB_READ & 1 ? "read " : "",
		       rule->verbs >> BAILIFF_VERB_WRITE & 1 ? "write " : "");
	cli_print(stdout, rule->pattern);
	printf("\n    ");
	switch (exception->why) {
	case EXCEPTION_BESIDE:
		puts("holds it, but lies not inside what is denied, and so is no exception to it");
		break;
	case EXCEPTION_VERB:
		puts("holds the path, and not for what was asked");
		break;
	case EXCEPTION_SUBJECT:
		puts("is for another executable");
		break;
	case EXCEPTION_NAME:
		printf("does not hold ");
		print_name(why->asked_text);
		putchar('\n');
		break;
	}
}

static int print_others(const struct why *why)
{
	int r = 0;

	for (size_t i = 0; i < why->n_chosen && r == 0; i++) {
		const struct answer *answer = &why->each[i];

		if ((long)i == why->own || answer->verdict == BAILIFF_ALLOW)
			continue;
		printf("\nPolicy %s %s, too:\n", why->policies[i]->name,
		       answer->verdict == BAILIFF_DENY	       ? "denies it"
		       : answer->verdict == BAILIFF_WOULD_DENY ? "would deny it"
							       : "audits it");
		r = print_line(why, i, answer->line, answer->column);
	}
	return r;
}

static int print_patches(const struct why *why, const struct mend *mend)
{
	for (size_t i = 0; i < mend->n_pages; i++) {
		_cleanup_(freep) char *patch = page_patch(mend->pages[i], why->policies[i]->file);
		char *rest = patch, *line;

		if (!patch)
			return -ENOMEM;
		/* what steers a terminal is no newline of ours */
		while ((line = strsep(&rest, "\n")) && *line) {
			const char *colour = line[0] == '+'   ? cli_colour(CLI_GOOD)
					     : line[0] == '-' ? cli_colour(CLI_BAD)
							      : cli_colour(CLI_FAINT);

			fputs(colour, stdout);
			cli_print(stdout, line);
			puts(cli_colour(CLI_PLAIN));
		}
	}
	return 0;
}

static int print_mend(const struct why *why)
{
	const struct mend *mend = &why->for_all.mend;
	int r = 0;

	if (!why->asked || why->whole.verdict == BAILIFF_ALLOW)
		return 0;
	if (why->for_all.found) {
		puts("\nThis would allow it (tried: the answer is then allow):");
		r = print_patches(why, mend);
		if (mend->wide)
			puts("It allows more than this: what is taken out says more, and there is "
			     "nothing narrower.");
		if (mend->placeholder)
			puts("It allows to make the socket alone: write the addresses that are "
			     "needed in its place.");
	} else {
		puts("\nNo edit of a line or two allows just this: a line has at most 199 bytes, "
		     "and some\nthings have no name in policies. See bailiff.policy(5).");
	}
	if (why->for_exe.found && r == 0) {
		printf("\nOr this, for ");
		print_name(why->event->exe);
		puts(" alone (which nobody under the policy may replace then):");
		r = print_patches(why, &why->for_exe.mend);
	}
	return r;
}

int why_show(const struct why *why)
{
	int r;

	print_head(why->event);
	r = print_rule(why);
	if (why->asked && why->n_exceptions && why->whole.verdict != BAILIFF_ALLOW) {
		printf("\nAllow lines of %s that do not apply:\n", why->policies[why->own]->name);
		for (size_t i = 0; i < why->n_exceptions; i++)
			print_exception(why, &why->exceptions[i]);
	}
	if (r == 0 && why->asked)
		r = print_others(why);
	return r ? r : print_mend(why);
}
