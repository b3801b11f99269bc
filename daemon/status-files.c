/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/status-files.h"

#include "daemon/cli-json.h"
#include "daemon/cli.h"

static const enum cli_colour colours[] = {
	[CLI_FILE_IN_FORCE] = CLI_GOOD,
	[CLI_FILE_WAITING] = CLI_DOUBTFUL,
	[CLI_FILE_REFUSED] = CLI_BAD,
	[CLI_FILE_LEFT_OUT] = CLI_FAINT,
};

static void print_file(const struct cli_file *file, const char *failure)
{
	const char *reason = file->message;

	if (file->state == CLI_FILE_LEFT_OUT)
		reason = "a file of this name in another folder stands";
	else if (file->state == CLI_FILE_WAITING)
		reason = failure ? failure : "bailiffd has not put it into force yet";
	printf("  %s%s%s  ", cli_colour(colours[file->state]), cli_file_states[file->state],
	       cli_colour(CLI_PLAIN));
	cli_print(stdout, file->file);
	if (reason) {
		fputs(": ", stdout);
		cli_print(stdout, reason);
	}
	if (file->state == CLI_FILE_WAITING || file->state == CLI_FILE_REFUSED)
		fputs(file->before ? "; as it was before, it is in force"
				   : "; nothing of it is in force",
		      stdout);
	putchar('\n');
}

void status_files_print(const struct cli_files *files)
{
	bool any = false;

	for (size_t i = 0; i < files->n_files; i++) {
		if (files->files[i].state == CLI_FILE_IN_FORCE)
			continue;
		if (!any)
			puts("\nFILES THAT ARE NOT IN FORCE AS THEY ARE");
		any = true;
		print_file(&files->files[i], files->failure);
	}
	/* what waits says so itself */
	if (files->failure && !files->n_waiting)
		printf("\n%sTHE LAST LOOK AT THE POLICIES FAILED%s: %s\n", cli_colour(CLI_BAD),
		       cli_colour(CLI_PLAIN), files->failure);
}

struct json_object *status_files_json(const struct cli_files *files)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < files->n_files; i++) {
		const struct cli_file *file = &files->files[i];
		struct json_object *object = json_object_new_object();

		json_add_text(object, "file", file->file);
		json_add_text(object, "state", cli_file_states[file->state]);
		json_add_bool(object, "older", file->before);
		json_add_text(object, "message",
			      file->message			? file->message
			      : file->state == CLI_FILE_WAITING ? files->failure
								: NULL);
		json_object_array_add(list, object);
	}
	return list;
}
