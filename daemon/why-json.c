/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>
#include <time.h>

#include "daemon/cli-json.h"
#include "daemon/why.h"

static const char *verdict_name(enum bailiff_verdict verdict)
{
	static const char *const names[] = {
		[BAILIFF_ALLOW] = "allow",
		[BAILIFF_AUDIT] = "audit",
		[BAILIFF_WOULD_DENY] = "would-deny",
		[BAILIFF_DENY] = "deny",
	};

	return names[verdict];
}

static struct json_object *event_object(const struct why_event *event)
{
	struct json_object *object = json_object_new_object();
	const struct {
		const char *key, *text;
	} texts[] = {
		{"id", event->id},
		{"verdict", event->verdict},
		{"action", event->action},
		{"path", event->path},
		{"reason", event->reason},
		{"policy", event->policy},
		{"rule", event->rule},
		{"mode", event->mode},
		{"exe", event->exe},
		{"comm", event->comm},
		{"pid", event->pid},
		{"uid", event->uid},
		{"cgroup", event->cgroup},
		{"line", event->line},
		{"column", event->column},
		{"repeats", event->repeats},
		{"args", event->args},
		{"cwd", event->cwd},
		{"parent_exe", event->parent_exe},
		{"ancestors", event->ancestors},
		{"login_uid", event->login_uid},
		{"capabilities", event->capabilities},
		{"container_name", event->container_name},
		{"image", event->image},
	};
	static const char *const numbers[] = {"pid",	"uid",	   "line",
					      "column", "repeats", "login_uid"};

	for (size_t i = 0; i < ELEMENTS(texts); i++) {
		bool number = false;

		for (size_t k = 0; k < ELEMENTS(numbers); k++)
			number |= strcmp(numbers[k], texts[i].key) == 0;
		if (texts[i].text && number)
			json_add_number(object, texts[i].key, strtoull(texts[i].text, NULL, 10));
		else if (texts[i].text)
			json_add_text(object, texts[i].key, texts[i].text);
	}
	json_add_number(object, "time_us", event->when);
	return object;
}

static struct json_object *answer_object(const struct why *why, size_t policy,
					 const struct answer *answer)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "policy", why->policies[policy]->name);
	json_add_text(object, "verdict", verdict_name(answer->verdict));
	if (answer->line) {
		_cleanup_(freep) char *source =
			cli_policy_line(&why->given, why->chosen[policy], answer->line);

		json_add_text(object, "file", why->policies[policy]->file);
		json_add_number(object, "line", answer->line);
		json_add_number(object, "column", answer->column);
		json_add_text(object, "source", source);
	}
	return object;
}

static struct json_object *exceptions_list(const struct why *why)
{
	static const char *const whys[] = {
		[EXCEPTION_BESIDE] = "not-inside",
		[EXCEPTION_VERB] = "other-verb",
		[EXCEPTION_SUBJECT] = "other-executable",
		[EXCEPTION_NAME] = "other-name",
	};
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < why->n_exceptions; i++) {
		const struct exception *exception = &why->exceptions[i];
		struct json_object *object = json_object_new_object();

		json_add_number(object, "line", exception->rule->line);
		json_add_number(object, "column", exception->rule->column);
		json_add_text(object, "pattern", exception->rule->pattern);
		json_add_text(object, "why", whys[exception->why]);
		json_object_array_add(list, object);
	}
	return list;
}

static void add_edit(struct json_object *list, const struct why *why, const struct why_mend *mend,
		     const char *exe)
{
	struct json_object *object, *files;

	if (!mend->found)
		return;
	object = json_object_new_object();
	files = json_object_new_array();
	json_add_text(object, "executable", exe);
	json_add_bool(object, "wide", mend->mend.wide);
	json_add_bool(object, "placeholder", mend->mend.placeholder);
	for (size_t i = 0; i < mend->mend.n_pages; i++) {
		const char *file = why->policies[i]->file;
		_cleanup_(freep) char *patch = page_patch(mend->mend.pages[i], file);
		_cleanup_(freep) char *text = NULL;
		struct json_object *one;
		size_t n;

		if (patch && !*patch)
			continue;
		one = json_object_new_object();
		text = page_text(mend->mend.pages[i], &n);
		json_add_text(one, "file", file);
		json_add_text(one, "patch", patch);
		json_add_text(one, "text", text);
		json_object_array_add(files, one);
	}
	json_object_object_add(object, "files", files);
	json_object_array_add(list, object);
}

struct json_object *why_object(const struct why *why)
{
	static const char *const files[] = {
		[WHY_FILE_SAME] = "same",
		[WHY_FILE_CHANGED] = "changed",
		[WHY_FILE_GONE] = "gone",
	};
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	json_object_object_add(object, "event", event_object(why->event));
	json_add_text(object, "file", files[why->file]);
	json_add_bool(object, "selected", why->selected);
	json_add_text(object, "explanation", why_reason(why->event->reason));
	json_add_bool(object, "asked", why->asked);
	if (!why->asked) {
		json_object_put(list);
		return object;
	}
	for (size_t i = 0; i < why->n_chosen; i++)
		json_object_array_add(list, answer_object(why, i, &why->each[i]));
	json_add_text(object, "verdict", verdict_name(why->whole.verdict));
	json_add_bool(object, "same_rule", why->same);
	json_object_object_add(object, "policies", list);
	json_object_object_add(object, "exceptions", exceptions_list(why));
	list = json_object_new_array();
	add_edit(list, why, &why->for_all, NULL);
	add_edit(list, why, &why->for_exe, why->event->exe);
	json_object_object_add(object, "edits", list);
	return object;
}
