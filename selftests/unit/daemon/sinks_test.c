/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/conf.h"
#include "daemon/journal-note.h"
#include "daemon/journal-socket.h"
#include "daemon/journal.h"
#include "daemon/sinks.h"
#include "daemon/util.h"

/* A journal, a file and a reader of a socket, all of the test's own. */

static char folder[] = "/tmp/sinks-XXXXXX";
static char journal_path[64];
static struct conf_events conf = {.size = 1 << 20, .keep = 1};

static int listen_at(const char *path)
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
	assert_non_null(mkdtemp(folder));
	snprintf(journal_path, sizeof(journal_path), "%s/journal", folder);
	snprintf(conf.file, sizeof(conf.file), "%s/file", folder);
	snprintf(conf.socket, sizeof(conf.socket), "%s/socket", folder);
	journal_socket_use(journal_path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	journal_socket_use(journal_path);
	return remove_folder(folder);
}

static int send_path(const char *path, __u64 time)
{
	char field[64];
	struct iovec fields[] = {{"BAILIFF_VERDICT=deny", 20}, {field, 0}};

	fields[1].iov_len = (size_t)snprintf(field, sizeof(field), "BAILIFF_PATH=%s", path);
	return sinks_event(fields, 2, time);
}

/* What a socket got, until the next call; empty: nothing. */
static const char *got(int fd)
{
	static char text[4096];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static const char *content(void)
{
	static char text[8192];
	_cleanup_(close_fdp) int fd = open(conf.file, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

static void assert_counts(unsigned long long file, unsigned long long socket,
			  unsigned long long lost)
{
	struct sink_count counts[2];

	assert_int_equal(sinks_counts(counts), 2);
	assert_string_equal(counts[0].name, "file");
	assert_int_equal(counts[0].written, file);
	assert_int_equal(counts[0].lost, 0);
	assert_string_equal(counts[1].name, "socket");
	assert_int_equal(counts[1].written, socket);
	assert_int_equal(counts[1].lost, lost);
}

static void test_sinks(void **state)
{
	int journal = listen_at(journal_path), reader;
	struct sink_count counts[2];
	char line[4096];

	(void)state;
	/* until it is told otherwise the journal is all */
	assert_int_equal(send_path("/0", 0), 0);
	assert_string_equal(got(journal), "BAILIFF_VERDICT=deny\nBAILIFF_PATH=/0\n");
	assert_int_equal(sinks_counts(counts), 0);

	reader = listen_at(conf.socket);
	sinks_use(&conf);
	assert_int_equal(send_path("/1", 0), 0);
	assert_string_equal(got(journal), "BAILIFF_VERDICT=deny\nBAILIFF_PATH=/1\n");
	strcpy(line, got(reader));
	assert_string_equal(content(), line);
	assert_non_null(strstr(line, "Z\",\"verdict\":\"deny\",\"path\":\"/1\"}\n"));
	assert_counts(1, 1, 0);

	/* notes of the daemon's, of those kinds that "bailiff events" shows */
	journal_note(6, JOURNAL_ID_POLICY, NULL, "policies");
	assert_string_equal(got(reader), "");
	journal_note(4, JOURNAL_ID_DROPPED, NULL, "drops");
	assert_non_null(strstr(got(reader), "\"note\":\"dropped\",\"text\":\"drops\"}\n"));
	assert_counts(2, 2, 0);

	/* a reader that has gone, and another one */
	close(reader);
	assert_int_equal(send_path("/2", 0), 0);
	assert_counts(3, 2, 1);
	reader = listen_at(conf.socket);
	assert_int_equal(send_path("/3", 0), 0);
	assert_non_null(strstr(got(reader), "\"path\":\"/3\"}\n"));
	assert_counts(4, 3, 1);

	/* a journal that has gone: the event is held back, and in the other sinks */
	close(journal);
	assert_int_equal(send_path("/4", 0), 1);
	assert_non_null(strstr(content(), "\"path\":\"/4\"}\n"));
	assert_int_equal(journal_held(), 1);

	/* without it in the configuration there is nothing to wait for */
	conf.no_journal = true;
	assert_false(sinks_use_journal());
	assert_int_equal(send_path("/5", 0), 0);
	assert_int_equal(journal_held(), 1);
	assert_non_null(strstr(content(), "\"path\":\"/5\"}\n"));
	close(reader);
}

/* A reader that reads nothing is not waited for. */
static void test_slow_reader(void **state)
{
	int reader = listen_at(conf.socket), n = 0;
	struct sink_count before[2], after[2];

	(void)state;
	sinks_counts(before);
	do {
		assert_int_equal(send_path("/slow", 0), 0);
		sinks_counts(after);
		assert_in_range(++n, 0, 100000);
	} while (after[1].lost == before[1].lost);
	assert_int_equal(after[0].written - before[0].written, n);
	assert_int_equal(after[1].written - before[1].written, n - 1);
	for (int i = 1; i < n; i++)
		assert_non_null(strstr(got(reader), "\"path\":\"/slow\"}\n"));
	assert_string_equal(got(reader), "");
	close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sinks),
		cmocka_unit_test(test_slow_reader),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
