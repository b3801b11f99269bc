/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#include "daemon/doctor.h"

/* Inside the doctor: the checks. Each one says what it found by one call of doctor_say(). */

void check_root(struct doctor_finding *finding);
void check_kernel(struct doctor_finding *finding);
void check_types(struct doctor_finding *finding);
void check_lsm(struct doctor_finding *finding);
void check_lockdown(struct doctor_finding *finding);
void check_programs(struct doctor_finding *finding);
void check_membarrier(struct doctor_finding *finding);
void check_cgroups(struct doctor_finding *finding);
void check_bpffs(struct doctor_finding *finding);
void check_memory(struct doctor_finding *finding);
void check_journal(struct doctor_finding *finding);
void check_policies(struct doctor_finding *finding);
void check_unknown(struct doctor_finding *finding);
void check_boot(struct doctor_finding *finding);
void check_pins(struct doctor_finding *finding);
void check_daemon(struct doctor_finding *finding);

/* @mend may be NULL. */
void doctor_say(struct doctor_finding *finding, enum doctor_level level, const char *mend,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Reads the first line of a file of the kernel's, without its newline. Returns its length or a
 * negative errno.
 */
int doctor_read(const char *file, char *buffer, size_t size);

#define DOCTOR_LSM "/sys/kernel/security/lsm"
#define DOCTOR_BTF "/sys/kernel/btf/vmlinux"
