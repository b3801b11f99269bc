/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>

#include "daemon/cli.h"
#include "daemon/util.h"
#include "policy/diag.h"

/* Colours are for standard output alone: cli_colour() asks about that. */
static const char *colour(const FILE *file, enum cli_colour colour)
{
	return file == stdout ? cli_colour(colour) : "";
}

int cli_print_diag(FILE *file, const struct diag_item *item)
{
	enum cli_colour level = item->level == DIAG_ERROR ? CLI_BAD : CLI_DOUBTFUL;
	_cleanup_(freep) char *caret = NULL;

	cli_print(file, item->file);
	if (item->line)
		fprintf(file, ":%u:%u", item->line, item->column);
	fprintf(file, ": %s%s:%s ", colour(file, level),
		item->level == DIAG_ERROR ? "error" : "warning", colour(file, CLI_PLAIN));
	cli_print(file, item->message);
	fputc('\n', file);
	if (!item->line || !item->source)
		return 0;
	caret = cli_caret(item->source, item->column, cli_width());
	if (!caret)
		return -ENOMEM;
	fputs(caret, file);
	return 0;
}
