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
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/journal-note.h"
#include "daemon/journal-socket.h"
#include "daemon/util.h"

/* What the journal would get: a socket of the test's own. */

static char path[64];

static int listen_here(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	unlink(path);
	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int setup(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/journal-socket-test-%d", (int)getpid());
	journal_socket_use(path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	journal_socket_use(path);
	unlink(path);
	return 0;
}

static int send_one(const char *field, bool event)
{
	struct iovec vector = {(char *)field, strlen(field)};

	return journal_sendv(&vector, 1, event);
}

static void assert_got(int fd, const char *bytes, size_t n)
{
	char got[256];
	ssize_t r = recv(fd, got, sizeof(got), 0);

	assert_int_equal(r, n);
	assert_memory_equal(got, bytes, n);
}

/* Values with newlines have their length before them, and no value begins a field. */
static void test_protocol(void **state)
{
	static const char bytes[] =
		"A=1\nB\n\x05\0\0\0\0\0\0\0x\nC=2\nD=\nE\n\x01\0\0\0\0\0\0\0\n\nF=a=b\n";
	struct iovec fields[] = {
		{"A=1", 3}, {"B=x\nC=2", 7}, {"D=", 2}, {"E=\n", 3}, {"F=a=b", 5},
	};
	_cleanup_(close_fdp) int fd = listen_here();

	(void)state;
	assert_int_equal(journal_sendv(fields, ELEMENTS(fields), true), 0);
	assert_got(fd, bytes, sizeof(bytes) - 1);
}

/* No journal, a new one, one that has ended, another one in its place. */
static void test_comes_and_goes(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(send_one("A=1", true), 1);
	assert_int_equal(journal_fd(), -1);
	assert_false(journal_flush_within(10000)); /* at once: there is nobody to wait for */
	fd = listen_here();
	assert_int_equal(send_one("A=2", true), 0);
	assert_got(fd, "A=1\n", 4);
	assert_got(fd, "A=2\n", 4);
	close(fd);
	assert_int_equal(send_one("A=3", false), 1);
	fd = listen_here();
	assert_true(journal_flush());
	assert_got(fd, "A=3\n", 4);
	close(fd);
	fd = listen_here();
	assert_int_equal(send_one("A=4", false), 0);
	assert_got(fd, "A=4\n", 4);
	close(fd);
}

/* In order, none lost, and no more than there is room for; an event has room always. */
static void test_held_back(void **state)
{
	_cleanup_(close_fdp) int fd = listen_here();
	unsigned long long lost = journal_lost();
	char field[1024], number[16];
	int n = 0, n_sent = 0, r = 0;

	(void)state;
	memset(field, 'x', sizeof(field));
	field[sizeof(field) - 1] = '\0';
	for (; r >= 0; n++) {
		assert_in_range(n, 0, 100000);
		snprintf(number, sizeof(number), "N=%05d:", n);
		memcpy(field, number, 8);
		r = send_one(field, false);
		n_sent += r == 0;
	}
	n--;
	assert_int_equal(r, -ENOBUFS);
	assert_int_equal(journal_lost(), lost + 1);
	assert_int_equal(journal_held(), n - n_sent);
	assert_in_range(journal_held(), JOURNAL_HELD_MAX / 1024 - 1, JOURNAL_HELD_MAX / 1024 + 1);
	assert_true(journal_fd() >= 0);
	assert_int_equal(send_one("EVENT=1", true), 1);

	for (int i = 0; i <= n; i++) {
		ssize_t got = recv(fd, field, sizeof(field), 0);

		assert_true(got > 0);
		(void)journal_flush();
		snprintf(number, sizeof(number), i < n ? "N=%05d:" : "EVENT=1\n", i);
		assert_memory_equal(field, number, 8);
	}
	assert_int_equal(journal_held(), 0);
}

static void test_note(void **state)
{
	_cleanup_(close_fdp) int fd = listen_here();
	static const char note[] = "MESSAGE=3 of 4\nMESSAGE_ID=abc\nSYSLOG_IDENTIFIER=bailiffd\n"
				   "PRIORITY=4\nX=text\nY=7\n";
	static const char line[] = "MESSAGE=a line\nSYSLOG_IDENTIFIER=bailiffd\nPRIORITY=3\n";

	(void)state;
	journal_note(4, "abc", (struct journal_field[]){{"X", "text", 0}, {"Y", NULL, 7}, {}},
		     "%d of %d", 3, 4);
	assert_got(fd, note, strlen(note));
	assert_int_equal(journal_line(3, "a line"), 0);
	assert_got(fd, line, strlen(line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_protocol, setup, teardown),
		cmocka_unit_test_setup_teardown(test_comes_and_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_held_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_note, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
