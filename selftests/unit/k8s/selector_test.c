// SPDX-License-Identifier: Apache-2.0
#include "k8s/selector.h"
#include "selftests/unit/k8s/k8s_test.h"

static const struct {
	const char *selector, *labels;
	bool matches;
} matches[] = {
	{"{}", "{}", true},
	{"{'matchLabels': {'app': 'web'}}", "{'app': 'web', 'tier': 'front'}", true},
	{"{'matchLabels': {'app': 'web'}}", "{'app': 'webx'}", false},
	{"{'matchLabels': {'app': 'web'}}", "{}", false},
	{"{'matchLabels': {'app': 'web', 'tier': 'front'}}", "{'app': 'web'}", false},
	{"{'matchLabels': {'app': ''}}", "{'app': ''}", true},
	{"{'matchExpressions': [{'key': 'app', 'operator': 'In', 'values': ['a', 'web']}]}",
	 "{'app': 'web'}", true},
	{"{'matchExpressions': [{'key': 'app', 'operator': 'In', 'values': ['a']}]}",
	 "{'app': 'web'}", false},
	{"{'matchExpressions': [{'key': 'app', 'operator': 'In', 'values': ['a']}]}", "{}", false},
	{"{'matchExpressions': [{'key': 'app', 'operator': 'NotIn', 'values': ['a']}]}", "{}",
	 true},
	{"{'matchExpressions': [{'key': 'app', 'operator': 'NotIn', 'values': ['web']}]}",
	 "{'app': 'web'}", false},
	{"{'matchExpressions': [{'key': 'app', 'operator': 'Exists'}]}", "{'app': ''}", true},
	{"{'matchExpressions': [{'key': 'app', 'operator': 'Exists'}]}", "{'other': ''}", false},
	{"{'matchExpressions': [{'key': 'app', 'operator': 'DoesNotExist'}]}", "{'app': ''}",
	 false},
	{"{'matchExpressions': [{'key': 'app', 'operator': 'DoesNotExist'}]}", "{}", true},
	{"{'matchLabels': {'app': 'web'}, 'matchExpressions': [{'key': 'x', 'operator': "
	 "'Exists'}]}",
	 "{'app': 'web'}", false},
};

static void test_matches(void **state)
{
	for (size_t i = 0; i < ELEMENTS(matches); i++) {
		_cleanup_(json_putp) struct json_object *selector = json(matches[i].selector);
		_cleanup_(json_putp) struct json_object *labels = json(matches[i].labels);

		if (selector_matches(selector, labels) != matches[i].matches)
			fail_msg("%s on %s: not %d", matches[i].selector, matches[i].labels,
				 matches[i].matches);
	}
	assert_true(selector_matches(NULL, NULL));
}

static const struct {
	const char *selector, *told;
} errors[] = {
	{"{'matchLabels': {'a': 1}}", "S: matchLabels.a: error: a label's value is a text"},
	{"{'matchLabels': ['a']}", "S: matchLabels: error: write a map here"},
	{"{'matchExpressions': {}}", "S: matchExpressions: error: write a list here"},
	{"{'matchExpressions': ['x']}", "S: matchExpressions[0]: error: this is no map"},
	{"{'matchExpressions': [null]}", "S: matchExpressions[0]: error: an expression has"},
	{"{'matchExpressions': [{'operator': 'Exists'}]}",
	 "S: matchExpressions[0].key: error: an expression needs"},
	{"{'matchExpressions': [{'key': 'a', 'operator': 'in', 'values': ['x']}]}",
	 "S: matchExpressions[0].operator: error: unknown operator \"in\"; there are In"},
	{"{'matchExpressions': [{'key': 'a', 'operator': 'In'}]}",
	 "S: matchExpressions[0].values: error: In needs values"},
	{"{'matchExpressions': [{'key': 'a', 'operator': 'NotIn', 'values': [3]}]}",
	 "S: matchExpressions[0].values[0]: error: a label's value is a text"},
	{"{'matchExpressions': [{'key': 'a', 'operator': 'Exists', 'values': ['x']}]}",
	 "S: matchExpressions[0].values: error: Exists takes no values"},
	{"{'matchExpressions': [{'key': 'a', 'operator': 'Exists', 'value': 'x'}]}",
	 "S: matchExpressions[0]: error: unknown field \"value\"; did you mean \"values\"?"},
};

static void test_errors(void **state)
{
	const struct place top = {.name = "S"};

	for (size_t i = 0; i < ELEMENTS(errors); i++) {
		_cleanup_(json_putp) struct json_object *selector = json(errors[i].selector);
		struct diag diag = {};
		struct reader reader = {.diag = &diag};
		char *told;

		selector_check(&reader, &top, selector);
		told = diag_text(&diag);
		if (strncmp(told, errors[i].told, strlen(errors[i].told)) != 0)
			fail_msg("%s: %s", errors[i].selector, told);
		assert_int_equal(diag.n_errors, 1);
		free(told);
		diag_clear(&diag);
	}
}

/* Nothing is told of what matches. */
static void test_right(void **state)
{
	const struct place top = {.name = "S"};
	struct diag diag = {};
	struct reader reader = {.diag = &diag};

	for (size_t i = 0; i < ELEMENTS(matches); i++) {
		_cleanup_(json_putp) struct json_object *selector = json(matches[i].selector);

		selector_check(&reader, &top, selector);
		assert_int_equal(diag.n_items, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
