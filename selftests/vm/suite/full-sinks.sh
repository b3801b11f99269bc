#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Where events go: a journal that is stopped, or gone, holds nothing up and loses nothing that the ring
# holds; files and sockets of JSON have what the journal has; metrics say what "bailiff status" says.

test=sinks
. "$(dirname "$0")/lib.sh"

kept=/var/tmp/kept
n=1200
mkdir -p $kept
for ((i = 0; i < n; i++)); do : >$kept/$i; done
drop_in=/run/systemd/system/bailiffd.service.d/sinks.conf
mkdir -p "${drop_in%/*}"
printf '[Service]\nWatchdogSec=60s\n' >$drop_in
systemctl daemon-reload

probe_policy() {
	policy "$1" <<-END
		[select]
		unit = probe.service
		[file]
		deny = read $2
	END
}
# within SECONDS COMMAND...: whether it succeeds by then
within() {
	local end=$((SECONDS + $1))
	while ! "${@:2}"; do
		[ $SECONDS -lt $end ] || return
		sleep 0.1
	done
}
# Denied reads of all files, once there is a file /var/tmp/go: nothing is asked of systemd by then.
begin_acts() {
	[ -z "${acting-}" ] || wait "$acting"
	rm -f /var/tmp/go /var/tmp/done
	service probe.service sh -c 'while [ ! -e /var/tmp/go ]; do sleep 0.2; done
		for file in /var/tmp/kept/*; do read line <$file; done 2>/dev/null; touch /var/tmp/done' &
	acting=$!
	sleep 3
}
acts() {
	touch /var/tmp/go
	within 60 test -e /var/tmp/done || not_ok "the acts were done"
}
daemon_pid() { systemctl show -P MainPID bailiffd; }
# how many decisions the entries since the mark are of
told() { entries BAILIFF_POLICY=probe BAILIFF_VERDICT=deny | sed -n 's/^BAILIFF_COUNT=//p' | awk '{ n += $1 } END { print n + 0 }'; }
all_told() { [ "$(told)" -ge $n ]; }
# what the daemon said itself since the mark
log() { entries _SYSTEMD_UNIT=bailiffd.service | grep '^MESSAGE=' | grep -v '^MESSAGE=denied: '; }
dropped() { bailiff status --json | grep -o '"dropped":[0-9]*' | tail -n 1; }

probe_policy probe "$kept/**"
start_daemon
eventually in_force 1 || { not_ok "the policy came into force"; exit 1; }
pid=$(daemon_pid)

# A journald that is stopped, and not gone.
mark
begin_acts
kill -STOP "$(systemctl show -P MainPID systemd-journald)"
acts
probe_policy second /nothing
if within 30 in_force 2; then ok "with a journald that is stopped, a policy comes into force"; else
	not_ok "with a journald that is stopped, a policy does not come into force"
fi
sleep 60 # longer than the watchdog waits
kill -CONT "$(systemctl show -P MainPID systemd-journald)"
is "... and the watchdog has nothing to end" "$pid" "$(daemon_pid)"
eventually all_told
is "... and once it goes on, every event is in the journal" $n "$(told)"
is "... and none was dropped" '"dropped":0' "$(dropped)"
has "... and the log says what there was to say" '^MESSAGE=the journal takes nothing: events wait' \
	"$(log)"
has "... and that it is over" '^MESSAGE=the journal takes entries again' \
	"$(log)"
has "... and which policies came into force" '^MESSAGE=policies in force: 2,' \
	"$(log)"

# A journald that is gone, its sockets too.
sockets=(systemd-journald.socket systemd-journald-dev-log.socket)
systemctl is-active -q systemd-journald-audit.socket && sockets+=(systemd-journald-audit.socket)
begin_acts
systemctl stop "${sockets[@]}" systemd-journald.service
mark
acts
probe_policy third /nothing
if within 30 in_force 3; then ok "without a journald, a policy comes into force"; else
	not_ok "without a journald, a policy does not come into force"
fi
sleep 5
systemctl start "${sockets[@]}" systemd-journald.service
eventually all_told
is "... and once it is there, every event is in the journal" $n "$(told)"
has "... and what the daemon had to say meanwhile" '^MESSAGE=there is no journal: events wait' \
	"$(log)"
is "... and the daemon is the same" "$pid" "$(daemon_pid)"

# The same as lines of JSON, in files that rotate and to a socket.
socket=/run/sinks-test.socket
got=/var/tmp/got
mkdir -p /var/lib/prometheus/node-exporter
metrics=/var/lib/prometheus/node-exporter/bailiff.prom
cat >/etc/bailiff/bailiff.conf <<-END
	[daemon]
	events = journal json:/var/log/bailiff/events.json json-socket:$socket
	events-size = 64K
	events-keep = 40
	metrics = $metrics
END
systemd-socket-activate -d -l $socket sh -c "exec cat <&3 >$got" 2>/dev/null &
reader=$!
within 10 test -S $socket || not_ok "there is a socket"
systemctl restart bailiffd

# names of the events in lines of JSON
ids() { grep -o '"id":"[0-9a-z]*"' | sort; }
of_journal() { bailiff events --json --policy=probe --since="$(date -d "$(cat /tmp/mark)" '+%F %T')" | ids; }
of_files() { cat /var/log/bailiff/events.json* | ids; }
of_socket() { ids <$got; }
lost() { bailiff metrics | sed -n "s/^bailiff_json_events_total{sink=\"$1\",result=\"lost\"} //p"; }
halves() { cat /var/log/bailiff/events.json* | grep -vc '^{"time":".*"count":[0-9]*}$'; }

sleep 1
mark
begin_acts
acts
eventually all_told
n_ids=$(of_journal | wc -l)
if [ "$n_ids" -gt 0 ] && [ "$(of_journal)" = "$(of_files)" ]; then ok "files have what the journal has"; else
	not_ok "the journal has $n_ids events, files have $(of_files | wc -l)"
fi
# in emulation a reader can be too slow for a burst
is "... and so has the reader of a socket, but for what is counted as lost" "$n_ids" \
	$(($(of_socket | wc -l) + $(lost socket)))
is "... and nothing else" "" "$(comm -13 <(of_files) <(of_socket))"
is "... and not little" 1 $(($(of_socket | wc -l) > n_ids / 10))
is "... in whole lines" 0 "$(halves)"
has "... with what --json says of an event" \
	'^\{"time":"[0-9T:.-]*Z","id":"[0-9a-z]*","verdict":"deny","action":"read","path":"/var/tmp/kept/0",.*"unit":"probe.service"' \
	"$(cat /var/log/bailiff/events.json*)"
if [ -e /var/log/bailiff/events.json.2 ] && [ "$(stat -c %s /var/log/bailiff/events.json.*  | sort -n | tail -n 1)" -le 65536 ]; then
	ok "... and none is larger than said"
else
	not_ok "files: $(stat -c '%n %s' /var/log/bailiff/* | xargs)"
fi

# A reader that reads nothing holds nobody up.
kill -STOP $reader
before=$(lost socket)
mark
begin_acts
acts
eventually all_told
is "beside a reader that reads nothing, the journal has all" $n "$(told)"
if [ "$(lost socket)" -gt "$before" ]; then ok "... and what it did not read is counted"; else
	not_ok "... and nothing is counted: $(lost socket) after $before"
fi
said() { log | grep -q "could not be written to $socket: its reader takes nothing"; }
within 70 said && ok "... and told, once a minute" || not_ok "... and it is not told"
kill -CONT $reader
kill $reader

# A full disk.
systemctl stop bailiffd
mount -t tmpfs -o size=150k none /var/log/bailiff
systemctl start bailiffd
eventually in_force 3
mark
begin_acts
acts
eventually all_told
is "beside a full disk, the journal has all" $n "$(told)"
is "... and lines are whole" 0 "$(halves)"
if [ "$(of_files | wc -l)" -gt 100 ] && [ "$(of_files | wc -l)" -lt "$(of_journal | wc -l)" ]; then
	ok "... and those that fit are there"
else
	not_ok "... and $(of_files | wc -l) are there"
fi
said() { log | grep -q 'could not be written to /var/log/bailiff/events.json: No space'; }
within 10 said && ok "... and it is told" || not_ok "... and it is not told"

# Metrics.
sysctl -q kernel.bpf_stats_enabled=1
within 20 test -s $metrics
sleep 16
shown=$(bailiff metrics)
sysctl -q kernel.bpf_stats_enabled=0
for text in "$shown" "$(cat $metrics)"; do
	is "metrics have the format" "" "$(awk -f "$(dirname "$0")/prometheus.awk" <<<"$text" 2>&1)"
	decided=$(bailiff status --json | grep -o '"name":"probe".*' | grep -o '"decided":[0-9]*' | head -n 1)
	has "... and the count of the rule's decisions" \
		"^bailiff_decisions_total\{policy=\"probe\",rule=\"4:13\",verdict=\"deny\"\} ${decided#*:}\$" "$text"
	has "... and the hooks' run time" '^bailiff_hook_run_seconds_total\{hook="file_open"\} [0-9]+\.[0-9]{9}$' "$text"
	has "... and the publications" '^bailiff_publications_total\{result="ok"\} [1-9]' "$text"
	has "... and that policies are in force" '^bailiff_enforcing 1$' "$text"
done
is "everybody may read the file" 644 "$(stat -c %a $metrics)"

stop_daemon
umount /var/log/bailiff
rm -rf "$drop_in" $kept /var/tmp/go /var/tmp/done $got $socket /var/log/bailiff/* ${metrics%/*}
systemctl daemon-reload
