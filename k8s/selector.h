/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "k8s/reader.h"

/*
 * Label selectors, matchLabels and matchExpressions, as Kubernetes defines them: all that stands in
 * one must hold; an empty one holds for everything.
 */

/* Tells what is wrong in a selector's matchLabels and matchExpressions. */
void selector_check(struct reader *reader, const struct place *place, struct json_object *selector);

/*
 * Whether a selector, in which nothing was wrong, holds for labels: a map of texts, or NULL where
 * there are none. No selector (NULL) holds for everything.
 */
bool selector_matches(struct json_object *selector, struct json_object *labels);
