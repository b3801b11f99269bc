#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# File systems with ways of their own to give a file another name: ext4 whose folders take several
# spellings for one, Btrfs with subvolumes and snapshots, where no decision is remembered.

test=disks
. "$(dirname "$0")/lib.sh"

disks=/srv/disks
ext4=$disks/ext4
btrfs=$disks/btrfs
act() { service disks /mnt/act "$@"; }

# neither btrfs nor mount say with which errno they were refused
traced() { service disks strace -e trace=ioctl,mount "$@"; }

# disk NAME SIZE MKFS...: a file system in a file, mounted
disk() {
	local name=$1 size=$2
	shift 2
	mkdir -p "$disks/$name"
	truncate -s "$size" "$disks/$name.image"
	"$@" "$disks/$name.image" >/dev/null 2>/tmp/disk.out &&
		mount -o loop "$disks/$name.image" "$disks/$name" 2>>/tmp/disk.out && return
	skip "$name: $(tail -n 1 /tmp/disk.out)"
	return 1
}

ext4_lay() {
	mkdir $ext4/{folded,plain}
	chattr +F $ext4/folded || not_ok "ext4: a folder takes several spellings"
	mkdir $ext4/folded/Deep
	for file in folded/Secret folded/Deep/Key plain/Secret plain/secret; do
		echo secret >$ext4/$file
	done
	cp /mnt/act $ext4/folded/Tool
}
# ext4_acts WHAT STATUS
ext4_acts() {
	status "ext4, $1: a file by its name" "$2" act read $ext4/folded/Secret
	status "ext4, $1: ... in another spelling" "$2" act read $ext4/folded/SECRET
	status "ext4, $1: ... written" "$2" act write $ext4/folded/sECRET
	status "ext4, $1: ... its folder in another" "$2" act read $ext4/folded/dEEP/Key
	status "ext4, $1: ... a program" "$2" act exec $ext4/folded/tOOL read /etc/hostname
}

btrfs_lay() {
	btrfs -q subvolume create $btrfs/sub
	echo secret >$btrfs/sub/key
	echo secret >$btrfs/sub/other
	cp /mnt/act $btrfs/sub/tool
	btrfs -q subvolume snapshot $btrfs/sub $btrfs/snap
	mkdir $disks/again
	mount -o subvol=sub "$(findmnt -n -o SOURCE $btrfs)" $disks/again
}
# btrfs_acts WHAT STATUS
btrfs_acts() {
	status "Btrfs, $1: a file in a subvolume" "$2" act read $btrfs/sub/key
	status "Btrfs, $1: ... where the subvolume is mounted" "$2" act read $disks/again/key
	status "Btrfs, $1: ... written" "$2" act write $disks/again/key
	status "Btrfs, $1: ... a program" "$2" act exec $btrfs/sub/tool read /etc/hostname
	status "Btrfs, $1: ... where the subvolume is mounted" "$2" act exec $disks/again/tool read /etc/hostname
	status "Btrfs, $1: a file in a snapshot" "$2" act read $btrfs/snap/other
	status "Btrfs, $1: a snapshot is made" "$2" traced btrfs subvolume snapshot $btrfs/sub $btrfs/new
	[ "$2" = 0 ] || has "Btrfs, $1: ... by bailiff" EACCES "$(cat /tmp/status.out)"
	status "Btrfs, $1: ... and taken away" "$2" traced btrfs subvolume delete $btrfs/new
	[ "$2" = 0 ] || has "Btrfs, $1: ... by bailiff" EACCES "$(cat /tmp/status.out)"
}

modprobe -a loop btrfs
disk ext4 16M mkfs.ext4 -q -O casefold && ext4_lay && has_ext4=yes
disk btrfs 128M mkfs.btrfs -q && btrfs_lay && has_btrfs=yes
[ -z "$has_ext4" ] || ext4_acts "without policy" 0
[ -z "$has_btrfs" ] || btrfs_acts "without policy" 0
start_daemon
policy disks <<-END
	[select]
	unit = disks.service
	[exec]
	deny = $ext4/folded/Tool $btrfs/sub/tool
	[file]
	deny = read $ext4/folded/Secret $ext4/folded/Deep/Key $ext4/plain/Secret
	deny = read $btrfs/sub/key $btrfs/snap/other
	deny = write $ext4/folded/Secret $btrfs/sub/**
END
eventually in_force 1 || { not_ok "the policy came into force"; exit 1; }

if [ -n "$has_ext4" ]; then
	mark
	ext4_acts "under the policy" 1
	has "ext4: the journal says why" 'BAILIFF_REASON=spelling' "$(since_mark 1 BAILIFF_REASON=spelling)"
	umount $ext4
	mount -o loop $ext4.image $ext4
	status "ext4: ... another spelling that is looked up first" 1 act read $ext4/folded/secreT
	status "ext4: in a folder that tells them apart, a name is denied" 1 act read $ext4/plain/Secret
	status "ext4: ... and another spelling is another file" 0 act read $ext4/plain/secret
	status "ext4: outside of the policy, another spelling" 0 /mnt/act read $ext4/folded/SECRET
fi
if [ -n "$has_btrfs" ]; then
	# the last of the acts needs a snapshot that there is
	btrfs -q subvolume snapshot $btrfs/sub $btrfs/new
	rm $btrfs/new/*
	btrfs_acts "under the policy" 1
	# inodes have the same numbers in both: whichever is asked first, each has its own answer
	is "Btrfs: the numbers of files are the same in both" "$(stat -c %i $btrfs/sub/key)" "$(stat -c %i $btrfs/snap/key)"
	for turn in first again; do
		status "Btrfs: a snapshot's file is another ($turn)" 0 act read $btrfs/snap/key
		status "Btrfs: ... and the subvolume's is denied ($turn)" 1 act read $btrfs/sub/key
		status "Btrfs: the snapshot's is denied ($turn)" 1 act read $btrfs/snap/other
		status "Btrfs: ... and the subvolume's is not ($turn)" 0 act read $btrfs/sub/other
	done
	status "Btrfs: nobody under the policy mounts the snapshot" 32 traced \
		mount -o subvol=snap "$(findmnt -n -o SOURCE $btrfs)" $btrfs/snap
	has "Btrfs: ... by bailiff" 'mount\(.*EACCES' "$(cat /tmp/status.out)"
	status "Btrfs: outside of the policy, a snapshot is made" 0 btrfs subvolume snapshot $btrfs/sub $btrfs/more
	status "Btrfs: ... and the file is read" 0 /mnt/act read $disks/again/key
fi

stop_daemon
for folder in $disks/{again,ext4,btrfs}; do
	! mountpoint -q $folder || umount $folder
done
rm -rf $disks
