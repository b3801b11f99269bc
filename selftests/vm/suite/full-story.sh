#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What an event tells besides the decision: arguments, directory, parents, login user, capabilities,
# call, container and image; to the edges of what is told.

test=story
. "$(dirname "$0")/lib.sh"

secret=/etc/story
echo secret >$secret
mkdir -p $policies

# told NAME COMMAND...: the field NAME of the one event that the command leaves behind as a service
told() {
	local name=$1
	shift
	mark
	systemd-run --quiet --wait --pipe --collect --setenv=PATH="$PATH" --unit=story "${with[@]}" -- "$@" \
		</dev/null >/tmp/story.out 2>&1
	since_mark 1 BAILIFF_POLICY=story >/tmp/story.entry
	value "$name"
}
value() { sed -n "s/^$1=//p" /tmp/story.entry; }
with=()

policy story <<-END
	[select]
	cgroup = /system.slice/story.service
	cgroup = /machine.slice/libpod-*.scope
	[exec]
	deny = /usr/bin/true
	[file]
	deny = read $secret /etc/shadow
END
start_daemon
eventually in_force 1 || { not_ok "the policy came into force"; exit 1; }

with=(-p WorkingDirectory=/usr/lib)
is "the arguments of who reads" "/usr/bin/sh -c \": <$secret || exit 1\" \"a b\" c\\x0ad" \
	"$(told BAILIFF_ARGS sh -c ": <$secret || exit 1" "a b" $'c\nd')"
is "its directory" /usr/lib "$(value BAILIFF_CWD)"
is "its parent" /usr/lib/systemd/systemd "$(value BAILIFF_PARENT_EXE)"
is "its ancestors" 'systemd[1]' "$(value BAILIFF_ANCESTORS)"
is "nobody logged in" "" "$(value BAILIFF_LOGIN_UID)"
is "all capabilities" all "$(value BAILIFF_CAPABILITIES)"
is "the machine's own user namespace" "" "$(value BAILIFF_USER_NS)"
is "the call" openat "$(value BAILIFF_SYSCALL)"
with=()

is "the arguments of what is to be executed, not of who executes" '/usr/bin/true --x "" "a \x22b"' \
	"$(told BAILIFF_ARGS sh -c '/usr/bin/true --x "" "a \"b"')"
is "the call that executes" execve "$(value BAILIFF_SYSCALL)"
is "the directory of who executes" / "$(value BAILIFF_CWD)"

# to the edges
all="true $(seq -s ' ' 63)"
is "64 arguments are told" "${all/true/\/usr\/bin\/true}" "$(told BAILIFF_ARGS sh -c "exec /usr/bin/$all")"
is "... and of more the first 64" "${all/true/\/usr\/bin\/true} ..." \
	"$(told BAILIFF_ARGS sh -c "exec /usr/bin/$all 64")"
# "/usr/bin/true" and its NUL are 14 bytes
long=$(head -c 1008 /dev/zero | tr '\0' x)
is "1,023 bytes of arguments are told" "/usr/bin/true $long" "$(told BAILIFF_ARGS sh -c "exec /usr/bin/true $long")"
has "... and more are cut" '^/usr/bin/true x+ \.\.\.$' "$(told BAILIFF_ARGS sh -c "exec /usr/bin/true $long$long")"
has "... also those of a process" '^/usr/bin/sh -c .* x+ \.\.\.$' \
	"$(told BAILIFF_ARGS sh -c ": <$secret" "$long" "$long")"
name=$(head -c 126 /dev/zero | tr '\0' d)
deep=/srv/$name/$name/$name/$name # 4 + 4 * 127 = 512 bytes
mkdir -p $deep/e
with=(-p "WorkingDirectory=${deep%d}")
mkdir -p "${deep%d}"
is "511 bytes of the directory are told" "${deep%d}" "$(told BAILIFF_CWD sh -c ": <$secret")"
with=(-p "WorkingDirectory=$deep")
is "... and of 512 the end" "...${deep#/}" "$(told BAILIFF_CWD sh -c ": <$secret")"
with=(-p "WorkingDirectory=$deep/e")
is "... with what is behind it" "...${deep#/sr}/e" "$(told BAILIFF_CWD sh -c ": <$secret")"
with=()
rm -r "/srv/$name"
nested=": <$secret"
for _ in 1 2 3; do nested="(($nested; :); :)"; done
is "of ancestors eight are told" 'sh sh sh sh sh sh systemd' "$(told BAILIFF_ANCESTORS sh -c "$nested; :" | sed 's/\[[0-9]*\]//g')"
for _ in 1 2 3; do nested="($nested; :)"; done
is "... and not more" 'sh sh sh sh sh sh sh sh' "$(told BAILIFF_ANCESTORS sh -c "$nested; :" | sed 's/\[[0-9]*\]//g')"
printf '#!/bin/sh\nsh -c ": <%s"; :\n' $secret >'/srv/a [1]'
chmod +x '/srv/a [1]'
has "a blank in a name does not make two" '^"a \[1\]"\[[0-9]+\] systemd\[1\]$' "$(told BAILIFF_ANCESTORS '/srv/a [1]')"
rm '/srv/a [1]'

# who
is "the user who logged in" 1000 "$(told BAILIFF_LOGIN_UID sh -c "echo 1000 >/proc/self/loginuid; : <$secret")"
with=(-p "CapabilityBoundingSet=CAP_CHOWN CAP_KILL")
is "some capabilities" "chown kill" "$(told BAILIFF_CAPABILITIES sh -c ": <$secret")"
with=(-p "CapabilityBoundingSet=~CAP_SYS_MODULE")
is "all but one" "all but sys_module" "$(told BAILIFF_CAPABILITIES sh -c ": <$secret")"
with=()
has "of a user namespace" '^[0-9]+$' "$(told BAILIFF_USER_NS unshare -Ur sh -c ": <$secret")"
if [ "$(uname -m)" = x86_64 ]; then
	is "a 32-bit call, by the name that it has there" open "$(told BAILIFF_SYSCALL act read32 $secret)"
fi

# repeats
mark
service story sh -c "for _ in 1 2 3; do read -r _ <$secret; done; sleep 4" >/dev/null 2>&1
since_mark 1 BAILIFF_POLICY=story BAILIFF_REPEATS=2 >/tmp/story.entry
is "repeats are told" 2 "$(value BAILIFF_COUNT)"
is "... without arguments" "" "$(value BAILIFF_ARGS)$(value BAILIFF_CWD)$(value BAILIFF_ANCESTORS)"
is "... with capabilities" all "$(value BAILIFF_CAPABILITIES)"

# containers
mark
podman run --rm -q --name teller localhost/tiny sh -c ': </etc/shadow' >/dev/null 2>&1
since_mark 1 BAILIFF_POLICY=story >/tmp/story.entry
is "the container's name" teller "$(value BAILIFF_CONTAINER_NAME)"
is "its image" localhost/tiny:latest "$(value BAILIFF_IMAGE)"
has "its id" '^[0-9a-f]{64}$' "$(value BAILIFF_CONTAINER)"
has "its monitor is among the ancestors" 'conmon\[[0-9]+\]' "$(value BAILIFF_ANCESTORS)"

# people and programs
why=$(bailiff why "$(value BAILIFF_ID)")
has "why tells the arguments" "^args +sh -c \": </etc/shadow\"$" "$why"
has "... the parents" '^below +conmon\[' "$why"
has "... and the container" 'container teller of localhost/tiny:latest$' "$why"
has "events --json has them" '"args": *"sh -c .*"image": *"localhost/tiny:latest"' \
	"$(bailiff events --json --policy=story -n 1)"

stop_daemon
rm -f $secret /tmp/story.*
