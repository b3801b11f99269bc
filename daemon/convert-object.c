/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/convert-internal.h"

#include <errno.h>
#include <string.h>

#include "daemon/util.h"

#define SEVERITY_DEFAULT 1 /* KubeArmor's */

static void read_version(struct convert_object *o)
{
	const struct node *version = field_text(o->c, o->node, "apiVersion");

	if (!version)
		convert_error(o->c, o->node, "%s without \"apiVersion: security.kubearmor.com/v1\"",
			      o->kind_name);
	else if (strcmp(version->text, "security.kubearmor.com/v1") != 0)
		convert_error(o->c, version, "apiVersion \"%s\" is not security.kubearmor.com/v1",
			      version->text);
}

/* A name as Kubernetes has them, which the name of a file may be. */
static const char *read_name(struct convert_object *o, const struct node *metadata,
			     const char *field)
{
	const struct node *name = field_text(o->c, metadata, field);
	size_t n;

	if (!name)
		return NULL;
	n = strspn(name->text, "abcdefghijklmnopqrstuvwxyz0123456789.-");
	if (n == 0 || name->text[n] || name->text[0] == '.' || name->text[0] == '-')
		convert_error(o->c, name,
			      "\"%s\" is no name; Kubernetes has a-z 0-9 . - in names, and a "
			      "letter or digit first",
			      name->text);
	return name->text;
}

static void read_metadata(struct convert_object *o)
{
	const struct node *metadata = node_get(o->node, "metadata");
	int n;

	if (!metadata || metadata->kind != NODE_MAP || !node_get(metadata, "name")) {
		convert_error(o->c, metadata ? metadata : o->node,
			      "the object has no name; write it as \"name\" into \"metadata\"");
		return;
	}
	o->name = read_name(o, metadata, "name");
	o->space = read_name(o, metadata, "namespace");
	if (!o->name)
		return;
	/* no name in Kubernetes has a '_', so that no two objects are one policy */
	n = asprintf(&o->policy, "%s%s%s", o->space ? o->space : "", o->space ? "_" : "", o->name);
	if (n < 0) {
		o->policy = NULL;
		o->c->r = -ENOMEM;
	} else if (n >= BAILIFF_NAME_MAX) {
		convert_error(o->c, node_get(metadata, "name"),
			      "\"%s\" is %d bytes long and names the policy; the longest is %d",
			      o->policy, n, BAILIFF_NAME_MAX - 1);
	}
}

/* Whether anything is asked of labels, and where. */
static const struct node *labels_of(struct convert_object *o, const struct node *selector,
				    const char *field, const char *what)
{
	const struct field fields[] = {{field, NULL}, {}};

	if (!fields_check(o->c, selector, fields, what))
		return NULL;
	return node_get(selector, field);
}

static void read_pod_selector(struct convert_object *o)
{
	const char *field = o->kind == CONVERT_CLUSTER ? "matchExpressions" : "matchLabels";
	const struct node *selector = node_get(o->spec, "selector"), *labels;

	labels = labels_of(o, selector, field, "selector");
	if (o->c->options->n_selects > 0)
		return;
	convert_error(o->c,
		      labels	 ? labels
		      : selector ? selector
				 : o->spec,
		      "%s: bailiff does not select pods by what Kubernetes knows of them; say whom "
		      "the policy holds for with --select 'unit = NAME.service' or --select "
		      "'cgroup = PATH'",
		      labels ? field : "the object selects pods");
}

/* The labels that every node has, whose values can be told from here. */
static void check_node_label(struct convert_object *o, const struct node *key,
			     const struct node *value)
{
	const char *host = o->c->options->host;

	if (value->kind == NODE_TEXT && strcmp(key->text, "kubernetes.io/os") == 0 &&
	    strcmp(value->text, "linux") == 0)
		return;
	if (value->kind == NODE_TEXT && strcmp(key->text, "kubernetes.io/hostname") == 0) {
		if (host && strcmp(value->text, host) == 0)
			return;
		convert_error(o->c, value,
			      "nodeSelector: this host is \"%s\"; convert the policy there, or say "
			      "whom it holds for with --select 'cgroup = PATH'",
			      host ? host : "of no name");
		return;
	}
	convert_error(o->c, key,
		      "nodeSelector: whether this host has the label \"%s\" is not known here; say "
		      "whom the policy holds for with --select 'cgroup = PATH'",
		      key->text);
}

static void read_node_selector(struct convert_object *o)
{
	const struct node *selector = node_get(o->spec, "nodeSelector"), *labels;

	labels = labels_of(o, selector, "matchLabels", "nodeSelector");
	if (o->c->options->n_selects > 0 || !labels)
		return;
	if (labels->kind != NODE_MAP) {
		convert_error(o->c, labels, "matchLabels is not a map; write KEY: VALUE");
		return;
	}
	for (size_t i = 0; i + 1 < labels->n_items; i += 2)
		check_node_label(o, labels->items[i], labels->items[i + 1]);
}

static void read_status(struct convert_object *o)
{
	const struct node *status = field_text(o->c, o->spec, "status");

	if (status && strcasecmp(status->text, "Active") != 0)
		convert_error(o->c, status,
			      "the policy is \"%s\" and not Active: KubeArmor does "
			      "not enforce it",
			      status->text);
}

void object_read(struct convert_object *o)
{
	static const struct field fields[] = {{"apiVersion", NULL},
					      {"kind", NULL},
					      {"metadata", NULL},
					      {"spec", NULL},
					      {"status", NULL}, /* what the cluster says of it */
					      {}};

	fields_check(o->c, o->node, fields, o->kind_name);
	read_version(o);
	read_metadata(o);
	o->spec = node_get(o->node, "spec");
	if (!o->spec || o->spec->kind != NODE_MAP) {
		convert_error(o->c, o->spec ? o->spec : o->node, "%s has no \"spec\"",
			      o->kind_name);
		o->spec = NULL;
		return;
	}
	if (o->kind == CONVERT_HOST)
		read_node_selector(o);
	else
		read_pod_selector(o);
	read_status(o);
}

static unsigned read_severity(struct convert_object *o, const struct node *text)
{
	char *end;
	long n;

	if (!text)
		return SEVERITY_DEFAULT;
	errno = 0;
	n = strtol(text->text, &end, 10);
	if (text->plain && end > text->text && !*end && errno == 0 && n >= 1 && n <= 10)
		return (unsigned)n;
	convert_error(o->c, text, "severity \"%s\" is not a number from 1 to 10", text->text);
	return SEVERITY_DEFAULT;
}

static bool same_text(const struct node *a, const struct node *b)
{
	if (!a || !b || a == b)
		return a == b;
	if (a->kind != b->kind || a->n_items != b->n_items)
		return false;
	for (size_t i = 0; i < a->n_items; i++)
		if (!same_text(a->items[i], b->items[i]))
			return false;
	return a->kind != NODE_TEXT || strcmp(a->text, b->text) == 0;
}

/* The nearest of three that says a field; an empty text or list says nothing, as in KubeArmor. */
static const struct node *nearest_field(const struct node *const *levels, const char *name)
{
	for (size_t i = 0; i < 3; i++) {
		const struct node *node =
			levels[i] && levels[i]->kind == NODE_MAP ? node_get(levels[i], name) : NULL;

		if (node && (node->kind == NODE_TEXT ? node->text[0] != '\0' : node->n_items > 0))
			return node;
	}
	return NULL;
}

static void check_description(struct convert_object *o, const struct node *rule,
			      const struct convert_description *d, const struct node *severity)
{
	static const char reason[] = "the rules before have another, and a policy of bailiff has "
				     "one for all its rules; make the object two of them";

	if (d->severity != o->description.severity)
		convert_error(o->c, severity ? severity : rule, "severity %u: %s", d->severity,
			      reason);
	if (!same_text(d->message, o->description.message))
		convert_error(o->c, d->message ? d->message : rule, "message: %s", reason);
	if (!same_text(d->tags, o->description.tags))
		convert_error(o->c, d->tags ? d->tags : rule, "tags: %s", reason);
}

void object_describe(struct convert_object *o, const struct node *section, const struct node *rule)
{
	const struct node *const levels[] = {rule, section, o->spec};
	const struct node *severity = nearest_field(levels, "severity");
	struct convert_description d = {
		.message = nearest_field(levels, "message"),
		.tags = nearest_field(levels, "tags"),
	};

	if (severity && severity->kind != NODE_TEXT) {
		convert_error(o->c, severity, "severity is a number from 1 to 10");
		severity = NULL;
	}
	d.severity = read_severity(o, severity);
	if (o->described) {
		check_description(o, rule, &d, severity);
		return;
	}
	o->described = true;
	o->description = d;
	if (d.message && d.message->kind != NODE_TEXT)
		convert_error(o->c, d.message, "message is one text, and no list or map");
	if (d.tags && d.tags->kind != NODE_LIST)
		convert_error(o->c, d.tags, "tags is a list; begin each of its items with \"-\"");
	for (size_t i = 0; d.tags && d.tags->kind == NODE_LIST && i < d.tags->n_items; i++)
		if (d.tags->items[i]->kind != NODE_TEXT)
			convert_error(o->c, d.tags->items[i], "a tag is a word");
}
