#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What "bailiff try" answers is what the kernel does: each line is asked and then done, under the policies
# of a cgroup, after it was seen to work without.

test=try
. "$(dirname "$0")/lib.sh"

# Preemption plays no part in it.
[ "$(grep -c preempt=full /proc/cmdline)" = 0 ] || exit 0

root=/tmp/try
cgroups="try-file try-strict try-net try-served try-cap try-all try-proc try-two try-drift"
in_cgroup() { sh -c 'echo $$ >/sys/fs/cgroup/'"$1"'/cgroup.procs; shift; exec "$@"' sh "$@"; }

for name in $cgroups; do mkdir -p /sys/fs/cgroup/$name; done
mkdir -p $policies $root/{bin,data/open,data/log,overlay,lower,upper,work}
for name in tool server heir other; do cp "$(command -v act)" $root/bin/$name; done
cp "$(command -v act)" $root/lower/act
mount -t overlay -o lowerdir=$root/lower,upperdir=$root/upper,workdir=$root/work overlay $root/overlay
cp "$(command -v act)" $root/overlay/new
for name in key free data/a data/open/b data/open/b.so data/log/{id_rsa,x}; do echo text >$root/$name; done
ip link set lo up

policy file <<-END
	[select]
	cgroup = /try-file
	[exec]
	deny = $root/bin/other /bin/true
	[file]
	deny = read $root/key
	deny = write $root/data/**
	allow = write $root/data/open/**
	deny = write $root/data/open/*.so
	audit = read $root/data/log/**
	deny = read /**/id_rsa
	[file "$root/bin/server"]
	allow = read $root/key
	deny = write $root/free
	[file "$root/bin/heir"]
	inherit = yes
	deny = read $root/free
END
policy strict <<-END
	[select]
	cgroup = /try-strict
	[exec]
	default = deny
	allow = $root/bin/{tool,server} /bin/false
	[exec "$root/bin/server"]
	default = allow
	[file]
	default = audit
	deny = read $root/key
END
policy net <<-END
	[select]
	cgroup = /try-net
	[network]
	default = deny
	allow = connect tcp 127.0.0.0/8:4000-4003
	deny = connect tcp 127.0.0.2
	allow = connect udp *:53
	allow = listen tcp *:4001 127.0.0.1:4009
	allow = listen unix $root/socket-* @own-*
	allow = connect tcp 127.0.0.1:5001
	audit = connect unix $root/log
	[network "$root/bin/server"]
	allow = connect tcp 127.0.0.9:*
END
policy served <<-END
	[select]
	cgroup = /try-served
	[network]
	deny = listen tcp 127.0.0.1:4010-4011
	deny = listen udp [::1]:4010
	allow = listen tcp 0.0.0.0:4011
END
policy cap <<-END
	[select]
	cgroup = /try-cap
	[capability]
	deny = sys_time mknod setuid net_bind_service sys_nice
	audit = chown
	[capability "$root/bin/server"]
	allow = mknod
	deny = setgid
END
policy all <<-END
	[select]
	cgroup = /try-all
	[capability]
	deny = all
	allow = setuid sys_boot
END
policy proc <<-END
	[select]
	cgroup = /try-proc
	[process]
	deny = ptrace signal-out chroot bpf io_uring setns
	audit = keyctl
	[process "$root/bin/server"]
	default = deny
	allow = perf chroot
END
policy one <<-END
	[policy]
	mode = audit
	[select]
	cgroup = /try-two
	[file]
	deny = read $root/key $root/free
END
policy two <<-END
	[select]
	cgroup = /try-two
	[file]
	deny = read $root/key
	allow = read $root/free
	[process]
	deny = setns
END
policy drift <<-END
	[select]
	cgroup = /try-drift
	[exec]
	deny = drift
END
bailiffd 2>/tmp/bailiffd.log &
daemon=$!
eventually in_force 10 || not_ok "the policies came into force: $(cat /tmp/bailiffd.log)"

# asked CGROUP EXPECTED BY KIND NAME [OPTION]...: BY is what is executed in the cgroup, a ">" between; the
# last of it does the act. EXPECTED is what this file's author takes for right.
asked() {
	local cgroup=$1 expected=$2 by=$3 kind=$4 name=$5 path chain=() as=() said found=0 words
	shift 5
	for path in ${by//>/ }; do
		as+=(--as "$path")
		[ ${#chain[@]} = 0 ] || chain+=(exec)
		chain+=("$path")
	done
	words=("$kind" "$name")
	[ "$kind" != exec ] || words+=(read "$root/free")
	"${chain[@]}" "${words[@]}" >/dev/null 2>&1 || found=$?
	if [ $found != 0 ]; then
		not_ok "$cgroup $by $kind $name works without policy: $found"
		return
	fi
	said=$(bailiff try $policies --in "/$cgroup" "${as[@]}" "--$kind" "$name" "$@" | head -n 1)
	said=${said%% *}
	in_cgroup "$cgroup" "${chain[@]}" "${words[@]}" >/dev/null 2>/tmp/asked.err || found=$?
	case $found in 0) found="done" ;; 1 | 3) found=refused ;; esac
	case $said:$found in
	deny:refused | allow:done | audit:done) is "$cgroup: $by $kind $name" "$expected" "$said" ;;
	*) not_ok "$cgroup: $by $kind $name: try says '$said', the kernel: $found, $(tail -n 1 /tmp/asked.err)" ;;
	esac
}

tool=$root/bin/tool server=$root/bin/server heir=$root/bin/heir
while read -r line; do
	# shellcheck disable=SC2086 # words
	asked $line
done <<-END
	try-file deny $tool read $root/key
	try-file allow $server read $root/key
	try-file allow $tool read $root/free
	try-file deny $heir read $root/free
	try-file deny $heir>$tool read $root/free
	try-file deny $heir>$tool>$server read $root/free
	try-file allow $heir>$server read $root/key
	try-file deny $server>$tool read $root/key
	try-file allow $tool>$server read $root/key
	try-file deny $server write $root/free
	try-file allow $server>$tool write $root/free
	try-file allow $tool write $root/free
	try-file deny $tool write $root/data/a
	try-file allow $tool read $root/data/a
	try-file allow $tool write $root/data/open/b
	try-file deny $tool write $root/data/open/b.so
	try-file deny $tool read $root/data/log/id_rsa
	try-file audit $tool read $root/data/log/x
	try-file deny $tool write $root/bin/server
	try-file allow $tool write $root/bin/other
	try-file deny $tool exec /bin/true
	try-file deny $tool exec /usr/bin/true
	try-strict deny $tool exec /usr/bin/true
	try-strict allow $server exec /usr/bin/true
	try-strict allow $server exec /bin/true
	try-strict deny $server>$tool exec /bin/true
	try-strict audit $tool read $root/free
	try-strict audit $tool write $root/free
	try-strict deny $server read $root/key
	try-net allow $tool connect tcp:127.0.0.1:4000
	try-net allow $tool connect tcp:127.0.0.1:4003
	try-net deny $tool connect tcp:127.0.0.1:4004
	try-net deny $tool connect tcp:127.0.0.2:4001
	try-net allow $tool connect tcp:127.0.0.3:4001
	try-net allow $tool connect tcp:0.0.0.0:5001
	try-net allow $tool connect tcp:127.0.0.1:5001
	try-net deny $tool connect tcp:127.0.0.9:80
	try-net allow $server connect tcp:127.0.0.9:80
	try-net allow $tool connect udp:127.0.0.1:53
	try-net deny $tool connect udp:127.0.0.1:54
	try-net allow $tool bind tcp:127.0.0.1:4001
	try-net allow $tool listen tcp:0.0.0.0:4001
	try-net deny $tool listen tcp:0.0.0.0:4009
	try-net allow $tool listen tcp:127.0.0.1:4009
	try-net deny $tool bind udp:0.0.0.0:0
	try-net deny $tool bind tcp:127.0.0.1:4002
	try-net allow $tool bind $root/socket-1
	try-net deny $tool bind $root/other
	try-net allow $tool bind @own-1
	try-net deny $tool bind @other
	try-net allow $tool socket tcp
	try-net allow $tool socket unix
	try-net deny $tool socket netlink
	try-net deny $tool socket packet
	try-net deny $tool socket raw
	try-served deny $tool bind tcp:127.0.0.1:4010
	try-served deny $tool bind tcp:0.0.0.0:4010
	try-served deny $tool bind tcp:[::]:4010
	try-served allow $tool bind tcp:0.0.0.0:4012
	try-served allow $tool bind tcp:0.0.0.0:4011
	try-served deny $tool bind tcp:[::]:4011
	try-served deny $tool bind udp:[::]:4010
	try-served allow $tool bind udp:0.0.0.0:4010
	try-served allow $tool bind udp:127.0.0.1:4010
	try-cap deny $tool capability sys_time
	try-cap deny $tool capability mknod
	try-cap allow $server capability mknod
	try-cap deny $tool capability setuid
	try-cap deny $tool capability net_bind_service
	try-cap deny $tool capability sys_nice
	try-cap audit $tool capability chown
	try-cap allow $tool capability setgid
	try-cap deny $server capability setgid
	try-cap deny $server>$tool capability mknod
	try-cap allow $tool capability sys_admin
	try-all deny $tool capability sys_admin
	try-all deny $tool capability net_raw
	try-all deny $tool capability sys_chroot
	try-all deny $tool capability sys_resource
	try-all allow $tool capability setuid
	try-all allow $tool capability sys_boot
	try-proc deny $tool process ptrace
	try-proc deny $tool process signal-out
	try-proc deny $tool process chroot
	try-proc deny $tool process bpf
	try-proc deny $tool process io_uring
	try-proc deny $tool process setns
	try-proc audit $tool process keyctl
	try-proc allow $tool process perf
	try-proc allow $tool process userns
	try-proc allow $tool process mount
	try-proc allow $tool process userfaultfd
	try-proc deny $server process userns
	try-proc deny $server process keyctl
	try-proc allow $server process perf
	try-proc deny $server process mount
	try-proc deny $tool>$server process userfaultfd
	try-two deny $tool read $root/key
	try-two audit $tool read $root/free
	try-two allow $tool read $root/data/a
	try-two deny $tool process setns
	try-drift deny $root/overlay/act exec $root/overlay/new --drift
	try-drift deny $root/overlay/act exec $root/overlay/new
	try-drift allow $root/overlay/act exec $root/overlay/act --no-drift
END

kill $daemon
wait $daemon
bailiff release >/dev/null 2>&1
rm -f $policies/*.ini
umount $root/overlay
rm -rf $root
for name in $cgroups; do rmdir /sys/fs/cgroup/$name; done
