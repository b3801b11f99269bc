#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A start of the machine with bailiff.audit=1 on the kernel's command line: nothing is blocked,
# whatever the policies say, and everybody who asks is told.

test=audit
. "$(dirname "$0")/lib.sh"

in_cgroup() { sh -c 'echo $$ >/sys/fs/cgroup/audit/cgroup.procs; exec "$@"' sh "$@"; }
mkdir -p $policies /sys/fs/cgroup/audit
echo secret >/etc/secret
printf '[daemon]\nprotect = yes\n' >/etc/bailiff/bailiff.conf
policy audit <<-END
	[policy]
	mode = enforce
	[select]
	cgroup = /audit
	[file]
	deny = read write /etc/secret
	[exec]
	default = deny
END
bailiffd 2>/tmp/bailiffd.log &
daemon=$!
eventually in_force 1 || not_ok "the policy is loaded: $(cat /tmp/bailiffd.log)"
has "the daemon says it aloud, and is not protected either" \
	'bailiff.audit=1 is on the kernel.s command line.*NOTHING IS BLOCKED.*protect = yes is off' "$(cat /tmp/bailiffd.log)"
status "what is denied is read" 0 in_cgroup act read /etc/secret
status "... and executed" 0 in_cgroup /bin/ls
has "status says it" 'NOTHING IS BLOCKED' "$(bailiff status)"
has "... and that the policy audits" 'audit +audit ' "$(bailiff status)"
has "... in JSON" '"boot_audit": *true' "$(bailiff status --json)"
has "... and counts what it would have denied" '"denied": *[1-9]' "$(bailiff status --json)"
has "doctor warns" '^warn +command line .*NOTHING IS BLOCKED' "$(bailiff doctor)"

# a policy that comes later, and a daemon that takes over
policy later <<-END
	[select]
	cgroup = /audit
	[file]
	deny = read /etc/hosts
END
eventually in_force 2 || not_ok "the later policy is loaded"
echo x >/etc/hosts
status "a policy that comes later blocks nothing" 0 in_cgroup act read /etc/hosts
kill -9 $daemon && wait $daemon 2>/dev/null
bailiffd 2>/tmp/bailiffd.log &
daemon=$!
taken() { grep -q 'took over' /tmp/bailiffd.log; }
eventually taken
status "a daemon that takes over blocks nothing" 0 in_cgroup act read /etc/secret

# nobody can lay a line of his own over the kernel's
kill -9 $daemon && wait $daemon 2>/dev/null
bailiff release >/dev/null 2>&1
echo 'quiet' >/tmp/line
mount --bind /tmp/line /proc/cmdline
bailiff doctor >/tmp/doctor
has "a line that is mounted over the kernel's is not read" 'warn +command line .*cannot be read' "$(cat /tmp/doctor)"
umount /proc/cmdline

# ... and the service, whose sandbox it has to get through
start_daemon
eventually in_force 2
status "as a service it blocks nothing either" 0 in_cgroup act read /etc/secret
has "... and says so in the journal" 'NOTHING IS BLOCKED' "$(journalctl -u bailiffd -o cat)"
stop_daemon
