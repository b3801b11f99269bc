#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/quickstart.md, done from its first command to its last: what it shows is what is printed, but for
# numbers and dates, and for what "..." on a line of its own stands for. RECORD=1 prints the document with
# what is printed now.

test=quickstart
. "$(dirname "$0")/lib.sh"

# Words with digits, months, the width of columns, and who called whom are none of what is compared.
plain() {
	sed -E 's/(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +[0-9]+/DATE/g
		s/^below .*/below/
		s/(^|[ ,])[a-z0-9]{10}([ ,]|$)/\1N\2/g # an event
		s/[[:alnum:]]*[0-9][[:alnum:]]*/N/g; s/ +/ /g; s/ $//'
}

# same EXPECTED FOUND: of what is before a line "..." and behind it
same() {
	local expected found
	expected=$(plain <<<"$1")
	found=$(plain <<<"$2")
	case $'\n'$expected$'\n' in
	*$'\n...\n'*)
		[[ $'\n'$found == $'\n'"${expected%%...*}"* && $found$'\n' == *"${expected##*...}"$'\n' ]]
		;;
	*) [ "$expected" = "$found" ] ;;
	esac
}

enforced() { bailiff status --json | grep -q '"mode": *"enforce"'; }

# Does what was read, if anything was.
finish() {
	local found
	[ -n "$command" ] || return 0
	case $command in
	*'status | grep'*) eventually enforced ;; # in emulation a moment is long
	*'bailiff status'*) eventually in_force 1 ;;
	*'bailiff events'* | *'bailiff why'*) sleep 2 ;;
	esac
	found=$(cd /root && bash -c "$command" 2>&1 </dev/null)
	if [ -n "${RECORD-}" ]; then
		sed '1s/^/# /; 2,$s/^/> /' <<<"$command"
		[ -z "$found" ] || printf '%s\n' "$found"
	elif same "${expected%$'\n'}" "$found"; then
		ok "$command"
	else
		not_ok "$command: expected '$expected', found '$found'"
	fi
	command='' expected=''
}

# What the document supposes: a machine with nginx that runs, and wget; and bailiff installed.
systemctl start nginx
mkdir /tmp/bin
ln -s /bin/busybox /tmp/bin/wget
PATH=$PATH:/tmp/bin
command='' expected='' inside=
while IFS= read -r line; do
	case $inside$line in
	'```console') inside='+' ;;
	'+```') finish && inside= ;;
	'+# '*) finish && command=${line#'# '} && continue ;;
	'+> '*) command+=$'\n'${line#'> '} && continue ;;
	'+'*) expected+=$line$'\n' && continue ;;
	esac
	[ -z "${RECORD-}" ] || printf '%s\n' "$line"
done </mnt/quickstart.md
rm -rf /root/*.ini /tmp/bin
stop_daemon
systemctl stop nginx
