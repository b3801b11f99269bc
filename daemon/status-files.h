/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "daemon/cli-files.h"

struct json_object;

/* The files of policies in "status" and "apply": those alone that are not in force as they are. */
void status_files_print(const struct cli_files *files);

/* All of them: file, state, older (whether an older version is in force), message. */
struct json_object *status_files_json(const struct cli_files *files);
