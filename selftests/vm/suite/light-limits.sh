#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Limits, at their edges: none of them ends in "allow".

test=limits
. "$(dirname "$0")/lib.sh"

in_cgroup() { sh -c 'echo $$ >/sys/fs/cgroup/'"$1"'/cgroup.procs; shift; exec "$@"' sh "$@"; }

mkdir -p $policies /sys/fs/cgroup/limit/before /tmp/deep
mount -t tmpfs tmpfs /tmp/deep # a tree this deep is removed by umount alone
echo secret >/tmp/denied-file
status "read works without policy" 0 in_cgroup limit/before act read /tmp/denied-file
status "a path of 4,300 bytes works without policy" 0 in_cgroup limit/before deep /tmp/deep 4300 file
mkfifo /tmp/deep-cgroup
name=$(printf '%0200d' 1)
(
	cd /sys/fs/cgroup/limit || exit 9
	for _ in $(seq 22); do mkdir "$name" && cd "$name" || exit 9; done
	echo $BASHPID >cgroup.procs || exit 9
	cd / && read -r _ </tmp/deep-cgroup
	exec act read /tmp/denied-file
) &
deep_cgroup=$!
cat >$policies/limit.ini <<-END
	[select]
	cgroup = /limit
	[file]
	deny = read /tmp/denied-file
	deny = write /tmp/deep/**/forbidden
END
bailiffd 2>/tmp/bailiffd.log &
daemon=$!
eventually in_force 1 || not_ok "the policy came into force: $(cat /tmp/bailiffd.log)"

status "a cgroup that was there before is bound" 1 in_cgroup limit/before act read /tmp/denied-file
echo >/tmp/deep-cgroup
status "... also two that are deeper than paths are long" 1 wait $deep_cgroup
(
	cd /sys/fs/cgroup/limit || exit
	while cd "$name"; do :; done
	while cd .. && rmdir "$name"; do :; done
) 2>/dev/null
mkdir /sys/fs/cgroup/limit/after
status "a cgroup that comes later is bound" 1 in_cgroup limit/after act read /tmp/denied-file

# More cgroups than the table of bindings holds.
echo "# $(fill /sys/fs/bpf/bailiff/maps/bindings fill)"
mkdir /sys/fs/cgroup/limit/more /sys/fs/cgroup/unlimited
status "with the table full, a new cgroup is under its policy" 1 in_cgroup limit/more act read /tmp/denied-file
status "... and one that no policy selects is not" 0 in_cgroup unlimited act read /tmp/denied-file
has "... and status says so" 'not every cgroup could be bound' "$(bailiff status | tail -n 3)"
echo "# $(fill /sys/fs/bpf/bailiff/maps/bindings clear)"
kill -HUP $daemon
sleep 0.5
status "with room again, it is bound" 1 in_cgroup limit/more act read /tmp/denied-file

# A cgroup whose path is longer than any buffer: what holds for its parent holds for it.
name=$(printf '%0200d' 0)
status "a cgroup with a path of 4,227 bytes is under its policy" 1 sh -c '
	cd /sys/fs/cgroup/limit || exit 9
	for i in $(seq 20); do mkdir '"$name"' && cd '"$name"' || exit 9; done
	mkdir '"$name"' || exit 9
	sh -c "echo \$\$ >'"$name"'/cgroup.procs || exit 9; exec act read /tmp/denied-file"
	s=$?
	rmdir '"$name"'
	exit $s'
find /sys/fs/cgroup/limit -depth -type d -name "$name" -exec rmdir {} + 2>/dev/null

# Paths.
status "a path of 4,080 bytes is told whole, and allowed" 0 in_cgroup limit/more deep /tmp/deep 4080 file
status "... and denied by its name at the very end" 1 in_cgroup limit/more deep /tmp/deep 4080 forbidden
status "a longer one gets the strictest answer" 1 in_cgroup limit/more deep /tmp/deep 4081 file
status "a much longer one too" 1 in_cgroup limit/more deep /tmp/deep 4300 file
status "... and outside of the policy it works" 0 deep /tmp/deep 4300 file
deep=/tmp/deep
for i in $(seq 300); do deep=$deep/$((i % 10)); done
mkdir -p $deep
touch $deep/file
status "300 components are told" 0 in_cgroup limit/more act read $deep/file
kill $daemon
wait
bailiff release >/dev/null 2>&1
rm -rf $policies/limit.ini /tmp/denied-file
umount /tmp/deep
rmdir /tmp/deep /sys/fs/cgroup/limit/*/ /sys/fs/cgroup/limit /sys/fs/cgroup/unlimited
