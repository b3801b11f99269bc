#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# protect = yes: how the daemon is scheduled, and whom the kernel kills first, is not root's to say, be it
# from the daemon's own cgroup; systemd does as the unit says. (full-protect.sh has the rest.)

test=treated
. "$(dirname "$0")/lib.sh"

conf=/etc/bailiff/bailiff.conf
dropin=/run/systemd/system/bailiffd.service.d
main_pid() { systemctl show -P MainPID bailiffd; }
adjust() { echo 500 >"/proc/$1/oom_score_adj"; }
# how the daemon is treated now
treated() {
	echo "$(ps -o ni= -p "$1") $(ionice -p "$1") $(chrt -p "$1" | head -n 1 | sed 's/.*: //') $(cat "/proc/$1/oom_score_adj")"
}
# inside COMMAND...: what a process in the daemon's cgroup, which systemd starts for a reload, is told
inside() {
	rm -f /run/treated
	printf '%s 2>&1\necho status $?\n' "$*" >/run/treat
	systemctl reload bailiffd
	eventually grep -q '^status' /run/treated
	cat /run/treated
}
# acts WHAT STATUS
acts() {
	local pid
	pid=$(main_pid)
	status "$1: renice" "$2" renice -n 5 -p "$pid"
	why "$@"
	status "$1: sched_setscheduler" "$2" chrt -b -p 0 "$pid"
	why "$@"
	status "$1: sched_setaffinity" "$2" taskset -p 1 "$pid"
	why "$@"
	status "$1: ioprio_set" "$2" ionice -c 3 -p "$pid"
	why "$@"
	status "$1: oom_score_adj" "$2" adjust "$pid"
	why "$@"
	has "$1: from its own cgroup, renice" "^status $2\$" "$(inside renice -n 6 -p "$pid")"
	has "$1: ... sched_setscheduler" "^status $2\$" "$(inside chrt -i -p 0 "$pid")"
	has "$1: ... oom_score_adj" "^status $2\$" "$(inside "echo 400 | tee /proc/$pid/oom_score_adj")"
	has "$1: ... which is its own" '/bailiffd.service' "$(inside cat /proc/self/cgroup)"
}
# what was said last is "Permission denied" (EACCES)
why() { [ "$2" = 0 ] || has "$1: ... says why" 'Permission denied' "$(cat /tmp/status.out)"; }

mkdir -p $dropin
printf '[Service]\nExecReload=+/bin/sh -c "exec /bin/sh /run/treat >/run/treated 2>&1"\n' >$dropin/treat.conf
systemctl daemon-reload
start_daemon
unit=$(treated "$(main_pid)")
acts "without protection" 0
hasnt "without protection, it is treated otherwise" "^$unit\$" "$(treated "$(main_pid)")"
systemctl stop bailiffd

printf '[daemon]\nprotect = yes\n' >$conf
start_daemon
is "systemd does as the unit says" "$unit" "$(treated "$(main_pid)")"
acts "with protection" 1
is "the daemon is treated as before" "$unit" "$(treated "$(main_pid)")"
systemctl restart bailiffd
is "... and so is the next one" "$unit" "$(treated "$(main_pid)")"
status "another process is root's to treat" 0 renice -n 5 -p $$

systemctl stop bailiffd
rm -r $dropin /run/treat /run/treated
systemctl daemon-reload
stop_daemon
