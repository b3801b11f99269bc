// SPDX-License-Identifier: Apache-2.0
#include "daemon/convert.h"

#include <stdlib.h>
#include <string.h>

#include "policy/diag.h"
#include "policy/image.h"
#include "policy/policy.h"
#include "selftests/fuzz/fuzz.h"

/*
 * A file of KubeArmor's policies: any bytes. What becomes of it are policies that have no error.
 */

static void policy_check(const struct convert_policy *converted)
{
	struct diag diag = {0};
	struct policy *policy = NULL;
	int r = policy_parse_text("converted.ini", converted->text, strlen(converted->text), &diag,
				  &policy);

	must(converted->name[0] && !strchr(converted->name, '/') &&
		     strlen(converted->name) < BAILIFF_NAME_MAX,
	     "the name \"%s\"", converted->name);
	must(r == 0, "%u:%u: %s in %s", diag.items[0].line, diag.items[0].column,
	     diag.items[0].message, converted->text);
	policy_free(policy);
	diag_clear(&diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const selects[] = {"unit = a.service"};
	const struct convert_options options[] = {
		{.posture = CONVERT_POSTURE_AUDIT, .host = "node"},
		{.posture = CONVERT_POSTURE_BLOCK, .selects = selects, .n_selects = 1},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct convert_result result = {0};
		struct diag diag = {0};
		int r = convert_kubearmor("fuzz.yaml", (const char *)data, size, &options[i], &diag,
					  &result);

		must(r == 0 || r == 1, "%d", r);
		must((r == 1) == (diag.n_errors > 0), "%d, and %zu errors", r, diag.n_errors);
		must(result.n_policies <= result.n_objects, "%zu policies of %zu objects",
		     result.n_policies, result.n_objects);
		for (size_t k = 0; k < result.n_policies; k++)
			policy_check(&result.policies[k]);
		convert_result_clear(&result);
		diag_clear(&diag);
	}
	return 0;
}
