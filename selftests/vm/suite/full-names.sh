#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Where a file system takes several spellings of a name for one, none is allowed where any may be denied.

test=names
. "$(dirname "$0")/lib.sh"

fat=/srv/fat
modprobe loop
modprobe vfat
modprobe nls_cp437
modprobe nls_ascii
truncate -s 8M /srv/fat.image
busybox mkdosfs /srv/fat.image >/dev/null
mkdir $fat
mount -o loop,iocharset=ascii /srv/fat.image $fat || { not_ok "a FAT file system is mounted"; exit 1; }
echo secret >"$fat/Long Secret.txt"
echo free >$fat/Free.txt
short=$fat/LONGSE~1.TXT

status "another spelling is the same file, without policy" 0 service names cat "$fat/LONG secret.TXT"
status "... and so is a short name" 0 service names cat "$short"
start_daemon
policy names <<-END
	[select]
	unit = names.service
	[file]
	deny = read $fat/Long\ Secret.txt
END
eventually in_force 1
mark
status "the name is denied" 1 service names cat "$fat/Long Secret.txt"
status "... another spelling too" 1 service names cat "$fat/LONG secret.TXT"
status "... and the short name" 1 service names cat "$short"
umount $fat
mount -o loop,iocharset=ascii /srv/fat.image $fat
status "... also where that is looked up first" 1 service names cat "$fat/long SECRET.txt"
has "the journal says why" 'BAILIFF_REASON=spelling' "$(since_mark 1 BAILIFF_REASON=spelling)"
status "elsewhere, what is not denied is allowed" 0 service names cat /etc/hostname
status "outside of the policy it is read" 0 cat "$fat/Long Secret.txt"
stop_daemon
umount $fat
rm -rf /srv/fat /srv/fat.image
