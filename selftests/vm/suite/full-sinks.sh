#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Where events go: a journal that is stopped, or gone, holds nothing up and loses nothing that the ring
# holds; files and sockets of JSON have what the journal has; metrics say what "bailiff status" says.

test=sinks
. "$(dirname "$0")/lib.sh"

kept=/var/tmp/kept
n=1200
mkdir -p $kept
for ((i = 0; i < n; i++)); do : >$kept/$i; done
drop_in=/run/systemd/system/bailiffd.service.d/sinks.conf
mkdir -p "${drop_in%/*}"
printf '[Service]\nWatchdogSec=20s\n' >$drop_in
systemctl daemon-reload

probe_policy() {
	policy "$1" <<-END
		[select]
		unit = probe.service
		[file]
		deny = read $2
	END
}
within() {
	local i
	for ((i = 0; i < 10 * $1; i++)); do
		"${@:2}" && return
		sleep 0.1
	done
	return 1
}
# Denied reads of all files, once there is a file /var/tmp/go: nothing is asked of systemd by then.
begin_acts() {
	rm -f /var/tmp/go /var/tmp/done
	service probe.service sh -c 'while [ ! -e /var/tmp/go ]; do sleep 0.2; done
		for file in /var/tmp/kept/*; do read line <$file; done 2>/dev/null; touch /var/tmp/done' &
	sleep 3
}
acts() {
	touch /var/tmp/go
	within 60 test -e /var/tmp/done || not_ok "the acts were done"
}
daemon_pid() { systemctl show -P MainPID bailiffd; }
# how many decisions the entries since the mark are of
told() { entries BAILIFF_POLICY=probe BAILIFF_VERDICT=deny | sed -n 's/^BAILIFF_COUNT=//p' | awk '{ n += $1 } END { print n + 0 }'; }
all_told() { [ "$(told)" -ge $n ]; }
dropped() { bailiff status --json | grep -o '"dropped":[0-9]*' | tail -n 1; }

probe_policy probe "$kept/**"
start_daemon
eventually in_force 1 || { not_ok "the policy came into force"; exit 1; }
pid=$(daemon_pid)

# A journald that is stopped, and not gone.
mark
begin_acts
kill -STOP "$(systemctl show -P MainPID systemd-journald)"
acts
probe_policy second /nothing
if within 15 in_force 2; then ok "with a journald that is stopped, a policy comes into force"; else
	not_ok "with a journald that is stopped, a policy does not come into force"
fi
sleep 30 # longer than the watchdog waits
kill -CONT "$(systemctl show -P MainPID systemd-journald)"
is "... and the watchdog has nothing to end" "$pid" "$(daemon_pid)"
eventually all_told
is "... and once it goes on, every event is in the journal" $n "$(told)"
is "... and none was dropped" '"dropped":0' "$(dropped)"
has "... and the log says what there was to say" '^MESSAGE=the journal takes nothing: events wait' \
	"$(entries _SYSTEMD_UNIT=bailiffd.service)"
has "... and that it is over" '^MESSAGE=the journal takes events again' \
	"$(entries _SYSTEMD_UNIT=bailiffd.service)"
has "... and which policies came into force" '^MESSAGE=2 policies are in force' \
	"$(entries _SYSTEMD_UNIT=bailiffd.service)"
wait

# A journald that is gone, its sockets too.
sockets=(systemd-journald.socket systemd-journald-dev-log.socket)
systemctl is-active -q systemd-journald-audit.socket && sockets+=(systemd-journald-audit.socket)
begin_acts
systemctl stop "${sockets[@]}" systemd-journald.service
mark
acts
probe_policy third /nothing
if within 15 in_force 3; then ok "without a journald, a policy comes into force"; else
	not_ok "without a journald, a policy does not come into force"
fi
sleep 5
systemctl start "${sockets[@]}" systemd-journald.service
eventually all_told
is "... and once it is there, every event is in the journal" $n "$(told)"
has "... and what the daemon had to say meanwhile" '^MESSAGE=there is no journal: events wait' \
	"$(entries _SYSTEMD_UNIT=bailiffd.service)"
is "... and the daemon is the same" "$pid" "$(daemon_pid)"
wait

stop_daemon
rm -rf "$drop_in" $kept /var/tmp/go /var/tmp/done
systemctl daemon-reload
