#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Names that were there before the policy: bind mounts and hard links of what is denied. A deny holds for
# the thing, by whichever of its names it is asked for; nothing else does.

test=identity
. "$(dirname "$0")/lib.sh"

root=/tmp/identity
in_cgroup() { sh -c 'echo $$ >/sys/fs/cgroup/'"$1"'/cgroup.procs; shift; exec "$@"' sh "$@"; }
# tool and work are not under any rule: what they do to names is asked
run() { in_cgroup names "$@"; }

mkdir -p $policies /sys/fs/cgroup/{names,listed} $root
mount -t tmpfs tmpfs $root
mkdir -p $root/{secret/deep/er,open,bin,away,nest/in,list/bound,listed,moved,sub}
for file in secret/key secret/deep/er/key secret/list secret/gone secret/name away/file list/file sub/file; do
	echo secret >$root/$file
done
for program in secret/tool bin/act away/tool moved/tool; do
	cp "$(command -v act)" $root/$program
done
mkdir $root/moved/folder
cp "$(command -v act)" $root/moved/folder/tool
touch $root/bound
mkdir -p $root/{folder,parent,moves}
mount --bind $root/secret/key $root/bound
mount --bind $root/secret $root/folder
mount --bind $root $root/parent
mount --bind $root/secret/deep/er $root/nest/in
mount --bind $root/moved $root/moves
mount --bind $root/list $root/list/bound
touch $root/secret/hidden
mount --bind /dev/null $root/secret/hidden
act=$root/bin/act


# hard links, and some on an overlay's lower layer
mkdir -p $root/{links,exact,lower,upper,work,overlay}
echo secret >$root/exact/key
echo plain >$root/open/plain
echo free >$root/links/free
ln $root/links/free $root/links/free2
ln $root/secret/key $root/links/key
ln $root/secret/deep/er/key $root/links/deep
ln $root/away/tool $root/links/tool
ln $root/exact/key $root/links/was
ln $root/list/file $root/list/linked
for name in key free tool; do
	cp $root/links/$name $root/lower/$name
done
ln $root/lower/key $root/lower/link
ln $root/lower/tool $root/lower/tool-link
ln $root/lower/free $root/lower/free2
mount -t overlay -o lowerdir=$root/lower,upperdir=$root/upper,workdir=$root/work overlay $root/overlay

# acts WHAT STATUS COMMAND...: what is tried without the policy, and again under it
acts() {
	status "$1: a bound file is read" "$2" run $act read $root/bound
	status "$1: ... in a bound folder" "$2" run $act read $root/folder/key
	status "$1: ... by the folder's parent, bound" "$2" run $act read $root/parent/secret/key
	status "$1: ... bound into another folder" "$2" run $act read $root/nest/in/key
	status "$1: ... written" "$2" run $act write $root/folder/key
	status "$1: ... by the folder's parent, bound" "$2" run $act write $root/parent/secret/deep/er/key
	status "$1: a bound folder is listed" "$2" run $act list $root/folder/deep
	status "$1: a bound program is executed" "$2" run $act exec $root/folder/tool read $root/open
	status "$1: ... by its parent" "$2" run $act exec $root/parent/away/tool read $root/open
	status "$1: a file is made there" "$2" run sh -c "exec 2>/dev/null; : >$root/folder/new || exit 1"
	status "$1: ... a folder" "$2" run sh -c "exec 2>/dev/null; mkdir $root/folder/made || exit 1"
	status "$1: a name there is taken away" "$2" run sh -c "exec 2>/dev/null; rm $root/folder/gone || exit 1"
	status "$1: ... changed" "$2" run sh -c "exec 2>/dev/null; mv $root/folder/name $root/folder/named || exit 1"
	status "$1: ... linked" "$2" run sh -c "exec 2>/dev/null; ln $root/folder/list $root/folder/link || exit 1"
	status "$1: its times are changed" "$2" run sh -c "exec 2>/dev/null; touch -d @0 $root/folder/list || exit 1"
	status "$1: its mode is changed" "$2" run sh -c "exec 2>/dev/null; chmod 640 $root/folder/list || exit 1"
	status "$1: a program there is moved" "$2" run sh -c "exec 2>/dev/null; mv $root/moves/tool $root/moves/other || exit 1"
	status "$1: ... with its folder" "$2" run sh -c "exec 2>/dev/null; mv $root/moves/folder $root/moves/another || exit 1"
}
links() {
	status "$1: a hard link is read" "$2" run $act read $root/links/key
	status "$1: ... one of a file in a tree" "$2" run $act read $root/links/deep
	status "$1: ... written" "$2" run $act write $root/links/deep
	status "$1: ... executed" "$2" run $act exec $root/links/tool read $root/links/free
	status "$1: ... mounted before, on an overlay" "$2" run $act read $root/overlay/link
	status "$1: ... executed there" "$2" run $act exec $root/overlay/tool-link read $root/links/free
}
acts "without policy" 0
links "without policy" 0
mv $root/folder/named $root/folder/name
mv $root/moved/other $root/moved/tool
mv $root/moved/another $root/moved/folder
rm -rf $root/secret/{link,new,made}
echo secret >$root/secret/gone

policy names <<-END
	[select]
	cgroup = /names
	[exec]
	deny = $root/secret/tool $root/away/tool $root/moved/tool $root/moved/folder/tool $root/overlay/tool
	[file]
	deny = read $root/secret/** $root/exact/key $root/overlay/key
	deny = write $root/secret/**
	allow = read $root/folder/list
END
# an allow-list, whose things have other names that it does not list
policy listed <<-END
	[select]
	cgroup = /listed
	[exec]
	default = deny
	allow = /usr/** $root/list/** $root/bin/** /mnt/** /lib*/**
	[file]
	default = deny
	allow = read $root/list/** $root/bin/** /usr/** /lib/** /etc/** /proc/** /dev/** /mnt/** /lib64/**
	allow = write $root/list/** /dev/**
	deny = write $root/**
END
bailiffd 2>/tmp/bailiffd.log &
daemon=$!
eventually in_force 2 || not_ok "the policies came into force: $(cat /tmp/bailiffd.log)"

status "the file by its own name" 1 run $act read $root/secret/key
acts "under the policy" 1
status "what is not denied is read" 0 run $act read $root/parent/away/file
status "... and what is bound and not denied" 0 run $act read $root/list/bound/file
status "... again, remembered" 0 run $act read $root/list/bound/file
status "an allow that is no exception to the rule" 1 run $act read $root/folder/list
status "outside of the policy" 0 $act read $root/bound

# Default denies do not hold by other names; nor does what is an exception at the name that is used.
status "an allow-list's thing, bound elsewhere" 0 in_cgroup listed $act read $root/list/file
status "... its bound name, as listed" 0 in_cgroup listed $act read $root/list/bound/file
status "... a name that is not listed" 1 in_cgroup listed $act read $root/parent/list/file
status "an exception at the name that is used" 0 in_cgroup listed $act write $root/list/file
status "... and not at another" 1 in_cgroup listed $act write $root/parent/list/file
status "a file of it is renamed" 0 in_cgroup listed sh -c "mv $root/list/bound/file $root/list/renamed"

status "what is hidden by /dev/null does not hide /dev/null" 0 run sh -c 'echo >/dev/null'
status "... and may not be written itself" 1 run $act write $root/secret/hidden

# Hard links: the kernel knows them from the moment that the policies are in force.
links "under the policy" 1
status "a link of what is not denied is read" 0 run $act read $root/links/free
status "... on the overlay" 0 run $act read $root/overlay/free
status "outside of the policy, a denied one" 0 $act read $root/links/key
status "an exception at the link that is used" 0 in_cgroup listed $act write $root/list/linked
status "a default does not hold by other names" 0 in_cgroup listed $act read $root/list/linked

# A file that is replaced, with a link that is there already; one that is made later.
replace() { echo secret >$root/exact/new && ln -f $root/exact/new $root/links/new && mv $root/exact/new $root/exact/key; }
refused() { ! run $act read "$1" >/dev/null 2>&1; }
replace
eventually refused $root/links/new || not_ok "the link of the file that replaced it is denied"
status "the link of what replaced a file" 1 run $act read $root/links/new
status "... and what it was before has its own answer" 0 run $act read $root/links/was
ln $root/exact/key $root/links/late
eventually refused $root/links/late || not_ok "a link that was made later is denied"
status "a link that somebody unconfined made later" 1 run $act read $root/links/late

# What the kernel knows by a name is not forgotten by what those do who are under the rule.
status "the name is not taken away, that others are known by" 1 run sh -c "exec 2>/dev/null; rm $root/exact/key || exit 1"
status "... nor another file put there" 1 run sh -c "exec 2>/dev/null; mv $root/open/plain $root/exact/key || exit 1"
status "... another one can be" 0 run rm $root/open/plain
status "its folder is mounted over" 0 run mount -t tmpfs tmpfs $root/exact
sleep 3
status "... and the link is still known" 1 run $act read $root/links/new
umount $root/exact

# Another mount namespace: its mounts are no names here, and ours are none there.
has "a namespace of its own sees its own" "denied" "$(run unshare -m sh -c "cat $root/folder/key" 2>&1)"

# The next daemon takes over what was known, and looks again.
kill -KILL $daemon
wait $daemon 2>/dev/null
status "without the daemon" 1 run $act read $root/links/key
bailiffd 2>/tmp/bailiffd.log &
daemon=$!
sleep 2
links "with another daemon" 1
hasnt "nothing was left out" 'cannot be looked at' "$(cat /tmp/bailiffd.log)"

# More names than can be known of one file are told, and the others hold. (Policy listed has a tree around.)
mkdir $root/many
echo secret >$root/many/a
for i in b c d e f g h i; do ln $root/many/a $root/many/$i; done
ln $root/many/a $root/links/many
policy names <<-END
	[select]
	cgroup = /names
	[file]
	deny = read $root/many/**
END
eventually refused $root/links/many || not_ok "the changed policy came into force"
eventually grep -q 'cannot be looked at' /tmp/bailiffd.log
has "a name too many is told" '/tmp/identity/many/h .Argument' "$(cat /tmp/bailiffd.log)"
status "... and what is denied no more is read" 0 run $act read $root/links/key

kill $daemon
wait $daemon
bailiff release >/dev/null 2>&1
rm -f $policies/*.ini
umount $root/{overlay,secret/hidden,bound,folder,parent,nest/in,moves,list/bound}
umount $root
rmdir $root /sys/fs/cgroup/{names,listed}
