/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/cli-journal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/journal.h"
#include "daemon/util.h"

enum cli_status cli_journal_open(const char *command, sd_journal **ret_journal)
{
	int r = sd_journal_open(ret_journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);

	if (r >= 0)
		return CLI_OK;
	*ret_journal = NULL;
	return cli_error(CLI_FAILED, "%s: cannot open the journal: %s", command, strerror(-r));
}

enum cli_status cli_journal_check(const char *command, sd_journal *journal)
{
	if (sd_journal_has_runtime_files(journal) > 0 ||
	    sd_journal_has_persistent_files(journal) > 0)
		return CLI_OK;
	if (geteuid() == 0)
		return cli_error(CLI_FAILED, "%s: there is no journal", command);
	return cli_error(CLI_FAILED,
			 "%s: the journal cannot be read; be root, or in group systemd-journal",
			 command);
}

int cli_journal_match(sd_journal *journal, const char *field, const char *value)
{
	_cleanup_(freep) char *match = NULL;

	if (asprintf(&match, "%s=%s", field, value) < 0) {
		match = NULL;
		return -ENOMEM;
	}
	return sd_journal_add_match(journal, match, 0);
}

int cli_journal_events(sd_journal *journal, bool notes)
{
	static const char *const ids[] = {
		JOURNAL_ID_DENIED,   JOURNAL_ID_AUDITED, JOURNAL_ID_WOULD_DENY,
		JOURNAL_ID_REFUSED, /* from here on notes */
		JOURNAL_ID_TAMPERED, JOURNAL_ID_DROPPED, JOURNAL_ID_OLDER,
	};
	int r = 0;

	for (size_t i = 0; i < (notes ? ELEMENTS(ids) : 3) && r >= 0; i++)
		r = cli_journal_match(journal, "MESSAGE_ID", ids[i]);
	return r;
}

int cli_journal_trusted(sd_journal *journal)
{
	return cli_journal_match(journal, "_SYSTEMD_UNIT", "bailiffd.service");
}

struct text cli_journal_field(sd_journal *journal, const char *name)
{
	size_t n_name = strlen(name), n;
	const void *data;

	if (sd_journal_get_data(journal, name, &data, &n) < 0 || n <= n_name + 1)
		return (struct text){};
	return (struct text){(const char *)data + n_name + 1, n - n_name - 1};
}
