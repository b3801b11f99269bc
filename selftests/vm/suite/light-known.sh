#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Hard links, at the edges of what bailiffd looks at: more names than the kernel's table holds, more files
# than it goes through, and processes with a root of their own. What is left out is told, and the rest
# holds. (light-identity.sh has links.)

test=known
. "$(dirname "$0")/lib.sh"

root=/tmp/known
in_cgroup() { sh -c 'echo $$ >/sys/fs/cgroup/'"$1"'/cgroup.procs; shift; exec "$@"' sh "$@"; }
run() { in_cgroup known "$@"; }
refused() { ! run act read "$1" >/dev/null 2>&1; }
told() { grep 'cannot be looked at' /tmp/bailiffd.log | tail -n 1; }
# what it misses, it says at each reload
quiet() {
	: >/tmp/bailiffd.log
	kill -HUP $daemon
	sleep 3
	is "... and nothing is told" "" "$(told)"
}
is_told() { [ -n "$(told)" ]; }
# rules PATTERN...: come into force in this order, and are looked at in it
rules() {
	: >/tmp/bailiffd.log
	policy known <<-END
		[select]
		cgroup = /known
		[file]
		deny = read $*
	END
}

mkdir -p $policies /sys/fs/cgroup/known $root
mount -t tmpfs tmpfs $root
mkdir -p $root/{first,last,links,bin,many/a,big,after}
cp "$(command -v act)" $root/bin/act
cp "$(command -v act)" $root/links/act
for name in first last after; do
	echo secret >$root/$name/key
	ln $root/$name/key $root/links/$name
done
# 8 names each of 2,100 files are 8,608 more than trees have room for; 50,000 files are all that are gone through
(cd $root/many/a && seq 2100 | xargs touch)
for name in b c d e f g h; do cp -rl $root/many/a $root/many/$name; done
(cd $root/big && seq 50000 | xargs touch)
ln $root/many/a/1 $root/links/many
rm $root/many/h/1
printf x >$root/many/a/1

for name in first last after many; do
	status "a link is read without policy ($name)" 0 run act read $root/links/$name
done
status "... by a root that is its folder" 0 run chroot $root/links /act read /first
status "... in a mount namespace of its own" 0 run unshare -m chroot $root /bin/act read /links/first
# one with a namespace and a root of its own is there before the policies
mkfifo $root/go
run unshare -m chroot $root /bin/act use 0 <$root/go >/dev/null 2>&1 &
waiting=$!
exec 7>$root/go
found() { older=$(cat /sys/fs/cgroup/known/cgroup.procs) && [ "$(readlink "/proc/$older/exe")" = $root/bin/act ]; }
eventually found || not_ok "a process with a root of its own waits: $(readlink "/proc/$older/exe")"

rules $root/first/key
bailiffd 2>>/tmp/bailiffd.log 7>&- &
daemon=$!
eventually refused $root/links/first || not_ok "the policy came into force: $(cat /tmp/bailiffd.log)"
status "the name is denied" 1 run act read $root/first/key
status "... and its link" 1 run act read $root/links/first
status "... by a root that is its folder" 1 run chroot $root/links /act read /first
status "... by one that is above both" 1 run chroot $root /bin/act read /links/first
status "... in a mount namespace of its own" 1 run unshare -m chroot $root /bin/act read /links/first
# roots are looked at for three seconds after a cgroup came under policy: none of them may undo what is known
sleep 3
status "... also after that one's root was looked at" 1 run act read $root/links/first
status "... and from there" 1 run chroot "/proc/$older/root" /bin/act read /links/first
status "outside of the policy, a root of its own reads it" 0 chroot $root/links /act read /first

# More names than there is room for.
rules $root/first/key "$root/many/**" $root/last/key
eventually refused $root/last/key || not_ok "the larger policy came into force"
eventually is_told
has "names without room are told, the first by its name" \
	"bailiffd: 86[0-9][0-9] files or folders .*; the first: $root/many/[a-h]/[0-9]+ \(Argument list too long\)" "$(told)"
status "a name before them is denied" 1 run act read $root/first/key
status "... by its link" 1 run act read $root/links/first
status "what is named exactly has room beside trees" 1 run act read $root/last/key
eventually refused $root/links/last
status "... by its link" 1 run act read $root/links/last
status "what is left out of a tree is denied by its name" 1 run act read \
	"$(told | sed 's/.*the first: \(.*\) (.*/\1/')"
status "what no rule is about is read" 0 run act read $root/links/after
rules $root/first/key $root/last/key
allowed() { run act read "$1" >/dev/null 2>&1; }
eventually allowed $root/many/b/1 || not_ok "the policy without the tree came into force"
status "with room again, an exact name's link is denied" 1 run act read $root/links/last
sleep 2
quiet

# More files than are gone through.
rules "$root/big/**" "$root/after/**" $root/last/key
eventually refused $root/after/key || not_ok "the policy with two trees came into force"
eventually is_told
has "trees with too many files are told, the first by its name" \
	"the first: $root/big \(Argument list too long\)" "$(told)"
status "what is left out is denied by its name" 1 run act read $root/after/key
status "... its link has the answer of its own place" 0 run act read $root/links/after
status "exact names are looked at all the same" 1 run act read $root/links/last
rm -r $root/big
mkdir $root/big
rules "$root/big/**" "$root/after/**"
eventually refused $root/links/after
status "with fewer files, that link is denied" 1 run act read $root/links/after
quiet
status "outside of the policy, it is read" 0 act read $root/links/after

exec 7>&-
wait $waiting
kill $daemon
wait $daemon
bailiff release >/dev/null 2>&1
rm -f $policies/known.ini
umount $root
rmdir $root /sys/fs/cgroup/known
