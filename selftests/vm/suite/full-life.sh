#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What is in force stays so: when the daemon is killed, started again, restarted, told to reload, or
# given a policy with errors; and goes when it is told to go.

test=life
. "$(dirname "$0")/lib.sh"

secret=/etc/bailiff-secret
echo secret >$secret
touch /var/tmp/other-secret

denies() { [ "$(service probe.service act read "$1" >/dev/null 2>&1; echo $?)" = 1 ]; }

start_daemon
is "no policy: no hook is attached" "" "$(ls /sys/fs/bpf/bailiff/links)"
policy probe <<-END
	[select]
	unit = probe*.service
	[file]
	deny = read $secret
END
eventually denies $secret || { not_ok "the policy came into force"; exit 1; }
ok "a policy that is put into the folder comes into force"

# A service that runs already, in its loop when things change.
systemd-run --quiet --setenv=PATH="$PATH" --unit=probe.service -- sh -c '
	while :; do
		act read /etc/bailiff-secret 2>/dev/null && echo leak >>/var/tmp/leaks
		[ $? = 1 ] && echo . >>/var/tmp/tries
	done'
rm -f /var/tmp/leaks

kill -9 "$(systemctl show -P MainPID bailiffd)"
systemctl stop bailiffd # it is dead already: this only keeps systemd from starting it again
is "no daemon runs after kill -9" "" "$(pgrep -x bailiffd)"
status "a new service is denied while no daemon runs" 1 service probe2.service act read $secret
start_daemon
eventually systemctl is-active bailiffd
before=$(bailiff status --json | tr -d ' \n' | grep -o '"decided":[0-9]*' | head -n 1)
systemctl kill -s KILL bailiffd
sleep 0.5
eventually systemctl is-active bailiffd
systemctl restart bailiffd
after=$(bailiff status --json | tr -d ' \n' | grep -o '"decided":[0-9]*' | head -n 1)
if [ "${after#*:}" -ge "${before#*:}" ]; then ok "counts go on after kill and restart"; else
	not_ok "counts went from $before to $after"
fi

# Bad input changes nothing.
mark
printf '[select]\nunit = probe.service\n[file]\ndney = read /etc/passwd\n' >$policies/probe.ini
told() { entries _SYSTEMD_UNIT=bailiffd.service | grep -q 'probe.ini:4:1: error'; }
eventually told
has "the journal has the error with its place and the right form" \
	'probe.ini:4:1: error: .*dney.*deny' "$(entries _SYSTEMD_UNIT=bailiffd.service)"
sleep 0.3
systemctl restart bailiffd
status "... and what was in force stays so over a restart" 1 service probe2.service act read $secret
cat >$policies/probe.ini <<-END
	[select]
	unit = probe.service
	[file]
	deny = read $secret /var/tmp/other-secret
END
systemctl reload bailiffd
sleep 0.3
tries=$(wc -l </var/tmp/tries)
sleep 0.3
if [ "$(wc -l </var/tmp/tries)" -gt "$tries" ]; then ok "the service that ran all along is denied"; else
	not_ok "the service does not try any more"
fi
if [ -e /var/tmp/leaks ]; then
	not_ok "the file was read $(wc -l </var/tmp/leaks) times"
else
	ok "in $(wc -l </var/tmp/tries) tries, none got through"
fi
systemctl stop probe.service 2>/dev/null
systemctl reset-failed probe.service 2>/dev/null
denies /var/tmp/other-secret && ok "the mended policy is in force" || not_ok "the mended policy is in force"

# A policy that exceeds a limit, beside those that do not, also at a cold start.
for i in a b c d e f g h i j k l m n o; do
	printf '[select]\nunit = *%s*\n[file]\ndeny = read /x\n' $i >$policies/many-$i.ini
done
sleep 5
denies $secret && ok "beside a policy that exceeds a limit, the others hold" ||
	not_ok "beside a policy that exceeds a limit, the others hold"
systemctl stop bailiffd
rm -rf /var/lib/bailiff/policies.d/*
start_daemon
denies $secret && ok "... also at a cold start" || not_ok "... also at a cold start"
rm $policies/many-*.ini

# A signal that nobody asked systemd for.
kill -TERM "$(systemctl show -P MainPID bailiffd)"
sleep 0.5
denies $secret && ok "after SIGTERM it is denied all the same" || not_ok "after SIGTERM"
for i in 1 2 3 4 5 6 7; do
	systemctl kill -s KILL bailiffd
	sleep 0.5
done
running() { systemctl is-active bailiffd && flock -n /run/bailiff/lock true; [ $? = 1 ]; }
eventually running && ok "it is started again however often it dies" || not_ok "it is not started again"

# Another folder in the place of the policies' folder.
touch /var/tmp/third-secret
cp -a $policies $policies.new
printf '[select]\nunit = probe.service\n[file]\ndeny = read /var/tmp/third-secret\n' \
	>$policies.new/third.ini
mv $policies $policies.old && mv $policies.new $policies
third() { denies /var/tmp/third-secret; }
eventually third && ok "another folder in its place is read" || not_ok "another folder is not read"
rm -rf $policies.old $policies/third.ini /var/tmp/third-secret

# Every event that was counted is in the journal when the daemon has ended.
mark
systemctl kill -s STOP bailiffd
service probe.service sh -c 'i=0; while [ $i -lt 700 ]; do act read /etc/bailiff-secret; i=$((i+1)); done' 2>/dev/null
systemctl kill -s CONT bailiffd
systemctl stop bailiffd
is "no event is lost at stop" 700 "$(count_since_mark 700 BAILIFF_ACTION=read BAILIFF_PATH=$secret)"
is "without on-stop, stopping takes everything down" "" "$(ls /sys/fs/bpf/bailiff 2>/dev/null)"
denies $secret && not_ok "stopped, it is denied all the same" || ok "... and nothing is denied"
start_daemon

# An upgrade over what another build has in force. Its programs differ by a name of their licence.
sed 's,Dual BSD/GPL,Dual MIT/GPL,' /usr/sbin/bailiffd >/usr/sbin/bailiffd.other
chmod 755 /usr/sbin/bailiffd.other
mkdir -p /run/systemd/system/bailiffd.service.d
printf '[Service]\nExecStart=\nExecStart=/usr/sbin/bailiffd.other\n' >/run/systemd/system/bailiffd.service.d/other.conf
mark
kill -9 "$(systemctl show -P MainPID bailiffd)"
systemctl stop bailiffd
service probe.service sh -c 'for i in 1 2 3; do act read /etc/bailiff-secret; done' 2>/dev/null
systemctl daemon-reload
start_daemon
is "an upgrade loses no event that is in the ring" 3 \
	"$(count_since_mark 3 BAILIFF_ACTION=read BAILIFF_PATH=$secret)"
has "... and says that it replaces another build" 'by another version' "$(entries _SYSTEMD_UNIT=bailiffd.service)"
denies $secret && ok "... and enforces" || not_ok "after an upgrade, not denied"
rm -r /run/systemd/system/bailiffd.service.d /usr/sbin/bailiffd.other
systemctl daemon-reload
# What another version has pinned can lack a map.
mark
kill -9 "$(systemctl show -P MainPID bailiffd)"
systemctl stop bailiffd
rm /sys/fs/bpf/bailiff/maps/scratches
status "status tells pins of another version from none" 3 bailiff status
start_daemon
has "pins without one of the maps are not taken for none" 'by another version' \
	"$(entries _SYSTEMD_UNIT=bailiffd.service)"
denies $secret && ok "... and are replaced" || not_ok "pins without one of the maps are not replaced"

# Two daemons.
status "a second daemon refuses to start" 1 bailiffd
# on-stop
printf '[daemon]\non-stop = keep\n' >/etc/bailiff/bailiff.conf
systemctl restart bailiffd
systemctl stop bailiffd
denies $secret && ok "on-stop = keep: denied without a daemon" || not_ok "on-stop = keep"
status "bailiff release takes it down" 0 bailiff release
denies $secret && not_ok "after release, still denied" || ok "after release, nothing is denied"
rm /etc/bailiff/bailiff.conf
start_daemon
eventually denies $secret && ok "started again, it is denied again" || not_ok "started again"
rm $policies/probe.ini
gone() { ! denies $secret; }
eventually gone && ok "without its file the policy is gone" || not_ok "without its file"
detached() { [ -z "$(ls /sys/fs/bpf/bailiff/links)" ]; }
eventually detached
is "... and the hooks are detached" "" "$(ls /sys/fs/bpf/bailiff/links)"
stop_daemon
rm -f $secret /var/tmp/other-secret /var/tmp/leaks /var/tmp/tries
