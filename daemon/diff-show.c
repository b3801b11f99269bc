/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/diff-show.h"

#include <string.h>

#include "daemon/cli-json.h"
#include "daemon/cli.h"
#include "daemon/event-act.h"
#include "daemon/util.h"

#define SHOWN_MAX 10 /* changes of a kind */

/* The object of a difference that is one of @kind between two policies, in the list. */
static struct json_object *object_new(struct diff_out *out, const char *kind)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "kind", kind);
	json_object_array_add(out->list, object);
	return object;
}

static void print_pair(const struct policy *a, const struct policy *b)
{
	cli_print(stdout, a->file);
	printf(" -> ");
	cli_print(stdout, b->file);
}

void diff_setting(struct diff_out *out, const struct policy *a, const struct policy *b,
		  const char *what, const char *before, const char *after)
{
	struct json_object *object;

	if (strcmp(before, after) == 0)
		return;
	out->n++;
	if (!out->list) {
		print_pair(a, b);
		printf(": %s: %s -> %s\n", what, before, after);
		return;
	}
	object = object_new(out, "setting");
	json_add_text(object, "policy", b->name);
	json_add_text(object, "setting", what);
	json_add_text(object, "before", before);
	json_add_text(object, "after", after);
}

void diff_selected(struct diff_out *out, const struct policy *a, const struct policy *b,
		   const struct policy *policy, const char *cgroup)
{
	const char *when = policy == a ? "before" : "after";
	struct json_object *object;

	out->n++;
	if (!out->list) {
		print_pair(a, b);
		printf(": [select]: %s alone: ", when);
		cli_print(stdout, cgroup);
		putchar('\n');
		return;
	}
	object = object_new(out, "select");
	json_add_text(object, "policy", policy->name);
	json_add_text(object, "alone", when);
	json_add_text(object, "example", cgroup);
}

void diff_alone(struct diff_out *out, const struct policy *policy, const char *when)
{
	struct json_object *object;

	out->n++;
	if (!out->list) {
		cli_print(stdout, policy->file);
		printf(": there is this policy %s alone\n", when);
		return;
	}
	object = object_new(out, "policy");
	json_add_text(object, "policy", policy->name);
	json_add_text(object, "alone", when);
}

/* Section and verb. */
static const char *title(const struct diff_change *change)
{
	static const char *const titles[] = {
		[BAILIFF_VERB_EXEC] = "[exec]",
		[BAILIFF_VERB_READ] = "[file] read",
		[BAILIFF_VERB_WRITE] = "[file] write",
		[BAILIFF_VERB_MAP] = "[exec] as a library",
		[BAILIFF_VERB_OTHER + BAILIFF_VERB_EXEC] = "[exec] by other names",
		[BAILIFF_VERB_OTHER + BAILIFF_VERB_READ] = "[file] read by other names",
		[BAILIFF_VERB_OTHER + BAILIFF_VERB_WRITE] = "[file] write by other names",
	};

	if (change->word != BAILIFF_VERB_ACT)
		return titles[change->word];
	switch (change->name[0]) {
	case BAILIFF_ACT_NETWORK:
		return "[network]";
	case BAILIFF_ACT_CAPABILITY:
		return "[capability]";
	default: /* the last three are keys and patterns of another section */
		return change->name[1] - BAILIFF_ACT_BASE >= BAILIFF_PROCESS_WX ? "[exec]"
										: "[process]";
	}
}

static const char *verdict(const struct answer *answer)
{
	static const char *const names[] = {
		[BAILIFF_ALLOW] = "allow",
		[BAILIFF_AUDIT] = "audit",
		[BAILIFF_WOULD_DENY] = "would deny",
		[BAILIFF_DENY] = "deny",
	};

	return names[answer->verdict];
}

static char *example(const struct diff_change *change)
{
	char text[EVENT_ACT_MAX];

	if (change->word != BAILIFF_VERB_ACT)
		return strdup(change->name);
	return strndup(text, event_act((struct text){change->name, change->n}, text));
}

static void print_place(const struct trial *trial, const struct answer *answer)
{
	if (!answer->line) {
		printf("no line");
		return;
	}
	cli_print(stdout, trial->policies[answer->policy]->file);
	printf(":%u:%u%s", answer->line, answer->column, answer->is_default ? " (default)" : "");
}

static void print_change(const struct trial *before, const struct trial *after,
			 const struct diff_change *change)
{
	_cleanup_(freep) char *shown = example(change);

	printf("  ");
	cli_print(stdout, shown ? shown : "?");
	for (size_t i = change->n_executables; i > 0; i--) {
		printf(i == change->n_executables ? " by " : ", executed by ");
		cli_print(stdout, change->executables[i - 1]);
	}
	printf("\n    ");
	print_place(before, &change->before);
	printf(" -> ");
	print_place(after, &change->after);
	putchar('\n');
}

static bool same_kind(const struct diff_change *a, const struct diff_change *b)
{
	return title(a) == title(b) && a->before.verdict == b->before.verdict &&
	       a->after.verdict == b->after.verdict;
}

/* All changes of the kind of the change @first, which is the first of them. */
static void print_kind(const struct diff_out *out, const struct trial *before,
		       const struct trial *after, const struct diff *diff, size_t first)
{
	const struct diff_change *kind = &diff->changes[first];
	bool stricter = kind->after.verdict > kind->before.verdict;
	size_t n = 0, n_shown = 0;

	for (size_t i = first; i < diff->n_changes; i++)
		n += same_kind(kind, &diff->changes[i]);
	printf("%s%s: %s -> %s%s, by %zu pair%s of lines\n",
	       cli_colour(stricter ? CLI_DOUBTFUL : CLI_BAD), title(kind), verdict(&kind->before),
	       verdict(&kind->after), cli_colour(CLI_PLAIN), n, n == 1 ? "" : "s");
	for (size_t i = first; i < diff->n_changes && (out->all || n_shown < SHOWN_MAX); i++)
		if (same_kind(kind, &diff->changes[i])) {
			print_change(before, after, &diff->changes[i]);
			n_shown++;
		}
	if (n_shown < n)
		printf("  and %zu more: --all\n", n - n_shown);
}

static void print_changes(const struct diff_out *out, const struct trial *before,
			  const struct trial *after, const struct diff *diff)
{
	for (size_t i = 0; i < diff->n_changes; i++) {
		size_t k = 0;

		while (!same_kind(&diff->changes[k], &diff->changes[i]))
			k++;
		if (k == i)
			print_kind(out, before, after, diff, i);
	}
}

static struct json_object *side(const struct trial *trial, const struct answer *answer)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "verdict", verdict(answer));
	json_add_bool(object, "default", answer->is_default);
	if (answer->line) {
		json_add_text(object, "file", trial->policies[answer->policy]->file);
		json_add_number(object, "line", answer->line);
		json_add_number(object, "column", answer->column);
	}
	return object;
}

static void add_change(struct diff_out *out, const struct trial *before, const struct trial *after,
		       const struct diff_change *change)
{
	struct json_object *object = object_new(out, "answer"), *by = json_object_new_array();
	_cleanup_(freep) char *shown = example(change);

	json_add_text(object, "what", title(change));
	json_add_text(object, "example", shown);
	for (size_t i = 0; i < change->n_executables; i++)
		json_object_array_add(
			by, json_text(change->executables[i], strlen(change->executables[i])));
	json_object_object_add(object, "as", by);
	json_object_object_add(object, "before", side(before, &change->before));
	json_object_object_add(object, "after", side(after, &change->after));
}

void diff_changes(struct diff_out *out, const struct trial *before, const struct trial *after,
		  const struct diff *diff)
{
	out->n += diff->n_changes;
	if (!out->list) {
		print_changes(out, before, after, diff);
		return;
	}
	for (size_t i = 0; i < diff->n_changes; i++)
		add_change(out, before, after, &diff->changes[i]);
}
