/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/cli-files.h"
#include "daemon/state.h"
#include "daemon/util.h"

static char folder[] = "/tmp/state-test-XXXXXX";
static char file_of_state[64];
static const char *const folders[] = {folder, NULL};

static void put(const char *name, const char *text)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.ini", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

#define GOOD "[select]\nunit = a.service\n[exec]\ndeny = /bin/a\n"
#define OTHER "[select]\nunit = a.service\n[exec]\ndeny = /bin/b\n"
#define WRONG "[select]\nunit = a.service\n[exec]\ndney = /bin/a\n"

/* What a daemon would tell of the folder, and what the command reads of it. */
static struct store *look(const struct store *previous, struct state *ret_state)
{
	_cleanup_(diag_clear) struct diag diag = {};
	_cleanup_(state_clear) struct state state = {};
	struct store *store = NULL;

	assert_int_equal(store_load(folders, previous, NULL, &diag, &store), 0);
	assert_int_equal(state_note(&state, &diag), 0);
	assert_int_equal(state_take(&state, store), 0);
	assert_int_equal(state_write(&state, file_of_state), 0);
	assert_int_equal(state_read(file_of_state, ret_state), 0);
	return store;
}

static const struct state_file *find(const struct state *state, const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s.ini", folder, name);
	return state_find(state, path);
}

static __u64 digest(const char *name, const char *text)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s.ini", folder, name);
	return store_digest(path, text, strlen(text));
}

static void what_is_in_force_and_what_is_not(void **state)
{
	_cleanup_(store_freep) struct store *none = calloc(1, sizeof(*none)), *first, *second;
	_cleanup_(state_clear) struct state one = {}, two = {};

	(void)state;
	put("a", GOOD);
	put("b", WRONG);
	first = look(none, &one);
	assert_true(find(&one, "a")->in_force == digest("a", GOOD));
	assert_true(find(&one, "a")->refused == 0);
	assert_true(find(&one, "b")->in_force == 0);
	assert_true(find(&one, "b")->refused == digest("b", WRONG));
	assert_false(find(&one, "b")->before);
	assert_non_null(strstr(find(&one, "b")->message, "dney"));
	assert_non_null(strstr(find(&one, "b")->message, "(line 4:1)"));
	assert_null(find(&one, "c"));

	/* a version that has errors leaves the one before in force */
	put("a", WRONG);
	put("b", OTHER);
	second = look(first, &two);
	assert_true(find(&two, "a")->refused == digest("a", WRONG));
	assert_true(find(&two, "a")->before);
	assert_true(find(&two, "b")->in_force == digest("b", OTHER));
	assert_null(find(&two, "b")->message);
}

/* Names and messages cannot end a line, or a field. */
static void odd_names_stay_in_their_fields(void **state)
{
	_cleanup_(store_freep) struct store *none = calloc(1, sizeof(*none)), *store;
	_cleanup_(state_clear) struct state said = {};

	(void)state;
	put("a", GOOD);
	put("x\ny\t1", GOOD);
	store = look(none, &said);
	assert_int_equal(store->n_entries, 1);
	assert_int_equal(said.n_files, 2);
	assert_true(find(&said, "a")->in_force == digest("a", GOOD));
	assert_true(find(&said, "x\ny\t1")->refused == digest("x\ny\t1", GOOD));
}

static void a_failure_is_told(void **state)
{
	_cleanup_(state_clear) struct state said = {.failure = strdup("it is full")}, read = {};

	(void)state;
	assert_int_equal(state_write(&said, file_of_state), 0);
	assert_int_equal(state_read(file_of_state, &read), 0);
	assert_string_equal(read.failure, "it is full");
}

static void what_is_no_state_is_none(void **state)
{
	static const char *const texts[] = {"",
					    "\n",
					    "nonsense\n",
					    "bailiff-state 2\t\n",
					    "bailiff-state 1\t\n1\t2\n",
					    "bailiff-state 1\t\n1\t2\t0\t/a.ini\n"};
	struct state read = {};

	(void)state;
	assert_int_equal(state_read("/nonexistent/state", &read), -ENOENT);
	for (size_t i = 0; i < ELEMENTS(texts); i++) {
		FILE *file = fopen(file_of_state, "w");

		assert_non_null(file);
		fputs(texts[i], file);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(state_read(file_of_state, &read), -EBADMSG);
		assert_int_equal(read.n_files, 0);
	}
}

static void spans(void **state)
{
	static const char *const wrong[] = {"", "60", "s", "-5s", "0s", "1y", "5 s", "today", "@5"};
	unsigned long long usec = 0;

	(void)state;
	assert_int_equal(cli_span_parse("60s", &usec), 0);
	assert_true(usec == 60000000);
	assert_int_equal(cli_span_parse("2h", &usec), 0);
	assert_true(usec == 7200000000);
	for (size_t i = 0; i < ELEMENTS(wrong); i++)
		assert_int_equal(cli_span_parse(wrong[i], &usec), -EINVAL);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file_of_state, sizeof(file_of_state), "%s/state", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_in_force_and_what_is_not, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(odd_names_stay_in_their_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_state_is_none, set_up, tear_down),
		cmocka_unit_test(spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
