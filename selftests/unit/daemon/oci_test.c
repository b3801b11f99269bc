// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cli-json.h"
#include "daemon/oci.h"

/* What a hook gets from each runtime, and how the engine's own words are found. */

#define ID "8f0c2d3b4a5968778695a4b3c2d1e0f00112233445566778899aabbccddeeff0"
#define IMAGE_ID "35f3a7c5e6d84f0b9a8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f60"

#define CRUN_STATE                                                                                 \
	"{\"ociVersion\":\"1.0\",\"id\":\"" ID "\",\"pid\":%d,\"root\":\"/x/merged\","             \
	"\"bundle\":\"%s\",\"status\":\"created\",\"annotations\":{"                               \
	"\"io.container.manager\":\"libpod\",\"io.podman.annotations.autoremove\":\"TRUE\","       \
	"\"org.opencontainers.image.stopSignal\":\"15\"%s}}"

struct told {
	struct json_object *object;
	struct oci_state state;
	struct container container;
	char error[OCI_ERROR_MAX];
	int r;
};

/* What is told of a container in a cgroup, by a state. */
static struct told tell(const char *text, const char *cgroup)
{
	struct told told = {.object = json_tokener_parse(text)};

	told.r = oci_state_take(told.object, &told.state, told.error);
	if (told.r < 0)
		return told;
	told.container.id = strdup(told.state.id);
	told.container.cgroup = strdup(cgroup);
	told.r = oci_describe(&told.state, &told.container, told.error);
	return told;
}

static void told_clear(struct told *told)
{
	json_object_put(told->object);
	container_release(&told->container);
}

static void fails(const char *text, const char *cgroup, const char *why)
{
	struct told told = tell(text, cgroup);

	if (told.r >= 0 || !strstr(told.error, why))
		fail_msg("%s in %s: %d, \"%s\" is not \"%s\"", text, cgroup, told.r, told.error,
			 why);
	told_clear(&told);
}

static bool has_image(const struct container *container, const char *name)
{
	for (size_t i = 0; i < container->n_images; i++)
		if (strcmp(container->images[i], name) == 0)
			return true;
	return false;
}

static void a_state_is_taken_or_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{"", "no state"},
		{"[]", "no state"},
		{"{}", "no state"},
		{"{\"id\":7,\"bundle\":\"/b\"}", "no state"},
		{"{\"id\":\"x\\u0000y\",\"bundle\":\"/b\",\"pid\":7}", "no state"},
		{"{\"id\":\"web\",\"bundle\":\"/b\",\"pid\":7}", "its id"},
		{"{\"id\":\"../../../../../../etc/shadow\",\"bundle\":\"/b\",\"pid\":7}", "its id"},
		{"{\"id\":\"8F0C2D3B4A5968778695A4B3C2D1E0F0\",\"bundle\":\"/b\",\"pid\":7}",
		 "its id"},
		{"{\"id\":\"" ID "0\",\"bundle\":\"/b\",\"pid\":7}", "its id"},
		{"{\"id\":\"" ID "\",\"bundle\":\"/b\"}", "no \"pid\""},
		{"{\"id\":\"" ID "\",\"bundle\":\"/b\",\"pid\":0,\"status\":\"stopped\"}",
		 "no \"pid\""},
		{"{\"id\":\"" ID "\",\"bundle\":\"/b\",\"pid\":-1}", "no \"pid\""},
		{"{\"id\":\"" ID "\",\"bundle\":\"/b\",\"pid\":4294967297}", "no \"pid\""},
		{"{\"id\":\"" ID "\",\"bundle\":\"/b\",\"pid\":\"7\"}", "no \"pid\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		fails(wrong[i].text, "/machine.slice/libpod-" ID ".scope", wrong[i].why);
}

static void a_cgroup_is_cut_behind_the_id(void **state)
{
	static const char *const paths[][2] = {
		{"/machine.slice/libpod-" ID ".scope", "/machine.slice/libpod-" ID ".scope"},
		{"/machine.slice/libpod-" ID ".scope/container",
		 "/machine.slice/libpod-" ID ".scope"},
		{"/kubepods/pod1/" ID "/a/b", "/kubepods/pod1/" ID},
		{"/a/libpod-" ID ".scope/libpod-" ID ".scope", "/a/libpod-" ID ".scope"},
		{"/system.slice/x.service", NULL},
		{"/", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s", paths[i][0]);
		assert_int_equal(oci_cgroup_cut(path, ID), paths[i][1] ? 0 : -ENOENT);
		if (paths[i][1])
			assert_string_equal(path, paths[i][1]);
	}
}

/* A storage of podman's, as it is on disk. */
struct storage {
	char folder[64], bundle[256], state[8192];
};

static void write_text(const char *folder, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

#define METADATA                                                                                   \
	"{\\\"image-name\\\":\\\"localhost/tiny:latest\\\",\\\"image-id\\\":\\\"" IMAGE_ID "\\\"," \
	"\\\"name\\\":\\\"web-1\\\",\\\"created-at\\\":1732668000,\\\"mountlabel\\\":\\\"\\\"}"
#define ENTRY(id, name)                                                                            \
	"{\"id\":\"" id "\",\"names\":[\"" name "\"],\"image\":\"" IMAGE_ID                        \
	"\",\"layer\":\"0123\",\"metadata\":\"" METADATA                                           \
	"\",\"created\":\"2026-11-27T01:00:00Z\"}"

static void storage_begin(struct storage *storage, const char *file, const char *containers)
{
	char folder[128];

	snprintf(storage->folder, sizeof(storage->folder), "/tmp/bailiff-oci-XXXXXX");
	assert_non_null(mkdtemp(storage->folder));
	snprintf(folder, sizeof(folder), "%s/overlay-containers", storage->folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	write_text(folder, file, containers);
	snprintf(storage->bundle, sizeof(storage->bundle), "%s/" ID "/userdata", folder);
	snprintf(folder, sizeof(folder), "%s/overlay-images", storage->folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	write_text(folder, "images.json",
		   "[{\"id\":\"" IMAGE_ID "\",\"digest\":\"sha256:11\",\"names\":"
		   "[\"localhost/tiny:latest\",\"localhost/another:1\"],\"layer\":\"0\"}]");
	snprintf(storage->state, sizeof(storage->state), CRUN_STATE, 4711, storage->bundle, "");
}

static void storage_end(struct storage *storage)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", storage->folder);
	assert_int_equal(system(command), 0);
}

static void podman_s_names_are_in_its_storage(void **state)
{
	static const char *const files[] = {"containers.json", "volatile-containers.json"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct storage storage;
		struct told told;

		storage_begin(&storage, files[i],
			      "[" ENTRY("0000", "other") "," ENTRY(ID, "web-1") "]");
		told = tell(storage.state, "/machine.slice/libpod-" ID ".scope");
		if (told.r < 0)
			fail_msg("%s", told.error);
		assert_int_equal(told.state.pid, 4711);
		assert_string_equal(told.container.name, "web-1");
		assert_int_equal(told.container.n_images, 3);
		assert_true(has_image(&told.container, "localhost/tiny:latest"));
		assert_true(has_image(&told.container, "localhost/another:1"));
		assert_true(has_image(&told.container, IMAGE_ID));
		told_clear(&told);
		storage_end(&storage);
	}
}

/* Annotations are what who starts the container writes: they name no container of podman's. */
static void annotations_do_not_rename(void **state)
{
	struct storage storage;
	struct told told;

	(void)state;
	storage_begin(&storage, "containers.json", "[" ENTRY(ID, "web-1") "]");
	snprintf(storage.state, sizeof(storage.state), CRUN_STATE, 1, storage.bundle,
		 ",\"io.kubernetes.cri.container-name\":\"other\",\"io.kubernetes.cri.image-name\":"
		 "\"other:1\",\"io.kubernetes.cri.container-type\":\"sandbox\","
		 "\"io.kubernetes.container.name\":\"other\","
		 "\"io.kubernetes.cri-o.ImageName\":\"other:2\"");
	told = tell(storage.state, "/machine.slice/libpod-" ID ".scope");
	assert_int_equal(told.r, 0);
	assert_string_equal(told.container.name, "web-1");
	assert_false(has_image(&told.container, "other:1"));
	assert_false(has_image(&told.container, "other:2"));
	told_clear(&told);
	storage_end(&storage);
}

static void what_podman_does_not_know_is_refused(void **state)
{
	static const char cgroup[] = "/machine.slice/libpod-" ID ".scope";
	static const struct {
		const char *containers, *why;
	} wrong[] = {
		{"[]", "does not have it"},
		{"", "does not have it"},
		{"{\"id\":\"" ID "\"}", "does not have it"},
		{"[7,null,[],\"" ID "\"]", "does not have it"},
		{"[" ENTRY("0000", "web-1") "]", "does not have it"},
		{"[{\"id\":\"" ID "\",\"names\":[\"a\"],\"image\":\"x\"}]", "no name or no image"},
		{"[{\"id\":\"" ID "\",\"names\":[\"a\"],\"image\":\"x\",\"metadata\":\"{\"}]",
		 "no name or no image"},
		{"[{\"id\":\"" ID "\",\"image\":\"x\",\"metadata\":\"{\\\"image-name\\\":7}\"}]",
		 "no name or no image"},
	};
	struct storage storage;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		storage_begin(&storage, "containers.json", wrong[i].containers);
		fails(storage.state, cgroup, wrong[i].why);
		storage_end(&storage);
	}
	snprintf(storage.state, sizeof(storage.state), CRUN_STATE, 1, "/tmp/elsewhere", "");
	fails(storage.state, cgroup, "its bundle");
	snprintf(storage.state, sizeof(storage.state), CRUN_STATE, 1,
		 "/x/overlay-containers/0000/userdata", "");
	fails(storage.state, cgroup, "its bundle");
}

#define CONTAINERD_STATE(annotations)                                                              \
	"{\"ociVersion\":\"1.0.2-dev\",\"id\":\"" ID "\",\"status\":\"creating\",\"pid\":812,"     \
	"\"bundle\":\"/run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID                    \
	"\",\"annotations\":{" annotations "}}"
#define CONTAINERD_CGROUP                                                                          \
	"/kubepods.slice/kubepods-besteffort.slice/"                                               \
	"kubepods-besteffort-poddc6de7c6_a0c7_44dc_a099_69bb39aabbcc.slice/cri-containerd-" ID     \
	".scope"

static void containerd_tells_by_annotations(void **state)
{
	struct told told =
		tell(CONTAINERD_STATE("\"io.kubernetes.cri.container-name\":\"shop\","
				      "\"io.kubernetes.cri.container-type\":\"container\","
				      "\"io.kubernetes.cri.image-name\":\"quay.io/shop/web:2.1\","
				      "\"io.kubernetes.cri.sandbox-name\":\"shop-0\""),
		     CONTAINERD_CGROUP);

	(void)state;
	assert_int_equal(told.r, 0);
	assert_string_equal(told.container.name, "shop");
	assert_int_equal(told.container.n_images, 1);
	assert_true(has_image(&told.container, "quay.io/shop/web:2.1"));
	told_clear(&told);

	told = tell(CONTAINERD_STATE("\"io.kubernetes.cri.container-type\":\"sandbox\","
				     "\"io.kubernetes.cri.sandbox-name\":\"shop-0\""),
		    CONTAINERD_CGROUP);
	assert_int_equal(told.r, 0);
	assert_null(told.container.name);
	told_clear(&told);

	fails(CONTAINERD_STATE(""), CONTAINERD_CGROUP, "container-type");
	fails(CONTAINERD_STATE("\"io.kubernetes.cri.container-type\":\"container\""),
	      CONTAINERD_CGROUP, "container-name");
	fails(CONTAINERD_STATE("\"io.kubernetes.cri.container-type\":\"container\","
			       "\"io.kubernetes.cri.container-name\":\"shop\""),
	      CONTAINERD_CGROUP, "image-name");
}

static void crio_tells_by_annotations(void **state)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0\",\"id\":\"" ID "\",\"pid\":9,\"status\":\"created\","
		"\"bundle\":\"/run/containers/storage/overlay-containers/" ID "/userdata\","
		"\"annotations\":{\"io.kubernetes.cri-o.ContainerType\":\"container\","
		"\"io.kubernetes.container.name\":\"shop\","
		"\"io.kubernetes.cri.container-name\":\"posing\","
		"\"io.kubernetes.cri-o.Image\":\"" IMAGE_ID "\","
		"\"io.kubernetes.cri-o.ImageName\":\"quay.io/shop/web:2.1\"}}";
	struct told told = tell(text, "/kubepods.slice/kubepods-x.slice/crio-" ID ".scope");

	(void)state;
	assert_int_equal(told.r, 0);
	assert_string_equal(told.container.name, "shop");
	assert_int_equal(told.container.n_images, 2);
	told_clear(&told);
}

static void other_runtimes_are_refused(void **state)
{
	static const char *const cgroups[] = {
		"/system.slice/docker-" ID ".scope",	     "/docker/" ID,
		"/machine.slice/libpod-conmon-" ID ".scope", "/machine.slice/xlibpod-" ID ".scope",
		"/machine.slice/libpod-" ID ".service",	     "/machine.slice/libpod-" ID "0.scope"};

	(void)state;
	for (size_t i = 0; i < sizeof(cgroups) / sizeof(cgroups[0]); i++)
		fails(CONTAINERD_STATE(""), cgroups[i], "its cgroup is none of");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_state_is_taken_or_refused),
		cmocka_unit_test(a_cgroup_is_cut_behind_the_id),
		cmocka_unit_test(podman_s_names_are_in_its_storage),
		cmocka_unit_test(annotations_do_not_rename),
		cmocka_unit_test(what_podman_does_not_know_is_refused),
		cmocka_unit_test(containerd_tells_by_annotations),
		cmocka_unit_test(crio_tells_by_annotations),
		cmocka_unit_test(other_runtimes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
