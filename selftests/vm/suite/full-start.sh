#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Containers whose first instruction is what a policy for their name, or their image, denies: none of
# them does it, by crun, podman and containerd, while all is well and while bailiffd is killed again and
# again. START_CRUN, START_PODMAN, START_CTR: how many of each; START_KILLED: how many with a killer.

test=start
. "$(dirname "$0")/lib.sh"

n_crun=${START_CRUN:-12} n_podman=${START_PODMAN:-2} n_ctr=${START_CTR:-2} n_killed=${START_KILLED:-8}
known=/run/bailiff-containers
work=/run/start-test
rootfs=$work/rootfs
hook='"createRuntime": [{"path": "/usr/bin/bailiff", "args": ["bailiff", "container-hook"], "timeout": 30}]'

# What Kubernetes' interface of containerd would write: a specification, with the hook (HOOKS empty: none).
# bundle FOLDER ROOT NAME IMAGE CGROUP
bundle() {
	mkdir -p "$1"
	cat >"$1/config.json" <<-END
		{"ociVersion": "1.0.2",
		 "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "env": ["PATH=/bin"],
			"args": ["/act", "read", "/etc/shadow"]},
		 "root": {"path": "$2", "readonly": true},
		 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
		 "hooks": {${HOOKS-$hook}},
		 "annotations": {"io.kubernetes.cri.container-type": "container",
			"io.kubernetes.cri.container-name": "$3",
			"io.kubernetes.cri.image-name": "$4"},
		 "linux": {"cgroupsPath": "$5",
			"namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}]}}
	END
}

# By name, by image, or neither: that one may read.
image_of() { case $1 in shop) echo localhost/shop:1 ;; *) echo localhost/other:1 ;; esac; }

by_crun() {
	local id
	id=$(printf '%08x%056x' "$RANDOM$RANDOM" "$2")
	bundle "$work/$id" $rootfs "$1-$2" "$(image_of "$1")" "/kubepods/besteffort/cri-containerd-$id"
	crun --cgroup-manager=cgroupfs run -b "$work/$id" "$id"
}

by_ctr() {
	local id cgroup
	id=$(printf '%08x%056x' "$RANDOM$RANDOM" "$2")
	cgroup=kubepods-besteffort.slice:cri-containerd:$id
	bundle "$work/$id" $work/tiny "$1-$2" "$(image_of "$1")" "$cgroup"
	ctr run --rm --runc-systemd-cgroup --cgroup "$cgroup" --config "$work/$id/config.json" "$id"
}

by_podman() {
	local image=localhost/tiny
	[ "$1" = shop ] && image=localhost/shop:1
	podman run --rm -q -v /mnt/act:/act:ro --name "$1-$2" $image /act read /etc/shadow
}

# start HOW WHICH NUMBER: a line of what came of it
start() {
	local output status=0
	output=$("by_$1" "$2" "$3" 2>&1 </dev/null) || status=$?
	if [ $status = 0 ]; then
		echo "$1 $2 read"
	elif grep -q '^read /etc/shadow: Permission denied' <<<"$output"; then
		echo "$1 $2 denied"
	else
		echo "$1 $2 not-started: $(tail -n 1 <<<"$output")"
	fi
}

# many HOW N: four at a time; half by name, half by image, and one in eight that no policy selects
many() {
	local i which running=0
	for i in $(seq "$2"); do
		case $((i % 8)) in
		7) which=free ;;
		0 | 2 | 4 | 6) which=web ;;
		*) which=shop ;;
		esac
		start "$1" "$which" "$i" >>$work/results &
		running=$((running + 1))
		[ $running -lt 4 ] || { wait -n && running=$((running - 1)); }
	done
	wait_all
}
# not for the killer
wait_all() {
	local job
	for job in $(jobs -p); do
		[ "$job" = "${killer-}" ] || wait "$job"
	done
}

# n WHICH WHAT: how many of them came to that
n() { grep -Ec "^[a-z]+ ($1) $2" $work/results; }
any="web|shop|free" selected="web|shop"
# all HOW N: every one of them started, and none that is selected read
all() {
	local started=$SECONDS free=$((($2 + 1) / 8))
	: >$work/results
	many "$1" "$2"
	echo "# $2 by $1 in $((SECONDS - started)) s: $(n "$selected" denied) denied, $(n free read) others read, $(n "$any" not-started) not started"
	grep not-started $work/results | head -n 3
	is "of $2 containers by $1 none reads what it is denied, and others do" \
		"0 $(($2 - free)) $free" "$(n "$selected" read) $(n "$selected" denied) $(n free read)"
}

kill_now_and_then() {
	while :; do
		sleep $((RANDOM % 4)).$((RANDOM % 10))
		systemctl kill -s KILL bailiffd
		echo . >>$work/kills
	done
}

# killed HOW N: none reads, whatever became of it
killed() {
	local started=$SECONDS
	: >$work/results
	: >$work/kills
	kill_now_and_then 2>/dev/null &
	killer=$!
	many "$1" "$2"
	kill $killer
	wait $killer 2>/dev/null
	killer=
	echo "# $2 by $1 in $((SECONDS - started)) s, bailiffd killed $(wc -l <$work/kills) times: $(n "$selected" denied) denied, $(n free read) others read, $(n "$any" not-started) not started"
	is "of $2 by $1 none reads while bailiffd dies" "0 $2" "$(n "$selected" read) $(wc -l <$work/results)"
	is "... and no other one is denied" 0 "$(n free denied)"
	systemctl reset-failed bailiffd 2>/dev/null
	eventually answers || not_ok "bailiffd is there again"
}
answers() { systemctl is-active -q bailiffd && bailiff status --wait=60s >/dev/null; }

mkdir -p $rootfs/{proc,etc,dev,sys,tmp,run}
cp /mnt/act $rootfs/act
echo secret >$rootfs/etc/shadow
tar -C $rootfs -c . | podman import -q - localhost/shop:1 >/dev/null
systemctl start containerd
ctr images import /usr/share/tiny.tar >/dev/null
mkdir $work/tiny
ctr images mount --rw localhost/tiny:latest $work/tiny >/dev/null
cp /mnt/act $work/tiny/act

start_daemon
for how in crun podman ctr; do
	is "by $how it is read without a policy" "$how web read" "$(start $how web 1)"
done
policy by-name <<-END
	[select]
	container = web-*
	[file]
	deny = read /etc/shadow
END
policy by-image <<-END
	[select]
	image = localhost/shop:*
	[file]
	deny = read /etc/shadow
END
answers || not_ok "the policies are in force"
# the first one loads what is then there
is "by crun it is denied with the policy" "crun web denied" "$(start crun web 1)"
all crun "$n_crun"
all podman "$n_podman"
all ctr "$n_ctr"
killed crun "$n_killed"

# Without the hook what unknown = deny holds never is named here: there is no engine.
echo "[daemon]
unknown = deny" >/etc/bailiff/bailiff.conf
systemctl restart bailiffd
answers || not_ok "the policies are in force"
is "unknown = deny, with the hook: it is denied" "crun web denied" "$(start crun web 1)"
is "... and read by others" "crun free read" "$(start crun free 1)"
killed crun $((n_killed / 2))
HOOKS=
mark
: >$work/results
many crun $((n_killed / 2))
is "without the hook none starts" "$((n_killed / 2)) 0" "$(n "$any" not-started) $(n "$any" read)"
is "... each is in the journal" $((n_killed / 2)) "$(count_since_mark $((n_killed / 2)) BAILIFF_REASON=unknown-container)"
killed crun $((n_killed / 2))
is "... none that nobody knows reads either" 0 "$(n "$any" read)"

ctr images unmount --rm $work/tiny >/dev/null
systemctl stop containerd
podman rmi -f localhost/shop:1 >/dev/null
stop_daemon
rm -rf $work "${known:?}"/* "${known:?}"/.held-*
rmdir /sys/fs/cgroup/kubepods/besteffort /sys/fs/cgroup/kubepods 2>/dev/null
systemctl stop kubepods.slice 2>/dev/null || :
