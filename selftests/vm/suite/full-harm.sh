#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Under policies that use every section, so that every hook is attached, and that allow everything:
# stress tests and a build end as they do without, nothing is denied, and the kernel has nothing to
# say. "make check" runs a few of them; "make soak" whole classes, $HARM_CLASSES, each for $HARM_SECONDS.

test=harm
. "$(dirname "$0")/lib.sh"

tests="dentry rename symlink utime mmap mprotect clone exec schedpolicy io-uring"
seconds=${HARM_SECONDS-1}
for class in ${HARM_CLASSES-}; do
	[ "$class" != "${HARM_CLASSES%% *}" ] || tests=io-uring
	tests+=" $(stress-ng --class "$class?" 2>&1 | sed -n "s/^class '.*' stressors: //p")"
done
tests=$(tr -s ' ' '\n' <<<"$tests" | sort -u | tr '\n' ' ') # some are of two classes
work=/var/tmp/harm
mkdir -p $work

cat >$work/stress <<-END
	#!/bin/bash
	cd $work || exit 1
	for name in $tests; do
		timeout -k 5 $((seconds * 5 + 20)) stress-ng --\$name 1 -t $seconds --temp-path $work >$work/said 2>&1
		echo "\$name \$?"
	done
END

# A build without a compiler: each of some hundred sources makes an object, all of them a program.
cat >$work/build <<-'END'
	#!/bin/bash
	cd /var/tmp/harm && rm -rf source object && mkdir source object || exit 1
	for i in $(seq 150); do
		echo "source $i" >source/$i.c
	done
	for source in source/*.c; do
		name=${source#source/}
		/usr/bin/sed 's/source/object/' "$source" >"object/.$name" || exit 1
		chmod 640 "object/.$name" && mv "object/.$name" "object/${name%.c}.o" || exit 1
		ln "object/${name%.c}.o" "object/$name.linked" && touch -d @1 "object/${name%.c}.o" || exit 1
	done
	cp -a object copy && cat copy/*.o >program && chmod 755 program && rm -rf copy object source
	sha256sum <program
END
chmod 755 $work/stress $work/build

dmesg -C
service harm.service $work/stress >/tmp/stress.without
built=$(service harm.service $work/build)
has "the build works without policies" '^[0-9a-f]{64}' "$built"
start_daemon
policy harm <<-END
	[select]
	unit = harm.service
	[exec]
	audit = /nowhere/**
	wx = audit
	[file]
	audit = read write /nowhere/**
	[network]
	audit = connect tcp 192.0.2.1:1
	audit = connect listen unix /nowhere/**
	[capability]
	audit = mac_admin
	[process]
	audit = ptrace signal-out mount chroot bpf perf module keyctl userns io_uring userfaultfd
END
policy harm-not <<-END
	[policy]
	mode = audit
	[select]
	unit = harm.service
	[exec]
	deny = /nowhere/**
	[file]
	deny = read write /nowhere/**
	[network]
	deny = sctp
	[capability]
	deny = mac_override
	[process]
	deny = bpf
END
start=$SECONDS
for _ in 1 2 3 4; do # all programs at once, in emulation
	eventually in_force 2 && break
done
in_force 2 || { not_ok "the policies came into force: $(journalctl -u bailiffd -o cat -n 3 --no-pager)"; exit 1; }
echo "# in force after $((SECONDS - start)) s"
hooks=$(bailiff status | sed -n '/^hooks:/,/^[a-z]*:/p' | grep '^hooks:\|^ ')
echo "# $(tr -s ' \n' ' ' <<<"$hooks")"
hasnt "every hook is there" 'MISSING' "$hooks"
for hook in exec mmap_file file_mprotect file_open file_receive file_ioctl path_truncate path_unlink \
	path_rename path_link inode_setattr inode_setxattr sb_mount sb_umount move_mount capable ptrace \
	task_kill path_chroot bpf perf_event_open load_data key_alloc userns_create anon_inode \
	socket_create socket_connect socket_sendmsg unix_connect unix_send; do
	grep -Eq " $hook(_2)?( |\$)" <<<"$hooks" || not_ok "the hook $hook is attached"
done
mark
service harm.service $work/stress >/tmp/stress.with
while read -r name without with; do
	if [ "$without" = "$with" ]; then
		ok "stress-ng --$name ends with $with, as without policies"
	else
		not_ok "stress-ng --$name ends with $with, and with $without without policies"
	fi
done < <(join <(sort /tmp/stress.without) <(sort /tmp/stress.with))
is "all of them were run" "$(wc -w <<<"$tests")" "$(join <(sort /tmp/stress.without) <(sort /tmp/stress.with) | wc -l)"
has "... and most of them worked" '^[a-z-]+ 0$' "$(cat /tmp/stress.with)"
is "the build makes the same" "$built" "$(service harm.service $work/build)"
is "nothing is denied" 0 "$(count BAILIFF_VERDICT=deny)"
hasnt "the kernel has nothing to say" \
	'WARNING|BUG|Oops|general protection|lockdep|possible.*deadlock|rcu.*stall|hung_task|blocked for more|Call Trace' \
	"$(dmesg)"
stop_daemon
rm -rf $work
