/* SPDX-License-Identifier: Apache-2.0 */

/* Reads the folders of policies. */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/policy-file.h"
#include "daemon/store-internal.h"
#include "daemon/trial.h"

#define MISSED_LOOKS 3

/* What is no fault of a file, and ends the look at all of them. */
static bool is_want(int r)
{
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE;
}

/*
 * Reads and parses a file. Returns 0 and what it says; 1 where it has errors, or cannot be read as
 * a policy (then *@ret_digest is 0), and why in @diag; or -ENOENT, -ETXTBSY (somebody writes to
 * it), -ENOMEM, -EMFILE or -ENFILE.
 */
static int text_load(const char *file, struct store_text *previous, struct diag *diag,
		     struct store_text **ret_text, __u64 *ret_digest)
{
	_cleanup_(freep) char *content = NULL;
	_cleanup_(store_text_releasep) struct store_text *text = NULL;
	struct stat st;
	size_t n = 0;
	int r;

	*ret_digest = 0;
	r = policy_file_read(file, &content, &n);

	/* no fault of the file: it may well be read later, or is gone (and no link to nothing) */
	if (is_want(r) || r == -ETXTBSY ||
	    (r == -ENOENT && !(lstat(file, &st) == 0 && S_ISLNK(st.st_mode))))
		return r;
	if (r < 0)
		return diag_add(diag, DIAG_ERROR, file, 0, 0, NULL, "cannot be read: %s",
				r == -EBADFD ? "not a regular file" : strerror(-r))
			       ?: 1;
	text = calloc(1, sizeof(*text));
	if (!text)
		return -ENOMEM;
	text->n_owners = 1;
	*ret_digest = text->digest = store_digest(file, content, n);
	if (previous && previous->digest == text->digest) {
		previous->n_owners++;
		*ret_text = previous;
		return 0;
	}
	r = policy_parse_text(file, content, n, diag, &text->policy);
	if (r)
		return r;
	text->text = TAKE_PTR(content);
	text->n_text = n;
	*ret_text = TAKE_PTR(text);
	return 0;
}

/* Says that somebody writes to a file where that goes on: most often it is over in an instant. */
static int note_written(struct store *store, const char *file, const struct store *previous,
			struct diag *diag)
{
	bool again = false;

	for (size_t i = 0; previous && i < previous->n_refusals; i++)
		again |= previous->refusals[i].written &&
			 strcmp(previous->refusals[i].file, file) == 0;
	store->written = true;
	if (again &&
	    diag_add(diag, DIAG_WARNING, file, 0, 0, NULL,
		     "is open for writing: what it said before holds until it is closed") < 0)
		return -ENOMEM;
	return store_add_refusal(store, file, 0, true);
}

/* What holds for a file with errors: what was in force, or what it said before this start. */
static int add_stale(struct store *store, const char *name, const struct store_entry *before,
		     const char *last)
{
	_cleanup_(store_text_releasep) struct store_text *text = NULL;
	struct diag ignored = {};
	char file[PATH_MAX];
	__u64 digest;
	int r;

	if (before)
		return store_add_entry(store, name, before->text, true);
	if (!last ||
	    snprintf(file, sizeof(file), "%s/%s" STORE_SUFFIX, last, name) >= (int)sizeof(file))
		return 0;
	r = text_load(file, NULL, &ignored, &text, &digest);
	diag_clear(&ignored);
	if (is_want(r))
		return r;
	if (!text)
		return 0;
	text->kept = true; /* that is where it is from */
	return store_add_entry(store, name, text, true);
}

/* What a file said before, if it is none that was on trial instead of it. */
static const struct store_entry *find_before(const struct store *previous, const char *folder,
					     const char *name)
{
	const struct store_entry *before = previous ? store_find(previous, name) : NULL;

	return before && store_is_from(before, TRIAL_FOLDER) && strcmp(folder, TRIAL_FOLDER) != 0
		       ? NULL
		       : before;
}

/* Whether one more fits. What is in force has its place, whatever name a new one has. */
static bool has_room(const struct store *store, const struct store *previous,
		     const struct store_entry *before)
{
	size_t n = previous ? previous->n_entries : 0;

	if (before || !previous || store->n_entries + n < STORE_POLICIES_MAX)
		return store->n_entries < STORE_POLICIES_MAX;
	for (size_t i = 0; i < store->n_entries; i++)
		n += !store_find(previous, store->entries[i].name);
	return n < STORE_POLICIES_MAX;
}

static int add_file(struct store *store, const char *folder, const char *name,
		    const struct store *previous, const char *last, struct diag *diag)
{
	const struct store_entry *before = find_before(previous, folder, name);
	_cleanup_(store_text_releasep) struct store_text *text = NULL;
	char file[PATH_MAX];
	__u64 digest;
	int r;

	if (snprintf(file, sizeof(file), "%s/%s" STORE_SUFFIX, folder, name) >= (int)sizeof(file))
		return -ENAMETOOLONG;
	if (!has_room(store, previous, before)) {
		r = diag_add(diag, DIAG_ERROR, file, 0, 0, NULL,
			     "is one policy too many: %d are the limit", STORE_POLICIES_MAX);
		return r < 0 ? r : store_add_refusal(store, file, 0, false);
	}
	r = text_load(file, before ? before->text : NULL, diag, &text, &digest);
	if (r == -ENOENT)
		return 0; /* add_missed() looks where to */
	if (is_want(r))
		return r;
	if (r != 0 || !text) {
		r = r == -ETXTBSY ? note_written(store, file, previous, diag)
				  : store_add_refusal(store, file, digest, false);
		return r < 0 ? r : add_stale(store, name, before, last);
	}
	return store_add_entry(store, name, text, false);
}

/* Says that a folder cannot be read, or is not there. Returns 1, or 0 where that is as it should.
 */
static int note_unread(const char *folder, int error, struct diag *diag)
{
	/* most of the time there is no trial */
	if (error == ENOENT && strcmp(folder, TRIAL_FOLDER) == 0)
		return 0;
	return diag_add(diag, DIAG_ERROR, folder, 0, 0, NULL,
			"cannot be read: %s; its policies stay as they were%s", strerror(error),
			error == ENOENT ? " (to have none, make the folder and leave it empty)"
					: "")
		       ?: 1;
}

/* Returns 0; 1 where the folder could not be read; or a negative errno. */
static int add_folder(struct store *store, const char *folder, const struct store *previous,
		      const char *last, struct diag *diag)
{
	struct dirent **names = NULL;
	int n, r = 0;

	n = scandir(folder, &names, store_filter, alphasort);
	if (n < 0)
		return is_want(-errno) ? -errno : note_unread(folder, errno, diag);
	for (int i = 0; i < n; i++) {
		char *name = names[i]->d_name;

		name[strlen(name) - strlen(STORE_SUFFIX)] = '\0';
		for (size_t j = 0; j < store->n_entries && r == 0; j++)
			if (strcmp(store->entries[j].name, name) == 0)
				r = diag_add(diag, DIAG_WARNING, folder, 0, 0, NULL,
					     "%s" STORE_SUFFIX
					     " is left out: another folder's stands",
					     name)
					    ?: 1;
		if (r == 0)
			r = add_file(store, folder, name, previous, last, diag);
		free(names[i]);
		r = r > 0 ? 0 : r;
	}
	free(names);
	return r;
}

static __u64 add_to_sum(__u64 sum, __u64 number)
{
	return (sum ^ number) * 0x100000001b3;
}

__u64 store_glance(const char *const *folders)
{
	__u64 sum = 0xcbf29ce484222325;

	for (; *folders; folders++) {
		struct dirent **names = NULL;
		int n = scandir(*folders, &names, store_filter, alphasort);

		for (int i = 0; i < n; i++) {
			char path[PATH_MAX];
			struct stat st = {};

			snprintf(path, sizeof(path), "%s/%s", *folders, names[i]->d_name);
			(void)stat(path, &st);
			sum = add_to_sum(
				sum, store_digest("", names[i]->d_name, strlen(names[i]->d_name)));
			sum = add_to_sum(sum, (__u64)st.st_ino);
			sum = add_to_sum(sum, (__u64)st.st_size);
			sum = add_to_sum(sum, (__u64)st.st_ctim.tv_sec);
			sum = add_to_sum(sum, (__u64)st.st_ctim.tv_nsec);
			free(names[i]);
		}
		free(names);
	}
	return sum;
}

static int compare_entries(const void *a, const void *b)
{
	const struct store_entry *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static void store_sort(struct store *store)
{
	if (store->n_entries)
		qsort(store->entries, store->n_entries, sizeof(*store->entries), compare_entries);
}

int store_imply(struct store *store, const struct store *previous, struct policy *policy,
		__u64 digest)
{
	const struct store_entry *before = store_find(previous, policy->name);
	struct store_text *text = before && before->text->digest == digest ? before->text : NULL;
	int r;

	if (text) {
		policy_free(policy);
		text->n_owners++;
	} else {
		text = calloc(1, sizeof(*text));
		if (!text) {
			policy_free(policy);
			return -ENOMEM;
		}
		*text = (struct store_text){.n_owners = 1, .digest = digest, .policy = policy};
		text->kept = text->unused_told = true;
	}
	r = store_add_entry(store, text->policy->name, text, false);
	store_text_release(text);
	store_sort(store);
	return r;
}

/* What a store is read from. */
struct reading {
	const char *const *folders;
	const struct store *previous;
	const char *last;
	struct diag *diag;
	size_t n_shown;	 /* by the folders: entries that are sorted */
	unsigned unread; /* folders that could not be read: 1 << index */
};

/* Adds what a policy said before if it can be from a folder that could not be read. */
static int add_unread(struct store *store, const struct reading *reading, const char *name)
{
	int r = 0;

	for (size_t i = 0; reading->folders[i] && reading->unread >> i && r == 0; i++) {
		const struct store_entry *before;

		if (!(reading->unread >> i & 1))
			continue;
		before = find_before(reading->previous, reading->folders[i], name);
		/* of what it said before this start nobody knows in which folder */
		if (!before || store_is_from(before, reading->folders[i]) ||
		    (reading->last && store_is_from(before, reading->last)))
			return add_stale(store, name, before, reading->last);
	}
	return r;
}

/* Adds the policy of that name if the folders did not show it, and it is there all the same. */
static int add_missed(struct store *store, const struct reading *reading, const char *name)
{
	const struct store shown = {.entries = store->entries, .n_entries = reading->n_shown};
	const char *const *folder;
	size_t n = store->n_entries;
	int r = 0;

	if (store_find(&shown, name))
		return 0;
	/* more than once: it can be moved to where it was looked for already */
	for (int i = 0; i < MISSED_LOOKS; i++)
		for (folder = reading->folders; *folder && r >= 0 && store->n_entries == n;
		     folder++)
			r = add_file(store, *folder, name, reading->previous, reading->last,
				     reading->diag);
	return r >= 0 && store->n_entries == n ? add_unread(store, reading, name) : r;
}

/*
 * A file that is renamed over another one, or moved to another folder, while the folders are read
 * can be missed under its old and its new name: so what was there before is asked for by its name.
 */
static int add_all_missed(struct store *store, const struct reading *reading)
{
	const struct store *previous = reading->previous;
	struct dirent **names = NULL;
	int n = 0, r = 0;

	for (size_t i = 0; previous && i < previous->n_entries && r >= 0; i++)
		r = add_missed(store, reading, previous->entries[i].name);
	if (reading->last && !(previous && previous->n_entries))
		n = scandir(reading->last, &names, store_filter, alphasort);
	for (int i = 0; i < n; i++) {
		names[i]->d_name[strlen(names[i]->d_name) - strlen(STORE_SUFFIX)] = '\0';
		if (r >= 0)
			r = add_missed(store, reading, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return r;
}

int store_load(const char *const *folders, const struct store *previous, const char *last,
	       struct diag *diag, struct store **ret_store)
{
	_cleanup_(store_freep) struct store *store = calloc(1, sizeof(*store));
	struct reading reading = {folders, previous, last, diag, 0, 0};
	int r = 0;

	if (!store)
		return -ENOMEM;
	for (size_t i = 0; folders[i] && r >= 0; i++) {
		r = add_folder(store, folders[i], previous, last, diag);
		reading.unread |= r > 0 ? 1u << i : 0;
	}
	store->unread = reading.unread;
	store_sort(store);
	reading.n_shown = store->n_entries;
	if (r >= 0)
		r = add_all_missed(store, &reading);
	if (r < 0)
		return r;
	store_sort(store);
	*ret_store = TAKE_PTR(store);
	return 0;
}
