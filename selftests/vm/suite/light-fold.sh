#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Where nobody reads events (there is no journal here): repeats are counted, what is only audited takes
# no room from denials, and every decision is in one count, with or without the daemon.

test=folding
. "$(dirname "$0")/lib.sh"

mkdir -p $policies /tmp/new /sys/fs/cgroup/fold
echo secret >/tmp/denied
for i in $(seq 40); do echo secret >/tmp/denied-$i; done
cat >$policies/fold.ini <<-END
	[select]
	cgroup = /fold
	[file]
	deny = read /tmp/denied
END
cat >$policies/many.ini <<-END
	[select]
	cgroup = /fold
	[file]
	deny = read /tmp/denied-*
END
cat >$policies/noise.ini <<-END
	[select]
	cgroup = /fold
	[file]
	audit = read /tmp/new/**
END
bailiffd 2>/tmp/bailiffd.log &
daemon=$!
eventually in_force 3 || not_ok "the policies came into force: $(cat /tmp/bailiffd.log)"

inside() { sh -c 'echo $$ >/sys/fs/cgroup/fold/cgroup.procs; exec "$@"' sh "$@"; }
# of COUNT POLICY: a count of its only rule; COUNT is a regular expression, several are added
of() {
	bailiff status --rules --json | tr -d ' \n' | grep -o "\"name\":\"$2\"[^]]*" | sed 's/.*"rules":\[//' |
		grep -oE "\"($1)\":[0-9]+" | awk -F: '{ n += $2 } END { print n + 0 }'
}
tried() { sed 's/ tried.*//' <<<"$1"; }

result=$(inside flood same /tmp/denied 2000)
has "2000 opens of a denied file are denied" '^2000 tried, 0 opened, 2000 denied, 0 ' "$result"
is "... one is logged" 1 "$(of logged fold)"
is "... all others are repeats" 1999 "$(of folded fold)"
is "... which is what was decided" 2000 "$(of decided fold)"
inside flood same /tmp/denied 100 >/dev/null
is "another process's is logged" 2 "$(of logged fold)"
is "... and its repeats are folded" 2098 "$(of folded fold)"
result=$(inside flood threads /tmp/denied 500)
has "8 threads are denied" '^4000 tried, 0 opened, 4000 denied, 0 ' "$result"
is "... and every one is counted" 6100 "$(of 'logged|folded|dropped' fold)"

for i in $(seq 40); do inside flood same /tmp/denied-$i 2 >/dev/null; done
is "of 40 files each is logged" 40 "$(of logged many)"
is "... and repeated" 40 "$(of folded many)"

# Nobody reads: what is audited fills its ring.
result=$(inside flood new /tmp/new 4)
n=$(tried "$result")
status "new files fill a ring ($n, $(of dropped noise) dropped)" 0 test "$(of dropped noise)" -gt 0
is "... every one is counted" "$n" "$(of 'logged|folded|dropped' noise)"
before=$(of logged many)
for i in $(seq 40); do inside act read /tmp/denied-$i >/dev/null 2>&1; done
is "a denial is logged all the same" $((before + 40)) "$(of logged many)"
is "... none was dropped" 0 "$(of dropped many)"

# Without a daemon, and with another one.
kill -9 $daemon
wait $daemon 2>/dev/null
inside flood same /tmp/denied 300 >/dev/null
is "the counts go on without a daemon" 6400 "$(of 'logged|folded|dropped' fold)"
bailiffd 2>>/tmp/bailiffd.log &
daemon=$!
taken_over() { grep -q 'took over what was in force' /tmp/bailiffd.log; }
eventually taken_over || not_ok "another daemon took over: $(cat /tmp/bailiffd.log)"
touch $policies/fold.ini
kill -HUP $daemon
inside flood same /tmp/denied 300 >/dev/null
is "... and with another one, which has read the policies anew" 6700 "$(of 'logged|folded|dropped' fold)"
is "... of all rules" "$n" "$(of decided noise)"

kill $daemon
wait
bailiff release >/dev/null 2>&1
rm -rf $policies/{fold,many,noise}.ini /tmp/new /tmp/denied*
rmdir /sys/fs/cgroup/fold
