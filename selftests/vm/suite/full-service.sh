#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A systemd service under a policy: denied from its first instruction, told in the journal, everybody
# else left alone; and the same in audit mode, where nothing is blocked.

test=service
. "$(dirname "$0")/lib.sh"

secret=/etc/bailiff-secret
echo secret >$secret
cp /mnt/act /usr/local/bin/tool

probe_policy() {
	policy probe <<-END
		[policy]
		mode = $1
		severity = 8
		message = the probe left its lane
		tags = TEST
		[select]
		unit = probe.service
		[exec]
		deny = /usr/local/bin/tool
		[file]
		deny = read $secret
		deny = write /var/tmp/kept/**
	END
}

mkdir -p /var/tmp/kept
echo kept >/var/tmp/kept/file

# The acts work without policy.
start_daemon
status "exec works without policy" 0 service probe.service act exec /usr/local/bin/tool list /
status "read works without policy" 0 service probe.service act read $secret
status "write works without policy" 0 service probe.service act write /var/tmp/kept/file

probe_policy enforce
eventually in_force 1 || { not_ok "the policy came into force"; exit 1; }
mark

status "exec is denied with EACCES" 1 service probe.service act exec /usr/local/bin/tool list /
status "read is denied with EACCES" 1 service probe.service act read $secret
status "write is denied with EACCES" 1 service probe.service act write /var/tmp/kept/file
status "truncating is writing" 1 service probe.service act truncate /var/tmp/kept/file
is "the file is as it was" kept "$(cat /var/tmp/kept/file)"
status "what the policy does not name works" 0 service probe.service act read /etc/hostname
status "the first exec of the service itself is denied" 203 \
	service probe.service /usr/local/bin/tool list /

# Evasions.
ln -sf $secret /var/tmp/link
status "a symlink leads to the same answer" 1 service probe.service act read /var/tmp/link
status "chroot does not change paths" 1 service probe.service sh -c \
	'cp /mnt/act /etc/act-inside && chroot /etc /act-inside read /bailiff-secret; s=$?; rm /etc/act-inside; exit $s'
status "a path with dots leads to the same answer" 1 service probe.service act read /etc/../etc/./bailiff-secret
mkdir -p /var/tmp/other
status "another cgroup does not shed the policy" 1 service probe.service sh -c '
	mkdir /sys/fs/cgroup/elsewhere
	echo $$$$ >/sys/fs/cgroup/elsewhere/cgroup.procs && grep -q ::/elsewhere /proc/self/cgroup || exit 9
	exec act read /etc/bailiff-secret'
rmdir /sys/fs/cgroup/elsewhere
status "a nested cgroup is under the policy" 1 systemd-run --quiet --wait --pipe --collect \
	--setenv=PATH="$PATH" --unit=probe.service -p Delegate=yes -- sh -c '
	here=/sys/fs/cgroup$(sed s/0::// /proc/self/cgroup)
	mkdir $here/inner && echo $$$$ >$here/inner/cgroup.procs && exec act read /etc/bailiff-secret'

# Outside of the service.
status "exec works outside" 0 act exec /usr/local/bin/tool list /
status "read works outside" 0 act read $secret
status "exec works in another service" 0 service other.service act exec /usr/local/bin/tool list /
status "read works in another service" 0 service other.service act read $secret

# The command.
shown() { bailiff events | grep -q "read $secret by "; }
eventually shown
shown=$(bailiff events)
has "bailiff events shows who tried what, and the line" \
	"deny +read $secret by /mnt/act\[[0-9]+\] probe:11 probe.service\$" "$shown"
is "... the last one alone" 1 "$(bailiff events -n 1 | wc -l)"
has "... as JSON" '^\{.*"verdict": *"deny".*\}$' "$(bailiff events -n 1 --json)"
is "... of another policy nothing" "" "$(bailiff events --policy=nobody)"
status "... and refuses a verdict that is none" 2 bailiff events --verdict=maybe

# What shells complete: it loads, says nothing, and knows the commands and the policies.
completed() {
	bash --norc -c '. /usr/share/bash-completion/completions/bailiff && complete -p bailiff >/dev/null || exit 9
		COMP_WORDS=(bailiff "$@") COMP_CWORD=$#
		_bailiff bailiff "${@: -1}" "${COMP_WORDS[$# - 1]}"
		echo "${COMPREPLY[*]}"' bash "$@" 2>&1
}
is "bash completes a command" status "$(completed st)"
is "... an option" --verdict= "$(completed events --verd | grep -v 'compopt: not currently')"
is "... a policy" probe "$(completed events --policy pr)"
if command -v zsh >/dev/null; then
	is "zsh finds and loads its completion" "_bailiff" "$(zsh -fc '
		autoload -Uz compinit && compinit -u -D && autoload +X _bailiff && echo $_comps[bailiff]' 2>&1)"
else
	skip "zsh is not here"
fi

# The journal.
entry=$(since_mark 1 BAILIFF_ACTION=exec BAILIFF_POLICY=probe BAILIFF_EXE=/mnt/act)
is "one entry for the exec" 1 "$(grep -c ^__CURSOR= <<<"$entry")"
has "... says which policy" '^BAILIFF_POLICY=probe$' "$entry"
has "... and which line" '^BAILIFF_RULE=/etc/bailiff/policies.d/probe.ini:9$' "$entry"
has "... and the path" '^BAILIFF_PATH=/usr/local/bin/tool$' "$entry"
has "... and the unit" '^BAILIFF_UNIT=probe.service$' "$entry"
has "... and the verdict" '^BAILIFF_VERDICT=deny$' "$entry"
has "... and the system call" '^BAILIFF_SYSCALL=execve$' "$entry"
has "... and the severity" '^BAILIFF_SEVERITY=8$' "$entry"
has "... and the message" '^BAILIFF_MESSAGE=the probe left its lane$' "$entry"
is "the first exec that failed was systemd's child" 1 \
	"$(count_since_mark 1 BAILIFF_ACTION=exec BAILIFF_EXE=/usr/lib/systemd/systemd)"
entry=$(since_mark 6 BAILIFF_ACTION=read BAILIFF_POLICY=probe)
is "one entry for each denied read" 6 "$(grep -c ^__CURSOR= <<<"$entry")"
has "... says which line" '^BAILIFF_RULE=/etc/bailiff/policies.d/probe.ini:11$' "$entry"
has "... and the path" "^BAILIFF_PATH=$secret\$" "$entry"
is "one entry for one denied write, one for truncating" 2 \
	"$(count_since_mark 2 BAILIFF_ACTION=write BAILIFF_POLICY=probe)"
is "no entry for what was done outside" 0 "$(count_since_mark 0 BAILIFF_UNIT=other.service)"

# Audit mode: nothing is blocked, and the same is told.
probe_policy audit
audited() { bailiff status --json | grep -q '"mode": *"audit"'; }
eventually audited || not_ok "the policy is in audit mode"
mark
status "exec works in audit mode" 0 service probe.service act exec /usr/local/bin/tool list /
status "read works in audit mode" 0 service probe.service act read $secret
entry=$(since_mark 1 BAILIFF_ACTION=exec BAILIFF_POLICY=probe)
is "one entry for the exec" 1 "$(grep -c ^__CURSOR= <<<"$entry")"
has "... marked as what would have been denied" '^BAILIFF_VERDICT=would-deny$' "$entry"
has "... with the mode" '^BAILIFF_MODE=audit$' "$entry"
has "... and the line" '^BAILIFF_RULE=/etc/bailiff/policies.d/probe.ini:9$' "$entry"
is "one entry for the read" 1 "$(count_since_mark 1 BAILIFF_ACTION=read BAILIFF_POLICY=probe)"

# An allow-list: nothing but what is named runs, and the service starts all the same.
policy probe <<-END
	[select]
	unit = probe.service
	[exec]
	default = deny
	allow = /mnt/act
	[file]
	default = deny
	allow = read /mnt/** /etc/hostname
END
enforced() { bailiff status --json | grep -q '"mode": *"enforce"'; }
eventually enforced || not_ok "the allow-list is in force"
status "what the allow-list names works" 0 service probe.service act read /etc/hostname
status "what it does not name is denied" 1 service probe.service act read /etc/passwd
status "exec of what it does not name is denied" 1 service probe.service act exec /usr/local/bin/tool list /
status "an anonymous copy of what it names is denied" 1 service probe.service act memfd /mnt/act list /
status "a copy under another name is denied" 203 service probe.service /usr/local/bin/tool list /

# A service whose program is itself one that starts containers or services is no launcher.
policy probe <<-END
	[select]
	unit = probe.service
	[exec]
	deny = /usr/bin/crun /usr/lib/systemd/systemd
END
sleep 3
status "crun works as another service" 0 service other.service /usr/bin/crun --version
status "crun as the service's program is denied" 203 service probe.service /usr/bin/crun --version
status "systemd as the service's program is denied" 203 \
	service probe.service /usr/lib/systemd/systemd --version

# A cgroup that bailiffd may not look into is under its policies like any other, old and new.
mkdir /sys/fs/cgroup/shut && chown nobody /sys/fs/cgroup/shut && chmod 700 /sys/fs/cgroup/shut
in_shut() { sh -c 'echo $$ >/sys/fs/cgroup/shut/cgroup.procs; exec "$@"' sh "$@"; }
status "read works in a cgroup that is shut, without policy" 0 in_shut act read $secret
policy shut <<-END
	[select]
	cgroup = /shut
	[file]
	deny = read $secret
END
eventually in_force 2 || not_ok "the cgroup's policy is in force"
status "... and is denied with one" 1 in_shut act read $secret
policy shut-too <<-END
	[select]
	cgroup = /shut
	[file]
	deny = read /etc/hostname
END
rm $policies/shut.ini
only_too() { bailiff status --json | grep -q '"shut-too"' && ! bailiff status --json | grep -q '"shut"'; }
eventually only_too || not_ok "the cgroup's other policy is in force"
status "... and with another one in its place, that holds" 1 in_shut act read /etc/hostname
status "... and the former does not" 0 in_shut act read $secret
rmdir /sys/fs/cgroup/shut
rm $policies/shut-too.ini

stop_daemon
status "after stop, read works" 0 service probe.service act read $secret
status "after stop, nothing is pinned" 1 test -e /sys/fs/bpf/bailiff
rm -rf $secret /usr/local/bin/tool /var/tmp/kept /var/tmp/link /var/tmp/other
