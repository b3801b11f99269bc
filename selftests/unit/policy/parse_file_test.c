// SPDX-License-Identifier: Apache-2.0
#include "selftests/unit/policy/parse_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What policy_parse_file() answers; it must neither wait nor touch the outputs. */
static int answer(const char *file)
{
	struct policy *policy = NULL;
	struct diag diag = {};
	int r = policy_parse_file(file, &diag, &policy);

	assert_int_equal(policy != NULL, r == 0);
	policy_free(policy);
	diag_clear(&diag);
	return r;
}

static void only_regular_files_are_read(void **state)
{
	char directory[] = "/tmp/bailiff-parse-XXXXXX";
	int fd;

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chdir(directory), 0);
	assert_int_equal(mkfifo("fifo.ini", 0600), 0);
	assert_int_equal(symlink("file.ini", "link.ini"), 0);
	assert_int_equal(answer("link.ini"), -ENOENT);
	fd = open("file.ini", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(answer("file.ini"), 1); /* empty: selects nothing */
	assert_int_equal(write(fd, RULE, strlen(RULE)), strlen(RULE));
	assert_int_equal(answer("file.ini"), 0);
	assert_int_equal(answer("link.ini"), 0);
	assert_int_equal(answer("missing.ini"), -ENOENT);
	assert_int_equal(answer("."), -EISDIR);
	assert_int_equal(answer("fifo.ini"), -EBADFD);
	assert_int_equal(answer("/dev/zero"), -EBADFD);
	assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0); /* a hole: only the limit can end it */
	assert_int_equal(answer("file.ini"), 1);
	close(fd);
	unlink("file.ini");
	unlink("link.ini");
	unlink("fifo.ini");
	assert_int_equal(chdir("/"), 0);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_regular_files_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
