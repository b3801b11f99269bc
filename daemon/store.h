/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/util.h"
#include "policy/containers.h"
#include "policy/diag.h"
#include "policy/policy.h"

/*
 * The policies that should be in force: what the policy folders say, and where a file has errors,
 * what it said when it had none.
 */

#define STORE_FOLDER_ETC "/etc/bailiff/policies.d"
#define STORE_FOLDER_RUN "/run/bailiff/policies.d"
#define STORE_FOLDER_TRIAL "/run/bailiff/trial"		/* see trial.h */
#define STORE_FOLDER_LAST "/var/lib/bailiff/policies.d" /* as last without errors */
#define STORE_POLICIES_MAX 4096

/* One file's content, shared by the stores that hold it. */
struct store_text {
	unsigned n_owners;
	char *text;
	size_t n_text;
	__u64 digest; /* of name and text: the same means the same policy */
	struct policy *policy;
	bool kept;	  /* the folder of last contents has it, or it is of no file */
	bool unused_told; /* that some of its lines change no answer */
};

struct store_entry {
	char *name; /* the policy's */
	struct store_text *text;
	bool stale; /* the file has errors now; this is what it said before */
};

/* A file that is not in force as it is. */
struct store_refusal {
	char *file;
	__u64 digest; /* of what it said; 0: it could not be read */
	bool written; /* somebody writes to it: it is no fault of the file */
};

/* Entries are in the order of their names. */
struct store {
	struct store_entry *entries;
	size_t n_entries;
	struct store_refusal *refusals;
	size_t n_refusals;
	bool written; /* some file is being written, and should be looked at again */
	bool unread;  /* some folder could not be read */
	struct containers containers; /* what lines of [select] are about; see containers_begin() */
	size_t n_asking;	      /* policies with such lines, those that were left out too */
};

/* Tells versions of a file apart: the same path and text mean the same policy. */
__u64 store_digest(const char *file, const char *text, size_t n);

/* Whether a file in a folder of policies is one, by its name. */
bool store_is_policy(const char *name);

/*
 * Adds a policy that no file has. It is taken, also on failure. @digest tells its versions apart:
 * one that @previous has is used again. Returns 0 or -ENOMEM.
 */
int store_imply(struct store *store, const struct store *previous, struct policy *policy,
		__u64 digest);

/* Puts all policies into audit mode. */
void store_audit(struct store *store);

/*
 * Reads the folders (NULL-terminated; of two files of one name the first folder's stands). Mistakes
 * go to @diag. @previous, and behind it the files in @last (NULL: none), say what holds for a file
 * with errors, or that is being written, and for all of a folder that cannot be read or is not
 * there: that must not look like a folder without policies. Only that of trials may be missing.
 * Returns 0 and the store, which the caller frees, or a negative errno: there is no memory, or no
 * descriptor.
 */
int store_load(const char *const *folders, const struct store *previous, const char *last,
	       struct diag *diag, struct store **ret_store);

/* Returns a number that is another one when some policy in @folders was changed, without reading
 * it. */
__u64 store_glance(const char *const *folders);

/* Makes the folder @last hold what @store holds. Returns 0, or a negative errno: not all is kept.
 */
int store_keep(const struct store *store, const char *last);

/*
 * Takes the policy that @file says out of @store, because a limit is exceeded, and puts the one
 * that
 * @previous has in its place, if it is another. Where that policy is in force as it is, one that is
 * new, or has changed, is taken out instead. Says so in @diag. Returns whether there was one.
 */
bool store_refuse(struct store *store, const struct store *previous, const char *file,
		  struct diag *diag);

/*
 * Logs which lines of policies that are new in @store change no answer, once for each text. It
 * compiles them again, and so comes after they are in force.
 */
void store_tell_unused(struct store *store);

/* Whether two stores have the same policies, with the same texts. */
bool store_is_same(const struct store *store, const struct store *other);

/* The entry of that name, or NULL. */
const struct store_entry *store_find(const struct store *store, const char *name);

struct store *store_free(struct store *store);
DEFINE_FREEP(struct store, store_free)
