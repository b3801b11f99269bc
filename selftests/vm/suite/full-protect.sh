#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# protect = yes: what root on the host tries against bailiffd (door-protect), what systemd may do all
# the same, and what is noticed. Each technique is seen to work without protection first.

test=protect
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/attacks-lib.sh"

if ! command -v door-protect >/dev/null; then
	skip "door-protect is not here"
	exit
fi

conf=/etc/bailiff/bailiff.conf
links=/sys/fs/bpf/bailiff/links
own=/sys/fs/cgroup/system.slice/bailiffd.service
cgroup=/sys/fs/cgroup/attack-protect
work=/var/tmp/door

main_pid() { systemctl show -P MainPID bailiffd; }
confined() { ! service probe.service chroot / /bin/true; }
told() { entries "$@" >/tmp/told; [ -s /tmp/told ]; }
# notices WHAT PATTERN: the journal says so, within some seconds
notices() {
	said() { entries -o cat | grep -Eq -- "$pattern"; }
	local what=$1 pattern=$2
	if eventually said; then ok "$what is in the journal"; else not_ok "$what is not in the journal"; fi
}
# restarted PID: another daemon than that one is ready
restarted() { [ "$(main_pid)" != "$1" ] && [ "$(main_pid)" != 0 ] && systemctl is-active bailiffd; }
protected() { ! touch $conf; }
# has_maps: the daemon that starts has opened what is pinned, and its guards are still to come
has_maps() { [ "$(find "/proc/$(pgrep -x bailiffd)/fd" -lname '*bpf-map*' | wc -l)" -ge 10 ]; }

mkdir -p $cgroup $work /run/bailiff/policies.d /sys/fs/cgroup/door-outside
policy probe <<-END
	[select]
	unit = probe.service
	[process]
	deny = chroot
END

# By hand there is nobody who could replace it.
printf '[daemon]\nprotect = yes\n' >$conf
said=$(bailiffd 2>&1) && not_ok "by hand, it starts with protect = yes"
has "by hand, it refuses protect = yes, and says why" 'systemctl start' "$said"
printf '[daemon]\nprotect = perhaps\n' >$conf
has "another word is an error" 'protect is "yes" or "no"' "$(bailiffd 2>&1)"

# Without protection: every technique works.
printf '[daemon]\non-stop = keep\nprotect = no\n' >$conf
systemctl enable --quiet bailiffd
start_daemon
door-protect prepare-all $work
while read -r name found step; do
	works[host/protect/$name]=$found
	why[host/protect/$name]=$step
done < <(door-protect try $work 2>/tmp/attack-errors)

# ... and so does what systemd does for anybody who asks.
mkdir -p /var/tmp/evil
bind() { systemctl bind bailiffd.service /var/tmp/evil /etc/bailiff/policies.d 2>/dev/null; }
append() { systemd-run --quiet --wait -p StandardOutput=append:$conf echo '#' 2>/dev/null; }
clean() { systemd-run --quiet --wait -p RuntimeDirectory=bailiff true 2>/dev/null; }
bind
is "without protection: systemctl bind hides the policies" "" \
	"$(ls "/proc/$(main_pid)/root/etc/bailiff/policies.d")"
append
has "... a service writes to the configuration" '#' "$(cat $conf)"
clean
status "... and takes /run/bailiff away" 1 test -d /run/bailiff
has "... and the loader loads what it is told to" 'preload' "$(LD_PRELOAD=/nowhere.so bailiff status 2>&1)"
mkdir -p /run/bailiff/policies.d
systemctl stop bailiffd

# With it. The pins of a policy that stays in force are unguarded until the programs are there:
# what is taken away then is noticed, and put right.
printf '[daemon]\non-stop = keep\nprotect = yes\n' >$conf
mark
systemctl start --no-block bailiffd
eventually has_maps || not_ok "the daemon took the maps over"
rm /sys/fs/bpf/bailiff/maps/stats || not_ok "a pin can be taken away before it is guarded"
eventually systemctl is-active bailiffd
notices "a pin that is gone" '1 of bailiff.s pins were gone, and are there again'
status "... and is there again" 0 test -e /sys/fs/bpf/bailiff/maps/stats

first=$(main_pid)
before=$(cd /sys/fs/bpf/bailiff && find . | sort)
n=0
while read -r name flags plain status last state step; do
	n=$((n + 1))
	fs=host door=protect attacks_judge
done < <(door-protect attack $work $cgroup 2>>/tmp/attack-errors)
is "every technique was tried" "$(door-protect list | wc -l)" $n
is "it is the same daemon" "$first" "$(main_pid)"
is "all pins are there" "$before" "$(cd /sys/fs/bpf/bailiff && find . | sort)"
notices "who tried" 'refused to let door-protect\[[0-9]+\] \(uid 0\) send bailiffd a signal'
sed 's/^/# /' /tmp/attack-errors

# bailiff's own command reads, and nobody in its name.
has "bailiff status reads the maps" 'probe' "$(bailiff status 2>&1)"
hasnt "... and misses nothing" 'MISSING|NOT AS' "$(bailiff status 2>&1)"
cp /usr/bin/bailiff /var/tmp/bailiff
has "a copy of the command does not" 'denied' "$(/var/tmp/bailiff status 2>&1)"
has "nor does one that is traced" 'denied' "$(strace -o /dev/null bailiff status 2>&1)"
hasnt "what is to be loaded before it is not" 'preload' "$(LD_PRELOAD=/nowhere.so bailiff status 2>&1)"
has "bailiff release says what to do" 'systemctl stop' "$(bailiff release 2>&1)"
rm /var/tmp/bailiff

# What systemd does for anybody who asks.
bind
is "systemctl bind puts nothing over the policies" probe.ini \
	"$(ls "/proc/$(main_pid)/root/etc/bailiff/policies.d")"
append
hasnt "no service writes its output to the configuration" '#' "$(cat $conf)"
clean
status "no service's RuntimeDirectory= takes /run/bailiff away" 0 test -d /run/bailiff/policies.d
systemd-run --quiet --wait -p StandardOutput=file:$own/cgroup.kill \
	echo 1 2>/dev/null
systemd-run --quiet --wait /usr/sbin/bailiffd 2>/dev/null
is "after all that, it is the same daemon" "$first" "$(main_pid)"

# What systemd has to be able to do.
systemctl reload bailiffd
status "systemctl reload" 0 systemctl is-active bailiffd
mark
systemctl restart bailiffd
hasnt "an end in order is none that is told" 'did not end by itself' "$(entries -o cat)"
status "systemctl restart: the new daemon takes over" 0 systemctl is-active bailiffd
protected && ok "... and is protected" || not_ok "... and is protected"
status "... and the policy is in force" 0 confined

# Without a daemon, until systemd starts one.
mark
systemctl kill -s KILL bailiffd
systemctl stop bailiffd
is "no daemon runs" "" "$(pgrep -x bailiffd)"
protected && ok "what a killed daemon leaves is protected" || not_ok "what a killed daemon leaves"
status "... also its pins" 1 rm $links/bailiff_protect_map
status "... and the policy is in force" 0 confined
has "... bailiff release says who may" 'systemctl start bailiffd && systemctl stop' "$(bailiff release 2>&1)"
has "... and bailiff status reads" 'probe' "$(bailiff status 2>&1)"
status "... its cgroup is not made" 1 mkdir $own
# From the first moment of the next one.
(
	while [ ! -e /var/tmp/started ]; do
		echo 1 2>/dev/null >$own/cgroup.kill && echo cgroup.kill >>/var/tmp/leaks
		while read -r pid; do
			echo "$pid" >>/var/tmp/tries
			kill -9 "$pid" 2>/dev/null && echo "kill $pid" >>/var/tmp/leaks
		done <$own/cgroup.procs
		sleep 0.05
	done
) 2>/dev/null &
start_daemon
touch /var/tmp/started
wait
is "... nobody kills the next one while it starts" "" "$(cat /var/tmp/leaks 2>/dev/null)"
status "... and it was tried" 0 test -s /var/tmp/tries
rm -f /var/tmp/started /var/tmp/leaks /var/tmp/tries
status "the next one takes over" 0 test -e $links/bailiff_protect_map
notices "that the last one did not end by itself" 'daemon before this one did not end by itself'
status "no signal reaches the new one" 1 kill -9 "$(main_pid)"

# Where no hook says which process is moved, it is noticed. (Linux 6.1 asks whether its scheduling may
# be changed, which is refused.)
mark
pid=$(main_pid)
mkdir -p /sys/fs/cgroup/elsewhere
echo 1 >/sys/fs/cgroup/elsewhere/cgroup.freeze
if echo "$pid" 2>/dev/null >/sys/fs/cgroup/elsewhere/cgroup.procs; then
	sleep 5
	echo 0 >/sys/fs/cgroup/elsewhere/cgroup.freeze
	notices "that it was frozen there" 'was kept from running for'
	notices "a move to another cgroup" 'was moved to the cgroup /elsewhere'
	eventually restarted "$pid" && ok "... and it is started again" || not_ok "... and it is started again"
else
	notices "that it is not moved to another cgroup" 'refused to let .* change bailiffd.s limits'
	is "... and the daemon is the same" "$pid" "$(main_pid)"
fi
is "... in its own" 0::/system.slice/bailiffd.service "$(cat "/proc/$(main_pid)/cgroup")"

# A stop is the way out.
systemctl stop bailiffd
is "systemctl stop takes the protection down" "" "$(find $links -name '*protect*')"
status "... not the policy, with on-stop = keep" 0 confined
status "... and the configuration can be written" 0 touch $conf
systemctl disable --quiet bailiffd
stop_daemon
status "nothing is left" 1 test -e /sys/fs/bpf/bailiff
rmdir /sys/fs/cgroup/elsewhere $cgroup /sys/fs/cgroup/door-outside
rm -rf $work /run/door-keep /var/tmp/evil
