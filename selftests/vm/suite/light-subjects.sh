#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Rules for one executable, and who passes for it: none but itself. Then what is decided by more than a
# name: scripts, drift, and descriptors that are older than the policy.

test=subjects
. "$(dirname "$0")/lib.sh"

root=/tmp/subjects
in_cgroup() { sh -c 'echo $$ >/sys/fs/cgroup/'"$1"'/cgroup.procs; shift; exec "$@"' sh "$@"; }

mkdir -p $policies /sys/fs/cgroup/{subject,other,script,drift,revoke,load} $root/{bin,other,overlay,lower,upper,work}
cp "$(command -v act)" $root/bin/server
cp "$(command -v act)" $root/bin/heir
cp "$(command -v act)" $root/bin/tool
cp "$(command -v forge)" $root/bin/forge
cp "$(command -v busybox)" $root/bin/sh
echo secret >$root/key
echo 'exit 0' >$root/script
cp "$(command -v act)" $root/lower/act
cp "$(command -v busybox)" $root/lower/true
mount -t overlay -o lowerdir=$root/lower,upperdir=$root/upper,workdir=$root/work overlay $root/overlay
mkdir $root/{lib,mine,merged}
cp "$(command -v act)" $root/lib/denied.so
cp "$(command -v act)" $root/mine/act
exec 5<$root/key

# What works without policy.
status "the tool reads the key without policy" 0 in_cgroup subject $root/bin/tool read $root/key
status "forging an executable works without policy" 0 in_cgroup subject $root/bin/forge $root/bin/server $root/key
status "an interpreter runs a script without policy" 0 in_cgroup script $root/bin/sh $root/script
status "a new program runs without policy" 0 in_cgroup drift $root/overlay/act exec $root/bin/sh -c true
status "an older descriptor is used without policy" 0 in_cgroup revoke act use 5
status "... by a mapping" 0 in_cgroup revoke act map 5
status "a library is loaded without policy" 0 in_cgroup load act load $root/lib/denied.so
mine() { mount -t overlay -o lowerdir=$root/mine:$root/other overlay $root/merged && $root/merged/act read $root/key; }
(mine) || not_ok "an overlay of somebody's own works without policy"
umount $root/merged

# A process that is there before the policies: it forges its executable when they are in force.
in_cgroup subject $root/bin/forge $root/bin/server $root/key $root/forge-now 2>/dev/null &
older=$!

policy subject <<-END
	[select]
	cgroup = /subject
	[file]
	deny = read $root/key
	deny = write $root/bin/**
	[file "$root/bin/server"]
	allow = read $root/key
	[file "$root/bin/heir"]
	inherit = yes
	deny = read $root/script
END
policy script <<-END
	[select]
	cgroup = /script
	[exec]
	deny = $root/script
	scripts = yes
END
policy drift <<-END
	[select]
	cgroup = /drift
	[exec]
	deny = drift
END
policy revoke <<-END
	[select]
	cgroup = /revoke
	[file]
	deny = read $root/key
	revoke = yes
END
policy load <<-END
	[select]
	cgroup = /load
	[exec]
	default = deny
	allow = $root/bin/** /mnt/** /usr/** /bin/**
	deny = $root/lib/denied.so
END
bailiffd 2>/tmp/bailiffd.log &
daemon=$!
eventually in_force 5 || not_ok "the policies came into force: $(cat /tmp/bailiffd.log)"

status "the tool may not read the key" 1 in_cgroup subject $root/bin/tool read $root/key
status "the server may" 0 in_cgroup subject $root/bin/server read $root/key
status "... not what it executes" 1 in_cgroup subject $root/bin/server exec $root/bin/tool read $root/key
status "... and it may again, executed by others" 0 in_cgroup subject $root/bin/tool exec $root/bin/server read $root/key

# Those who pass for it.
ln $root/bin/server $root/other/link
ln -s $root/bin/tool $root/other/server
status "a hard link to it is not it" 1 in_cgroup subject $root/other/link read $root/key
cp $root/bin/server $root/other/copy
status "a copy of it is not it" 1 in_cgroup subject $root/other/copy read $root/key
status "... nor by its name as first argument" 1 in_cgroup subject sh -c "exec -a $root/bin/server $root/bin/tool read $root/key"
status "who forges its executable is not it" 1 in_cgroup subject $root/bin/forge $root/bin/server $root/key
status "it cannot be replaced from inside" 1 in_cgroup subject sh -c "cp $root/bin/tool $root/bin/server 2>/dev/null || exit 1"
status "nothing can be mounted over it from inside" 1 in_cgroup subject sh -c "mount --bind $root/bin/tool $root/bin/server 2>/dev/null || exit 1"
status "no folder can be moved over its own from inside" 1 in_cgroup subject sh -c "mv $root/bin $root/gone 2>/dev/null || exit 1"
status "... in a mount namespace of its own neither" 1 in_cgroup subject unshare -m sh -c "mount --bind $root/bin/tool $root/bin/server 2>/dev/null || exit 1"

touch $root/forge-now
status=0
wait $older || status=$?
is "who was there before the policy and forges its executable is not it" 1 $status

# Inherited.
status "the heir may not read the script" 1 in_cgroup subject $root/bin/heir read $root/script
status "... nor may what it executes" 1 in_cgroup subject $root/bin/heir exec $root/bin/tool read $root/script
status "... nor what that executes" 1 in_cgroup subject $root/bin/heir exec $root/bin/tool exec $root/bin/tool read $root/script
status "... others may" 0 in_cgroup subject $root/bin/tool read $root/script

# A process keeps its class when the policy changes around it.
changed() { ! in_cgroup subject $root/bin/tool read $root/lower/act; }
in_cgroup subject $root/bin/heir exec $root/bin/sh -c "until [ -e $root/go ]; do :; done; exec 9<$root/script" 2>/dev/null &
heir=$!
sleep 1
policy subject <<-END
	[select]
	cgroup = /subject
	[file "$root/bin/new"]
	deny = read /nothing
	[file]
	deny = read $root/key $root/lower/act
	deny = write $root/bin/**
	[file "$root/bin/heir"]
	inherit = yes
	deny = read $root/script
	[file "$root/bin/server"]
	allow = read $root/key
END
eventually changed || not_ok "the changed policy came into force"
touch $root/go
status=0
wait $heir || status=$?
is "what was inherited outlives a change of the policy" 1 $((status != 0))
status "the server is still it" 0 in_cgroup subject $root/bin/server read $root/key

# Nor does another file of policies for the same cgroup take it away, or another cgroup under policy.
in_cgroup subject $root/bin/heir exec $root/bin/sh -c "until [ -e $root/go-2 ]; do :; done; exec 9<$root/script" 2>/dev/null &
heir=$!
sleep 1
policy subject-2 <<-END
	[select]
	cgroup = /subject
	[capability]
	deny = sys_boot
END
policy other <<-END
	[select]
	cgroup = /other
	[file "$root/bin/server"]
	deny = read /nowhere
END
eventually in_force 7 || not_ok "further policies came into force"
touch $root/go-2
status=0
wait $heir || status=$?
is "what was inherited outlives another policy" 1 $((status != 0))
status "... and a move to another cgroup under policy" 1 in_cgroup subject $root/bin/heir exec $root/bin/sh -c \
	"echo 0 >/sys/fs/cgroup/other/cgroup.procs; exec $root/bin/tool read $root/script"
rm $policies/subject-2.ini $policies/other.ini

# Scripts.
has "an interpreter may not read a script that may not be executed" "denied" "$(in_cgroup script $root/bin/sh $root/script 2>&1)"
status "... another program may" 0 in_cgroup script $root/bin/tool read $root/script
status "... which may not be executed" 1 in_cgroup script act exec $root/script

# Drift.
cp "$(command -v act)" $root/overlay/new
cp "$(command -v act)" $root/other/new
status "a program of the image runs" 0 in_cgroup drift $root/overlay/act read $root/key
status "... and starts another" 0 in_cgroup drift $root/overlay/act exec $root/overlay/act read $root/key
status "a new one on the upper layer does not" 1 in_cgroup drift $root/overlay/act exec $root/overlay/new read $root/key
status "one on a tmpfs does not" 1 in_cgroup drift $root/overlay/act exec $root/other/new read $root/key
status "one without a name does not" 1 in_cgroup drift $root/overlay/act memfd $root/lower/act read $root/key
mv $root/overlay/true $root/overlay/moved
status "one of the image's that was renamed does not" 1 in_cgroup drift $root/overlay/act exec $root/overlay/moved
status "what somebody mounts for himself is not of the image" 1 in_cgroup drift $root/overlay/act exec \
	$root/bin/sh -c "mount -t overlay -o lowerdir=$root/mine:$root/other overlay $root/merged && exec $root/merged/act read $root/key"
umount $root/merged 2>/dev/null
status "outside of the policy they do" 0 $root/overlay/new read $root/key

# Descriptors.
status "an older descriptor is asked about at its use" 1 in_cgroup revoke act use 5
status "... at its mapping, for what that can become" 1 in_cgroup revoke act map 5
status "... where no policy says so, it is not" 0 in_cgroup subject act use 5

# Where all is denied that is not allowed, what a line denies is denied to be loaded, too: by any name.
status "a denied library is not loaded" 1 in_cgroup load act load $root/lib/denied.so
status "... nor linked to where nothing is said" 1 in_cgroup load $root/bin/sh -c "ln $root/lib/denied.so $root/lib/free.so 2>/dev/null || exit 1"
status "... nor its folder renamed" 1 in_cgroup load $root/bin/sh -c "mv $root/lib $root/lib-2 2>/dev/null || exit 1"
status "... another one is" 0 in_cgroup load act load $root/mine/act
status "what may be read, may" 0 in_cgroup revoke act read $root/script

kill $daemon
wait $daemon
bailiff release >/dev/null 2>&1
exec 5<&-
rm -f $policies/*.ini
umount $root/overlay
rm -rf $root
rmdir /sys/fs/cgroup/{subject,other,script,drift,revoke,load}
