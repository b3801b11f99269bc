#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Code that runs without being executed: what the loader is asked to run, and a library that a process
# says is its own program.

test=loader
. "$(dirname "$0")/lib.sh"

root=/tmp/loader
in_cgroup() { sh -c 'echo $$ >/sys/fs/cgroup/'"$1"'/cgroup.procs; shift; exec "$@"' sh "$@"; }
ld=/lib64/ld-linux-x86-64.so.2

mkdir -p $policies /sys/fs/cgroup/{scripts,library} $root/{bin,free}
cp "$(command -v bash)" $root/bin/denied
cp "$(command -v bash)" $root/free/program
cp "$(command -v act)" $root/bin/denied.so
cp "$(command -v act)" $root/free/free.so
cp "$(realpath $ld)" $root/free/ld-2.36.so
echo 'exit 0' >$root/bin/script
exec 8<$root/bin/denied 9<$root/bin/script

# acts WHAT ACT LOADER SHELL: the statuses that act, the loader and a shell end with
acts() {
	local what=$1 act=$2 loader=$3 shell=$4
	status "$what: a program is executed" "$act" in_cgroup scripts act exec $root/bin/denied -c 'exit 0'
	status "$what: ... by the loader" "$loader" in_cgroup scripts $ld $root/bin/denied -c 'exit 0'
	denied_is "$act" "$what: ... says why"
	status "$what: ... by a copy of it" "$loader" in_cgroup scripts $root/free/ld-2.36.so $root/bin/denied -c 'exit 0'
	denied_is "$act" "$what: ... says why"
	status "$what: ... that is open already" "$loader" in_cgroup scripts $ld /proc/self/fd/8 -c 'exit 0'
	denied_is "$act" "$what: ... says why"
	status "$what: a script, by a shell that the loader runs" "$shell" in_cgroup scripts $ld $root/free/program $root/bin/script
	denied_is "$act" "$what: ... says why"
	status "$what: ... that is open already" "$shell" in_cgroup scripts $ld $root/free/program /proc/self/fd/9
	status "$what: a library is loaded" "$act" in_cgroup library act load $root/bin/denied.so
	status "$what: ... that the process says it runs" "$act" in_cgroup library forge $root/bin/denied.so map
	status "$what: ... and is made executable later" "$act" in_cgroup library forge $root/bin/denied.so protect
}
# what was said last is "Permission denied" (EACCES), where something was denied
denied_is() { [ "$1" = 0 ] || has "$2" 'Permission denied' "$(cat /tmp/status.out)"; }

acts "without policy" 0 0 0
policy scripts <<-END
	[select]
	cgroup = /scripts
	[exec]
	deny = $root/bin/denied $root/bin/script
	scripts = yes
END
policy library <<-END
	[select]
	cgroup = /library
	[exec]
	deny = $root/bin/denied.so
END
bailiffd 2>/tmp/bailiffd.log &
daemon=$!
eventually in_force 2 || not_ok "the policies came into force: $(cat /tmp/bailiffd.log)"

acts "under the policy" 1 127 126
status "the loader runs what is not denied" 0 in_cgroup scripts $ld $root/free/program -c 'exit 0'
status "who says that it runs another file loads what is not denied" 0 in_cgroup library forge $root/free/free.so map
status "... made executable later" 0 in_cgroup library forge $root/free/free.so protect
status "outside of the policies, the loader runs it" 0 $ld $root/bin/denied -c 'exit 0'
status "... and a shell that it runs reads the script" 0 $ld $root/free/program $root/bin/script

kill $daemon
wait $daemon
bailiff release >/dev/null 2>&1
exec 8<&- 9<&-
rm -rf $root $policies/{scripts,library}.ini
rmdir /sys/fs/cgroup/{scripts,library}
