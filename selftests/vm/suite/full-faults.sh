#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What fails around bailiffd: folders and files of policies that are gone, unreadable or half written,
# full disks, clocks that jump, pins that are gone or somebody else's, no descriptors, no memory. A
# process tries all along what every version of the policies denies, and what every version allows:
# whatever fails, none of the first may succeed, none of the second be denied.
#
#	FAULTS_STEP=N	each N-th allocation, and call of bpf(2), fails (1: all; 0: none; else some twenty of them)
#	FAULTS_BURST=N	so many policies are written at once (500)

test=faults
. "$(dirname "$0")/lib.sh"

work=/var/tmp/faults
daemon_pid() { systemctl show -P MainPID bailiffd; }
log() { entries _SYSTEMD_UNIT=bailiffd.service | sed -n 's/^MESSAGE=//p'; }
logged() { log | grep -E -- "$1" >/dev/null; }
# soon COMMAND...: within a minute
soon() {
	local end=$((SECONDS + 60))
	until "$@"; do
		[ $SECONDS -lt $end ] || return
		sleep 0.1
	done
}
# told WHAT PATTERN: the daemon says it, since the mark
told() { if soon logged "$2"; then ok "$1"; else not_ok "$1: nothing matches '$2' in: $(log | tail -n 5)"; fi; }

# version N [LINE]...: the policy whose answers are tried, each time another text
version() {
	printf '[policy]\nseverity = %d\n[select]\nunit = faults.service\n[file]\n' $(($1 % 10 + 1))
	printf 'deny = read %s/denied\n' $work
	[ $# -lt 2 ] || printf '%s\n' "${@:2}"
}
# What the process that tries sees of a file: it writes that beside it.
seen() {
	rm -f "$work/$1.seen"
	for _ in $(seq 50); do
		[ ! -s "$work/$1.seen" ] || break
		sleep 0.1
	done
	cat "$work/$1.seen"
}
denied() { [ "$(seen "$1")" = 1 ]; }
allowed() { [ "$(seen "$1")" = 0 ]; }
# comes_into_force WHAT: a policy that denies reading the next of the files; N is which
n=0
comes_into_force() {
	n=$((n + 1))
	version $n "deny = read $work/file-$((n % 2))" | policy faults
	if soon denied file-$((n % 2)) && allowed file-$(((n + 1) % 2)); then ok "$1"; else not_ok "$1"; fi
}
# at WHAT: what fails now
at() { echo "$*" >$work/at; }
restarted() { [ "$(systemctl is-active bailiffd)" = active ]; }

mkdir -p $work
touch $work/{denied,open,file-0,file-1}
at begin
cat >$work/try <<-'END'
	cd /var/tmp/faults
	while [ ! -e stop ]; do
		act read denied 2>/dev/null
		case $? in 0) cat at >>leaks ;; 1) echo >>tries ;; esac
		act read open 2>/dev/null || cat at >>wrong
		for file in file-0 file-1; do
			[ -e $file.seen ] || { act read $file 2>/dev/null; echo $? >$file.seen; }
		done
	done
END
status "without policy it is read" 0 service faults.service act read $work/denied
version 0 | policy faults
start_daemon
first() { [ "$(service faults.service act read $work/denied >/dev/null 2>&1; echo $?)" = 1 ]; }
eventually first || { not_ok "the policy came into force"; exit 1; }
systemd-run --quiet --unit=faults.service --setenv=PATH="$PATH" -- bash $work/try
comes_into_force "a policy comes into force"

# The folder is gone.
at folder gone
mark
mv $policies $policies.gone
told "a folder that is gone is told, with the mend" 'policies.d: error: cannot be read: No such file.*make the folder'
denied file-$((n % 2)) && ok "... and what was in force stays so" || not_ok "... and its policy is gone"
status "... status says that not all is well" 1 bailiff status
has "... and what" 'LAST LOOK.*: a folder of policies could not be read' "$(cat /tmp/status.out)"
systemctl kill -s KILL bailiffd
sleep 0.5
eventually restarted
told "... the next daemon takes it over" '^took over what was in force'
denied file-$((n % 2)) && ok "... and keeps it" || not_ok "... the next daemon takes it for no policy"
mv $policies.gone $policies
comes_into_force "there again, it is read"

# The folder, or a file, cannot be read.
at unreadable
mark
chmod 0 $policies
told "a folder that cannot be read is told" 'policies.d: error: cannot be read: Permission denied'
denied file-$((n % 2)) && ok "... and what was in force stays so" || not_ok "... and its policy is gone"
chmod 755 $policies
mark
version 9 >$policies/.faults
chmod 0 $policies/.faults
mv $policies/.faults $policies/faults.ini
told "a file that cannot be read is told" 'faults.ini: error: cannot be read: Permission denied'
denied file-$((n % 2)) && ok "... and what it said before is in force" || not_ok "... and is not in force"
has "... as status says" 'refused.*faults.ini: cannot be read.*as it was before, it is in force' "$(bailiff status)"
comes_into_force "a readable one in its place is"

# Half a policy can be a good one.
at half a policy
exec 5>$policies/faults.ini
version 8 | sed '/^deny/d' >&5
mark
policy second <<<$'[select]\nunit = faults.service\n[file]\ndeny = write /nowhere'
eventually in_force 2
denied file-$((n % 2)) && ok "a file that is being written is as it was" || not_ok "half a policy is in force"
has "... as status says" 'waiting.*faults.ini.*as it was before, it is in force' "$(bailiff status)"
told "... and the log, where it lasts" 'faults.ini: warning: is open for writing'
n=$((n + 1))
printf 'deny = read %s\n' $work/denied $work/file-$((n % 2)) >&5
exec 5>&-
soon denied file-$((n % 2)) && ok "... and whole, it is in force" || not_ok "whole, it is not in force"
rm $policies/second.ini

# /run is full, the journal's disk with it.
at full /run
size=$(findmnt -n -b -o SIZE /run)
mount -o remount,size=$(($(df -B1 --output=used /run | tail -n 1) + 65536)) /run
dd if=/dev/zero of=/run/faults-full bs=4k 2>/dev/null
n=$((n + 1))
version $n "deny = read $work/file-$((n % 2))" | policy faults
soon denied file-$((n % 2)) && ok "with /run full, a policy comes into force" || not_ok "with /run full, a policy does not come into force"
status "... and bailiff apply says what is wrong" 3 bailiff apply $policies/faults.ini
has "... and that is" 'No space left' "$(cat /tmp/status.out)"
rm /run/faults-full
mount -o remount,size="$size" /run
mark
comes_into_force "... and with room again the next"
status "... which status knows of" 0 bailiff status --wait

# The disk of the policies is full.
at full /etc
mount -t tmpfs -o size=16k,mode=755 none $policies
version $n "deny = read $work/file-$((n % 2))" >$policies/faults.ini
dd if=/dev/zero of=$policies/full bs=1k 2>/dev/null
mkdir -p /run/faults
version 7 "deny = read $work/file-$(((n + 1) % 2))" >/run/faults/faults.ini
status "where /etc is full, bailiff apply says so" 3 bailiff apply /run/faults/faults.ini
has "... and that is" 'No space left' "$(cat /tmp/status.out)"
soon denied file-$((n % 2)) && allowed file-$(((n + 1) % 2)) && ok "... and what was before is in force" ||
	not_ok "... and what was before is not in force"
has "... and in its file" "file-$((n % 2))" "$(cat $policies/faults.ini)"
umount $policies

# The clock on the wall jumps while a policy is on trial.
at clock
on_trial() { [ -e /run/bailiff/trial ]; }
none_on_trial() { ! on_trial; }
wall=$(date +%s) up=$(cut -d . -f 1 /proc/uptime)
status "a policy on trial" 0 bailiff apply /run/faults/faults.ini --confirm=20s
began=$(cut -d . -f 1 /proc/uptime)
date -s @$((wall + 100000)) >/dev/null
sleep 2
on_trial && ok "a clock that jumps ahead does not end it" || not_ok "a clock that jumps ahead ends a trial"
date -s @$((wall - 100000)) >/dev/null
eventually none_on_trial
took=$(($(cut -d . -f 1 /proc/uptime) - began))
[ $took -ge 15 ] && [ $took -le 40 ] && ok "... nor does one that jumps back prolong it" || not_ok "a trial of 20 s took $took s"
comes_into_force "... and policies come into force all the same"
date -s @$((wall + $(cut -d . -f 1 /proc/uptime) - up)) >/dev/null
# entries of a day that has not come would be in the way of all who ask for the last ones
journalctl -q --rotate --vacuum-size=1 2>/dev/null
mark

# Pins.
at pins
rm -r /sys/fs/bpf/bailiff/links
told "pins that are gone are told" '[0-9]+ of bailiff.s pins were gone .*, and are there again'
is "... and there again" yes "$([ -e /sys/fs/bpf/bailiff/links/bailiff_file_open ] && echo yes)"
systemctl kill -s KILL bailiffd
sleep 0.5
eventually restarted
told "... so that the next daemon takes it over" '^took over what was in force'
status "... whole" 0 bailiff status
umount -l /sys/fs/bpf
told "without a BPF file system it is told, with the mend" 'cannot be made again.*mount -t bpf'
mount -t bpf bpf /sys/fs/bpf
pinned() { [ -e /sys/fs/bpf/bailiff/links/bailiff_file_open ]; }
eventually pinned && ok "... and there again, so are the pins" || not_ok "the pins are not there again"
status "... whole" 0 bailiff status

# Pins that are something else.
at strangers
stranger() {
	systemctl kill -s KILL bailiffd && systemctl stop bailiffd
	mark
	"${@:2}"
	start_daemon
	has "$1 is not taken over" 'by another version, or is damaged' "$(log)"
	status "... but replaced" 0 bailiff status --wait
}
pins=/sys/fs/bpf/bailiff
# (pinned elsewhere, its own stays attached meanwhile)
link_of_another() { mv $pins/links/bailiff_file_open /sys/fs/bpf/faults && ln $pins/links/bailiff_exec $pins/links/bailiff_file_open; }
program_for_map() { rm $pins/maps/{bindings,slots} && ln $pins/programs/bailiff_exec $pins/maps/bindings && mkdir $pins/maps/slots; }
printf '[daemon]\non-stop = keep\n' >/etc/bailiff/bailiff.conf
stranger "another hook's link" link_of_another
rm /sys/fs/bpf/faults
stranger "what is no map" program_for_map
comes_into_force "... and policies come into force"

# No descriptors are left.
at descriptors
mark
pid=$(daemon_pid)
limit=$(prlimit --pid "$pid" --nofile -o SOFT --noheadings | tr -d ' ')
prlimit --pid "$pid" --nofile=3: # of those that are free, none is below
n=$((n + 1))
version $n "deny = read $work/file-$((n % 2))" | policy faults
told "without descriptors it is told" 'cannot read the policies; what was in force stays so: Too many open files'
denied file-$(((n + 1) % 2)) && ok "... and what was in force stays so" || not_ok "... and it is not in force"
prlimit --pid "$pid" --nofile="$limit:"
soon denied file-$((n % 2)) && ok "... and with some again the new policy is" || not_ok "with descriptors again the policy is not in force"
is "... by the same daemon" "$pid" "$(daemon_pid)"

# Calls are interrupted.
at interrupted
strace -qq -o /dev/null -p "$pid" -e trace=read,write,openat,fdatasync,rename,renameat,fcntl \
	-e inject=read,write,openat,fdatasync:error=EINTR:when=2+3 &
tracer=$!
sleep 1
n=$((n + 1))
version $n "deny = read $work/file-$((n % 2))" | policy faults
soon denied file-$((n % 2)) && ok "with calls that are interrupted a policy comes into force" || not_ok "with calls that are interrupted it does not"
kill -INT $tracer
wait $tracer 2>/dev/null

# The kernel ends it for want of memory.
at killed
mark
echo 1M >/sys/fs/cgroup/system.slice/bailiffd.service/memory.max
killed() { journalctl -q --since="$(cat /tmp/mark)" -u bailiffd -o cat | grep -q "result 'oom-kill'"; }
eventually killed && ok "it is killed for want of memory" || not_ok "it is not killed for want of memory"
eventually restarted && ok "... and started again" || not_ok "... and not started again"
comes_into_force "... and policies come into force"

# No memory, at each place.
at no memory
counts=/run/bailiff/no-memory
# count WHICH: how many more succeed before one fails; 0: it has
count() { od -An -j $(($1 * 4)) -N 4 -t u4 $counts | tr -d ' '; }
# fail WHICH N: the N-th from now on fails. WHICH is 0 for allocations, 1 for calls of bpf(2); N of 0 is none.
fail() {
	# shellcheck disable=SC2059 # bytes
	printf "\\$(printf %o $(($2 & 255)))\\$(printf %o $(($2 >> 8 & 255)))\\0\\0" |
		dd of=$counts bs=4 seek="$1" conv=notrunc status=none
}
# While a policy is put into force. Whether one failed.
fail_at() {
	local i
	n=$((n + 1))
	version $n "deny = read $work/file-$((n % 2))" >$policies/.faults
	fail "$1" "$2"
	mv $policies/.faults $policies/faults.ini
	for ((i = 0; i < 20; i++)); do
		[ "$(count "$1")" != 0 ] || return 0
		sleep 0.05
	done
	return 1
}
# fail_each WHICH WHAT: one after the other
fail_each() {
	local tried=0 i
	for ((i = 1; ; i += ${FAULTS_STEP:-i / 2 + 1})); do
		fail_at "$1" $i || break
		tried=$((tried + 1))
		restarted || soon restarted # where the event loop itself has no memory
	done
	fail "$1" 0
	echo "# faults: $tried $2 failed, of $i"
	is "enough $2 fail" 1 $((tried >= 3))
	comes_into_force "after $2 that failed, a policy comes into force"
}
no_memory() {
	local restarts at
	printf '\0\0\0\0\0\0\0\0' >$counts
	mkdir -p /run/systemd/system/bailiffd.service.d
	printf '[Service]\nEnvironment=LD_PRELOAD=/mnt/no-memory.so\n' >/run/systemd/system/bailiffd.service.d/faults.conf
	systemctl daemon-reload
	systemctl restart bailiffd
	comes_into_force "before memory fails, a policy comes into force"
	restarts=$(systemctl show -P NRestarts bailiffd)
	fail_each 0 allocations
	fail_each 1 'calls of bpf(2)'
	echo "# faults: the daemon ended $(($(systemctl show -P NRestarts bailiffd) - restarts)) times"
	has "... and most of the time the daemon goes on" '^[0-3]$' $(($(systemctl show -P NRestarts bailiffd) - restarts))
	# ... and while the next daemon takes over
	for at in '0 1' '0 400' '1 1' '1 60'; do
		# shellcheck disable=SC2086 # two words
		fail $at
		systemctl kill -s KILL bailiffd
		sleep 0.5
		eventually restarted
	done
	fail 0 0
	fail 1 0
	comes_into_force "after starts without memory, a policy comes into force"
	status "... by a daemon that has all that it needs" 0 bailiff status --wait
	is "... and none of them crashed" "" "$(log | grep -E 'dumped core|signal (SEGV|ABRT|ILL|BUS|FPE)')"
	rm -r /run/systemd/system/bailiffd.service.d $counts
	systemctl daemon-reload
	systemctl restart bailiffd
}
# sanitizers have an allocator of their own
[ "${FAULTS_STEP:-1}" = 0 ] || no_memory

# Many policies at once.
at burst
burst=${FAULTS_BURST:-500}
comes_into_force "before many, one policy comes into force"
mark
for ((i = 0; i < burst; i++)); do
	printf '[select]\nunit = burst-%d.service\n[file]\ndeny = read /nowhere/%d\n' $i $i >$policies/burst-$i.ini
done
begin=$SECONDS
burst_over() { in_force $((burst + 1)); }
eventually burst_over && ok "$burst policies at once come into force" || not_ok "$burst policies at once do not come into force"
published=$(log | grep -c '^policies in force: ')
echo "# faults: $burst policies in $published publications, $((SECONDS - begin)) s after the last was written"
is "... in a few publications" 1 $((published <= 15))
rm $policies/burst-*.ini
burst_gone() { ! in_force 2; }
eventually burst_gone && ok "... and are gone at once" || not_ok "... and are not gone"

touch $work/stop
echo "# faults: $(wc -l <$work/tries) tries"
touch $work/leaks $work/wrong
is "in all of it, nothing that is denied was read" "" "$(sort $work/leaks | uniq -c)"
is "... and nothing that is allowed was denied" "" "$(sort $work/wrong | uniq -c)"
ended() { [ "$(systemctl is-active faults.service)" != active ]; }
eventually ended
systemctl reset-failed faults.service bailiffd 2>/dev/null
rm -rf $work /run/faults
stop_daemon
