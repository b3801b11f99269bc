/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/capability.h>

#include "daemon/event-who.h"
#include "daemon/util.h"

/* An event with all its texts behind it, as the ring gives it. */
struct record {
	struct bailiff_event event;
	char texts[512];
};

static const char args[] = "sh\0-c\0echo \"a  b\"\n\0";

static size_t put(struct record *record, size_t at, const void *bytes, size_t n)
{
	memcpy(record->texts + at, bytes, n);
	return at + n;
}

static struct record record(void)
{
	static const struct bailiff_ancestor ancestors[] = {
		{812, "sh"},
		{640, "a [1] (b)"},
		{1,
		 {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'}},
	};
	struct record record = {.event = {.n_path = 2,
					  .n_exe = 4,
					  .n_cgroup = 3,
					  .n_cwd = 5,
					  .n_parent = 7,
					  .n_args = sizeof(args) - 1,
					  .n_ancestors = ELEMENTS(ancestors)}};
	size_t at = put(&record, 0, "/p/exe/cg/home/parent", 21);

	at = put(&record, at, args, sizeof(args) - 1);
	(void)put(&record, at, ancestors, sizeof(ancestors));
	return record;
}

static void each_text_has_its_place(void **state)
{
	struct record r = record();
	struct event_texts texts;

	(void)state;
	event_texts(&r.event, &texts);
	assert_memory_equal(texts.cgroup.bytes, "/cg", 3);
	assert_int_equal(texts.cwd.n, 5);
	assert_memory_equal(texts.cwd.bytes, "/home", 5);
	assert_int_equal(texts.parent.n, 7);
	assert_memory_equal(texts.parent.bytes, "/parent", 7);
}

static void a_record_without_its_end_is_none(void **state)
{
	struct record r = record();
	size_t size = sizeof(r.event) + 21 + sizeof(args) - 1 + 3 * sizeof(struct bailiff_ancestor);

	(void)state;
	assert_true(event_is_whole(&r, size));
	assert_false(event_is_whole(&r, size - 1));
}

static void arguments_stay_apart(void **state)
{
	struct record r = record();
	_cleanup_(freep) char *whole = NULL, *cut = NULL, *open = NULL;
	struct event_texts texts;

	(void)state;
	event_texts(&r.event, &texts);
	whole = event_args(&r.event, &texts);
	assert_string_equal(whole, "sh -c \"echo \\x22a  b\\x22\\x0a\"");
	r.event.cut = BAILIFF_CUT_ARGS;
	cut = event_args(&r.event, &texts);
	assert_string_equal(cut, "sh -c \"echo \\x22a  b\\x22\\x0a\" ...");
	texts.args.n = 4; /* the last without its end */
	open = event_args(&r.event, &texts);
	assert_string_equal(open, "sh - ...");
}

static void what_is_not_told_is_nothing(void **state)
{
	struct bailiff_event event = {};
	struct event_texts texts;

	(void)state;
	event_texts(&event, &texts);
	assert_null(event_args(&event, &texts));
	assert_int_equal(errno, 0);
	assert_null(event_ancestors(&event, &texts));
	assert_int_equal(errno, 0);
	assert_null(event_short(texts.cwd, false));
	assert_int_equal(errno, 0);
}

static void no_ancestor_is_taken_for_two(void **state)
{
	struct record r = record();
	_cleanup_(freep) char *shown = NULL;
	struct event_texts texts;

	(void)state;
	event_texts(&r.event, &texts);
	shown = event_ancestors(&r.event, &texts);
	assert_string_equal(shown, "sh[812] \"a [1] (b)\"[640] 0123456789abcdef[1]");
}

static void assert_capabilities(__u64 set, const char *expected)
{
	struct bailiff_event event = {.capabilities = set};
	_cleanup_(freep) char *shown = event_capabilities(&event);

	assert_string_equal(shown, expected);
}

static void capabilities_are_told_shortly(void **state)
{
	const __u64 all = (2ull << CAP_LAST_CAP) - 1;

	(void)state;
	assert_capabilities(0, "none");
	assert_capabilities(all, "all");
	assert_capabilities(~0ull, "all"); /* those of a later kernel have no name here */
	assert_capabilities(1ull << CAP_CHOWN | 1ull << CAP_KILL, "chown kill");
	assert_capabilities(all & ~(1ull << CAP_SYS_MODULE | 1ull << CAP_SYS_BOOT),
			    "all but sys_module sys_boot");
}

static void the_end_of_a_path_says_so(void **state)
{
	const struct text path = {"/a/b", 4};
	_cleanup_(freep) char *whole = event_short(path, false), *cut = event_short(path, true);

	(void)state;
	assert_string_equal(whole, "/a/b");
	assert_string_equal(cut, ".../a/b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_has_its_place),
		cmocka_unit_test(a_record_without_its_end_is_none),
		cmocka_unit_test(arguments_stay_apart),
		cmocka_unit_test(what_is_not_told_is_nothing),
		cmocka_unit_test(no_ancestor_is_taken_for_two),
		cmocka_unit_test(capabilities_are_told_shortly),
		cmocka_unit_test(the_end_of_a_path_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
