/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * The kernel's answers against the slow matcher's (selftests/unit/policy/oracle.h), in a VM where
 * bailiffd runs: random policies, a random tree, random acts of a process under the policies. A
 * round is one set of policies and one tree; all of it follows from the round's seed.
 *
 *	compare.c	rounds, and what is a difference
 *	policies.c	random policies: as files, and parsed
 *	force.c		waiting until what was written is in force
 *	verdict.c	what the slow matcher says of a name, or of a move
 *	tree.c		the tree, and names in it
 *	act.c		the acts: made at random, done, and foretold
 *	probe.c		the process that does them under the policies
 */

#define ROOT "/run/cmp"
#define MARKS "/run/cmp-marks"
#define N_CGROUPS 2
#define POLICIES_MAX 3

enum kind {
	ACT_OPEN,
	ACT_UNLINK,
	ACT_RMDIR,
	ACT_MKDIR,
	ACT_MKNOD,
	ACT_SYMLINK,
	ACT_LINK,
	ACT_RENAME,
	ACT_TRUNCATE,
	ACT_CHMOD,
	ACT_CHOWN,
	ACT_UTIMES,
	ACT_SETXATTR,
	ACT_REMOVEXATTR,
	ACT_EXEC,
	N_KINDS,
};

struct act {
	enum kind kind;
	int flags;
	unsigned mode;
	char path[256], other[256];
};

/* What the policies say to an act. */
struct foretold {
	bool deny;	   /* for whichever reason */
	bool deny_changes; /* every change that the act would make: it must leave no trace */
	bool beneath;	   /* something that is there is loosened, by going through all of it */
	char why[PATH_MAX + 64];
};

struct policy;
struct policies {
	size_t n;
	char *texts[POLICIES_MAX];
	struct policy *parsed[POLICIES_MAX];
	bool selects[POLICIES_MAX][N_CGROUPS];
};

struct probe;
struct verdicts;

/* act.c: act_do() answers 0 or an errno. An exec that finds no program to run, and so was allowed
 * to, is 0. */
const char *act_name(enum kind kind);
void act_random(struct act *act);
void act_print(const struct act *act);
int act_do(const struct act *act);
void act_foretell(const struct act *act, struct verdicts *verdicts, struct foretold *ret);

/* tree.c: paths are relative to ROOT, or whole. */
void tree_make(void);
void tree_remove(void);
void tree_grow(void);
void tree_name(char *path, size_t size);
/* The name that a path leads to, its last component followed or not. False: to none. */
bool tree_resolve(const char *path, bool follow, char ret_name[PATH_MAX]);
/* Calls for everything beneath a directory, with what follows the directory's name, until true. */
bool tree_beneath(const char *name, bool (*each)(const char *rest, void *data), void *data);

/* policies.c */
void policies_random(struct policies *policies);
void policies_write(const struct policies *policies);
void policies_print(const struct policies *policies);
void policies_release(struct policies *policies);
void policy_write(const char *name, const char *text);

/* verdict.c: of the policies of one cgroup, or of two, which are asked each by themselves. */
struct verdicts *verdicts_new(const struct policies *policies, const bool cgroups[N_CGROUPS]);
void verdicts_free(struct verdicts *verdicts);
bool verdict_denies(struct verdicts *verdicts, unsigned verb, const char *name);
/* By the documented rule (docs/threat-model.md, "Directories that are renamed"). */
bool verdict_denies_move(struct verdicts *verdicts, const char *from, const char *to,
			 bool directory);
/* By going through what is there. */
bool verdict_loosens(struct verdicts *verdicts, const char *from, const char *to);

/* probe.c: a process that does acts: in one cgroup, or moved on from there to a second one. */
struct probe *probe_start(const char *cgroup, const char *next_cgroup);
int probe_do(struct probe *probe, const struct act *act);
void probe_stop(struct probe *probe);

/* force.c: returns false where that takes too long. */
void force_start(void);
bool force_wait(unsigned long generation);
void force_stop(void);

void die(const char *what) __attribute__((noreturn));
