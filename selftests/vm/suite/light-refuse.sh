#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What bailiffd says where it cannot work: one line, with what is missing and how to mend it.

test=refuse
. "$(dirname "$0")/lib.sh"

lines() { wc -l <<<"$1" | tr -d ' '; }

said=$(unshare -U bailiffd 2>&1)
is "not root: one line" 1 "$(lines "$said")"
has "... that says so" 'root' "$said"
status "not root: status 1" 1 unshare -U bailiffd

said=$(unshare -m sh -c 'umount -l /sys/fs/cgroup; exec bailiffd' 2>&1)
is "no cgroup v2: one line" 1 "$(lines "$said")"
has "... that says so and how to mend it" 'version 2 is not mounted.*mount -t cgroup2' "$said"

said=$(unshare -m sh -c 'umount -l /sys/fs/bpf; exec bailiffd' 2>&1)
has "no bpffs: it says so" '/sys/fs/bpf' "$said"

said=$(unshare -Ur bailiffd 2>&1)
has "root of a user namespace alone: it says what is missing" 'capabilit|refuses' "$said"
status "... and ends with status 1" 1 unshare -Ur bailiffd
status "doctor finds this kernel able" 0 bailiff doctor
