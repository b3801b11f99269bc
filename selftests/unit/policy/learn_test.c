// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/diag.h"
#include "policy/image.h"
#include "policy/learn.h"
#include "policy/learn_parts.h"
#include "policy/policy.h"

struct seen {
	enum learn_kind kind;
	const char *what, *exe;
};

#define NGINX "/usr/sbin/nginx"

static void learn_all(struct learn *learn, const struct seen *seen, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_true(learn_add(learn, seen[i].kind, seen[i].what, seen[i].exe, 4711) >= 0);
}

static char *write_policy(const struct learn *learn, bool exact, const char *select)
{
	const struct learn_text how = {.select = select, .exact = exact};
	char *text;

	assert_int_equal(learn_write(learn, &how, &text), 0);
	return text;
}

/* Compiles a text, in which "bailiff check" may find nothing. */
static struct image *compile(const char *text)
{
	struct policy *policy = NULL;
	struct image *image = NULL;
	struct diag diag = {};
	int r = policy_parse_text("learnt.ini", text, strlen(text), &diag, &policy);

	if (r == 0)
		r = image_compile((const struct policy *const *)&policy, 1, 1, &diag, &image);
	for (size_t i = 0; i < diag.n_items; i++)
		print_message("%u: %s\n%s\n", diag.items[i].line, diag.items[i].message,
			      diag.items[i].source ? diag.items[i].source : "");
	if (r != 0 || diag.n_items)
		print_message("%s", text);
	assert_int_equal(r, 0);
	assert_int_equal(diag.n_items, 0);
	diag_clear(&diag);
	policy_free(policy);
	return image;
}

static bool allows(const struct image *image, enum learn_kind kind, const char *what,
		   const char *exe)
{
	const struct learn_fact fact = {kind, (char *)what, (char *)exe, 0, 1};

	return BAILIFF_VERDICT(learn_decide(image->cells, &fact)) <= BAILIFF_AUDIT;
}

/* All that was seen is allowed by what is written, exact or not; and is checked without warnings.
 */
static void assert_whole(const struct learn *learn)
{
	for (int exact = 0; exact < 2; exact++) {
		char *text = write_policy(learn, exact, "unit = a.service");
		struct image *image = compile(text);

		for (size_t i = 0; i < learn->n_facts; i++) {
			const struct learn_fact *fact = &learn->facts[i];

			if (!allows(image, fact->kind, fact->what, fact->exe))
				fail_msg("%s is not allowed by:\n%s", fact->what, text);
		}
		image_free(image);
		free(text);
	}
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in:\n%s", part, text);
}

static void names_of_this_run_alone_become_stars(void **state)
{
	static const struct {
		const char *name;
		bool written;
		const char *pattern;
	} cases[] = {
		/* libraries */
		{"libssl.so.3", false, "libssl.so.*"},
		{"libpcre2-8.so.0.11.2", false, "libpcre2-8.so.*"},
		{"libpython3.11.so.1.0", false, "libpython3.11.so.*"},
		{"ld-linux-x86-64.so.2", false, "ld-linux-x86-64.so.*"},
		{"ngx_http_geoip2_module.so", false, "ngx_http_geoip2_module.so"},
		{"libfoo-1.22.1.so", false, "libfoo-*.so"},
		/* processes */
		{"temp-4711.rdb", true, "temp-*.rdb"},
		{"temp-77.rdb", true, "temp-*.rdb"},
		{"worker.4711", false, "worker.*"},
		{"worker.4712", false, "worker.4712"},
		{"PostgreSQL.1804289383", true, "PostgreSQL.*"},
		/* chance */
		{"sess_aB3dE9", true, "sess_*"},
		{"tmp.Xk29Lq0PzA", true, "tmp.*"},
		{"tmpk3v9x_2a", true, "tmp*"},
		{"pip-tmpabx3k1qz", true, "pip-tmp*"},
		{"pgsql_tmp1234.0", true, "pgsql_tmp*.0"},
		{"550e8400-e29b-41d4-a716-446655440000", false, "*"},
		{"run-550e8400-e29b-41d4-a716-446655440000.lock", true, "run-*.lock"},
		{"3f9a0c11d2e4b5a6", false, "*"},
		{"00000001000000000000000A", true, "*"},
		/* versions and numbers */
		{"5.36.0", false, "*"},
		{"nginx-1.22.1", false, "nginx-*"},
		{"20261126", true, "*"},
		/* words */
		{"PostgreSQL", true, "PostgreSQL"},
		{"python3.11", false, "python3.11"},
		{"15", true, "15"},
		{".s.PGSQL.5432.lock", true, ".s.PGSQL.5432.lock"},
		{"postgresql-15-main.log", true, "postgresql-15-main.log"},
		{"x86_64-linux-gnu", false, "x86_64-linux-gnu"},
		{"default.conf", true, "default.conf"},
		{"dump.rdb", true, "dump.rdb"},
		{"aB3dE9xQ", false, "aB3dE9xQ"}, /* whoever reads it did not make it */
		/* what patterns and lines have a meaning for */
		{"a b;c,d*e?f[g]{h}\\\"'#", false, "a?b?c?d?e?f?g??h?????"},
		{"\303\244", false, "??"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char pattern[LEARN_NAME_SIZE(64)];

		learn_name(cases[i].name, cases[i].written, 4711, pattern);
		if (strcmp(pattern, cases[i].pattern) != 0)
			fail_msg("%s became %s", cases[i].name, pattern);
	}
}

static void a_web_server(void **state)
{
	static const struct seen seen[] = {
		{LEARN_EXEC, NGINX, "/usr/lib/systemd/systemd"},
		{LEARN_MAP, NGINX, NGINX},
		{LEARN_MAP, "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", NGINX},
		{LEARN_MAP, "/usr/lib/x86_64-linux-gnu/libc.so.6", NGINX},
		{LEARN_MAP, "/usr/lib/x86_64-linux-gnu/libssl.so.3", NGINX},
		{LEARN_MAP, "/usr/lib/nginx/modules/ngx_http_echo_module.so", NGINX},
		{LEARN_READ, "/etc/ld.so.cache", NGINX},
		{LEARN_READ, "/etc/passwd", NGINX},
		{LEARN_READ, "/etc/group", NGINX},
		{LEARN_READ, "/etc/nsswitch.conf", NGINX},
		{LEARN_READ, "/etc/localtime", NGINX},
		{LEARN_READ, "/etc/ssl/openssl.cnf", NGINX},
		{LEARN_READ, "/etc/nginx/nginx.conf", NGINX},
		{LEARN_READ, "/etc/nginx/mime.types", NGINX},
		{LEARN_READ, "/etc/nginx/modules-enabled", NGINX},
		{LEARN_READ, "/etc/nginx/sites-enabled", NGINX},
		{LEARN_READ, "/etc/nginx/sites-available/default", NGINX},
		{LEARN_READ, "/etc/nginx/conf.d", NGINX},
		{LEARN_READ, "/var/www/html/index.nginx-debian.html", NGINX},
		{LEARN_READ, "/var/www/html/style.css", NGINX},
		{LEARN_READ, "/sys/devices/system/cpu/online", NGINX},
		{LEARN_READ, "/proc/4711/status", NGINX},
		{LEARN_WRITE, "/var/log/nginx/error.log", NGINX},
		{LEARN_WRITE, "/var/log/nginx/access.log", NGINX},
		{LEARN_WRITE, "/var/lib/nginx/body", NGINX},
		{LEARN_WRITE, "/var/lib/nginx/proxy", NGINX},
		{LEARN_WRITE, "/run/nginx.pid", NGINX},
		{LEARN_WRITE, "/dev/null", NGINX},
		{LEARN_NETWORK, "create tcp", NGINX},
		{LEARN_NETWORK, "listen tcp 0.0.0.0:80", NGINX},
		{LEARN_NETWORK, "listen tcp [::]:80", NGINX},
		{LEARN_NETWORK, "accept tcp 0.0.0.0:80", NGINX},
		{LEARN_NETWORK, "create unix", NGINX},
		{LEARN_CAPABILITY, "setuid", NGINX},
		{LEARN_CAPABILITY, "net_bind_service", NGINX},
	};
	struct learn learn = {};
	struct image *image;
	char *text;

	(void)state;
	learn_all(&learn, seen, sizeof(seen) / sizeof(seen[0]));
	assert_whole(&learn);
	text = write_policy(&learn, false, "unit = nginx.service");
	assert_has(text, " /etc/nginx/** ");
	assert_lacks(text, "/etc/** ");
	assert_has(text, "allow     = listen accept tcp *:80\n");
	assert_has(text, "allow     = accept unix\n");
	assert_has(text, "allow     = net_bind_service setuid\n");
	assert_has(text, "/usr/lib/x86_64-linux-gnu/*.so*");
	assert_has(text, "/proc/*/status");
	assert_has(text, "[process]\ndefault   = deny\n");
	image = compile(text);
	assert_true(allows(image, LEARN_READ, "/etc/nginx/sites-enabled/new", NGINX));
	assert_true(allows(image, LEARN_READ, "/var/www/html/other.html", NGINX));
	assert_true(allows(image, LEARN_WRITE, "/var/lib/nginx/body/0000000001", NGINX));
	assert_false(allows(image, LEARN_READ, "/etc/shadow", NGINX));
	assert_false(allows(image, LEARN_WRITE, "/etc/nginx/nginx.conf", NGINX));
	assert_false(allows(image, LEARN_WRITE, "/usr/bin/x", NGINX));
	assert_false(allows(image, LEARN_EXEC, "/usr/bin/sh", NGINX));
	assert_false(allows(image, LEARN_EXEC, "/usr/bin/dash", NGINX));
	assert_false(allows(image, LEARN_NETWORK, "connect tcp 10.0.0.1:80", NGINX));
	assert_false(allows(image, LEARN_NETWORK, "connect unix /run/x", NGINX));
	assert_false(allows(image, LEARN_CAPABILITY, "sys_admin", NGINX));
	assert_false(allows(image, LEARN_PROCESS, "ptrace", NGINX));
	image_free(image);
	free(text);
	learn_clear(&learn);
}

static void a_shell_or_a_key_is_for_who_needs_it(void **state)
{
	static const struct seen seen[] = {
		{LEARN_EXEC, "/usr/bin/ctl", "/usr/lib/systemd/systemd"},
		{LEARN_EXEC, "/usr/bin/dash", "/usr/bin/ctl"},
		{LEARN_EXEC, "/usr/bin/server", "/usr/bin/dash"},
		{LEARN_EXEC, "/usr/bin/bash", "/usr/lib/systemd/systemd"},
		{LEARN_EXEC, "/usr/bin/bash", "/usr/bin/ctl"},
		{LEARN_READ, "/etc/shadow", "/usr/bin/ctl"},
		{LEARN_READ, "/etc/ssl/private/a.key", "/usr/bin/server"},
		{LEARN_WRITE, "/root/.history", "/usr/bin/server"},
	};
	struct learn learn = {};
	struct image *image;
	char *text;

	(void)state;
	learn_all(&learn, seen, sizeof(seen) / sizeof(seen[0]));
	assert_whole(&learn);
	text = write_policy(&learn, false, "unit = a.service");
	assert_has(text,
		   "\n[exec \"/usr/bin/ctl\"]\n; /usr/bin/ctl: once\nallow     = /usr/bin/dash\n");
	image = compile(text);
	assert_true(allows(image, LEARN_EXEC, "/usr/bin/dash", "/usr/bin/ctl"));
	assert_false(allows(image, LEARN_EXEC, "/usr/bin/dash", "/usr/bin/server"));
	assert_true(allows(image, LEARN_EXEC, "/usr/bin/bash", "/usr/bin/server"));
	assert_true(allows(image, LEARN_READ, "/etc/shadow", "/usr/bin/ctl"));
	assert_false(allows(image, LEARN_READ, "/etc/shadow", "/usr/bin/server"));
	assert_false(allows(image, LEARN_READ, "/etc/ssl/private/a.key", "/usr/bin/ctl"));
	image_free(image);
	free(text);
	learn_clear(&learn);
}

/* Names that a thing is renamed to and from have the same verbs, or the rename is refused. */
static void a_database_owns_its_folder(void **state)
{
	static const char *const files[] = {
		"/var/lib/postgresql/15/main/base/5/16384",
		"/var/lib/postgresql/15/main/base/5/2619",
		"/var/lib/postgresql/15/main/global/pg_control",
		"/var/lib/postgresql/15/main/pg_wal/000000010000000000000001",
		"/var/lib/postgresql/15/main/pg_xact/0000",
		"/var/lib/postgresql/15/main/postmaster.pid",
	};
	struct learn learn = {};
	struct image *image;
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		assert_int_equal(learn_add(&learn, LEARN_WRITE, files[i], "/usr/bin/pg", 9), 1);
	learn_add(&learn, LEARN_READ, "/var/lib/postgresql/15/main/PG_VERSION", "/usr/bin/pg", 9);
	learn_add(&learn, LEARN_WRITE, "/var/lib/redis/temp-123.rdb", "/usr/bin/redis", 123);
	learn_add(&learn, LEARN_READ, "/var/lib/redis/temp-123.rdb", "/usr/bin/redis", 123);
	assert_whole(&learn);
	text = write_policy(&learn, false, "unit = a.service");
	assert_has(text, "read write /var/lib/postgresql/15/main/**\n");
	assert_lacks(text, "PG_VERSION");
	assert_has(text, "read write /var/lib/redis/temp-*.rdb\n");
	image = compile(text);
	assert_true(allows(image, LEARN_READ, "/var/lib/redis/temp-99.rdb", ""));
	assert_false(allows(image, LEARN_READ, "/var/lib/postgresql/14/main/x", ""));
	image_free(image);
	free(text);
	learn_clear(&learn);
}

/* However much is done in a folder that many share, it is not named whole. */
static void shared_folders_are_never_whole(void **state)
{
	static const char *const folders[] = {
		"/",	 "/etc", "/usr", "/usr/bin", "/var",  "/var/lib", "/run",
		"/proc", "/sys", "/dev", "/home",    "/root", "/opt",	  "/etc/ssl/private"};
	struct learn learn = {};
	struct image *image;
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		for (char c = 'a'; c < 'z'; c++) {
			char path[64];

			snprintf(path, sizeof(path), "%s/%c%c",
				 strcmp(folders[i], "/") ? folders[i] : "", c, c);
			learn_add(&learn, c % 2 ? LEARN_READ : LEARN_WRITE, path, "/x", 1);
		}
	}
	assert_whole(&learn);
	text = write_policy(&learn, false, "unit = a.service");
	image = compile(text);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/other", strcmp(folders[i], "/") ? folders[i] : "");
		assert_false(allows(image, LEARN_READ, path, "/x"));
		assert_false(allows(image, LEARN_WRITE, path, "/x"));
	}
	image_free(image);
	free(text);
	learn_clear(&learn);
}

static void two_files_are_no_folder(void **state)
{
	struct learn learn = {};
	struct image *image;
	char *text;

	(void)state;
	learn_add(&learn, LEARN_READ, "/etc/app/one", "/x", 1);
	learn_add(&learn, LEARN_READ, "/etc/app/two", "/x", 1);
	learn_add(&learn, LEARN_WRITE, "/data/one", "/x", 1);
	learn_add(&learn, LEARN_WRITE, "/data/two", "/x", 1);
	assert_whole(&learn);
	text = write_policy(&learn, false, "unit = a.service");
	image = compile(text);
	assert_false(allows(image, LEARN_READ, "/etc/app/three", "/x"));
	assert_false(allows(image, LEARN_WRITE, "/data/three", "/x"));
	assert_false(allows(image, LEARN_WRITE, "/etc/app/one", "/x"));
	image_free(image);
	free(text);
	learn_clear(&learn);
}

static void addresses_and_ports(void **state)
{
	static const struct seen seen[] = {
		{LEARN_NETWORK, "connect tcp 10.0.0.7:5432", "/x"},
		{LEARN_NETWORK, "listen udp 127.0.0.1:*", "/x"},
		{LEARN_NETWORK, "listen tcp 127.0.0.1:41234", "/x"},
		{LEARN_NETWORK, "listen tcp 127.0.0.1:50001", "/x"},
		{LEARN_NETWORK, "connect unix /run/systemd/notify", "/x"},
		{LEARN_NETWORK, "connect unix /run/systemd/notify", "/y"},
		{LEARN_NETWORK, "listen unix /run/app/1.sock", "/x"},
		{LEARN_NETWORK, "connect unix @abstract/name", "/x"},
		{LEARN_NETWORK, "create netlink", "/x"},
		{LEARN_NETWORK, "connect icmp 10.0.0.1:*", "/x"},
		{LEARN_NETWORK, "create sctp", "/x"},
	};
	struct learn learn = {};
	char address[64], *text;

	(void)state;
	learn_all(&learn, seen, sizeof(seen) / sizeof(seen[0]));
	for (int i = 1; i < 10; i++) {
		snprintf(address, sizeof(address), "connect udp 192.0.2.%d:53", i);
		learn_add(&learn, LEARN_NETWORK, address, "/x", 1);
	}
	assert_whole(&learn);
	text = write_policy(&learn, false, "unit = a.service");
	assert_has(text, "allow     = connect tcp 10.0.0.7:5432\n");
	assert_has(text, "allow     = listen udp 127.0.0.1:*\n");
	assert_has(text, "allow     = listen tcp 127.0.0.1:32768-60999\n");
	assert_has(text, "allow     = connect udp *:53\n");
	assert_has(text, "allow     = connect unix @abstract/name\n");
	assert_has(text, "allow     = netlink\n");
	assert_has(text, "allow     = accept sctp\n");
	assert_has(text, "; /x, /y: 2 times\nallow     = connect unix /run/systemd/notify\n");
	free(text);
	learn_clear(&learn);
}

/* What no rule can name leaves the default to itself. */
static void a_protocol_without_a_name(void **state)
{
	struct learn learn = {};
	struct image *image;
	char *text;

	(void)state;
	learn_add(&learn, LEARN_NETWORK, "create other", "/x", 1);
	learn_add(&learn, LEARN_NETWORK, "connect tcp 10.0.0.1:1", "/x", 1);
	text = write_policy(&learn, false, "unit = a.service");
	image = compile(text);
	assert_true(allows(image, LEARN_NETWORK, "create other", "/x"));
	assert_true(allows(image, LEARN_NETWORK, "connect tcp 10.0.0.1:1", "/x"));
	assert_false(allows(image, LEARN_NETWORK, "connect tcp 10.0.0.1:2", "/x"));
	assert_false(allows(image, LEARN_NETWORK, "create packet", "/x"));
	image_free(image);
	free(text);
	learn_clear(&learn);
}

static void strange_names_make_no_other_lines(void **state)
{
	char deep[3000] = "";
	struct learn learn = {};

	(void)state;
	learn_add(&learn, LEARN_WRITE, "/srv/a\nallow = write /**", "/x\n[exec]", 1);
	learn_add(&learn, LEARN_READ, "/srv/b ; comment", "/x", 1);
	learn_add(&learn, LEARN_EXEC, "/opt/[bin]/{a,b}\\*", "/x", 1);
	learn_add(&learn, LEARN_EXEC, "memfd:runc_cloned:/proc/self/exe", "/x", 1);
	for (int i = 0; i < 250; i++)
		strcat(deep, "/component");
	learn_add(&learn, LEARN_WRITE, deep, "/x", 1);
	assert_whole(&learn);
	learn_clear(&learn);
}

static void the_same_is_counted_once(void **state)
{
	struct learn learn = {};
	char *text;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/opt/a/%d", i % 500);
		assert_int_equal(learn_add(&learn, LEARN_READ, path, "/x", 1), i < 500);
	}
	assert_int_equal(learn.n_facts, 500);
	text = write_policy(&learn, false, "unit = a.service");
	assert_has(text, "; /x: 1000 times\nallow     = read /opt/a/*\n");
	free(text);
	learn_clear(&learn);
}

static bool is_read(void *userdata, const struct learn_fact *fact)
{
	(void)userdata;
	return fact->kind == LEARN_READ;
}

/* What is added to a policy has no head, no defaults, and no section that adds nothing. */
static void lines_to_be_added(void **state)
{
	struct learn learn = {};
	char *text;

	(void)state;
	learn_add(&learn, LEARN_READ, "/etc/passwd", "/x", 1);
	learn_add(&learn, LEARN_CAPABILITY, "chown", "/x", 1);
	learn_filter(&learn, is_read, NULL);
	assert_int_equal(learn.n_facts, 1);
	assert_int_equal(learn_add(&learn, LEARN_CAPABILITY, "chown", "/x", 1), 0);
	text = write_policy(&learn, false, NULL);
	assert_string_equal(text, "\n[capability]\n; /x: 2 times\nallow     = chown\n");
	free(text);
	learn_clear(&learn);
}

/* A rule for one executable counts for what that did. */
static void rules_of_one_executable_count(void **state)
{
	struct image *image = compile("[select]\nunit = a.service\n[file]\ndefault = deny\n"
				      "[file \"/usr/bin/one\"]\nallow = read /etc/x\n");

	(void)state;
	assert_true(allows(image, LEARN_READ, "/etc/x", "/usr/bin/one"));
	assert_false(allows(image, LEARN_READ, "/etc/x", "/usr/bin/two"));
	image_free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_this_run_alone_become_stars),
		cmocka_unit_test(a_web_server),
		cmocka_unit_test(a_shell_or_a_key_is_for_who_needs_it),
		cmocka_unit_test(a_database_owns_its_folder),
		cmocka_unit_test(shared_folders_are_never_whole),
		cmocka_unit_test(two_files_are_no_folder),
		cmocka_unit_test(addresses_and_ports),
		cmocka_unit_test(a_protocol_without_a_name),
		cmocka_unit_test(strange_names_make_no_other_lines),
		cmocka_unit_test(the_same_is_counted_once),
		cmocka_unit_test(lines_to_be_added),
		cmocka_unit_test(rules_of_one_executable_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
