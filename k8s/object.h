/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "k8s/cluster.h"
#include "policy/diag.h"

/*
 * An object of a cluster to the text of a policy's file, as a person would write it: nothing is
 * read or written but memory.
 */

/* The policy that an object is on this node. */
struct object_policy {
	char *name; /* of the file, without .ini: no other object's, and known without the spec */
	char *text; /* of the file; NULL: no pod of this node is chosen, and there is no file */
	size_t n_pods; /* that are chosen; 0 for a policy of the host */
};

void object_policy_clear(struct object_policy *policy);

/*
 * Makes a policy of a BailiffPolicy, ClusterBailiffPolicy, KubeArmorPolicy, KubeArmorClusterPolicy
 * or KubeArmorHostPolicy object as the API server has it. @host is the node's name. Errors name the
 * object and the JSON path; those of spec.ini the line and column in it, too. The text has passed
 * policy_parse_text(), also where no pod is chosen. Warnings can be added in each case.
 *
 * Returns 0; 1 where the object has errors: what is in force of it stays so; or -ENOMEM.
 * *@ret_policy is to be cleared after 0 alone.
 */
int object_policy_read(struct json_object *object, const struct cluster *cluster, const char *host,
		       struct diag *diag, struct object_policy *ret_policy);

/*
 * The name alone. Returns 0 and a new string, 1 where the object has none that is right, with the
 * error added, or -ENOMEM.
 */
int object_policy_name(struct json_object *object, struct diag *diag, char **ret_name);
