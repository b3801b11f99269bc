/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-c/json.h>
#include <stddef.h>
#include <sys/types.h>

#include "policy/containers.h"

/*
 * What a runtime says of a container that it creates: the state that OCI hooks get (the runtime
 * specification, "State"), and what its engine (podman, CRI-O, containerd) knows.
 */

#define OCI_STATE_MAX (1u << 20) /* bytes */
#define OCI_ERROR_MAX 256

struct oci_state {
	const char *id, *bundle;
	pid_t pid;
	struct json_object *annotations; /* NULL: none */
};

/*
 * Takes a state's fields; they live as long as @object. Returns 0, or -EBADMSG and in @error what
 * is wrong.
 */
int oci_state_take(struct json_object *object, struct oci_state *ret_state,
		   char error[static OCI_ERROR_MAX]);

/*
 * Cuts a cgroup's path behind the component that has the id: what is beneath belongs to the
 * container. The first one counts. Returns 0 or -ENOENT.
 */
int oci_cgroup_cut(char *cgroup, const char *id);

/*
 * Fills in the name and the image's names. The engine is told by the name of the cgroup, which who
 * starts a container does not choose, and is asked alone: annotations of another are not believed.
 * @container has its id and its cgroup. Returns 0, -ENOMEM, or another negative errno and in
 * @error why it cannot be told.
 */
int oci_describe(const struct oci_state *state, struct container *container,
		 char error[static OCI_ERROR_MAX]);

/*
 * Fills in the same of a container that runs, by what its engine has written, where that is by
 * default. Returns as oci_describe().
 */
int oci_find(struct container *container, char error[static OCI_ERROR_MAX]);
