#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Calls that reach a protected thing by no name of it: flags that only the kernel should set, handles,
# ioctls, files that act on cgroups, modules that the kernel loads for the caller.

test=calls
. "$(dirname "$0")/lib.sh"

work=/srv/calls
call() { service calls /mnt/call "$@"; }
write_to() { service calls sh -c "exec 2>/dev/null; echo ${2-1} >$1 || exit 1"; }

mkdir -p $work $policies /sys/fs/cgroup/calls-victim
# disk NAME SIZE MKFS...
disk() {
	local name=$1 size=$2
	shift 2
	mkdir -p $work/$name
	truncate -s "$size" $work/$name.image
	"$@" $work/$name.image >/dev/null 2>/tmp/disk.out && mount -o loop $work/$name.image $work/$name 2>>/tmp/disk.out &&
		return
	skip "$name: $(tail -n 1 /tmp/disk.out)"
	return 1
}
victim() {
	sh -c 'echo $$ >/sys/fs/cgroup/calls-victim/cgroup.procs; exec sleep 600' &
	victim=$!
	sleep 0.5
}
modprobe xfs 2>/dev/null
disk ext4 64M mkfs.ext4 -q -O encrypt && has_ext4=yes
disk xfs 320M mkfs.xfs -q && has_xfs=yes
for name in ext4 xfs; do
	mkdir -p $work/$name/secret
	echo secret >$work/$name/secret/key
done
mkdir $work/ext4/secret/{first,second}
mkdir -p $work/{shut,open}
echo secret >$work/shut/key
ln $work/shut/key $work/open/key

# acts WHAT STATUS
acts() {
	status "$1: a terminal's other end is opened, to be executed" "$2" call terminal 0x122
	status "$1: ... to be read and written" "$2" call terminal 0x102
	status "$1: a message queue, to be executed" "$2" call queue calls 0x62
	if [ "${has_ext4-}" ]; then
		status "$1: a folder's encryption" "$2" call encrypt $work/ext4/secret/"$3"
		status "$1: a file's flags" "$2" call flags $work/ext4/secret/key
	fi
	if [ "${has_xfs-}" ]; then
		status "$1: by handle, read" "$2" call handle-open $work/xfs $work/xfs/secret/key 0
		status "$1: ... to be executed" "$2" call handle-open $work/xfs $work/xfs/secret/key 0x20
		status "$1: ... written" "$2" call handle-open $work/xfs $work/xfs/secret/key 0x22
		status "$1: ... an attribute" "$2" call handle-attribute $work/xfs $work/xfs/secret/key
	fi
	victim
	status "$1: another cgroup is frozen" "$2" write_to /sys/fs/cgroup/calls-victim/cgroup.freeze
	status "$1: ... thawed" "$2" write_to /sys/fs/cgroup/calls-victim/cgroup.freeze 0
	status "$1: ... killed" "$2" write_to /sys/fs/cgroup/calls-victim/cgroup.kill
	status "$1: what the kernel executes at the end" "$2" write_to /proc/sys/kernel/poweroff_cmd /sbin/poweroff
}
modules() { grep -c '^vsock ' /proc/modules; }

acts "without policy" 0 first
sleep 0.5
status "... and that process is gone" 1 kill -0 $victim
status "without policy: a socket of another family" 0 call socket 40
is "... for which the kernel loaded a module" 1 "$(modules)"
for _ in 1 2 3; do
	for module in $(grep -Eo '^[a-z_]*(vsock|hv_sock)[a-z_]*' /proc/modules); do rmmod "$module" 2>/dev/null; done
done
is "... which is taken out again" 0 "$(modules)"

policy calls <<-END
	[select]
	unit = calls.service
	[file]
	deny = read write /dev/pts/* $work/xfs/secret/** $work/shut/key
	deny = write $work/ext4/secret/**
	[process]
	deny = signal-out module usermode-helper
END
start_daemon
eventually in_force 1 || not_ok "the policy is in force"
mark
acts "under the policy" 1 second
status "... and that process is not" 0 kill -0 $victim
# said PATTERN
said() { entries -o cat | grep -Eq -- "$1"; }
eventually said "write $work/ext4/secret/key, by policy calls" || not_ok "a denial is in the journal"
status "a socket of another family has no module" 2 call socket 40
is "... none was loaded" 0 "$(modules)"
eventually said 'process module' || not_ok "... that is in the journal: $(entries -o cat | tail -n 3)"
status "its own cgroup is its own" 0 service calls sh -c 'echo 0 >/sys/fs/cgroup$(sed s/0::// /proc/self/cgroup)/cgroup.freeze'
kill $victim

# Nobody has a hard link forgotten by shutting its folder to bailiffd.
status "a hard link" 1 service calls /mnt/act read $work/open/key
status "its folder is shut" 0 service calls chmod 0 $work/shut
sleep 3
status "... the hard link is still denied" 1 service calls /mnt/act read $work/open/key

# A user who takes all that the kernel lets him have of inotify keeps no daemon from starting.
/mnt/call watches 20 &
watches=$!
sleep 1
systemctl kill -s KILL bailiffd
running() { systemctl is-active bailiffd; }
sleep 1
eventually running || not_ok "it starts without inotify"
policy calls <<-END
	[select]
	unit = calls.service
	[process]
	deny = chroot
END
chroots() { service calls chroot / /bin/true; }
denied() { ! chroots; }
eventually denied || not_ok "a change is seen without inotify"
status "a policy that was changed meanwhile is in force" 125 chroots
has "... it says so" 'cannot watch' "$(journalctl -u bailiffd -o cat --no-pager -n 60)"
wait $watches
status "... all of them were taken" 0 test $? = 0

stop_daemon
for name in ext4 xfs; do umount $work/$name 2>/dev/null; done
rm -rf $work
rmdir /sys/fs/cgroup/calls-victim
