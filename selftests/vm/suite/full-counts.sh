#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Counts outlive what counts: of each rule, logged + folded + dropped is what was decided, to the last
# one, over daemons that are killed, another build, another ABI version, another layout of events, and a
# larger table of counters; while acts go on, no count ever goes backwards, and the journal has it all.

test=counts
. "$(dirname "$0")/lib.sh"

folder=/var/tmp/counts group=/sys/fs/cgroup/counts
drop_in=/run/systemd/system/bailiffd.service.d/counts.conf
mkdir -p $folder $group ${drop_in%/*}
echo secret >$folder/denied
for i in {1..20}; do echo secret >$folder/kept-$i; done
printf '[daemon]\non-stop = keep\n' >/etc/bailiff/bailiff.conf
sed 's,Dual BSD/GPL,Dual MIT/GPL,' /usr/sbin/bailiffd >/usr/sbin/bailiffd.build
chmod 755 /usr/sbin/bailiffd.build

# in_group COMMAND...: under the policies, and no unit's: nothing is asked of systemd
in_group() { sh -c 'echo $$ >'$group'/cgroup.procs; exec "$@"' sh "$@"; }
policy counts <<-END
	[select]
	cgroup = /counts
	[file]
	deny = read $folder/denied
END
policy kept <<-END
	[select]
	cgroup = /counts
	[file]
	deny = read $folder/kept-*
END
# of COUNT POLICY: of its only rule
of() {
	bailiff status --rules --json | tr -d ' \n' | grep -o "\"name\":\"$2\"[^]]*" | sed 's/.*"rules":\[//' |
		grep -oE "\"($1)\":[0-9]+" | awk -F: '{ n += $2 } END { print n + 0 }'
}
sums() { echo "$(of 'logged|folded|dropped' counts) $(of 'logged|folded|dropped' kept)"; }
# told POLICY: by the journal's entries, those that say that events are told in sum among them
told() { entries BAILIFF_POLICY="$1" | sed -n 's/^BAILIFF_COUNT=//p' | awk '{ n += $1 } END { print n + 0 }'; }
all_told() { [ "$(told "$1")" -ge "$2" ]; }
kept() { local i; for i in {1..20}; do in_group act read $folder/kept-$i >/dev/null 2>&1; done; }
kill_daemon() { kill -9 "$(systemctl show -P MainPID bailiffd)"; }
control() { stat -c %i /sys/fs/bpf/bailiff/maps/control; }
# replace PROGRAM [COMMAND...]: it runs, after a restart or what COMMAND makes one, and what is pinned is its own
replace() {
	local before
	before=$(control)
	printf '[Service]\nExecStart=\nExecStart=%s\n' "$1" >$drop_in
	systemctl daemon-reload
	if [ $# -gt 1 ]; then "${@:2}"; else systemctl restart bailiffd; fi
	replaced() { [ "$(control)" != "$before" ]; }
	eventually replaced || not_ok "$1 replaces what was in force"
}

status "without policy it is read" 0 in_group act read $folder/denied
mark
start_daemon
eventually in_force 2 || not_ok "the policies came into force"
status "with it, it is not" 1 in_group act read $folder/denied

# acts all the time, and what the metrics say meanwhile
rm -f /run/counts-stop
in_group sh -c 'while [ ! -e /run/counts-stop ]; do flood same '$folder'/denied 200; sleep 0.5; done' >/run/counts-acts &
acts=$!
while [ ! -e /run/counts-stop ]; do
	bailiff metrics 2>/dev/null | grep -E '^bailiff_(decisions|events_[a-z]*)_total\{policy="counts"'
	sleep 0.4
done >/run/counts-metrics &
metrics=$!

kept
kill_daemon
kept
replace /usr/sbin/bailiffd.build
is "after a kill, and under another build, all is counted" 40 "$(sums | cut -d' ' -f2)"
kept
replace "$(command -v bailiffd-other)"
kept
replace /usr/sbin/bailiffd
is "... and under another ABI version, and after it" 80 "$(sums | cut -d' ' -f2)"

# a table of counters that is too small for one more policy
{
	printf '[select]\ncgroup = /counts-many\n[file]\n'
	for i in {1..4200}; do echo "deny = read /srv/counts/$i"; done
} | policy counts-many
larger() { in_force 3; }
before=$(control)
eventually larger && ok "4,200 rules more are in force" || not_ok "4,200 rules more are not in force"
[ "$(control)" != "$before" ] && ok "... with other tables" || not_ok "... with other tables"
kept
is "... and all is counted" 100 "$(sums | cut -d' ' -f2)"
rm $policies/counts-many.ini

touch /run/counts-stop
wait $acts $metrics
tries=$(awk '{ n += $1 } END { print n + 1 }' /run/counts-acts)
is "of what was tried all the time, every one is counted ($tries)" "$tries 100" "$(sums)"
echo "# $(wc -l </run/counts-metrics) samples"
# (while a table grows what the old one counted last is added a moment later: docs/roadmap.md)
is "no count stayed behind what was seen of it" "" "$(awk '$2 + 0 > most[$1] + 0 { most[$1] = $2 } { last[$1] = $2 }
	END { for (name in last) if (last[name] + 0 < most[name] + 0) print name, last[name], "after", most[name] }' /run/counts-metrics)"
logged() { of 'logged|folded' "$1"; }
eventually all_told counts "$(logged counts)"
is "the journal has all that was not dropped" "$(logged counts) 100" "$(told counts) $(told kept)"

# events in another layout
systemctl kill -s STOP bailiffd
kept
in_group flood same $folder/denied 30 >/dev/null
replace "$(command -v bailiffd-events)" kill_daemon
in_sum() { entries BAILIFF_POLICY=kept | grep '^MESSAGE=.* in sum'; }
eventually in_sum
has "what another layout of events leaves unread is told in sum" '^MESSAGE=20 events of policy kept line 4 are told in sum alone' \
	"$(in_sum)"
replace /usr/sbin/bailiffd
eventually in_force 2
is "... and stays counted" "$((tries + 30)) 120" "$(sums)"
eventually all_told counts "$(logged counts)"
is "... so the journal's sum is what was not dropped" "$(logged counts) 120" "$(told counts) $(told kept)"
status "... and it is denied" 1 in_group act read $folder/denied

stop_daemon
rm -rf $folder $drop_in /usr/sbin/bailiffd.build /run/counts-*
systemctl daemon-reload
rmdir $group
