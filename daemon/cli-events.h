/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>
#include <systemd/sd-journal.h>

/*
 * Print the entry that the journal stands at, of the time @when (us since 1970), as a line for
 * people or as a JSON object. Return 0 or a negative errno.
 */
int event_print_line(sd_journal *journal, uint64_t when);
int event_print_json(sd_journal *journal, uint64_t when);
