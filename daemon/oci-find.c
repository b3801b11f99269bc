/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <string.h>

#include "daemon/cli-json.h"
#include "daemon/oci.h"
#include "daemon/util.h"

/*
 * Where an engine has the bundle of a container that runs: podman and CRI-O in what
 * containers/storage has by default, containerd in its own state.
 */
static const struct place {
	const char *prefix; /* of the cgroup's name, before the id */
	const char *bundle; /* with the id for %s */
} places[] = {
	{"libpod-", "/var/lib/containers/storage/*-containers/%s/userdata"},
	{"libpod-payload-", "/var/lib/containers/storage/*-containers/%s/userdata"},
	{"crio-", "/run/containers/storage/*-containers/%s/userdata"},
	{"cri-containerd-", "/run/containerd/io.containerd.runtime.v2.task/*/%s"},
};

static const struct place *find_place(const struct container *container)
{
	const char *name = strrchr(container->cgroup, '/') + 1;

	for (size_t i = 0; i < ELEMENTS(places); i++) {
		size_t n = strlen(places[i].prefix);

		if (strncmp(name, places[i].prefix, n) == 0 &&
		    strncmp(name + n, container->id, strlen(container->id)) == 0)
			return &places[i];
	}
	return NULL;
}

/* The first one that is there; NULL: none is. */
static char *find_bundle(const struct place *place, const char *id)
{
	_cleanup_(globfree) glob_t found = {};
	char pattern[PATH_MAX];

	snprintf(pattern, sizeof(pattern), place->bundle, id);
	return glob(pattern, 0, NULL, &found) == 0 ? strdup(found.gl_pathv[0]) : NULL;
}

int oci_find(struct container *container, char error[static OCI_ERROR_MAX])
{
	const struct place *place = find_place(container);
	_cleanup_(freep) char *bundle = place ? find_bundle(place, container->id) : NULL;
	_cleanup_(json_freep) struct json_object *config = NULL;
	struct oci_state state = {.id = container->id, .bundle = bundle};
	char path[PATH_MAX];

	/* whose it is, is the first thing that there is to say of it */
	if (!place)
		return oci_describe(&state, container, error);
	if (!bundle) {
		snprintf(error, OCI_ERROR_MAX, "its engine shows nothing of it at ");
		snprintf(error + strlen(error), OCI_ERROR_MAX - strlen(error), place->bundle, "ID");
		return -ENODATA;
	}
	snprintf(path, sizeof(path), "%s/config.json", bundle);
	config = json_object_from_file(path);
	if (json_object_is_type(config, json_type_object))
		(void)json_object_object_get_ex(config, "annotations", &state.annotations);
	return oci_describe(&state, container, error);
}
