/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "daemon/json-file.h"
#include "daemon/util.h"

static char folder[32], path[64];

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/json-file-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/events.json", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return remove_folder(folder);
}

static const char *former(int i)
{
	static char name[80];

	snprintf(name, sizeof(name), i ? "%s.%d" : "%s", path, i);
	return name;
}

/* The whole of a small file, until the next call; NULL: there is none. */
static const char *content(const char *name)
{
	static char text[4096];
	_cleanup_(close_fdp) int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return NULL;
	text[n] = '\0';
	return text;
}

static int put(struct json_file *file, const char *line)
{
	return json_file_write(file, line, strlen(line));
}

/* Each file has as many lines as fit; the oldest goes. */
static void test_rotation(void **state)
{
	struct json_file file = {path, 30, 2, -1};
	char line[32];

	(void)state;
	for (int i = 0; i < 10; i++) {
		snprintf(line, sizeof(line), "{\"a\":%d}..\n", i); /* 10 bytes */
		assert_int_equal(strlen(line), 10);
		assert_int_equal(put(&file, line), 0);
	}
	assert_string_equal(content(path), "{\"a\":9}..\n");
	assert_string_equal(content(former(1)), "{\"a\":6}..\n{\"a\":7}..\n{\"a\":8}..\n");
	assert_string_equal(content(former(2)), "{\"a\":3}..\n{\"a\":4}..\n{\"a\":5}..\n");
	assert_null(content(former(3)));
	json_file_close(&file);
}

static void test_keep_none(void **state)
{
	struct json_file file = {path, 10, 0, -1};

	(void)state;
	assert_int_equal(put(&file, "123456\n"), 0);
	/* a line that is larger than a file stands alone */
	assert_int_equal(put(&file, "1234567890123\n"), 0);
	assert_string_equal(content(path), "1234567890123\n");
	assert_int_equal(put(&file, "a\n"), 0);
	assert_string_equal(content(path), "a\n");
	assert_null(content(former(1)));
	json_file_close(&file);
}

/* A file that is there is gone on with, without half a line that a crash left. */
static void test_half_a_line(void **state)
{
	static const char *const left[] = {"{}\n{\"a\":", "{\"a\":", "", "{}\n"};
	static const char *const after[] = {"{}\n{1}\n", "{1}\n", "{1}\n", "{}\n{1}\n"};
	char *large = malloc(10000);
	struct stat st;

	(void)state;
	assert_non_null(large);
	for (size_t i = 0; i < ELEMENTS(left); i++) {
		struct json_file file = {path, 4096, 2, -1};
		FILE *stream = fopen(path, "we");

		assert_non_null(stream);
		fputs(left[i], stream);
		fclose(stream);
		assert_int_equal(put(&file, "{1}\n"), 0);
		assert_string_equal(content(path), after[i]);
		json_file_close(&file);
	}
	/* further back than one block */
	memset(large, 'x', 10000);
	large[100] = '\n';
	for (int i = 0; i < 2; i++) {
		struct json_file file = {path, 100000, 2, -1};
		FILE *stream = fopen(path, "we");

		assert_non_null(stream);
		assert_int_equal(fwrite(large + (i ? 101 : 0), 1, 9000, stream), 9000);
		fclose(stream);
		assert_int_equal(put(&file, "{1}\n"), 0);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, i ? 4 : 105);
		json_file_close(&file);
	}
	free(large);
}

static void test_moved_away(void **state)
{
	struct json_file file = {path, 4096, 2, -1};

	(void)state;
	assert_int_equal(put(&file, "1\n"), 0);
	json_file_look(&file);
	assert_int_equal(put(&file, "2\n"), 0);
	assert_int_equal(rename(path, former(9)), 0);
	json_file_look(&file);
	assert_int_equal(put(&file, "3\n"), 0);
	assert_string_equal(content(path), "3\n");
	assert_string_equal(content(former(9)), "1\n2\n");
	json_file_close(&file);
}

static void test_no_file(void **state)
{
	struct json_file nowhere = {"/nonexistent/events.json", 4096, 2, -1};
	struct json_file pipe = {path, 4096, 2, -1}, link = {path, 4096, 2, -1};

	(void)state;
	assert_int_equal(put(&nowhere, "1\n"), -ENOENT);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(put(&pipe, "1\n"), -EINVAL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(put(&link, "1\n"), -ELOOP);
}

/* A full disk: what is there is whole lines, and it goes on once there is room. */
static void test_full_disk(void **state)
{
	struct json_file file = {path, 1 << 20, 2, -1};
	static char line[3000];
	int n = 0, r = 0;
	struct stat st;

	(void)state;
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("t", folder, "tmpfs", 0, "size=64k") < 0)
		skip();
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (; r >= 0; n++) {
		assert_in_range(n, 0, 1000);
		r = json_file_write(&file, line, sizeof(line));
	}
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(json_file_write(&file, line, sizeof(line)), -ENOSPC);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, (n - 1) * sizeof(line));
	assert_int_equal(mount("t", folder, "tmpfs", MS_REMOUNT, "size=256k"), 0);
	assert_int_equal(json_file_write(&file, line, sizeof(line)), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, n * sizeof(line));
	json_file_close(&file);
	assert_int_equal(umount(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rotation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keep_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_half_a_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_moved_away, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
