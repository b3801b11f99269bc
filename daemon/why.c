/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/why.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/containers.h"
#include "daemon/event-text.h"
#include "daemon/util.h"
#include "policy/act.h"

/* Of two files of one name the first counts, as for bailiffd. */
static bool is_hidden(const struct cli_policies *given, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(given->policies[k]->name, given->policies[i]->name) == 0)
			return true;
	return false;
}

static void choose_one(struct why *why, size_t given)
{
	const struct policy *policy = why->given.policies[given];

	if (why->event->policy && strcmp(policy->name, why->event->policy) == 0)
		why->own = (long)why->n_chosen;
	why->chosen[why->n_chosen] = given;
	why->policies[why->n_chosen++] = policy;
}

/* Those of @list (indexes of given policies) that select the event's cgroup. */
static int choose_selected(struct why *why, const size_t *list, size_t n)
{
	_cleanup_(freep) const struct policy **policies = calloc(n + 1, sizeof(*policies));
	const char *cgroup = why->event->cgroup;
	const struct selector_set *set;
	_cleanup_(containers_release) struct containers known = {};
	struct selector *selector = NULL;
	int r;

	if (!policies)
		return -ENOMEM;
	if (!cgroup || n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		policies[i] = why->given.policies[list[i]];
	/* of a container that is gone, or for who may not read it, the event's own policy is left
	 */
	(void)containers_read(&known);
	r = selector_compile_known(policies, n, &known, &why->given.diag, &selector);
	if (r)
		return r;
	set = &selector->sets[image_decide(selector->image->cells, 0, cgroup, strlen(cgroup))];
	for (size_t i = 0; i < set->n_policies; i++)
		choose_one(why, list[set->policies[i]]);
	selector_free(selector);
	return 0;
}

/* The policies that hold; where that of the event is none of them, it alone. */
static int choose(struct why *why)
{
	size_t n_given = why->given.n_policies, n = 0;
	_cleanup_(freep) size_t *list = calloc(n_given + 1, sizeof(*list));
	int r;

	why->policies = calloc(n_given + 1, sizeof(*why->policies));
	why->chosen = calloc(n_given + 1, sizeof(*why->chosen));
	why->each = calloc(n_given + 1, sizeof(*why->each));
	why->own = -1;
	if (!list || !why->policies || !why->chosen || !why->each)
		return -ENOMEM;
	for (size_t i = 0; i < n_given; i++)
		if (!is_hidden(&why->given, i))
			list[n++] = i;
	r = choose_selected(why, list, n);
	if (r)
		return r;
	why->selected = why->own >= 0;
	for (size_t i = 0; i < n && why->own < 0; i++)
		if (why->event->policy &&
		    strcmp(why->given.policies[list[i]]->name, why->event->policy) == 0) {
			why->n_chosen = 0;
			choose_one(why, list[i]);
		}
	return 0;
}

static uint64_t microseconds(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_nsec / 1000;
}

static enum why_file look_at_file(const struct why *why)
{
	struct stat st;

	if (why->own < 0)
		return WHY_FILE_GONE;
	if (stat(why->policies[why->own]->file, &st) < 0)
		return WHY_FILE_SAME; /* standard input */
	/* a file that was moved here has a new ctime alone */
	return microseconds(&st.st_mtim) > why->event->when ||
			       microseconds(&st.st_ctim) > why->event->when
		       ? WHY_FILE_CHANGED
		       : WHY_FILE_SAME;
}

static bool is(const char *text, const char *expected)
{
	return text && strcmp(text, expected) == 0;
}

/* What of [network] was asked, "connect tcp 10.0.0.1:443": its kind, and what follows that. */
static int network_question(const char *asked, struct question *ret, char *error)
{
	static const struct {
		const char *name;
		enum question_kind kind;
	} operations[] = {
		{"create ", QUESTION_SOCKET},
		{"connect ", QUESTION_CONNECT},
		{"listen ", QUESTION_BIND},
		{"accept ", QUESTION_ACCEPT},
	};
	char text[QUESTION_NAME_MAX], letter;
	enum act_address address;
	size_t n;

	for (size_t i = 0; i < ELEMENTS(operations); i++) {
		size_t n_name = strlen(operations[i].name);

		if (strncmp(asked, operations[i].name, n_name) != 0)
			continue;
		snprintf(text, sizeof(text), "%s", asked + n_name);
		n = strcspn(text, " ");
		/* a port is shown where there is none */
		if (act_protocol_find(text, n, &letter, &address) && address == ACT_ADDRESS_PLAIN &&
		    strrchr(text, ':'))
			*strrchr(text, ':') = '\0';
		return question_parse(operations[i].kind, text, ret, error);
	}
	return -EINVAL;
}

/* Makes the event a question again. Answers false where its path does not tell why it was decided.
 */
static bool ask_what(struct why *why)
{
	const struct why_event *event = why->event;
	const char *action = event->action, *reason = event->reason;
	char error[QUESTION_ERROR_MAX];

	why->asker.drift = is(reason, "drift") ? TRY_DRIFT_YES : TRY_DRIFT_NO;
	if (!action || !event->path || strlen(event->path) >= BAILIFF_PATH_MAX ||
	    (reason && !is(reason, "drift") && !is(reason, "invoked-name")))
		return false;
	why->asked_text = event->path;
	if (is(action, "network"))
		return network_question(event->path, &why->question, error) == 0;
	for (unsigned kind = 0; kind < QUESTION_N_KINDS; kind++) {
		if (strcmp(question_kinds[kind], action) != 0)
			continue;
		if (question_parse(kind, event->path, &why->question, error) < 0)
			return false;
		if (is(reason, "invoked-name"))
			why->question.word = BAILIFF_VERB_INVOKED;
		return true;
	}
	return false;
}

static bool is_same(const struct why *why)
{
	const struct answer *answer = &why->each[why->own];

	return why->event->line && why->event->column &&
	       strtoul(why->event->line, NULL, 10) == answer->line &&
	       strtoul(why->event->column, NULL, 10) == answer->column;
}

static void ask(struct why *why)
{
	trial_ask(&why->trial, &why->asker, &why->question, why->each, &why->whole);
	why->same = why->own >= 0 && is_same(why);
}

/*
 * The journal does not say what a process inherited. Where its own executable does not explain the
 * answer, it is taken to have come from one whose rules are inherited and do.
 */
static void ask_as_heir(struct why *why)
{
	struct asker own = why->asker;

	for (size_t i = 0; i < why->n_chosen; i++)
		for (size_t k = 0; k < why->policies[i]->n_subjects && !why->same; k++) {
			const struct policy_subject *subject = &why->policies[i]->subjects[k];

			if (!subject->inherit || strpbrk(subject->pattern, "*?[{\\"))
				continue;
			why->executables[0] = subject->pattern;
			why->executables[1] = why->event->exe;
			why->asker.executables = why->executables;
			why->asker.n_executables = 2;
			ask(why);
		}
	if (!why->same) {
		why->asker = own;
		why->executables[0] = why->event->exe;
		ask(why);
	}
}

static int mend(const struct why *why, const char *exe, struct why_mend *ret)
{
	const struct mend_wish wish = {&why->question, &why->asker, why->asked_text, exe};
	struct mend_policy *policies = calloc(why->n_chosen + 1, sizeof(*policies));
	int r;

	if (!policies)
		return -ENOMEM;
	for (size_t i = 0; i < why->n_chosen; i++) {
		const struct cli_text *text = &why->given.texts[why->chosen[i]];

		policies[i] = (struct mend_policy){why->policies[i], text->bytes, text->n};
	}
	r = mend_find(policies, why->n_chosen, &wish, &ret->mend);
	free(policies);
	ret->found = r == 0;
	return r < 0 ? r : 0;
}

static int ask_anew(struct why *why)
{
	const char *exe = why->event->exe;
	int r = trial_compile(why->policies, why->n_chosen, &why->given.diag, &why->trial);

	if (r)
		return r;
	why->executables[0] = exe;
	why->asker.executables = why->executables;
	why->asker.n_executables = exe != NULL;
	why->asked = true;
	ask(why);
	if (!why->same && why->own >= 0 && exe)
		ask_as_heir(why);
	if (why->own >= 0)
		r = exceptions_find(why->policies[why->own], &why->question, why->asked_text,
				    exe ? exe : "", why->exceptions, WHY_EXCEPTIONS_MAX,
				    &why->n_exceptions);
	if (r == -E2BIG)
		r = 0; /* none are told */
	if (r == 0 && why->whole.verdict != BAILIFF_ALLOW)
		r = mend(why, NULL, &why->for_all);
	if (r == 0 && why->whole.verdict != BAILIFF_ALLOW && exe)
		r = mend(why, exe, &why->for_exe);
	return r;
}

int why_find(const struct why_event *event, struct why *why)
{
	int r;

	why->event = event;
	r = choose(why);
	if (r)
		return r;
	why->file = look_at_file(why);
	return why->n_chosen && ask_what(why) ? ask_anew(why) : 0;
}

void why_release(struct why *why)
{
	mend_release(&why->for_all.mend);
	mend_release(&why->for_exe.mend);
	trial_release(&why->trial);
	cli_policies_clear(&why->given);
	free(why->policies);
	free(why->chosen);
	free(why->each);
}

const char *why_reason(const char *reason)
{
	static const struct {
		const char *name, *text;
	} reasons[] = {
		{"no-namespace",
		 "the path hangs on no mount namespace (a mount that was detached), so "
		 "the section's strictest rule answered: open the file by a path "
		 "that is mounted"},
		{"other-namespace",
		 "the path is of another mount namespace than the process's, so the "
		 "section's strictest rule answered: open the file from within"},
		{"too-long", "the path is too long to be told, so the section's strictest rule "
			     "answered: use shorter names"},
		{"unreadable",
		 "the path could not be read, so the section's strictest rule answered: "
		 "try again"},
		{"no-scratch", "no memory was free for the path, so the section's strictest rule "
			       "answered: try again"},
		{"second-name", "what the rule denies would get another name, or be judged more "
				"laxly under it: only where the rule is given up, or holds both "
				"names, is that allowed"},
		{"spelling",
		 "the file system takes several spellings for one name, and the rule is "
		 "about another spelling of this one: take the path out of that rule"},
		{EVENT_REASON_UNKNOWN,
		 "unknown = deny in bailiff.conf holds what is in a container until its name and "
		 "image are known, and here they were not: \"journalctl -t bailiff\" says why; "
		 "install the hook for its engine (bailiff.policy(5))"},
		{"other-name",
		 "the file has another name as well, and the rule is about that one: an "
		 "exception must lie inside the rule, so take that name out of it"},
	};

	for (size_t i = 0; i < ELEMENTS(reasons); i++)
		if (is(reason, reasons[i].name))
			return reasons[i].text;
	return NULL;
}
