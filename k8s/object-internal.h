/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdio.h>

#include "k8s/object.h"
#include "k8s/reader.h"

struct policy;

/*
 * Inside the reading of objects, for k8s/object*.c alone.
 *
 *	object.c		what an object says of itself: kind, name, selector
 *	object-sections.c	spec.exec and the like to lines
 *	object-ini.c		spec.ini to lines
 *	object-text.c		lines, and what the parser has against them
 *	object-kubearmor.c	objects of KubeArmor, by the converter
 */

enum object_kind {
	OBJECT_POLICY,
	OBJECT_CLUSTER_POLICY,
	OBJECT_KUBEARMOR_POLICY,
	OBJECT_KUBEARMOR_CLUSTER_POLICY,
	OBJECT_KUBEARMOR_HOST_POLICY,
	OBJECT_N_KINDS,
};

struct object {
	struct reader reader;
	const struct cluster *cluster;
	const char *host;
	enum object_kind kind;
	const char *kind_name;
	struct json_object *json, *spec;
	const char *name, *space; /* space: NULL for those of the cluster */
	char *title;		  /* "BailiffPolicy shop/web" */
	char *policy;		  /* the policy's name */
	struct place place, spec_place;
	struct lines_list selects; /* for [select], without containers' names */
	size_t n_pods;
	struct json_object *containers; /* their names, a list; NULL: all */
	/* selectors over pods' and namespaces' labels, owned; NULL: all */
	struct json_object *pods, *namespaces;
};

/* What a text selects that is only looked at: no pod has this UID. */
#define OBJECT_NOBODY "cgroup = /kubepods/pod00000000-0000-0000-0000-000000000000"

/* object-text.c */

/* Where in an object the lines of a text come from. */
struct origin {
	char *path;    /* NULL: from none that its writer said */
	unsigned skip; /* bytes of the line that are not his */
	unsigned line; /* of a text in the object; 0: the value is one line */
};

struct object_text {
	struct reader *reader;
	FILE *stream;
	char *bytes;
	size_t n_bytes;
	struct origin *origins; /* of line i + 1 */
	size_t n_lines;
};

/* To be released with text_release() after each. */
void text_begin(struct object_text *text, struct reader *reader);
void text_release(struct object_text *text);

/*
 * Adds a line, @front and then @value, which comes from @place (NULL: from none). @line is the line
 * in the value there, where it has several; else 0.
 */
void text_add(struct object_text *text, const struct place *place, unsigned line, const char *front,
	      const char *value, size_t n_value);

/* Adds [select] with the object's cgroups, or, where there are none, one that no cgroup has. */
void text_add_select(struct object_text *text, const struct object *object);

/*
 * Parses the text as the policy @o->policy, and moves what is wrong to its places in the object.
 * Returns 0 and the policy, 1 where there are errors, or -ENOMEM. Nothing is added after it.
 */
int text_parse(struct object_text *text, const struct object *o, struct policy **ret_policy);

/* object-sections.c: spec.policy, spec.exec and the like. */
void sections_read(struct object *o, struct object_text *text);
extern const char *const section_fields[];

/* object-ini.c: spec.ini. */
void ini_read(struct object *o, struct object_text *text);

/* object-kubearmor.c */

/* Takes whom the object selects. */
void kubearmor_read_selector(struct object *o);
/* Returns 0 and the text, which the caller frees, 1 where there are errors, or -ENOMEM. */
int kubearmor_read(struct object *o, char **ret_text);
