/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-c/json.h>

#include "daemon/cli-policies.h"
#include "policy/try.h"

/* The answers of "bailiff try", for people and programs. */

struct try_shown {
	const struct cli_policies *policies; /* all that were given */
	const size_t *chosen;		     /* of these, those of the trial */
	const struct trial *trial;
	const char *cgroup; /* that chose them; NULL: none did */
	const struct asker *asker;
	const struct question *question;
	const struct answer *each, *whole;
};

/* Prints the answer. Returns 0 or -ENOMEM. */
int try_show(const struct try_shown *shown);

/* The same as an object; NULL without memory. */
struct json_object *try_object(const struct try_shown *shown);

/* The question in words, "read /etc/shadow"; the caller frees it. NULL without memory. */
char *try_question(const struct question *question);
