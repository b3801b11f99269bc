/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/cli-files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/cli.h"
#include "daemon/folders.h"
#include "daemon/state.h"
#include "daemon/trial.h"
#include "daemon/util.h"

#define LOOK_AGAIN_USEC 20000

const char *const cli_file_states[] = {
	[CLI_FILE_IN_FORCE] = "in force",
	[CLI_FILE_WAITING] = "waiting",
	[CLI_FILE_REFUSED] = "refused",
	[CLI_FILE_LEFT_OUT] = "left out",
};

void cli_files_clear(struct cli_files *files)
{
	for (size_t i = 0; i < files->n_files; i++) {
		free(files->files[i].file);
		free(files->files[i].message);
	}
	free(files->files);
	free(files->failure);
	*files = (struct cli_files){};
}

/* What a file holds now; 0 where it cannot be read, as the daemon's digest. */
static __u64 digest_now(const char *file)
{
	_cleanup_(freep) char *text = NULL;
	size_t n = 0;

	return policy_read_file(file, &text, &n) < 0 ? 0 : store_digest(file, text ? text : "", n);
}

static bool is_hidden(const struct cli_files *files, const char *name)
{
	for (size_t i = 0; i < files->n_files; i++)
		if (strcmp(strrchr(files->files[i].file, '/') + 1, name) == 0)
			return true;
	return false;
}

/* Adds a file with the digest of what it holds; its state is found when all are there. */
static int add_file(struct cli_files *files, const char *folder, const char *name)
{
	struct cli_file *list =
		reallocarray(files->files, files->n_files + 1, sizeof(*files->files));
	struct cli_file *file;

	if (!list)
		return -ENOMEM;
	files->files = list;
	file = &list[files->n_files];
	*file = (struct cli_file){.state = is_hidden(files, name) ? CLI_FILE_LEFT_OUT
								  : CLI_FILE_WAITING};
	if (asprintf(&file->file, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	files->n_files++;
	return 0;
}

static int select_policy(const struct dirent *entry)
{
	return store_is_policy(entry->d_name);
}

static int add_folder(struct cli_files *files, const char *folder)
{
	struct dirent **names = NULL;
	int n = scandir(folder, &names, select_policy, alphasort), r = 0;

	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		if (r >= 0)
			r = add_file(files, folder, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return r;
}

/* Holds a file against what the daemon says. */
static int judge(struct cli_file *file, const struct state *state, __u64 digest, bool loaded)
{
	const struct state_file *said = state_find(state, file->file);

	if (!said || !loaded)
		return 0;
	if (digest && said->in_force == digest) {
		file->state = CLI_FILE_IN_FORCE;
		return 0;
	}
	file->before = said->in_force || said->before;
	/* what bailiffd could not read, this command perhaps can: it has other rights */
	if (said->refused != digest && !(said->refused == 0 && said->message))
		return 0;
	file->state = CLI_FILE_REFUSED;
	file->message = said->message ? strdup(said->message) : NULL;
	return said->message && !file->message ? -ENOMEM : 0;
}

int cli_files_look(bool loaded, struct cli_files *ret_files)
{
	_cleanup_(cli_files_clear) struct cli_files files = {};
	_cleanup_(state_clear) struct state state = {};
	_cleanup_(freep) __u64 *digests = NULL;
	int r = 0;

	for (size_t i = 0; folders_of_policies[i] && r >= 0; i++)
		r = add_folder(&files, folders_of_policies[i]);
	digests = calloc(files.n_files + 1, sizeof(*digests));
	if (r < 0 || !digests)
		return r < 0 ? r : -ENOMEM;
	/* first the files: what is said of them afterwards is of these versions, or of others */
	for (size_t i = 0; i < files.n_files; i++)
		digests[i] = digest_now(files.files[i].file);
	r = state_read(STATE_FILE, &state);
	if (r < 0 && r != -ENOENT && r != -EBADMSG)
		return r;
	for (size_t i = 0; i < files.n_files; i++) {
		struct cli_file *file = &files.files[i];

		r = file->state == CLI_FILE_LEFT_OUT ? 0 : judge(file, &state, digests[i], loaded);
		if (r < 0)
			return r;
		files.n_waiting += file->state == CLI_FILE_WAITING;
		files.n_refused += file->state == CLI_FILE_REFUSED;
	}
	files.failure = TAKE_PTR(state.failure);
	*ret_files = files;
	files = (struct cli_files){};
	return 0;
}

int cli_files_wait(bool (*loaded)(void), unsigned long long usec, struct cli_files *ret_files)
{
	unsigned long long until = trial_now() + usec;

	for (;;) {
		_cleanup_(cli_files_clear) struct cli_files files = {};
		int r = cli_files_look(loaded(), &files);

		if (r < 0)
			return r;
		if (files.n_waiting == 0 || trial_now() >= until) {
			*ret_files = files;
			files = (struct cli_files){};
			return 0;
		}
		usleep(LOOK_AGAIN_USEC);
	}
}

int cli_span_parse(const char *text, unsigned long long *ret_usec)
{
	const unsigned long long now = 1ull << 62;
	unsigned long long then;

	if (*text < '0' || *text > '9' || !strchr("smhdw", text[strlen(text) - 1]) ||
	    cli_time_parse(text, now, &then) < 0 || then == 0 || then == now)
		return -EINVAL;
	*ret_usec = now - then;
	return 0;
}
