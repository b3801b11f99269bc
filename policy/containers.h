/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/policy.h"

/*
 * What is known of containers: a file each, written by the OCI hook when a container is created and
 * read by bailiffd. See docs/decisions/0016.
 *
 *	[container]
 *	id     = 64 hexadecimal digits, 12 at least
 *	token  = of this start of the container
 *	cgroup = its cgroup's whole path
 *	name   = at most one
 *	image  = any number: an image can have several names
 */

#define CONTAINERS_MAX 1024u	  /* on one machine, of those that are known */
#define CONTAINER_IMAGES_MAX 16u  /* names of its image */
#define CONTAINER_NAME_MAX 255u	  /* bytes */
#define CONTAINER_IMAGE_MAX 511u  /* bytes */
#define CONTAINER_ID_MAX 64u	  /* digits */
#define CONTAINER_TOKEN_MAX 32u	  /* digits */
#define CONTAINER_FILE_MAX 16384u /* bytes */

struct container {
	char *id;
	char *token;
	char *cgroup;
	char *name;    /* NULL: it has none */
	char **images; /* the image's names */
	size_t n_images;
};

struct containers {
	struct container *list;
	size_t n;
	bool any; /* of which nothing is known: lines about containers match every cgroup */
};

/* Whether a text is what runtimes make as an id. */
bool container_id_is_good(const char *id);

/* The first thing that is wrong with a container, as part of a sentence; NULL: nothing is. */
const char *container_fault(const struct container *container);

/*
 * The pattern of its cgroup's path, and of all beneath. Returns 0, and the pattern, which the
 * caller frees; or -ENOMEM.
 */
int container_path(const struct container *container, struct glob **ret_glob);

/* Adds a name of its image, copied. Returns 0, -E2BIG or -ENOMEM. */
int container_add_image(struct container *container, const char *image);

/*
 * Reads the text of a file. Returns 0 and the container, to be released by the caller, -EBADMSG and
 * in *@ret_fault what is wrong (a constant), or -ENOMEM.
 */
int container_parse(const char *text, size_t n, struct container *ret_container,
		    const char **ret_fault);

/* Writes the text of a file, which the caller frees; it must have no fault. NULL without memory. */
char *container_format(const struct container *container);

void container_release(struct container *container);

/* Adds a container, and takes what is in it. Returns 0, or -ENOMEM: @container is as it was. */
int containers_add(struct containers *containers, struct container *container);

/* The one of that id, or NULL. */
struct container *containers_find(const struct containers *containers, const char *id);

void containers_release(struct containers *containers);

/* Whether a key of [select] is about what a cgroup's path does not tell. */
bool select_is_of_containers(enum policy_select_key key);

/* Whether a policy has a line of such a key. */
bool policy_selects_containers(const struct policy *policy);

/*
 * Which containers the lines of policies are about. A line is a pattern in policy->selects, counted
 * through all policies.
 */
struct container_matches {
	bool *of; /* [line * n_containers + container] */
	size_t n_containers;
};

/*
 * Finds them. Returns 0, to be released by the caller, -E2BIG: these lines are too large together,
 * and *@ret_line has most of the blame, or -ENOMEM.
 */
int containers_match(const struct policy *const *policies, size_t n_policies,
		     const struct containers *known, struct container_matches *ret_matches,
		     size_t *ret_line);

static inline bool container_matches(const struct container_matches *matches, size_t line,
				     size_t container)
{
	return matches->of[line * matches->n_containers + container];
}

void container_matches_release(struct container_matches *matches);
