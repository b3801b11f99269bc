# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For the attacks (selftests/attacks/door.h): each technique of each program, on each file system,
# gives one line. Four proofs: it works without policy; the plain act is denied with; the technique
# is denied, with EACCES; the plain act is still denied, and what is protected is as it was. What does
# not work without policy is no proof: "skip" where the kernel lacks it, else "not ok".
#
# $place: what is confined. In "cgroup" each technique is moved into one by hand; "service" and "podman"
# have the program as a service's or container's own, and $DOOR_PLACE of door-place.h: attacks-places.sh.

attack=/attack
place=cgroup
doors="read write exec net proc"
declare -A works why

# On what file systems a program's techniques are run: those of names on each that is here.
attacks_file_systems() {
	case $1 in
	read | write | exec) echo "$file_systems" ;;
	*) echo "${file_systems%% *}" ;;
	esac
}

# Folders, new and prepared, for all techniques of all programs.
attacks_lay() {
	local fs door
	for fs in $file_systems; do
		mkdir -p $attack/"$fs"
		case $fs in
		tmpfs) mount -t tmpfs tmpfs $attack/tmpfs ;;
		podman) attacks_containers ;;
		overlay)
			mkdir -p $attack/layers
			mount -t tmpfs tmpfs $attack/layers
			mkdir $attack/layers/lower $attack/layers/upper $attack/layers/work
			;;
		esac
		for door in $doors; do
			case " $(attacks_file_systems "$door") " in
			*" $fs "*) attacks_prepare "$door" "$fs" ;;
			esac
		done
		[ "$fs" != overlay ] || mount -t overlay -o \
			redirect_dir=on,lowerdir=$attack/layers/lower,upperdir=$attack/layers/upper,workdir=$attack/layers/work \
			overlay $attack/overlay
	done
}

attacks_prepare() {
	local folder=$attack/$2/door-$1
	case $2 in
	overlay) folder=$attack/layers/lower/door-$1 ;;
	podman)
		attacks_prepare_container "$1"
		return
		;;
	esac
	mkdir "$folder"
	door-"$1" prepare-all "$folder" || not_ok "$1 on $2: its folders are made"
}

attacks_clear() {
	local fs
	for fs in $file_systems; do
		umount $attack/"$fs" 2>/dev/null
	done
	umount $attack/layers 2>/dev/null
	[ $place != podman ] || podman rm -f -a -t 0 >/dev/null 2>&1
	rm -rf $attack
}

# attacks_run_door try|attack FILE-SYSTEM DOOR
attacks_run_door() {
	local folder=$attack/$2/door-$3
	case $place-$1 in
	cgroup-try) door-"$3" try "$folder" ;;
	cgroup-attack) door-"$3" attack "$folder" /sys/fs/cgroup/attack-"$3" ;;
	*) attacks_run_in_place "$@" ;;
	esac
}

# Without policy.
attacks_try() {
	local fs=$1 door=$2 name status step start=$SECONDS
	while read -r name status step; do
		works[$fs/$door/$name]=$status
		why[$fs/$door/$name]=$step
	done < <(attacks_run_door try "$fs" "$door" 2>>/tmp/attack-errors)
	echo "# $door on $fs, without policy: $((SECONDS - start)) s"
}

# With.
attacks_attack() {
	local fs=$1 door=$2 name flags plain status last state step n=0 start=$SECONDS
	while read -r name flags plain status last state step; do
		if [ "$name" = "#" ]; then
			not_ok "$door on $fs: $flags $plain $status $last $state $step"
			continue
		fi
		n=$((n + 1))
		attacks_judge
	done < <(attacks_run_door attack "$fs" "$door" 2>>/tmp/attack-errors)
	echo "# $door on $fs: $((SECONDS - start)) s"
	is "$door on $fs: every technique was tried" "$(attacks_count "$door")" $n
}

# What has to be arranged before the policy is tried in cgroups alone.
attacks_count() {
	door-"$1" list | while read -r name what; do
		[ $place = cgroup ] || [[ $what != "(arranged)"* ]] || continue
		[ -z "${DOOR_ONLY-}" ] || [[ " $DOOR_ONLY " == *" $name "* ]] || continue
		echo "$name"
	done | wc -l
}

# One technique. A missing capability (flag 1) is EPERM, which is 3.
attacks_judge() {
	local what="$door $name on $fs" before=${works[$fs/$door/$name]-none} also=1
	[ $place = cgroup ] || what="$door $name on ${fs/podman/overlay} ($place)"
	[ $((${flags:-0} & 1)) = 0 ] || also=3
	case $before in
	0) ;;
	2)
		skip "$what: cannot be tried: ${why[$fs/$door/$name]}"
		return
		;;
	*)
		if [ $place = podman ]; then
			skip "$what: does not work in a container: ${why[$fs/$door/$name]-}"
		else
			not_ok "$what: without policy, status $before: ${why[$fs/$door/$name]-}"
		fi
		return
		;;
	esac
	if [ "$plain" != 1 ] && [ "$plain" != $also ]; then
		not_ok "$what: the plain act is not denied (status $plain)"
	elif [ "$status" = 0 ]; then
		not_ok "$what: IT GETS THROUGH"
	elif [ "$status" != 1 ] && [ "$status" != $also ]; then
		not_ok "$what: refused, but not by bailiff (status $status): $step"
	elif [ "$last" != 1 ] && [ "$last" != $also ]; then
		not_ok "$what: afterwards the plain act is not denied (status $last)"
	elif [ "$state" != intact ]; then
		not_ok "$what: what is protected is not as it was"
	else
		ok "$what"
	fi
}

# attacks_names DOOR FILE-SYSTEM PATH...: each path in each technique's folder, one a line
attacks_names() {
	local door=$1 fs=$2 name path
	shift 2
	while read -r name _; do
		for path; do
			echo "$attack/$fs/door-$door/$name/$path"
		done
	done < <(door-"$door" list)
}

# attacks_deny FORM VERB DOOR PATH...: lines of a policy: of patterns, of exact names, or (mixed) of
# patterns for the first file system and exact names for the others
attacks_deny() {
	local form=$1 verb=$2 door=$3 path fs
	shift 3
	for fs in $(attacks_file_systems "$door"); do
		if [ "$form" = patterns ] || { [ "$form" = mixed ] && [ "$fs" = "${file_systems%% *}" ]; }; then
			for path; do
				echo "deny = $verb $attack/$fs/door-$door/*/$path"
			done
		else
			attacks_names "$door" "$fs" "$@" | while read -r path; do
				echo "deny = $verb $path"
			done
		fi
	done
}

# attacks_policy NAME: the selector, and standard input
attacks_policy() {
	{
		printf '[select]\n%s\n' "$(attacks_selector "$1")"
		cat
	} >"$policies/$1.ini"
}

attacks_selector() {
	case $place in
	cgroup)
		echo "cgroup = /$1"
		mkdir -p /sys/fs/cgroup/"$1"
		;;
	service) echo "unit = $1.service" ;;
	podman) echo "cgroup = **/libpod-$(podman inspect -f '{{.Id}}' "$1" 2>/dev/null).scope" ;;
	esac
}

# attacks_policies FORM
attacks_policies() {
	local door
	for door in $doors; do
		"attacks_policies_$door" "$1"
	done
}

attacks_policies_read() {
	{
		echo "[file]"
		attacks_deny "$1" read read top/mid/secret
	} | attacks_policy attack-read
}

attacks_policies_write() {
	{
		echo "[file]"
		attacks_deny "$1" write write top/mid/target top/mid/absent top/mid/tree/ fresh/deep/conf "late*/"
	} | attacks_policy attack-write
}

# A policy of programs, and one that executes nothing but what it names.
attacks_policies_exec() {
	{
		echo "[exec]"
		attacks_deny "$1" '' exec top/mid/prog
	} | attacks_policy attack-exec
	attacks_policy attack-exec-other <<-END
		[exec]
		default = deny
		allow = $(command -v door-exec) /mnt/bash /usr/bin/busybox /usr/lib/** /usr/lib64/**
		libraries = yes
	END
}

attacks_policies_net() {
	attacks_policy attack-net <<-END
		[network]
		deny = connect tcp 127.0.0.1:4001 [::1]:4001
		deny = connect udp 127.0.0.1:4001 [::1]:4001
		deny = listen tcp *:4002
		deny = listen udp *:4002
		deny = accept tcp *:4003
		deny = connect unix $attack/*/door-net/*/top/stream $attack/*/door-net/*/top/datagram @door-*
		deny = listen unix $attack/*/door-net/*/top/new @mine-*
		deny = raw packet netlink icmp vsock
	END
}

attacks_policies_proc() {
	attacks_policy attack-proc <<-END
		[process]
		deny = ptrace signal-out mount chroot bpf perf module keyctl userns io_uring userfaultfd setns
		[exec]
		wx = deny
		[file]
		deny = write /proc/sys/** /sys/kernel/uevent_helper /sys/**/release_agent
	END
	attacks_policy attack-proc-other <<-END
		[capability]
		deny = sys_admin net_raw net_admin sys_time mknod chown dac_override sys_chroot setuid setpcap
		deny = sys_nice sys_rawio kill fowner sys_boot sys_ptrace dac_read_search sys_resource setfcap
		deny = net_bind_service ipc_lock
	END
}

# Programs whose rules this build does not have yet are left out, and said.
attacks_leave_out() {
	local door left=""
	for door in $doors; do
		if ! command -v door-"$door" >/dev/null; then
			skip "$door: the program is not here"
		elif ! attacks_rules_known "$door"; then
			skip "$door: this build does not know its rules"
		else
			left="$left $door"
		fi
	done
	doors=${left# }
}

attacks_rules_known() {
	local policies=/tmp/attack-rules file said
	mkdir -p $policies
	"attacks_policies_$1" patterns
	for file in $policies/*.ini; do
		said=$(bailiff check "$file" 2>&1) || {
			echo "# $said" | head -n 5
			rm -r $policies
			return 1
		}
	done
	rm -r $policies
}

attacks_daemon() {
	local n
	bailiffd 2>/tmp/attack-daemon &
	daemon=$!
	# the verifier takes its time over all hooks, in emulation
	for n in $(seq 3600); do
		in_force "$(find "$policies" -name 'attack-*.ini' | wc -l)" && return
		! grep -q "cannot put" /tmp/attack-daemon || break
		sleep 0.1
	done
	not_ok "the policies come into force: $(cat /tmp/attack-daemon)"
	return 1
}

attacks_daemon_ends() {
	kill "$daemon"
	wait "$daemon"
	bailiff release >/dev/null 2>&1
}

attacks_preemption() {
	sed -n 's/.*preempt=\([a-z]*\).*/\1/p' /proc/cmdline
}

# attacks_each FUNCTION: calls it with each file system and program
attacks_each() {
	local door fs
	for door in $doors; do
		for fs in $(attacks_file_systems "$door"); do
			"$1" "$fs" "$door"
		done
	done
}

attacks_run() {
	local form name=$test
	echo "# run: $(uname -r), $place, preempt=$(attacks_preemption)"
	: >/tmp/attack-errors
	mkdir -p "$policies" /sys/fs/cgroup/door-outside
	attacks_leave_out
	attacks_lay
	attacks_each attacks_try
	attacks_clear
	for form in $forms; do
		test=$name-$form
		attacks_lay
		attacks_policies "$form"
		attacks_daemon && attacks_each attacks_attack
		attacks_daemon_ends
		rm -f "$policies"/attack-*.ini
		attacks_clear
		rmdir /sys/fs/cgroup/attack-* 2>/dev/null
	done
	rmdir /sys/fs/cgroup/door-outside
	sed 's/^/# /' /tmp/attack-errors
}
