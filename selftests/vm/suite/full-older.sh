#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What was open before a policy came into force: told once, and of no use where the policy says so.

test=older
. "$(dirname "$0")/lib.sh"

id=MESSAGE_ID=74c0a9e15d3b48f2b6e8f20d91ac3766
echo secret >/srv/older-secret
echo other >/srv/older-other
systemd-run --quiet --collect --unit=older /bin/bash -c \
	'exec 7</srv/older-secret 8</srv/older-other
	while sleep 0.2; do
		if read -r -u 7 line 2>/dev/null || [ -z "$tried" ]; then :; fi
		tried=yes
	done'
systemd-run --quiet --collect --unit=older-2 /bin/bash -c \
	'exec 7</srv/older-secret; until [ -e /run/older-go ]; do sleep 0.2; done
	/mnt/act use 7; echo $? >/run/older-status; sleep 1000'
cat /mnt/act >/srv/older-program
chmod 755 /srv/older-program
mkfifo /run/older-wait
systemd-run --quiet --collect --unit=older-3 -p StandardInput=file:/run/older-wait /srv/older-program use 0
exec 9>/run/older-wait
start_daemon
mark
policy older <<-END
	[select]
	unit = older.service
	[file]
	deny = read /srv/older-secret
END
policy older-2 <<-END
	[select]
	unit = older-2.service
	[file]
	deny = read /srv/older-secret /usr/bin/bash
	revoke = yes
END
policy older-3 <<-END
	[select]
	unit = older-3.service
	[exec]
	deny = /srv/older-program
END
entry=$(since_mark 1 $id BAILIFF_PATH=/srv/older-program)
has "a mapped program that would be denied is told" \
	'older-program mapped since before: policy older-3' "$entry"
entry=$(since_mark 1 $id BAILIFF_PATH=/srv/older-secret)
has "an open file that would be denied is told" 'BAILIFF_PATH=/srv/older-secret' "$entry"
has "... of which process" "BAILIFF_PID=$(systemctl show -P MainPID older)" "$entry"
has "... by which policy" 'BAILIFF_POLICY=older' "$entry"
hasnt "what may be read is not told" 'older-other' "$entry"
hasnt "what is revoked is not told as open" 'BAILIFF_POLICY=older-2' "$entry"
is "a program that was executed, and may not be read, is not told" 0 "$(count "$id" BAILIFF_PATH=/usr/bin/bash)"
has "bailiff events has it" 'older +.*older-program mapped since before' "$(bailiff events --since=10m)"
has "... as JSON" '"note":"older".*older-secret open since before' "$(bailiff events --json --policy=older)"
eventually in_force 3
touch /run/older-go
eventually test -s /run/older-status
is "where the policy says revoke, it cannot be read any more" 1 "$(cat /run/older-status)"
exec 9>&-
systemctl stop older older-2 older-3 2>/dev/null
stop_daemon
rm -f /srv/older-* /run/older-*
