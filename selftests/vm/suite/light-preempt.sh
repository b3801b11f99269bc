#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Two tasks on one processor, a million opens of a denied file: none succeeds under preempt=full, and
# none of 200,000 otherwise.

test=preempt
. "$(dirname "$0")/lib.sh"

# a million where tasks are preempted in the middle of a decision; fewer where they cannot be
n=200000
grep -q preempt=full /proc/cmdline && n=1000000
mkdir -p $policies /tmp/allowed /sys/fs/cgroup/hammer
echo secret >/tmp/denied-file
cat >$policies/hammer.ini <<-END
	[select]
	cgroup = /hammer
	[file]
	deny = read /tmp/denied-file
END
status "read works without policy" 0 act read /tmp/denied-file
bailiffd 2>/tmp/bailiffd.log &
eventually in_force 1 || not_ok "the policy came into force: $(cat /tmp/bailiffd.log)"
result=$(sh -c 'echo $$ >/sys/fs/cgroup/hammer/cgroup.procs; exec hammer /tmp/denied-file /tmp/allowed '"$n")
echo "# $result"
is "none of $n opens of a denied file succeeds" \
	"denied file: $n opens, 0 succeeded, $n denied, 0 failed otherwise" "${result%%;*}"
has "no open of an allowed file is denied" ' 0 failed$' "$result"
counts=$(bailiff status --json | tr -d ' \n')
decided=$(grep -o '"decided":[0-9]*' <<<"$counts" | head -n 1)
logged=$(grep -o '"logged":[0-9]*' <<<"$counts" | head -n 1)
folded=$(grep -o '"folded":[0-9]*' <<<"$counts" | head -n 1)
dropped=$(grep -o '"dropped":[0-9]*' <<<"$counts" | head -n 1)
is "every decision is counted" "$n" "${decided#*:}"
is "logged + folded + dropped = decided" "$n" $((${logged#*:} + ${folded#*:} + ${dropped#*:}))
kill %1
wait
bailiff release >/dev/null 2>&1
rm -rf $policies/hammer.ini /tmp/allowed /tmp/denied-file
rmdir /sys/fs/cgroup/hammer
