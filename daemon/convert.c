/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/convert.h"

#include <errno.h>
#include <string.h>

#include "daemon/convert-internal.h"
#include "daemon/util.h"

static const char *const kinds[] = {
	[CONVERT_CONTAINER] = "KubeArmorPolicy",
	[CONVERT_CLUSTER] = "KubeArmorClusterPolicy",
	[CONVERT_HOST] = "KubeArmorHostPolicy",
	NULL,
};

static void object_clear(struct convert_object *o)
{
	for (size_t i = 0; i < o->n_rules; i++) {
		free(o->rules[i].subject);
		free(o->rules[i].source);
		free(o->rules[i].item);
	}
	free(o->rules);
	free(o->policy);
}

/* Takes the text over. */
static int add_policy(struct convert_result *result, const char *name, char *text)
{
	struct convert_policy *policies;
	char *copy = strdup(name);

	policies = reallocarray(result->policies, result->n_policies + 1, sizeof(*policies));
	if (policies)
		result->policies = policies;
	if (!policies || !copy) {
		free(copy);
		free(text);
		return -ENOMEM;
	}
	policies[result->n_policies++] = (struct convert_policy){copy, text};
	return 0;
}

static void check_name(struct convert_object *o, const struct convert_result *result)
{
	for (size_t i = 0; i < result->n_policies; i++)
		if (strcmp(result->policies[i].name, o->policy) == 0)
			convert_error(o->c, o->node, "another object before is \"%s\", too",
				      o->policy);
}

static void convert_object(struct convert *c, const struct node *node, enum convert_kind kind,
			   struct convert_result *result)
{
	_cleanup_(object_clear) struct convert_object o = {
		.c = c, .kind = kind, .kind_name = kinds[kind], .node = node};
	size_t n_errors = c->diag->n_errors;
	char *text;

	result->n_objects++;
	object_read(&o);
	if (o.spec)
		object_read_rules(&o);
	if (o.policy)
		check_name(&o, result);
	if (o.n_rules == 0 && c->diag->n_errors == n_errors)
		convert_error(c, node, "the object has no rules");
	if (c->r < 0 || c->diag->n_errors > n_errors)
		return;
	object_decide(&o);
	if (c->r < 0 || c->diag->n_errors > n_errors)
		return;
	text = object_write(&o);
	if (text)
		c->r = add_policy(result, o.policy, text);
}

static bool is_list(const char *kind)
{
	size_t n = strlen(kind);

	return n >= 4 && strcmp(kind + n - 4, "List") == 0;
}

/* An object, or a list of them as "kubectl get -o yaml" writes it, which holds no list. */
static void convert_node(struct convert *c, const struct node *node, bool in_list,
			 struct convert_result *result)
{
	const struct node *kind, *items;
	int k;

	if (node->kind != NODE_MAP) {
		convert_error(c, node,
			      "this is no object of Kubernetes: it begins with apiVersion, "
			      "kind, metadata and spec");
		return;
	}
	kind = field_text(c, node, "kind");
	if (!kind) {
		convert_error(c, node, "the object has no \"kind\"");
		return;
	}
	if (is_list(kind->text) && !in_list) {
		items = field_list(c, node, "items");
		for (size_t i = 0; items && i < items->n_items; i++)
			convert_node(c, items->items[i], true, result);
		return;
	}
	k = field_name(c, kind, "kind", kinds);
	if (k >= 0 && c->r == 0)
		convert_object(c, node, (enum convert_kind)k, result);
}

/* Brings what was found into the order of the file; there are at most DIAG_MAX. */
static void sort(struct diag *diag, size_t first)
{
	struct diag_item *items = diag->items;

	for (size_t i = first + 1; i < diag->n_items; i++) {
		struct diag_item item = items[i];
		size_t j = i;

		for (; j > first &&
		       (items[j - 1].line > item.line ||
			(items[j - 1].line == item.line && items[j - 1].column > item.column));
		     j--)
			items[j] = items[j - 1];
		items[j] = item;
	}
}

int convert_kubearmor(const char *file, const char *text, size_t n_text,
		      const struct convert_options *options, struct diag *diag,
		      struct convert_result *ret_result)
{
	struct tree tree = {.file = file, .text = text, .n_text = n_text, .diag = diag};
	struct convert c = {.tree = &tree, .options = options, .diag = diag};
	size_t n_errors = diag->n_errors, n_items = diag->n_items;

	*ret_result = (struct convert_result){};
	if (n_text > CONVERT_TEXT_MAX) {
		c.r = diag_add(diag, DIAG_ERROR, file, 0, 0, NULL,
			       "the file is longer than %u bytes; take it apart", CONVERT_TEXT_MAX);
		return c.r < 0 ? c.r : 1;
	}
	c.r = tree_read(&tree);
	if (c.r > 0)
		c.r = 0; /* what is wrong is in diag; the documents before it are converted */
	for (size_t i = 0; i < tree.n_documents && c.r == 0; i++)
		if (!node_is_null(tree.documents[i]))
			convert_node(&c, tree.documents[i], false, ret_result);
	if (c.r == 0 && diag->n_errors == n_errors && ret_result->n_objects == 0)
		c.r = diag_add(diag, DIAG_ERROR, file, 0, 0, NULL, "there is no object in it");
	tree_clear(&tree);
	sort(diag, n_items);
	if (c.r < 0)
		return c.r;
	return diag->n_errors > n_errors;
}

void convert_result_clear(struct convert_result *result)
{
	for (size_t i = 0; i < result->n_policies; i++) {
		free(result->policies[i].name);
		free(result->policies[i].text);
	}
	free(result->policies);
	*result = (struct convert_result){};
}

int convert_check_select(const char *select, struct diag *diag)
{
	static const char behind[] = "[exec]\ndeny = /x\n";
	_cleanup_(freep) char *text = NULL;
	struct policy *policy = NULL;
	size_t n_items = diag->n_items;
	const char *also = "";
	int r;

	if (strchr("[ \t;#", select[0]) || strpbrk(select, "\r\n") || !strchr(select, '=')) {
		r = diag_add(diag, DIAG_ERROR, "--select", 1, 1, select,
			     "write a line of [select], as unit = NAME.service");
		return r < 0 ? r : 1;
	}
	/* "host = yes" alone selects nothing, and stands beside another line */
	if (strncmp(select, "host", 4) == 0)
		also = "unit = a.service\n";
	if (asprintf(&text, "[select]\n%s\n%s%s", select, also, behind) < 0) {
		text = NULL;
		return -ENOMEM;
	}
	r = policy_parse_text("select", text, strlen(text), diag, &policy);
	policy_free(policy);
	for (size_t i = n_items; i < diag->n_items; i++) {
		char *file = strdup("--select");

		if (!file)
			return -ENOMEM;
		free(diag->items[i].file);
		diag->items[i].file = file;
		diag->items[i].line = diag->items[i].line ? 1 : 0;
	}
	return r;
}
