#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Random policies, trees and acts: the kernel's answers against the slow matcher's (selftests/compare).
# Some thousands here; "make compare" does a hundred thousand: $COMPARE_ACTS, of seed $COMPARE_SEED.
# Preemption plays no part in it, so one of the machines does it.

test=compare
. "$(dirname "$0")/lib.sh"

grep -q preempt=full /proc/cmdline && [ -z "${COMPARE_ACTS-}" ] && exit 0

cgroups="/sys/fs/cgroup/cmp0 /sys/fs/cgroup/cmp1 /sys/fs/cgroup/cmp-mark"
# what the kernel itself refuses with EACCES is not asked here
for name in hardlinks symlinks regular fifos; do
	echo 0 >/proc/sys/fs/protected_$name
done
# shellcheck disable=SC2086 # three folders
mkdir -p $policies $cgroups
bailiffd >/tmp/bailiffd.log 2>&1 &
status "the kernel answers as the slow matcher does" 0 \
	compare -n "${COMPARE_ACTS-6000}" -r "${COMPARE_ROUND-500}" -s "${COMPARE_SEED-1}"
sed 's/^/# /' /tmp/status.out
has "... and bailiffd found no mistake in the policies" 'in force' "$(cat /tmp/bailiffd.log)"
kill %1
wait
bailiff release >/dev/null 2>&1
rm -f $policies/p?.ini $policies/zz-mark.ini
# shellcheck disable=SC2086
rmdir $cgroups
