/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

struct kernel;

/*
 * Logs which descriptors and mappings of processes under policy are older than what is in force,
 * and would be denied now. What cannot be found out is logged and left.
 */
void older_report(struct kernel *kernel);
