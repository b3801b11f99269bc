#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Others of these tests, with bailiffd and bailiff built with AddressSanitizer and
# UndefinedBehaviorSanitizer ("make soak sanitize"): whatever these find ends the program, and is in
# the journal, or in what the tests print.
#
#	SANITIZED="NAME..."	which ones

test=sanitized
. "$(dirname "$0")/lib.sh"

# GCC 12's have no room for their tables where addresses are as random as they can be
random=$(cat /proc/sys/vm/mmap_rnd_bits)
sysctl -q vm.mmap_rnd_bits=28
# looking for leaks at the end takes ptrace(2)
mkdir -p /etc/systemd/system/bailiffd.service.d
cat >/etc/systemd/system/bailiffd.service.d/sanitized.conf <<-END
	[Service]
	Environment=ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
	Environment=UBSAN_OPTIONS=print_stacktrace=1
	SystemCallFilter=ptrace
END
systemctl daemon-reload
for program in /usr/sbin/bailiffd /usr/bin/bailiff; do
	status "$program is built with sanitizers" 0 grep -q __asan_init $program
done
status "... and runs" 0 timeout 60 bailiffd --version
mark
begin=$(cat /tmp/mark)
for name in ${SANITIZED:-service life apply containers sinks faults}; do
	start=$SECONDS
	FAULTS_STEP=0 bash "$(dirname "$0")/full-$name.sh" 2>&1 | tee -a /tmp/sanitized.out
	echo "# full-$name: $((SECONDS - start)) s"
done
journalctl --sync
journalctl -q -o cat --since="$begin" >>/tmp/sanitized.out
found='ERROR: (Address|Leak)Sanitizer|runtime error:|LeakSanitizer has encountered'
is "the sanitizers find nothing" "" "$(grep -Ea -A 30 "$found" /tmp/sanitized.out | head -n 100)"
sysctl -q vm.mmap_rnd_bits="$random"
rm -r /etc/systemd/system/bailiffd.service.d /tmp/sanitized.out
systemctl daemon-reload
