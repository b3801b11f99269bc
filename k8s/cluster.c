/* SPDX-License-Identifier: Apache-2.0 */

#include "k8s/cluster.h"

#include <errno.h>
#include <string.h>

#include "k8s/cleanup.h"
#include "k8s/selector.h"

#define UID_MAX 64 /* bytes; the API server's have 36, those of pods from files 32 */
#define NAME_LABEL "kubernetes.io/metadata.name"

/* The kubelet's mark of a pod that stands in a file of its own: the UID that it knows it by. */
#define MIRROR "kubernetes.io/config.mirror"

static void pod_clear(struct pod *pod)
{
	free(pod->uid);
	free(pod->cgroup);
	free(pod->space);
	free(pod->name);
	json_object_put(pod->labels);
	*pod = (struct pod){};
}

void cluster_clear(struct cluster *cluster)
{
	while (cluster->n_pods > 0)
		pod_clear(&cluster->pods[--cluster->n_pods]);
	free(cluster->pods);
	json_object_put(cluster->namespaces);
	*cluster = (struct cluster){};
}

static bool uid_is_plain(const char *uid)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
	size_t n = strlen(uid);

	return n >= 1 && n <= UID_MAX && strspn(uid, plain) == n;
}

/* A name that Kubernetes gave, copied; NULL and the error where it is none. */
static char *copy_field(struct reader *reader, const struct place *place, struct json_object *map,
			const char *name, bool (*is_plain)(const char *text))
{
	struct place at = {.parent = place, .name = name};
	const char *text = reader_line_field(reader, place, map, name);
	char *copy;

	if (!text || !is_plain(text)) {
		place_error(reader, &at,
			    "there is no %s that Kubernetes gives; leave it to the "
			    "API server",
			    name);
		return NULL;
	}
	copy = strdup(text);
	if (!copy)
		reader->r = -ENOMEM;
	return copy;
}

/* The UID in the cgroup's path. The API server gives the mirror of a pod from a file another one.
 */
static char *cgroup_uid(struct reader *reader, const struct place *place,
			struct json_object *metadata, const char *uid, bool *ret_mirror)
{
	struct place at;
	struct json_object *annotations =
		reader_field(reader, place, metadata, "annotations", json_type_object, &at);
	char *copy;

	*ret_mirror = annotations && json_object_object_get_ex(annotations, MIRROR, NULL);
	if (*ret_mirror)
		return copy_field(reader, &at, annotations, MIRROR, uid_is_plain);
	copy = uid ? strdup(uid) : NULL;
	if (uid && !copy)
		reader->r = -ENOMEM;
	return copy;
}

static int outcome(const struct reader *reader, size_t n_errors)
{
	return reader->r < 0 ? reader->r : reader->diag->n_errors > n_errors;
}

static int add_pod(struct cluster *cluster, struct pod *pod)
{
	struct pod *pods;

	for (size_t i = 0; i < cluster->n_pods; i++) {
		if (strcmp(cluster->pods[i].uid, pod->uid) != 0)
			continue;
		pod_clear(&cluster->pods[i]);
		cluster->pods[i] = *pod;
		*pod = (struct pod){};
		return 0;
	}
	pods = reallocarray(cluster->pods, cluster->n_pods + 1, sizeof(*pods));
	if (!pods)
		return -ENOMEM;
	cluster->pods = pods;
	pods[cluster->n_pods++] = *pod;
	*pod = (struct pod){};
	return 0;
}

int cluster_put_pod(struct cluster *cluster, struct json_object *object, struct diag *diag)
{
	const struct place top = {.name = "Pod"};
	_cleanup_(pod_clear) struct pod pod = {};
	struct reader reader = {.diag = diag};
	size_t n_errors = diag->n_errors;
	struct json_object *metadata;
	struct place at, labels_at;
	int r;

	if (!reader_fields(&reader, &top, object, NULL))
		return outcome(&reader, n_errors) ? outcome(&reader, n_errors) : 1;
	metadata = reader_field(&reader, &top, object, "metadata", json_type_object, &at);
	pod.uid = copy_field(&reader, &at, metadata, "uid", uid_is_plain);
	pod.name = copy_field(&reader, &at, metadata, "name", name_is_plain);
	pod.space = copy_field(&reader, &at, metadata, "namespace", name_is_plain);
	pod.cgroup = cgroup_uid(&reader, &at, metadata, pod.uid, &pod.mirror);
	pod.labels = json_object_get(
		reader_field(&reader, &at, metadata, "labels", json_type_object, &labels_at));
	r = outcome(&reader, n_errors);
	if (r == 0 && !(pod.uid && pod.name && pod.space && pod.cgroup))
		r = -ENOMEM;
	return r ? r : add_pod(cluster, &pod);
}

void cluster_remove_pod(struct cluster *cluster, const char *uid)
{
	for (size_t i = 0; i < cluster->n_pods; i++) {
		if (strcmp(cluster->pods[i].uid, uid) != 0)
			continue;
		pod_clear(&cluster->pods[i]);
		cluster->pods[i] = cluster->pods[--cluster->n_pods];
		return;
	}
}

/* A namespace's labels, with its name where an older API server does not give it. */
static struct json_object *namespace_labels(struct reader *reader, const struct place *place,
					    struct json_object *metadata, const char *name)
{
	struct place at;
	struct json_object *given =
		reader_field(reader, place, metadata, "labels", json_type_object, &at);
	struct json_object *labels = NULL;
	int r = 0;

	if (given)
		r = json_object_deep_copy(given, &labels, NULL);
	else
		labels = json_object_new_object();
	if (r < 0 || !labels ||
	    json_object_object_add(labels, NAME_LABEL, json_object_new_string(name)) < 0)
		reader->r = -ENOMEM;
	return labels;
}

int cluster_put_namespace(struct cluster *cluster, struct json_object *object, struct diag *diag)
{
	const struct place top = {.name = "Namespace"};
	_cleanup_(json_putp) struct json_object *labels = NULL;
	_cleanup_(freep) char *name = NULL;
	struct reader reader = {.diag = diag};
	size_t n_errors = diag->n_errors;
	struct json_object *metadata;
	struct place at;
	int r;

	if (!reader_fields(&reader, &top, object, NULL))
		return outcome(&reader, n_errors) ? outcome(&reader, n_errors) : 1;
	metadata = reader_field(&reader, &top, object, "metadata", json_type_object, &at);
	name = copy_field(&reader, &at, metadata, "name", name_is_plain);
	if (name)
		labels = namespace_labels(&reader, &at, metadata, name);
	r = outcome(&reader, n_errors);
	if (r == 0 && !labels)
		r = -ENOMEM;
	if (r)
		return r;
	if (!cluster->namespaces)
		cluster->namespaces = json_object_new_object();
	if (!cluster->namespaces || json_object_object_add(cluster->namespaces, name, labels) < 0)
		return -ENOMEM;
	labels = NULL;
	return 0;
}

void cluster_remove_namespace(struct cluster *cluster, const char *name)
{
	if (cluster->namespaces)
		json_object_object_del(cluster->namespaces, name);
}

/*
 * Anyone who makes pods can give one the annotation of a mirror, and so the UID of somebody else's
 * pod: what the API server gave a pod for its UID is nobody else's.
 */
static bool is_impostor(const struct cluster *cluster, const struct pod *pod)
{
	if (!pod->mirror)
		return false;
	for (size_t i = 0; i < cluster->n_pods; i++)
		if (!cluster->pods[i].mirror && strcmp(cluster->pods[i].cgroup, pod->cgroup) == 0)
			return true;
	return false;
}

bool cluster_chooses(const struct cluster *cluster, const struct choice *choice,
		     const struct pod *pod)
{
	struct json_object *labels = NULL;

	if (cluster->own_uid && strcmp(pod->uid, cluster->own_uid) == 0)
		return false;
	if (choice->space && strcmp(choice->space, pod->space) != 0)
		return false;
	if (!selector_matches(choice->pods, pod->labels) || is_impostor(cluster, pod))
		return false;
	if (cluster->namespaces)
		json_object_object_get_ex(cluster->namespaces, pod->space, &labels);
	return !labels || selector_matches(choice->namespaces, labels);
}
