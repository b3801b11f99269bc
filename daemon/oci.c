/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/oci.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli-json.h"
#include "daemon/util.h"

/* A member that is a text, without a NUL in it; NULL where there is none. */
static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *member = NULL;
	const char *text;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &member) ||
	    !json_object_is_type(member, json_type_string))
		return NULL;
	text = json_object_get_string(member);
	return strlen(text) == (size_t)json_object_get_string_len(member) ? text : NULL;
}

int oci_state_take(struct json_object *object, struct oci_state *ret_state,
		   char error[static OCI_ERROR_MAX])
{
	struct json_object *pid = NULL, *annotations = NULL;
	struct oci_state state = {
		.id = text_of(object, "id"),
		.bundle = text_of(object, "bundle"),
	};

	snprintf(error, OCI_ERROR_MAX, "it is no state of a container: no \"id\" or \"bundle\"");
	if (!state.id || !state.bundle)
		return -EBADMSG;
	snprintf(error, OCI_ERROR_MAX,
		 "its id is no container's id that bailiff knows: 12 to 64 digits of 0-9 and a-f");
	if (!container_id_is_good(state.id))
		return -EBADMSG;
	snprintf(error, OCI_ERROR_MAX,
		 "it is no state of a container that is created: no \"pid\" (the hook is for the "
		 "stage createRuntime)");
	if (!json_object_object_get_ex(object, "pid", &pid) ||
	    !json_object_is_type(pid, json_type_int) || json_object_get_int64(pid) < 1 ||
	    json_object_get_int64(pid) > INT_MAX)
		return -EBADMSG;
	state.pid = (pid_t)json_object_get_int64(pid);
	if (json_object_object_get_ex(object, "annotations", &annotations))
		state.annotations = annotations;
	*ret_state = state;
	return 0;
}

int oci_cgroup_cut(char *cgroup, const char *id)
{
	char *at = strstr(cgroup, id);

	if (!at)
		return -ENOENT;
	at[strcspn(at, "/")] = '\0';
	return 0;
}

static int set_name(struct container *container, const char *name)
{
	container->name = strdup(name);
	return container->name ? 0 : -ENOMEM;
}

static int add_image(struct container *container, const char *image)
{
	return image && *image ? container_add_image(container, image) : 0;
}

/* The member of a list of objects that has that id, or NULL. */
static struct json_object *find(struct json_object *list, const char *id)
{
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		const char *found = text_of(item, "id");

		if (found && strcmp(found, id) == 0)
			return item;
	}
	return NULL;
}

/* Reads a file of the storage, and finds an id in it. The caller frees *@ret_list. */
static struct json_object *look_up(const char *folder, const char *file, const char *id,
				   struct json_object **ret_list)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", folder, file) >= (int)sizeof(path))
		return NULL;
	*ret_list = json_object_from_file(path);
	return find(*ret_list, id);
}

/* All names that the storage has for an image. */
static int add_image_names(struct container *container, const char *images, const char *id)
{
	_cleanup_(json_freep) struct json_object *list = NULL;
	struct json_object *image = look_up(images, "images.json", id, &list), *names = NULL;
	size_t n = 0;
	int r = 0;

	if (image && json_object_object_get_ex(image, "names", &names) &&
	    json_object_is_type(names, json_type_array))
		n = json_object_array_length(names);
	for (size_t i = 0; i < n && r == 0; i++)
		r = add_image(container,
			      json_object_get_string(json_object_array_get_idx(names, i)));
	return r;
}

/* What podman told its storage: the names in an entry, and a text that is JSON in itself. */
static int take_stored(struct container *container, struct json_object *entry, const char *images,
		       char error[static OCI_ERROR_MAX])
{
	const char *text = text_of(entry, "metadata"), *name = NULL,
		   *image = text_of(entry, "image");
	_cleanup_(json_freep) struct json_object *metadata = text ? json_tokener_parse(text) : NULL;
	struct json_object *names = NULL;
	int r;

	if (json_object_object_get_ex(entry, "names", &names) &&
	    json_object_is_type(names, json_type_array) && json_object_array_length(names) > 0)
		name = json_object_get_string(json_object_array_get_idx(names, 0));
	name = name ?: text_of(metadata, "name");
	snprintf(error, OCI_ERROR_MAX, "podman's storage has no name or no image for it");
	if (!name || !image || !text_of(metadata, "image-name"))
		return -ENODATA;
	r = set_name(container, name);
	if (r == 0)
		r = add_image(container, text_of(metadata, "image-name"));
	if (r == 0)
		r = add_image(container, image);
	return r == 0 ? add_image_names(container, images, image) : r;
}

/*
 * podman: the bundle is STORAGE/DRIVER-containers/ID/userdata, and two folders above is the list of
 * what there is (containers/storage, docs/containers-storage.md). A container of "--rm" is in the
 * list of those that need not outlive the machine.
 */
static int describe_podman(const struct oci_state *state, struct container *container,
			   char error[static OCI_ERROR_MAX])
{
	static const char *const files[] = {"containers.json", "volatile-containers.json"};
	static const char suffix[] = "-containers";
	char containers[PATH_MAX], images[PATH_MAX];
	char tail[sizeof("/") + CONTAINER_ID_MAX + sizeof("/userdata")];
	int n = (int)strlen(state->bundle) -
		snprintf(tail, sizeof(tail), "/%s/userdata", state->id);
	int n_stem = n - (int)strlen(suffix);

	snprintf(error, OCI_ERROR_MAX,
		 "its bundle is not .../DRIVER-containers/ID/userdata, where podman has it");
	if (n_stem <= 0 || n >= PATH_MAX || strcmp(state->bundle + n, tail) != 0 ||
	    strncmp(state->bundle + n_stem, suffix, strlen(suffix)) != 0)
		return -ENODATA;
	snprintf(containers, sizeof(containers), "%.*s", n, state->bundle);
	if (snprintf(images, sizeof(images), "%.*s-images", n_stem, state->bundle) >=
	    (int)sizeof(images))
		return -ENAMETOOLONG;
	for (size_t i = 0; i < ELEMENTS(files); i++) {
		_cleanup_(json_freep) struct json_object *list = NULL;
		struct json_object *entry = look_up(containers, files[i], state->id, &list);

		if (entry)
			return take_stored(container, entry, images, error);
	}
	snprintf(error, OCI_ERROR_MAX,
		 "podman's storage does not have it: a container without an image (--rootfs) has "
		 "no names that bailiff can tell");
	return -ENODATA;
}

/* The annotations that an implementation of CRI makes. */
struct cri {
	const char *type, *name, *images[3];
};

static int describe_cri(const struct oci_state *state, const struct cri *cri,
			struct container *container, char error[static OCI_ERROR_MAX])
{
	const char *type = text_of(state->annotations, cri->type);
	const char *name = text_of(state->annotations, cri->name);
	bool sandbox = type && strcmp(type, "sandbox") == 0;
	int r = 0;

	snprintf(error, OCI_ERROR_MAX, "it has no annotation \"%s\"", cri->type);
	if (!type)
		return -ENODATA;
	for (size_t i = 0; i < ELEMENTS(cri->images) && cri->images[i] && r == 0; i++)
		r = add_image(container, text_of(state->annotations, cri->images[i]));
	if (r < 0 || (sandbox && !name))
		return r;
	snprintf(error, OCI_ERROR_MAX, "it has no annotation \"%s\"", cri->name);
	if (!name)
		return -ENODATA;
	snprintf(error, OCI_ERROR_MAX, "it has no annotation \"%s\"", cri->images[0]);
	return !sandbox && container->n_images == 0 ? -ENODATA : set_name(container, name);
}

/* containerd, pkg/cri/annotations. */
static int describe_containerd(const struct oci_state *state, struct container *container,
			       char error[static OCI_ERROR_MAX])
{
	static const struct cri cri = {
		.type = "io.kubernetes.cri.container-type",
		.name = "io.kubernetes.cri.container-name",
		.images = {"io.kubernetes.cri.image-name"},
	};

	return describe_cri(state, &cri, container, error);
}

/* CRI-O, internal/annotations; the name is the kubelet's label. */
static int describe_crio(const struct oci_state *state, struct container *container,
			 char error[static OCI_ERROR_MAX])
{
	static const struct cri cri = {
		.type = "io.kubernetes.cri-o.ContainerType",
		.name = "io.kubernetes.container.name",
		.images = {"io.kubernetes.cri-o.ImageName", "io.kubernetes.cri-o.Image",
			   "io.kubernetes.cri-o.ImageRef"},
	};

	return describe_cri(state, &cri, container, error);
}

int oci_describe(const struct oci_state *state, struct container *container,
		 char error[static OCI_ERROR_MAX])
{
	static const struct {
		const char *prefix; /* of the cgroup's name, before the id */
		int (*describe)(const struct oci_state *state, struct container *container,
				char error[static OCI_ERROR_MAX]);
	} engines[] = {
		{"libpod-", describe_podman},
		{"libpod-payload-", describe_podman},
		{"crio-", describe_crio},
		{"cri-containerd-", describe_containerd},
	};
	const char *name = strrchr(container->cgroup, '/'), *id, *end;

	id = name ? strstr(++name, container->id) : NULL;
	end = id ? id + strlen(container->id) : "";
	if (*end && strcmp(end, ".scope") != 0)
		id = NULL;
	for (size_t i = 0; id && i < ELEMENTS(engines); i++)
		if (strlen(engines[i].prefix) == (size_t)(id - name) &&
		    strncmp(name, engines[i].prefix, (size_t)(id - name)) == 0)
			return engines[i].describe(state, container, error);
	snprintf(error, OCI_ERROR_MAX,
		 "its cgroup is none of podman's, CRI-O's or containerd's: libpod-ID, crio-ID, "
		 "cri-containerd-ID");
	return -ENODATA;
}
