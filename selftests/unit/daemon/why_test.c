/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/cli-json.h"
#include "daemon/util.h"
#include "daemon/why.h"

#define SELECT "[select]\nunit = a.service\n"

static char folder[] = "/tmp/why-test-XXXXXX";

/* Events are of now, and files, too, unless a test says so. */
static uint64_t later(void)
{
	return ((uint64_t)time(NULL) + 3600) * 1000000;
}

static void write_policy(const char *name, const char *text)
{
	char file[128];
	FILE *out;

	snprintf(file, sizeof(file), "%s/%s.ini", folder, name);
	out = fopen(file, "we");
	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void remove_policy(const char *name)
{
	char file[128];

	snprintf(file, sizeof(file), "%s/%s.ini", folder, name);
	assert_int_equal(unlink(file), 0);
}

static struct why_event event_of(char *action, char *path, char *line, char *column)
{
	return (struct why_event){
		.when = later(),
		.id = "0123456789",
		.verdict = "deny",
		.action = action,
		.path = path,
		.policy = "a",
		.rule = "a.ini",
		.exe = "/usr/bin/x",
		.cgroup = "/system.slice/a.service",
		.line = line,
		.column = column,
	};
}

static void explain(const struct why_event *event, struct why *why)
{
	assert_int_equal(cli_policies_add(&why->given, folder), 0);
	assert_int_equal(why_find(event, why), 0);
}

/* Each kind of event becomes the question that it was. */
static void test_kinds(void **state)
{
	static const struct {
		char *action, *path, *reason, *line, *column;
		const char *edit; /* a line of the patch; NULL: it is not asked anew */
	} all[] = {
		{"read", "/r/x", NULL, "4", "13", "\n+allow = read /r/x\n"},
		{"write", "/w/x", NULL, "5", "14", "\n+allow = write /w/x\n"},
		{"exec", "/e/x", NULL, "7", "8", "\n+allow = /e/x\n"},
		{"exec", "/e/x", "invoked-name", "7", "8", "\n+allow = /e/x\n"},
		{"map", "/e/x", NULL, "7", "8", "\n+allow = /e/x\n"},
		{"exec", "/usr/bin/any", "drift", "8", "8", "\n-deny = drift\n"},
		{"network", "connect tcp 10.0.0.1:1", NULL, "10", "1",
		 "\n+allow = connect tcp 10.0.0.1:1\n"},
		{"network", "listen udp [fd00::1]:53", NULL, "10", "1",
		 "\n+allow = listen udp [fd00::1]:53\n"},
		{"network", "listen udp 0.0.0.0:*", NULL, "10", "1",
		 "\n+allow = listen udp 0.0.0.0:*\n"},
		{"network", "connect icmp 10.0.0.1:*", NULL, "10", "1",
		 "\n+allow = connect icmp 10.0.0.1\n"},
		{"network", "connect unix /run/x", NULL, "10", "1",
		 "\n+allow = connect unix /run/x\n"},
		{"network", "connect unix @x", NULL, "10", "1", "\n+allow = connect unix @x\n"},
		{"network", "create tcp", NULL, "10", "1", "\n+allow = connect tcp 127.0.0.1:0\n"},
		{"capability", "net_raw", NULL, "12", "8", "\n+allow = net_raw\n"},
		{"process", "ptrace", NULL, "14", "8", "\n-deny = ptrace\n"},
		{"move", "/r", "second-name", "4", "13", NULL},
		{"read", "/other", "other-name", "4", "13", NULL},
		{"unlink", "/r/x", NULL, "4", "13", NULL},
	};

	(void)state;
	write_policy("a", SELECT "[file]\ndeny = read /r/**\ndeny = write /w/**\n[exec]\n"
				 "deny = /e/**\ndeny = drift\n[network]\ndefault = deny\n"
				 "[capability]\ndeny = all\n[process]\ndeny = ptrace\n");
	for (size_t i = 0; i < ELEMENTS(all); i++) {
		struct why_event event =
			event_of(all[i].action, all[i].path, all[i].line, all[i].column);
		_cleanup_(why_release) struct why why = {};
		_cleanup_(freep) char *patch = NULL;

		event.reason = all[i].reason;
		explain(&event, &why);
		assert_int_equal(why.asked, all[i].edit != NULL);
		if (!all[i].edit)
			continue;
		if (!why.same || !why.for_all.found)
			fail_msg("%s %s: same %d, found %d, line %u:%u", all[i].action, all[i].path,
				 why.same, why.for_all.found, why.each[0].line, why.each[0].column);
		patch = page_patch(why.for_all.mend.pages[0], "f");
		if (!patch || !strstr(patch, all[i].edit))
			fail_msg("%s %s: %s", all[i].action, all[i].path, patch);
	}
	remove_policy("a");
}

static void test_states(void **state)
{
	struct why_event event = event_of("read", "/r/x", "4", "13");

	(void)state;
	write_policy("a", SELECT "[file]\ndeny = read /r/**\n");
	{
		_cleanup_(why_release) struct why why = {};

		explain(&event, &why);
		assert_int_equal(why.file, WHY_FILE_SAME);
		assert_true(why.selected && why.same);
	}
	event.when = 1;
	event.line = "3";
	event.cgroup = "/b.slice";
	{
		_cleanup_(why_release) struct why why = {};

		explain(&event, &why);
		assert_int_equal(why.file, WHY_FILE_CHANGED);
		assert_false(why.selected);
		assert_false(why.same);
		assert_int_equal(why.n_chosen, 1);
		assert_int_equal(why.each[0].line, 4);
	}
	event.policy = "gone";
	{
		_cleanup_(why_release) struct why why = {};

		explain(&event, &why);
		assert_int_equal(why.file, WHY_FILE_GONE);
		assert_false(why.asked);
	}
	remove_policy("a");
}

/* What a process inherited is not in the journal: the line that answered tells it. */
static void test_inherited(void **state)
{
	struct why_event event = event_of("read", "/r/x", "5", "13");
	_cleanup_(why_release) struct why why = {};

	(void)state;
	write_policy("a", SELECT "[file \"/usr/bin/parent\"]\ninherit = yes\ndeny = read /r/**\n");
	explain(&event, &why);
	assert_true(why.same);
	assert_int_equal(why.asker.n_executables, 2);
	assert_string_equal(why.asker.executables[0], "/usr/bin/parent");
	assert_true(why.for_all.found);
	remove_policy("a");
}

/* Of two policies each is named, with its edit; in the object, too. */
static void test_object(void **state)
{
	struct why_event event = event_of("read", "/r/x", "4", "13");
	_cleanup_(json_freep) struct json_object *object = NULL;
	_cleanup_(why_release) struct why why = {};
	struct json_object *edits, *files, *policies;

	(void)state;
	write_policy("a", SELECT "[file]\ndeny = read /r/**\n");
	write_policy("b", SELECT "[file]\ndefault = deny\nallow = read /r/y\n");
	write_policy("c", SELECT "[file]\ndeny = write /r/**\n");
	explain(&event, &why);
	object = why_object(&why);
	assert_non_null(object);
	assert_true(json_object_object_get_ex(object, "policies", &policies));
	assert_int_equal(json_object_array_length(policies), 3);
	assert_true(json_object_object_get_ex(object, "edits", &edits));
	assert_int_equal(json_object_array_length(edits), 2);
	assert_true(
		json_object_object_get_ex(json_object_array_get_idx(edits, 0), "files", &files));
	assert_int_equal(json_object_array_length(files), 2);
	remove_policy("a");
	remove_policy("b");
	remove_policy("c");
}

static void test_reasons(void **state)
{
	(void)state;
	assert_null(why_reason(NULL));
	assert_null(why_reason("drift")); /* that is asked anew */
	for (const char *const *name =
		     (const char *const[]){"no-namespace", "other-namespace", "too-long",
					   "unreadable", "no-scratch", "second-name", "spelling",
					   "other-name", "unknown-container", NULL};
	     *name; name++)
		assert_non_null(why_reason(*name));
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),	  cmocka_unit_test(test_states),
		cmocka_unit_test(test_inherited), cmocka_unit_test(test_object),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
