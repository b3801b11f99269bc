#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Hard links of what rules name: by calls whose hooks do not say by which name, of things that are no
# regular files, of what patterns spell otherwise; and what an overlay makes of them. (full-calls.sh has
# how a process might have them forgotten.)

test=links
. "$(dirname "$0")/lib.sh"

root=/tmp/links
in_cgroup() { sh -c 'echo $$ >/sys/fs/cgroup/'"$1"'/cgroup.procs; shift; exec "$@"' sh "$@"; }
run() { in_cgroup links "$@"; }
quiet() { run sh -c "exec 2>/dev/null; $1 || exit 1"; }

mkdir -p $policies /sys/fs/cgroup/links $root
mount -t tmpfs tmpfs $root
mkdir -p $root/{secret,open,around/app,elsewhere,one,two,"my files",lower,upper,work,overlay}
for file in secret/key one/a two/b "my files/a" around/app/f around/g; do
	echo secret >"$root/$file"
done
mkfifo $root/secret/fifo
mknod $root/secret/device c 1 5
ln $root/secret/key $root/open/key
ln $root/secret/fifo $root/open/fifo
ln $root/secret/device $root/open/device
ln $root/one/a $root/open/a
ln $root/two/b $root/open/b
ln "$root/my files/a" $root/open/spaced
mount --bind $root/around/app $root/elsewhere
for n in 1 2 3; do
	echo secret >$root/lower/key$n
	ln $root/lower/key$n $root/lower/link$n
done
echo plain >$root/lower/plain
mount -t overlay -o lowerdir=$root/lower,upperdir=$root/upper,workdir=$root/work overlay $root/overlay

# acts WHAT STATUS
acts() {
	status "$1: times by a hard link" "$2" run call touch $root/open/key
	status "$1: an attribute" "$2" run call attribute $root/open/key
	status "$1: a list of who may" "$2" run call acl $root/open/key
	status "$1: a FIFO is opened by a hard link" "$2" quiet ": <>$root/open/fifo"
	status "$1: ... a device" "$2" quiet ": <>$root/open/device"
	status "$1: ... what is in a folder whose name has a quoted byte" "$2" run act read $root/open/spaced
	status "$1: ... what braces name" "$2" run act read $root/open/a
	status "$1: ... the other" "$2" run act read $root/open/b
}
# an overlay's file by another name than the denied one
copies() {
	status "$1: it is opened to be written" "$2" run act write $root/overlay/link1
	status "$1: its times are changed" "$2" run call touch $root/overlay/link2
	status "$1: its mode is" "$2" quiet "chmod 600 $root/overlay/link3"
}
acts "without policy" 0
copies "an overlay's hard link, without policy" 0
umount $root/overlay
rm -rf $root/{upper,work}/*
mount -t overlay -o lowerdir=$root/lower,upperdir=$root/upper,workdir=$root/work overlay $root/overlay

policy links <<-END
	[select]
	cgroup = /links
	[file]
	deny = read write $root/secret/key $root/secret/fifo $root/secret/device
	deny = read $root/my\\ files/** $root/{one/a,two/b} $root/overlay/key[1-3] $root/overlay/{key1,key2,key3}
	deny = write $root/around/**
	allow = write $root/around/app/**
END
bailiffd 2>/tmp/bailiffd.log &
daemon=$!
eventually in_force 1 || not_ok "the policy came into force: $(cat /tmp/bailiffd.log)"
known() { ! run act read $root/open/key >/dev/null 2>&1; }
eventually known || not_ok "the hard link is known"

acts "under the policy" 1
status "by the own name: times" 1 run call touch $root/secret/key
status "... a name without a rule" 0 run call touch $root/lower/plain
status "outside of the policy" 0 call touch $root/open/key

# One of several names is an exception, and the thing has it here: for calls that do not say by which.
status "an exception is written" 0 run act write $root/around/app/f
status "... its times" 0 run call touch $root/around/app/f
status "... an attribute" 0 run call attribute $root/around/app/f
status "what is none" 1 run call touch $root/around/g

# The content stays what it is by all its names.
copies "an overlay's hard link" 1
status "... it is denied by it" 1 run act read $root/overlay/link1
echo 2 >/proc/sys/vm/drop_caches
status "... also when it was forgotten and found again" 1 run act read $root/overlay/link1
status "what has no restricted name is written" 0 run act write $root/overlay/plain

kill $daemon
wait $daemon
bailiff release >/dev/null 2>&1
rm -f $policies/*.ini
umount $root/{overlay,elsewhere} $root
rmdir $root /sys/fs/cgroup/links
