/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/cli-policies.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/cli.h"
#include "daemon/util.h"
#include "policy/lines.h"

void cli_policies_clear(struct cli_policies *policies)
{
	for (size_t i = 0; i < policies->n_policies; i++) {
		policy_free(policies->policies[i]);
		free(policies->texts[i].bytes);
	}
	free(policies->policies);
	free(policies->texts);
	diag_clear(&policies->diag);
}

static int reserve(struct cli_policies *policies)
{
	size_t n = policies->n_policies + 1;
	struct policy **list = reallocarray(policies->policies, n, sizeof(struct policy *));
	struct cli_text *texts;

	if (!list)
		return -ENOMEM;
	policies->policies = list;
	texts = reallocarray(policies->texts, n, sizeof(*texts));
	if (!texts)
		return -ENOMEM;
	policies->texts = texts;
	return 0;
}

/* Parses a text and keeps it with its policy. */
static int add_text(struct cli_policies *policies, const char *file, const char *bytes, size_t n)
{
	_cleanup_(freep) char *text = malloc(n + 1);
	struct policy *policy = NULL;
	int r = text ? reserve(policies) : -ENOMEM;

	if (r == 0)
		r = policy_parse_text(file, bytes, n, &policies->diag, &policy);
	if (r < 0)
		return r;
	policies->n_files++;
	if (r > 0)
		return 0; /* what is wrong is in diag */
	if (n)
		memcpy(text, bytes, n);
	policies->policies[policies->n_policies] = policy;
	policies->texts[policies->n_policies++] = (struct cli_text){TAKE_PTR(text), n};
	return 0;
}

static int add_stdin(struct cli_policies *policies)
{
	_cleanup_(freep) char *text = malloc(POLICY_FILE_MAX + 1);
	size_t n;

	if (!text)
		return -ENOMEM;
	/* one byte more than may be, so that what is too long shows as that */
	n = fread(text, 1, POLICY_FILE_MAX + 1, stdin);
	return ferror(stdin) ? -EIO : add_text(policies, "stdin", text, n);
}

static int add_file(struct cli_policies *policies, const char *file)
{
	_cleanup_(freep) char *text = NULL;
	size_t n = 0;
	int r = policy_read_file(file, &text, &n);

	return r < 0 ? r : add_text(policies, file, text, n);
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

static int add_folder(struct cli_policies *policies, const char *folder)
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
			r = add_file(policies, file);
		if (r < 0) {
			(void)cli_error(CLI_FAILED, "cannot read %s: %s", file, read_error(r));
			failed = r;
		}
		free(names[i]);
	}
	free(names);
	return failed;
}

int cli_policies_add(struct cli_policies *policies, const char *argument)
{
	struct stat st;
	int r;

	if (strcmp(argument, "-") == 0)
		r = add_stdin(policies);
	else if (stat(argument, &st) < 0)
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		return add_folder(policies, argument);
	else
		r = add_file(policies, argument);
	if (r < 0)
		(void)cli_error(CLI_FAILED, "cannot read %s: %s", argument, read_error(r));
	return r;
}

static int print_item(FILE *file, const struct diag_item *item)
{
	bool coloured = file == stdout; /* which is what cli_colour() looks at */
	enum cli_colour colour = item->level == DIAG_ERROR ? CLI_BAD : CLI_DOUBTFUL;
	_cleanup_(freep) char *caret = NULL;
	char place[32] = "";

	if (item->line)
		snprintf(place, sizeof(place), ":%u:%u", item->line, item->column);
	cli_print(file, item->file);
	fprintf(file, "%s: %s%s:%s ", place, coloured ? cli_colour(colour) : "",
		item->level == DIAG_ERROR ? "error" : "warning",
		coloured ? cli_colour(CLI_PLAIN) : "");
	cli_print(file, item->message);
	fputc('\n', file);
	if (!item->line || !item->source)
		return 0;
	caret = cli_caret_range(item->source, item->column, item->end, cli_width());
	if (!caret)
		return -ENOMEM;
	fputs(caret, file);
	return 0;
}

int cli_diag_print(FILE *file, const struct diag *diag)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < diag->n_items; i++)
		r = print_item(file, &diag->items[i]);
	return r;
}

int cli_policies_fill(struct cli_policies *policies)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < policies->n_policies; i++)
		r = diag_fill(&policies->diag, policies->policies[i]->file,
			      policies->texts[i].bytes, policies->texts[i].n);
	diag_sort(&policies->diag, 0);
	return r;
}

char *cli_policy_line(const struct cli_policies *policies, size_t policy, unsigned number)
{
	char shown[LINE_SHOWN_SIZE];
	struct lines lines;
	struct line line;

	lines_begin(&lines, policies->texts[policy].bytes, policies->texts[policy].n);
	while (lines_next(&lines, &line))
		if (line.number == number)
			return strdup(line_show(&line, shown));
	return NULL;
}
