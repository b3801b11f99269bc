/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

struct enforce;
struct kernel;

/*
 * Takes over the last of what @former counted (kernel_succeed()). Events of it that cannot be read,
 * as they are in another version's layout, are told in sum, of each rule that @enforce has, and of
 * the others together. Returns 0 or a negative errno.
 */
int unread_tell(struct kernel *kernel, struct kernel *former, struct enforce *enforce);
