#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Real denials of every kind, each explained by "bailiff why", and the edit that it shows applied to
# the policy's file: the act works then, and what lies beside it is denied as before.

test=why
. "$(dirname "$0")/lib.sh"

mkdir -p /etc/why
for name in one two three; do echo $name >/etc/why/$name; done
cp /mnt/act /usr/local/bin/why-tool

# A connection that nobody accepts: refused (0) is not denied (1).
cat >/usr/local/bin/why-connect <<-'END'
	#!/mnt/bash
	{ exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>&1 | grep -q 'Permission denied' && exit 1
	exit 0
END
chmod 755 /usr/local/bin/why-connect

run() { service why.service "$@"; }

# apply: the patch on standard input, up to where another choice begins, is applied
apply() {
	local line file='' at n adds=0 script=/tmp/why.sed
	rm -f /tmp/why.add.* $script
	while IFS= read -r line; do
		case $line in
		'Or this'*) break ;;
		'+++ '*)
			[ -z "$file" ] || sed -i -f $script "$file"
			: >$script
			file=${line#+++ }
			;;
		'@@ -'*)
			at=${line#@@ -} at=${at%% *} n=1
			[[ $at != *,* ]] || { n=${at#*,} at=${at%,*}; }
			adds=$((adds + 1))
			: >/tmp/why.add.$adds
			if [ "$n" = 0 ]; then
				echo "${at}r /tmp/why.add.$adds" >>$script
			else
				printf '%dr /tmp/why.add.%d\n%d,%dd\n' $((at + n - 1)) $adds "$at" $((at + n - 1)) >>$script
			fi
			;;
		'+'*) [ -z "$file" ] || printf '%s\n' "${line#+}" >>/tmp/why.add.$adds ;;
		esac
	done
	[ -n "$file" ] && sed -i -f $script "$file"
}

asked() { bailiff why --last >/tmp/why.out 2>&1 && grep -Eq -- "^asked +$1\$" /tmp/why.out; }
works() { run "$@"; }
# not by what held before, which may deny it too
denied() { ! run "${@:2}" && asked "$1"; }

# explained WHAT ASKED EDIT COMMAND...: the policies are in place; the act is denied, explained, and
# works with the edit
explained() {
	local what=$1 asked=$2 edit=$3
	shift 3
	if ! eventually denied "$asked" "$@"; then
		not_ok "$what: it is denied, and explained: $(cat /tmp/why.out)"
		return
	fi
	ok "$what: it is denied"
	has "$what: the edit is the smallest" "$edit" "$(sed '/^Or this/,$d' /tmp/why.out)"
	apply </tmp/why.out
	eventually works "$@" && ok "$what: with the edit it works" ||
		not_ok "$what: with the edit it works: $(cat /tmp/why.out $policies/*.ini)"
}

still_denied() {
	local what=$1
	shift
	run "$@" && not_ok "$what" || ok "$what"
}

start_daemon
status "everything works without policy" 0 run sh -c "
	act read /etc/why/one && act exec /usr/local/bin/why-tool list / && /usr/local/bin/why-connect 9 &&
	chown 1 /etc/why/three && chown 0 /etc/why/three && unshare -U true"

# A file, by an exception.
policy why <<-END
	[select]
	unit = why.service
	[file]
	deny = write /usr/share/**
	deny = read /etc/why/**
	  /root/**
	allow = read /etc/why/three
	allow = write /etc/why/one
END
in_force_now() { bailiff status --json | grep -q '"name":"why"'; }
eventually in_force_now
explained "a file" "read /etc/why/one" "^\+allow = read /etc/why/one\$" act read /etc/why/one
has "the line is shown" '^ +deny = read /etc/why/\*\*$' "$(cat /tmp/why.out)"
has "... and its place" "^$policies/why.ini:5:13:\$" "$(cat /tmp/why.out)"
has "an exception for another verb is named" 'line 8: allow = write /etc/why/one' "$(cat /tmp/why.out)"
has "... and why it does not help" 'holds the path, and not for what was asked' "$(cat /tmp/why.out)"
has "an exception beside it is named" 'does not hold /etc/why/one' "$(cat /tmp/why.out)"
has "an edit for the executable alone is shown, too" '^\+\[file "/mnt/act"\]$' "$(cat /tmp/why.out)"
still_denied "the file beside it is denied as before" act read /etc/why/two
has "that the file was changed since is said" 'the file was changed after the event' \
	"$(bailiff why "$(sed -n 's/^event *\([^,]*\),.*/\1/p' /tmp/why.out)")"

# The event's name, and JSON.
id=$(bailiff events --path=/etc/why/one -n 1 | awk '{print $4}')
has "events have names" '^[0-9a-z]{10}$' "$id"
has "... which are in the journal" "^BAILIFF_ID=$id\$" "$(journalctl -q -o export BAILIFF_ID="$id")"
has "... and explained by them" "^event +$id," "$(bailiff why "$id")"
has "... as JSON" "^\{.*\"id\":\"$id\".*\"edits\":" "$(bailiff why "$id" --json)"
status "an event that is not there" 1 bailiff why 0000000000
status "what is no event's name" 2 bailiff why nonsense
status "no event at all" 2 bailiff why

# A path that the rule names itself: its word goes, and the other verb stays denied.
policy why <<-END
	[select]
	unit = why.service
	[file]
	deny = read write /etc/why/one /etc/why/two
END
explained "a path that is named" "read /etc/why/one" '^-deny = read write /etc/why/one /etc/why/two$' \
	act read /etc/why/one
still_denied "writing to it is denied as before" act write /etc/why/one
still_denied "the other one is denied as before" act read /etc/why/two

# Executing, under a default.
policy why <<-END
	[select]
	unit = why.service
	[exec]
	default = deny
	allow = /mnt/act
END
explained "an executable" "exec /usr/local/bin/why-tool" '^\+allow = /usr/local/bin/why-tool$' \
	act exec /usr/local/bin/why-tool list /
still_denied "another one is denied as before" act exec /usr/bin/true

# The network.
policy why <<-END
	[select]
	unit = why.service
	[network]
	deny = connect tcp *:*
	allow = connect tcp 10.0.0.0/8:*
END
explained "a connection" "network \"connect tcp 127.0.0.1:9\"" '^\+allow = connect tcp 127.0.0.1:9$' /usr/local/bin/why-connect 9
still_denied "another port is denied as before" /usr/local/bin/why-connect 10

# A capability.
policy why <<-END
	[select]
	unit = why.service
	[capability]
	deny = all
	allow = dac_override
END
explained "a capability" "capability chown" '^\+allow = chown$' chown 1 /etc/why/three

# An act of a process, by its name alone.
policy why <<-END
	[select]
	unit = why.service
	[process]
	deny = bpf userns
END
explained "an act" "process userns" '^\+deny = bpf$' unshare -U true

# A rule for one executable.
policy why <<-END
	[select]
	unit = why.service
	[file "/mnt/act"]
	deny = read /etc/why/**
END
explained "a rule for one executable" "read /etc/why/one" '^@@ .* \[file "/mnt/act"\]$' act read /etc/why/one
still_denied "... holds for the file beside it" act read /etc/why/two

# Two policies: both are edited.
policy why <<-END
	[select]
	unit = why.service
	[file]
	deny = read /etc/why/**
END
policy base <<-END
	[select]
	cgroup = /system.slice/**
	[file]
	deny = read /etc/why/one
	deny = read /etc/why/two
END
both() { bailiff status --json | grep -q '"name":"base"'; }
eventually both
explained "two policies" "read /etc/why/one" '^(-deny|\+allow) = read /etc/why/one$' act read /etc/why/one
has "the other one is named" '^Policy (why|base) denies it, too:$' "$(cat /tmp/why.out)"
rm -f $policies/base.ini

# What was audited, and what would have been denied.
policy why <<-END
	[policy]
	mode = audit
	[select]
	unit = why.service
	[file]
	deny = read /etc/why/two
END
would() {
	run act read /etc/why/two && bailiff why --last >/tmp/why.out && grep -q '^verdict  would-deny' /tmp/why.out
}
eventually would && ok "what would be denied is explained" || not_ok "would: $(cat /tmp/why.out)"

# Filters of events.
is "--path finds what was asked for" 0 "$(bailiff events --path='/etc/why/*' --exe=/nowhere | wc -l)"
has "--exe finds who asked" 'deny +read /etc/why/one by /mnt/act' "$(bailiff events --exe='/mnt/**')"
has "--cgroup finds where" ' deny ' "$(bailiff events --cgroup=/system.slice/why.service)"
is "... and nothing elsewhere" "" "$(bailiff events --policy=why --cgroup=/user.slice)"
is "--until ends before it" "" "$(bailiff events --until=1w)"
is "-n counts what is shown" 1 "$(bailiff events --path=/etc/why/two -n 1 | wc -l)"
is "--reason of none" "" "$(bailiff events --policy=why --reason=drift)"
status "--reason of no such word" 2 bailiff events --reason=drif

# Following survives that the journal's files are rotated, and removed.
bailiff events -f -n 0 --path=/etc/why/three >/tmp/why.follow &
follower=$!
policy why <<-END
	[select]
	unit = why.service
	[file]
	deny = read /etc/why/three
END
followed() { run act read /etc/why/three; [ "$(wc -l </tmp/why.follow)" -ge "$1" ]; }
eventually followed 1 && ok "--follow shows what comes" || not_ok "--follow shows what comes"
journalctl --rotate
journalctl --vacuum-time=1s >/dev/null 2>&1
eventually followed $(($(wc -l </tmp/why.follow) + 1)) && ok "... after the journal was rotated" ||
	not_ok "... after the journal was rotated"
kill $follower && wait $follower
is "... and ends well" 0 $?

stop_daemon
rm -rf /etc/why /usr/local/bin/why-* /tmp/why.*
