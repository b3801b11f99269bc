/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-journal.h>

#include "daemon/cli.h"
#include "daemon/event-text.h"

/* The journal, as the commands read it. */

/* Opens the journal for a command of that name, which stands in what is printed. */
enum cli_status cli_journal_open(const char *command, sd_journal **ret_journal);

/* Whether there is something to read: that nothing can be read is not the same as that nothing
 * happened. */
enum cli_status cli_journal_check(const char *command, sd_journal *journal);

/* Reads only events; with @notes also what bailiffd says of itself. Returns 0 or a negative errno.
 */
int cli_journal_events(sd_journal *journal, bool notes);

/*
 * Reads only what bailiffd.service wrote. Who sent an entry is journald's own word: anybody can
 * write the fields without '_'.
 */
int cli_journal_trusted(sd_journal *journal);

/* Matches of one field are alternatives, those of different fields must all hold. */
int cli_journal_match(sd_journal *journal, const char *field, const char *value);

/* A field's value, until the next call for the same journal. n == 0 where the entry has none. */
struct text cli_journal_field(sd_journal *journal, const char *name);

static inline void cli_journal_closep(sd_journal **journal)
{
	sd_journal_close(*journal);
}
