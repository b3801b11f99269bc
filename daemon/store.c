/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/store-internal.h"

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

void store_text_release(struct store_text *text)
{
	if (!text || --text->n_owners)
		return;
	policy_free(text->policy);
	free(text->text);
	free(text);
}

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
		store_text_release(store->entries[i].text);
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

int store_add_entry(struct store *store, const char *name, struct store_text *text, bool stale)
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

int store_add_refusal(struct store *store, const char *file, __u64 digest, bool written)
{
	struct store_refusal *refusals =
		reallocarray(store->refusals, store->n_refusals + 1, sizeof(*refusals));

	if (!refusals)
		return -ENOMEM;
	store->refusals = refusals;
	refusals[store->n_refusals].digest = digest;
	refusals[store->n_refusals].written = written;
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

bool store_is_from(const struct store_entry *entry, const char *folder)
{
	const char *file = entry->text->policy->file;
	size_t n = strlen(folder);

	return strncmp(file, folder, n) == 0 && file[n] == '/';
}

bool store_is_policy(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > strlen(STORE_SUFFIX) &&
	       strcmp(name + n - strlen(STORE_SUFFIX), STORE_SUFFIX) == 0;
}

int store_filter(const struct dirent *entry)
{
	return store_is_policy(entry->d_name);
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
	store_text_release(refused);
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
	(void)store_add_refusal(store, file, store->entries[blamed].text->digest, false);
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
	return content && read_full(fd, content, text->n_text) == (ssize_t)text->n_text &&
	       (text->n_text == 0 || memcmp(content, text->text, text->n_text) == 0);
}

/* Writes a file beside the old one and puts it in its place, unless it is the same. */
static int keep_text(int folder, const struct store_entry *entry)
{
	_cleanup_(close_fdp) int fd = -1;
	char file[NAME_MAX + 1], next[NAME_MAX + 1];
	int r;

	if (snprintf(file, sizeof(file), "%s" STORE_SUFFIX, entry->name) >= (int)sizeof(file) ||
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

int store_keep(const struct store *store, const char *last)
{
	_cleanup_(close_fdp) int folder = open(last, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **names = NULL;
	int n, failed = 0;

	if (folder < 0)
		return -errno;
	for (size_t i = 0; i < store->n_entries; i++) {
		int r = 0;

		/* what nobody has confirmed the next boot must not find */
		if (!store->entries[i].text->kept &&
		    !store_is_from(&store->entries[i], TRIAL_FOLDER))
			r = keep_text(folder, &store->entries[i]);
		if (r < 0)
			failed = r;
		else
			store->entries[i].text->kept = true;
	}
	n = scandir(last, &names, store_filter, alphasort);
	for (int i = 0; i < n; i++) {
		char name[NAME_MAX + 1];

		snprintf(name, sizeof(name), "%.*s",
			 (int)(strlen(names[i]->d_name) - strlen(STORE_SUFFIX)), names[i]->d_name);
		if (!store_find(store, name))
			(void)unlinkat(folder, names[i]->d_name, 0);
		free(names[i]);
	}
	free(names);
	return failed;
}
