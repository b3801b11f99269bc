/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/conf.h"

static int load(const char *text, struct conf *conf)
{
	char name[] = "/tmp/conf-XXXXXX";
	int fd = mkstemp(name), r;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	r = conf_load(name, conf);
	unlink(name);
	return r;
}

static void test_defaults(void **state)
{
	struct conf conf = {.keep_on_stop = true, .protect = true};

	(void)state;
	assert_int_equal(load("", &conf), 0);
	assert_false(conf.keep_on_stop || conf.protect);
	conf.protect = true;
	assert_int_equal(conf_load("/nonexistent/bailiff.conf", &conf), 0);
	assert_false(conf.protect);
}

static void test_keys(void **state)
{
	struct conf conf = {};

	(void)state;
	assert_int_equal(load("[daemon]\nprotect = yes\n", &conf), 0);
	assert_true(conf.protect && !conf.keep_on_stop);
	assert_int_equal(load("[daemon]\non-stop = keep\nprotect = no\n", &conf), 0);
	assert_true(conf.keep_on_stop && !conf.protect);
	/* the last line stands */
	assert_int_equal(load("[daemon]\nprotect = no\nprotect = yes\n", &conf), 0);
	assert_true(conf.protect);
}

/* An error leaves what was there: nobody is left without protection by a slip. */
static void test_errors(void **state)
{
	static const char *const wrong[] = {
		"[daemon]\nprotect = on\n",  "[daemon]\nprotect = keep\n",
		"[daemon]\non-stop = yes\n", "[daemon]\nprotects = yes\n",
		"[deamon]\nprotect = yes\n", "protect = yes\n",
		"[daemon]\nprotect\n",	     "[daemon]\nprotect =\n",
		"[daemon]\nprotect = YES\n",
	};
	struct conf conf = {.protect = true};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(load(wrong[i], &conf), 1);
		assert_true(conf.protect);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
