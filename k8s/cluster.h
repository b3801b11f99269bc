/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "k8s/reader.h"

/*
 * What is known of the cluster: the pods of this node, and the labels of namespaces. It is as large
 * as these are.
 */

struct pod {
	char *uid;    /* the API server's */
	char *cgroup; /* the UID that stands in the cgroup's path */
	bool mirror;  /* of a pod from a file of the kubelet: its UID is what an annotation says */
	char *space;  /* its namespace */
	char *name;
	struct json_object *labels; /* NULL: none */
};

struct cluster {
	const char *own_uid; /* of the pod that bailiffd runs in, which is never selected; NULL */
	const char *cgroup_root; /* kubelet's --cgroup-root, as "/kubelet"; NULL: "/" */
	struct pod *pods;	 /* by uid */
	size_t n_pods;
	struct json_object *namespaces; /* name -> map of labels */
};

void cluster_clear(struct cluster *cluster);

/*
 * Takes a Pod or Namespace object as the API server has it: it is new, or has changed. Returns 0; 1
 * where it is none, with the error in @diag and nothing changed; or -ENOMEM.
 */
int cluster_put_pod(struct cluster *cluster, struct json_object *object, struct diag *diag);
int cluster_put_namespace(struct cluster *cluster, struct json_object *object, struct diag *diag);

/* Forgets a pod, by its uid, or a namespace; none of that name is no error. */
void cluster_remove_pod(struct cluster *cluster, const char *uid);
void cluster_remove_namespace(struct cluster *cluster, const char *name);

/* Whom an object is about. */
struct choice {
	const char *space;		/* pods of this namespace alone; NULL: of all */
	struct json_object *pods;	/* a selector over pods' labels; NULL: all */
	struct json_object *namespaces; /* a selector over namespaces' labels; NULL: all */
};

/*
 * Whether @pod is chosen. The labels of a namespace have its name in kubernetes.io/metadata.name.
 * Of a namespace that is not known yet nothing can be told: then its pods are chosen, which is the
 * strictest answer.
 */
bool cluster_chooses(const struct cluster *cluster, const struct choice *choice,
		     const struct pod *pod);

/* Lines of text, without their ends. */
struct lines_list {
	char **lines; /* ends with NULL */
	size_t n;
};

void lines_list_clear(struct lines_list *list);

/*
 * Lines for [select], "cgroup = PATTERN", that name the cgroups of the pods that are chosen, both
 * as systemd's driver and as cgroupfs names them, for each class of quality of service. So a pod is
 * selected as soon as it is scheduled: its cgroup need not be there. Returns 0 and the lines, to be
 * cleared, in *@ret_list, and the number of pods in *@ret_n, or -ENOMEM.
 */
int cluster_select(const struct cluster *cluster, const struct choice *choice,
		   struct lines_list *ret_list, size_t *ret_n);
