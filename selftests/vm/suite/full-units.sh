#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Many policies of one unit each: each holds for its own and for nobody else's, one more comes into
# force while the others hold, and what only has a unit's name somewhere else is not that unit.

test=units
. "$(dirname "$0")/lib.sh"

n_units=60

unit_policy() {
	echo secret >/srv/units-"$1"
	policy units-"$1" <<-END
		[select]
		unit = units-$1.service
		[file]
		deny = read /srv/units-$1
	END
}

# in_cgroup PATH COMMAND...: runs it in a cgroup that is made for it
in_cgroup() {
	local cgroup=/sys/fs/cgroup$1
	shift
	mkdir -p "$cgroup"
	bash -c 'echo $$ >"$0"/cgroup.procs && exec "$@"' "$cgroup" "$@"
}

own() { service units-"$1".service act read /srv/units-"$1"; }

for i in $(seq $n_units); do
	unit_policy "$i"
done
start_daemon
eventually in_force $n_units || { not_ok "$n_units policies are in force"; exit 1; }
ok "$n_units policies of one unit each are in force"
status "bailiff check has nothing against them" 0 bailiff check
for i in 1 12 31 $n_units; do
	status "unit $i is under its policy" 1 own "$i"
done
status "a unit is under no other's policy" 0 service units-1.service act read /srv/units-2
status "a unit with a longer name is under none" 0 service units-12x.service act read /srv/units-12
status "a unit in a slice of its own is under its policy" 1 systemd-run --quiet --wait --pipe --collect \
	--setenv=PATH="$PATH" --slice=units-deep.slice --unit=units-7.service -- act read /srv/units-7
status "what is inside another service is not that unit" 0 systemd-run --quiet --wait --pipe --collect \
	--setenv=PATH="$PATH" --unit=units-other.service -p Delegate=yes -- sh -c '
	here=/sys/fs/cgroup$(sed s/0::// /proc/self/cgroup)
	mkdir $here/units-1.service && echo $$$$ >$here/units-1.service/cgroup.procs &&
		grep -q units-other.service/units-1.service /proc/self/cgroup || exit 9
	exec act read /srv/units-1'
status "a unit of a user's manager is under its policy" 1 \
	in_cgroup /user.slice/user-4242.slice/user@4242.service/app.slice/units-3.service act read /srv/units-3
status "... but not inside a container" 0 \
	in_cgroup /machine.slice/units-libpod.scope/app.slice/units-3.service act read /srv/units-3
# systemd names this one's cgroup _memory.service, as the kernel has files that begin like that
policy units-memory <<-END
	[select]
	unit = memory.service
	[file]
	deny = read /srv/units-1
END
eventually in_force $((n_units + 1)) || not_ok "the policy of memory.service is in force"
status "a unit whose cgroup has an escaped name is under its policy" 1 \
	service memory.service act read /srv/units-1

# One more, while one that is confined tries all the time.
rm -f /run/units-*
systemd-run --quiet --collect --unit=units-5.service /bin/bash -c 'while :; do
	read -r line </srv/units-5 && echo >>/run/units-leaks
	echo >>/run/units-tries
done 2>/dev/null'
eventually test -s /run/units-tries || not_ok "the service tries"
before=$(wc -l </run/units-tries) started=$SECONDS
unit_policy $((n_units + 1))
eventually in_force $((n_units + 2)) && [ $((SECONDS - started)) -le 30 ] &&
	ok "one more is in force after $((SECONDS - started)) s" || not_ok "one more is not in force after 30 s"
status "... and holds" 1 own $((n_units + 1))
status "those that were in force still do" 1 own 31
rm $policies/units-31.ini
eventually own 31 && ok "a policy that is taken away holds no more" || not_ok "a policy that is taken away holds"
status "... and the others do" 1 own 32
[ "$(wc -l </run/units-tries)" -gt "$before" ] && [ ! -e /run/units-leaks ] &&
	ok "in $(wc -l </run/units-tries) tries meanwhile none got through" ||
	not_ok "meanwhile $(wc -l </run/units-leaks) tries got through"

systemctl stop units-5.service
stop_daemon
status "after stop, read works" 0 own 1
rmdir /sys/fs/cgroup/machine.slice/units-libpod.scope/{app.slice/units-3.service,app.slice,} \
	/sys/fs/cgroup/user.slice/user-4242.slice/{user@4242.service/{app.slice/{units-3.service,},},}
rm -f /srv/units-* /run/units-*
