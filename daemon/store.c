/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "daemon/log.h"
#include "daemon/trial.h"
#include "policy/unused.h"

#define SUFFIX ".ini"
#define MISSED_LOOKS 3

static void text_release(struct store_text *text)
{
	if (!text || --text->n_owners)
		return;
	policy_free(text->policy);
	free(text->text);
	free(text);
}
DEFINE_FREEP(struct store_text, text_release)

void store_tell_unused(struct store *store)
{
	_cleanup_(diag_clear) struct diag diag = {};

	for (size_t i = 0; i < store->n_entries; i++) {
		struct store_text *text = store->entries[i].text;

		if (text->unused_told)
			continue;
		text->unused_told = true;
		if (policy_unused(text->policy, &diag) < 0)
			log_print(LOG_WARNING,
				  "no memory to look for lines of %s that have no effect, "
				  "ignoring",
				  text->policy->file);
	}
	diag_sort(&diag, 0);
	log_diag(&diag);
}

struct store *store_free(struct store *store)
{
	if (!store)
		return NULL;
	for (size_t i = 0; i < store->n_entries; i++) {
		text_release(store->entries[i].text);
		free(store->entries[i].name);
	}
	for (size_t i = 0; i < store->n_refusals; i++)
		free(store->refusals[i].file);
	free(store->refusals);
	containers_release(&store->containers);
	free(store->entries);
	free(store);
	return NULL;
}

static int compare_entry(const void *name, const void *entry)
{
	return strcmp(name, ((const struct store_entry *)entry)->name);
}

const struct store_entry *store_find(const struct store *store, const char *name)
{
	/* of nothing there is no array, and bsearch() wants one even then */
	if (!store->n_entries)
		return NULL;
	return bsearch(name, store->entries, store->n_entries, sizeof(*store->entries),
		       compare_entry);
}

static int store_add(struct store *store, const char *name, struct store_text *text, bool stale)
{
	struct store_entry *entries, *entry;

	entries = reallocarray(store->entries, store->n_entries + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	store->entries = entries;
	entry = &entries[store->n_entries];
	entry->name = strdup(name);
	if (!entry->name)
		return -ENOMEM;
	entry->text = text;
	entry->stale = stale;
	text->n_owners++;
	store->n_entries++;
	return 0;
}

void store_audit(struct store *store)
{
	for (size_t i = 0; i < store->n_entries; i++)
		store->entries[i].text->policy->audit = true;
}

static int add_refusal(struct store *store, const char *file, __u64 digest)
{
	struct store_refusal *refusals =
		reallocarray(store->refusals, store->n_refusals + 1, sizeof(*refusals));

	if (!refusals)
		return -ENOMEM;
	store->refusals = refusals;
	refusals[store->n_refusals].digest = digest;
	refusals[store->n_refusals].file = strdup(file);
	return refusals[store->n_refusals].file ? (store->n_refusals++, 0) : -ENOMEM;
}

/* FNV-1a, 64 bits: no defence against their author. */
__u64 store_digest(const char *file, const char *text, size_t n)
{
	__u64 sum = 0xcbf29ce484222325;

	for (; *file; file++)
		sum = (sum ^ (unsigned char)*file) * 0x100000001b3;
	sum *= 0x100000001b3;
	for (size_t i = 0; i < n; i++)
		sum = (sum ^ (unsigned char)text[i]) * 0x100000001b3;
	return sum;
}

/*
 * Reads and parses a file. Returns 0 and what it says; 1 where it has errors, or cannot be read as
 * a policy (then *@ret_digest is 0), and why in @diag; or -ENOENT, -ENOMEM, -EMFILE or -ENFILE.
 */
static int text_load(const char *file, struct store_text *previous, struct diag *diag,
		     struct store_text **ret_text, __u64 *ret_digest)
{
	_cleanup_(freep) char *content = NULL;
	_cleanup_(text_releasep) struct store_text *text = NULL;
	struct stat st;
	size_t n = 0;
	int r;

	*ret_digest = 0;
	r = policy_read_file(file, &content, &n);

	/* no fault of the file: it may well be read later, or is gone (and no link to nothing) */
	if (r == -ENOMEM || r == -EMFILE || r == -ENFILE ||
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

/* What holds for a file with errors: what was in force, or what it said before this start. */
static int add_stale(struct store *store, const char *name, const struct store_entry *before,
		     const char *last)
{
	_cleanup_(text_releasep) struct store_text *text = NULL;
	struct diag ignored = {};
	char file[PATH_MAX];
	__u64 digest;
	int r;

	if (before)
		return store_add(store, name, before->text, true);
	if (!last || snprintf(file, sizeof(file), "%s/%s" SUFFIX, last, name) >= (int)sizeof(file))
		return 0;
	r = text_load(file, NULL, &ignored, &text, &digest);
	diag_clear(&ignored);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (!text)
		return 0;
	text->kept = true; /* that is where it is from */
	return store_add(store, name, text, true);
}

static int add_file(struct store *store, const char *folder, const char *name,
		    const struct store *previous, const char *last, struct diag *diag)
{
	const struct store_entry *before = previous ? store_find(previous, name) : NULL;
	_cleanup_(text_releasep) struct store_text *text = NULL;
	char file[PATH_MAX];
	__u64 digest;
	int r;

	if (snprintf(file, sizeof(file), "%s/%s" SUFFIX, folder, name) >= (int)sizeof(file))
		return -ENAMETOOLONG;
	if (store->n_entries >= STORE_POLICIES_MAX)
		return diag_add(diag, DIAG_ERROR, file, 0, 0, NULL,
				"is one policy too many: %d are the limit", STORE_POLICIES_MAX);
	r = text_load(file, before ? before->text : NULL, diag, &text, &digest);
	if (r == -ENOENT)
		return 0; /* add_missed() looks where to */
	if (r < 0)
		return r;
	if (r > 0 || !text) {
		r = add_refusal(store, file, digest);
		return r < 0 ? r : add_stale(store, name, before, last);
	}
	return store_add(store, name, text, false);
}

bool store_is_policy(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > strlen(SUFFIX) &&
	       strcmp(name + n - strlen(SUFFIX), SUFFIX) == 0;
}

static int is_policy(const struct dirent *entry)
{
	return store_is_policy(entry->d_name);
}

static int add_folder(struct store *store, const char *folder, const struct store *previous,
		      const char *last, struct diag *diag)
{
	struct dirent **names = NULL;
	int n, r = 0;

	n = scandir(folder, &names, is_policy, alphasort);
	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		char *name = names[i]->d_name;

		name[strlen(name) - strlen(SUFFIX)] = '\0';
		for (size_t j = 0; j < store->n_entries && r == 0; j++)
			if (strcmp(store->entries[j].name, name) == 0)
				r = diag_add(diag, DIAG_WARNING, folder, 0, 0, NULL,
					     "%s" SUFFIX " is left out: another folder's stands",
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
		int n = scandir(*folders, &names, is_policy, alphasort);

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
	r = store_add(store, text->policy->name, text, false);
	text_release(text);
	store_sort(store);
	return r;
}

/* What a store is read from. */
struct reading {
	const char *const *folders;
	const struct store *previous;
	const char *last;
	struct diag *diag;
	size_t n_shown; /* by the folders: entries that are sorted */
};

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
	return r;
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
		n = scandir(reading->last, &names, is_policy, alphasort);
	for (int i = 0; i < n; i++) {
		names[i]->d_name[strlen(names[i]->d_name) - strlen(SUFFIX)] = '\0';
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
	struct reading reading = {folders, previous, last, diag, 0};
	int r = 0;

	if (!store)
		return -ENOMEM;
	for (size_t i = 0; folders[i] && r >= 0; i++)
		r = add_folder(store, folders[i], previous, last, diag);
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

/* Whether an entry is what @previous has of that name. */
static bool is_unchanged(const struct store_entry *entry, const struct store *previous)
{
	const struct store_entry *before = store_find(previous, entry->name);

	return before && before->text == entry->text;
}

bool store_is_same(const struct store *store, const struct store *other)
{
	bool same = store->n_entries == other->n_entries;

	for (size_t i = 0; same && i < store->n_entries; i++)
		same = is_unchanged(&store->entries[i], other);
	return same;
}

/* Whether another policy has to give way first. */
static bool may_stay(const struct store_entry *entry, const struct store *previous)
{
	return entry->text->policy->unknown || is_unchanged(entry, previous);
}

static void refuse_entry(struct store *store, const struct store *previous, size_t i)
{
	struct store_entry *entry = &store->entries[i];
	const struct store_entry *before = store_find(previous, entry->name);
	struct store_text *refused = entry->text;

	if (before && before->text != refused) {
		before->text->n_owners++;
		entry->text = before->text;
		entry->stale = true;
	} else {
		free(entry->name);
		store->n_entries--;
		memmove(entry, entry + 1, (store->n_entries - i) * sizeof(*entry));
	}
	text_release(refused);
}

bool store_refuse(struct store *store, const struct store *previous, const char *file,
		  struct diag *diag)
{
	size_t n = store->n_entries, blamed = n;

	for (size_t i = 0; i < n; i++)
		if (strcmp(store->entries[i].text->policy->file, file) == 0)
			blamed = i;
	if (blamed == n)
		return false;
	for (size_t i = 0; i < n && may_stay(&store->entries[blamed], previous); i++)
		if (!may_stay(&store->entries[i], previous))
			blamed = i;
	/* nothing takes that out: what follows from it is that containers do not start */
	if (store->entries[blamed].text->policy->unknown)
		return false;
	file = store->entries[blamed].text->policy->file;
	/* without memory it is told as waiting */
	(void)add_refusal(store, file, store->entries[blamed].text->digest);
	(void)diag_add(diag, DIAG_ERROR, file, 0, 0, NULL,
		       "is not put into force, so that the limit above is kept");
	refuse_entry(store, previous, blamed);
	return true;
}

/* Whether a file holds just that: what was kept before this start keeps its time. */
static bool holds_text(int folder, const char *file, const struct store_text *text)
{
	_cleanup_(close_fdp) int fd = openat(folder, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_(freep) char *content = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (size_t)st.st_size != text->n_text)
		return false;
	content = malloc(text->n_text + 1);
	return content && read(fd, content, text->n_text) == (ssize_t)text->n_text &&
	       (text->n_text == 0 || memcmp(content, text->text, text->n_text) == 0);
}

/* Writes a file beside the old one and puts it in its place, unless it is the same. */
static int keep_text(int folder, const struct store_entry *entry)
{
	_cleanup_(close_fdp) int fd = -1;
	char file[NAME_MAX + 1], next[NAME_MAX + 1];
	int r;

	if (snprintf(file, sizeof(file), "%s" SUFFIX, entry->name) >= (int)sizeof(file) ||
	    snprintf(next, sizeof(next), ".%s", entry->name) >= (int)sizeof(next))
		return -ENAMETOOLONG;
	if (holds_text(folder, file, entry->text))
		return 0;
	fd = openat(folder, next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = write_synced(fd, entry->text->text, entry->text->n_text);
	if (r >= 0 && renameat(folder, next, folder, file) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(folder, next, 0);
	return r;
}

/* Nobody has confirmed it: the next boot must not find it. */
static bool is_on_trial(const struct store_entry *entry)
{
	return strncmp(entry->text->policy->file, TRIAL_FOLDER "/", strlen(TRIAL_FOLDER "/")) == 0;
}

int store_keep(const struct store *store, const char *last)
{
	_cleanup_(close_fdp) int folder = open(last, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **names = NULL;
	int n, failed = 0;

	if (folder < 0)
		return -errno;
	for (size_t i = 0; i < store->n_entries; i++) {
		int r = 0;

		if (!store->entries[i].text->kept && !is_on_trial(&store->entries[i]))
			r = keep_text(folder, &store->entries[i]);
		if (r < 0)
			failed = r;
		else
			store->entries[i].text->kept = true;
	}
	n = scandir(last, &names, is_policy, alphasort);
	for (int i = 0; i < n; i++) {
		char name[NAME_MAX + 1];

		snprintf(name, sizeof(name), "%.*s",
			 (int)(strlen(names[i]->d_name) - strlen(SUFFIX)), names[i]->d_name);
		if (!store_find(store, name))
			(void)unlinkat(folder, names[i]->d_name, 0);
		free(names[i]);
	}
	free(names);
	return failed;
}
