/* SPDX-License-Identifier: Apache-2.0 */

#include "k8s/object.h"

#include <errno.h>
#include <string.h>

#include "k8s/cleanup.h"
#include "k8s/object-internal.h"
#include "k8s/selector.h"
#include "policy/policy.h"

#define BAILIFF_VERSION_NAME "bailiff.dev/v1alpha1"
#define KUBEARMOR_VERSION_NAME "security.kubearmor.com/v1"

/* No name in Kubernetes has a '_': so no two objects have one file, whatever they are named. */
static const struct {
	const char *name, *version, *prefix;
	bool spaced; /* it lies in a namespace, and is about its pods alone */
} kinds[] = {
	[OBJECT_POLICY] = {"BailiffPolicy", BAILIFF_VERSION_NAME, "k8s", true},
	[OBJECT_CLUSTER_POLICY] = {"ClusterBailiffPolicy", BAILIFF_VERSION_NAME, "k8s", false},
	[OBJECT_KUBEARMOR_POLICY] = {"KubeArmorPolicy", KUBEARMOR_VERSION_NAME, "kubearmor", true},
	[OBJECT_KUBEARMOR_CLUSTER_POLICY] = {"KubeArmorClusterPolicy", KUBEARMOR_VERSION_NAME,
					     "kubearmor", false},
	[OBJECT_KUBEARMOR_HOST_POLICY] = {"KubeArmorHostPolicy", KUBEARMOR_VERSION_NAME,
					  "kubearmor-host", false},
};

static bool is_kubearmor(const struct object *o)
{
	return o->kind >= OBJECT_KUBEARMOR_POLICY;
}

static void object_clear(struct object *o)
{
	free(o->title);
	free(o->policy);
	lines_list_clear(&o->selects);
	json_object_put(o->containers);
	json_object_put(o->pods);
	json_object_put(o->namespaces);
}

void object_policy_clear(struct object_policy *policy)
{
	free(policy->name);
	free(policy->text);
	*policy = (struct object_policy){};
}

/* The text of a field of metadata, and the object, that is a name; NULL: it has none (told). */
static const char *read_name(struct object *o, const struct place *place, struct json_object *map,
			     const char *field)
{
	const struct place at = {.parent = place, .name = field};
	const char *name = reader_line_field(&o->reader, place, map, field);

	if (name && name_is_plain(name))
		return name;
	place_error(&o->reader, &at,
		    "there is no %s that Kubernetes gives; leave it to the API server", field);
	return NULL;
}

/*
 * PREFIX_NAMESPACE_NAME. What a file's name has no room for is known by its UID, behind a prefix of
 * its own: the API server gives it, and nobody chooses it.
 */
static void name_policy(struct object *o, const char *uid)
{
	int n = asprintf(&o->policy, "%s_%s%s%s", kinds[o->kind].prefix, o->space ? o->space : "",
			 o->space ? "_" : "", o->name);

	if (n >= BAILIFF_NAME_MAX) {
		free(o->policy);
		n = asprintf(&o->policy, "k8s-uid_%s_%.*s", uid,
			     BAILIFF_NAME_MAX - 1 - (int)strlen("k8s-uid__") - 36, o->name);
	}
	if (n < 0) {
		o->policy = NULL;
		o->reader.r = -ENOMEM;
	}
}

static bool read_kind(struct object *o)
{
	const char *kind, *version;
	size_t i = 0;

	kind = reader_line_field(&o->reader, &o->place, o->json, "kind");
	while (kind && i < ELEMENTS(kinds) && strcmp(kinds[i].name, kind) != 0)
		i++;
	if (!kind || i == ELEMENTS(kinds)) {
		place_error(&o->reader, &o->place, "unknown kind \"%s\": it is no policy",
			    kind ? kind : "");
		return false;
	}
	o->kind = (enum object_kind)i;
	o->kind_name = kinds[i].name;
	version = reader_line_field(&o->reader, &o->place, o->json, "apiVersion");
	if (version && strcmp(version, kinds[i].version) == 0)
		return true;
	place_error(&o->reader, &o->place, "apiVersion of %s is \"%s\"; this version knows %s",
		    kind, version ? version : "", kinds[i].version);
	return false;
}

/* What an object says of itself, all but its spec. Answers false where there is an error. */
static bool read_head(struct object *o)
{
	struct json_object *metadata;
	const char *uid;
	struct place at;

	o->place = (struct place){.name = "object"};
	if (!reader_fields(&o->reader, &o->place, o->json, NULL) || !read_kind(o))
		return false;
	o->place.name = o->kind_name;
	metadata = reader_field(&o->reader, &o->place, o->json, "metadata", json_type_object, &at);
	o->name = read_name(o, &at, metadata, "name");
	uid = read_name(o, &at, metadata, "uid");
	if (kinds[o->kind].spaced)
		o->space = read_name(o, &at, metadata, "namespace");
	if (!o->name || !uid || (kinds[o->kind].spaced && !o->space))
		return false;
	if (strlen(uid) != 36 || strchr(uid, '.')) {
		place_error(&o->reader, &at, "uid \"%s\" is none that the API server gives", uid);
		return false;
	}
	if (asprintf(&o->title, "%s %s%s%s", o->kind_name, o->space ? o->space : "",
		     o->space ? "/" : "", o->name) < 0) {
		o->title = NULL;
		o->reader.r = -ENOMEM;
		return false;
	}
	o->place.name = o->title;
	name_policy(o, uid);
	return o->policy;
}

static void read_containers(struct object *o, const struct place *place,
			    struct json_object *selector)
{
	struct place at;
	struct json_object *names =
		reader_field(&o->reader, place, selector, "containers", json_type_array, &at);

	for (size_t i = 0; names && i < json_object_array_length(names); i++) {
		const struct place item = {.parent = &at, .index = i};
		const char *name =
			reader_line(&o->reader, &item, json_object_array_get_idx(names, i));

		/* what is no name could be a pattern, and match more */
		if (name && (!name_is_plain(name) || strchr(name, '.')))
			place_error(&o->reader, &item,
				    "\"%s\" is no container's name: it has a-z 0-9 - alone", name);
	}
	if (names && json_object_array_length(names) == 0)
		place_error(&o->reader, &at,
			    "there is no name in it; name a container, or take the field out to "
			    "choose all");
	o->containers = json_object_get(names);
}

static void read_selector(struct object *o)
{
	static const char *const names[] = {"matchLabels", "matchExpressions", "containers", NULL};
	static const char *const space_names[] = {"matchLabels", "matchExpressions", NULL};
	struct place at;
	struct json_object *selector = reader_field(&o->reader, &o->spec_place, o->spec, "selector",
						    json_type_object, &at);
	struct json_object *spaces;

	if (!selector)
		place_error(&o->reader, &at,
			    "a policy says whom it holds for; write matchLabels, or {} for all "
			    "pods%s",
			    o->space ? " of the namespace" : "");
	if (reader_fields(&o->reader, &at, selector, names)) {
		selector_check(&o->reader, &at, selector);
		read_containers(o, &at, selector);
	}
	o->pods = json_object_get(selector);
	if (o->kind != OBJECT_CLUSTER_POLICY)
		return;
	spaces = reader_field(&o->reader, &o->spec_place, o->spec, "namespaceSelector",
			      json_type_object, &at);
	if (reader_fields(&o->reader, &at, spaces, space_names))
		selector_check(&o->reader, &at, spaces);
	o->namespaces = json_object_get(spaces);
}

/* The names of spec's fields, and whether any rule can be in it. */
static void check_spec(struct object *o)
{
	const char *names[16] = {"selector", "ini"};
	bool says = json_object_object_get(o->spec, "ini");
	size_t n = 2;

	for (size_t i = 0; section_fields[i]; i++) {
		names[n++] = section_fields[i];
		says |= i > 0 && json_object_object_get(o->spec, section_fields[i]);
	}
	if (o->kind == OBJECT_CLUSTER_POLICY)
		names[n] = "namespaceSelector";
	reader_fields(&o->reader, &o->spec_place, o->spec, names);
	if (!says)
		place_error(&o->reader, &o->spec_place,
			    "there is no rule in it; write ini, or exec, file, network, capability "
			    "or process");
}

static void choose(struct object *o)
{
	const struct choice choice = {o->space, o->pods, o->namespaces};
	int r = cluster_select(o->cluster, &choice, &o->selects, &o->n_pods);

	if (r < 0)
		o->reader.r = r;
}

/* Returns 0 and the text, 1 where there are errors, or -ENOMEM. */
static int make_text(struct object *o, char **ret_text)
{
	bool ini = json_object_object_get(o->spec, "ini");
	struct policy *policy = NULL;
	struct object_text text;
	int r;

	text_begin(&text, &o->reader);
	if (ini)
		ini_read(o, &text);
	else
		sections_read(o, &text);
	text_add_select(&text, o);
	r = text_parse(&text, o, &policy);
	if (r == 0) {
		*ret_text = strdup(text.bytes);
		r = *ret_text ? 0 : -ENOMEM;
	}
	policy_free(policy);
	text_release(&text);
	return r;
}

static int read_spec(struct object *o, char **ret_text)
{
	size_t n_errors = o->reader.diag->n_errors;

	o->spec = reader_field(&o->reader, &o->place, o->json, "spec", json_type_object,
			       &o->spec_place);
	if (!o->spec) {
		place_error(&o->reader, &o->spec_place, "the object has none; write one");
		return o->reader.r < 0 ? o->reader.r : 1;
	}
	if (is_kubearmor(o)) {
		kubearmor_read_selector(o);
	} else {
		check_spec(o);
		read_selector(o);
	}
	/* a selector with an error chooses nobody: the rest is looked at all the same */
	if (o->kind != OBJECT_KUBEARMOR_HOST_POLICY && o->reader.r == 0 &&
	    o->reader.diag->n_errors == n_errors)
		choose(o);
	if (o->reader.r == 0) {
		int r = is_kubearmor(o) ? kubearmor_read(o, ret_text) : make_text(o, ret_text);

		if (r < 0)
			return r;
	}
	return o->reader.r < 0 ? o->reader.r : o->reader.diag->n_errors > n_errors;
}

int object_policy_read(struct json_object *object, const struct cluster *cluster, const char *host,
		       struct diag *diag, struct object_policy *ret_policy)
{
	_cleanup_(object_clear) struct object o = {
		.reader = {.diag = diag}, .cluster = cluster, .host = host, .json = object};
	_cleanup_(freep) char *text = NULL;
	int r;

	if (!read_head(&o))
		return o.reader.r < 0 ? o.reader.r : 1;
	r = read_spec(&o, &text);
	if (r != 0)
		return r;
	*ret_policy = (struct object_policy){.n_pods = o.n_pods};
	ret_policy->name = TAKE_PTR(o.policy);
	if (o.n_pods > 0 || o.kind == OBJECT_KUBEARMOR_HOST_POLICY)
		ret_policy->text = TAKE_PTR(text);
	return 0;
}

int object_policy_name(struct json_object *object, struct diag *diag, char **ret_name)
{
	_cleanup_(object_clear) struct object o = {.reader = {.diag = diag}, .json = object};

	if (!read_head(&o))
		return o.reader.r < 0 ? o.reader.r : 1;
	*ret_name = TAKE_PTR(o.policy);
	return 0;
}
