// SPDX-License-Identifier: Apache-2.0
/*
 * Every call that may be interrupted is, and then reads or writes a few bytes alone: what is read
 * and written is whole all the same. The Makefile has the linker put what stands here in the place
 * of read() and write().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/boot-audit.h"
#include "daemon/store.h"
#include "daemon/util.h"
#include "policy/policy.h"

static unsigned n_calls;
static bool on;

/* Whether this call is interrupted; if not, how many bytes it may be of. */
static bool interrupts(size_t *n)
{
	if (!on)
		return false;
	if (n_calls++ % 2 == 0) {
		errno = EINTR;
		return true;
	}
	if (*n > n_calls % 7 + 1)
		*n = n_calls % 7 + 1;
	return false;
}

ssize_t __real_read(int fd, void *buffer, size_t n);
ssize_t __wrap_read(int fd, void *buffer, size_t n);
ssize_t __wrap_read(int fd, void *buffer, size_t n)
{
	return interrupts(&n) ? -1 : __real_read(fd, buffer, n);
}

ssize_t __wrap___read_chk(int fd, void *buffer, size_t n, size_t room);
ssize_t __wrap___read_chk(int fd, void *buffer, size_t n, size_t room)
{
	assert_true(n <= room);
	return __wrap_read(fd, buffer, n);
}

ssize_t __real_write(int fd, const void *buffer, size_t n);
ssize_t __wrap_write(int fd, const void *buffer, size_t n);
ssize_t __wrap_write(int fd, const void *buffer, size_t n)
{
	return interrupts(&n) ? -1 : __real_write(fd, buffer, n);
}

static char folder[] = "/tmp/interrupted-XXXXXX";
static const char *const folders[] = {folder, NULL};
static char file[64], last[64], kept[96];

#define POLICY "[select]\nunit = a.service\n[exec]\ndeny = /bin/a\n[file]\ndeny = read /etc/**\n"

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/a.ini", folder);
	snprintf(last, sizeof(last), "%s/last", folder);
	snprintf(kept, sizeof(kept), "%s/a.ini", last);
	return mkdir(last, 0700);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(file) || unlink(kept) || rmdir(last) || rmdir(folder);
}

static void a_text_is_read_and_written_whole(void **state)
{
	char text[3000], again[4000];
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 26);
	on = true;
	n_calls = 0;
	assert_int_equal(write_synced(fd, text, sizeof(text)), 0);
	assert_in_range(n_calls, 2 * sizeof(text) / 7, 2 * sizeof(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(read_full(fd, again, sizeof(again)), sizeof(text));
	on = false;
	assert_memory_equal(text, again, sizeof(text));
	close(fd);
}

static void a_policy_is_read_and_kept_whole(void **state)
{
	_cleanup_(store_freep) struct store *store = NULL, *second = NULL;
	_cleanup_(diag_clear) struct diag diag = {};
	_cleanup_(freep) char *text = NULL;
	FILE *stream = fopen(file, "we");
	size_t n = 0;

	(void)state;
	assert_non_null(stream);
	fputs(POLICY, stream);
	assert_int_equal(fclose(stream), 0);
	on = true;
	n_calls = 0;
	assert_int_equal(store_load(folders, NULL, last, &diag, &store), 0);
	assert_true(n_calls > 2 * strlen(POLICY) / 7);
	assert_int_equal(store_keep(store, last), 0);
	assert_int_equal(policy_read_file(kept, &text, &n), 0);
	assert_int_equal(store_load((const char *const[]){last, NULL}, NULL, NULL, &diag, &second),
			 0);
	on = false;
	assert_int_equal(n, strlen(POLICY));
	assert_memory_equal(text, POLICY, n);
	assert_int_equal(diag.n_items, 0);
	assert_int_equal(store->n_entries, 1);
	assert_int_equal(second->n_entries, 1);
}

static void the_command_line_is_read_whole(void **state)
{
	int with, without = boot_audit();

	(void)state;
	on = true;
	n_calls = 0;
	with = boot_audit();
	on = false;
	assert_true(n_calls > 2);
	assert_int_equal(with, without);
	assert_true(without >= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_read_and_written_whole),
		cmocka_unit_test(a_policy_is_read_and_kept_whole),
		cmocka_unit_test(the_command_line_is_read_whole),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
