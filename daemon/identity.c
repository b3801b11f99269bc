/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "daemon/enforce.h"
#include "daemon/kernel.h"
#include "daemon/known.h"
#include "daemon/log.h"
#include "daemon/roots.h"
#include "daemon/store.h"
#include "policy/glob.h"
#include "policy/policy.h"

#define LOOKS_MAX 30000	    /* files that are looked at by their names, at a time */
#define LOOKS_A_SECOND 1000 /* ... on an average: after more of them it waits */
#define LOOKS_SOON 10000    /* ... where a cgroup came under policy */
#define TREE_MAX 50000	    /* files and folders in the trees that rules name */
#define TREES_EVERY 60	    /* seconds */
#define ROOTS_EVERY 10	    /* seconds */
#define ROOTS_SOON 3 /* seconds after a cgroup came under policy: its first process is there */

#define LINKS_MAX 4 /* of a path to the folder of a file */

struct identity {
	struct known known;
	struct roots roots;
	unsigned n_looks, since_look, since_trees, since_roots;
	__u64 n_bound;
	unsigned n_soon;
	/* what could not be told to the kernel, now and when that was logged last */
	struct missed {
		unsigned n;
		int error;
		char first[BAILIFF_PATH_MAX + 1];
	} missed, logged;
};

struct identity *identity_new(void)
{
	return calloc(1, sizeof(struct identity));
}

struct identity *identity_free(struct identity *identity)
{
	if (!identity)
		return NULL;
	known_clear(&identity->known);
	roots_clear(&identity->roots);
	free(identity);
	return NULL;
}

void identity_forget(struct identity *identity)
{
	identity->known.told = false;
}

static void miss(struct identity *identity, const char *path, int error)
{
	struct missed *missed = &identity->missed;

	if (missed->n++)
		return;
	missed->error = error;
	snprintf(missed->first, sizeof(missed->first), "%s", path);
}

static int open_from(int root, int at, const char *path, unsigned depth, struct stat *ret_folder);

/* Goes on behind a link, whose @rest has its '/'. One that leads upwards is none of a merged /usr.
 */
static int open_link(int root, int at, int link, const char *rest, unsigned depth,
		     struct stat *ret_folder)
{
	char path[PATH_MAX];
	ssize_t n = readlinkat(link, "", path, sizeof(path) - 1);

	if (n < 0)
		return -errno;
	path[n] = '\0';
	if (depth == LINKS_MAX || strstr(path, "..") || n + strlen(rest) >= sizeof(path))
		return -ELOOP;
	memcpy(path + n, rest, strlen(rest) + 1);
	return open_from(root, *path == '/' ? root : at, path, depth + 1, ret_folder);
}

/*
 * Opens what has a name in a container's root, as the container finds it: no link leads outside.
 * (openat2() is none of those calls that RestrictSUIDSGID= leaves.)
 */
static int open_from(int root, int at, const char *path, unsigned depth, struct stat *ret_folder)
{
	_cleanup_(close_fdp) int folder = -1;

	for (;;) {
		const char *name = path + strspn(path, "/"), *rest = name + strcspn(name, "/");
		char component[NAME_MAX + 1];
		struct stat st;
		int fd;

		if (rest - name > NAME_MAX || name == rest)
			return -ENOENT;
		snprintf(component, sizeof(component), "%.*s", (int)(rest - name), name);
		if (!*rest && fstat(folder < 0 ? at : folder, ret_folder) < 0)
			return -errno;
		fd = openat(folder < 0 ? at : folder, component, O_PATH | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			return -errno;
		if (!*rest)
			return fd;
		if (fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)) {
			int r = open_link(root, folder < 0 ? at : folder, fd, rest, depth,
					  ret_folder);

			close(fd);
			return r;
		}
		close_fd(folder);
		folder = fd;
		path = rest;
	}
}

/* *@ret_folder is the folder that has the name, or would have it; st_ino 0: there is none. */
static int open_in(int root, const char *path, struct stat *ret_folder)
{
	*ret_folder = (struct stat){};
	return open_from(root, root, path, 0, ret_folder);
}

static void look_at(struct identity *identity, int root, const char *path)
{
	struct stat st, folder;
	int fd = open_in(root, path, &folder), r = 0;

	identity->n_looks++;
	/* a folder that could not be searched says nothing of what is in it */
	if (folder.st_ino && (fd >= 0 || fd == -ENOENT))
		r = known_look(&identity->known, path, &folder);
	if (fd < 0 && fd != -ENOENT && fd != -ENOTDIR && fd != -ELOOP)
		r = fd;
	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode) && st.st_nlink > 1)
		r = known_add(&identity->known, &st, path, &folder);
	if (r < 0)
		miss(identity, path, r);
	close_fd(fd);
}

/* The kernel's own file systems have no links, and much that may not be looked at. */
static bool has_links(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type != PROC_SUPER_MAGIC && fs.f_type != SYSFS_MAGIC &&
	       fs.f_type != CGROUP2_SUPER_MAGIC;
}

/* Files with several names in a tree. */
static void look_beneath(struct identity *identity, int root, const char *folder, unsigned *n)
{
	struct stat above;
	int fd = open_in(root, folder, &above), r;
	char from[64], path[BAILIFF_PATH_MAX + 1];
	char *const paths[] = {from, NULL};
	FTSENT *entry;
	FTS *tree = NULL;

	if (fd < 0)
		return;
	snprintf(from, sizeof(from), "/proc/self/fd/%d/.", fd);
	if (has_links(fd))
		tree = fts_open(paths, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
	while (tree && *n < TREE_MAX && (entry = fts_read(tree))) {
		*n += entry->fts_info != FTS_DP;
		if (entry->fts_info == FTS_DNR)
			miss(identity, folder, -entry->fts_errno);
		if ((entry->fts_info != FTS_F && entry->fts_info != FTS_DEFAULT) ||
		    entry->fts_statp->st_nlink < 2)
			continue;
		snprintf(path, sizeof(path), "%s%s", folder, entry->fts_path + strlen(from));
		r = known_add(&identity->known, entry->fts_statp, path, NULL);
		if (r < 0)
			miss(identity, path, r);
	}
	if (*n >= TREE_MAX)
		miss(identity, folder, -E2BIG);
	if (tree)
		fts_close(tree);
	close(fd);
}

static bool is_about_files(const struct policy_rule *rule)
{
	return rule->verdict != BAILIFF_ALLOW && !rule->is_default && rule->pattern[0] == '/' &&
	       rule->verbs & ((1u << BAILIFF_N_VERBS) - 1);
}

struct looking {
	struct identity *identity;
	int root;
	unsigned *n_tree; /* NULL: trees are not looked at */
};

static int look_for_name(void *userdata, const char *path, bool tree)
{
	struct looking *looking = userdata;
	struct identity *identity = looking->identity;

	if (tree && looking->n_tree)
		look_beneath(identity, looking->root, path, looking->n_tree);
	if (tree || strlen(path) >= BAILIFF_PATH_MAX)
		return 0;
	if (identity->n_looks < LOOKS_MAX)
		look_at(identity, looking->root, path);
	else
		miss(identity, path, -E2BIG);
	return 0;
}

/* What the rules of one policy are about, in one root; trees in the host's alone. */
static void look_for(struct identity *identity, const struct policy *policy, int root,
		     unsigned *n_tree)
{
	struct looking looking = {identity, root, n_tree};

	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (is_about_files(rule) &&
		    glob_names(rule->glob, look_for_name, &looking) == -E2BIG)
			miss(identity, rule->pattern, -E2BIG);
	}
}

/* The host: units have it, or most of it, too, and are known before they start. */
static void look_at_host(struct identity *identity, const struct store *store, bool trees)
{
	_cleanup_(close_fdp) int root = open(ROOTS_HOST, O_PATH | O_DIRECTORY | O_CLOEXEC);
	unsigned n_tree = 0;

	if (root < 0) {
		miss(identity, "/", -errno);
		return;
	}
	for (size_t i = 0; i < store->n_entries; i++)
		look_for(identity, store->entries[i].text->policy, root, trees ? &n_tree : NULL);
}

/* One root, and what its policies are found in. */
struct rooted {
	struct identity *identity;
	const struct store *store;
	int root;
};

static void look_for_policy(void *userdata, const char *name)
{
	const struct rooted *rooted = userdata;
	const struct store_entry *entry = store_find(rooted->store, name);

	if (entry)
		look_for(rooted->identity, entry->text->policy, rooted->root, NULL);
}

static void look_at_roots(struct identity *identity, const struct enforce *enforce,
			  const struct store *store)
{
	/* whose hard links they are is not known */
	if (identity->roots.full)
		miss(identity, "/proc/*/root", -E2BIG);
	for (size_t i = 0; i < identity->roots.n; i++) {
		const struct root *root = &identity->roots.of[i];
		_cleanup_(close_fdp) int fd = roots_open(root);
		struct rooted rooted = {identity, store, fd};

		/* its process is gone: others of the cgroup are found later */
		if (fd >= 0)
			enforce_each_policy(enforce, root->slot, look_for_policy, &rooted);
	}
}

/* Whether a cgroup came under policy lately. */
static bool is_soon(struct identity *identity, struct kernel *kernel)
{
	__u64 n_bound = identity->n_bound;

	(void)kernel_stat_get(kernel, BAILIFF_STAT_BOUND, &n_bound);
	if (n_bound != identity->n_bound)
		identity->n_soon = ROOTS_SOON;
	else if (identity->n_soon)
		identity->n_soon--;
	identity->n_bound = n_bound;
	return identity->n_soon;
}

static void log_missed(struct identity *identity)
{
	const struct missed *missed = &identity->missed;

	/* after other rules were loaded it can be other files, be they fewer */
	if (missed->n &&
	    (missed->n > identity->logged.n || strcmp(missed->first, identity->logged.first) != 0))
		log_print(LOG_ERR,
			  "%u files or folders that rules name cannot be looked at, or are more "
			  "than can be known; the first: %s (%s). Hard links of them have the "
			  "answers of their own places",
			  missed->n, missed->first, strerror(-missed->error));
	identity->logged = *missed;
}

struct rules {
	struct identity *identity;
	const struct store *store;
};

/* Names for which there is no room are told as if they could not be looked at. */
static void leave_out(void *userdata, const char *path, int error)
{
	const struct rules *rules = userdata;

	miss(rules->identity, path, error);
}

static int same_name(void *userdata, const char *path, bool tree)
{
	return !tree && strcmp(userdata, path) == 0;
}

static bool is_named(void *userdata, const char *path)
{
	const struct rules *rules = userdata;

	for (size_t i = 0; i < rules->store->n_entries; i++) {
		const struct policy *policy = rules->store->entries[i].text->policy;

		for (size_t k = 0; k < policy->n_rules; k++)
			if (is_about_files(&policy->rules[k]) &&
			    glob_names(policy->rules[k].glob, same_name, (void *)path) > 0)
				return true;
	}
	return false;
}

static void look(struct identity *identity, struct kernel *kernel, const struct enforce *enforce,
		 const struct store *store, bool trees)
{
	struct rules rules = {identity, store};
	const struct known_rules known_rules = {is_named, leave_out, &rules};
	int r;

	identity->n_looks = 0;
	identity->missed.n = 0;
	(void)known_begin(&identity->known, !trees);
	look_at_host(identity, store, trees);
	look_at_roots(identity, enforce, store);
	r = known_tell(&identity->known, kernel, &known_rules);
	if (r < 0)
		miss(identity, "/", r);
	if (trees)
		log_missed(identity);
}

void identity_look(struct identity *identity, struct kernel *kernel, const struct enforce *enforce,
		   const struct store *store, bool changed)
{
	bool soon = is_soon(identity, kernel) || changed;
	bool trees = changed || ++identity->since_trees >= TREES_EVERY;
	unsigned wait = identity->n_looks / (soon ? LOOKS_SOON : LOOKS_A_SECOND);

	if (soon || ++identity->since_roots >= ROOTS_EVERY) {
		identity->since_roots = 0;
		roots_find(&identity->roots, kernel);
	}
	if (!trees && identity->since_look++ < wait)
		return;
	identity->since_look = 0;
	if (trees)
		identity->since_trees = 0;
	look(identity, kernel, enforce, store, trees);
}
