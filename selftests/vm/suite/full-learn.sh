#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# bailiff learn: nginx, PostgreSQL, Redis and a container are watched while they work; the policy that
# comes of it is put in force, they work as before without a single event, and attacks are stopped.
# SHOW=1 prints the policies.

test=learn
. "$(dirname "$0")/lib.sh"

http() {
	local answer
	exec 3<>/dev/tcp/127.0.0.1/80 || return 1
	printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$1" >&3
	answer=$(cat <&3)
	exec 3>&-
	head -n 1 <<<"$answer" | cut -d ' ' -f 2
}

work_nginx() {
	is "$1: index" 200 "$(http /)"
	is "$1: file" 200 "$(http /style.css)"
	is "$1: nothing there" 404 "$(http /nothing)"
	status "$1: reload" 0 systemctl reload nginx
	sleep 1
	is "$1: after the reload" 200 "$(http /)"
}

psql_() { runuser -u postgres -- psql -Atqc "$1"; }

work_postgresql() {
	status "$1: table" 0 psql_ 'drop table if exists t; create table t (a int primary key, b text)'
	status "$1: insert" 0 psql_ "insert into t select i, repeat('x', 100) from generate_series(1, 3000) i"
	is "$1: select" 3000 "$(psql_ 'select count(*) from t')"
	is "$1: sort on disk" 3000 "$(psql_ "set work_mem = '64kB'; select count(*) from (select * from t a
		order by b, a offset 0) x")"
	status "$1: vacuum" 0 psql_ 'vacuum full analyze t'
	status "$1: checkpoint" 0 psql_ checkpoint
	status "$1: another database" 0 psql_ 'create database d'
	status "$1: ... is dropped" 0 psql_ 'drop database d'
	status "$1: reload" 0 systemctl reload postgresql@15-main
}

work_redis() {
	is "$1: set" OK "$(redis-cli set key value)"
	is "$1: get" value "$(redis-cli get key)"
	is "$1: save" OK "$(redis-cli save)"
	is "$1: save in the background" "Background saving started" "$(redis-cli bgsave)"
	saved() { redis-cli info persistence | grep -q 'rdb_bgsave_in_progress:0'; }
	eventually saved
	has "$1: ... was done" 'rdb_last_bgsave_status:ok' "$(redis-cli info persistence)"
	is "$1: log of commands" OK "$(redis-cli config set appendonly yes)"
	is "$1: ... off" OK "$(redis-cli config set appendonly no)"
}

work_container() {
	status "$1: reads and writes" 0 podman run --rm -q localhost/tiny sh -c \
		'cat /etc/hostname && echo x >/tmp/file && ls /etc/ && rm /tmp/file'
}

learning() { ! kill -0 $learner 2>/dev/null || bailiff status --json | grep -q '"name": *"learn-'; }
not_learning() { ! bailiff status --json | grep -q '"name": *"learn-'; }
invocation() { systemctl show -P InvocationID "$1"; }
# also where it has ended, which is seen later
restarted() {
	! kill -0 $learner 2>/dev/null ||
		{ [ "$(invocation "$1")" != "$2" ] && systemctl -q is-active "$1"; }
}
gone() { not_ok "$1: $(cat /tmp/learn.out) $(bailiff status; journalctl -u bailiffd -o cat -n 20 --no-pager)"; }

# end_learning: as with Ctrl-C
end_learning() {
	kill -INT $learner
	wait $learner
	is "all that was done is learnt" 0 $?
	cat /tmp/learn.out
	[ -z "${SHOW-}" ] || cat "/tmp/$1.ini"
	status "the policy has nothing against it" 0 bailiff check "/tmp/$1.ini"
	hasnt "... not even a warning" 'warning' "$(bailiff check "/tmp/$1.ini" 2>/dev/null)"
	eventually not_learning
	hasnt "what was learnt is no denial to be explained" 'policy learn-' "$(bailiff why --last 2>&1)"
	is "what it learnt with is gone" "" "$(ls -A /run/bailiff/policies.d)"
}

enforce() {
	[ -s "/tmp/$1.ini" ] || { gone "a policy was learnt"; return 1; }
	sed 's/^mode .*/mode = enforce/' "/tmp/$1.ini" | policy "$1"
	enforced() { bailiff status --json | grep -q "\"name\": *\"$1\", *\"mode\": *\"enforce\""; }
	eventually enforced "$1" || not_ok "$1 is in force"
}

# attack CGROUP PORT: by a shell that came into the cgroup of the service, which listens on that port
attack() {
	local here=/sys/fs/cgroup$1 name command
	is "a shell comes into the cgroup" "done" \
		"$(bash -c "echo \$\$ >$here/cgroup.procs && echo done" 2>/dev/null)"
	while read -r name command; do
		is "$name works outside" "done" "$(bash -c "$command && echo done" 2>/dev/null)"
		rm -f /usr/local/bin/evil
		is "$name does not from inside" "" \
			"$(bash -c "echo \$\$ >$here/cgroup.procs && $command && echo done" 2>/dev/null)"
	done <<-END
		executing_a_shell /bin/sh -c true
		reading_shadow read -r line </etc/shadow
		writing_to_usr echo x >/usr/local/bin/evil
		connecting exec 3<>/dev/tcp/127.0.0.1/$2
	END
	is "nothing was written" no "$([ -e /usr/local/bin/evil ] && echo yes || echo no)"
}

# learn_service UNIT NAME PORT
learn_service() {
	local unit=$1 name=$2 before
	test=learn-$name
	systemctl start "$unit"
	before=$(invocation "$unit")
	bailiff learn "$unit" --restart --for 1h -o "/tmp/$name.ini" >/tmp/learn.out 2>&1 &
	learner=$!
	eventually restarted "$unit" "$before"
	kill -0 $learner || { gone "it is restarted"; return; }
	work_$name "watched"
	end_learning "$name"
	enforce "$name" || return
	mark
	status "it restarts under the policy" 0 systemctl restart "$unit"
	work_$name "enforced"
	status "it stops" 0 systemctl stop "$unit"
	status "it starts" 0 systemctl start "$unit"
	events=$(entries BAILIFF_POLICY="$name" BAILIFF_VERDICT=deny | grep -aE '^(MESSAGE|BAILIFF_RULE)=' | head -n 20)
	is "nothing of it was denied" "" "$events"
	attack "$(systemctl show -P ControlGroup "$unit")" "$3"
	has "the attack is in the journal" '^BAILIFF_PATH=/etc/shadow' \
		"$(since_mark 3 BAILIFF_POLICY="$name" BAILIFF_VERDICT=deny | grep -a ^BAILIFF_PATH)"
	rm -f "$policies/$name.ini"
	systemctl stop "$unit"
}

start_daemon
echo body >/var/www/html/style.css
what=${SERVICES-nginx postgresql redis container rest}
for service in $what; do
	case $service in
	nginx) learn_service nginx.service nginx 80 ;;
	postgresql) learn_service postgresql@15-main.service postgresql 5432 ;;
	redis) learn_service redis-server.service redis 6379 ;;
	esac
done

# A container, by its cgroup: the policy holds for whichever is started next.
if [[ $what == *container* ]]; then
	test=learn-container
	bailiff learn 'cgroup=/machine.slice/libpod-*.scope' -o /tmp/container.ini >/tmp/learn.out 2>&1 &
	learner=$!
	eventually learning
	work_container "watched"
	end_learning container
	enforce container
	mark
	work_container "enforced"
	is "nothing of it was denied" 0 "$(count BAILIFF_POLICY=container BAILIFF_VERDICT=deny)"
	status "what it did not do is denied" 1 podman run --rm -q localhost/tiny cat /etc/passwd
	rm -f "$policies/container.ini"
fi

if [[ $what == *rest* ]]; then
	test=learn-command
	status "an unknown selector" 2 bailiff learn pod=x -o /tmp/x.ini
	status "no selector" 2 bailiff learn -o /tmp/x.ini
	status "nowhere to write to" 2 bailiff learn nginx
	status "a name that is none of a policy" 3 bailiff learn nginx -o '/tmp/a b.ini'
	echo "[select]" >/tmp/there.ini
	status "a file that is there" 3 bailiff learn nginx -o /tmp/there.ini
	is "... stays as it is" "[select]" "$(cat /tmp/there.ini)"
	status "nothing to be seen" 3 bailiff learn nowhere --for 1s -o /tmp/x.ini
	is "... writes nothing" no "$([ -e /tmp/x.ini ] && echo yes || echo no)"
	is "... and leaves nothing" "" "$(ls -A /run/bailiff/policies.d)"

	# A killed one leaves its policy, which the next one finds.
	bailiff learn probe --for 1h -o /tmp/x.ini 2>/dev/null &
	learner=$!
	eventually learning
	status "two learn from the same" 3 bailiff learn probe --for 1s -o /tmp/y.ini
	kill -KILL $learner
	wait $learner 2>/dev/null
	is "a killed one leaves its policy" 1 "$(ls /run/bailiff/policies.d/*.ini | wc -l)"
	bailiff learn probe --for 1s -o /tmp/x.ini 2>/tmp/learn.out
	has "... which the next one removes" 'removed .*/learn-probe\.[0-9]+\.ini' "$(cat /tmp/learn.out)"
	eventually not_learning

	# Adding to a policy keeps what is there, adds what is missing, and not what a line denies.
	cat >/tmp/probe.ini <<-'END'
		; mine
		[select]
		unit = probe.service

		[exec]
		default = deny
		allow = /mnt/act

		[file]
		default = deny
		allow = read /usr/** /mnt/**   ; as it was
		deny = read /etc/shadow
	END
	cp /tmp/probe.ini /tmp/probe.before
	bailiff learn probe --for 1h --merge /tmp/probe.ini --json >/tmp/learn.out 2>&1 &
	learner=$!
	eventually learning
	service probe.service act read /etc/hostname
	service probe.service act read /etc/shadow
	service probe.service act exec /usr/bin/true
	kill -INT $learner
	wait $learner
	is "adding ends well" 0 $?
	is "what was there is as it was" "$(cat /tmp/probe.before)" \
		"$(head -n "$(wc -l </tmp/probe.before)" /tmp/probe.ini)"
	has "a program is added" '^allow     = /usr/bin/true$' "$(cat /tmp/probe.ini)"
	has "a file is added" '^allow     = .*/etc/hostname' "$(cat /tmp/probe.ini)"
	hasnt "what is allowed already is not" '^allow     = .*/mnt/act' "$(cat /tmp/probe.ini)"
	hasnt "what a line denies is not" '^ *[a].*/etc/shadow' "$(cat /tmp/probe.ini)"
	has "... and is told" 'Not added: read /etc/shadow by /mnt/act: line 12 denies it' "$(cat /tmp/probe.ini)"
	has "... as JSON, too" '"complete": *true.*"conflicts": *\[ *"read /etc/shadow' "$(cat /tmp/learn.out)"
	status "it is a policy" 0 bailiff check /tmp/probe.ini

	# More than the journal takes at once: nothing is lost, or it says so.
	cp /usr/bin/true /usr/local/bin/storm
	bailiff learn storm --for 1h -o /tmp/storm.ini >/tmp/learn.out 2>&1 &
	learner=$!
	eventually learning
	service storm.service bash -c 'mkdir -p /var/tmp/storm
		for i in $(seq 2000); do echo >/var/tmp/storm/file$i; done
		for i in $(seq 4000); do : </etc/hostname; done
		for i in $(seq 10); do : </var/tmp/storm/file$i; done'
	kill -INT $learner
	wait $learner
	result=$?
	cat /tmp/learn.out
	if [ $result = 0 ]; then
		ok "a storm of events is learnt whole"
	else
		has "a storm of events is not learnt whole, and that is told" '^; - [0-9]+ events (were lost|did not come)' \
			"$(cat /tmp/storm.ini)"
	fi
	has "... as one pattern" '/var/tmp/storm/file\*|/var/tmp/storm{?,?/\*' "$(cat /tmp/storm.ini)"
	rm -rf /var/tmp/storm /usr/local/bin/storm
fi

stop_daemon
rm -f /var/www/html/style.css /tmp/*.ini /tmp/learn.out /tmp/probe.before
