// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cgroups.h"
#include "daemon/containers.h"
#include "daemon/util.h"

/*
 * What the daemon does with what is known of containers, in a mount namespace with folders of its
 * own. Skipped for who may not make one.
 */

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static bool may;

static int set_up(void **state)
{
	(void)state;
	may = unshare(CLONE_NEWNS) == 0 &&
	      mount("none", "/", "none", MS_REC | MS_PRIVATE, "") == 0 &&
	      mount("tmpfs", "/run", "tmpfs", 0, "") == 0 &&
	      mount("tmpfs", CGROUPS_ROOT, "tmpfs", 0, "") == 0 &&
	      mkdir("/run/bailiff", 0755) == 0 && mkdir(CONTAINERS_FOLDER, 0700) == 0;
	return 0;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void tell(const char *id, const char *token, const char *name)
{
	char path[256], text[512];

	snprintf(path, sizeof(path), CONTAINERS_FOLDER "/%s", id);
	snprintf(text, sizeof(text),
		 "[container]\nid = %s\ntoken = %s\ncgroup = /libpod-%s.scope\nname = %s\n", id,
		 token, id, name);
	write_file(path, text);
}

static void forget(const char *id)
{
	char path[256];

	snprintf(path, sizeof(path), CONTAINERS_FOLDER "/%s", id);
	(void)unlink(path);
}

static void cgroup(const char *id, bool there)
{
	char path[256];

	snprintf(path, sizeof(path), CGROUPS_ROOT "/libpod-%s.scope", id);
	if (there)
		(void)mkdir(path, 0755);
	else
		(void)rmdir(path);
}

static void answer_is(const char *expected)
{
	char text[1024] = "";
	FILE *file = fopen(CONTAINERS_ANSWER, "re");

	if (!expected) {
		assert_null(file);
		assert_int_equal(errno, ENOENT);
		return;
	}
	assert_non_null(file);
	(void)!fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	assert_string_equal(text, expected);
}

/* A store of one policy, which asks for containers or does not. */
static struct store *store_of(const char *select)
{
	struct store *store = calloc(1, sizeof(*store));
	struct diag diag = {};
	char text[256];

	snprintf(text, sizeof(text), "[select]\n%s\n[exec]\ndeny = /x\n", select);
	assert_non_null(store);
	store->entries = calloc(1, sizeof(*store->entries));
	store->n_entries = 1;
	store->entries[0].name = strdup("a");
	store->entries[0].text = calloc(1, sizeof(*store->entries[0].text));
	store->entries[0].text->n_owners = 1;
	assert_int_equal(policy_parse_text("a.ini", text, strlen(text), &diag,
					   &store->entries[0].text->policy),
			 0);
	return store;
}

static void begin(struct store **store, struct store *previous)
{
	*store = store_of("container = web-*");
	assert_int_equal(containers_begin(*store, previous), 0);
}

static void nobody_waits_for_what_nobody_asks(void **state)
{
	_cleanup_(store_freep) struct store *none = calloc(1, sizeof(*none)),
					    *store = store_of("unit = x.service");

	(void)state;
	if (!may)
		skip();
	tell(ID_A, "1", "web-1");
	assert_int_equal(containers_begin(store, none), 0);
	assert_int_equal(store->containers.n, 0);
	containers_settle(store);
	answer_is(NULL);
	forget(ID_A);
}

static void an_answer_is_of_what_was_read(void **state)
{
	_cleanup_(store_freep) struct store *none = calloc(1, sizeof(*none)), *store = NULL;

	(void)state;
	if (!may)
		skip();
	tell(ID_A, "1", "web-1");
	begin(&store, none);
	assert_int_equal(store->containers.n, 1);
	/* it is there before anything is in force, so that who comes now waits */
	answer_is("");
	tell(ID_B, "2", "web-2");
	containers_settle(store);
	answer_is(ID_A " 1\n");
	forget(ID_A);
	forget(ID_B);
	containers_end();
	answer_is(NULL);
}

static void no_answer_where_a_policy_that_asks_was_left_out(void **state)
{
	_cleanup_(store_freep) struct store *none = calloc(1, sizeof(*none)), *store = NULL,
					    *other = store_of("unit = x.service");
	struct store_text *text;

	(void)state;
	if (!may)
		skip();
	tell(ID_A, "1", "web-1");
	begin(&store, none);
	/* as store_refuse() puts another in its place */
	text = store->entries[0].text;
	store->entries[0].text = other->entries[0].text;
	other->entries[0].text = text;
	containers_settle(store);
	answer_is("");
	forget(ID_A);
	containers_end();
}

/* A file that is gone, or says something else, loosens nothing that runs. */
static void what_runs_stays_known(void **state)
{
	_cleanup_(store_freep) struct store *none = calloc(1, sizeof(*none)), *first = NULL,
					    *second = NULL, *third = NULL, *fourth = NULL,
					    *fifth = NULL;

	(void)state;
	if (!may)
		skip();
	cgroup(ID_A, true);
	tell(ID_A, "1", "web-1");
	begin(&first, none);
	forget(ID_A);
	begin(&second, first);
	assert_int_equal(second->containers.n, 1);
	assert_string_equal(second->containers.list[0].name, "web-1");
	tell(ID_A, "1", "other");
	begin(&third, second);
	assert_int_equal(third->containers.n, 1);
	assert_string_equal(third->containers.list[0].name, "web-1");
	/* another start of it is another matter */
	tell(ID_A, "2", "other");
	begin(&fourth, third);
	assert_string_equal(fourth->containers.list[0].name, "other");
	forget(ID_A);
	cgroup(ID_A, false);
	begin(&fifth, fourth);
	assert_int_equal(fifth->containers.n, 0);
	containers_end();
}

static void files_of_what_is_gone_are_removed(void **state)
{
	_cleanup_(store_freep) struct store *none = calloc(1, sizeof(*none)), *store = NULL;
	_cleanup_(close_fdp) int folder = -1;

	(void)state;
	if (!may)
		skip();
	cgroup(ID_B, true);
	tell(ID_A, "1", "web-1");
	tell(ID_B, "1", "web-2");
	begin(&store, none);
	assert_int_equal(store->containers.n, 2);
	tell(ID_A, "2", "web-1"); /* it starts again meanwhile */
	containers_tick(store);
	assert_int_equal(access(CONTAINERS_FOLDER "/" ID_A, F_OK), 0);
	assert_int_equal(access(CONTAINERS_FOLDER "/" ID_B, F_OK), 0);
	tell(ID_A, "1", "web-1");
	/* while a hook has the lock, nothing is removed, and nobody waits for it */
	folder = open(CONTAINERS_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(containers_lock(folder), 0);
	containers_tick(store);
	assert_int_equal(access(CONTAINERS_FOLDER "/" ID_A, F_OK), 0);
	close_fd(folder);
	folder = -1;
	containers_tick(store);
	assert_int_not_equal(access(CONTAINERS_FOLDER "/" ID_A, F_OK), 0);
	assert_int_equal(access(CONTAINERS_FOLDER "/" ID_B, F_OK), 0);
	forget(ID_B);
	cgroup(ID_B, false);
	containers_end();
}

static void wrong_files_are_left_out(void **state)
{
	_cleanup_(containers_release) struct containers known = {};

	(void)state;
	if (!may)
		skip();
	tell(ID_A, "1", "web-1");
	write_file(CONTAINERS_FOLDER "/" ID_B, "[container]\nid = " ID_A "\n");
	write_file(CONTAINERS_FOLDER "/not-an-id", "x");
	assert_int_equal(symlink(ID_A, CONTAINERS_FOLDER "/cccccccccccc"), 0);
	assert_int_equal(mkfifo(CONTAINERS_FOLDER "/dddddddddddd", 0600), 0);
	assert_int_equal(mkdir(CONTAINERS_FOLDER "/eeeeeeeeeeee", 0700), 0);
	/* the content is good, and the name another's */
	assert_int_equal(link(CONTAINERS_FOLDER "/" ID_A, CONTAINERS_FOLDER "/ffffffffffff"), 0);
	tell("abababababab", "1", "web-3");
	assert_int_equal(chown(CONTAINERS_FOLDER "/abababababab", 1, 1), 0);
	assert_int_equal(containers_read(&known), 0);
	assert_int_equal(known.n, 1);
	assert_string_equal(known.list[0].id, ID_A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_waits_for_what_nobody_asks),
		cmocka_unit_test(an_answer_is_of_what_was_read),
		cmocka_unit_test(no_answer_where_a_policy_that_asks_was_left_out),
		cmocka_unit_test(what_runs_stays_known),
		cmocka_unit_test(files_of_what_is_gone_are_removed),
		cmocka_unit_test(wrong_files_are_left_out),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
