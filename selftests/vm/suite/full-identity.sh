#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Other names in containers and services: hard links in an image, volumes that lie in each other, a service
# with a mount namespace of its own. (light-identity.sh has the host.)

test=identity
. "$(dirname "$0")/lib.sh"

files=/srv/identity
volumes=(-v /mnt/act:/act:ro -v "$files:/data" -v "$files/inner:/inner")
run() { podman run --rm -q "${volumes[@]}" localhost/linked "$@"; }
held() { podman exec held "$@"; }
in_service() { service identity-test.service -p PrivateTmp=yes -p "BindPaths=$files/inner:/mnt/inner" "$@"; }
service() {
	local unit=$1
	shift
	systemd-run --quiet --wait --pipe --collect --setenv=PATH="$PATH" --unit="$unit" "$@" </dev/null
}

mark
mkdir -p $files/inner /srv/links
echo secret >$files/inner/key
echo secret >$files/key
ln $files/key /srv/links/key
podman run -q --name maker -v /mnt/act:/act:ro localhost/tiny sh -c \
	'cp /act /bin/tool; ln /bin/tool /bin/tool5; cp /etc/hostname /etc/key; ln /etc/key /etc/link;
	cp /etc/hostname /etc/free; ln /etc/free /etc/free2'
podman commit -q maker localhost/linked >/dev/null
podman rm -f -t 0 maker >/dev/null

start_daemon
status "a hard link of the image is read without policy" 0 run /act read /etc/link
status "... executed" 0 run /act exec /bin/tool5 read /etc/hostname
status "a volume in another is read" 0 run /act read /inner/key
status "a hard link is read by a service" 0 in_service -- act read /srv/links/key
status "... a bound file" 0 in_service -- act read /mnt/inner/key

policy containers <<-END
	[select]
	cgroup = **/libpod-*.scope
	[exec]
	deny = /bin/tool
	[file]
	deny = read /etc/key /data/inner/**
	deny = write /proc/**
END
policy services <<-END
	[select]
	unit = identity-test.service
	[file]
	deny = read $files/**
END
eventually in_force 2 || { not_ok "the policies came into force"; exit 1; }

status "from the first instruction: a volume in another" 1 run /act read /inner/key
status "... a service's hard link" 1 in_service -- act read /srv/links/key
status "... its bound file" 1 in_service -- act read /mnt/inner/key
status "... what is not denied there" 0 in_service -- act read /etc/hostname

for runtime in crun runc; do
	test=identity-$runtime
	podman run --rm -q -d --runtime $runtime --name held "${volumes[@]}" localhost/linked sleep 1000 >/dev/null
	denied() { ! held /act read /etc/link; }
	eventually denied || not_ok "a hard link of the image is known"
	status "the image's hard link is not read" 1 held /act read /etc/link
	status "... not executed" 1 held /act exec /bin/tool5 read /etc/hostname
	status "... and its own name" 1 held /act read /etc/key
	# it is mounted over what the runtime hides in /proc
	status "/dev/null is written" 0 held sh -c 'echo >/dev/null'
	status "... not what is in /proc" 1 held sh -c 'echo >/proc/self/comm'
	status "what is not denied and linked is read" 0 held /act read /etc/free2
	# copied up, it is another file, which is its own name's alone
	held sh -c 'echo changed >>/etc/free' || not_ok "a file is changed"
	status "... changed, too" 0 held /act read /etc/free
	systemctl restart bailiffd
	eventually in_force 2
	eventually denied || not_ok "... known to the next daemon"
	status "the next daemon knows it" 1 held /act read /etc/link
	podman rm -f -t 0 held >/dev/null
done
test=identity
is "nothing was left out" '' "$(entries -u bailiffd -o cat | grep 'cannot be looked at')"

stop_daemon
podman rmi -f localhost/linked >/dev/null
rm -rf $files /srv/links
