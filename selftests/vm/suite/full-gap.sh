#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# No gap: acts that every version of the policies denies, and acts that every version allows, as fast as
# they can be made, while the daemon is killed, restarted, stopped, replaced by another build, by one of
# another ABI version and back, and the policies are written anew. None of the first may succeed, none of
# the second be denied.
#
#	GAP_ROUNDS=N	so many of these (14: each once)
#	GAP_REWRITES=N	at least so many new versions in all (40)
#	GAP_ACTS=N	at least so many rounds of acts in a service, and a hundredth in new cgroups (1000)
#	GAP_SEED=N	which ones

test=gap
. "$(dirname "$0")/lib.sh"

rounds=${GAP_ROUNDS:-14} rewrites=${GAP_REWRITES:-40} acts=${GAP_ACTS:-1000}
RANDOM=${GAP_SEED:=$((SRANDOM % 32768))}
folder=/var/tmp/gap stop=/run/gap-stop
n_rewrites=0
rm -f $stop

# version NUMBER: a policy that says the same of what is tried, each in another way
version() {
	local select='gap*.service' file="deny = read write $folder/denied/**" more='' i
	local exec="deny = $folder/denied/**" network='deny = netlink'
	case $(($1 % 5)) in
	1) select='gap.service gap-*.service' network='deny = netlink packet' ;;
	2) file="deny = read write $folder/**" exec="deny = drift" ;;
	3) for i in {1..30}; do more+="deny = read write /srv/$RANDOM/{a,b}/$i/*"$'\n'; done ;;
	4) exec="default = deny" ;;
	esac
	cat <<-END
		[policy]
		severity = $(($1 % 10 + 1))
		[select]
		unit = $select
		[file]
		$file
		allow = read write $folder/denied/open/**
		$more
		[exec]
		$exec
		deny = $folder/denied/program
		allow = $folder/denied/open/**
		[network]
		$network
		[process]
		deny = chroot
	END
}

# rewrite: the next version, in one step; now and then in the other folder, or beside a second policy
rewrite() {
	local at=/run/bailiff/policies.d
	n_rewrites=$((n_rewrites + 1))
	version $RANDOM >$at/.gap
	case $((RANDOM % 6)) in
	0) mv $at/.gap $at/gap.ini && rm -f $policies/gap.ini ;;
	1) printf '[select]\nunit = gap*.service\n[file]\ndeny = write %s/denied/file\n' $folder >$policies/.more
		mv $policies/.more $policies/gap-more.ini ;;
	2) rm -f $policies/gap-more.ini ;;
	*) cp $at/.gap $policies/.gap && mv $policies/.gap $policies/gap.ini && rm -f $at/gap.ini ;;
	esac
	sleep 0.0$((RANDOM % 9 + 1))
}

running() { [ "$(systemctl is-active bailiffd)" = active ]; }
main_pid() { systemctl show -P MainPID bailiffd; }
kill_daemon() { local pid; pid=$(main_pid) && [ "$pid" != 0 ] && kill -9 "$pid"; }
replace() {
	mkdir -p /run/systemd/system/bailiffd.service.d
	printf '[Service]\nExecStart=\nExecStart=%s\n' "$1" >/run/systemd/system/bailiffd.service.d/gap.conf
	systemctl daemon-reload
	systemctl restart bailiffd
}

# a version that goes back by itself, or for good
on_trial() {
	mkdir -p /run/gap
	version $RANDOM >/run/gap/gap.ini
	eventually running && bailiff apply /run/gap/gap.ini "$@" >/dev/null
}

# one of what happens to a daemon; some leave no time for what came before to be done
happen() {
	case $1 in
	0 | 1 | 2) kill_daemon ;;
	3) kill -TERM "$(main_pid)" ;;
	4) systemctl restart bailiffd ;;
	5) systemctl stop bailiffd && rewrite && rewrite && systemctl start bailiffd ;;
	6) systemctl reload bailiffd ;;
	7) replace /usr/sbin/bailiffd.build ;;
	8) replace "$(command -v bailiffd-other)" ;;
	9) replace /usr/sbin/bailiffd ;;
	10) systemctl --no-block restart bailiffd && sleep 0.$((RANDOM % 10)) && kill_daemon ;;
	11) systemctl kill -s STOP bailiffd && rewrite && systemctl kill -s CONT bailiffd ;;
	12) on_trial --confirm=20s ;;
	13) on_trial && rm -f /run/bailiff/policies.d/gap.ini ;;
	esac 2>/dev/null
}
n_happenings=14

gap lay $folder
sed 's,Dual BSD/GPL,Dual MIT/GPL,' /usr/sbin/bailiffd >/usr/sbin/bailiffd.build
chmod 755 /usr/sbin/bailiffd.build
printf '[daemon]\non-stop = keep\n' >/etc/bailiff/bailiff.conf
# without policy everything is done
touch $stop
gap inside $folder $stop 1 >/tmp/gap-none
has "without policy, what will be denied is done" '^read: 16 tries, 16 wrong .*it succeeded' "$(cat /tmp/gap-none)"
rm $stop
version 0 | policy gap
start_daemon
denied() { [ "$(service gap-first.service act read $folder/denied/file >/dev/null 2>&1; echo $?)" = 1 ]; }
eventually denied && ok "the first version is in force" || not_ok "the first version is not in force"

systemd-run --quiet --unit=gap.service --service-type=exec -p StandardOutput=file:/run/gap-inside \
	-- "$(command -v gap)" inside $folder $stop "$acts"
gap born $folder $stop $((acts / 100)) /sys/fs/cgroup/gap >/run/gap-born 2>/tmp/gap-errors &
born=$!
failed=''
for ((i = 0; i < rounds; i++)); do
	rewrite
	what=$((i < n_happenings ? i : RANDOM % n_happenings))
	happen $what || failed+=" $what"
	for ((j = 0; j < RANDOM % 4; j++)); do rewrite; done
done
while [ $n_rewrites -lt "$rewrites" ]; do rewrite; done
eventually running && ok "after all of it a daemon runs" || not_ok "after all of it no daemon runs"
touch $stop
wait $born
status=$?
ended() { [ "$(systemctl is-active gap.service)" != active ]; }
eventually ended

echo "# gap: seed $GAP_SEED, $rounds happenings, $n_rewrites versions; could not be:$failed"
sed 's/^/# inside: /' /run/gap-inside
sed 's/^/# born: /' /run/gap-born
is "nine acts were tried inside" 9 "$(grep -c ': [1-9][0-9]* tries' /run/gap-inside)"
is "... and by those born into new cgroups" 9 "$(grep -c ': [1-9][0-9]* tries' /run/gap-born)"
is "in a service: none that is denied succeeded, none that is allowed was denied" "" \
	"$(grep -v ' 0 wrong$' /run/gap-inside)"
is "in new cgroups: none that is denied succeeded, none that is allowed was denied" "" \
	"$(grep -v ' 0 wrong$' /run/gap-born)"
is "the process that makes them ended well" 0 "$status$(cat /tmp/gap-errors)"

# what is in force in the end is what was written last
systemctl reset-failed gap.service 2>/dev/null
version 0 >$policies/.gap
echo 'deny = bpf' >>$policies/.gap
mv $policies/.gap $policies/gap.ini
denied() { [ "$(service gap-last.service act process bpf >/dev/null 2>&1; echo $?)" = 1 ]; }
eventually denied && ok "the last version is in force" || not_ok "the last version is not in force"
rm -rf /run/systemd/system/bailiffd.service.d /usr/sbin/bailiffd.build /run/bailiff/policies.d/{gap,.gap}*
systemctl daemon-reload
rm -rf $folder /run/gap $stop /run/gap-inside /run/gap-born
stop_daemon
