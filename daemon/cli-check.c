/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/cli-check.h"

#include "daemon/cli-json.h"
#include "policy/image.h"
#include "policy/unused.h"

/* Compiles what holds together for some container, as the daemon will. */
static int compile_set(struct cli_policies *check, const struct selector_set *set)
{
	_cleanup_(freep) const struct policy **policies = NULL;
	struct image *image = NULL;
	int r;

	policies = calloc(set->n_policies, sizeof(*policies));
	if (!policies)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_policies; i++)
		policies[i] = check->policies[set->policies[i]];
	r = image_compile(policies, set->n_policies, 1, &check->diag, &image);
	image_free(image);
	return r;
}

int cli_check_compile(struct cli_policies *check)
{
	struct selector *selector = NULL;
	int r = 0;

	if (check->n_policies == 0)
		return 0;
	/* each alone first: an error then names the policy that is too large by itself */
	for (size_t i = 0; i < check->n_policies && r >= 0; i++)
		r = policy_unused(check->policies[i], &check->diag);
	if (r < 0 || check->diag.n_errors)
		return r < 0 ? r : 0;
	r = selector_compile(cli_policies_list(check), check->n_policies, &check->diag, &selector);
	if (r)
		return r < 0 ? r : 0;
	for (size_t i = 1; i < selector->n_sets && r == 0; i++)
		if (selector->sets[i].n_policies > 1)
			r = compile_set(check, &selector->sets[i]);
	selector_free(selector);
	return r < 0 ? r : 0;
}

struct json_object *cli_check_json(const struct diag *diag)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < diag->n_items; i++) {
		const struct diag_item *item = &diag->items[i];
		struct json_object *object = json_object_new_object();

		json_add_text(object, "level", item->level == DIAG_ERROR ? "error" : "warning");
		json_add_text(object, "file", item->file);
		if (item->line) {
			json_add_number(object, "line", item->line);
			json_add_number(object, "column", item->column);
			if (item->end)
				json_add_number(object, "end", item->end);
		}
		json_add_text(object, "message", item->message);
		if (item->source)
			json_add_text(object, "source", item->source);
		if (item->near)
			json_add_text(object, "near", item->near);
		json_object_array_add(list, object);
	}
	return list;
}
