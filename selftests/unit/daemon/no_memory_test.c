// SPDX-License-Identifier: Apache-2.0
/*
 * No memory, at every place: each allocation of the reading, parsing, compiling and keeping of
 * policies fails once, the first, the second and so on, and then all from there on. The answer is
 * -ENOMEM, or the same as with memory; never a crash, a policy less, or a policy with errors that
 * it has not. (With ASan it shows what leaks, too.) The Makefile has the linker put what stands
 * here in the place of malloc() and the like.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/state.h"
#include "daemon/store.h"
#include "policy/diff.h"
#include "policy/image.h"
#include "policy/unused.h"

static unsigned long countdown; /* the allocation that fails; 0: none */
static bool from_then_on, failed;

static bool fails(void)
{
	if (!countdown || --countdown)
		return false;
	failed = true;
	countdown = from_then_on;
	errno = ENOMEM;
	return true;
}

#define WRAP(type, name, parameters, arguments, failure)                                           \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		return fails() ? failure : __real_##name arguments;                                \
	}

WRAP(void *, malloc, (size_t n), (n), NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAP(void *, realloc, (void *memory, size_t n), (memory, n), NULL)
WRAP(void *, reallocarray, (void *memory, size_t n, size_t size), (memory, n, size), NULL)
WRAP(char *, strdup, (const char *text), (text), NULL)
WRAP(char *, strndup, (const char *text, size_t n), (text, n), NULL)
WRAP(int, vasprintf, (char **text, const char *format, va_list list), (text, format, list), -1)
WRAP(int, __vasprintf_chk, (char **text, int flag, const char *format, va_list list),
     (text, flag, format, list), -1)
WRAP(FILE *, fopen, (const char *file, const char *mode), (file, mode), NULL)

int __wrap_asprintf(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **text, const char *format, ...)
{
	va_list list;
	int n;

	va_start(list, format);
	n = fails() ? -1 : __real_vasprintf(text, format, list);
	va_end(list);
	return n;
}

int __wrap___asprintf_chk(char **text, int flag, const char *format, ...);
int __wrap___asprintf_chk(char **text, int flag, const char *format, ...)
{
	va_list list;
	int n;

	va_start(list, format);
	n = fails() ? -1 : __real___vasprintf_chk(text, flag, format, list);
	va_end(list);
	return n;
}

/* A policy with something of everything. */
#define POLICY                                                                                     \
	"[policy]\nseverity = 7\nmessage = a message\ntags = A B\n"                                \
	"[select]\nunit = a*.service\ncgroup = **/b\n"                                             \
	"[exec]\ndefault = deny\nallow = /usr/bin/{a,b} /opt/**\n"                                 \
	"[file]\ndeny = read write /etc/** /**/key?\nallow = read /etc/[a-z]*\n"                   \
	"[file \"/usr/bin/a\"]\ninherit = yes\nallow = write /etc/a\n"                             \
	"[network]\ndefault = deny\nallow = connect tcp 10.0.0.0/8:5432 [fd00::]/8:443\n"          \
	"allow = listen tcp *:80\ndeny = raw\n"                                                    \
	"[capability]\ndeny = sys_admin net_raw\n"                                                 \
	"[process]\ndeny = ptrace mount bpf\n"
#define OTHER "[select]\nunit = a.service\n[file]\ndeny = read /srv/**\naudit = write /srv/x\n"
#define WRONG "[select]\nunit = a.service\n[flie]\ndney = raed /srv/**\n[exec]\nallow = [\n"

/* Runs @step with memory, and then again and again with less. It answers 0 or -ENOMEM. */
static unsigned long try_all(int (*step)(void))
{
	unsigned long n = 0;

	assert_int_equal(step(), 0);
	for (int all = 0; all < 2; all++) {
		from_then_on = all;
		for (n = 1;; n++) {
			int r;

			failed = false;
			countdown = n;
			r = step();
			countdown = 0;
			if (!failed)
				break;
			if (r != 0 && r != -ENOMEM)
				fail_msg("allocation %lu%s: %d", n, all ? " and all after it" : "",
					 r);
		}
	}
	assert_true(n > 3);
	return n;
}

static int parse(const char *name, const char *text, struct diag *diag, struct policy **ret)
{
	char file[32];

	snprintf(file, sizeof(file), "/p/%s.ini", name);
	return policy_parse_text(file, text, strlen(text), diag, ret);
}

static int step_parse(void)
{
	_cleanup_(diag_clear) struct diag diag = {};
	struct policy *policy = NULL;
	int r = parse("a", POLICY, &diag, &policy);

	assert_int_equal(policy != NULL, r == 0);
	assert_int_equal(diag.n_errors, 0);
	policy_free(policy);
	return r;
}

static int step_parse_wrong(void)
{
	_cleanup_(diag_clear) struct diag diag = {};
	struct policy *policy = NULL;
	int r = parse("a", WRONG, &diag, &policy);

	assert_null(policy);
	assert_int_not_equal(r, 0);
	return r > 0 ? 0 : r;
}

static void parsing(void **state)
{
	(void)state;
	print_message("%lu allocations\n", try_all(step_parse));
	print_message("%lu allocations\n", try_all(step_parse_wrong));
}

/* What is compiled again and again, and what comes of it. */
static struct policy *policies[2];
static struct image *images[2]; /* of rules, and of selectors: as with memory */

static void assert_image(struct image *image, size_t which)
{
	if (!images[which]) {
		images[which] = image;
		return;
	}
	assert_int_equal(image->n_cells, images[which]->n_cells);
	assert_memory_equal(image->cells, images[which]->cells,
			    image->n_cells * sizeof(*image->cells));
	image_free(image);
}

static int step_compile(void)
{
	_cleanup_(diag_clear) struct diag diag = {};
	struct image *image = NULL;
	int r = image_compile((const struct policy *const *)policies, 2, 1, &diag, &image);

	assert_int_equal(image != NULL, r == 0);
	if (r == 0)
		assert_image(image, 0);
	return r;
}

static int step_select(void)
{
	_cleanup_(diag_clear) struct diag diag = {};
	struct selector *selector = NULL;
	int r = selector_compile((const struct policy *const *)policies, 2, &diag, &selector);

	assert_int_equal(selector != NULL, r == 0);
	if (r == 0)
		assert_image(TAKE_PTR(selector->image), 1);
	selector_free(selector);
	return r;
}

static int step_unused(void)
{
	_cleanup_(diag_clear) struct diag diag = {};

	return policy_unused(policies[1], &diag);
}

static void compiling(void **state)
{
	_cleanup_(diag_clear) struct diag diag = {};

	(void)state;
	assert_int_equal(parse("a", POLICY, &diag, &policies[0]), 0);
	assert_int_equal(parse("b", OTHER, &diag, &policies[1]), 0);
	print_message("%lu allocations\n", try_all(step_compile));
	print_message("%lu allocations\n", try_all(step_select));
	print_message("%lu allocations\n", try_all(step_unused));
	for (size_t i = 0; i < 2; i++) {
		policy_free(policies[i]);
		image_free(images[i]);
	}
}

static char folder[] = "/tmp/no-memory-XXXXXX";
static const char *const folders[] = {folder, NULL};
static char last[64], file_of_state[64];
static struct store *before; /* what is in force */

static void put(const char *name, const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.ini", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* A change of one, an error in another, a third as it was, and what the daemon does about it. */
static int step_load(void)
{
	_cleanup_(store_freep) struct store *store = NULL;
	_cleanup_(diag_clear) struct diag diag = {};
	_cleanup_(state_clear) struct state state = {};
	int r = store_load(folders, before, last, &diag, &store);

	if (r < 0) {
		assert_null(store);
		return r;
	}
	assert_int_equal(store->n_entries, 3);
	assert_ptr_not_equal(store_find(store, "a")->text, store_find(before, "a")->text);
	assert_ptr_equal(store_find(store, "b")->text, store_find(before, "b")->text);
	assert_ptr_equal(store_find(store, "c")->text, store_find(before, "c")->text);
	assert_true(store_find(store, "b")->stale);
	assert_false(store_find(store, "c")->stale);
	r = state_note(&state, &diag);
	if (r >= 0)
		r = state_take(&state, store);
	if (r >= 0)
		r = state_write(&state, file_of_state);
	return r < 0 ? r : store_keep(store, last);
}

/* The first daemon after a start: what b said without errors is in the folder of last texts alone.
 */
static int step_start(void)
{
	_cleanup_(store_freep) struct store *store = NULL;
	_cleanup_(diag_clear) struct diag diag = {};
	int r = store_load(folders, NULL, last, &diag, &store);

	if (r < 0)
		return r;
	assert_int_equal(store->n_entries, 3);
	assert_non_null(store_find(store, "b"));
	return 0;
}

static void loading(void **state)
{
	_cleanup_(diag_clear) struct diag diag = {};
	char command[128];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(last, sizeof(last), "%s/last", folder);
	snprintf(file_of_state, sizeof(file_of_state), "%s/state", folder);
	assert_int_equal(mkdir(last, 0700), 0);
	put("a", OTHER);
	put("b", OTHER);
	put("c", POLICY);
	assert_int_equal(store_load(folders, NULL, last, &diag, &before), 0);
	assert_int_equal(store_keep(before, last), 0);
	put("a", POLICY);
	put("b", WRONG);
	print_message("%lu allocations\n", try_all(step_load));
	print_message("%lu allocations\n", try_all(step_start));
	store_free(before);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parsing),
		cmocka_unit_test(compiling),
		cmocka_unit_test(loading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
