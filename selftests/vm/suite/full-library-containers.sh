#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The ready policies on podman's containers, all of those at once, with crun and runc: containers start, work
# and end without an entry in the journal, and what is stopped is stopped by each of them.

test=library-containers
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/library-lib.sh"

containers="container-no-drift container-no-escape container-no-miner container-no-package-manager
	container-no-shell kubernetes-no-token no-cloud-metadata no-raw-sockets"

# Programs that no policy names, and that are not on the container's own layer.
run() {
	podman run --rm -q -v $work/bin:/opt/bin:ro -v $work/www:/run/secrets/kubernetes.io/serviceaccount:ro "$@"
}
tiny() { run localhost/tiny "$@"; }
says() { "$@" >/dev/null 2>&1; echo $?; }

work_of() {
	leaves "$1: it starts, and reads" '^0$' says run --runtime "$1" localhost/tiny /opt/bin/act read /etc/hostname
	run --runtime "$1" --network host -d --name held localhost/tiny /opt/bin/busybox sleep 1000 >/dev/null
	leaves "$1: podman exec" '^0$' says podman exec held /opt/bin/act exec /opt/bin/act list /
	leaves "$1: a file is made" '^0$' says podman exec held /opt/bin/call make /tmp/x
	leaves "$1: a connection" '^0$' says podman exec held /opt/bin/call tcp 127.0.0.1 8099
	podman rm -f -t 0 held >/dev/null
}

attacks() {
	run -d --privileged --name held localhost/tiny /opt/bin/busybox sleep 1000 >/dev/null
	stops "a shell" '^0$' '^(1|126|255)$' says podman exec held sh -c true
	stops "... by its path" '^0$' '^1$' says podman exec held /opt/bin/act exec /bin/sh -c true
	stops "a downloader" '^0$' '^1$' says podman exec held /opt/bin/act exec /bin/wget --help
	stops "what is new" '^0$' '^1$' says podman exec held /opt/bin/busybox sh -c 'cp /opt/bin/act /root/new && /opt/bin/act exec /root/new list /'
	stops "the token" '^0$' '^1$' says podman exec held /opt/bin/act read /run/secrets/kubernetes.io/serviceaccount/index.html
	stops "a mount, in a privileged container" '^0$' '^(1|255)$' says podman exec held /opt/bin/busybox mount -t tmpfs tmpfs /root
	stops "a disk" '^0$' '^1$' says podman exec held /opt/bin/act read /dev/vda
	stops "core_pattern" '^0$' '^1$' says podman exec held /opt/bin/act write /proc/sys/kernel/core_pattern
	stops "a raw socket" '^0$' '^1$' says podman exec held /opt/bin/busybox ping -c 1 127.0.0.1
	podman rm -f -t 0 held >/dev/null
}

mkdir -p $work/bin $work/www
elsewhere_start
cp /mnt/act /mnt/call $work/bin/
cp /bin/busybox $work/bin/

start_daemon
work_of crun
attacks

# shellcheck disable=SC2086 # a list of words
enforce $containers
mark
work_of crun
work_of runc
for name in $containers; do quiet "$name"; done
mark
attacks
# an act that two of them deny is told of one: raw sockets of no-cloud-metadata
denied container-no-drift BAILIFF_ACTION=exec BAILIFF_PATH=/root/new
denied container-no-escape BAILIFF_ACTION=write BAILIFF_PATH=/proc/sys/kernel/core_pattern
denied container-no-shell BAILIFF_ACTION=exec
denied kubernetes-no-token BAILIFF_ACTION=read
denied no-cloud-metadata BAILIFF_ACTION=network

stop_daemon
elsewhere_stop
rm -rf $work
