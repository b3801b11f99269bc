/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "daemon/convert-tree.h"
#include "daemon/convert.h"
#include "policy/policy.h"

/*
 * Inside the converter, for daemon/convert*.c alone.
 *
 *	convert.c		documents to objects, objects to policies
 *	convert-tree.c		YAML to a tree
 *	convert-fields.c	reading the fields of a map
 *	convert-object.c	what an object says of itself: name, selector, severity and the like
 *	convert-rules.c		its sections to rules
 *	convert-pattern.c	paths, directories and AppArmor's globs to patterns
 *	convert-decide.c	which rules may stand so that the answers are KubeArmor's
 *	convert-relation.c	which pattern lies inside which
 *	convert-write.c		rules to the text of a policy
 *
 * A mistake goes to diag, and the object gets no policy. Memory that runs out is remembered
 * (c->r = -ENOMEM), and nothing is written then: few functions need to answer it.
 */

struct convert {
	struct tree *tree;
	const struct convert_options *options;
	struct diag *diag;
	int r; /* -ENOMEM */
};

enum convert_kind {
	CONVERT_CONTAINER, /* KubeArmorPolicy */
	CONVERT_CLUSTER,   /* KubeArmorClusterPolicy */
	CONVERT_HOST,	   /* KubeArmorHostPolicy */
};

enum convert_action {
	CONVERT_ALLOW,
	CONVERT_AUDIT,
	CONVERT_BLOCK,
};

/* One pattern or name, for one verb and one executable: what precedence is decided on. */
struct convert_rule {
	enum policy_section section;
	unsigned verb; /* enum bailiff_verb */
	enum convert_action action;
	bool weak;     /* the write half of Allow with readOnly: an Allow inside it holds */
	bool logged;   /* an Allow that an Audit is around */
	char *subject; /* as in [exec "PATTERN"]; NULL: for all */
	char *source;  /* the same in one spelling of those that are one: /bin, /usr/bin */
	char *item;    /* as a line of the policy has it; "*": all of the section */
	size_t index;  /* of the item, among different ones of the section */
	const struct node *place;
	const char *dropped;	 /* why it is left out; NULL: it is not */
	const struct node *for_; /* the rule because of which */
	bool written;
};

/* What rules are logged with; a policy of bailiff has one. */
struct convert_description {
	unsigned severity;
	const struct node *message, *tags; /* NULL: none */
};

struct convert_object {
	struct convert *c;
	enum convert_kind kind;
	const char *kind_name;
	const struct node *node, *spec;
	const char *name, *space; /* of metadata; space: NULL where there is none */
	char *policy;		  /* the policy's name */
	struct convert_description description;
	bool described;
	struct convert_rule *rules;
	size_t n_rules;
	bool whitelist[POLICY_N_SECTIONS]; /* an Allow rule is in the section */
	bool too_many;			   /* rules, and that is told */
};

/* Adds an error at a node's place. */
void convert_error(struct convert *c, const struct node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* convert-fields.c */

/* A field of a map. */
struct field {
	const char *name;
	const char *refusal; /* why what it says has no counterpart; NULL: it has one */
};

/*
 * Whether @node is a map. Each key must be one of @fields (an empty one ends them); where such a
 * field is refused it must say nothing. @what names the map in errors. NULL is no map, without an
 * error.
 */
bool fields_check(struct convert *c, const struct node *node, const struct field *fields,
		  const char *what);

/* The text of a field that is no list or map; NULL where it is missing or wrong (told). */
const struct node *field_text(struct convert *c, const struct node *map, const char *name);

/* The list of a field; NULL where it is missing or wrong (told). */
const struct node *field_list(struct convert *c, const struct node *map, const char *name);

/* A field that is true or false; false where it is missing or wrong (told). */
bool field_true(struct convert *c, const struct node *map, const char *name);

/* Index of a text in @names, whatever the case of letters; or the error and -1. */
int field_name(struct convert *c, const struct node *text, const char *what,
	       const char *const *names);

/* convert-object.c */

/* Reads apiVersion, metadata, selector. */
void object_read(struct convert_object *o);

/*
 * Takes what a rule is logged with, by the nearest of rule, section and spec that says something,
 * and tells where it is not the same as that of the rules before.
 */
void object_describe(struct convert_object *o, const struct node *section, const struct node *rule);

/* convert-rules.c */

/* Reads process, file, network, capabilities and syscalls. */
void object_read_rules(struct convert_object *o);

/* Adds a rule; takes item over (NULL is -ENOMEM), copies subject. */
void object_add(struct convert_object *o, const struct convert_rule *rule, char *item);

/* convert-pattern.c: each answers a new string, or NULL and the error is told. */

/* A path, taken literally: its wildcards are none. */
char *pattern_of_path(struct convert *c, const struct node *text);
/* "/DIR/" to what is in it: "/DIR/" and @wildcard; NULL: "/DIR" itself. */
char *pattern_of_directory(struct convert *c, const struct node *text, const char *wildcard);
/* A glob of AppArmor, which is what KubeArmor takes a pattern for. */
char *pattern_of_glob(struct convert *c, const struct node *text);
/* Any path that ends in that name. */
char *pattern_of_name(struct convert *c, const struct node *text);
/* The other spelling of what merged-/usr makes one: "/bin/sh" is "/usr/bin/sh". */
char *pattern_canonical(const char *pattern);

/* convert-relation.c */

/* Which of n patterns lie inside which, and which overlap, as bailiff understands them. */
struct relation {
	size_t n;
	unsigned char *bits; /* of pair i, j: RELATION_* */
};

/*
 * Works out the relation of @patterns. Returns 0, 1 where they are too many or too wild (an
 * automaton of them grows too large), or -ENOMEM. To be released after each.
 */
int relation_find(const char *const *patterns, size_t n, struct relation *relation);
void relation_release(struct relation *relation);
bool relation_inside(const struct relation *relation, size_t i, size_t j);
bool relation_overlaps(const struct relation *relation, size_t i, size_t j);

/* convert-decide.c */

/* Leaves out, changes and adds rules so that bailiff's precedence gives KubeArmor's answers. */
void object_decide(struct convert_object *o);

/* convert-write.c */

/* Writes the policy, and makes sure that there is nothing against it. NULL: told. */
char *object_write(struct convert_object *o);
