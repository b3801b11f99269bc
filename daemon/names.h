/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

struct store;

/*
 * Logs which files that policies deny by an exact name have other names as well, which rules go by
 * names and so do not know: in the host's own root, once for a file as long as its names stay as
 * many.
 */
void names_report(const struct store *store);
