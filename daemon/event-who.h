/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "daemon/event-text.h"

/*
 * What an event tells of who did it, as text for people and programs: names that processes choose
 * are escaped and quoted (text_printable), so that none is taken for two, or for something else.
 *
 * Each returns the text, which the caller frees, or NULL without memory, errno ENOMEM, or where the
 * event does not tell it: errno 0.
 */

/* curl -s "a b" ...: the arguments; with three points at the end where there were more. */
char *event_args(const struct bailiff_event *event, const struct event_texts *texts);

/* sh[812] sshd[640] systemd[1]: the parent first. */
char *event_ancestors(const struct bailiff_event *event, const struct event_texts *texts);

/*
 * The effective capabilities, by the names that policies have for them: "none", "all",
 * "chown kill", or "all but sys_module sys_boot" where that is shorter.
 */
char *event_capabilities(const struct bailiff_event *event);

/* A path of which the beginning is not told begins with three points. */
char *event_short(struct text path, bool cut);
