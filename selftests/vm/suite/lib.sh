# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For the tests in this folder, which run as root in the VM. A test prints "ok", "not ok" and "skip"
# lines; the summary counts them. Each leaves the machine as it found it.

PATH=/mnt:$PATH
policies=/etc/bailiff/policies.d

ok() { echo "ok - $test: $*"; }
not_ok() { echo "not ok - $test: $*"; }
skip() { echo "skip - $test: $*"; }

# is WHAT EXPECTED FOUND
is() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1: expected '$2', found '$3'"; fi
}

# has WHAT PATTERN TEXT: some line of TEXT matches the extended regular expression
has() {
	if grep -Eq -- "$2" <<<"$3"; then ok "$1"; else not_ok "$1: nothing matches '$2' in: $3"; fi
}

# hasnt WHAT PATTERN TEXT
hasnt() {
	if grep -Eq -- "$2" <<<"$3"; then not_ok "$1: '$2' is in: $3"; else ok "$1"; fi
}

# status WHAT EXPECTED COMMAND...: the exit status
status() {
	local what=$1 expected=$2 found=0
	shift 2
	"$@" >/tmp/status.out 2>&1 || found=$?
	if [ "$found" = "$expected" ]; then
		ok "$what"
	else
		not_ok "$what: expected status $expected, found $found: $(tail -n 3 /tmp/status.out)"
	fi
}

# Waits, at most 90 s, until a command succeeds: in emulation the first load of programs takes long.
eventually() {
	local i
	for i in $(seq 900); do
		if "$@" >/dev/null 2>&1; then return 0; fi
		sleep 0.1
	done
	return 1
}

# policy NAME: standard input becomes the policy, in one step
policy() {
	cat >"$policies/.$1.new"
	mv "$policies/.$1.new" "$policies/$1.ini"
}

# in_force N: whether the daemon says that N policies are in force
in_force() {
	[ "$(bailiff status --json 2>/dev/null | grep -o '"name"' | wc -l)" -ge "$1" ]
}

start_daemon() {
	systemctl start bailiffd && return
	not_ok "bailiffd starts: $(journalctl -u bailiffd -o cat -n 5 --no-pager)"
	exit 1
}

stop_daemon() {
	rm -f "$policies"/*.ini /etc/bailiff/bailiff.conf
	systemctl stop bailiffd
	systemctl reset-failed bailiffd 2>/dev/null || :
	bailiff release >/dev/null 2>&1 || :
}

# service UNIT COMMAND...: runs it as a service; the exit status is the command's
service() {
	local unit=$1
	shift
	systemd-run --quiet --wait --pipe --collect --setenv=PATH="$PATH" --unit="$unit" -- "$@" </dev/null
}

# mark, and entries since: since_mark N FIELD=VALUE... waits until there are N, and prints what is there
# (by time: --after-cursor with a match loses the first entry that matches)
mark() { date +@%s.%6N >/tmp/mark; }
entries() {
	journalctl --sync
	journalctl -q -o export --since="$(cat /tmp/mark)" "$@" 2>/dev/null
}
count() { entries "$@" | grep -c '^__CURSOR=' || :; }
at_least() {
	local n=$1
	shift
	[ "$(count "$@")" -ge "$n" ]
}
since_mark() {
	local n=$1
	shift
	eventually at_least "$n" "$@"
	entries "$@"
}
count_since_mark() {
	local n=$1
	shift
	eventually at_least "$n" "$@"
	count "$@"
}
