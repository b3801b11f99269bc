#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# unknown = deny: a container executes nothing until its name and image are known, whether a hook tells
# them, the daemon finds them, or nobody ever does; and nobody else is kept from anything.

test=unknown
. "$(dirname "$0")/lib.sh"

known=/run/bailiff-containers
none=/tmp/unknown-no-hooks
conf=/etc/bailiff/bailiff.conf
mkdir -p $none

hooked() { podman run --rm -q -v /mnt/act:/act:ro "$@"; }
unhooked() { podman --hooks-dir $none run --rm -q -v /mnt/act:/act:ro "$@"; }
held() { bailiff status --json | grep -Eo '"held": ?[0-9]+' | grep -Eo '[0-9]+'; }
is_held() { [ "$(held)" = "$1" ]; }
settled() { bailiff status --wait=60s >/dev/null; }
denials() { entries BAILIFF_REASON=unknown-container; }
# a process in a container's cgroup that no engine is behind
inside() {
	local cgroup=/sys/fs/cgroup$1 status=0
	shift
	mkdir -p "$cgroup"
	bash -c "echo \$\$ >$cgroup/cgroup.procs && exec \"\$@\"" bash "$@" || status=$?
	rmdir "$cgroup"
	return $status
}
id=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

# What runs before: a container of podman's, of which no hook told, and one that has no name anywhere.
unhooked -d --name older localhost/tiny sleep 1000 >/dev/null
systemctl start containerd
ctr images import /usr/share/tiny.tar >/dev/null
ctr run -d localhost/tiny:latest $id /bin/sleep 1000

echo "[daemon]
unknown = deny" >$conf
start_daemon
status "without a policy by name nothing is held" 0 podman exec older cat /etc/hostname
status "... containerd's own neither" 0 ctr task exec --exec-id 1 $id /bin/cat /etc/hostname
has "doctor says that it is on" 'unknown +.*deny: no container is held' "$(bailiff doctor | grep unknown)"
mark
policy names <<-END
	[select]
	container = web-*
	[file]
	deny = read /etc/shadow
END
settled || not_ok "the policy came into force: $(bailiff status | tail -n 3)"
status "what ran before is known, and goes on" 0 podman exec older cat /etc/hostname
status "what has no name executes nothing" 1 ctr task exec --exec-id 2 $id /bin/cat /etc/hostname
has "... the journal says what was tried, and why not" \
	'^MESSAGE=denied: .*exec /bin/busybox.*it is not known which container this is' "$(denials)"
has "... by which line" "^BAILIFF_RULE=$conf:2" "$(denials)"
event=$(bailiff events --reason=unknown-container | awk '{ print $4 }')
has "... and bailiff why, what to do" 'unknown = deny in bailiff.conf' "$(bailiff why "$event" 2>&1)"
is "bailiff events knows the reason" 1 "$(bailiff events --reason=unknown-container | grep -c exec)"
is "bailiff status tells how many are held" 1 "$(held)"
has "... in words" '^unknown: +deny: 1 container is held' "$(bailiff status)"
has "the journal says once that it stays so, and why" \
	"^MESSAGE=container $id is held and executes nothing.*its cgroup is none of" \
	"$(since_mark 1 SYSLOG_IDENTIFIER=bailiff)"
sleep 5
is "... once" 1 "$(count SYSLOG_IDENTIFIER=bailiff)"
has "doctor counts it" 'deny: 1 container is held' "$(bailiff doctor | grep unknown)"

# With the hook, and without.
status "by the hook: a container that a policy selects is under it" 1 \
	hooked --name web-1 localhost/tiny /act read /etc/shadow
status "... another one starts" 0 hooked --name other localhost/tiny /act read /etc/shadow
named=0 late=0
for i in 1 2 3; do
	found=0
	unhooked --name "web-$i" localhost/tiny /act read /etc/shadow >/tmp/status.out 2>&1 || found=$?
	case $found,$(grep -c "^read /etc/shadow: Permission denied" /tmp/status.out) in
	1,1) named=$((named + 1)) ;;
	*,0) [ $found != 0 ] && grep -q 'exec.*ermission denied' /tmp/status.out && late=$((late + 1)) ;;
	esac
done
echo "# without the hook: $named containers were known before they executed anything, $late were not"
is "without a hook none reads: it is under its policy, or executes nothing" 3 $((named + late))
runs() { unhooked -d --replace --name other-on localhost/tiny sleep 1000; }
status "without a hook what no policy selects starts, if not at once" 0 eventually runs
reads() { podman exec other-on cat /etc/shadow; }
status "... and goes on executing" 0 eventually reads
podman rm -f -t 0 other-on >/dev/null
runs() { unhooked -d --replace --name web-on localhost/tiny sleep 1000; }
status "without a hook what a policy selects starts, too" 0 eventually runs
status "... and is under it" 1 podman exec web-on cat /etc/shadow
status "... no further" 0 podman exec web-on cat /etc/hostname
podman rm -f -t 0 web-on >/dev/null

# containerd's state is read, too; with annotations as Kubernetes' interface makes them.
cri() {
	local name=$1 number=$2
	shift 2
	ctr run --rm --runc-systemd-cgroup --cgroup "kubepods.slice:cri-containerd:$number" \
		--annotation io.kubernetes.cri.container-type=container \
		--annotation "io.kubernetes.cri.container-name=$name" \
		--annotation io.kubernetes.cri.image-name=localhost/tiny:latest \
		--mount type=bind,src=/mnt/act,dst=/act,options=rbind:ro localhost/tiny:latest "$number" "$@"
}
cri_reads() { cri db-1 "$(printf '%064x' $((RANDOM + 65536)))" /act read /etc/shadow; }
status "containerd without a hook: what no policy selects starts, if not at once" 0 eventually cri_reads
named=0 late=0
for i in 1 2; do
	cri web-1 "$(printf '%063x%d' $((RANDOM + 65536)) "$i")" /act read /etc/shadow >/tmp/status.out 2>&1 &&
		echo "# it read: $(cat /tmp/status.out)"
	if grep -q '^read /etc/shadow: Permission denied' /tmp/status.out; then
		named=$((named + 1))
	elif grep -q 'exec.*ermission denied' /tmp/status.out; then
		late=$((late + 1))
	fi
done
echo "# containerd without a hook: $named known in time, $late not"
is "... what one selects is under it, or executes nothing" 2 $((named + late))

# Whoever makes the cgroup, and wherever it is.
for cgroup in /system.slice/docker-$id.scope /docker/web /kubepods/besteffort/pod1/$id \
	/machine.slice/machine-a.scope; do
	status "nothing is executed in $cgroup" 126 inside "$cgroup" /mnt/act read /etc/shadow
done
rmdir /sys/fs/cgroup/{docker,kubepods/besteffort/pod1,kubepods/besteffort,kubepods} 2>/dev/null
# A user makes a cgroup with the id of a container of root's, whose name nothing asks for.
older=$(podman inspect -f '{{.Id}}' older)
users=/user.slice/user-1.slice/user@1.service
mkdir -p /sys/fs/cgroup$users/user.slice/libpod-$older.scope
chown -R 1:1 /sys/fs/cgroup$users
sleep 3
status "a user's container is not root's by its id" 126 \
	inside $users/user.slice/libpod-$older.scope /mnt/act read /etc/shadow
is "... which stays what it is" "cgroup = $(podman inspect -f '{{.State.CgroupPath}}' older)" \
	"$(grep '^cgroup' $known/$older)"
rmdir /sys/fs/cgroup$users/{user.slice,.} /sys/fs/cgroup/user.slice/user-1.slice 2>/dev/null

# The host, the runtimes and services are not containers.
status "the host executes" 0 /mnt/act read /etc/shadow
status "a service executes" 0 service plain.service /mnt/act read /etc/shadow
status "... in machine.slice, too" 0 systemd-run -q --wait --pipe --collect --slice=machine.slice \
	--unit=in-machine.service /mnt/act read /etc/shadow
status "a service starts a container" 0 service starter.service podman run --rm -q localhost/tiny true
status "bailiffd is restarted" 0 systemctl restart bailiffd
eventually is_held 1
is "... and holds what it held" 1 "$(held)"
status "... what it knew runs" 0 podman exec older cat /etc/hostname

# Killed, it leaves what it held.
systemctl kill -s KILL bailiffd
status "without a daemon nothing is executed either" 1 ctr task exec --exec-id 3 $id /bin/cat /etc/hostname
status "... and what is made meanwhile neither" 126 inside /docker/web /mnt/act read /etc/shadow
rmdir /sys/fs/cgroup/docker 2>/dev/null
answers() { systemctl is-active -q bailiffd && bailiff status >/dev/null; }
eventually answers || not_ok "bailiffd is there again"

rm -f $policies/names.ini
status "when no policy asks any more, nothing is held" 0 eventually is_held 0
status "... and it executes again" 0 ctr task exec --exec-id 4 $id /bin/cat /etc/hostname

# unknown = allow: as before.
policy names <<-END
	[select]
	container = web-*
	[file]
	deny = read /etc/shadow
END
rm $conf
systemctl restart bailiffd
settled
status "without unknown = deny what has no name executes" 0 ctr task exec --exec-id 5 $id /bin/cat /etc/hostname
has "doctor says so" 'unknown +.*allow' "$(bailiff doctor | grep unknown)"

ctr task kill -s KILL $id
eventually ctr task delete $id
eventually ctr containers delete $id
podman rm -f -t 0 older >/dev/null
systemctl stop containerd
stop_daemon
rm -rf "${known:?}"/* "${known:?}"/.held-* $none
