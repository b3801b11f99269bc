/* SPDX-License-Identifier: Apache-2.0 */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/cli-json.h"
#include "daemon/cli.h"
#include "daemon/store.h"
#include "policy/image.h"
#include "policy/policy.h"

static const char help[] =
	"usage: bailiff check [--json] [FILE|FOLDER|-]...\n"
	"\n"
	"Checks policies as bailiffd does before it enforces them, and prints everything\n"
	"that is wrong with its line and column. A FOLDER stands for the *.ini in it, \"-\"\n"
	"for standard input. Nothing given: " STORE_FOLDER_ETC ".\n"
	"\n"
	"Policies given together are checked together, with the limits of the whole.\n"
	"\n"
	"      --json    a list of objects: file, line, column, level, message, source\n"
	"  -h, --help    this\n"
	"\n"
	"Exit status: 0 no errors (warnings may be), 1 errors, 3 not readable.\n";

static const struct option options[] = {CLI_COMMON_OPTIONS, {}};

struct check {
	struct diag diag;
	struct policy **policies;
	size_t n_policies, n_files;
};

static void check_clear(struct check *check)
{
	for (size_t i = 0; i < check->n_policies; i++)
		policy_free(check->policies[i]);
	free(check->policies);
	diag_clear(&check->diag);
}

/* Takes what one parse answered, and the policy with it. */
static int take(struct check *check, int r, struct policy *policy)
{
	struct policy **policies;

	if (r < 0)
		return r;
	check->n_files++;
	if (r > 0)
		return 0; /* what is wrong is in diag */
	policies = reallocarray(check->policies, check->n_policies + 1, sizeof(*policies));
	if (!policies) {
		policy_free(policy);
		return -ENOMEM;
	}
	check->policies = policies;
	policies[check->n_policies++] = policy;
	return 0;
}

static int check_stdin(struct check *check)
{
	_cleanup_(freep) char *text = malloc(POLICY_FILE_MAX + 1);
	struct policy *policy = NULL;
	size_t n;
	int r;

	if (!text)
		return -ENOMEM;
	/* one byte more than may be, so that what is too long shows as that */
	n = fread(text, 1, POLICY_FILE_MAX + 1, stdin);
	r = ferror(stdin) ? -EIO : policy_parse_text("stdin", text, n, &check->diag, &policy);
	return take(check, r, policy);
}

static int check_file(struct check *check, const char *file)
{
	struct policy *policy = NULL;
	int r = policy_parse_file(file, &check->diag, &policy);

	return take(check, r, policy);
}

static int is_policy(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 4 && strcmp(entry->d_name + n - 4, ".ini") == 0;
}

static const char *read_error(int error)
{
	return error == -EBADFD ? "not a regular file" : strerror(-error);
}

static int check_folder(struct check *check, const char *folder)
{
	struct dirent **names = NULL;
	char file[PATH_MAX];
	int n = scandir(folder, &names, is_policy, alphasort), failed = 0;

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		int r;

		if (snprintf(file, sizeof(file), "%s/%s", folder, names[i]->d_name) >=
		    (int)sizeof(file))
			r = -ENAMETOOLONG;
		else
			r = check_file(check, file);
		if (r < 0) {
			(void)cli_error(CLI_FAILED, "cannot read %s: %s", file, read_error(r));
			failed = r;
		}
		free(names[i]);
	}
	free(names);
	return failed;
}

static int check_argument(struct check *check, const char *argument)
{
	struct stat st;
	int r;

	if (strcmp(argument, "-") == 0)
		r = check_stdin(check);
	else if (stat(argument, &st) < 0)
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		return check_folder(check, argument);
	else
		r = check_file(check, argument);
	if (r < 0)
		(void)cli_error(CLI_FAILED, "cannot read %s: %s", argument, read_error(r));
	return r;
}

/* Compiles what holds together for some container, as the daemon will. */
static int compile_set(struct check *check, const struct selector_set *set)
{
	_cleanup_(freep) const struct policy **policies = NULL;
	struct image *image = NULL;
	int r;

	policies = calloc(set->n_policies, sizeof(*policies));
	if (!policies)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_policies; i++)
		policies[i] = check->policies[set->policies[i]];
	r = image_compile(policies, set->n_policies, 1, &check->diag, &image);
	image_free(image);
	return r;
}

/* Answers 0 or a negative errno; limits that are exceeded are in diag. */
static int compile(struct check *check)
{
	struct selector *selector = NULL;
	int r = 0;

	if (check->n_policies == 0)
		return 0;
	/* each alone first: an error then names the policy that is too large by itself */
	for (size_t i = 0; i < check->n_policies && r >= 0; i++)
		r = compile_set(check, &(struct selector_set){&i, 1});
	if (r < 0 || check->diag.n_errors)
		return r < 0 ? r : 0;
	r = selector_compile((const struct policy *const *)check->policies, check->n_policies,
			     &check->diag, &selector);
	if (r)
		return r < 0 ? r : 0;
	for (size_t i = 1; i < selector->n_sets && r == 0; i++)
		if (selector->sets[i].n_policies > 1)
			r = compile_set(check, &selector->sets[i]);
	selector_free(selector);
	return r < 0 ? r : 0;
}

static enum cli_status print_json(const struct check *check, enum cli_status status)
{
	_cleanup_(json_freep) struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < check->diag.n_items; i++) {
		const struct diag_item *item = &check->diag.items[i];
		struct json_object *object = json_object_new_object();

		json_add_text(object, "file", item->file);
		if (item->line) {
			json_add_number(object, "line", item->line);
			json_add_number(object, "column", item->column);
		}
		json_add_text(object, "level", item->level == DIAG_ERROR ? "error" : "warning");
		json_add_text(object, "message", item->message);
		if (item->source)
			json_add_text(object, "source", item->source);
		json_object_array_add(list, object);
	}
	return json_print(list, status);
}

static void print_summary(const struct check *check)
{
	size_t n_shown = 0, n_warnings = 0;

	for (size_t i = 0; i < check->diag.n_items; i++)
		if (check->diag.items[i].level == DIAG_ERROR)
			n_shown++;
		else
			n_warnings++;
	fflush(stdout);
	fprintf(stderr, "%zu polic%s: %zu error%s, %zu warning%s", check->n_files,
		check->n_files == 1 ? "y" : "ies", check->diag.n_errors,
		check->diag.n_errors == 1 ? "" : "s", n_warnings, n_warnings == 1 ? "" : "s");
	if (n_shown < check->diag.n_errors)
		fprintf(stderr, " (the first %zu are shown)", n_shown);
	fputc('\n', stderr);
}

static enum cli_status run(int argc, char **argv)
{
	_cleanup_(check_clear) struct check check = {};
	enum cli_status status;
	bool json = false;
	int option, r, failed = 0;

	while ((option = cli_option(&cmd_check, argc, argv)) != CLI_END) {
		if (option != 'j')
			return option == CLI_HELPED ? CLI_OK : CLI_USAGE;
		json = true;
	}
	if (optind == argc)
		failed = check_argument(&check, STORE_FOLDER_ETC);
	for (int i = optind; i < argc; i++)
		if (check_argument(&check, argv[i]) < 0)
			failed = -1;
	r = compile(&check);
	if (r < 0)
		return cli_error(CLI_FAILED, "cannot compile: %s", strerror(-r));
	status = failed < 0 ? CLI_FAILED : check.diag.n_errors ? CLI_NO : CLI_OK;
	if (json)
		return print_json(&check, status);
	for (size_t i = 0; i < check.diag.n_items; i++)
		if (cli_print_diag(stdout, &check.diag.items[i]) < 0)
			return cli_error(CLI_FAILED, "out of memory");
	if (check.n_files || failed >= 0)
		print_summary(&check);
	return status;
}

const struct cli_command cmd_check = {"check", help, "", options, run};
