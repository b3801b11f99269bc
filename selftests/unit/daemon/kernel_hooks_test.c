// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/btf.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "daemon/kernel-internal.h"
#include "daemon/util.h"

/* A kernel's types: functions of hooks, each with a number of parameters. */
static void add_hook(struct btf *types, const char *hook, int n_parameters)
{
	char function[64];
	int prototype, integer = btf__add_int(types, "int", 4, BTF_INT_SIGNED);

	snprintf(function, sizeof(function), "bpf_lsm_%s", hook);
	prototype = btf__add_func_proto(types, integer);
	assert_true(prototype > 0);
	for (int i = 0; i < n_parameters; i++)
		assert_int_equal(btf__add_func_param(types, "", integer), 0);
	assert_true(btf__add_func(types, function, BTF_FUNC_STATIC, prototype) > 0);
}

static void form_is_chosen(void **state)
{
	static const struct {
		int n_parameters;
		bool fits, second_fits;
	} kernels[] = {{3, true, false}, {2, false, true}, {4, false, false}};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(kernels); i++) {
		struct btf *types = btf__new_empty();

		add_hook(types, "inode_setattr", kernels[i].n_parameters);
		assert_int_equal(kernel_hook_fits(KERNEL_HOOK_INODE_SETATTR, types),
				 kernels[i].fits);
		assert_int_equal(kernel_hook_fits(KERNEL_HOOK_INODE_SETATTR_2, types),
				 kernels[i].second_fits);
		btf__free(types);
	}
}

/* As without CONFIG_SECURITY_PATH: all of them are missed, and are said to be of that kind. */
static void hooks_of_paths_are_missed(void **state)
{
	struct btf *types = btf__new_empty();
	size_t n = 0;

	(void)state;
	add_hook(types, "file_open", 1);
	assert_true(kernel_hook_fits(KERNEL_HOOK_FILE_OPEN, types));
	assert_false(kernel_hook_is_of_paths(KERNEL_HOOK_FILE_OPEN));
	for (int i = 0; i < KERNEL_N_HOOKS; i++) {
		if (!kernel_hook_is_of_paths((enum kernel_hook)i))
			continue;
		assert_false(kernel_hook_fits((enum kernel_hook)i, types));
		n++;
	}
	assert_int_equal(n, 12);
	btf__free(types);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(form_is_chosen),
		cmocka_unit_test(hooks_of_paths_are_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
