/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/event-id.h"

static const sd_id128_t boot = {.bytes = {1, 2, 3}};

/* It is always the same: an old journal's names are those of today. */
static void test_stable(void **state)
{
	const struct bailiff_event event = {.time = 123456789, .pid = 812, .counter = 3};
	char id[EVENT_ID_SIZE];

	(void)state;
	event_id(&event, boot, id);
	assert_string_equal(id, "dfswabmqr0");
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, EVENT_ID_SIZE);
}

/* What differs in time, task, rule or boot alone has another name; and all letters are used. */
static void test_differs(void **state)
{
	enum { N = 40000 };
	char(*ids)[EVENT_ID_SIZE] = calloc(N, sizeof(*ids));
	sd_id128_t other = boot;

	(void)state;
	assert_non_null(ids);
	other.bytes[15] = 1;
	for (unsigned i = 0; i < N; i++) {
		const struct bailiff_event event = {
			.time = 1000000000000 + (i % 4 == 0 ? i : 0),
			.pid = i % 4 == 1 ? i : 7,
			.counter = i % 4 >= 2 ? i : 7,
		};

		event_id(&event, i % 4 == 3 ? other : boot, ids[i]);
		assert_int_equal(strlen(ids[i]), EVENT_ID_SIZE - 1);
		assert_int_equal(strspn(ids[i], "0123456789abcdefghjkmnpqrstvwxyz"),
				 EVENT_ID_SIZE - 1);
	}
	qsort(ids, N, sizeof(*ids), compare);
	for (unsigned i = 1; i < N; i++)
		assert_string_not_equal(ids[i - 1], ids[i]);
	free(ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stable),
		cmocka_unit_test(test_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
