/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/try-show.h"

#include <errno.h>
#include <string.h>

#include "daemon/cli-json.h"
#include "daemon/cli.h"
#include "daemon/event-act.h"
#include "daemon/util.h"

#define ENFORCING "mode = audit; enforcing would deny"

char *try_question(const struct question *question)
{
	const char *kind = question_kinds[question->kind];
	char act[EVENT_ACT_MAX], *text = NULL;
	size_t n;

	if (question->name[0] >= BAILIFF_ACT_BASE)
		return asprintf(&text, "%s %.*s", kind, (int)question->n, question->name) < 0
			       ? NULL
			       : text;
	n = event_act((struct text){question->name, question->n}, act);
	if (question->name[0] == BAILIFF_ACT_NETWORK)
		return strndup(act, n);
	return asprintf(&text, "%s %.*s", kind, (int)n, act) < 0 ? NULL : text;
}

static const char *verdict_name(enum bailiff_verdict verdict)
{
	return verdict == BAILIFF_ALLOW ? "allow" : verdict == BAILIFF_DENY ? "deny" : "audit";
}

static enum cli_colour verdict_colour(enum bailiff_verdict verdict)
{
	return verdict == BAILIFF_ALLOW	 ? CLI_GOOD
	       : verdict == BAILIFF_DENY ? CLI_BAD
					 : CLI_DOUBTFUL;
}

static void print_verdict(enum bailiff_verdict verdict)
{
	printf("%s%s%s", cli_colour(verdict_colour(verdict)), verdict_name(verdict),
	       cli_colour(CLI_PLAIN));
}

static int print_question(const struct try_shown *shown)
{
	_cleanup_(freep) char *question = try_question(shown->question);

	if (!question)
		return -ENOMEM;
	print_verdict(shown->whole->verdict);
	putchar(' ');
	cli_print(stdout, question);
	for (size_t i = shown->asker->n_executables; i > 0; i--) {
		printf(i == shown->asker->n_executables ? " by " : ", executed by ");
		cli_print(stdout, shown->asker->executables[i - 1]);
	}
	if (shown->trial->n_policies == 0)
		printf(": no policy selects %s", shown->cgroup);
	else if (shown->whole->verdict == BAILIFF_WOULD_DENY)
		printf(": " ENFORCING);
	putchar('\n');
	if (!shown->cgroup || !shown->trial->n_policies)
		return 0;
	printf("in %s hold:", shown->cgroup);
	for (size_t i = 0; i < shown->trial->n_policies; i++)
		printf(" %s", shown->trial->policies[i]->name);
	putchar('\n');
	return 0;
}

/* Why a policy's answer is what it is, where its line alone does not say so. */
static void print_why(const struct answer *answer, bool strictest)
{
	if (answer->line == 0)
		printf(", no line is about it");
	if (answer->is_default)
		printf(", a default: no other line is about it");
	if (answer->untold)
		printf(", if the file is drift (not of the image): say --drift or --no-drift");
	else if (answer->reason == BAILIFF_REASON_DRIFT)
		printf(", as the file is drift");
	if (answer->verdict == BAILIFF_WOULD_DENY)
		printf(", " ENFORCING);
	if (strictest)
		printf(" (the strictest)");
	putchar('\n');
}

static int print_answer(const struct try_shown *shown, size_t i)
{
	const struct answer *answer = &shown->each[i];
	_cleanup_(freep) char *source = NULL, *caret = NULL;

	cli_print(stdout, shown->trial->policies[i]->file);
	if (answer->line)
		printf(":%u:%u", answer->line, answer->column);
	printf(": ");
	print_verdict(answer->verdict);
	print_why(answer,
		  shown->trial->n_policies > 1 && shown->whole->rule && shown->whole->policy == i);
	if (!answer->line)
		return 0;
	source = cli_policy_line(shown->policies, shown->chosen[i], answer->line);
	caret = source ? cli_caret(source, answer->column, cli_width()) : NULL;
	if (!caret)
		return -ENOMEM;
	fputs(caret, stdout);
	return 0;
}

/* Whether it matters who asks, and nobody said. */
static bool varies(const struct try_shown *shown)
{
	return !shown->asker->n_executables &&
	       image_varies(shown->trial->whole, shown->asker, shown->question);
}

int try_show(const struct try_shown *shown)
{
	int r = print_question(shown);

	for (size_t i = 0; r == 0 && i < shown->trial->n_policies; i++)
		r = print_answer(shown, i);
	if (r == 0 && varies(shown))
		printf("note: for some executables it is another answer: --as EXECUTABLE\n");
	return r;
}

static void add_answer(struct json_object *object, const struct try_shown *shown,
		       const struct answer *answer)
{
	const struct policy *policy;
	_cleanup_(freep) char *source = NULL;

	json_add_text(object, "verdict", verdict_name(answer->verdict));
	json_add_bool(object, "would-deny", answer->verdict == BAILIFF_WOULD_DENY);
	json_add_text(object, "reason", answer->reason == BAILIFF_REASON_DRIFT ? "drift" : "rule");
	json_add_bool(object, "untold", answer->untold);
	json_add_bool(object, "default", answer->is_default);
	if (!answer->line)
		return;
	policy = shown->trial->policies[answer->policy];
	source = cli_policy_line(shown->policies, shown->chosen[answer->policy], answer->line);
	json_add_text(object, "policy", policy->name);
	json_add_text(object, "file", policy->file);
	json_add_number(object, "line", answer->line);
	json_add_number(object, "column", answer->column);
	json_add_text(object, "source", source);
}

struct json_object *try_object(const struct try_shown *shown)
{
	struct json_object *object = json_object_new_object(), *by, *policies;
	_cleanup_(freep) char *question = try_question(shown->question);

	by = json_object_new_array();
	policies = json_object_new_array();
	json_add_text(object, "question", question);
	add_answer(object, shown, shown->whole);
	json_add_bool(object, "varies", varies(shown));
	for (size_t i = 0; i < shown->asker->n_executables; i++)
		json_object_array_add(by, json_text(shown->asker->executables[i],
						    strlen(shown->asker->executables[i])));
	json_object_object_add(object, "as", by);
	if (shown->cgroup)
		json_add_text(object, "in", shown->cgroup);
	for (size_t i = 0; i < shown->trial->n_policies; i++) {
		struct json_object *item = json_object_new_object();

		add_answer(item, shown, &shown->each[i]);
		json_add_text(item, "policy", shown->trial->policies[i]->name);
		json_add_text(item, "file", shown->trial->policies[i]->file);
		json_object_array_add(policies, item);
	}
	json_object_object_add(object, "policies", policies);
	return object;
}
