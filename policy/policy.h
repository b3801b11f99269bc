/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "bpf-lsm/abi.h"

/*
 * A policy as its file says it: parsed and checked, not yet compiled. See docs/policy.md for the
 * language. Everything a policy points to is its own and goes with policy_free().
 */

struct diag;
struct glob;

enum policy_select_key {
	POLICY_SELECT_UNIT, /* unit = GLOB: a unit below slices and users' managers, and all beneath
			     */
	POLICY_SELECT_CGROUP,	 /* cgroup = GLOB: the cgroup's whole path, and all beneath */
	POLICY_SELECT_CONTAINER, /* container = GLOB: a container's name or id */
	POLICY_SELECT_IMAGE,	 /* image = GLOB: a name of its image */
	POLICY_N_SELECT_KEYS,
};

/* One pattern of a [select] line. */
struct policy_select {
	enum policy_select_key key;
	/* over whole cgroup paths, "and all beneath" being part of it; or over names */
	struct glob *glob;
	char *pattern; /* as written */
	unsigned line, column;
};

enum policy_section {
	POLICY_EXEC,
	POLICY_FILE,
	POLICY_NETWORK,
	POLICY_CAPABILITY,
	POLICY_PROCESS,
	POLICY_N_SECTIONS,
};

/* Which executables the rules of [exec "PATTERN"] and the like are for. */
struct policy_subject {
	char *pattern;
	struct glob *glob;     /* over paths */
	bool inherit;	       /* also for what they execute */
	unsigned inherit_line; /* which says so, or that not; 0: none */
	unsigned line, column;
};

/*
 * One pattern of a rule's line: a line with three patterns is three rules. In [network], each verb
 * and each protocol makes rules of its own.
 */
struct policy_rule {
	enum policy_section section;
	enum bailiff_verdict verdict; /* ALLOW, AUDIT or DENY, whatever the policy's mode */
	unsigned verbs;		      /* 1 << enum bailiff_verb: several of paths, or ACT alone */
	char *pattern;		      /* of paths: as written; of acts: which, for people */
	struct glob *glob;	      /* over paths, or the names of acts that abi.h has */
	size_t subject;		      /* 1 + index of the policy's; 0: for all */
	bool is_default;	      /* a subject's "default =" about paths */
	bool is_implied;	      /* no word of the file says it */
	unsigned line, column;
};

/* default = of [exec] or [file], whichever a verb belongs to; other sections' is a rule. */
struct policy_default {
	enum bailiff_verdict verdict; /* ALLOW where nothing is said */
	unsigned line, column;	      /* 0 where nothing is said */
};

/* [exec] scripts =: reading a file by an interpreter is executing it. */
enum policy_scripts {
	POLICY_SCRIPTS_NO,
	POLICY_SCRIPTS_YES,    /* where a pattern denies to execute the file */
	POLICY_SCRIPTS_STRICT, /* where the default does, too */
};

struct policy {
	char *name; /* the file's name without .ini */
	char *file; /* as given to policy_parse() */
	bool audit; /* mode = audit */
	unsigned severity;
	char *message; /* NULL where nothing is said */
	char **tags;
	size_t n_tags;
	bool host;	/* [select] host = yes */
	bool unknown;	/* it holds where no known container is: policy_of_unknown() */
	bool libraries; /* [exec] libraries = yes */
	bool revoke;	/* [file] revoke = yes */
	enum policy_scripts scripts;
	struct policy_subject *subjects;
	size_t n_subjects;
	struct policy_select *selects;
	size_t n_selects;
	struct policy_rule *rules;
	size_t n_rules;
	struct policy_default defaults[BAILIFF_N_VERBS];
};

/* The subject that a rule is for; NULL: it is for all. */
static inline const struct policy_subject *policy_rule_subject(const struct policy *policy,
							       const struct policy_rule *rule)
{
	return rule->subject ? &policy->subjects[rule->subject - 1] : NULL;
}

/* Stated limits; each is an error with its place when exceeded. */
#define POLICY_FILE_MAX (8u << 20) /* bytes */
#define POLICY_PATTERN_MAX 4096u   /* bytes; as long as a path may be */
#define POLICY_RULES_MAX 100000u   /* of one policy */
#define POLICY_SELECTS_MAX 10000u  /* of one policy */
#define POLICY_SUBJECTS_MAX 32u	   /* of all policies of one container: BAILIFF_SUBJECTS */
#define POLICY_MESSAGE_MAX 256u	   /* bytes */
#define POLICY_TAGS_MAX 64u	   /* of one policy */

/*
 * Parses and checks a policy. All mistakes are added to @diag, in the order of the file.
 * @file is read whole; policy_parse_text() takes the text as it is and @file for its name only.
 * Returns 0 and the policy in *@ret_policy (the caller frees it), 1 where the text has errors
 * (*@ret_policy is not touched), or a negative errno where it could not be read or memory ran out.
 */
int policy_parse_file(const char *file, struct diag *diag, struct policy **ret_policy);
int policy_parse_text(const char *file, const char *text, size_t n_text, struct diag *diag,
		      struct policy **ret_policy);

/*
 * Reads a regular file, up to one byte more than POLICY_FILE_MAX, which policy_parse_text()
 * refuses. Returns 0 and the text, which the caller frees (NULL where it is empty), or a negative
 * errno: -EISDIR for a directory, -EBADFD for what is neither file nor directory.
 */
int policy_read_file(const char *file, char **ret_text, size_t *ret_n);

/*
 * The policy that no file has: in cgroups of containers of which nothing is known, nothing is
 * executed. No file can give a policy that name. @file and @line say who asks for it. Returns 0 and
 * the policy, which the caller frees, or -ENOMEM.
 */
#define POLICY_UNKNOWN "(unknown)"
int policy_of_unknown(const char *file, unsigned line, struct policy **ret_policy);

/*
 * Opens a file that a policy may be in, for reading, without waiting for anyone. Returns a
 * descriptor, or a negative errno; -EISDIR and -EBADFD are for what is no regular file.
 */
int policy_open_file(const char *file);

/* Reads from there as policy_read_file() does; the descriptor stays the caller's. */
int policy_read_fd(int fd, char **ret_text, size_t *ret_n);

/* Frees a policy; NULL is none. Returns NULL. */
struct policy *policy_free(struct policy *policy);
