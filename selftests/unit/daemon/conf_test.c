/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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
	assert_false(conf.unknown);
	assert_int_equal(load("# comment\n[daemon]\nunknown = deny\n", &conf), 0);
	assert_true(conf.unknown && conf.unknown_line == 3);
	assert_int_equal(load("[daemon]\nunknown = allow\n", &conf), 0);
	assert_false(conf.unknown);
	/* the last line stands */
	assert_int_equal(load("[daemon]\nprotect = no\nprotect = yes\n", &conf), 0);
	assert_true(conf.protect);
}

static void test_values(void **state)
{
	char long_path[128] = "/run/";
	char text[256];
	struct conf conf = {};

	(void)state;
	assert_int_equal(load("", &conf), 0);
	assert_false(conf.events.no_journal || conf.events.file[0] || conf.events.socket[0] ||
		     conf.metrics[0]);
	assert_int_equal(conf.events.size, 64 << 20);
	assert_int_equal(conf.events.keep, 4);
	assert_int_equal(load("[daemon]\nevents-size = 2G\nevents-keep = 0\n"
			      "events = journal\tjson:/var/log/a.json json-socket:/run/x\n"
			      "metrics = /var/lib/a.prom\n",
			      &conf),
			 0);
	assert_false(conf.events.no_journal);
	assert_string_equal(conf.events.file, "/var/log/a.json");
	assert_string_equal(conf.events.socket, "/run/x");
	assert_string_equal(conf.metrics, "/var/lib/a.prom");
	assert_true(conf.events.size == 2ull << 30 && conf.events.keep == 0);
	assert_int_equal(load("[daemon]\nevents = json:/a\nevents-size = 65536\n", &conf), 0);
	assert_true(conf.events.no_journal);
	assert_int_equal(conf.events.size, 65536);
	/* a socket's path has room for 107 bytes */
	memset(long_path + 5, 'x', 103);
	for (int i = 0; i < 2; i++) {
		long_path[107 + i] = '\0';
		snprintf(text, sizeof(text), "[daemon]\nevents = json-socket:%s\n", long_path);
		assert_int_equal(load(text, &conf), i);
		long_path[107] = 'x';
	}
}

/* An error leaves what was there: nobody is left without protection by a slip. */
static void test_errors(void **state)
{
	static const char *const wrong[] = {
		"[daemon]\nprotect = on\n",
		"[daemon]\nprotect = keep\n",
		"[daemon]\non-stop = yes\n",
		"[daemon]\nprotects = yes\n",
		"[deamon]\nprotect = yes\n",
		"protect = yes\n",
		"[daemon]\nprotect\n",
		"[daemon]\nprotect =\n",
		"[daemon]\nprotect = YES\n",
		"[daemon]\nunknown = yes\n",
		"[daemon]\nunknown =\n",
		"[daemon]\nevents =\n",
		"[daemon]\nevents = syslog\n",
		"[daemon]\nevents = journal journal\n",
		"[daemon]\nevents = json:relative\n",
		"[daemon]\nevents = json:/a/\n",
		"[daemon]\nevents = json:/a json:/b\n",
		"[daemon]\nevents = json-socket:\n",
		"[daemon]\nevents-size = 1K\n",
		"[daemon]\nevents-size = 64T\n",
		"[daemon]\nevents-size = -1M\n",
		"[daemon]\nevents-size = M\n",
		"[daemon]\nevents-size = 64MB\n",
		"[daemon]\nevents-size = 99999999999G\n",
		"[daemon]\nevents-keep = 1001\n",
		"[daemon]\nevents-keep = 4 \n[daemon]\nevents-keep = four\n",
		"[daemon]\nmetrics = bailiff.prom\n",
		"[daemon]\nmetrics =\n",
	};
	struct conf conf = {.protect = true};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(load(wrong[i], &conf), 1);
		assert_true(conf.protect);
	}
}

/* What docs/monitoring.md shows of the file is right. */
static void test_documents(void **state)
{
	FILE *document = fopen("docs/monitoring.md", "re");
	char line[256], text[1024] = "";
	bool inside = false;
	int n = 0;

	(void)state;
	if (!document)
		skip();
	while (fgets(line, sizeof(line), document)) {
		struct conf conf = {};

		if (strcmp(line, "```conf\n") == 0) {
			inside = true;
			text[0] = '\0';
		} else if (inside && strcmp(line, "```\n") == 0) {
			inside = false;
			n++;
			assert_int_equal(load(text, &conf), 0);
		} else if (inside) {
			assert_true(strlen(text) + strlen(line) < sizeof(text));
			strcat(text, line);
		}
	}
	fclose(document);
	assert_int_equal(n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_keys),
		cmocka_unit_test(test_values),	 cmocka_unit_test(test_documents),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
