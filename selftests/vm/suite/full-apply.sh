#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# "bailiff apply": in force when it says so, and only then in /etc; and trials, which bailiffd ends by
# itself, whatever became of who began them. "bailiff status": which files wait, or were refused.

test=apply
. "$(dirname "$0")/lib.sh"

mkdir -p /run/apply
for name in one two three; do echo secret >/var/tmp/apply-$name; done
denied() { [ "$(service apply.service act read "/var/tmp/apply-$1" >/dev/null 2>&1; echo $?)" = 1 ]; }
allowed() { [ "$(service apply.service act read "/var/tmp/apply-$1" >/dev/null 2>&1; echo $?)" = 0 ]; }
# file NAME SECRET [LINE]: a policy, not yet anywhere
file() {
	printf '[select]\nunit = apply*.service\n[file]\ndeny = read /var/tmp/apply-%s\n%s\n' "$2" "${3-}" \
		>"/run/apply/$1.ini"
}
told() { bailiff status --json | tr -d '\n' | grep -o '"file": *"[^"]*'"$1"'.ini", *"state": *"[^"]*"' | sed 's/.*"\(.*\)"/\1/'; }
no_trial() { [ ! -e /run/bailiff/trial ]; }

file web one
status "no daemon: it could not be done" 3 bailiff apply /run/apply/web.ini
start_daemon
status "neither files nor what is to be done: wrong usage" 2 bailiff apply
status "a name that is no policy's: wrong usage" 2 bailiff apply /etc/hostname
status "a time that is none: wrong usage" 2 bailiff apply /run/apply/web.ini --confirm=soon
status "nothing is on trial: no" 1 bailiff apply --confirmed
status "... nor to be cancelled" 1 bailiff apply --cancel

file wrong one 'dney = read /x'
status "a policy with an error is refused" 1 bailiff apply /run/apply/web.ini /run/apply/wrong.ini
has "... with its place" 'wrong.ini:5:1: error: .*dney' "$(cat /tmp/status.out)"
is "... and nothing was written" "" "$(ls $policies)"
status "a policy is put into force" 0 bailiff apply /run/apply/web.ini
denied one && ok "... and denies as soon as it says so" || not_ok "it said so, and does not deny"
is "... is in /etc" "web.ini" "$(ls $policies)"
is "... and nothing is on trial" "" "$(ls -d /run/bailiff/trial* 2>/dev/null)"
is "status: the file is in force" "in force" "$(told web)"
status "... and all is well" 0 bailiff status --wait=60s

# files that are refused, or wait
cp /run/apply/wrong.ini $policies/web.ini
status "status --wait: a refused file is no" 1 bailiff status --wait=60s
has "... is named, with why" "refused +$policies/web.ini: .*dney.*line 5:1.*as it was before, it is in force" \
	"$(cat /tmp/status.out)"
is "... in JSON" "refused" "$(told web)"
file web two
systemctl kill -s STOP bailiffd
cp /run/apply/web.ini $policies/web.ini
is "status: what a daemon has not read is waiting" "waiting" "$(told web)"
status "status --wait: what waits for too long is no" 1 bailiff status --wait=1s
systemctl kill -s CONT bailiffd
status "status --wait: it is in force" 0 bailiff status --wait=60s
denied two && ok "... and denies" || not_ok "it is said to be in force, and does not deny"

# trials
file web three
status "a policy is put on trial" 0 bailiff apply /run/apply/web.ini --confirm=30s
denied three && ok "... and denies" || not_ok "it is on trial, and does not deny"
has "... what was before is untouched in /etc" 'apply-two' "$(cat $policies/web.ini)"
status "there is one trial at a time" 3 bailiff apply /run/apply/web.ini --confirm=30s
eventually no_trial && ok "its time is over" || not_ok "its time is over, and the trial is there"
eventually denied two && allowed three && ok "... and what was before is in force" || not_ok "it did not go back"
has "... as the journal says" 'nobody confirmed' "$(journalctl -u bailiffd -o cat --no-pager)"
status "too late to confirm" 1 bailiff apply --confirmed

status "a trial is begun again" 0 bailiff apply /run/apply/web.ini --confirm 1h
status "... and confirmed" 0 bailiff apply --confirmed
denied three && has "... is in force, and in /etc" 'apply-three' "$(cat $policies/web.ini)" || not_ok "confirmed, it does not deny"
file web one
status "a trial with JSON" 0 bailiff apply /run/apply/web.ini --confirm=1h --json
has "... tells how long it lasts" '"trial": *true, *"seconds_left": *3[0-9]{3}' "$(tr -d '\n' </tmp/status.out)"
status "... and cancelled" 0 bailiff apply --cancel
eventually denied three && allowed one && ok "... goes back" || not_ok "cancelled, it did not go back"

# killed at every turn
status "a trial before the daemon is killed" 0 bailiff apply /run/apply/web.ini --confirm=20s
systemctl kill -s KILL bailiffd
denied one && ok "... holds without a daemon" || not_ok "without a daemon the trial does not hold"
eventually no_trial && eventually denied three && allowed one && ok "... and the next daemon goes back" ||
	not_ok "the next daemon did not go back"
printf '[daemon]\non-stop = keep\n' >/etc/bailiff/bailiff.conf
systemctl restart bailiffd
status "a trial before the daemon is stopped" 0 bailiff apply /run/apply/web.ini --confirm=10s
systemctl stop bailiffd
sleep 11
denied one && ok "... holds as long as no daemon runs" || not_ok "stopped with on-stop = keep, the trial does not hold"
start_daemon
allowed one && denied three && ok "... and the first thing that a daemon does is to go back" ||
	not_ok "a daemon that was started after the time did not go back"

# who begins it shuts himself out: all that his own unit does is denied
shuts() { printf '[select]\nunit = apply-%s.service\n[exec]\ndefault = deny\n[file]\ndeny = read write /**\n' "$1"; }
shuts self >/run/apply/self.ini
shuts other >/run/apply/other.ini
status "a policy that needs more programs in the kernel" 0 bailiff apply /run/apply/other.ini
systemd-run --quiet --unit=apply-self.service --setenv=PATH="$PATH" -- \
	sh -c 'bailiff apply /run/apply/self.ini --confirm=45s; /bin/true || touch /run/apply/shut-out; read line </etc/hostname'
shut() { systemctl show -P ExecMainStatus apply-self.service | grep -qv '^0$'; }
eventually shut && ok "who tries a policy that shuts him out is shut out" || not_ok "he is not shut out: $(journalctl -u apply-self.service -o cat --no-pager | tail -n 5)"
eventually no_trial && ok "... until the time is over" || not_ok "... for ever"
free() { systemctl reset-failed apply-self.service; service apply-self.service /bin/true; }
eventually free && ok "... and is free then" || not_ok "... and is not free then"

# on a terminal
file web two
if command -v script >/dev/null; then
	(sleep 20; echo) | script -qec "bailiff apply /run/apply/web.ini --confirm=10m" /dev/null >/tmp/terminal 2>&1
	has "on a terminal it asks" 'Keep it\?' "$(cat /tmp/terminal)"
	eventually denied two && has "... and Enter keeps it" 'apply-two' "$(cat $policies/web.ini)" || not_ok "Enter does not keep it: $(cat /tmp/terminal)"
else
	skip "on a terminal: there is no script(1)"
fi

# the unit's own safety
is "systemd-analyze security rates bailiffd below 3.0" yes "$(systemd-analyze security --no-pager bailiffd.service | tee /tmp/security |
	awk '/Overall exposure level/ { print ($(NF - 2) < 3.0) ? "yes" : "no: " $(NF - 2) }')"
echo "# $(grep 'Overall exposure' /tmp/security)"
grep '✗' /tmp/security | sed 's/^/# /'

rm -rf /run/apply /var/tmp/apply-*
stop_daemon
