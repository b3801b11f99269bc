#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A start of the machine with bailiff-early.service (selftests/vm/early is laid over the guest): the
# policies hold from the first ordinary service on, before bailiffd runs, which then takes them over.

test=early
. "$(dirname "$0")/lib.sh"

started() { systemctl show -P "$2" "$1"; }
denied() { [ "$(service early-now.service act read /etc/early-secret >/dev/null 2>&1; echo $?)" = 1 ]; }
before() { [ "$(started "$1" "$2")" -lt "$(started "$3" "$4")" ]; }

is "bailiff-early has done its work" "active 0" \
	"$(systemctl is-active bailiff-early.service) $(started bailiff-early.service ExecMainStatus)"
is "no bailiffd runs" inactive "$(systemctl is-active bailiffd.service)"
is "the first service's first act was denied" 1 "$(started early-probe.service ExecMainStatus)"
before bailiff-early.service ActiveEnterTimestampMonotonic early-probe.service ExecMainStartTimestampMonotonic &&
	ok "... which came after it" || not_ok "the probe came before the policies"
before early-probe.service ExecMainStartTimestampMonotonic dbus.service ExecMainStartTimestampMonotonic &&
	ok "... and before ordinary services" || not_ok "the probe came after ordinary services"
status "status: it is in force" 0 bailiff status
has "... while no daemon runs" '^bailiffd: +stopped' "$(cat /tmp/status.out)"
denied && ok "a service that is started now is denied" || not_ok "a service that is started now is not denied"

date +@%s.%6N -d '-1 hour' >/tmp/mark
start_daemon
has "bailiffd takes over what it left" 'took over what was in force' "$(journalctl -u bailiffd -o cat --no-pager)"
is "... with its events" 2 "$(count_since_mark 2 BAILIFF_PATH=/etc/early-secret)"
denied && ok "... and enforces it" || not_ok "bailiffd does not enforce it"

# what the files say now has errors: the next start has what they said last
stop_daemon_only() { systemctl stop bailiffd; bailiff release >/dev/null 2>&1; }
stop_daemon_only
denied && not_ok "stopped, it is denied all the same" || ok "stopped, it is not denied"
echo nonsense >$policies/early.ini
status "where files have errors, the last good state is loaded" 0 systemctl restart bailiff-early.service
denied && ok "... and denies" || not_ok "the last good state does not deny"
stop_daemon
