#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What bailiffd says where it cannot work: one line, with what is missing and how to mend it.

test=refuse
. "$(dirname "$0")/lib.sh"

lines() { wc -l <<<"$1" | tr -d ' '; }

said=$(setpriv --reuid 65534 --clear-groups bailiffd 2>&1)
is "not root: one line" 1 "$(lines "$said")"
has "... that says so" 'root' "$said"
status "not root: status 1" 1 setpriv --reuid 65534 --clear-groups bailiffd

said=$(unshare -m sh -c 'umount -l /sys/fs/cgroup; exec bailiffd' 2>&1)
is "no cgroup v2: one line" 1 "$(lines "$said")"
has "... that says so and how to mend it" 'cgroup v2.*unified_cgroup_hierarchy' "$said"

said=$(unshare -m sh -c 'umount -l /sys/fs/bpf; exec bailiffd' 2>&1)
has "no bpffs: it says so" '/sys/fs/bpf' "$said"

said=$(setpriv --bounding-set -all,+dac_override --inh-caps -all bailiffd 2>&1)
has "no capabilities: it says that the kernel refuses" 'LSM|cap' "$said"
status "doctor finds this kernel able" 0 bailiff doctor
