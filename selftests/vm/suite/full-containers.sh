#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Policies that select containers by name and image, with podman and its OCI hook: from the first
# instruction; what ran before; and no start where the hook cannot be answered.

test=containers
. "$(dirname "$0")/lib.sh"

known=/run/bailiff-containers
answer=/run/bailiff/containers

run() { podman run --rm -q -v /mnt/act:/act:ro "$@"; }
files() { find $known -type f ! -name '.*' | wc -l; }
nothing_known() { [ "$(files)" = 0 ]; }
cgroup_of() { podman inspect -f '{{.State.CgroupPath}}' "$1"; }

start_daemon
status "a container starts where no policy selects by name" 0 \
	run --name before-all localhost/tiny /act read /etc/shadow
status "... and nobody waits for an answer" 1 test -e $answer

# What runs before the policy comes: its file is there all the same.
run -d --name web-old localhost/tiny sleep 1000 >/dev/null
id=$(podman inspect -f '{{.Id}}' web-old)
has "its file has its name" '^name = web-old$' "$(cat "$known/$id")"
has "... its image" '^image = localhost/tiny:latest$' "$(cat "$known/$id")"
is "... and its cgroup" "cgroup = $(cgroup_of web-old)" "$(grep '^cgroup' "$known/$id")"
status "nothing holds for it yet" 0 podman exec web-old cat /etc/shadow

policy names <<-END
	[select]
	container = web-*
	[file]
	deny = read /etc/shadow
END
eventually in_force 1 || { not_ok "the policy came into force"; exit 1; }
status "what ran before is under the policy that came" 1 podman exec web-old cat /etc/shadow

# The denied act as a container's first instruction.
allowed=0 denied=0 start=$(date +%s%N)
for i in $(seq 20); do
	found=0
	run --name "web-$i" localhost/tiny /act read /etc/shadow >/tmp/status.out 2>&1 || found=$?
	case $found in
	0) allowed=$((allowed + 1)) ;;
	1) denied=$((denied + 1)) ;;
	*) tail -n 3 /tmp/status.out ;;
	esac
done
echo "# 20 containers in $((($(date +%s%N) - start) / 1000000)) ms"
is "of 20 containers by name, none reads" "0 20" "$allowed $denied"
status "runc calls the hook, too" 1 run --runtime runc --name web-runc localhost/tiny /act read /etc/shadow
status "... and starts what no policy selects" 0 \
	run --runtime runc --name other localhost/tiny /act read /etc/shadow
status "a container of another name is not affected" 0 run --name other localhost/tiny /act read /etc/shadow
status "nor one that names itself in annotations" 0 \
	run --name posing --annotation io.kubernetes.cri.container-name=web-1 \
	--annotation io.kubernetes.container.name=web-1 localhost/tiny /act read /etc/shadow
status "nor does it get out by them" 1 \
	run --name web-hiding --annotation io.kubernetes.cri.container-name=other \
	--annotation io.container.manager=none localhost/tiny /act read /etc/shadow
status "an annotation of 60 KiB changes nothing" 1 \
	run --name web-large --annotation "x=$(head -c 60000 /dev/zero | tr '\0' x)" \
	localhost/tiny /act read /etc/shadow
status "the host reads as before" 0 /mnt/act read /etc/shadow

# A cgroup in a container, named as another container's.
podman run -d --rm -q --name decoy localhost/tiny sleep 1000 >/dev/null
decoy=/sys/fs/cgroup$(cgroup_of decoy)/libpod-$id.scope
if mkdir "$decoy" 2>/dev/null; then
	status "a cgroup with another's id in another container is not that one" 0 \
		bash -c "echo \$\$ >$decoy/cgroup.procs && exec /mnt/act read /etc/shadow"
	rmdir "$decoy"
else
	skip "a container's cgroup takes no cgroup"
fi
podman rm -f -t 0 decoy >/dev/null

status "bailiff try knows the names" 1 \
	bailiff try $policies/names.ini --read /etc/shadow --in "$(cgroup_of web-old)"
status "... and of others nothing" 0 \
	bailiff try $policies/names.ini --read /etc/shadow --in /machine.slice/libpod-1.scope

podman rm -f -t 0 web-old >/dev/null
status "a removed container's file goes" 0 eventually nothing_known

# By image; and both keys must match.
status "the first container that a policy selects starts, and its rules are loaded" 0 \
	run -d --name web-held localhost/tiny sleep 1000
status "... and hold" 1 podman exec web-held cat /etc/shadow
policy names <<-END
	[select]
	image = localhost/tiny*
	container = web-*
	[file]
	deny = read /etc/shadow
END
policy images <<-END
	[select]
	image = localhost/tiny:*
	[file]
	deny = read /etc/hostname
END
eventually in_force 2 || not_ok "both policies are in force"
status "image and name: both" 1 run --name web-both localhost/tiny /act read /etc/shadow
status "the image alone is not enough" 0 run --name one localhost/tiny /act read /etc/shadow
status "the image's own policy" 1 run localhost/tiny /act read /etc/hostname
podman tag localhost/tiny localhost/another:1
status "another name of the image is no way out" 1 run localhost/another:1 /act read /etc/hostname
podman untag localhost/tiny localhost/another:1
podman rm -f -t 0 web-held >/dev/null

# No answer: no start.
pid=$(systemctl show -P MainPID bailiffd)
kill -STOP "$pid"
mark
found=0
run --name web-late localhost/tiny /act read /etc/shadow >/tmp/status.out 2>&1 || found=$?
kill -CONT "$pid"
is "a container does not start while bailiffd does not answer" 126 "$found"
has "... and the runtime says what failed" 'container-hook|/usr/bin/bailiff' "$(cat /tmp/status.out)"
has "... and the journal why" 'does not start: bailiffd did not say within 10 s' \
	"$(since_mark 1 SYSLOG_IDENTIFIER=bailiff)"
status "it starts when bailiffd goes on" 0 run --name one localhost/tiny /act read /etc/shadow

# A daemon that is killed: what it knew, the next one knows.
run -d --name web-kept localhost/tiny sleep 1000 >/dev/null
systemctl kill -s KILL bailiffd
answers() { systemctl is-active -q bailiffd && bailiff status >/dev/null; }
eventually answers || not_ok "bailiffd is there again"
status "a container is under its policy after a restart" 1 podman exec web-kept cat /etc/shadow
rm -f "$known"/*
sleep 2
status "... and when somebody removes its file" 1 podman exec web-kept cat /etc/shadow
podman rm -f -t 0 web-kept >/dev/null
# its file was removed, so that its end is seen when the next one comes
run --name passing localhost/tiny true >/dev/null 2>&1
without_container() { bailiff status | grep -A 2 '^NO CONTAINER' | grep -q '^  names$'; }
status "a policy is shown also while no container is there that it selects" 0 eventually without_container
has "... in JSON, too" '"without_container": *\["images", *"names"\]' "$(bailiff status --json | tr -d '\n ')"

rm -f $policies/*.ini
gone() { [ ! -e $answer ]; }
status "without such policies nobody waits" 0 eventually gone
stop_daemon
status "without bailiffd containers start" 0 run localhost/tiny /act read /etc/shadow

# protect = yes shuts the daemon's folders, and not the one that the hook writes to.
echo "[daemon]
protect = yes" >/etc/bailiff/bailiff.conf
policy names <<-END
	[select]
	container = web-*
	[file]
	deny = read /etc/shadow
END
start_daemon
status "under protect = yes: denied" 1 run --name web-guarded localhost/tiny /act read /etc/shadow
status "... and others start" 0 run --name other localhost/tiny /act read /etc/shadow
systemctl stop bailiffd
stop_daemon
rm -f "$known"/*
