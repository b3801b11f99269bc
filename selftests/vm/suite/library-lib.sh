# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For the tests of the ready policies (policy/examples). Acts are done twice, by the same lines: first
# without policy, when all of them must work, so that what is denied then is denied by the policy; and
# what must be denied is tried by other roads as well.

examples=/usr/share/doc/bailiff/examples
work=/var/tmp/library
under=no

# stops WHAT WITHOUT WITH COMMAND...: the last line of what the command says, without policy and with;
# a word, or an extended regular expression
stops() {
	local what=$1 expected=$2 said
	[ $under = no ] || expected=$3
	shift 3
	said=$("$@" 2>&1 | tail -n 1)
	if [ $under = no ]; then has "without policy: $what" "$expected" "$said"; else has "denied: $what" "$expected" "$said"; fi
}

# leaves WHAT EXPECTED COMMAND...: the same, with and without
leaves() {
	local what=$1 expected=$2
	shift 2
	has "$([ $under = no ] && echo without policy: || echo goes on:) $what" "$expected" "$("$@" 2>&1 | tail -n 1)"
}

# enforce NAME...: ready policies as they are, but for their mode
enforce() {
	local name
	for name; do
		sed 's/^mode\( *\)= audit$/mode\1= enforce/' $examples/"$name".ini | policy "$name"
	done
	eventually in_force $# || not_ok "in force: $*"
	under=yes
}

# quiet NAME: what was done since the mark was nothing to the policy
quiet() {
	sleep 1
	is "$1 has nothing to say about it" "" "$(entries BAILIFF_POLICY="$1" |
		sed -n 's/^\(MESSAGE\)=//p' | sort | uniq -c | tr '\n' ' ')"
}

# denied NAME FIELD=VALUE...: the journal has it
denied() {
	local name=$1
	shift
	local i
	for i in $(seq 20); do
		if at_least 1 BAILIFF_POLICY="$name" BAILIFF_VERDICT=deny "$@"; then break; fi
	done
	if at_least 1 BAILIFF_POLICY="$name" BAILIFF_VERDICT=deny "$@"; then
		ok "$name says in the journal: $*"
	else
		not_ok "$name says in the journal: $*: it has $(entries BAILIFF_POLICY="$name" | grep ^MESSAGE=)"
	fi
}

# web PATH [HOST]: the status of a web server's answer
web() {
	local line
	exec 7<>/dev/tcp/127.0.0.1/80 || return
	printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$1" "${2-localhost}" >&7
	IFS=$' \r' read -r _ line _ <&7
	exec 7<&-
	echo "$line"
}

# A web server that is nobody's business, on port 8099.
elsewhere_start() {
	mkdir -p $work/www
	echo elsewhere >$work/www/index.html
	busybox httpd -p 127.0.0.1:8099 -h $work/www
}
elsewhere_stop() {
	kill "$(pgrep -f "httpd -p 127.0.0.1:8099")"
}
