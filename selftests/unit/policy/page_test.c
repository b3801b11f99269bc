// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "policy/page.h"

static struct page *page(const char *text)
{
	struct page *made = page_new(text, strlen(text));

	assert_non_null(made);
	return made;
}

/* The text, and the patch, of a page that is freed with it. */
static void is(struct page *edited, const char *text, const char *patch)
{
	size_t n;
	char *now = page_text(edited, &n), *changes = page_patch(edited, "f");

	assert_non_null(now);
	assert_string_equal(now, text);
	assert_int_equal(n, strlen(text));
	assert_non_null(changes);
	assert_string_equal(changes, patch);
	assert_int_equal(page_changed(edited), *patch != '\0');
	free(now);
	free(changes);
	page_free(edited);
}

static void test_unchanged(void **state)
{
	(void)state;
	is(page(""), "", "");
	is(page("a\nb"), "a\nb\n", "");
	is(page("a\r\n\n"), "a\r\n\n", "");
}

static void test_add(void **state)
{
	struct page *p = page("[file]\ndeny = read /a\n\t/b\n; c\n[exec]\n");

	(void)state;
	assert_int_equal(page_add_behind(p, 2, "new"), 0);
	is(p, "[file]\ndeny = read /a\n\t/b\nnew\n; c\n[exec]\n",
	   "--- f\n+++ f\n@@ -3,0 +4 @@ [file]\n+new\n");
	p = page("[file]\nx = 1\n");
	assert_int_equal(page_add_below(p, "[file]", "new"), 0);
	is(p, "[file]\nnew\nx = 1\n", "--- f\n+++ f\n@@ -1,0 +2 @@ [file]\n+new\n");
	p = page("[file]\n");
	assert_int_equal(page_add_below(p, "[exec]", "new"), 0);
	is(p, "[file]\n\n[exec]\nnew\n",
	   "--- f\n+++ f\n@@ -1,0 +2,3 @@ [file]\n+\n+[exec]\n+new\n");
	p = page("\xef\xbb\xbf[file]\n");
	assert_int_equal(page_add_below(p, "[file]", "new"), 0);
	is(p, "\xef\xbb\xbf[file]\nnew\n", "--- f\n+++ f\n@@ -1,0 +2 @@ [file]\n+new\n");
	p = page("x\n");
	assert_int_equal(page_add_behind(p, 2, "new"), -ENOENT);
	page_free(p);
}

static void test_remove(void **state)
{
	struct page *p = page("deny = read /a\\ b /c ; d\n");

	(void)state;
	assert_int_equal(page_remove_word(p, 1, 13), 0);
	is(p, "deny = read /c ; d\n",
	   "--- f\n+++ f\n@@ -1 +1 @@\n-deny = read /a\\ b /c ; d\n+deny = read /c ; d\n");
	p = page("a\nb\nc\n");
	assert_int_equal(page_remove_line(p, 2), 0);
	/* numbers are those of the text as it is now */
	assert_int_equal(page_add_behind(p, 2, "new"), 0);
	is(p, "a\nc\nnew\n", "--- f\n+++ f\n@@ -2 +1,0 @@\n-b\n@@ -3,0 +3 @@\n+new\n");
	p = page("a\n");
	assert_int_equal(page_remove_word(p, 1, 2), -ENOENT);
	assert_int_equal(page_remove_line(p, 2), -ENOENT);
	page_free(p);
	/* a byte order mark counts in no column */
	p = page("\xef\xbb\xbf"
		 "ab c\n");
	assert_int_equal(page_remove_word(p, 1, 4), 0);
	is(p,
	   "\xef\xbb\xbf"
	   "ab\n",
	   "--- f\n+++ f\n@@ -1 +1 @@\n-\xef\xbb\xbf"
	   "ab c\n+\xef\xbb\xbf"
	   "ab\n");
}

static void test_header(void **state)
{
	struct page *p = page("a\n[x]\nb\n[y]\n");

	(void)state;
	assert_null(page_header(p, 1));
	assert_string_equal(page_header(p, 3), "[x]");
	assert_string_equal(page_header(p, 4), "[y]");
	page_free(p);
}

static void test_copy(void **state)
{
	struct page *p = page("a\nb\n"), *copy;

	(void)state;
	assert_int_equal(page_remove_line(p, 1), 0);
	copy = page_copy(p);
	assert_non_null(copy);
	assert_int_equal(page_add_behind(copy, 1, "c"), 0);
	is(p, "b\n", "--- f\n+++ f\n@@ -1 +0,0 @@\n-a\n");
	is(copy, "b\nc\n", "--- f\n+++ f\n@@ -1 +0,0 @@\n-a\n@@ -2,0 +2 @@\n+c\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unchanged), cmocka_unit_test(test_add),
		cmocka_unit_test(test_remove),	  cmocka_unit_test(test_header),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
