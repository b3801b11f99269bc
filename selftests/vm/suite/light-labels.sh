#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Who is there before the policies, or before an upgrade, and then leaves its cgroup: what holds there
# sticks. Of what, is told by sockets with abstract names, of some bytes and of none.

test=labels
. "$(dirname "$0")/lib.sh"

root=/tmp/labels
in_cgroup() { sh -c 'echo $$ >/sys/fs/cgroup/'"$1"'/cgroup.procs; shift; exec "$@"' sh "$@"; }

# waiter NAME leaves|moved COMMAND...: waits in the cgroup, in an open() of long ago, and does the command
# when it has left, or was moved
waiter() {
	mkfifo "$root/$1"
	in_cgroup label sh -c 'echo $$ >'$root'/$1.pid
		read -r line <'$root'/$1
		[ $2 = moved ] || echo 0 >/sys/fs/cgroup/elsewhere/cgroup.procs
		grep -q ::/elsewhere /proc/self/cgroup || exit 9
		shift 2
		exec "$@"' sh "$@" 2>/dev/null &
	waiting[$1]=$!
}
# ends WHAT STATUS NAME
ends() {
	local found=0
	echo >"$root/$3"
	wait "${waiting[$3]}" || found=$?
	is "$1" "$2" "$found"
}
move() { cat "$root/$1.pid" >/sys/fs/cgroup/elsewhere/cgroup.procs; }
daemon() {
	"$1" 2>/tmp/bailiffd.log &
	daemon=$!
}

declare -A waiting
mkdir -p $policies /sys/fs/cgroup/{label,elsewhere} $root
act serve @label &
server=$!
act serve @ &
nobody=$!
eventually act send @label
eventually act send @

status "connecting works without policy" 0 in_cgroup label act connect @label
status "... sending" 0 in_cgroup label act send @label
status "... to the name of no byte" 0 in_cgroup label act connect @
status "... sending there" 0 in_cgroup label act send @
status "binding works without policy" 0 in_cgroup label act bind @mine
waiter free leaves act connect @label
ends "leaving the cgroup does, too" 0 free
kill $nobody
wait $nobody 2>/dev/null
status "binding to the name of no byte works without policy" 0 in_cgroup label act bind @
act serve @ &
nobody=$!
for name in leaves moved; do
	waiter $name-old $name act connect @label
	eventually test -s $root/$name-old.pid
done

policy label <<-END
	[select]
	cgroup = /label
	[network]
	deny = connect unix @label @
	deny = listen unix @
END
daemon bailiffd
refused() { ! in_cgroup label act connect @label; }
eventually refused || not_ok "the policy came into force: $(cat /tmp/bailiffd.log)"
sleep 1

status "connecting is denied" 1 in_cgroup label act connect @label
status "... sending" 1 in_cgroup label act send @label
status "... to the name of no byte" 1 in_cgroup label act connect @
status "... sending there" 1 in_cgroup label act send @
status "... binding to it" 1 in_cgroup label act bind @
status "another name may be bound" 0 in_cgroup label act bind @mine
status "outside of the policy, the name of no byte" 0 act connect @
ends "who was there before a policy of [network] alone, and leaves its cgroup" 1 leaves-old
move moved-old
ends "... and is moved out of it" 1 moved-old

# An upgrade: another build of the same version, which replaces the programs and keeps the labels.
for name in leaves moved; do
	waiter $name-label $name act connect @label
	eventually test -s $root/$name-label.pid
done
move moved-label
sed 's,Dual BSD/GPL,Dual MIT/GPL,' "$(command -v bailiffd)" >$root/bailiffd
chmod 755 $root/bailiffd
kill -KILL $daemon
wait $daemon 2>/dev/null
programs() { for pin in /sys/fs/bpf/bailiff/programs/*; do stat -c %i "$pin"; done; }
before=$(programs)
daemon $root/bailiffd
replaced() { [ "$(programs)" != "$before" ] && in_force 1; }
eventually replaced || not_ok "another build replaces the programs: $(cat /tmp/bailiffd.log)"
# the new ones are pinned before the old ones are let go
sleep 3
has "another build says that it replaces what is in force" 'by another version' "$(cat /tmp/bailiffd.log)"
ends "who left its cgroup before the upgrade is under the policy" 1 moved-label
ends "... and who leaves it afterwards" 1 leaves-label
status "... and who is in it" 1 in_cgroup label act connect @label
status "outside of the policy, it works" 0 act connect @label

kill $daemon $server $nobody
wait
bailiff release >/dev/null 2>&1
rm -rf $root $policies/label.ini
rmdir /sys/fs/cgroup/{label,elsewhere}
