#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Many policies, rules and cgroups: in force, within the daemon's memory, and nothing is left behind by
# cgroups that come and go; and while policies come, change and go all the time, what they deny is denied
# in every new cgroup from its first instruction on, and nothing else.
#
#	SCALE_POLICIES=N	(100), with
#	SCALE_RULES=N		(10) rules each
#	SCALE_CGROUPS=N		(200) under them, with a process each
#	SCALE_LOOP=N		(400) cgroups made and removed one after the other
#	SCALE_CHURN=SECONDS	(8) of changes
#	SCALE_REFUSED=N		(0) policies of 1,000 rules more: with these there are too many rules, so that
#	SCALE_OVER=N		of them are refused

test=scale
. "$(dirname "$0")/lib.sh"

n_policies=${SCALE_POLICIES:-100} n_rules=${SCALE_RULES:-10} n_cgroups=${SCALE_CGROUPS:-200}
n_loop=${SCALE_LOOP:-400} seconds=${SCALE_CHURN:-8} n_refused=${SCALE_REFUSED:-0}
group=/sys/fs/cgroup/scale folder=/tmp/scale maps=/sys/fs/bpf/bailiff/maps
mkdir -p $policies $group $folder
echo secret >$folder/denied
echo open >$folder/open

# rules NUMBER N MORE: a policy's rules; awk is many times as fast as the shell
rules() {
	awk -v number="$1" -v n="$2" -v more="$3" -v folder=$folder 'BEGIN {
		print "[select]\ncgroup = /scale/p" number "-*\n[file]\ndeny = read write " folder "/denied"
		for (i = 1; i < n; i++)
			print "deny = read /srv/app-" number "/data/" i % 37 "/file-" i more ".conf"
	}'
}
# put NAME: standard input becomes the policy
put() {
	cat >$policies/.$1
	mv $policies/.$1 $policies/$1.ini
}
metric() { bailiff metrics | awk -v name="$1" '$1 == name { print $2; exit }'; }
# the daemon's memory in KiB, without the kernel's own tables, which it maps: these grow with the rules
resident() {
	awk '/^[0-9a-f]+-/ { table = /bpf-map/ } /^Rss:/ && !table { n += $2 } END { print n }' /proc/$daemon/smaps
}
policies_in_force() { [ "$(metric bailiff_policies)" = "$1" ]; }
# uptime in hundredths
clock() { tr -d . </proc/uptime | cut -d' ' -f1; }
memory() { awk '/^SUnreclaim|^Percpu|^VmallocUsed/ { n += $2 } END { print n }' /proc/meminfo; }
in_cgroup() { sh -c 'echo $$ >'"$1"'/cgroup.procs; shift; exec "$@"' sh "$@"; }

# without policies
result=$(churn loop $group 100 "$n_policies" $folder/denied $folder/open)
has "without policy, both files are read" '^100 cgroups, 100 let through, 0 denied wrongly' "$result"
echo "# without bailiffd: $result"

for ((i = 0; i < n_policies; i++)); do rules $i "$n_rules" '' | put p$i; done
start=$(clock)
bailiffd 2>/tmp/bailiffd.log &
daemon=$!
in_time() {
	local end=$((SECONDS + 600))
	while ! policies_in_force "$1"; do
		[ $SECONDS -lt $end ] || return
		sleep 0.3
	done
}
in_time "$n_policies" && ok "$n_policies policies with $n_rules rules each are in force" ||
	not_ok "$n_policies policies are in force: $(tail -n 5 /tmp/bailiffd.log)"
echo "# ... after $(($(clock) - start))0 ms; daemon $(resident), kernel $(($(metric bailiff_kernel_memory_bytes) / 1024)) KiB"
echo "# one cgroup after the other: $(churn loop $group 50 "$n_policies" $folder/denied $folder/open)"

mkfifo /tmp/scale-fill
churn fill $group "$n_cgroups" "$n_policies" </tmp/scale-fill >/tmp/scale-ready &
filler=$!
exec 9>/tmp/scale-fill
ready() { grep -q ready /tmp/scale-ready; }
eventually ready
is "$n_cgroups cgroups are bound" "$n_cgroups" "$(metric bailiff_bindings)"
last=$(((n_policies < n_cgroups ? n_policies : n_cgroups) - 1))
for i in 0 1 $last; do
	status "... in one of policy $i a denied act is denied" 1 in_cgroup $group/p$i-$i act read $folder/denied
	status "... and an allowed one is not" 0 in_cgroup $group/p$i-$i act read $folder/open
done
# the daemon looks at them for some seconds
sleep 4
resident=$(resident)
echo "# $n_cgroups cgroups: daemon $resident, kernel $(($(metric bailiff_kernel_memory_bytes) / 1024)), images $(($(metric bailiff_table_used_bytes) / 1024)) KiB"
if [ $((n_policies * n_rules)) -le 1000 ]; then
	status "... the daemon's memory is within 20 MiB ($resident KiB)" 0 test "$resident" -le 20480
fi

# a leak of 136 bytes a cgroup, the least that there can be, is 1.3 MiB of ten thousand
churn loop $group 100 "$n_policies" $folder/denied $folder/open >/dev/null
sleep 2
churn maps $maps | grep -v folds >/tmp/scale-before
before=$(memory) before_rss=$(resident)
result=$(churn loop $group "$n_loop" "$n_policies" $folder/denied $folder/open)
echo "# $result"
has "$n_loop cgroups are made and removed: what is denied is denied in each, and nothing else" \
	"^$n_loop cgroups, 0 let through, 0 denied wrongly" "$result"
sleep 3
churn maps $maps | grep -v folds >/tmp/scale-after
is "... nothing is left of them in the maps" "" "$(diff /tmp/scale-before /tmp/scale-after)"
echo "# kernel memory: $before, then $(memory) KiB; daemon: $before_rss, then $(resident) KiB"
status "... nor in the kernel's memory" 0 test $(($(memory) - before)) -lt 1100
# it looks at what rules name now and then, and gives back what that took: 2 MiB are 200 bytes for each of
# ten thousand cgroups
status "... nor in the daemon's" 0 test $(($(resident) - before_rss)) -lt $((2048 + n_policies * n_rules / 50))

# Policies come, change and go; the first ten say "denied" in each version.
churn loop $group 1 10 $folder/denied $folder/open $folder/stop >/tmp/scale-churn &
churning=$!
end=$((SECONDS + seconds)) n_changes=0
while [ $SECONDS -lt $end ]; do
	i=$((RANDOM % n_policies))
	case $((RANDOM % 4)) in
	0 | 1) rules $((i % 10)) "$n_rules" -$RANDOM | put p$((i % 10)) ;;
	2) [ $i -lt 10 ] || rm -f $policies/p$i.ini ;;
	3) rules $i "$n_rules" '' | put p$i ;;
	esac
	n_changes=$((n_changes + 1))
done
touch $folder/stop
wait $churning
echo "# $n_changes changes: $(cat /tmp/scale-churn)"
has "while policies change, what is denied is denied in each new cgroup, and nothing else" \
	' cgroups, 0 let through, 0 denied wrongly' "$(cat /tmp/scale-churn)"

if [ "$n_refused" -gt 0 ]; then
	for ((i = 0; i < n_policies; i++)); do rules $i "$n_rules" '' | put p$i; done
	in_time "$n_policies"
	sleep 2
	for ((i = 0; i < n_refused; i++)); do rules more-$i 1000 '' | put q$i; done
	start=$(clock)
	# more than one look can have refused some
	refused() { grep -o 'q[0-9]*.ini: error: is not put into force' /tmp/bailiffd.log | sort -u | wc -l; }
	in_time $((n_policies + n_refused - SCALE_OVER)) || not_ok "what fits is in force: $(tail -n 5 /tmp/bailiffd.log)"
	echo "# with $n_refused policies of 1,000 rules more: $(metric bailiff_policies) in force after $(($(clock) - start))0 ms"
	status "... as many are refused as do not fit" 0 test "$(refused)" -ge "$SCALE_OVER"
	has "... and it is said why" 'have more than 131072 rules that deny or audit' "$(cat /tmp/bailiffd.log)"
	status "... and what was denied is denied" 1 in_cgroup $group/p1-1 act read $folder/denied
	rm $policies/q*.ini
fi

# All is given back.
exec 9>&-
wait $filler
rm -f $policies/p*.ini
in_time 0 || not_ok "without policies, none is in force"
is "in the end nothing is bound" "bindings 0 bound 0" "$(churn maps $maps | grep -E '^b' | tr '\n' ' ' | sed 's/ $//')"
kill $daemon
wait
bailiff release >/dev/null 2>&1
rm -rf $folder /tmp/scale-*
rmdir $group
