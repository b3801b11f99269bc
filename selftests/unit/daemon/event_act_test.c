// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "daemon/event-act.h"
#include "daemon/util.h"

static const struct {
	const char *name, *shown;
} acts[] = {
	{"\x01"
	 "ct40a000001/01bb",
	 "connect tcp 10.0.0.1:443"},
	{"\x01"
	 "lu6fd000000000000000000000000000001/0035",
	 "listen udp [fd00::1]:53"},
	/* a port that the kernel has still to choose */
	{"\x01"
	 "lu400000000",
	 "listen udp 0.0.0.0:*"},
	{"\x01"
	 "lt600000000000000000000000000000000",
	 "listen tcp [::]:*"},
	/* none of these is an address */
	{"\x01"
	 "ct40a00000/01bb",
	 "connect tcp"},
	{"\x01"
	 "ct40a000001/01bg",
	 "connect tcp"},
	{"\x01"
	 "ct50a000001/01bb",
	 "connect tcp"},
	{"\x01"
	 "ct4",
	 "connect tcp"},
	{"\x01"
	 "ct",
	 "connect tcp"},
	{"\x01"
	 "c",
	 "unknown"},
	{"\x01"
	 "cx/run/x",
	 "connect unix /run/x"},
	{"\x01"
	 "lx@x",
	 "listen unix @x"},
	{"\x01"
	 "sr",
	 "create raw"},
	/* asked by its file: the name that it has there */
	{"/run/x", "connect unix /run/x"},
	{"\x02\x35", "sys_admin"},
	{"\x03\x20", "ptrace"},
	{"", "unknown"},
};

static void names_are_shown_as_a_policy_has_them(void **state)
{
	static char text[EVENT_ACT_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ELEMENTS(acts); i++) {
		struct text name = {acts[i].name, strlen(acts[i].name)};

		text[event_act(name, text)] = '\0';
		assert_string_equal(text, acts[i].shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_shown_as_a_policy_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
