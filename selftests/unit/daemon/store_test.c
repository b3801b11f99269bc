// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/store.h"
#include "daemon/util.h"

static char folder[] = "/tmp/store-test-XXXXXX";
static const char *const folders[] = {folder, NULL};

static void put(const char *name, const char *command)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.ini", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "[select]\nunit = %s.service\n[exec]\ndeny = %s\n", name, command);
	assert_int_equal(fclose(file), 0);
}

static struct store *load(const struct store *previous)
{
	_cleanup_(diag_clear) struct diag diag = {};
	struct store *store;

	assert_int_equal(store_load(folders, previous, NULL, &diag, &store), 0);
	assert_int_equal(diag.n_items, 0);
	return store;
}

/* Refuses what is blamed, and says which policy that was in the end. */
static void refuse(struct store *store, const struct store *previous, const char *blamed,
		   const char *refused)
{
	_cleanup_(diag_clear) struct diag diag = {};
	char path[64];

	snprintf(path, sizeof(path), "%s/%s.ini", folder, blamed);
	assert_true(store_refuse(store, previous, path, &diag));
	snprintf(path, sizeof(path), "%s/%s.ini", folder, refused);
	assert_int_equal(diag.n_items, 1);
	assert_string_equal(diag.items[0].file, path);
}

/* Whatever is blamed: what is in force stays so, and what is new is left out. */
static void what_is_new_is_refused(void **state)
{
	_cleanup_(store_freep) struct store *none = calloc(1, sizeof(*none)), *first, *second;

	(void)state;
	put("a", "/bin/a");
	put("b", "/bin/b");
	first = load(none);
	put("c", "/bin/c");
	second = load(first);
	assert_int_equal(second->n_entries, 3);
	refuse(second, first, "a", "c");
	assert_int_equal(second->n_entries, 2);
	assert_null(store_find(second, "c"));
	/* nothing else is new: then it has to be the one that is to blame */
	refuse(second, first, "a", "a");
	assert_null(store_find(second, "a"));
	assert_non_null(store_find(second, "b"));
}

static void what_has_changed_is_as_before(void **state)
{
	_cleanup_(store_freep) struct store *none = calloc(1, sizeof(*none)), *first, *second;

	(void)state;
	put("a", "/bin/a");
	put("b", "/bin/b");
	put("c", "/bin/c");
	first = load(none);
	put("b", "/bin/other");
	second = load(first);
	assert_true(store_is_same(first, first));
	assert_false(store_is_same(second, first));
	refuse(second, first, "a", "b");
	assert_int_equal(second->n_entries, 3);
	assert_ptr_equal(store_find(second, "b")->text, store_find(first, "b")->text);
	assert_true(store_is_same(second, first));
	assert_true(store_find(second, "b")->stale);
	assert_false(store_find(second, "a")->stale);
}

/* What is looked at without inotify. */
static void a_glance_sees_changes(void **state)
{
	char path[64];
	uint64_t sum;

	(void)state;
	put("a", "/bin/a");
	sum = store_glance(folders);
	assert_true(sum == store_glance(folders));
	put("a", "/bin/longer");
	assert_true(sum != store_glance(folders));
	sum = store_glance(folders);
	put("d", "/bin/d");
	assert_true(sum != store_glance(folders));
	sum = store_glance(folders);
	snprintf(path, sizeof(path), "%s/d.ini", folder);
	assert_int_equal(unlink(path), 0);
	assert_true(sum != store_glance(folders));
}

/* Text that could not be kept at first is kept later, even if the file has errors by then. */
static void what_is_in_force_is_kept(void **state)
{
	_cleanup_(store_freep) struct store *first, *second = NULL, *third = NULL;
	_cleanup_(diag_clear) struct diag diag = {};
	char last[64], path[96];
	FILE *file;

	(void)state;
	snprintf(last, sizeof(last), "%s/last", folder);
	assert_int_equal(mkdir(last, 0700), 0);
	snprintf(path, sizeof(path), "%s/.a", last);
	assert_int_equal(mkdir(path, 0700), 0); /* in the way of the file */
	put("a", "/bin/a");
	first = load(NULL);
	assert_true(store_keep(first, last) < 0);
	assert_int_equal(rmdir(path), 0);

	snprintf(path, sizeof(path), "%s/a.ini", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("nonsense\n", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(store_load(folders, first, last, &diag, &second), 0);
	assert_true(store_find(second, "a")->stale);
	assert_int_equal(store_keep(second, last), 0);

	assert_int_equal(store_load(folders, NULL, last, &diag, &third), 0);
	assert_non_null(store_find(third, "a"));
	snprintf(path, sizeof(path), "%s/a.ini", last);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(last), 0);
}

/* Puts a policy into a place in one step. */
static void place(const char *next, const char *file)
{
	static const char text[] = "[select]\nunit = a.service\n[exec]\ndeny = /bin/a\n";
	int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || close(fd) < 0 || rename(next, file) < 0)
		_exit(1);
}

/* Renames files over one another, and moves them between two folders, until it is killed. */
static void __attribute__((noreturn)) shuffle(const char *other)
{
	char here[96], there[96], next[96];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(here, sizeof(here), "%s/a.ini", folder);
	snprintf(there, sizeof(there), "%s/a.ini", other);
	snprintf(next, sizeof(next), "%s/.a", folder);
	for (;;) {
		place(next, here);
		place(next, there);
		(void)unlink(here);
		place(next, here);
		(void)unlink(there);
	}
}

/* A file that is there under the same name at every moment is never missed. */
static void what_is_moved_meanwhile_is_found(void **state)
{
	char other[64], path[96];
	const char *const both[] = {folder, other, NULL};
	_cleanup_(store_freep) struct store *first = NULL;
	pid_t pid;

	(void)state;
	snprintf(other, sizeof(other), "%s/other", folder);
	assert_int_equal(mkdir(other, 0700), 0);
	put("a", "/bin/a");
	for (int i = 0; i < 200; i++) { /* a folder takes some time to be read */
		snprintf(path, sizeof(path), "%s/.filler-%d", folder, i);
		assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	}
	first = load(NULL);
	pid = fork();
	if (pid == 0)
		shuffle(other);
	for (int i = 0; i < 5000; i++) {
		_cleanup_(diag_clear) struct diag diag = {};
		_cleanup_(store_freep) struct store *store = NULL;

		assert_int_equal(store_load(both, first, NULL, &diag, &store), 0);
		assert_non_null(store_find(store, "a"));
		assert_int_equal(diag.n_errors, 0);
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	snprintf(path, sizeof(path), "rm -r %s/other %s/.[!.]*", folder, folder);
	assert_int_equal(system(path), 0);
}

/* Loads from a folder that there is, and one that there is not. */
static struct store *load_both(const char *other, const struct store *previous, const char *last,
			       size_t n_errors)
{
	const char *const both[] = {other, folder, NULL};
	_cleanup_(diag_clear) struct diag diag = {};
	struct store *store;

	assert_int_equal(store_load(both, previous, last, &diag, &store), 0);
	assert_int_equal(diag.n_errors, n_errors);
	assert_int_equal(store->unread, n_errors != 0);
	return store;
}

/* A folder that is gone says nothing: not that there are no policies. */
static void a_folder_that_is_gone_keeps_its_policies(void **state)
{
	_cleanup_(store_freep) struct store *none = calloc(1, sizeof(*none)), *first = NULL,
					    *second = NULL, *third = NULL, *fourth = NULL;
	char other[64], moved[64], last[64], command[400];

	(void)state;
	snprintf(other, sizeof(other), "%s/other", folder);
	snprintf(moved, sizeof(moved), "%s/moved", folder);
	snprintf(last, sizeof(last), "%s/last", folder);
	snprintf(command, sizeof(command), "mkdir %s %s && mv %s/a.ini %s", other, last, folder,
		 other);
	put("a", "/bin/a");
	put("b", "/bin/b");
	assert_int_equal(system(command), 0);
	first = load_both(other, none, last, 0);
	assert_int_equal(first->n_entries, 2);
	assert_int_equal(store_keep(first, last), 0);
	assert_int_equal(rename(other, moved), 0);
	/* it is gone, and b is removed from the other one */
	snprintf(command, sizeof(command), "rm %s/b.ini", folder);
	assert_int_equal(system(command), 0);
	second = load_both(other, first, last, 1);
	assert_int_equal(second->n_entries, 1);
	assert_ptr_equal(store_find(second, "a")->text, store_find(first, "a")->text);
	assert_true(store_find(second, "a")->stale);
	/* a daemon that starts meanwhile knows what was kept */
	third = load_both(other, none, last, 1);
	assert_int_equal(third->n_entries, 2);
	assert_true(store_find(third, "a")->stale);
	/* there it is, and empty: now it says that there are none */
	assert_int_equal(mkdir(other, 0700), 0);
	fourth = load_both(other, third, last, 0);
	assert_int_equal(fourth->n_entries, 0);
	snprintf(command, sizeof(command), "rm -r %s %s %s", other, moved, last);
	assert_int_equal(system(command), 0);
}

/* Half a policy can be a good one that allows more. */
static void a_file_that_is_being_written_is_as_before(void **state)
{
	_cleanup_(store_freep) struct store *first = NULL, *second = NULL, *third = NULL,
					    *fourth = NULL;
	_cleanup_(diag_clear) struct diag diag = {};
	char path[64];
	FILE *file;

	(void)state;
	put("a", "/bin/a");
	first = load(NULL);
	snprintf(path, sizeof(path), "%s/a.ini", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("[select]\nunit = a.service\n[exec]\n", file);
	assert_int_equal(fflush(file), 0);
	second = load(first);
	assert_true(second->written);
	assert_ptr_equal(store_find(second, "a")->text, store_find(first, "a")->text);
	/* that it lasts is told */
	assert_int_equal(store_load(folders, second, NULL, &diag, &third), 0);
	assert_int_equal(diag.n_items, 1);
	assert_int_equal(diag.items[0].level, DIAG_WARNING);
	assert_ptr_equal(store_find(third, "a")->text, store_find(first, "a")->text);
	fputs("deny = /bin/b\n", file);
	assert_int_equal(fclose(file), 0);
	fourth = load(third);
	assert_false(fourth->written);
	assert_ptr_not_equal(store_find(fourth, "a")->text, store_find(first, "a")->text);
}

/* Up to the last policy; and one more pushes none out that is in force, whatever its name. */
static void there_is_room_up_to_the_limit(void **state)
{
	_cleanup_(store_freep) struct store *first = NULL, *second = NULL;
	_cleanup_(diag_clear) struct diag diag = {};
	char name[32], command[64];

	(void)state;
	for (int i = 0; i < STORE_POLICIES_MAX; i++) {
		snprintf(name, sizeof(name), "n%04d", i);
		put(name, "/bin/n");
	}
	first = load(NULL);
	assert_int_equal(first->n_entries, STORE_POLICIES_MAX);
	put("a", "/bin/a");
	assert_int_equal(store_load(folders, first, NULL, &diag, &second), 0);
	assert_int_equal(second->n_entries, STORE_POLICIES_MAX);
	assert_null(store_find(second, "a"));
	assert_non_null(store_find(second, name)); /* the last one */
	assert_int_equal(diag.n_errors, 1);
	assert_non_null(strstr(diag.items[0].message, "one policy too many"));
	snprintf(command, sizeof(command), "rm %s/n*.ini", folder);
	assert_int_equal(system(command), 0);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	char path[64];

	(void)state;
	for (const char *name = "abcd"; *name; name++) {
		snprintf(path, sizeof(path), "%s/%c.ini", folder, *name);
		(void)unlink(path);
	}
	return rmdir(folder);
}

/* What bailiff.conf asks for is none of the files, stays the same text, and gives way to none. */
static void what_is_implied_stays(void **state)
{
	_cleanup_(diag_clear) struct diag diag = {};
	_cleanup_(store_freep) struct store *first = NULL, *second = NULL;
	struct policy *policy = NULL;
	char file[64];

	(void)state;
	put("a", "/bin/a");
	first = load(NULL);
	assert_int_equal(policy_of_unknown("/etc/bailiff/bailiff.conf", 2, &policy), 0);
	assert_int_equal(store_imply(first, first, policy, 3), 0);
	assert_non_null(store_find(first, POLICY_UNKNOWN));
	assert_non_null(store_find(first, "a"));
	second = load(first);
	assert_null(store_find(second, POLICY_UNKNOWN));
	assert_int_equal(policy_of_unknown("/etc/bailiff/bailiff.conf", 2, &policy), 0);
	assert_int_equal(store_imply(second, first, policy, 3), 0);
	assert_true(store_is_same(second, first));
	/* where it is to blame, what is new gives way; and where nothing is new, nothing does */
	assert_false(store_refuse(second, first, "/etc/bailiff/bailiff.conf", &diag));
	store_free(second);
	put("b", "/bin/b");
	second = load(first);
	assert_int_equal(policy_of_unknown("/etc/bailiff/bailiff.conf", 2, &policy), 0);
	assert_int_equal(store_imply(second, first, policy, 3), 0);
	assert_true(store_refuse(second, first, "/etc/bailiff/bailiff.conf", &diag));
	assert_null(store_find(second, "b"));
	assert_non_null(store_find(second, POLICY_UNKNOWN));
	snprintf(file, sizeof(file), "%s/last", folder);
	assert_int_equal(mkdir(file, 0700), 0);
	assert_int_equal(store_keep(second, file), 0);
	snprintf(file, sizeof(file), "%s/last/" POLICY_UNKNOWN ".ini", folder);
	assert_int_equal(access(file, F_OK), -1);
	snprintf(file, sizeof(file), "rm -r %s/last", folder);
	assert_int_equal(system(file), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_new_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_has_changed_is_as_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_glance_sees_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_in_force_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_moved_meanwhile_is_found, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_implied_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_folder_that_is_gone_keeps_its_policies, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_being_written_is_as_before, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(there_is_room_up_to_the_limit, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
