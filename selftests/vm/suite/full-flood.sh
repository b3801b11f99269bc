#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# One service opens ever new files that are audited, as fast as the machine can; another is denied one
# exec a second. All denials are in the journal within a second, every decision is counted once, also
# across reloads, a restart and SIGKILL, the daemon stays small, and the other service pays for no more
# than its own. FLOOD_SECONDS: how long.

test=flood
. "$(dirname "$0")/lib.sh"

seconds=${FLOOD_SECONDS:-4}
cp /mnt/act /usr/local/bin/tool
echo secret >/etc/bailiff-secret
mkdir -p /var/tmp/flood
mount -t tmpfs none /var/tmp/flood

# of COUNT POLICY: a count of its only rule; COUNT is a regular expression, several are added
of() {
	bailiff status --rules --json | tr -d ' \n' | grep -o "\"name\":\"$2\"[^]]*" | sed 's/.*"rules":\[//' |
		grep -oE "\"($1)\":[0-9]+" | awk -F: '{ n += $2 } END { print n + 0 }'
}
sum_of() { of 'logged|folded|dropped' "$1"; }
# without the kernel's own tables, which it maps: these grow with the rules
resident() {
	awk '/^[0-9a-f]+-/ { table = /bpf-map/ } /^Rss:/ && !table { n += $2 } END { print n }' \
		"/proc/$(systemctl show -P MainPID bailiffd)/smaps" 2>/dev/null
}
processor_time() { sed -n 's/.*failed otherwise, \([0-9]*\) ns.*/\1/p'; }

policy flood <<-END
	[select]
	unit = flood*.service
	[file]
	audit = read /var/tmp/flood/**
END
policy victim <<-END
	[select]
	unit = victim.service
	[exec]
	deny = /usr/local/bin/tool
END
policy other <<-END
	[select]
	unit = other.service
	[file]
	deny = read /etc/bailiff-secret
END
# a journal in memory is small, and would forget what the flood began with
printf '[Journal]\nRuntimeMaxUse=300M\nRuntimeKeepFree=1M\n' >/etc/systemd/journald.conf.d/flood.conf
systemctl restart systemd-journald
start_daemon
eventually in_force 3 || { not_ok "the policies came into force"; exit 1; }
mark

# Repeats of one process: told as one event, and in sum.
result=$(service other.service flood same /etc/bailiff-secret 3000)
has "3000 opens of a denied file are denied" '^3000 tried, 0 opened, 3000 denied, 0 ' "$result"
alone=$(processor_time <<<"$result")
is "every one of them is counted" 3000 "$(sum_of other)"
is "... and that is what was decided" 3000 "$(of decided other)"
folded=$(of folded other)
status "... most as repeats ($folded)" 0 test "${folded:-0}" -gt 2900
told() {
	entries BAILIFF_POLICY=other BAILIFF_ACTION=read | sed -n 's/^BAILIFF_COUNT=//p' | awk '{ n += $1 } END { print n + 0 }'
}
all_told() { [ "$(told)" -ge "$1" ]; }
eventually all_told 3000
is "... and the entries in the journal stand for all" 3000 "$(told)"
has "... as the command shows" 'read /etc/bailiff-secret .*, [0-9]+ times, told together' \
	"$(bailiff events --policy=other -n 20)"
id=$(bailiff events --policy=other | awk '/told together/ { print $4; exit }')
has "... and why" '^count +[0-9]+ times, told together$' "$(bailiff why "$id")"
result=$(service other.service flood threads /etc/bailiff-secret 1000)
has "8 threads are denied as well" '^8000 tried, 0 opened, 8000 denied, 0 ' "$result"
is "... and counted" 11000 "$(sum_of other)"

# The flood.
for i in 1 2; do
	systemd-run --quiet --unit=flood$i.service -p StandardOutput=file:/tmp/flood$i.out --setenv=PATH="$PATH" \
		-- flood new /var/tmp/flood 3600
done
begun() { [ "$(sum_of flood)" -gt 1000 ]; }
eventually begun
largest=0 wrong=0
exec 3> >(systemd-run --quiet --wait --pipe --collect --setenv=PATH="$PATH" --unit=victim.service -- \
	bash -c 'while read -r _; do act exec /usr/local/bin/tool list /; echo $?; done' >/tmp/victim.out 2>&1)
answered() { [ "$(wc -l </tmp/victim.out)" -ge "$1" ]; }
# denied I: one more denial, the I-th of all
denied() {
	echo >&3
	eventually answered "$1"
	found=$(sum_of victim)
	[ "$found" = "$1" ] || { wrong=$((wrong + 1)) && echo "# denial $1: the counts say $found"; }
	sleep 1
}
for i in $(seq "$seconds"); do
	denied "$i"
	now=$(resident)
	[ "${now:-0}" -le "$largest" ] || largest=$now
done
# (what a start or loading programs takes for a moment comes later)
echo "# $(grep -E '^(Rss|VmRSS)' "/proc/$(systemctl show -P MainPID bailiffd)/status" | tr -d '\t\n')"
status "bailiffd stayed under 20 MiB ($largest KiB)" 0 test "$largest" -lt 20480 -a "$largest" -gt 0
during=$(service other.service flood same /etc/bailiff-secret 3000 | processor_time)
echo "# an open that is denied: $alone ns of processor time, in the flood $during"
status "a denial costs the other service no more than before" 0 test "${during:-0}" -lt $((alone * 3 / 2))

# The same while the daemon comes and goes.
systemctl kill -s KILL bailiffd
denied $((seconds + 1))
touch $policies/flood.ini
denied $((seconds + 2))
systemctl restart --no-block bailiffd
denied $((seconds + 3))
denied $((seconds + 4))
seconds=$((seconds + 4))
exec 3>&-
: >/var/tmp/flood/stop
is "the counts were right at each of $seconds moments" 0 "$wrong"
is "each exec was denied" "$seconds" "$(grep -c '^1$' /tmp/victim.out)"
finished() { ! systemctl -q is-active flood1.service flood2.service; }
eventually finished

opened=$(cat /tmp/flood[12].out | awk '{ n += $1 } END { print n }')
echo "# $opened opens were audited: $(of logged flood) logged, $(of folded flood) folded, $(of dropped flood) dropped"
is "every open of the flood is counted" "$opened" "$(sum_of flood)"

denials() { entries BAILIFF_POLICY=victim BAILIFF_ACTION=exec; }
all_denials() { [ "$(denials | sed -n 's/^BAILIFF_ID=//p' | sort -u | wc -l)" -ge "$seconds" ]; }
eventually all_denials
denials >/tmp/denials
is "every denial is in the journal" "$seconds" "$(sed -n 's/^BAILIFF_ID=//p' /tmp/denials | sort -u | wc -l)"
# (those behind, while the daemon came and went, are as late as it was)
late=$(awk -F= '/^__MONOTONIC_TIMESTAMP/ { at = $2 } /^BAILIFF_TIME/ { print int((at - $2 / 1000) / 1000) }' /tmp/denials |
	head -n $((seconds - 4)) | sort -n)
status "... within a second (half of them after $(sed -n "$((seconds / 2 - 1))p" <<<"$late") ms, the last after $(tail -n 1 <<<"$late") ms)" \
	0 test "$(tail -n 1 <<<"$late")" -lt 1000
is "... none was dropped" 0 "$(of dropped victim)"
losses=$(entries MESSAGE_ID=e06d95a3174b4b8f8c2ad1e57b90f644)
n=$(grep -c '^MESSAGE=' <<<"$losses")
echo "# losses: $(sed -n 's/^MESSAGE=//p' <<<"$losses" | tail -n 1)"
status "losses are told ($n times)" 0 test "$n" -ge 1 -a "$n" -le $((seconds + 60))
has "... with how many in all, and of which rule most are" \
	'^MESSAGE=[0-9]+ events were dropped, [0-9]+ in all: .*; most of these, [0-9]+, of policy flood line 4$' "$losses"
is "... and in all as many as are counted" "$(of dropped flood)" \
	"$(sed -n 's/^BAILIFF_DROPPED=//p' <<<"$losses" | sort -n | tail -n 1)"

stop_daemon
rm /etc/systemd/journald.conf.d/flood.conf
systemctl restart systemd-journald
umount /var/tmp/flood
rm -rf /etc/bailiff-secret /usr/local/bin/tool /var/tmp/flood /tmp/flood?.out /tmp/victim.out /tmp/denials
