/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the tests of k8s/ share. In JSON of theirs ' stands for ". */

#include "k8s/cleanup.h"
#include "k8s/cluster.h"
#include "k8s/object.h"
#include "selftests/unit/policy/parse_test.h"

static inline struct json_object *json(const char *text)
{
	struct reader reader = {.diag = &(struct diag){}};
	const struct place top = {.name = "test"};
	struct json_object *value = NULL;
	char *quoted = strdup(text);

	assert_non_null(quoted);
	for (char *c = quoted; *c; c++)
		if (*c == '\'')
			*c = '"';
	if (reader_parse(&reader, &top, quoted, strlen(quoted), &value) != 0)
		fail_msg("no JSON: %s", quoted);
	free(quoted);
	return value;
}

#define UID(last) "00000000-1111-2222-3333-00000000000" last

static inline void put_pod(struct cluster *cluster, const char *space, const char *name,
			   const char *uid, const char *more)
{
	struct json_object *pod;
	struct diag diag = {};
	char *text;

	assert_true(asprintf(&text,
			     "{'metadata': {'namespace': '%s', 'name': '%s', 'uid': '%s'%s}}",
			     space, name, uid, more) > 0);
	pod = json(text);
	assert_int_equal(cluster_put_pod(cluster, pod, &diag), 0);
	json_object_put(pod);
	free(text);
}

static inline void put_namespace(struct cluster *cluster, const char *name, const char *labels)
{
	struct json_object *space;
	struct diag diag = {};
	char *text;

	assert_true(asprintf(&text, "{'metadata': {'name': '%s', 'labels': {%s}}}", name, labels) >
		    0);
	space = json(text);
	assert_int_equal(cluster_put_namespace(cluster, space, &diag), 0);
	json_object_put(space);
	free(text);
}

/* The policy of an object: what object_policy_read() answers, and all that is told, which the
 * caller frees.
 */
static inline int read_object(const struct cluster *cluster, const char *text,
			      struct object_policy *ret, char **ret_told)
{
	struct json_object *object = json(text);
	struct diag diag = {};
	int r = object_policy_read(object, cluster, "node-1", &diag, ret);

	*ret_told = diag_text(&diag);
	diag_clear(&diag);
	json_object_put(object);
	return r;
}
